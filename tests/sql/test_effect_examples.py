"""Data-driven answers worked out by hand, the shared oracles, real paths, and sizes at the edge.

The rules are in docs/effects.md; numbers beside a test say how they come about.
"""

import math
import random
import sqlite3
from fractions import Fraction

import pytest

import effects_reference as reference
import harness
from effects_reference import MARKOV, SHAPLEY, TOUCHES
from effects_strategies import bounded
from effects_tables import ORACLE_PATHS, ask, assert_rows, close, oracle_rows, oracles
from test_errors import assert_error

TIGHT = Fraction(1, 10**12)
PATH_COLUMNS = ["path", "conversions", "value", "nulls"]
PATHDATA = "data/pathdata/paths.csv"
PATHDATA_RELATION = "pathdata(path, total_conversions, total_conversion_value, total_null)"
HAND = [("C1 > C2 > C3", 1, 100, 0), ("C1", 0, 0, 1), ("C2 > C3", 0, 0, 1)]


@pytest.fixture
def effects(db):
    """Function: path_effects() of rows (path, conversions, value, nulls), as {channel: row}."""

    def find(rows, options="", columns="*"):
        db.execute("DROP TABLE IF EXISTS paths")
        harness.create(db, "paths", PATH_COLUMNS[: len(rows[0]) if rows else 4], rows)
        relation = f"paths({', '.join(PATH_COLUMNS[: len(rows[0]) if rows else 4])})"
        return {row["channel"]: row for row in ask(db, "path_effects", relation, options, columns=columns)}

    return find


def column(rows, name):
    return [row[name] for row in rows.values()]


# ---------------------------------------------------------------- oracles


@pytest.mark.parametrize("case", sorted(ORACLE_PATHS))
def test_markov_oracles(effects, shared_data, case):
    names = {"re_conv": MARKOV[0], "re_value": MARKOV[1], "credit_conv": MARKOV[3], "credit_value": MARKOV[4]}
    wanted = [row for row in oracles(shared_data, "small_markov_oracles.csv") if row["case"] == case]
    assert {row["order"] for row in wanted} == {"1", "2", "3"}
    for row in wanted:
        found = effects(oracle_rows(case), f"order={row['order']}")[row["channel"]]
        for name, own in names.items():
            assert close(found[own], row[name], TIGHT), (row, own, found[own])


def test_shapley_oracles(effects, db, shared_data):
    for row in oracles(shared_data, "small_shapley_oracles.csv"):
        found = effects(oracle_rows(row["case"]))[row["channel"]]
        (other,) = [r for r in ask(db, "shapley_effects", "paths(path, conversions, value, nulls)") if r["channel"] == row["channel"]]
        assert close(found["shapley_conversions"], row["phi_conv_subset"], TIGHT)
        assert close(found["shapley_rate"], row["phi_rate_subset"], TIGHT)
        assert [other[name] for name in SHAPLEY] == [found[name] for name in SHAPLEY]


# ---------------------------------------------------------------- by hand


def test_three_paths_by_hand(effects):
    """C1 converts by C2 and C3 half the time; C2, C3 are on every way to the conversion. b0 = 1/3."""
    rows = effects(HAND)
    assert list(rows) == ["C1", "C2", "C3"]
    assert column(rows, "removal_effect") == pytest.approx([0.5, 1, 1], rel=1e-15)
    assert column(rows, "removal_effect_value") == pytest.approx([0.5, 1, 1], rel=1e-15)
    assert column(rows, "markov_share") == pytest.approx([0.2, 0.4, 0.4], rel=1e-15)
    assert column(rows, "markov_conversions") == pytest.approx([0.2, 0.4, 0.4], rel=1e-15)
    assert column(rows, "markov_value") == pytest.approx([20, 40, 40], rel=1e-15)
    assert column(rows, "shapley_conversions") == pytest.approx([1 / 3] * 3, rel=1e-15)
    assert column(rows, "shapley_rate") == pytest.approx([1 / 9] * 3, rel=1e-12)
    assert column(rows, "paths") == [2, 2, 2]
    assert [column(rows, name) for name in TOUCHES[:4]] == [[1, 0, 0], [100, 0, 0], [0, 0, 1], [0, 0, 100]]
    assert column(rows, "linear_conversions") == pytest.approx([1 / 3] * 3, rel=1e-15)


