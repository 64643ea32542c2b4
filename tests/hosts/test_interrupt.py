"""Interrupts and progress handlers: a statement stops with "interrupted", and the connection goes on as if it had not run.

A function that the touches' view calls for each row is the clock of these tests: it says when to interrupt, so that no
test looks at the time. What may crash runs in a process of its own.
"""

import sqlite3
import threading

import pytest

import harness
from libsqlite import INTERRUPT, ROW, Database, TABLES, answers, create_file, run_script

STATEMENTS = [
    "SELECT count(*) FROM attribution('seen', 'conversions', 'all')",
    "SELECT count(*) FROM attribution_summary('seen', 'conversions')",
    "SELECT count(*) FROM journeys('seen', 'conversions')",
    "SELECT weighted_credit(channel, ts, 'linear') FROM seen GROUP BY entity",
]


NUMBERS = "(WITH n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < {}) SELECT * FROM n)"


def watched_file(path, *statements):
    """A connection to a new file of the small tables, changed by statements, and its clock; for a fixture to yield."""
    connection = harness.connect(create_file(path), check_same_thread=False)
    for sql in statements:
        connection.execute(sql)
    yield connection, Clock(connection)
    connection.close()


class Clock:
    """A function see(label) that calls what is due when so many rows have been seen."""

    def __init__(self, connection):
        self.seen, self.due, self.label = 0, {}, None
        connection.create_function("see", 1, self.see)
        connection.execute("CREATE TEMP VIEW seen AS SELECT entity, ts, see(channel) AS channel FROM touches")

    def see(self, label):
        self.seen += 1
        self.due.get(self.seen, int)()
        return self.label or label

    def at(self, row, function):
        self.seen, self.due = 0, {row: function}


@pytest.fixture
def watched(tmp_path):
    """A connection to a file of 3,006 touches, and its clock."""
    connection = harness.connect(create_file(tmp_path / "t.db"), check_same_thread=False)
    rows = f"SELECT 1, value, 'c' || value FROM {NUMBERS.format(3000)}"
    connection.execute(f"INSERT INTO touches(entity, ts, channel) {rows}")
    yield connection, Clock(connection)
    connection.close()


def interrupt_from_a_thread(connection):
    thread = threading.Thread(target=connection.interrupt)
    thread.start()
    thread.join()


def check_interrupted(connection, clock, sql, row):
    """Interrupted when so many rows were read, a statement fails in SQLite's own words, and is whole again afterwards."""
    whole, expected = connection.execute(sql).fetchall(), answers(connection)
    clock.at(row, lambda: interrupt_from_a_thread(connection))
    with pytest.raises(sqlite3.OperationalError, match="^interrupted$"):
        connection.execute(sql).fetchall()
    assert clock.seen >= row
    assert answers(connection) == expected
    assert connection.execute(sql).fetchall() == whole


@pytest.mark.parametrize("sql", STATEMENTS)
@pytest.mark.parametrize("row", [1, 2, 1500, 3005])
def test_an_interrupt_from_another_thread(watched, sql, row):
    check_interrupted(*watched, sql, row)


@pytest.mark.parametrize("sql", STATEMENTS[:3])
def test_an_interrupt_between_two_rows(watched, sql):
    connection, _ = watched
    sql = sql.replace("count(*)", "*")
    whole = connection.execute(sql).fetchall()
    assert len(whole) > 1
    cursor = connection.execute(sql)
    assert cursor.fetchone() == whole[0]
    interrupt_from_a_thread(connection)
    with pytest.raises(sqlite3.OperationalError, match="^interrupted$"):
        cursor.fetchall()
    assert connection.execute(sql).fetchall() == whole


def test_an_interrupt_while_nothing_runs_is_forgotten(watched):
    connection, _ = watched
    expected = answers(connection)
    interrupt_from_a_thread(connection)
    assert answers(connection) == expected


def test_the_result_code_is_sqlites(tmp_path):
    database = Database(create_file(tmp_path / "t.db"))
    statement = database.prepare("SELECT * FROM attribution('touches', 'conversions')")
    assert statement.step() == ROW
    database.interrupt()
    assert statement.step() == INTERRUPT
    assert database.message() == "interrupted"
    assert statement.finalize() == INTERRUPT
    assert len(database.execute("SELECT * FROM attribution('touches', 'conversions')")) == 8
    assert database.close() == 0


