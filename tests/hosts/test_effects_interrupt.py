"""Interrupts and progress handlers with the data-driven family, and memory that ends; see test_interrupt.py and test_funnel_memory.py.

Loading is long work, and so is what comes after it: chains are solved in part when a statement begins and in part when a
column is first read, where SQLite runs nothing of the statement.
"""

import random
import threading
import sqlite3

import pytest

import harness
from libsqlite import BEAT, INTERRUPT, ROW, Database, create_file, run_script
from test_funnel_memory import SCRIPT as MEMORY
from test_interrupt import NUMBERS, PROGRESS, check_interrupted, watched_file

STATEMENTS = [
    "SELECT count(*) FROM channel_effects('seen', 'conversions')",
    "SELECT count(*) FROM markov_transitions('seen', 'conversions', 'order=2')",
    "SELECT count(*) FROM markov_orders('seen', 'conversions')",
    "SELECT count(*) FROM path_effects('seen(channel, ts)')",
    "SELECT count(*) FROM shapley_effects('seen(channel, ts)')",
    "SELECT count(*) FROM attribution('seen', 'conversions', 'shapley')",
]


@pytest.fixture
def watched(tmp_path):
    """A connection to a file of 3,006 touches, and its clock."""
    rows = f"SELECT value % 50, value, 'c' || value % 40 FROM {NUMBERS.format(3000)}"
    yield from watched_file(tmp_path / "t.db", f"INSERT INTO touches(entity, ts, channel) {rows}")


@pytest.mark.parametrize("sql", STATEMENTS)
@pytest.mark.parametrize("row", [1, 1500, 3005])
def test_an_interrupt_from_another_thread(watched, sql, row):
    check_interrupted(*watched, sql, row)


@pytest.mark.parametrize("call", ["channel_effects('touches', 'conversions')", "path_effects('account_paths')", "markov_effects('channel_steps')",
                                  "markov_transitions('touches', 'conversions')", "shapley_effects('account_paths(path, conversions)')",
                                  "attribution('touches', 'conversions', 'markov')"])  # fmt: skip
def test_an_interrupt_between_two_rows(tmp_path, call):
    database = Database(create_file(tmp_path / "t.db"))
    whole = database.execute(f"SELECT * FROM {call}")
    statement = database.prepare(f"SELECT * FROM {call}")
    assert statement.step() == ROW
    database.interrupt()
    assert statement.step() == INTERRUPT
    assert database.message() == "interrupted"
    assert statement.finalize() == INTERRUPT
    assert database.execute(f"SELECT * FROM {call}") == whole
    assert database.open_statements() == [] and database.close() == 0


################################ While a chain is solved #############################


@pytest.fixture(scope="module")
def chains(tmp_path_factory):
    """Few rows and much to solve: 400 channels that lead to each other."""
    path, pick = str(tmp_path_factory.mktemp("chains") / "t.db"), random.Random(1)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("BEGIN; CREATE TABLE list(path, conversions, value, nulls); CREATE TABLE games(channels, conversions, value, nulls);"
                             "CREATE TABLE counted(from_state, to_state, weight);"
                             "CREATE TABLE touches(id INTEGER PRIMARY KEY, entity, ts, channel); CREATE TABLE conversions(entity, ts)")  # fmt: skip
    for k in range(300):
        path_of = [f"c{pick.randrange(400)}" for _ in range(60)]
        connection.execute("INSERT INTO list VALUES (?, 1, ?, 1)", (" > ".join(path_of), k))
        connection.executemany("INSERT INTO touches(entity, ts, channel) VALUES (?, ?, ?)", [(k, n, c) for n, c in enumerate(path_of)])
        connection.execute("INSERT INTO conversions VALUES (?, 60 + ?)", (k, k % 2 * 1000))
        connection.execute("INSERT INTO games VALUES (?, 1, ?, 1)", (" > ".join(f"c{pick.randrange(19)}" for _ in range(5)), k))
    for k in range(400):
        ends = [("(start)", f"c{k}", 1), (f"c{k}", "(null)", 2), (f"c{k}", "(conversion)", 1)]
        connection.executemany("INSERT INTO counted VALUES (?, ?, ?)", ends + [(f"c{k}", f"c{pick.randrange(400)}", 3) for _ in range(30)])
    connection.execute("COMMIT")
    connection.close()
    return path


