"""Arguments of condition functions that a connection reads once for many groups: many at a time, wrong ones, statements side by side.

Also groups around the size that fits in a function's own room.
"""

import itertools
import random
import sqlite3

import pytest

import harness
from libsqlite import run_script

CONDITIONS = "stage = 'a', stage = 'b', stage = 'c'"
WINDOWS = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233]  # more of them than are kept
FUNCTIONS = [
    "window_funnel({}, ts, " + CONDITIONS + ")",
    "window_funnel({} || ', strict_order', ts, " + CONDITIONS + ")",
    "window_funnel_events({}, ts, " + CONDITIONS + ")",
    "funnel_stage(stage, ts, 'a > b > c', {})",
    "funnel_stage(stage, ts, 'c > b > a', {}, 'strict_increase')",
    "sequence_count('(?1).*(?t<=' || {} || ')(?2)', ts, " + CONDITIONS + ")",
    "sequence_match('(?1).*(?t>=' || {} || ')(?3)', ts, " + CONDITIONS + ")",
    "sequence_match_events('(?1)(?t<' || {} || ')(?2)', ts, " + CONDITIONS + ")",
]


def fill(connection, groups, seed=1):
    """Groups 0 .. with as many rows each, in no order of time."""
    numbers = random.Random(seed)
    connection.execute("CREATE TABLE log(g, ts, stage, w)")
    rows = [(g, numbers.randrange(200), numbers.choice("abcd"), WINDOWS[g % len(WINDOWS)]) for g, n in enumerate(groups) for _ in range(n)]
    numbers.shuffle(rows)
    connection.executemany("INSERT INTO log VALUES (?, ?, ?, ?)", rows)


@pytest.fixture
def connection():
    connection = harness.connect(":memory:")
    fill(connection, [g % 7 for g in range(100)])
    yield connection
    connection.close()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_group_has_its_own(connection, function):
    """Windows that change from group to group give what each gives by itself."""
    together = dict(connection.execute(f"SELECT g, {function.format('w')} FROM log GROUP BY g"))
    alone = {}
    for window in WINDOWS:
        alone.update(connection.execute(f"SELECT g, {function.format(window)} FROM log WHERE w = {window} GROUP BY g"))
    assert together == alone and len(set(together.values())) > 1


def test_many_in_one_statement(connection):
    columns = [function.format(window) for window in WINDOWS for function in FUNCTIONS]
    together = connection.execute(f"SELECT {', '.join(columns)} FROM log GROUP BY g ORDER BY g").fetchall()
    for column, answers in zip(columns, zip(*together)):
        assert connection.execute(f"SELECT {column} FROM log GROUP BY g ORDER BY g").fetchall() == [(answer,) for answer in answers]


def test_aggregates_within_aggregates(connection):
    inner = "SELECT g, funnel_stage(stage, ts, 'a > b', w) AS level, min(ts) AS ts FROM log GROUP BY g"
    outer = "SELECT window_funnel(1000, ts, level = 0, level = 1, level = 2), funnel_stage(level, ts, '0 > 1 > 2') FROM ({})"
    connection.execute(f"CREATE TEMP TABLE levels AS {inner}")
    assert connection.execute(outer.format(inner)).fetchall() == connection.execute(outer.format("SELECT * FROM levels")).fetchall()


def test_statements_side_by_side(connection):
    """Each is in the middle of its groups while the others push what it uses out of what is kept."""
    queries = [f"SELECT g, {function.format(window)} FROM log GROUP BY g" for function, window in itertools.product(FUNCTIONS, WINDOWS[:4])]
    expected = [connection.execute(sql).fetchall() for sql in queries]
    found = list(zip(*[connection.execute(sql) for sql in queries]))
    assert [list(rows) for rows in zip(*found)] == expected


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_change_within_a_group(connection, function):
    """It is an error whatever was read before, and leaves what is kept as it was."""
    sql = f"SELECT g, {function.format(5)} FROM log GROUP BY g"
    before = connection.execute(sql).fetchall()
    for _ in range(3):
        with pytest.raises(sqlite3.OperationalError, match="differs within a group"):
            connection.execute(f"SELECT {function.format('w')} FROM log").fetchall()
        assert connection.execute(sql).fetchall() == before


