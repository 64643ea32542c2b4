"""Nothing is ever written: read-only files, immutable files, query_only, and the same bytes before and after."""

import sqlite3

import pytest

import harness
from libsqlite import QUERIES, Database, answers, create_file, state_of

SCHEMA = "SELECT * FROM {}sqlite_master ORDER BY type, name"


@pytest.fixture
def path(tmp_path):
    return create_file(tmp_path / "t.db")


def expected(path):
    connection = harness.connect(path)
    rows = answers(connection)
    connection.close()
    return rows


def schemas(connection):
    return [connection.execute(SCHEMA.format(schema)).fetchall() for schema in ("main.", "temp.")]


@pytest.mark.parametrize("parameters", ["mode=ro", "immutable=1", "mode=ro&cache=private", "mode=rw", "mode=ro&nolock=1"])
def test_files_opened_in_every_way(path, tmp_path, parameters):
    """The same answers, warm and cold, and no file but the database, of the same bytes."""
    rows, before = expected(path), state_of(tmp_path)
    connection = harness.connect(f"file:{path}?{parameters}", uri=True)
    tables = schemas(connection)
    assert answers(connection) == answers(connection) == rows
    assert state_of(tmp_path) == before
    assert schemas(connection) == tables
    assert connection.total_changes == 0 and not connection.in_transaction
    connection.close()
    assert state_of(tmp_path) == before


def test_query_only(path, tmp_path):
    rows, before = expected(path), state_of(tmp_path)
    connection = harness.connect(path)
    connection.execute("PRAGMA query_only = ON")
    assert answers(connection) == answers(connection) == rows
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM touches")
    connection.close()
    assert state_of(tmp_path) == before


@pytest.mark.parametrize("mode", ["delete", "truncate", "persist", "wal"])
def test_journal_modes(path, tmp_path, mode):
    """What a mode leaves beside the file is SQLite's; the database itself stays as it was."""
    rows = expected(path)
    connection = harness.connect(path)
    assert connection.execute(f"PRAGMA journal_mode = {mode}").fetchone() == (mode,)
    before = state_of(tmp_path)
    assert answers(connection) == answers(connection) == rows
    after = state_of(tmp_path)
    assert after["t.db"] == before["t.db"]
    assert set(after) - set(before) <= {"t.db-wal", "t.db-shm"}
    connection.close()


def test_a_wal_file_opened_read_only(path, tmp_path):
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = WAL")
    reader = harness.connect(f"file:{path}?mode=ro", uri=True)
    assert answers(reader) == expected(path)
    reader.close()
    writer.close()


def test_errors_write_nothing(path, tmp_path):
    before = state_of(tmp_path)
    connection = harness.connect(path)
    tables = schemas(connection)
    for arguments in ("'toches', 'conversions'", "'touches', 'conversions', 'liner'", "'touches(entity, channel, ts)', 'conversions'"):
        with pytest.raises(sqlite3.OperationalError):
            connection.execute(f"SELECT * FROM attribution({arguments})").fetchall()
    assert schemas(connection) == tables
    assert connection.total_changes == 0
    connection.close()
    assert state_of(tmp_path) == before


def test_arguments_are_names_and_never_statements(path, tmp_path):
    """Whatever is written where a name belongs, no table goes."""
    before = state_of(tmp_path)
    connection = harness.connect(path)
    evil = ["touches; DROP TABLE touches", 'touches"; DROP TABLE touches; --', '"touches"" ; DROP TABLE touches; --"',
            "touches(entity, ts, channel); DELETE FROM touches", 'touches("entity"") FROM touches; DROP TABLE touches; --", ts, channel)',
            "(SELECT 1)", "touches WHERE 1", "touches -- ", "touches\0x"]
    for relation in evil:
        for sql in ("SELECT * FROM attribution(?, 'conversions')", "SELECT * FROM journeys('touches', ?)", "SELECT * FROM path_effects(?)",
                    "SELECT * FROM markov_effects(?)", "SELECT * FROM channel_effects(?, 'conversions')"):  # fmt: skip
            with pytest.raises(sqlite3.DatabaseError):
                connection.execute(sql, (relation,)).fetchall()
        for option in ("touch_id", "conversion_id"):
            with pytest.raises(sqlite3.DatabaseError):
                options = f'{option}="{relation}"'
                connection.execute("SELECT * FROM attribution('touches', 'conversions', 'linear', ?)", (options,)).fetchall()
    connection.close()
    assert state_of(tmp_path) == before


def test_a_read_transaction_stays_what_it_was(path):
    """A call inside a transaction neither ends it nor makes it a writer's."""
    connection = harness.connect(path)
    connection.execute("BEGIN")
    rows = answers(connection)
    assert connection.in_transaction
    other = sqlite3.connect(path, isolation_level=None, timeout=0)
    other.execute("BEGIN IMMEDIATE")  # possible, as the other one only reads
    other.execute("ROLLBACK")
    assert answers(connection) == rows
    connection.execute("COMMIT")
    connection.close()
    other.close()


def test_no_temporary_table_is_made(path):
    database = Database(path)
    for sql in QUERIES * 2:
        database.execute(sql)
    assert database.execute("PRAGMA database_list") == [("0", "main", path)]
    assert database.execute("SELECT * FROM temp.sqlite_master") == []
    assert database.close() == 0


def test_an_in_memory_database_and_attached_ones(path, tmp_path):
    """Tables of three schemas in one call; every file stays as it was."""
    create_file(tmp_path / "other.db")
    before = state_of(tmp_path)
    connection = harness.connect(f"file:{path}?mode=ro", uri=True)
    connection.execute("ATTACH ? AS other", (f"file:{tmp_path}/other.db?mode=ro",))
    connection.execute("CREATE TEMP VIEW doubled AS SELECT * FROM main.touches UNION ALL SELECT * FROM other.touches")
    rows = connection.execute("SELECT count(*) FROM attribution('doubled', 'other.conversions')").fetchone()
    assert rows == (15,)
    connection.close()
    assert state_of(tmp_path) == before