# A statement, and one that reads the same rows and solves nothing. Where parts of the work may run on threads, one of them: how often
# the handler is asked is the same each time only then.
SOLVING = {
    "SELECT removal_effect FROM path_effects('list', 'threads=1')": "SELECT paths FROM path_effects('list')",
    "SELECT markov_value FROM path_effects('list', 'order=2; min_paths=49; threads=1')": "SELECT paths FROM path_effects('list', 'min_paths=49')",
    "SELECT sum(markov_share) FROM path_effects('list', 'order=auto; min_paths=49; threads=1')": "SELECT paths FROM path_effects('list', 'min_paths=49')",
    "SELECT shapley_rate FROM shapley_effects('games', 'threads=1')": "SELECT paths FROM shapley_effects('games')",
    "SELECT removal_effect FROM markov_effects('counted', 'threads=1')": "SELECT 1 FROM path_effects('counted(from_state, weight)')",
    "SELECT removal_effect FROM channel_effects('touches', 'conversions', 'gap=50 s; threads=1')": "SELECT paths FROM channel_effects('touches', 'conversions', 'threads=1')",
    "SELECT sum(credit) FROM attribution('touches', 'conversions', 'markov', 'threads=1')": "SELECT sum(credit) FROM attribution('touches', 'conversions', 'linear', 'threads=1')",
}