def test_what_is_read_during_an_interrupt_is_not_kept(tmp_path):
    """The view may say something else the next time; an interrupt must not make the cache forget that."""
    connection = harness.connect(create_file(tmp_path / "t.db"))
    clock = Clock(connection)
    sql = "SELECT DISTINCT channel FROM attribution('seen', 'conversions') WHERE conversion_id = 3"
    clock.label = "old"
    clock.at(6, connection.interrupt)  # with the last row: the load is over before SQLite notices
    with pytest.raises(sqlite3.OperationalError, match="^interrupted$"):
        connection.execute(sql).fetchall()
    assert clock.seen == 6
    clock.label = "new"
    assert connection.execute(sql).fetchall() == [("new",)]
    connection.close()


################################ Progress handlers ###################################

PROGRESS = """
import sqlite3, sys
import harness, libsqlite

path, sql, once = sys.argv[1], sys.argv[2], sys.argv[3] == "once"

def attempt(stop_at):
    '''The rows or the error of the statement on a new connection, and how often the handler was asked after the last touch.'''
    connection = harness.connect(path)
    asked = [0]
    last = connection.execute("SELECT max(id) FROM touches").fetchone()[0]

    def progress():
        asked[0] += 1
        return asked[0] == stop_at if once else 0 < stop_at <= asked[0]

    def arm(id, label):
        if id == last:
            connection.set_progress_handler(progress, libsqlite.BEAT)
        return label

    connection.create_function("arm", 2, arm)
    connection.execute("CREATE TEMP VIEW seen AS SELECT entity, ts, arm(id, channel) AS channel FROM touches")
    try:
        result = connection.execute(sql).fetchall()
    except sqlite3.OperationalError as error:
        result = str(error)
    connection.set_progress_handler(None, 0)
    connection.create_function("arm", 2, lambda id, label: label)
    again = connection.execute(sql).fetchall() if stop_at % 10 == 1 else None
    connection.close()
    return result, again, asked[0]

whole, _, total = attempt(-1)
certain = "threads=1" in sql or "FROM seen" in sql  # how often a handler is asked; while other threads are waited for, it depends on their speed
assert total > (20 if certain else 0), total
stopped = 0
for stop_at in [*range(1, min(total, 200), 3 if total > 60 else 1), *range(200, min(total, 2000), 101)]:
    result, again, asked = attempt(stop_at)
    assert again in (None, whole), stop_at
    if asked < stop_at and not certain:
        continue
    assert result == "interrupted", (stop_at, result)
    stopped += 1
print("done" if stopped > (15 if certain else 0) else stopped)
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Many keys and labels to sort: the loops that run without SQLite ask it now and then whether to go on."""
    path = create_file(tmp_path_factory.mktemp("large") / "t.db")
    connection = sqlite3.connect(path, isolation_level=None)
    rows = f"SELECT 'k' || (value * 7919 % 70001), value % 977, 'c' || (value * 31 % 70001) FROM {NUMBERS.format(70000)}"
    connection.execute(f"INSERT INTO touches(entity, ts, channel) {rows}")
    connection.close()
    return path


@pytest.mark.parametrize("sql", [
    *STATEMENTS[:2],
    "SELECT count(*) FROM attribution('seen', 'conversions', 'all', 'threads=1')",
    "SELECT count(*) FROM attribution_summary('seen', 'conversions', 'all', 'threads=1')",
    "SELECT count(*) FROM journeys('seen', 'conversions', 'threads=1')",
])  # fmt: skip
@pytest.mark.parametrize("how", ["from then on", "once"])
def test_a_progress_handler_stops_it_wherever_it_is(large, sql, how):
    """After the last row of the touches is read: in the sorts, in the second load, in the walk. A handler that forgets its
    "stop" once it has said it, as the flag of a Cancel button may, is heard as well."""
    assert run_script(PROGRESS, large, sql, how) == "done\n"


def test_a_progress_handler_that_lets_it_go_on_changes_nothing(watched):
    connection, _ = watched
    expected = answers(connection)
    asked = []
    connection.set_progress_handler(lambda: asked.append(1) and 0, 10)
    connection.execute("CREATE TABLE another(x)")
    assert answers(connection) == expected
    assert len(asked) > 100