def test_the_same_from_touches(journeys_db):
    """One entity for each path; with order 3 every path is a state of its own, and only one of them converts."""
    touches = [(1, 1, "C1"), (1, 2, "C2"), (1, 3, "C3"), (2, 1, "C1"), (3, 1, "C2"), (3, 2, "C3")]
    db = journeys_db(touches, [(1, 9, 100)])
    for order, wanted in ((1, [0.5, 1, 1]), (2, [0.5, 1, 1]), (3, [1, 1, 1])):
        rows = ask(db, "channel_effects", "touches", "conversions", f"order={order}")
        assert [row["removal_effect"] for row in rows] == pytest.approx(wanted, rel=1e-15)
    steps = ask(db, "markov_transitions", "touches", "conversions")
    assert sorted(tuple(row.values()) for row in steps if row["from_state"] in ("(start)", "C3")) == [
        ("(start)", "C1", 2.0, pytest.approx(2 / 3), None), ("(start)", "C2", 1.0, pytest.approx(1 / 3), None),
        ("C3", "(conversion)", 1.0, 0.5, 100.0), ("C3", "(null)", 1.0, 0.5, None)]
    (value,) = [row["value"] for row in steps if (row["from_state"], row["to_state"]) == ("C1", "(null)")]
    assert value == 0, "C1 has no row to (conversion), so what its paths are worth stands here"


def test_the_credits_of_one_deal(journeys_db):
    """Effects 0.5, 1, 1 divide the deal 0.2, 0.4, 0.4; C2 seen twice would earn 0.4 twice before normalising."""
    touches = [(1, 1, "C1"), (1, 2, "C2"), (1, 3, "C3"), (2, 1, "C1"), (3, 1, "C2"), (3, 2, "C3")]
    db = journeys_db(touches, [(1, 9, 100), (4, 9, 50)])
    sql = "SELECT channel, credit, value FROM attribution('touches', 'conversions', ?) ORDER BY entity, position"
    assert db.execute(sql, ("markov",)).fetchall() == [
        ("C1", pytest.approx(0.2), pytest.approx(20)), ("C2", pytest.approx(0.4), pytest.approx(40)),
        ("C3", pytest.approx(0.4), pytest.approx(40)), ("(unattributed)", 1, 50)]
    rows = ask(db, "channel_effects", "touches", "conversions")
    assert rows[-1] == {**dict.fromkeys(rows[-1]), "channel": "(unattributed)", "markov_conversions": 1, "markov_value": 50,
                        "shapley_conversions": 1, "shapley_value": 50, "paths": rows[-1]["paths"]}


def test_markov_shares_a_conversion_otherwise_than_it_credits_deals(journeys_db):
    """C1 has an effect on the deal of C2 > C3 as well; in attribution it gets only what it touched."""
    touches = [(1, 1, "C1"), (1, 2, "C2"), (2, 1, "C2"), (3, 1, "C1")]
    db = journeys_db(touches, [(1, 9, 100), (2, 9, 100)])
    deals = {row["channel"]: row["conversions"] for row in ask(db, "attribution_summary", "touches", "conversions", "markov")}
    whole = {row["channel"]: row for row in ask(db, "channel_effects", "touches", "conversions")}
    assert [whole[c]["removal_effect"] for c in ("C1", "C2")] == pytest.approx([0.5, 1])
    assert [whole[c]["markov_conversions"] for c in ("C1", "C2")] == pytest.approx([2 / 3, 4 / 3])
    assert [deals[c] for c in ("C1", "C2")] == pytest.approx([1 / 3, 5 / 3])


def test_shapley_divides_by_channel_and_then_by_touch(journeys_db):
    db = journeys_db([(1, 1, "a"), (1, 2, "b"), (1, 3, "a")], [(1, 9, 80)])
    rows = db.execute("SELECT channel, credit, value FROM attribution('touches', 'conversions', 'shapley') ORDER BY position")
    assert rows.fetchall() == [("a", 0.25, 20), ("b", 0.5, 40), ("a", 0.25, 20)]
    (text,) = db.execute("SELECT weighted_credit(channel, ts, 'shapley') FROM touches").fetchone()
    assert text == '{"a":0.5,"b":0.5}'


def test_all_does_not_include_the_learned_models(journeys_db):
    db = journeys_db([(1, 1, "a")], [(1, 9, 80)])
    models = {row[0] for row in db.execute("SELECT model FROM attribution('touches', 'conversions', 'all')")}
    assert "linear" in models and not [name for name in models if name.startswith(("markov", "shapley"))]
    named = db.execute("SELECT model FROM attribution('touches', 'conversions', 'all, markov, shapley')").fetchall()
    assert {row[0] for row in named} - models == {"markov", "shapley"}


