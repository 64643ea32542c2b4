"""Interrupts, progress handlers and pools with the funnel family; see test_interrupt.py and test_pool.py."""

import sqlite3

import pytest

import harness
from libsqlite import INTERRUPT, ROW, Database, create_file, run_script
from test_interrupt import NUMBERS, PROGRESS, check_interrupted, watched_file
from test_pool import START

RELATION = "seen(entity, ts, channel)"
STATEMENTS = [
    f"SELECT count(*) FROM funnel('{RELATION}', 'c31 > c62', 'order=strict')",
    f"SELECT count(*) FROM funnel_summary('{RELATION}', 'c31 > c62 > c93', 'order=strict; period=day')",
    f"SELECT count(*) FROM conversion_curve('{RELATION}')",
]
AGGREGATES = [
    "SELECT window_funnel('1000, strict_once', ts, channel > 'c1', channel > 'c2') FROM seen GROUP BY entity",
    "SELECT sequence_count('(?1).*(?2)', ts, channel > 'c1', channel > 'c2') FROM seen GROUP BY entity",
    "SELECT sequence_next_node('backward', 'tail', ts, channel, 1) FROM seen GROUP BY entity",
    "SELECT sessionize(ts, 5 + (channel < 0)) OVER (ORDER BY ts) FROM seen",
    "SELECT engagement_score(channel, ts, 1e9, 86400), lift(ts > 9, channel), auc(channel, ts > 9) FROM seen GROUP BY entity",
]


@pytest.fixture
def watched(tmp_path):
    """A connection to a file of 3,006 touches with times for labels too, so that a curve reads them, and its clock."""
    rows = f"SELECT 1, value, value FROM {NUMBERS.format(3000)}"
    yield from watched_file(tmp_path / "t.db", "UPDATE touches SET channel = 0", f"INSERT INTO touches(entity, ts, channel) {rows}")


@pytest.mark.parametrize("sql", STATEMENTS + AGGREGATES)
@pytest.mark.parametrize("row", [1, 1500, 3005])
def test_an_interrupt_from_another_thread(watched, sql, row):
    check_interrupted(*watched, sql, row)


@pytest.mark.parametrize("sql", ["SELECT * FROM funnel('events', 'mql > sql > won')", "SELECT * FROM funnel_summary('events', 'mql > sql > won')",
                                 "SELECT * FROM conversion_curve('subjects')"])  # fmt: skip
def test_an_interrupt_between_two_rows(tmp_path, sql):
    database = Database(create_file(tmp_path / "t.db"))
    whole = database.execute(sql)
    statement = database.prepare(sql)
    assert statement.step() == ROW
    database.interrupt()
    assert statement.step() == INTERRUPT
    assert database.message() == "interrupted"
    assert statement.finalize() == INTERRUPT
    assert database.execute(sql) == whole
    assert database.open_statements() == [] and database.close() == 0


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Many keys and labels to sort and many passes to add up: loops that run without SQLite ask it whether to go on."""
    path = create_file(tmp_path_factory.mktemp("large") / "t.db")
    connection = sqlite3.connect(path, isolation_level=None)
    rows = f"SELECT 'k' || (value * 7919 % 20011), value % 977 * 86400, value * 31 % 50021 FROM {NUMBERS.format(50000)}"
    connection.execute(f"INSERT INTO touches(entity, ts, channel) {rows}")
    connection.execute("UPDATE touches SET channel = 1 WHERE id <= 6")
    connection.close()
    return path


@pytest.mark.parametrize("sql", [
    "SELECT count(*), sum(entered) FROM funnel_summary('seen(entity, ts, channel, ts)', '1 > 2 > 3', 'order=any; period=day; by=label; threads=1')",
    "SELECT count(*), sum(entered) FROM funnel_summary('seen(entity, ts, channel, ts)', '1 > 2 > 3', 'order=any; period=day; by=label')",
    "SELECT count(*), sum(converted) FROM conversion_curve('seen(entity, ts, channel, ts, entity)', 'period=day; by=label; threads=1')",
])  # fmt: skip
@pytest.mark.parametrize("how", ["from then on", "once"])
def test_a_progress_handler_stops_it_wherever_it_is(large, sql, how):
    """After the last row is read: in the sorts, in the walk, in the summary."""
    assert run_script(PROGRESS, large, sql, how) == "done\n"


def test_a_pool_of_threads(tmp_path):
    """Every later connection of the process has the family; threads open, ask and close, and get the one answer."""
    script = START + """
expected = libsqlite.answers(sqlite3.connect(path))
assert len(expected) == len(libsqlite.QUERIES) and all(expected)
sql = "SELECT * FROM funnel('events', 'mql > sql > won') JOIN funnel_summary('events', 'mql > sql > won') USING (stage_no)"
rows = sqlite3.connect(path).execute(sql).fetchall()
assert rows
barrier = threading.Barrier(6)

def work(n):
    barrier.wait()
    for round in range(12):
        connection = sqlite3.connect(path)
        assert libsqlite.answers(connection) == expected
        assert connection.execute(sql).fetchall() == rows
        if round % 2:
            connection.execute(sql).fetchone()
        connection.close()
    return n

with ThreadPoolExecutor(6) as pool:
    assert list(pool.map(work, range(6))) == list(range(6))
print("done")
"""
    assert run_script(script, create_file(tmp_path / "t.db")) == "done\n"


def test_an_interrupt_after_the_last_row_of_a_group(tmp_path):
    """The end of a group is long work too, in which SQLite runs nothing: it is stopped there, when all rows have been read."""
    connection = harness.connect(tmp_path / "t.db")
    connection.execute(f"CREATE TABLE seen AS SELECT value AS ts FROM {NUMBERS.format(100_000)}")
    sql, short, long = "SELECT sequence_count(?, ts, 1) FROM seen", ("(?1)",), ("(?1).*" * 200,)
    steps, most = [0], None

    def step():
        steps[0] += 1
        return most is not None and steps[0] > most

    connection.set_progress_handler(step, 1)
    connection.execute(sql, short).fetchall()
    read, steps[0] = steps[0], 0
    whole = connection.execute(sql, long).fetchall()
    assert steps[0] > read + 100  # the same rows: what comes on top are the heartbeats at the group's end
    steps[0], most = 0, read + 50
    with pytest.raises(sqlite3.OperationalError, match="^interrupted$"):
        connection.execute(sql, long).fetchall()
    steps[0], most = 0, None
    assert connection.execute(sql, long).fetchall() == whole