@pytest.mark.parametrize("wrong", ["'soon'", "'5, loose'", "-1", "NULL", "x'00'"])
def test_wrong_arguments_are_not_kept(connection, wrong):
    for _ in range(3):
        with pytest.raises(sqlite3.OperationalError, match="window_funnel\\(\\): "):
            connection.execute(f"SELECT window_funnel({wrong}, ts, {CONDITIONS}) FROM log GROUP BY g").fetchall()
        with pytest.raises(sqlite3.OperationalError, match="funnel_stage\\(\\): "):
            connection.execute(f"SELECT funnel_stage(stage, ts, {wrong}, {wrong}) FROM log GROUP BY g").fetchall()
    assert connection.execute(f"SELECT sum(window_funnel(5, ts, {CONDITIONS})) OVER () FROM log").fetchall()


def test_alike_but_not_the_same(connection):
    """5, 5.0 and '5' seconds are one window but three arguments; '' is no list, and not the NULL of another group."""
    levels = {repr(connection.execute(f"SELECT window_funnel({window}, ts, {CONDITIONS}) FROM log GROUP BY g").fetchall()) for window in ("5", "5.0", "'5'")}
    assert len(levels) == 1
    with pytest.raises(sqlite3.OperationalError, match="differs within a group"):
        connection.execute(f"SELECT window_funnel(iif(ts % 2, 5, '5'), ts, {CONDITIONS}) FROM log").fetchall()
    for conditions in (1, 2, 3):  # the pattern is the same, what it may name is not
        sql = f"SELECT sequence_match('(?2)', ts, {', '.join(['1'] * conditions)}) FROM log"
        if conditions > 1:
            assert connection.execute(sql).fetchall() == [(1,)]
        else:
            with pytest.raises(sqlite3.OperationalError):
                connection.execute(sql)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_groups_of_any_size(function):
    """Around 16 rows the rows move out of the function's own room: in any order of rows the answer is one."""
    sizes = [*range(0, 40), 100, 1000]
    answers = []
    for order in ("rowid", "ts", "-ts", "stage", "stage, -ts"):
        connection = harness.connect(":memory:")
        fill(connection, sizes)
        connection.execute(f"CREATE TABLE ordered AS SELECT * FROM log ORDER BY {order}")
        answers.append(connection.execute(f"SELECT g, {function.format(40)} FROM ordered GROUP BY g").fetchall())
        connection.close()
    assert all(answer == answers[0] for answer in answers) and len(answers[0]) == len(sizes) - 1


def test_level_and_times_agree():
    """The level alone is worked out in a quicker way than the chain that reaches it."""
    for seed in range(30):
        connection = harness.connect(":memory:")
        fill(connection, [seed + g % 23 for g in range(60)], seed)
        for conditions in (CONDITIONS, "stage = 'a', stage <> 'a', stage > 'a', stage <= 'b', stage = 'd'"):
            call = f"window_funnel{{}}(40, ts, {conditions})"
            sql = f"SELECT {call.format('')}, json_array_length({call.format('_events')}) FROM log GROUP BY g"
            assert all(level == steps for level, steps in connection.execute(sql)), (seed, conditions)
        connection.close()


SCRIPT = """
import ctypes
from libsqlite import OK, ROW, Database, TABLES, lib

used = lib.sqlite3_memory_used
used.restype = ctypes.c_int64


def run():
    database, statements = Database(), []
    for statement in TABLES.split(";")[:-1]:
        database.execute(statement)
    for window in range(30):
        database.execute(f"SELECT funnel_stage(stage, ts, 'mql > sql > won', {window}) FROM events GROUP BY entity")
        sql = f"SELECT funnel_stage(stage, ts, 'mql > sql > won', ts / 100 + {window}) FROM events WHERE ts NOTNULL GROUP BY ts / 100"
        statements.append(database.prepare(sql))
        assert statements[-1].step() == ROW
        code, message = database.fails(f"SELECT window_funnel(ts, ts, stage = 'mql') FROM events")
        assert "differs within a group" in message
    assert database.close_v2() == OK
    for statement in statements:
        statement.finalize()  # in the middle of its groups; the last one closes


run()
before = used()
run()
assert used() == before, (used(), before)
print("done")
"""


def test_closing_with_groups_open():
    """Groups outlive what the connection keeps, and nothing outlives the connection."""
    assert run_script(SCRIPT) == "done\n"