def test_a_rate_may_be_negative(effects):
    """b comes with failure: alone a converts always, together half the time: a (1 + 1/2 - 0) / 2, b (0 + 1/2 - 1) / 2."""
    rows = effects([("a", 2, 0, 0), ("a > b", 0, 0, 2)])
    assert column(rows, "shapley_rate") == pytest.approx([0.75, -0.25], rel=1e-15)


def test_the_orders_by_hand(journeys_db):
    """a > b converts, b and a do not: at order 1 the paths end in b (1/2) and a (0), at order 2 in states of their own."""
    touches = [(1, 1, "a"), (1, 2, "b"), (2, 1, "b"), (3, 1, "a")] + [(n, 1, "a") for n in range(4, 9)]
    db = journeys_db(touches, [(1, 9, 100)])
    rows = ask(db, "markov_orders", "touches", "conversions")
    assert [(row["order"], row["states"]) for row in rows] == [(k, 2 if k == 1 else 3) for k in range(1, 7)]
    area = (6 * 1 + 0.5) / 7
    assert rows[0]["auc"] == pytest.approx(area, rel=1e-15)
    assert rows[0]["penalised_auc"] == pytest.approx(1 - (1 - area) * 7 / 5, rel=1e-15)
    assert [row["auc"] for row in rows[1:]] == [1] * 5
    assert [row["penalised_auc"] for row in rows[1:]] == [1] * 4 + [None], "8 paths, nodes 3, 4, 5, 6, 7"
    chosen = [ask(db, "channel_effects", "touches", "conversions", f"order={order}") for order in ("auto", 2, 1)]
    assert chosen[0] == chosen[1] != chosen[2]


# ---------------------------------------------------------------- what a path text may be


def test_blanks_and_empty_places_of_a_path(effects):
    rows = effects([("  a>b  ", 1, 0, 0), (">>a > > b>", 1, 0, 0), ("a > b", "1", None, ""), ("b", "", "", "3")])
    assert list(rows) == ["a", "b"] and column(rows, "paths") == [3, 6]
    assert column(rows, "linear_conversions") == [1.5, 1.5]


@pytest.mark.parametrize("separator, text", [("|", "a > x | b"), (",", "a > x,b"), ("->", "a > x -> b"), ("/", " a > x / b/")])
def test_other_separators(effects, separator, text):
    assert list(effects([(text, 1, 0, 0)], f"separator={separator}")) == ["a > x", "b"]


@pytest.mark.parametrize("text", [None, "", "  ", ">", " > > ", "(unattributed)"])
def test_a_path_without_channels(effects, text):
    """Its conversions stay, without effects; its nulls say nothing."""
    rows = effects([(text, 3, 30, 4), ("a", 1, 10, 1)])
    assert list(rows) == ["a", "(unattributed)"]
    assert rows["a"]["removal_effect"] == 1 and rows["a"]["markov_conversions"] == 1 and rows["a"]["shapley_rate"] == 0.5
    lost = rows["(unattributed)"]
    assert [lost[name] for name in MARKOV] == [None, None, None, 3, 30]
    assert (lost["shapley_conversions"], lost["shapley_value"], lost["shapley_rate"]) == (3, 30, None)
    assert [lost[name] for name in TOUCHES] == [3, 30] * 3
    assert list(effects([(text, 0, 0, 4), ("a", 1, 10, 1)])) == ["a"]


def test_a_value_without_channels_and_without_conversions_stays(effects):
    """The nulls of such a path are ignored, its value is not: totals stay those of the CRM."""
    rows = effects([("", 0, 5, 3), ("a", 1, 10, 0)])
    assert [rows["(unattributed)"][name] for name in ("markov_conversions", "markov_value", "shapley_value")] == [0, 5, 5]
    assert math.fsum(column(rows, "linear_value")) == 15


def test_channels_come_in_the_order_of_their_bytes(effects):
    rows = effects([(name, 1, 0, 0) for name in ("b", "ä", "B", "a", "(none)", "zz", "")])
    assert list(rows) == ["(none)", "B", "a", "b", "zz", "ä", "(unattributed)"]


def test_without_values_the_value_columns_are_null(effects):
    for rows in (effects([("a > b", 2), ("", 1)]), ):
        for row in rows.values():
            assert [row[name] for name in reference.VALUES] == [None] * len(reference.VALUES)
        assert column(rows, "markov_conversions") == [1, 1, 1]


