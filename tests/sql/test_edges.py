"""Numbers at the edge of what a double holds, and paths that are long or tied: cases that once went wrong."""

import math

import pytest

CREDIT = "SELECT credit FROM attribution('touches', 'conversions', ?) ORDER BY position"


def test_equal_touches_have_equal_credit(journeys_db):
    """Their exact sum already rounds to 1, so nothing is moved onto one of them."""
    for n in (2, 3, 7, 10, 20):
        db = journeys_db([(n, i, "a") for i in range(n)], [(n, n, 10.0)])
        credits = [row[0] for row in db.execute(CREDIT, ("linear",))]
        assert set(credits) == {1 / n} and math.fsum(credits) == 1
        db.execute("DROP TABLE touches")
        db.execute("DROP TABLE conversions")


def test_a_value_too_small_to_divide_is_not_lost(journeys_db):
    db = journeys_db([(1, i, "a") for i in range(3)], [(1, 5, 5e-324)])
    values = [row[0] for row in db.execute("SELECT value FROM attribution('touches', 'conversions')")]
    assert math.fsum(values) == 5e-324


@pytest.mark.parametrize("touches, conversions, column", [
    ([(1, 1, "a", 1e308)], [(1, 5, 10)], "points"),
    ([(1, 1, "a", 1)], [(1, 5, -1e300)], "value"),
])
def test_numbers_whose_sum_could_overflow_are_errors(journeys_db, touches, conversions, column):
    db = journeys_db(touches, conversions)
    with pytest.raises(Exception, match=rf"^attribution\(\): {column} of \w+, row 1, .*1e290"):
        db.execute("SELECT * FROM attribution('touches', 'conversions', 'linear')").fetchall()


def test_participation_of_a_long_path_with_many_labels(journeys_db):
    """Each label gets the whole once, over its own touches, wherever they lie in the path."""
    n = 5000
    db = journeys_db([(1, i, f"c{i % (n // 2)}") for i in range(n)], [(1, n, 10.0)])
    sql = """
      SELECT count(*), count(DISTINCT channel), min(credit), max(credit), total(value)
        FROM attribution('touches', 'conversions', 'participation', 'round=0.01')"""
    assert db.execute(sql).fetchone() == (n, n // 2, 0.5, 0.5, pytest.approx(10.0 * n / 2, rel=1e-12))


def test_points_at_one_instant_are_each_row_s_own(db):
    db.execute("CREATE TABLE t(id, ts, points)")
    db.executemany("INSERT INTO t VALUES(?, 7, ?)", [(1, 1), (2, 3)])
    frame = "(ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"
    rows = db.execute(f"SELECT id, touch_credit(ts, 'points', NULL, points) OVER {frame} FROM t").fetchall()
    assert dict(rows) == {1: 0.25, 2: 0.75}


FRAME = "PARTITION BY g ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING"


@pytest.mark.parametrize("in_transaction", [False, True])
def test_a_view_that_gets_a_wrong_frame_under_the_same_text(db, in_transaction):
    """A statement found right once is not believed for ever: what it reads may be defined anew."""
    db.execute("CREATE TABLE t(g, ts)")
    db.executemany("INSERT INTO t VALUES(?, ?)", [(g, ts) for g in (1, 2) for ts in (1, 2, 3)])
    db.execute(f"CREATE VIEW v AS SELECT touch_credit(ts, 'first_touch') OVER ({FRAME}) AS share FROM t")
    if in_transaction:
        db.execute("BEGIN")
        db.execute("INSERT INTO t VALUES(3, 1)")
    assert sorted(row[0] for row in db.execute("SELECT * FROM v")) == [0] * 4 + [1] * (2 + in_transaction)
    db.execute("DROP VIEW v")
    db.execute("CREATE VIEW v AS SELECT touch_credit(ts, 'first_touch') OVER (PARTITION BY g) AS share FROM t")
    with pytest.raises(Exception, match="ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING"):
        db.execute("SELECT * FROM v").fetchall()


def test_a_column_that_is_named_rowid(db):
    """It hides the rowid, as it does in SQLite, and keeps its class."""
    db.execute("CREATE TABLE touches(rowid TEXT, entity, ts, channel)")
    db.execute("CREATE TABLE conversions(entity, ts, value)")
    db.execute("INSERT INTO touches VALUES('T-7', 1, 1, 'a')")
    db.execute("INSERT INTO conversions VALUES(1, 2, 10)")
    assert db.execute("SELECT touch_id, conversion_id FROM attribution('touches', 'conversions')").fetchall() == [("T-7", 1)]
