"""Closing: no statement of ours is ever in the way, whatever came before."""

import pytest

import harness
from libsqlite import BUSY, CALL, DONE, MISUSE, OK, QUERIES, ROW, Database, TABLES, create_file

ERRORS = [
    "SELECT * FROM attribution('toches', 'conversions')",
    "SELECT * FROM attribution('touches(entity, ts, chanel)', 'conversions')",
    "SELECT * FROM attribution('touches', 'conversions', 'liner')",
    "SELECT * FROM attribution('touches', 'conversions', 'linear', 'lookback=soon')",
    "SELECT * FROM attribution('bad', 'conversions')",
    "SELECT * FROM attribution('failing', 'conversions')",
    "SELECT * FROM attribution('nosuch.touches', 'conversions')",
    "SELECT * FROM journeys('touches', 'bad')",
    "SELECT * FROM attribution_summary('touches', 'conversions', 'milestone(1)')",
    "SELECT weighted_credit(channel, ts, 'liner') FROM touches",
    "SELECT touch_credit(ts, 'linear') OVER () FROM touches",
    "SELECT attribution_ingest(1, 2, 3)",
]


@pytest.fixture
def database(tmp_path):
    database = Database(create_file(tmp_path / "t.db"))
    database.execute("CREATE VIEW bad AS SELECT entity, 'no time' AS ts, channel FROM touches")
    database.execute("CREATE VIEW failing AS SELECT entity, ts, json_extract('{', '$') AS channel FROM touches")
    return database


def test_close_after_every_family(database):
    for sql in QUERIES * 2:
        assert database.execute(sql)
        assert database.open_statements() == []
    assert database.close() == OK


@pytest.mark.parametrize("sql", ERRORS)
def test_close_after_an_error(database, sql):
    code, message = database.fails(sql)
    assert code not in (OK, ROW, DONE) and "(): " in message
    assert database.open_statements() == []
    assert database.close() == OK


def test_only_the_hosts_statements_are_open_while_rows_are_read(database):
    for sql in QUERIES:
        statement = database.prepare(sql)
        while statement.step() == ROW:
            assert database.open_statements() == [sql]
        statement.finalize()
    assert database.close() == OK


def test_a_reset_or_finalized_statement_leaves_nothing(database):
    for sql in QUERIES:
        statement = database.prepare(sql)
        first = [(statement.step(), statement.row()) for _ in range(2)]
        assert first[0][0] == ROW
        assert statement.reset() == OK
        assert [(statement.step(), statement.row()) for _ in range(2)] == first
        assert statement.finalize() == OK
    assert database.open_statements() == []
    assert database.close() == OK


def test_an_unfinished_statement_keeps_the_connection_and_goes_on(database):
    """sqlite3_close() waits for the host's statement, not for one of ours."""
    sql = f"SELECT * FROM {CALL}"
    whole = database.execute(sql)
    statement = database.prepare(sql)
    assert statement.step() == ROW
    rows = [statement.row()]
    assert database.close() == BUSY
    rows += statement.rows()
    assert rows == whole
    assert statement.finalize() == OK
    assert database.close() == OK


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("sql", QUERIES)
def test_an_unfinished_statement_outlives_close_v2(tmp_path, sql, warm):
    """The connection lives on as a zombie until its last statement goes, and the extension's memory with it."""
    path = create_file(tmp_path / "t.db")
    whole = Database(path).execute(sql)
    database = Database(path)
    if warm:
        assert database.execute(sql) == whole
    statement = database.prepare(sql)
    assert statement.step() == ROW
    rows = [statement.row()]
    assert database.close_v2() == OK
    rows += statement.rows()
    assert rows == whole
    assert statement.finalize() == OK


def test_a_statement_that_is_first_stepped_after_close_v2(database):
    """SQLite prepares nothing more on a zombie, so nothing can be loaded: all rows or an error, never some of them."""
    whole = database.execute(QUERIES[0])
    database.execute("INSERT INTO touches(entity, ts, channel) VALUES (77, 1, 'x')")  # the cache is cold again
    statement = database.prepare(QUERIES[0])
    assert database.close_v2() == OK
    code = statement.step()
    assert code == MISUSE or [statement.row(), *statement.rows()] == whole
    statement.finalize()


def test_pythons_close_with_an_unfinished_cursor_and_a_warm_cache():
    connection = harness.connect()
    connection.executescript(TABLES)
    for sql in QUERIES:
        connection.execute(sql).fetchall()
    cursors = [connection.execute(sql) for sql in QUERIES]
    for cursor in cursors:
        assert cursor.fetchone() is not None
    connection.close()


def test_two_cursors_end_in_any_order(database):
    sql = f"SELECT * FROM {CALL}"
    whole = database.execute(sql)
    one, two = database.prepare(sql), database.prepare(sql)
    assert one.step() == two.step() == ROW
    rows = [two.row()]
    assert one.finalize() == OK
    assert rows + two.rows() == whole
    assert two.finalize() == OK
    assert database.close() == OK


def test_schemas_come_and_go(database, tmp_path):
    """ATTACH, a call, DETACH: no read transaction of ours holds the schema."""
    other = create_file(tmp_path / "other.db")
    for _ in range(3):
        database.execute(f"ATTACH '{other}' AS other")
        assert len(database.execute("SELECT * FROM attribution('other.touches', 'other.conversions')")) == 8
        assert database.fails("SELECT * FROM attribution('other.nothing', 'other.conversions')")[0] == 1
        database.execute("DETACH other")
    assert database.close() == OK


def test_no_lock_is_left(database, tmp_path):
    """After a statement has ended another connection can write at once."""
    for sql in QUERIES + ERRORS:
        statement = database.prepare(sql) if sql not in ERRORS[-2:] else None
        if statement:
            while statement.step() == ROW:
                pass
            statement.finalize()
        writer = Database(tmp_path / "t.db", extension=False)
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("COMMIT")
        assert writer.close() == OK
    assert database.close() == OK