def test_rows_that_were_never_seen_are_skipped(effects):
    assert effects([("a", 0, 0, 0), ("b", None, None, None), ("c", "", "", "")]) == {}
    assert list(effects([("a", 0, 0, 0), ("b", 1, 0, 0)])) == ["b"]
    assert effects([]) == {}


# ---------------------------------------------------------------- edges


def test_without_conversions_there_is_nothing_to_share(effects):
    rows = effects([("a > b", 0, 0, 4), ("a", 0, 0, 1)])
    for row in rows.values():
        assert [row[name] for name in MARKOV] == [None, 0, None, None, 0]
        assert [row[name] for name in TOUCHES] == [0] * 6
        assert (row["shapley_conversions"], row["shapley_value"], row["shapley_rate"]) == (0, 0, 0)
    assert column(rows, "paths") == [5, 4]


def test_one_channel(effects):
    for order in range(1, 7):
        (row,) = effects([("a", 2, 20, 1), ("a > a > a", 1, 10, 3)], f"order={order}").values()
        assert [row[name] for name in MARKOV] == [1, 1, 1, 3, 30]
        assert row["shapley_rate"] == 3 / 7 and row["paths"] == 7


def test_a_channel_on_every_way_to_a_conversion(effects):
    for order in range(1, 7):
        rows = effects([("a > x", 2, 20, 5), ("b > x", 1, 10, 0), ("b > a > x", 4, 3, 1), ("b", 0, 0, 3)], f"order={order}")
        assert rows["x"]["removal_effect"] == 1 and rows["x"]["removal_effect_value"] == 1


def test_a_channel_that_only_non_converters_saw(effects):
    for order in range(1, 7):
        rows = effects([("a > b", 2, 20, 5), ("a > x", 0, 0, 7), ("x", 0, 0, 1)], f"order={order}")
        assert rows["x"]["removal_effect"] == 0 and rows["x"]["markov_conversions"] == 0


def test_no_nulls_at_all(effects):
    """b0 is 1. Without b only those that come to a first (2 of 4) and leave it to convert (2 of 3) convert: 1 - 1/3; so for a."""
    rows = effects([("a", 1, 5), ("a > b > a", 1, 5), ("b", 2, 10)])
    assert column(rows, "shapley_rate") == pytest.approx([1 / 2, 1 / 2])
    wanted = reference.effects(reference.read_paths([("a", 1, 5), ("a > b > a", 1, 5), ("b", 2, 10)]))
    assert_rows(list(rows.values()), wanted, MARKOV + SHAPLEY + TOUCHES, TIGHT)
    assert column(rows, "removal_effect") == pytest.approx([2 / 3, 2 / 3], rel=1e-15)


def test_a_value_column_without_rows(journeys_db):
    """Nobody has converted, or no conversion counts; there is a value column, so the values are 0."""
    db = journeys_db([(1, 1, "a"), (2, 1, "b")], [])
    for _ in range(2):
        for row in ask(db, "channel_effects", "touches", "conversions(entity, ts, value)"):
            assert [row[name] for name in MARKOV + SHAPLEY[:3]] == [None, 0, None, None, 0, 0, 0, 0]
        db.execute("INSERT INTO conversions VALUES (NULL, 5, 7)")


def test_values_of_both_signs(effects):
    """Where they cancel altogether the value columns are 0; where only the effects cancel there is no share."""
    rows = effects([("a", 1, 100, 0), ("b", 1, -100, 0)])
    assert column(rows, "removal_effect_value") == [0, 0] and column(rows, "markov_value") == [0, 0]
    assert column(rows, "shapley_value") == [100, -100]
    rows = effects([("a", 1, 100, 0), ("b", 1, -50, 0)])
    assert column(rows, "removal_effect_value") == pytest.approx([2, -1], rel=1e-15)
    assert column(rows, "markov_value") == pytest.approx([100, -50], rel=1e-15)
    rows = effects([("a > b", 1, 2, 0), ("c", 1, -1, 0), ("d", 1, -3, 0)], "order=2")
    assert column(rows, "removal_effect_value") == pytest.approx([-1, -1, 0.5, 1.5], rel=1e-15)
    assert column(rows, "markov_value") == [None] * 4 and column(rows, "shapley_value") == [1, 1, -1, -3]


