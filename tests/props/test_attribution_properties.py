"""attribution() against the reference, and the promises that hold whatever the data: sums, order, partition."""

import math
import sqlite3
from collections import defaultdict
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import harness
import reference
import strategies
from reference_input import RuleError, parse_options

def fill(case, with_ids=False):
    connection = harness.connect()
    skip = 0 if with_ids else 1
    touches, deals = [row[skip:] for row in case.touches], [row[skip:] for row in case.conversions]
    harness.create(connection, "touches", harness.TOUCH_COLUMNS[skip:], touches)
    harness.create(connection, "conversions", harness.CONVERSION_COLUMNS[skip:], deals)
    return connection


def ask(case, table="attribution", with_ids=False):
    """All rows as the extension gives them, in its order. A period is an option of the summary alone."""
    case = case if table == "attribution_summary" else case.without("period")
    options = case.options
    if with_ids:
        options = case.adding("touch_id=id").adding("conversion_id=id").options
    connection = fill(case, with_ids)
    try:
        sql = f"SELECT * FROM {table}(?, ?, ?, ?)"
        parameters = (case.touch_relation, case.conversion_relation, case.models, options)
        return connection.execute(sql, parameters).fetchall()
    finally:
        connection.close()


def expect(case):
    return reference.credits(*case.calculated, case.models, case.options, **case.columns)


def row_key(row):
    """A total order of rows whose ids are unique: model, conversion, touch."""
    return (row[0], str(row[2]), row[8], str(row[5]), row[7])


def assert_row(actual, wanted, unit):
    """Everything but credit and value is the same; those agree to the last digits, and multiples of round= exactly."""
    assert tuple(actual[:10]) == tuple(wanted[:10])
    assert actual[10] == pytest.approx(float(wanted.credit), rel=1e-12, abs=0)
    if wanted.value is None:
        assert actual[11] is None
    elif unit and wanted.value % unit == 0:
        assert actual[11] == float(wanted.value)
    else:
        slack = 1e-12 * abs(actual[4]) * max(1, abs(wanted.credit))
        assert abs(actual[11] - wanted.value) <= slack


@given(strategies.cases())
@settings(max_examples=600)
def test_rows_equal_the_reference(case):
    try:
        wanted = sorted(expect(case), key=row_key)
    except RuleError:
        with pytest.raises(sqlite3.OperationalError, match=r"^attribution\(\): "):
            ask(case)
        return
    actual = sorted(ask(case), key=row_key)
    assert [row_key(row) for row in actual] == [row_key(row) for row in wanted]
    for left, right in zip(actual, wanted):
        assert_row(left, right, parse_options(case.options).round)


def groups(rows):
    """Rows by model and conversion."""
    found = defaultdict(list)
    for row in rows:
        found[row[0], row[2]].append(row)
    return found


def valid(case):
    try:
        return expect(case) is not None
    except RuleError:
        return False


@given(strategies.cases(participation=False))
def test_every_conversion_is_credited_once(case):
    assume(valid(case))
    wanted = {(row.model, row.conversion_id) for row in expect(case)}
    found = groups(ask(case))
    assert set(found) == wanted
    for rows in found.values():
        size = max(1.0, math.fsum(abs(row[10]) for row in rows))
        assert math.fsum(row[10] for row in rows) == pytest.approx(1, abs=1e-12 * size)


@given(strategies.cases(participation=False))
def test_values_of_a_conversion_add_up_to_the_same_double(case):
    assume(valid(case) and case.columns["has_value"])
    for rows in groups(ask(case.without("round"))).values():
        if rows[0][4] is not None:
            assert math.fsum(row[11] for row in rows) == rows[0][4]


@given(strategies.cases())
def test_participation_gives_every_label_the_same_double(case):
    case = case.without("round")._replace(models="participation")
    assume(valid(case) and case.columns["has_value"])
    labels = defaultdict(list)
    for row in ask(case):
        if row[4] is not None:
            labels[row[2], row[7], row[4]].append(row[11])
    for (_, _, value), shares in labels.items():
        assert math.fsum(shares) == value


@given(strategies.cases(participation=False), st.sampled_from(["0.01", "0.05", "1", "25"]))
def test_rounded_rows_are_multiples_and_add_up(case, unit):
    """In decimals: every row but the one that keeps the rest is a multiple of the unit, and the sum is the value."""
    case = case.adding(f"round={unit}")
    assume(valid(case) and case.columns["has_value"])
    for rows in groups(ask(case)).values():
        if rows[0][4] is None:
            continue
        shares = [Fraction(repr(row[11])) for row in rows]
        value = Fraction(repr(float(rows[0][4])))
        uneven = [share for share in shares if share % Fraction(unit)]
        if value % Fraction(unit) == 0:
            assert not uneven and sum(shares) == value
        else:
            assert len(uneven) <= 1
            assert math.fsum(row[11] for row in rows) == pytest.approx(rows[0][4], rel=1e-14, abs=0)


@given(strategies.cases(explicit_ids=True, with_period=True), st.randoms(use_true_random=False))
def test_order_of_rows_changes_no_bit(case, random):
    assume(valid(case))
    other = case._replace(touches=list(case.touches), conversions=list(case.conversions))
    random.shuffle(other.touches)
    random.shuffle(other.conversions)
    detail = [sorted(map(repr, ask(c, with_ids=True))) for c in (case, other)]
    assert detail[0] == detail[1]
    totals = [list(map(repr, ask(c, "attribution_summary", with_ids=True))) for c in (case, other)]
    assert totals[0] == totals[1]


@given(strategies.cases(explicit_ids=True, entity_pools=[[1, 2, 3], ["a", "b", "ä"]]))
def test_entities_apart_equal_entities_together(case):
    """Splitting by entity and adding changes nothing: no entity sees another's rows."""
    whole = ask(case, with_ids=True)
    parts = []
    for entity in {row[1] for row in case.touches + case.conversions}:
        own = [[row for row in rows if row[1] == entity] for rows in (case.touches, case.conversions)]
        parts += ask(case._replace(touches=own[0], conversions=own[1]), with_ids=True)
    assert sorted(map(repr, whole)) == sorted(map(repr, parts))


@given(strategies.cases(explicit_ids=True))
def test_named_ids_equal_the_reference(case):
    assume(valid(case))
    wanted = sorted((row[:10] for row in expect(case)), key=row_key)
    assert sorted((row[:10] for row in ask(case, with_ids=True)), key=row_key) == wanted
