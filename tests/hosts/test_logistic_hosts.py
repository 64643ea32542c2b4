"""Interrupts, memory that ends and statements that are given up, with logistic regression; see test_interrupt.py and test_funnel_memory.py."""

import sqlite3

import pytest

import harness
from libsqlite import INTERRUPT, OK, ROW, Database, create_file, run_script
from test_funnel_memory import SCRIPT as MEMORY
from test_interrupt import NUMBERS, PROGRESS, check_interrupted, watched_file

FITS = [
    "logistic_fit(ts * 7919 % 11 > 4, channel, ts % 7)",
    "logistic_fit('ridge=1', ts * 7919 % 11 > 4, channel, ts % 7)",
]


@pytest.fixture
def watched(tmp_path):
    """A connection to a file of 3,006 touches, and its clock."""
    rows = f"SELECT 1, value, value FROM {NUMBERS.format(3000)}"
    yield from watched_file(tmp_path / "t.db", "UPDATE touches SET channel = id", f"INSERT INTO touches(entity, ts, channel) {rows}")


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("row", [1, 1500, 3005])
def test_an_interrupt_from_another_thread(watched, fit, row):
    check_interrupted(*watched, f"SELECT {fit} FROM seen", row)
    check_interrupted(*watched, f"SELECT logistic_predict((SELECT {fit} FROM touches), channel, ts % 7) FROM seen", row)


@pytest.mark.parametrize("how", ["from then on", "once"])
@pytest.mark.parametrize("fit", FITS)
def test_a_progress_handler_stops_it_wherever_it_is(tmp_path, fit, how):
    """After the last row is read: in the sort and in the steps."""
    path = create_file(tmp_path / "t.db")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"INSERT INTO touches(entity, ts, channel) SELECT 1, value, value * 31 % 20011 FROM {NUMBERS.format(20000)}")
    connection.execute("UPDATE touches SET channel = id WHERE id <= 6")
    connection.close()
    assert run_script(PROGRESS, path, f"SELECT {fit} FROM seen", how) == "done\n"


@pytest.mark.parametrize("sql", [
    "SELECT logistic_fit(ts * 7919 % 11 > 4, ts, ts % 7) FROM events",
    "SELECT logistic_fit('ridge=' || (1 + ts / 130), ts * 7919 % 11 > 4, ts, ts % 7) FROM events WHERE entity = 3 GROUP BY ts / 130 HAVING count(*) > 99",
    "SELECT logistic_predict((SELECT logistic_fit(ts * 7919 % 11 > 4, ts) FROM events), ts) FROM events LIMIT 3",
    "SELECT sum(logistic_predict('{\"intercept\":' || id || ',\"coefficients\":[1]}', ts)) FROM events",
])  # fmt: skip
def test_memory_that_ends(sql):
    assert run_script(MEMORY, sql) == "done\n"


GIVEN_UP = """
import ctypes, sys
from libsqlite import lib, Database, OK, ROW, TABLES

lib.sqlite3_memory_used.restype = ctypes.c_int64
database, used = Database(), set()
for statement in TABLES.split(";")[:-1]:
    database.execute(statement)
for _ in range(20):
    for sql in sys.argv[1:]:
        statement = database.prepare(sql)
        while statement.step() == ROW:
            pass
        statement.finalize()
    used.add(lib.sqlite3_memory_used())
assert len(used) < 3 and database.open_statements() == [] and database.close() == OK, used
print("done")
"""


def test_what_fails_leaves_no_memory():
    """An error of the step, of the end, of the option, of another function in the midst of a group."""
    assert run_script(GIVEN_UP, "SELECT logistic_fit(1, ts, stage) FROM events", "SELECT logistic_fit(id > 3, id) FROM events",
                      "SELECT logistic_fit('ridge=x', id > 3, id) FROM events", "SELECT logistic_fit('ridge=1', id % 2, id, abs(-9223372036854775807 - (id > 5))) FROM events",
                      "SELECT logistic_fit('ridge=' || id, id % 2, id) FROM events", "SELECT logistic_predict('{\"coefficients\":[1]}', id) FROM events") == "done\n"  # fmt: skip


def test_an_interrupt_between_two_groups(tmp_path):
    database = Database(create_file(tmp_path / "t.db"))
    sql = "SELECT g, logistic_fit('ridge=1', id % 3, id) FROM touches, (SELECT 1 AS g UNION ALL SELECT 2) GROUP BY g"
    whole = database.execute(sql)
    statement = database.prepare(sql)
    assert statement.step() == ROW
    database.interrupt()
    assert statement.step() == INTERRUPT
    assert database.message() == "interrupted"
    assert statement.finalize() == INTERRUPT
    assert database.execute(sql) == whole
    assert database.open_statements() == [] and database.close() == OK