def test_values_of_both_signs_come_to_an_end(effects, db):
    """Rounding may go to and fro where terms of both signs meet; the sweeps end all the same (and not by the handler)."""
    bounded(db)
    for rows in ([("c > e > c > e > d > a", 0, -2, 5), ("c > e", 1.75, 0, 0), ("e > e > a", 2.75, 2, 0)],
                 [("c > b > c > d > e", 2.5, -0.8014293069224301, 0.75), ("c > e > c > c > c > e > d > c > b > d > a", 3.75, -2, 5),
                  ("c > e", 1.75, 1.8051478352211183, 0), ("d > d > e > e > a", 2.75, 2, 4)]):
        found = effects(rows, "order=2")
        assert_rows(list(found.values()), reference.effects(reference.read_paths(rows), 2), MARKOV + SHAPLEY + TOUCHES)


def test_rare_channels_become_other(effects):
    """a is in 5 paths, b in 3, c in 2, d in 1: fewer than 3 are c and d."""
    paths = [("a > c > d > b", 1, 10, 0), ("a > b", 1, 10, 1), ("a > c", 0, 0, 1), ("a", 0, 0, 1)]
    rows = effects(paths, "min_paths=3; order=2")
    other = [(text.replace("c", "(other)").replace("d", "(other)"), *rest) for text, *rest in paths]
    assert list(rows) == ["(other)", "a", "b"] and rows["(other)"]["paths"] == 2
    assert rows == effects(other, "order=2")
    assert list(effects(paths, "min_paths=1")) == ["a", "b", "c", "d"]
    assert list(effects(paths, "min_paths=1000")) == ["(other)"]


def test_a_closed_loop_is_an_error(db):
    """a leads to b and b to a; whatever comes there stays."""
    rows = [("(start)", "a", 1), ("a", "b > c", 2), ("b > c", "a", 2), ("b > c", "b > c", 2), ("d", "(conversion)", 1), ("(start)", "d", 1)]
    harness.create(db, "counts", ["from_state", "to_state", "weight"], rows)
    sql = "SELECT * FROM markov_effects('counts(from_state, to_state, weight)')"
    with pytest.raises(sqlite3.OperationalError) as caught:
        db.execute(sql).fetchall()
    text = str(caught.value)
    assert text.startswith("markov_effects(): ") and ("'a'" in text or "'b > c'" in text)
    assert "(conversion)" in text and "(null)" in text
    db.execute("INSERT INTO counts VALUES ('b > c', '(null)', 1)")
    assert [row[:2] for row in db.execute(sql)] == [("a", 0.0), ("b", 0.0), ("c", 0.0), ("d", 1.0)]


def test_chains_given_as_counts(db):
    """d is never reached; the loop of a on itself changes nothing; conversions of nobody stay."""
    rows = [("(start)", "a", 4, None), ("a", "a", 9, None), ("a", "b", 2, None), ("a", "(conversion)", 2, 10), ("b", "(null)", 1, 0),
            ("b", "(conversion)", 1, 30), ("d", "(conversion)", 1, 0), ("d", "a", 1, None), ("(start)", "(conversion)", 2, 7)]
    harness.create(db, "counts", ["from_state", "to_state", "weight", "value"], rows)
    found = [tuple(row.values()) for row in ask(db, "markov_effects", "counts")]
    assert [row[0] for row in found] == ["a", "b", "d", "(unattributed)"]
    effects = [1, Fraction(1, 3), 0]  # b0 = 1/2 + 1/2 * 1/2
    value = [1, Fraction(3, 4), 0]  # 10 / 4 from a, and half of 30 / 2 from b
    shares = [e * Fraction(3, 4) for e in effects]
    wanted = zip(effects, value, shares, [4 * s for s in shares], [Fraction(4, 7) * 40 * v for v in value])
    assert [row[1:] for row in found[:3]] == [pytest.approx([float(n) for n in row], rel=1e-15) for row in wanted]
    assert found[3] == ("(unattributed)", None, None, None, 2.0, 7.0)


@pytest.mark.parametrize("a, b", [("a", "b"), ("a > b", "b > a")])
@pytest.mark.parametrize("weight", [10**3, 10**6, 10**9])
def test_a_loop_that_is_hardly_left(db, a, b, weight):
    """States of one channel and of two: between a and b it goes a million times, and the answer is still that of fractions."""
    rows = [("(start)", a, 1, None), (a, b, weight, None), (b, a, weight, None), (b, "(conversion)", 1, 5), (a, "c", 1, None),
            ("c", "(null)", 1, None), ("c", "(conversion)", 1, 2)]
    harness.create(db, "counts", ["from_state", "to_state", "weight", "value"], rows)
    wanted = reference.markov_rows(reference.chain_of_counts(rows))
    assert_rows(ask(db, "markov_effects", "counts"), wanted, MARKOV)


