"""window_funnel, window_funnel_events and funnel_stage against all chains, and their promises."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnel_windows
import harness
from funnel_strategies import WINDOWS, condition_rows, mode_lists
from funnel_windows import MODES
from reference_input import is_missing
from strategies import HALF_DAY
from test_funnel_passes import FORMS

MOST = 4  # conditions


@st.composite
def calls(draw, modes=(), **sizes):
    """(rows, count of conditions, window in seconds, modes)."""
    count = draw(st.sampled_from([3, 2, MOST, 1]))
    listed = draw(mode_lists(list(modes))) if modes else []
    return draw(condition_rows(count, **sizes)), count, draw(WINDOWS), listed


def values(sql, rows, count, *parameters):
    """The only row of a SELECT over the table w(ts, c1, …)."""
    connection = harness.connect()
    columns = ["ts"] + [f"c{k}" for k in range(1, count + 1)]
    harness.create(connection, "w", columns, [(ts, *conditions) for ts, conditions in rows])
    try:
        return connection.execute(sql, parameters).fetchone()
    finally:
        connection.close()


def ask(rows, count, window, modes):
    """(level, times of its steps)."""
    conditions = ", ".join(f"c{k}" for k in range(1, count + 1))
    sql = f"SELECT window_funnel(?1, ts, {conditions}), window_funnel_events(?1, ts, {conditions}) FROM w"
    level, events = values(sql, rows, count, ", ".join([f"{window / HALF_DAY * 12} hours", *modes]))
    return level, json.loads(events)


def assert_same(rows, count, window, modes):
    level, events = ask(rows, count, window, modes)
    assert level == funnel_windows.window_funnel(rows, window * 1_000_000, modes)
    wanted = funnel_windows.window_funnel_events(rows, window * 1_000_000, modes)
    assert [(type(time), time) for time in events] == [(type(time), time) for time in wanted]


@given(calls())
@settings(max_examples=300)
def test_levels_are_those_of_the_best_chain(call):
    assert_same(*call)


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_equals_the_reference(mode):
    @given(calls([mode]))
    @settings(max_examples=120)
    def check(call):
        rows, count, window, _ = call
        assert_same(rows, count, window, [mode] if mode != "allow_reentry" else ["strict_order", mode])

    check()


@given(calls(MODES))
@settings(max_examples=250)
def test_modes_together_equal_the_reference(call):
    assert_same(*call)


@given(calls(["strict_once", "strict_increase"], last=2))
@settings(max_examples=200)
def test_rows_at_few_instants_equal_the_reference(call):
    """Ties on ties: what one row may fill beside another."""
    assert_same(*call)


@given(calls(MODES), st.sampled_from(FORMS))
@settings(max_examples=100)
def test_events_have_the_form_of_their_rows(call, form):
    rows, *rest = call
    assert_same([(ts if is_missing(ts) else form(ts), conditions) for ts, conditions in rows], *rest)


@given(calls(MODES), st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(call, random):
    rows, *rest = call
    other = list(rows)
    random.shuffle(other)
    assert ask(rows, *rest) == ask(other, *rest)


@given(calls(MODES))
def test_events_are_an_admissible_chain(call):
    """As many times as the level, in order, each of a row with the step's condition, all within the window."""
    rows, count, window, modes = call
    level, events = ask(rows, count, window, modes)
    assert len(events) == level
    assert events == sorted(events)
    assert not events or events[-1] - events[0] <= window
    for k, time in enumerate(events):
        assert any(ts == time and funnel_windows.is_true(conditions[k]) for ts, conditions in rows)
    if "strict_increase" in modes:
        assert len(set(events)) == len(events)


@given(calls(), st.data())
def test_a_level_never_falls_when_events_are_added(call, data):
    rows, count, window, modes = call
    more = rows + data.draw(condition_rows(count))
    assert ask(more, count, window, modes)[0] >= ask(rows, count, window, modes)[0]


@given(st.lists(calls(MODES), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_groups_do_not_see_each_other(parts, random):
    """Each group has a window, modes and rows of its own, whatever their order in the table."""
    rows = [(g, window, ", ".join(modes), ts, *(conditions + [0] * MOST)[:MOST])
            for g, (own, _, window, modes) in enumerate(parts) for ts, conditions in own]  # fmt: skip
    random.shuffle(rows)
    connection = harness.connect()
    harness.create(connection, "w", ["g", "duration", "modes", "ts", "c1", "c2", "c3", "c4"], rows)
    option = "duration || ' s' || iif(modes = '', '', ', ' || modes)"
    sql = f"SELECT g, window_funnel({option}, ts, c1, c2, c3, c4) FROM w GROUP BY g"
    actual = connection.execute(sql).fetchall()
    connection.close()
    wanted = [
        (g, funnel_windows.window_funnel(own, window * 1_000_000, modes))
        for g, (own, _, window, modes) in enumerate(parts)
        if own
    ]
    assert actual == wanted


# ---------------------------------------------------------------- funnel_stage

STAGES = ["a", "b c", "d"]
stage_rows = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 8).map(lambda n: n * HALF_DAY), st.sampled_from([None, ""])),
        st.sampled_from(STAGES + STAGES + ["other", None, ""]),
    ),
    max_size=8,
)


def furthest_stage(rows, *parameters):
    connection = harness.connect()
    harness.create(connection, "s", ["ts", "stage"], rows)
    places = ", ".join(["?"] * len(parameters))
    sql = f"SELECT funnel_stage(stage, ts, 'a > \"b c\" >d'{', ' * bool(parameters)}{places}) FROM s"
    try:
        return connection.execute(sql, parameters).fetchone()[0]
    finally:
        connection.close()


def conditions_of(rows):
    return [(ts, [int(stage == name) for name in STAGES]) for ts, stage in rows]


@given(stage_rows, WINDOWS, st.one_of(st.none(), mode_lists(list(MODES))))
@settings(max_examples=200)
def test_funnel_stage_is_a_window_funnel_of_stages(rows, window, modes):
    wanted = funnel_windows.window_funnel(conditions_of(rows), window * 1_000_000, modes or [])
    parameters = [window] if modes is None else [f"{window / HALF_DAY * 12} hours", ", ".join(modes)]
    assert furthest_stage(rows, *parameters) == wanted


@given(stage_rows)
def test_without_a_window_any_time_counts(rows):
    assert furthest_stage(rows) == funnel_windows.window_funnel(conditions_of(rows))


@given(stage_rows, stage_rows)
def test_a_stage_never_falls_when_events_are_added(rows, more):
    assert furthest_stage(rows + more) >= furthest_stage(rows)
    assert furthest_stage(rows + more, 2 * HALF_DAY) >= furthest_stage(rows, 2 * HALF_DAY)
