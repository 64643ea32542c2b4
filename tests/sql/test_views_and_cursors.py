"""Views that fail, tables that change or vanish under a cursor, and several cursors at once."""

import sqlite3

import pytest

import harness
from test_errors import DEALS, TOUCHES, assert_error

CALL = "SELECT * FROM attribution('touches', 'conversions')"
CALL_OF_VIEW = "SELECT * FROM attribution('v', 'conversions')"


@pytest.fixture
def base(journeys_db):
    return journeys_db(TOUCHES, DEALS)


def test_a_view_over_a_missing_table(base):
    base.execute("CREATE VIEW v AS SELECT entity, ts, channel FROM nowhere")
    assert_error(base, "attribution", ["v", "nowhere"], CALL_OF_VIEW)


def test_a_view_that_fails_at_a_row(base):
    """Nothing of the rows before the failure is shown."""
    base.execute(
        "CREATE VIEW v AS SELECT entity, ts, json_extract(CASE ts WHEN 300 THEN '{' ELSE '[1]' END, '$[0]') AS channel"
        " FROM touches"
    )
    with pytest.raises(sqlite3.DatabaseError, match=r"attribution\(\): .*malformed JSON"):
        pytest.fail(f"a row was shown: {base.execute(CALL_OF_VIEW).fetchone()}")
    assert len(harness.attribution(base)) == 3


def test_a_view_that_calls_the_extension(base):
    """Last month's credits as this month's touches: a view over attribution() is a relation like any other."""
    base.execute(
        "CREATE TEMP VIEW credited AS SELECT entity, touched_at AS ts, 'was ' || channel AS channel"
        " FROM attribution('touches', 'conversions', 'last_touch')"
    )
    rows = base.execute("SELECT entity, channel FROM attribution('credited', 'conversions') ORDER BY 1").fetchall()
    assert rows == [(1, "was b"), (2, "was c")]


def test_a_view_that_contains_itself_is_an_error_and_no_crash(base):
    base.execute(
        "CREATE TEMP VIEW loop AS SELECT entity, touched_at AS ts, channel FROM attribution('loop', 'conversions')"
    )
    with pytest.raises(sqlite3.DatabaseError):
        base.execute("SELECT * FROM loop").fetchall()


def test_a_table_dropped_while_a_cursor_is_open(base):
    """Either the DROP waits (locked) or the cursor goes on with what it read; never half of it."""
    whole = base.execute(CALL + " ORDER BY +touch_id").fetchall()
    cursor = base.execute(CALL)
    rows = [cursor.fetchone()]
    try:
        base.execute("DROP TABLE touches")
        dropped = True
    except sqlite3.OperationalError as error:
        assert "locked" in str(error)
        dropped = False
    rows += cursor.fetchall()
    assert sorted(rows, key=lambda row: row[5]) == whole
    if dropped:
        assert_error(base, "attribution", ["touches"], CALL)


def test_rows_added_while_a_cursor_is_open(base):
    """A cursor shows one state of the tables; the next statement shows the new one."""
    cursor = base.execute(CALL)
    rows = [cursor.fetchone()]
    base.execute("INSERT INTO touches VALUES (1, 150, 'new', 1)")
    rows += cursor.fetchall()
    assert sorted(row[7] for row in rows) == ["a", "b", "c"]
    assert sorted(row["channel"] for row in harness.attribution(base)) == ["a", "b", "c", "new"]


def test_two_calls_with_different_arguments_in_one_statement(base):
    sql = """
      SELECT l.channel, l.credit, f.credit FROM attribution('touches', 'conversions', 'linear') AS l
      LEFT JOIN attribution('touches', 'conversions', 'first_touch') AS f ON f.touch_id = l.touch_id
      ORDER BY l.touch_id"""
    assert base.execute(sql).fetchall() == [("a", 0.5, 1.0), ("b", 0.5, None), ("c", 1.0, 1.0)]


def test_arguments_may_come_from_a_join(base):
    """A table of model lists drives the call row by row."""
    base.execute("CREATE TABLE lists(models)")
    base.execute("INSERT INTO lists VALUES ('first_touch'), ('last_touch')")
    sql = """
      SELECT a.model, a.channel FROM lists JOIN attribution('touches', 'conversions', lists.models) AS a
      WHERE entity = 1 ORDER BY 1"""
    assert base.execute(sql).fetchall() == [("first_touch", "a"), ("last_touch", "b")]


CONSTRAINTS = [
    "entity = 1",
    "entity = '1'",
    "entity = 1.0",
    "entity IN (1, 99)",
    "entity IS NULL",
    "entity > 1",
    "channel = 'b'",
    "model = 'linear' AND channel <> 'a'",
    "converted_at = 1000",
    "converted_at > 1000",
    "touched_at BETWEEN 150 AND 250",
    "touched_at < 200",
    "credit = 1",
    "conversion_id = 2 AND position = 1",
    "value IS NOT NULL",
    "touch_id = 2 OR entity = 2",
]


@pytest.mark.parametrize("condition", CONSTRAINTS)
def test_a_condition_keeps_the_rows_it_says(base, condition):
    """What is pushed into the call gives the same rows as a filter over all of them."""
    models = "SELECT * FROM attribution('touches', 'conversions', 'linear, first_touch, last_touch')"
    base.execute(f"CREATE TABLE everything AS {models}")
    pushed = base.execute(f"{models} WHERE {condition}").fetchall()
    filtered = base.execute(f"SELECT * FROM everything WHERE {condition}").fetchall()
    assert sorted(map(repr, pushed)) == sorted(map(repr, filtered))


def test_conditions_do_not_change_paths(base):
    """A time range chooses rows; it must not hide touches from the path."""
    rows = base.execute(CALL + " WHERE touched_at >= 200 AND entity = 1").fetchall()
    assert [(row[7], row[8], row[9], row[10]) for row in rows] == [("b", 2, 2, 0.5)]


def test_a_condition_on_the_summary(base):
    sql = "SELECT channel, conversions, share FROM attribution_summary('touches', 'conversions') WHERE channel = 'b'"
    assert base.execute(sql).fetchall() == [("b", 0.5, pytest.approx(5 / 30))]


def test_group_by_and_order_by(base):
    sql = """
      SELECT channel, sum(credit) FROM attribution('touches', 'conversions', 'linear, last_touch')
      GROUP BY channel ORDER BY channel DESC"""
    assert base.execute(sql).fetchall() == [("c", 2.0), ("b", 1.5), ("a", 0.5)]


def test_arguments_that_were_not_given_read_as_null(journeys_db):
    db = journeys_db([(1, 1, "a")], [(1, 2, 3)])
    sql = "SELECT DISTINCT arg_touches, arg_conversions, arg_models, arg_options FROM attribution('touches', 'conversions')"
    assert db.execute(sql).fetchall() == [("touches", "conversions", None, None)]
