"""The audits in a host: one snapshot, no place of their own in a schema, interrupts, memory that ends, threads, and read-only files."""

import pytest

import harness
from libsqlite import INTERRUPT, ROW, Database, create_file, run_script
from test_funnel_memory import SCRIPT as MEMORY
from test_funnel_loads import Loads
from test_interrupt import NUMBERS, check_interrupted, watched_file

CALLS = ["attribution_audit('touches', 'conversions')", "funnel_audit('events', 'mql > sql > won', 'exits=lost')"]
# Every event of the memory test's table becomes a finding, so that lists grow and are cut.
MEMORY_CALLS = [
    "SELECT * FROM funnel_audit('events', 'mql > sql > won', 'exits=lost; hold=label; most=20; event_id=stage')",
    "SELECT * FROM attribution_audit('events(entity, ts, label)', 'events(entity, ts, id)', 'touch_id=stage; most=3')",
]
LONG = ["SELECT count(*) FROM attribution_audit('seen', 'conversions')", "SELECT count(*) FROM funnel_audit('seen(entity, ts, channel)', 'c1 > c2')"]


@pytest.fixture
def watched(tmp_path):
    """A connection to a file of 3,006 touches, and its clock."""
    rows = f"SELECT value % 50, value, 'c' || value % 40 FROM {NUMBERS.format(3000)}"
    yield from watched_file(tmp_path / "t.db", f"INSERT INTO touches(entity, ts, channel) {rows}")


@pytest.mark.parametrize("sql", LONG)
@pytest.mark.parametrize("row", [1, 1500, 3005])
def test_an_interrupt_from_another_thread(watched, sql, row):
    check_interrupted(*watched, sql, row)


@pytest.mark.parametrize("call", CALLS)
def test_an_interrupt_between_two_rows(tmp_path, call):
    database = Database(create_file(tmp_path / "t.db"))
    whole = database.execute(f"SELECT * FROM {call}")
    statement = database.prepare(f"SELECT * FROM {call}")
    assert statement.step() == ROW
    database.interrupt()
    assert statement.step() == INTERRUPT
    assert statement.finalize() == INTERRUPT
    assert database.execute(f"SELECT * FROM {call}") == whole
    assert database.open_statements() == [] and database.close() == 0


@pytest.mark.parametrize("sql", MEMORY_CALLS)
def test_memory_that_ends(sql):
    assert run_script(MEMORY, sql) == "done\n"


@pytest.mark.parametrize("call", CALLS)
def test_threads_change_nothing(tmp_path, call):
    connection = harness.connect(create_file(tmp_path / "t.db"))
    options = "exits=lost; " if "lost" in call else ""
    base = call.split(", 'exits")[0].rstrip(")")
    rows = [connection.execute(f"SELECT * FROM {base}, '{options}threads={n}')").fetchall() for n in (1, 2, 4)]
    assert rows[0] == rows[1] == rows[2] and rows[0]


def test_both_relations_are_of_one_snapshot(tmp_path):
    """A row that another connection commits while the audit reads is in neither relation, or in both."""
    path = create_file(tmp_path / "t.db", before="PRAGMA journal_mode=wal;")
    connection, other = harness.connect(path), harness.connect(path)
    other.execute("PRAGMA busy_timeout=2000")
    calls = []

    def commit(ts):
        if not calls:
            calls.append(ts)
            other.execute("INSERT INTO conversions(entity, ts, value) VALUES (99, 5, 5)")
        return ts

    connection.create_function("seen", 1, commit)
    connection.execute("CREATE TEMP VIEW watching AS SELECT entity, seen(ts) AS ts, channel FROM touches")
    sql = "SELECT detail FROM attribution_audit('watching', 'conversions') WHERE finding = 'summary' AND relation = 'conversions'"
    (before,) = connection.execute(sql).fetchone()
    (after,) = connection.execute(sql).fetchone()
    assert calls and before.startswith("rows 5, ") and after.startswith("rows 6, ")


def test_relations_are_read_once_and_not_kept(tmp_path):
    connection = harness.connect(create_file(tmp_path / "t.db"))
    loads = Loads(connection)
    for _ in range(2):
        connection.execute(f"SELECT * FROM {CALLS[0]}").fetchall()
        assert loads.new() == 2
        connection.execute(f"SELECT * FROM {CALLS[1]}").fetchall()
        assert loads.new() == 1


def test_a_read_only_file(tmp_path):
    path = create_file(tmp_path / "t.db")
    connection = harness.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    for call in CALLS:
        assert connection.execute(f"SELECT count(*) FROM {call}").fetchone()[0] > 0
    assert [file.name for file in tmp_path.iterdir()] == ["t.db"]


def test_a_write_transaction_sees_its_own_rows(db):
    db.executescript("CREATE TABLE touches(entity, ts, channel); CREATE TABLE conversions(entity, ts, value)")
    sql = "SELECT detail FROM attribution_audit('touches', 'conversions') WHERE finding = 'summary' AND relation = 'touches'"
    assert db.execute(sql).fetchone()[0].startswith("rows 0, ")
    db.execute("BEGIN")
    db.execute("INSERT INTO touches VALUES (1, 2, 'a')")
    assert db.execute(sql).fetchone()[0].startswith("rows 1, ")
    db.execute("ROLLBACK")
    assert db.execute(sql).fetchone()[0].startswith("rows 0, ")
