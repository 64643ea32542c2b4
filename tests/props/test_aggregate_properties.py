"""first_touch and last_touch of groups and over sliding frames, weighted_credit and touch_credit, on random data."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
import reference
from reference_input import NO_LABEL, Conversion, Options, Touch, is_missing, parse_number, parse_time
from strategies import HALF_DAY, LABELS

DAY_TEXT = "1970-01-{:02} 12:00"
# The same instants as numbers of both classes and as text, so that ties cross the classes.
MOMENTS = [n * HALF_DAY for n in range(7)] + [HALF_DAY * 3.0, DAY_TEXT.format(1), DAY_TEXT.format(2), None, ""]
VALUES = [3, -1, 2.5, "b", "a", "ä", "10", b"\x00", b"z", None, ""]
# Frames as offsets of rows from the current one; None is unbounded.
FRAMES = {
    "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW": (None, 0),
    "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING": (0, None),
    "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING": (None, None),
    "ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING": (-2, 1),
    "ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING": (-3, -1),
    "ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING": (1, 3),
}

groups_of_values = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(VALUES), st.sampled_from(MOMENTS)), max_size=25
)


def value_order(value):
    """SQLite's order of classes: numbers, text byte by byte, blobs."""
    if isinstance(value, str):
        return (1, value.encode())
    return (2, value) if isinstance(value, bytes) else (0, value)


def brute_force(rows, last):
    """Value at the earliest (latest) time; the smallest (largest) among equals; NULL without rows."""
    known = [(value, ts) for _, value, ts in rows if not (is_missing(value) or is_missing(ts))]
    kept = [(parse_time(ts), value_order(value), value) for value, ts in known]
    if not kept:
        return None
    return (max if last else min)(kept, key=lambda row: row[:2])[2]


def same(actual, wanted):
    """Equal and of the same class."""
    assert [(type(value), value) for value in actual] == [(type(value), value) for value in wanted]


def table(columns, rows):
    connection = harness.connect()
    harness.create(connection, "t", columns, rows)
    return connection


def column(connection, sql, *parameters):
    try:
        return [row[-1] for row in connection.execute(sql, parameters)]
    finally:
        connection.close()


@given(groups_of_values, st.booleans())
def test_first_and_last_touch_of_groups(rows, last):
    function = "last_touch" if last else "first_touch"
    actual = column(table("gvt", rows), f"SELECT g, {function}(v, t) FROM t GROUP BY g ORDER BY g")
    wanted = [brute_force([row for row in rows if row[0] == g], last) for g in sorted({row[0] for row in rows})]
    same(actual, wanted)


@given(groups_of_values, st.booleans(), st.sampled_from(sorted(FRAMES)), st.booleans())
@settings(max_examples=300)
def test_first_and_last_touch_over_sliding_frames(rows, last, frame, without_current):
    function = "last_touch" if last else "first_touch"
    exclude = " EXCLUDE CURRENT ROW" * without_current
    sql = f"SELECT rowid, {function}(v, t) OVER (PARTITION BY g ORDER BY rowid {frame}{exclude}) FROM t ORDER BY rowid"
    actual = column(table("gvt", rows), sql)
    same(actual, [brute_force(frame_rows(rows, i, *FRAMES[frame], without_current), last) for i in range(len(rows))])


def frame_rows(rows, index, start, end, without_current):
    partition = [i for i, row in enumerate(rows) if row[0] == rows[index][0]]
    here = partition.index(index)
    low = 0 if start is None else max(0, here + start)
    high = len(partition) if end is None else max(0, here + end + 1)
    return [rows[i] for i in partition[low:high] if not (without_current and i == index)]


WEIGHTED_MODELS = ["first_touch", "last_touch", "last_non_direct", "linear", "position_based", "j_shaped", "inverse_j"]
WEIGHTED_MODELS += ["time_decay", "time_decay(half_life=1 day)", "participation", "custom(1, 2, 3)", "points"]

paths = st.lists(
    st.tuples(st.sampled_from(LABELS), st.sampled_from(MOMENTS), st.sampled_from([0, 1, 2.5, -1, "3", "", None])),
    min_size=1,
    max_size=10,
)


