"""weighted_credit and touch_credit: JSON that parses, errors and frames; first_touch and last_touch with bad times."""

import json
import sqlite3

import pytest

from test_errors import FRAME, assert_error, message

ODD_LABELS = ['say "hi"', "back\\slash", "tab\tnew\nline", "nul-free \x01\x1f"]
ODD_LABELS += ["ключ ✓ 🎯", "</script>", "{}", "a > b"]


@pytest.fixture
def base(db):
    db.execute("CREATE TABLE t(g, channel, ts, points)")
    db.execute("INSERT INTO t VALUES (1, 'a', 1, 1), (1, 'b', 2, 1), (1, 'c', 3, 2), (2, 'a', 1, 1), (2, 'a', 5, 3)")
    return db


def test_labels_that_need_escapes(db):
    db.execute("CREATE TABLE t(l, ts)")
    db.executemany("INSERT INTO t VALUES (?, ?)", [(label, n) for n, label in enumerate(ODD_LABELS)])
    (text,) = db.execute("SELECT weighted_credit(l, ts, 'linear') FROM t").fetchone()
    assert json.loads(text) == {label: 1 / len(ODD_LABELS) for label in ODD_LABELS}
    assert list(json.loads(text)) == ODD_LABELS
    assert db.execute("SELECT json_valid(?)", (text,)).fetchone() == (1,)
    keys = db.execute("SELECT key FROM json_each(?)", (text,)).fetchall()
    assert len(keys) == len(ODD_LABELS)


def test_shares_read_back_as_doubles(db):
    db.execute("CREATE TABLE t(l, ts)")
    db.executemany("INSERT INTO t VALUES (?, ?)", [(f"l{n}", n) for n in range(7)])
    (text,) = db.execute("SELECT weighted_credit(l, ts, 'linear') FROM t").fetchone()
    assert list(json.loads(text).values()) == pytest.approx([1 / 7] * 7, rel=1e-15)


def test_one_group_each(base):
    rows = base.execute("SELECT weighted_credit(channel, ts, 'last_touch') FROM t GROUP BY g ORDER BY g").fetchall()
    credited = [{label: share for label, share in json.loads(text).items() if share} for (text,) in rows]
    assert credited == [{"c": 1.0}, {"a": 1.0}]


AGGREGATE_ERRORS = [
    ("first_touch", "first_touch(channel, 'soon')", ["soon"]),
    ("last_touch", "last_touch(channel, '20240101')", ["20240101", "dashes"]),
    ("first_touch", "first_touch(channel, x'00')", []),
    ("weighted_credit", "weighted_credit(channel, ts, 'liner')", ["liner", "linear"]),
    ("weighted_credit", "weighted_credit(channel, ts, 'linear, first_touch')", ["model"]),
    ("weighted_credit", "weighted_credit(channel, ts, 'all')", ["model"]),
    ("weighted_credit", "weighted_credit(channel, ts, 'milestone(1)')", ["milestone"]),
    ("weighted_credit", "weighted_credit(channel, ts, 'w_shaped')", ["w_shaped"]),
    ("weighted_credit", "weighted_credit(channel, ts, 'points')", ["points"]),
    ("weighted_credit", "weighted_credit(channel, 'soon', 'linear')", ["soon"]),
    ("weighted_credit", "weighted_credit(channel, ts, 'linear', 'soon')", ["soon"]),
    ("weighted_credit", "weighted_credit(channel, ts, 'linear', ts)", ["converted_at"]),
    ("weighted_credit", "weighted_credit(channel, ts, iif(ts = 2, 'linear', 'last_touch'))", ["model"]),
    ("weighted_credit", "weighted_credit(channel, ts, 'points', 9, 'many')", ["many"]),
    ("weighted_credit", "weighted_credit(x'00', ts, 'linear')", ["label"]),
    ("touch_credit", f"touch_credit(ts, 'liner') {FRAME}", ["liner", "linear"]),
    ("touch_credit", f"touch_credit(ts, 'last_non_direct') {FRAME}", ["last_non_direct"]),
    ("touch_credit", f"touch_credit(ts, 'participation') {FRAME}", ["participation"]),
    ("touch_credit", f"touch_credit(ts, 'u_shaped') {FRAME}", ["u_shaped"]),
    ("touch_credit", f"touch_credit(ts, 'points') {FRAME}", ["points"]),
    ("touch_credit", f"touch_credit('soon', 'linear') {FRAME}", ["soon"]),
    ("touch_credit", f"touch_credit(ts, 'linear', ts) {FRAME}", ["converted_at"]),
]