def test_two_loops_one_after_the_other_come_to_an_end(db):
    """Each is left rarely, so the way through both is long: the answer must not take as many steps."""
    rows = [("(start)", "a", 1), ("a", "b > b", 1), ("b > b", "a", 7_000_000), ("b > b", "c", 1), ("c", "b", 1), ("b", "b > c", 1),
            ("b > c", "c", 3000), ("b > c", "(conversion)", 1)]
    harness.create(bounded(db), "counts", ["from_state", "to_state", "weight"], rows)
    found = ask(db, "markov_effects", "counts(from_state, to_state, weight)")
    assert [row["removal_effect"] for row in found] == pytest.approx([1, 1, 1], rel=1e-10)


# ---------------------------------------------------------------- real paths


def pathdata_rows(shared_data):
    with open(shared_data(PATHDATA), encoding="utf-8") as file:
        next(file)
        split = [line.rstrip("\n").split('",') for line in file]
    return [(text.lstrip('"'), *map(float, numbers.split(","))) for text, numbers in split]


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_real_paths(imported, shared_data, order):
    """Totals stay at every order; two effects are those of walking the chain without the channel."""
    paths = pathdata_rows(shared_data)
    value = math.fsum(row[2] for row in paths)
    assert value == pytest.approx(74_802.971587, abs=1e-6)
    connection = imported(pathdata=PATHDATA)
    rows = ask(connection, "path_effects", PATHDATA_RELATION, f"order={order}")
    connection.close()
    assert len(rows) == 12
    for name in [*MARKOV[3:], *SHAPLEY[:2], *TOUCHES]:
        total = math.fsum(row[name] for row in rows)
        assert total == (19_785 if name.endswith("_conversions") else pytest.approx(value, rel=1e-15)), name
    assert math.fsum(row["shapley_rate"] for row in rows) == pytest.approx(0.223845135596864, abs=1e-13)
    chain = reference.chain_of_paths(reference.read_paths(paths), order)
    whole = reference.walk(chain)
    assert whole[0] == pytest.approx(0.223845135596864, abs=1e-13)
    for row in rows[:2]:
        rest = reference.walk(chain, row["channel"])
        assert row["removal_effect"] == pytest.approx(1 - rest[0] / whole[0], abs=1e-10)
        assert row["removal_effect_value"] == pytest.approx(1 - rest[1] / whole[1], abs=1e-10)


def as_touches(rows):
    """Touches and conversions whose journeys are these paths: an entity for each time that a path was seen."""
    touches, conversions, entity = [], [], 0
    for text, won, value, lost in rows:
        channels = text.split(" > ")
        for n in range(int(won + lost)):
            entity += 1
            touches += [(entity, time, channel) for time, channel in enumerate(channels)]
            conversions += [(entity, 10_000, value / won)] if n < won else []
    return touches, conversions


def test_real_paths_as_touches(journeys_db, shared_data):
    """The probability of conversion is that of the data at every order, since as much leaves a state as comes to it."""
    rows = pathdata_rows(shared_data)
    db = journeys_db(*as_touches(rows))
    harness.create(db, "paths", PATH_COLUMNS, rows)
    for order in (1, 2, 3, 4):
        db.execute("CREATE TEMP TABLE counts AS SELECT * FROM markov_transitions('touches', 'conversions', ?)", (f"order={order}",))
        flows = "(SELECT {0}_state AS s, sum(weight) AS w FROM counts GROUP BY 1) AS {0}_"
        sql = f"SELECT count(*) FROM {flows.format('from')} JOIN {flows.format('to')} USING (s) WHERE from_.w <> to_.w"
        assert db.execute(sql).fetchone() == (0,)
        sql = "SELECT sum(weight) FILTER (WHERE to_state = '(conversion)') / sum(weight) FILTER (WHERE from_state = '(start)') FROM counts"
        assert db.execute(sql).fetchone()[0] == pytest.approx(0.223845135596864, abs=1e-15)
        counts = ask(db, "markov_effects", "counts(from_state, to_state, weight, value)")
        assert_rows(ask(db, "path_effects", "paths", f"order={order}"), counts, MARKOV)
        db.execute("DROP TABLE counts")


