"""retention and sessionize against the words of their rules."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnel_sequences
import harness
from funnel_strategies import CONDITIONS
from reference_input import is_missing, parse_time
from strategies import HALF_DAY
from test_funnel_passes import FORMS


@st.composite
def retention_rows(draw):
    """(count of conditions, rows (group, conditions))."""
    count = draw(st.integers(1, 5))
    conditions = st.lists(st.sampled_from(CONDITIONS), min_size=count, max_size=count)
    return count, draw(st.lists(st.tuples(st.integers(1, 3), conditions), max_size=9))


@given(retention_rows())
@settings(max_examples=200)
def test_retention_equals_the_reference(call):
    count, rows = call
    columns = [f"c{k}" for k in range(count)]
    connection = harness.connect()
    harness.create(connection, "r", ["g", *columns], [(g, *conditions) for g, conditions in rows])
    sql = f"SELECT g, retention({', '.join(columns)}) FROM r GROUP BY g ORDER BY g"
    actual = [(g, json.loads(text)) for g, text in connection.execute(sql)]
    connection.close()
    groups = sorted({g for g, _ in rows})
    assert actual == [(g, funnel_sequences.retention([own for other, own in rows if other == g])) for g in groups]


visits = st.lists(
    st.tuples(st.integers(1, 3), st.one_of(st.integers(0, 12), st.integers(0, 12), st.sampled_from([None, ""]))),
    max_size=20,
)


def ask_sessions(rows, sql):
    """Rows (group, ts, session); by group and time, missing times first."""
    connection = harness.connect()
    harness.create(connection, "v", ["g", "ts"], rows)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


@given(visits, st.integers(0, 6), st.sampled_from(FORMS), st.sampled_from(["{} hours", "{} s", None]))
@settings(max_examples=200)
def test_sessions_equal_the_reference(rows, half_days, form, unit):
    rows = [(g, n if is_missing(n) else form(n * HALF_DAY)) for g, n in rows]
    amount = half_days * 12 * (1 if unit == "{} hours" else 3600)
    gap = str(amount) if unit is None else "'" + unit.format(amount) + "'"
    session = f"sessionize(ts, {gap}) OVER (PARTITION BY g ORDER BY ts <> '', ts)"
    actual = ask_sessions(rows, f"SELECT g, ts, {session} FROM v ORDER BY g, ts <> '', ts")
    for group in {g for g, _ in rows}:
        own = [row[1:] for row in actual if row[0] == group]
        wanted = funnel_sequences.sessions([parse_time(ts) for ts, _ in own], half_days * HALF_DAY * 1_000_000)
        assert [number for _, number in own] == wanted
    assert len(actual) == len(rows)


@given(visits, st.integers(0, 6))
def test_order_of_rows_does_not_change_sessions(rows, gap):
    """Rows at one instant are in one session, whichever comes first."""
    sql = f"SELECT g, ts, sessionize(ts, {gap}) OVER (PARTITION BY g ORDER BY ts) FROM v WHERE ts <> '' ORDER BY g, ts"
    assert ask_sessions(rows, sql) == ask_sessions(rows[::-1], sql)


def test_a_missing_time_or_gap_in_the_middle_does_not_end_a_session():
    """In an order that is not that of ts: rows without a time stand among the others."""
    rows = [(1, 0), (2, None), (3, 50), (4, ""), (5, 100), (6, 201)]
    sql = "SELECT sessionize(ts, 100) OVER (ORDER BY g) FROM v"
    assert [row[0] for row in ask_sessions(rows, sql)] == [1, None, 1, None, 1, 2]
    sql = "SELECT sessionize(g * 100, iif(g = 3, NULL, 250)) OVER (ORDER BY g) FROM v"
    assert [row[0] for row in ask_sessions(rows, sql)] == [1, 1, None, 1, 1, 1]


def test_rows_that_do_not_come_in_order_are_an_error():
    rows = [(1, 5), (1, 3), (1, 9)]
    for order in ("ORDER BY ts DESC", "ORDER BY -ts", "ORDER BY (ts = 3), ts DESC"):
        with pytest.raises(harness.sqlite3.OperationalError, match=r"^sessionize\(\): "):
            ask_sessions(rows, f"SELECT sessionize(ts, 1) OVER (PARTITION BY g {order}) FROM v")


@pytest.mark.parametrize(
    "frame",
    [
        "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
        "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW",
        "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
        "RANGE BETWEEN 1 PRECEDING AND CURRENT ROW",
    ],
)
def test_frames_other_than_the_default_are_errors(frame):
    rows = [(1, 1), (1, 2), (1, 4), (1, 9)]
    with pytest.raises(harness.sqlite3.OperationalError, match=r"^sessionize\(\): "):
        ask_sessions(rows, f"SELECT sessionize(ts, 1) OVER (PARTITION BY g ORDER BY ts {frame}) FROM v")