def group_path(rows, end):
    """Touches of a group up to `end`, ordered as the rules order touches without an id."""
    touches = []
    for label, ts, points in rows:
        us = parse_time(ts)
        if us is not None and us <= parse_time(end):
            text = NO_LABEL if is_missing(label) else str(label)
            touches.append(Touch(None, us, ts, text, None, reference.Fraction(parse_number(points) or 0)))
    return sorted(touches, key=lambda t: (t.us, t.label, t.points))


def credits_of(path, model):
    return reference.model_weights(model, path, NO_MILESTONES, Options())


NO_MILESTONES = Conversion(None, 0, 0, None, None, ())


@given(paths, st.sampled_from(WEIGHTED_MODELS), st.integers(0, 7).map(lambda n: n * HALF_DAY))
@settings(max_examples=300)
def test_weighted_credit_equals_the_reference(rows, model, end):
    known = [row for row in rows if not is_missing(row[1])]
    if not known:
        return  # whether rows without a time are "no rows" is left to the golden tests
    actual = column(table("lxp", rows), "SELECT weighted_credit(l, x, ?, ?, p) FROM t", model, end)
    shares = json.loads(actual[0])
    path = group_path(rows, end)
    if not path:
        assert shares == {reference.UNATTRIBUTED: 1.0}
        return
    wanted = {}
    for touch, weight in zip(path, credits_of(path, model)):
        wanted[touch.label] = wanted.get(touch.label, 0) + weight
    credited = {label: share for label, share in wanted.items() if share}
    assert [label for label, share in shares.items() if share] == list(credited)
    for label, share in credited.items():
        assert shares[label] == pytest.approx(float(share), rel=1e-12)


POSITION_MODELS = ["first_touch", "last_touch", "linear", "position_based", "j_shaped", "inverse_j", "custom(1, 2, 3)"]
POSITION_MODELS += ["time_decay(half_life=1 day)", "custom(0, 1, 0)"]
RIGHT_FRAME = "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING"

moments_of_groups = st.lists(
    st.tuples(st.integers(1, 2), st.sampled_from([n * HALF_DAY for n in range(7)] + [None, ""])), max_size=14
)


@given(moments_of_groups, st.sampled_from(POSITION_MODELS), st.integers(0, 7).map(lambda n: n * HALF_DAY))
@settings(max_examples=300)
def test_touch_credit_equals_the_reference(rows, model, end):
    sql = f"SELECT rowid, touch_credit(x, ?, ?) OVER (PARTITION BY g ORDER BY x {RIGHT_FRAME}) FROM t ORDER BY rowid"
    actual = column(table("gx", rows), sql, model, end)
    for (group, ts), share in zip(rows, actual):
        if is_missing(ts):
            assert share is None
        else:
            path = group_path([("", moment, 0) for g, moment in rows if g == group], end)
            assert share == pytest.approx(float(shared_at(path, model, ts)), rel=1e-12)


def shared_at(path, model, ts):
    """What a touch at this time gets: the mean of what the positions of its instant earn."""
    if not any(touch.us == parse_time(ts) for touch in path):
        return 0  # later than the conversion
    weights = credits_of(path, model)
    earned = [weight for touch, weight in zip(path, weights) if touch.us == parse_time(ts)]
    return sum(earned) / len(earned)


points_at_moments = st.tuples(st.integers(0, 40), st.integers(-2, 5))


@given(st.lists(points_at_moments, unique_by=lambda row: row[0], min_size=1, max_size=9))
def test_touch_credit_by_points(rows):
    """At distinct times: every touch earns by its own points."""
    moments = [(ts * HALF_DAY, points) for ts, points in rows]
    sql = f"SELECT rowid, touch_credit(x, 'points', 99e6, p) OVER (ORDER BY x {RIGHT_FRAME}) FROM t ORDER BY rowid"
    actual = column(table("xp", moments), sql)
    total = sum(points for _, points in rows)
    wanted = [points / total if total > 0 else 1 / len(rows) for _, points in rows]
    assert actual == pytest.approx(wanted, rel=1e-12)