# ---------------------------------------------------------------- sizes


def test_five_thousand_channels(effects):
    """Paths of three of them; effects by walking the chain, and shares that add up."""
    generator = random.Random(5)
    names = [f"c{i:04}" for i in range(5000)]
    rows = [(" > ".join(generator.sample(names, 3)), generator.randint(0, 2), generator.randint(0, 40) / 4, 2) for _ in range(600)]
    rows += [(name, 1, 1, 0) for name in names]
    columns = ", ".join(["channel", *MARKOV, *SHAPLEY[:2], "paths"])
    found = effects(rows, "", columns)
    assert list(found) == names
    assert math.fsum(column(found, "markov_share")) == pytest.approx(1, abs=1e-12)
    paths = reference.read_paths(rows)
    chain = reference.chain_of_paths(paths)
    whole, shared = reference.walk(chain), reference.divided_equally(paths, lambda path: path.conversions)
    for name in (names[0], names[2500], names[4999]):
        rest = reference.walk(chain, name)
        assert found[name]["removal_effect"] == pytest.approx(1 - rest[0] / whole[0], rel=1e-9, abs=1e-13)
        assert found[name]["removal_effect_value"] == pytest.approx(1 - rest[1] / whole[1], rel=1e-9, abs=1e-13)
        assert close(found[name]["shapley_conversions"], shared[name])


def test_five_thousand_channels_in_a_ring(effects):
    """Paths c(i) > c(i + 1), half of them converting: on c with probability 2 / n after any number of halvings, effect 2 / n."""
    n = 5000
    rows = [(f"c{i:04} > c{(i + 1) % n:04}", 1, 3, 1) for i in range(n)]
    for name in ("removal_effect", "removal_effect_value"):
        assert column(effects(rows, "", f"channel, {name}"), name) == pytest.approx([2 / n] * n, rel=1e-10)


@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_paths_of_ten_thousand_touches(effects, order):
    """Text of more than 65,535 bytes; the second path keeps the chain from being a single walk."""
    generator = random.Random(7)
    names = ["email nurture", "paid search", "webinar"]
    rows = [(" > ".join(generator.choices(names, k=10_000)), 1, 100, 2), (" > ".join(generator.choices(names, k=9_000)), 3, 5, 1),
            ("webinar", 4, 8, 9)]
    assert len(rows[0][0]) > 65_535
    found = effects(rows, f"order={order}")
    paths = reference.read_paths(rows)
    states = reference.states_of(reference.chain_of_paths(paths, order))
    if len(states) <= 150:
        assert_rows(list(found.values()), reference.effects(paths, order, True, reference.solve_dense), MARKOV + SHAPLEY + TOUCHES)
    assert math.fsum(column(found, "markov_conversions")) == pytest.approx(8, rel=1e-12)
    assert math.fsum(column(found, "linear_value")) == pytest.approx(113, rel=1e-12)


def test_a_journey_of_ten_thousand_touches(journeys_db):
    """From touches there is no text, so no length; here each touch is a channel of its own."""
    n = 10_000
    db = journeys_db([(1, i, f"c{i % 50:02}") for i in range(n)], [(1, n, 100)])
    rows = ask(db, "channel_effects", "touches", "conversions", columns=", ".join(["channel", *MARKOV, *SHAPLEY[:2], "paths"]))
    assert [row["removal_effect"] for row in rows] == pytest.approx([1] * 50, abs=1e-10)
    assert [row["markov_conversions"] for row in rows] == pytest.approx([1 / 50] * 50, rel=1e-10)
    credits = [row[0] for row in db.execute("SELECT credit FROM attribution('touches', 'conversions', 'markov')")]
    assert credits == pytest.approx([1 / n] * n, rel=1e-9) and math.fsum(credits) == pytest.approx(1, abs=1e-12)


def test_more_than_twenty_channels(effects, db):
    """The rate is for 20 at most; whoever asks for it is told of min_paths, whoever does not is not bothered."""
    rows = [(f"c{i:02} > d", i, 0, 1) for i in range(1, 20)]
    assert math.fsum(column(effects(rows), "shapley_rate")) == pytest.approx(190 / 209, abs=1e-12)
    rows.append(("e > d", 1, 0, 1))
    others = ", ".join(["channel", *MARKOV, *SHAPLEY[:2], "paths", *TOUCHES])
    found = effects(rows, "", others)
    assert len(found) == 21 and math.fsum(column(found, "shapley_conversions")) == pytest.approx(191)
    for name in ("path_effects", "shapley_effects"):
        assert_error(db, name, ["min_paths", "20"], f"SELECT shapley_rate FROM {name}('paths(path, conversions, value, nulls)')")
    kept = effects(rows, "min_paths=3", "channel, shapley_rate")
    assert len(kept) == 20 and "(other)" in kept
    assert math.fsum(column(kept, "shapley_rate")) == pytest.approx(191 / 211, abs=1e-12)