@pytest.mark.parametrize("function, call, words", AGGREGATE_ERRORS)
def test_aggregate_errors(base, function, call, words):
    assert_error(base, function, words, f"SELECT {call} FROM t")


WRONG_FRAMES = [
    "OVER (ORDER BY ts)",
    "OVER ()",
    "OVER (ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
    "OVER (ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
    "OVER (ORDER BY ts ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)",
    "OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)",
    "OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND CURRENT ROW)",
    "OVER (ORDER BY ts ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)",
    "OVER (ORDER BY ts ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING)",
    "OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW)",
]


@pytest.mark.parametrize("frame", WRONG_FRAMES)
def test_any_other_frame_is_an_error_that_shows_the_right_one(base, frame):
    words = ["ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING"]
    assert_error(base, "touch_credit", words, f"SELECT touch_credit(ts, 'linear') {frame} FROM t WHERE g = 1")


@pytest.mark.parametrize("rows", [2, 5, 6, 50])
def test_a_short_frame_is_never_a_wrong_number(db, rows):
    """A frame of fixed width looks like the right one near the end of a partition; the error must come first."""
    db.execute("CREATE TABLE t(ts)")
    db.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(rows)])
    for width in range(0, rows - 1):
        frame = f"OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND {width} FOLLOWING)"
        assert_error(db, "touch_credit", [], f"SELECT touch_credit(ts, 'linear') {frame} FROM t")


def test_touch_credit_is_a_window_function(base):
    with pytest.raises(sqlite3.OperationalError, match="touch_credit"):
        base.execute("SELECT touch_credit(ts, 'linear') FROM t WHERE g = 1").fetchall()


def test_the_right_frame_after_a_wrong_one(base):
    message(base, "SELECT touch_credit(ts, 'linear') OVER (ORDER BY ts) FROM t WHERE g = 1")
    rows = base.execute(f"SELECT touch_credit(ts, 'linear') {FRAME} FROM t WHERE g = 1").fetchall()
    assert [row[0] for row in rows] == pytest.approx([1 / 3] * 3)


def test_frames_beside_a_database_of_which_nothing_can_be_kept(db):
    """Where the journal's size is the user's own, no frame is remembered: the answers are the same."""
    db.execute("CREATE TABLE p AS SELECT value AS ts, value % 3 AS g FROM json_each('[1, 2, 3, 4, 5, 6, 7, 8, 9]')")
    sql = f"SELECT g, ts, touch_credit(ts, 'linear') {FRAME.replace('(', '(PARTITION BY g ', 1)} FROM p ORDER BY g, ts"
    whole = db.execute(sql).fetchall()
    db.execute("ATTACH ':memory:' AS other")
    db.execute("PRAGMA other.journal_size_limit = 1000")
    assert len(whole) == 9 and db.execute(sql).fetchall() == whole


def test_more_calls_in_a_statement_than_are_told_apart(db):
    """70 frames that are right are, and one among them that is not is an error."""
    db.execute("CREATE TABLE p AS SELECT value AS ts FROM json_each('[1, 2, 3, 4]')")
    right = [f"touch_credit(ts, 'time_decay(half_life={k + 1} days)') {FRAME}" for k in range(70)]
    rows = db.execute(f"SELECT {', '.join(right)} FROM p").fetchall()
    for column in zip(*rows):
        assert sum(column) == pytest.approx(1)
    for k in (0, 69):
        calls = [*right]
        calls[k] = "touch_credit(ts, 'linear') OVER (ORDER BY ts)"
        with pytest.raises(sqlite3.OperationalError, match=r"^touch_credit\(\): this frame .*; write OVER"):
            db.execute(f"SELECT {', '.join(calls)} FROM p").fetchall()