@pytest.mark.parametrize("every", [BEAT, 1000])
@pytest.mark.parametrize("sql", SOLVING)
def test_a_progress_handler_stops_a_chain_that_is_solved(chains, sql, every):
    """It is asked as long as the work lasts, also if it wants many steps between two questions. One thread, or nobody could say how often."""
    connection = harness.connect(chains)
    asked, stop_at = [0], [None]

    def progress():
        asked[0] += 1
        return stop_at[0] is not None and asked[0] >= stop_at[0]

    def ask(sql):
        asked[0] = -(10**9)
        connection.execute("UPDATE touches SET ts = ts WHERE id = 1")  # nothing comes from the cache
        asked[0] = 0
        return connection.execute(sql).fetchall()

    connection.set_progress_handler(progress, every)
    ask(SOLVING[sql])
    read = asked[0]
    whole = ask(sql)
    assert asked[0] > read + 2
    for stop_at[0] in {read + 1, read + (asked[0] - read) // 2, asked[0] - 1}:
        with pytest.raises(sqlite3.OperationalError, match="^interrupted$"):
            ask(sql)
        assert asked[0] < stop_at[0] + 50
    stop_at[0] = None
    assert ask(sql) == whole
    connection.close()


@pytest.mark.parametrize("limit, most", [(sqlite3.SQLITE_LIMIT_COLUMN, 100), (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 450)])
def test_a_chain_is_stopped_under_low_limits(chains, limit, most):
    """A host may have lowered the limits that our question whether to go on is within."""
    connection = harness.connect(chains)
    asked, stop_at = [0], [None]
    sql = "SELECT removal_effect FROM path_effects('list', 'threads=1')"

    def progress():
        asked[0] += 1
        return stop_at[0] is not None and asked[0] >= stop_at[0]

    whole = connection.execute(sql).fetchall()
    connection.setlimit(limit, most)
    connection.set_progress_handler(progress, 1)
    connection.execute(SOLVING[sql]).fetchall()
    read, asked[0] = asked[0], 0
    assert connection.execute(sql).fetchall() == whole
    assert asked[0] > read + 2
    stop_at[0], asked[0] = (read + asked[0]) // 2, 0
    with pytest.raises(sqlite3.OperationalError, match="^interrupted$"):
        connection.execute(sql).fetchall()
    connection.close()


@pytest.mark.parametrize("sql", SOLVING)
def test_an_interrupt_while_a_chain_is_solved(chains, sql):
    """From another thread, at a time that the work itself tells: after so many questions of a progress handler."""
    connection = harness.connect(chains, check_same_thread=False)
    asked, interrupt_at = [0], [None]

    def progress():
        asked[0] += 1
        if asked[0] == interrupt_at[0]:
            thread = threading.Thread(target=connection.interrupt)
            thread.start()
            thread.join()
        return 0

    def ask(sql):
        asked[0] = -(10**9)
        connection.execute("UPDATE touches SET ts = ts WHERE id = 1")
        asked[0] = 0
        return connection.execute(sql).fetchall()

    connection.set_progress_handler(progress, BEAT)
    ask(SOLVING[sql])
    read = asked[0]
    whole = ask(sql)
    for interrupt_at[0] in (read + (asked[0] - read) // 3, read + (asked[0] - read) * 2 // 3):
        with pytest.raises(sqlite3.OperationalError, match="^interrupted$"):
            ask(sql)
        assert asked[0] < interrupt_at[0] + 50
    interrupt_at[0] = None
    assert ask(sql) == whole
    connection.close()


################################ After the last row is read ##########################


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Many journeys to walk and to add up."""
    path = create_file(tmp_path_factory.mktemp("large") / "t.db")
    connection = sqlite3.connect(path, isolation_level=None)
    rows = f"SELECT 'k' || (value * 7919 % 5003), value % 977, 'c' || (value * 31 % 61) FROM {NUMBERS.format(40000)}"
    connection.execute(f"INSERT INTO touches(entity, ts, channel) {rows}")
    connection.close()
    return path


@pytest.mark.parametrize("sql", [
    "SELECT count(*), sum(weight) FROM markov_transitions('seen', 'conversions', 'order=3{}')",
    "SELECT count(*), sum(states) FROM markov_orders('seen', 'conversions', 'min_paths=0{}')",
    "SELECT count(*), sum(markov_conversions), sum(shapley_conversions) FROM channel_effects('seen', 'conversions', 'order=2{}')",
    "SELECT count(*), sum(credit) FROM attribution('seen', 'conversions', 'markov(2), shapley', 'path=all{}')",
])  # fmt: skip
@pytest.mark.parametrize("threads", ["", "; threads=1"])
@pytest.mark.parametrize("how", ["from then on", "once"])
def test_a_progress_handler_stops_it_wherever_it_is(large, sql, threads, how):
    assert run_script(PROGRESS, large, sql.format(threads), how) == "done\n"


################################ Memory that ends ####################################

# The script gives events 400 rows more; here they are touches, states and paths.
VIEWS = """
for sql in ("CREATE VIEW t AS SELECT entity % 7 AS entity, ts, label AS channel FROM events WHERE ts IS NOT NULL",
            "CREATE VIEW c AS SELECT entity % 7 AS entity, ts, ts AS value FROM events WHERE ts % 5 = 0",
            "CREATE VIEW p AS SELECT stage || '>' || (ts % 9) || '>' || (ts % 4) AS path, 1 AS conversions, ts AS value, ts % 3 AS nulls FROM events",
            "CREATE VIEW s AS SELECT '(start)' AS from_state, stage AS to_state, 1 AS weight FROM events WHERE ts > 0"
            " UNION ALL SELECT stage, '(conversion)', 1 FROM events UNION ALL SELECT stage, (ts % 50) || '>' || stage, 1 FROM events WHERE ts > 0"
            " UNION ALL SELECT (ts % 50) || '>' || stage, '(null)', 1 FROM events WHERE ts > 0"):
    database.execute(sql)
whole = database.execute(sys.argv[1])
"""


@pytest.mark.parametrize("sql", [
    "SELECT channel, removal_effect, markov_value, shapley_value, paths FROM channel_effects('t', 'c')",
    "SELECT channel, markov_value FROM channel_effects('t', 'c', 'order=2; min_paths=2')",
    "SELECT * FROM path_effects('p', 'order=auto')",
    "SELECT * FROM markov_transitions('t', 'c', 'order=2')",
    "SELECT * FROM markov_orders('t(entity, ts, entity)', 'c')",
    "SELECT * FROM markov_effects('s')",
    "SELECT * FROM shapley_effects('p(path, conversions, value, nulls)', 'min_paths=50')",
    "SELECT count(*), sum(credit) FROM attribution('t(entity, ts, entity)', 'c', 'markov, markov(3), shapley')",
    "SELECT * FROM attribution_summary('t', 'c', 'markov(2), shapley')",
])  # fmt: skip
def test_memory_that_ends(sql):
    script = MEMORY.replace("whole = database.execute(sys.argv[1])\n", VIEWS)
    assert VIEWS in script
    assert run_script(script, sql) == "done\n"