# ---------------------------------------------------------------- as relations


CALLS = {
    "channel_effects": "'touches', 'conversions'",
    "path_effects": "'paths'",
    "markov_transitions": "'touches', 'conversions'",
    "markov_orders": "'touches', 'conversions'",
    "markov_effects": "'counts'",
    "shapley_effects": "'coalitions'",
}


@pytest.fixture
def file_db(tmp_path):
    """A database file with relations of the standard names, and a view over each call; its path."""
    path = tmp_path / "effects.db"
    connection = harness.connect(path)
    harness.add_journeys(connection, [(1, 1, "a"), (1, 2, "b"), (2, 1, "a"), (3, 1, "b")], [(1, 9, 10), (4, 9, 1)])
    harness.create(connection, "paths", PATH_COLUMNS, HAND)
    harness.create(connection, "coalitions", ["channels", *PATH_COLUMNS[1:]], HAND)
    connection.execute("CREATE TABLE counts AS SELECT * FROM markov_transitions('touches', 'conversions')")
    for name, arguments in CALLS.items():
        connection.execute(f"CREATE VIEW view_of_{name} AS SELECT * FROM {name}({arguments})")
    connection.close()
    return path


@pytest.mark.parametrize("name", sorted(CALLS))
def test_views_of_a_read_only_file(file_db, name):
    connection = harness.connect(f"file:{file_db}?mode=ro", uri=True)
    rows = connection.execute(f"SELECT * FROM view_of_{name}").fetchall()
    assert rows and rows == connection.execute(f"SELECT * FROM {name}({CALLS[name]})").fetchall()
    assert connection.total_changes == 0
    connection.close()


@pytest.mark.parametrize("name", sorted(CALLS))
def test_columns_have_declared_types_and_values_of_them(file_db, name):
    connection = harness.connect(file_db)
    types = dict(connection.execute("SELECT name, type FROM pragma_table_xinfo(?) WHERE NOT hidden", (f"view_of_{name}",)))
    assert set(types.values()) <= {"TEXT", "REAL", "INTEGER"}
    for row in harness.rows_of(connection, f"SELECT * FROM view_of_{name}"):
        for own, value in row.items():
            assert value is None or {str: "TEXT", float: "REAL", int: "INTEGER"}[type(value)] == types[own], own
    connection.close()


def test_an_answer_is_fresh(file_db):
    """Also inside a transaction; and the order may come from a join."""
    connection = harness.connect(file_db)
    sql = "SELECT removal_effect FROM path_effects('paths') WHERE channel = 'C1'"
    assert connection.execute(sql).fetchone()[0] == pytest.approx(0.5)
    connection.execute("BEGIN")
    connection.execute("DELETE FROM paths WHERE nulls = 1 AND path = 'C2 > C3'")
    assert connection.execute(sql).fetchall() == connection.execute(sql).fetchall() == [(1.0,)]
    connection.execute("ROLLBACK")
    sql = "SELECT k.value, e.removal_effect FROM json_each('[1, 3]') AS k, path_effects('paths', 'order=' || k.value) AS e WHERE channel = 'C1'"
    assert connection.execute(sql).fetchall() == [(1, pytest.approx(0.5)), (3, pytest.approx(1))]
    connection.close()


def test_relations_that_are_views(file_db):
    """Paths from a view over journeys(), in one statement."""
    connection = harness.connect(file_db)
    connection.execute("""
      CREATE TEMP VIEW won_and_lost AS SELECT path, sum(converted) AS conversions, total(value) AS value, sum(1 - converted) AS nulls
      FROM journeys('touches', 'conversions') GROUP BY path""")
    rows = ask(connection, "path_effects", "temp.won_and_lost")
    assert_rows(rows, ask(connection, "channel_effects", "touches", "conversions"), MARKOV + SHAPLEY, TIGHT)
    assert rows[-1]["channel"] == "(unattributed)"
    connection.close()
