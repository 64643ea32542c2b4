"""attribution_summary() and journeys() against the reference and against the detail rows, on random data."""

import sqlite3
from collections import defaultdict
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings

import harness
import reference
import strategies
from reference_input import RuleError, parse_options
from test_attribution_properties import ask, fill, valid

# Quarters add up without rounding, so "revenue is 0" means the same in doubles and in fractions.
QUARTERS = [0, 10, 100.25, -100.25, "7.5", 0.5, -10, None, ""]


def close(actual, wanted):
    if wanted is None or actual is None:
        assert actual is None and wanted is None
    else:
        assert abs(Fraction(actual) - wanted) <= Fraction(1, 10**11) * max(1, abs(wanted))


def assert_summary(actual, wanted):
    assert [row[:3] + row[6:] for row in actual] == [row[:3] + row[6:] for row in wanted]
    for left, right in zip(actual, wanted):
        for place in (3, 4, 5):
            close(left[place], right[place])


@given(strategies.cases(with_period=True, values=QUARTERS))
@settings(max_examples=400)
def test_summary_equals_the_reference_in_its_order(case):
    try:
        wanted = reference.summary(*case.calculated, case.models, case.options, **case.columns)
    except RuleError:
        with pytest.raises(sqlite3.OperationalError, match=r"^attribution_summary\(\): "):
            ask(case, "attribution_summary")
        return
    assert_summary(ask(case, "attribution_summary"), wanted)


@given(strategies.cases(with_period=True))
def test_summary_is_the_sum_of_the_detail_rows(case):
    """Needs no reference: both answers come from the extension."""
    assume(valid(case))
    totals = defaultdict(lambda: [Fraction(0), Fraction(0), 0])
    period = parse_options(case.options).period
    for row in ask(case):
        when = reference.period_of(row[3] * 1_000_000, period)
        total = totals[row[0], row[7], when]
        total[0] += Fraction(row[10])
        total[1] += Fraction(row[11] or 0)
        total[2] += row[5] is not None
    summary = {row[:3]: row for row in ask(case, "attribution_summary")}
    assert set(summary) == set(totals)
    for key, (conversions, value, touches) in totals.items():
        close(summary[key][3], conversions)
        close(summary[key][4], value if case.columns["has_value"] else None)
        assert summary[key][6] == touches


@given(strategies.cases(with_period=True, participation=False, values=QUARTERS))
def test_shares_of_a_period_add_up_to_one(case):
    assume(valid(case))
    shares = defaultdict(Fraction)
    for model, _, period, _, _, share, _ in ask(case, "attribution_summary"):
        shares[model, period] += Fraction(share)
    for total in shares.values():
        assert total == pytest.approx(1, abs=1e-9)


def test_sums_do_not_drift():
    """100,000 times 0.1, divided by three: a plain sum of doubles is wrong from the tenth digit on."""
    connection = harness.connect()
    connection.execute("CREATE TABLE touches(entity, ts, channel)")
    connection.execute("CREATE TABLE conversions(entity, ts, value)")
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
    connection.execute(f"{numbers} INSERT INTO conversions SELECT i, 9, 0.1 FROM n")
    three = "WITH v(v) AS (VALUES (1), (2), (3))"
    connection.execute(f"{three} INSERT INTO touches SELECT entity, v, v FROM conversions, v")
    connection.execute("INSERT INTO conversions SELECT -i, 9, 0.1 FROM (SELECT entity AS i FROM conversions)")
    sql = "SELECT channel, conversions, value, share FROM attribution_summary('touches', 'conversions')"
    rows = connection.execute(sql).fetchall()
    connection.close()
    assert rows[3] == ("(unattributed)", 100_000.0, 10_000.0, 0.5)
    for _, conversions, value, share in rows[:3]:
        assert conversions == pytest.approx(100_000 / 3, rel=1e-15)
        assert value == pytest.approx(10_000 / 3, rel=1e-15)
        assert share == pytest.approx(1 / 6, rel=1e-15)


def ask_journeys(case):
    connection = fill(case)
    options = case.without("round", "direct").options
    try:
        sql = "SELECT * FROM journeys(?, ?, ?)"
        return connection.execute(sql, (case.touch_relation, case.conversion_relation, options)).fetchall()
    finally:
        connection.close()


def journey_key(row):
    entity = row[0] if isinstance(row[0], str) else float(row[0])  # 1 and 1.0 are one key
    return (str(row[1]), repr(entity), row[4], str(row[9]), row[5])


@given(strategies.cases())
@settings(max_examples=400)
def test_journeys_equal_the_reference(case):
    try:
        wanted = reference.journeys(*case.calculated, case.options, **case.columns)
    except RuleError:
        with pytest.raises(sqlite3.OperationalError, match=r"^journeys\(\): "):
            ask_journeys(case)
        return
    assert sorted(ask_journeys(case), key=journey_key) == sorted(wanted, key=journey_key)


@given(strategies.cases())
def test_journeys_hold_every_touch_of_some_window_or_none(case):
    """With the whole path kept and no touch used twice, every visible touch is in exactly one journey."""
    case = case.without("path", "ignore", "max_touches").adding("reset=conversion")
    assume(valid(case))
    relations = reference.load(*case.calculated, case.options, **case.columns)
    moments = [(deal.entity, deal.us) for deal in relations.conversions]
    assume(len(set(moments)) == len(moments))
    assert sum(row[6] for row in ask_journeys(case)) == len(relations.touches)
