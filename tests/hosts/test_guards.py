"""What a careful host switches on, and what a careless one might call: defensive mode, trusted_schema, the private function."""

import sqlite3

import pytest

import harness
from libsqlite import DBCONFIG_DEFENSIVE, DBCONFIG_TRUSTED_SCHEMA, DONE, OK, ROW, Database, TABLES, answers, create_file, run_script

VIEWS = """
CREATE VIEW credits AS SELECT * FROM attribution('touches', 'conversions');
CREATE VIEW firsts AS SELECT entity, first_touch(channel, ts) AS channel FROM touches GROUP BY entity;
"""


@pytest.fixture
def filled(db):
    db.executescript(TABLES)
    return db


def refusal(connection, sql):
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute(sql).fetchall()
    return str(caught.value)


################################ The private function ################################


@pytest.mark.parametrize("sql", [
    "SELECT attribution_ingest()",
    "SELECT attribution_ingest(1, 2, 'x')",
    "SELECT attribution_ingest(entity, ts, channel) FROM touches",
    "SELECT attribution_ingest(entity, ts, channel, id) FROM touches GROUP BY entity",
    "SELECT entity FROM touches GROUP BY entity HAVING attribution_ingest(ts)",
    "SELECT attribution_ingest(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25)",
])  # fmt: skip
def test_it_refuses_when_called_by_hand(filled, sql):
    text = refusal(filled, sql)
    assert text.startswith("attribution_ingest(): ") and "attribution(touches, conversions)" in text
    assert answers(filled)[0]


def test_of_no_rows_it_says_only_that_it_was_called(filled):
    assert filled.execute("SELECT attribution_ingest(entity, ts, channel) FROM touches WHERE 0").fetchone() == (1,)


def test_it_refuses_in_a_view_and_in_a_trigger(filled):
    filled.execute("CREATE VIEW v AS SELECT attribution_ingest(entity, ts, channel) AS x FROM touches")
    assert "unsafe use of attribution_ingest()" in refusal(filled, "SELECT * FROM v")
    filled.execute("CREATE TRIGGER t AFTER INSERT ON touches BEGIN SELECT attribution_ingest(1, 2, 'x'); END")
    assert "unsafe use of attribution_ingest()" in refusal(filled, "INSERT INTO touches(entity) VALUES (1)")


@pytest.mark.parametrize("arguments", ["", "entity", "entity, ts, channel", "1, 1, 'sneaked in', 1", "1, 1, 1, 1, 1, 1, 1, 1, 1"])
def test_it_refuses_in_a_relation_that_is_being_loaded(filled, arguments):
    """A temp view may call it, and is read while a load runs: its rows are not the load's."""
    filled.execute(f"CREATE TEMP VIEW v AS SELECT entity, ts, channel FROM touches"
                   f" WHERE (SELECT attribution_ingest({arguments}) FROM conversions) IS NULL")  # fmt: skip
    text = refusal(filled, "SELECT * FROM attribution('v', 'conversions')")
    assert "attribution_ingest()" in text
    assert answers(filled)[0]


SNEAK = """
import sqlite3, sys
import harness, libsqlite

connection = harness.connect()
connection.executescript(libsqlite.TABLES)
refused = []

def call(label):
    try:
        connection.execute(f"SELECT attribution_ingest({sys.argv[1]})").fetchall()
    except sqlite3.OperationalError as error:
        refused.append(str(error))
    return label

sql = "SELECT channel, value FROM attribution('{}', 'conversions')"
expected = connection.execute(sql.format("touches")).fetchall()
connection.create_function("call", 1, call)
connection.execute("CREATE TEMP VIEW v AS SELECT entity, ts, call(channel) AS channel FROM touches")
assert connection.execute(sql.format("v")).fetchall() == expected
assert len(refused) == 6 and all(text.startswith("attribution_ingest(): ") for text in refused), refused
print("done")
"""


@pytest.mark.parametrize("arguments", ["1, 5, 'sneaked in'", "1, 5, 'sneaked in', 7", "1", "1, 2, 3, 4, 5, 6, 7"])
def test_it_refuses_while_another_load_runs(arguments):
    """A function of the host, called by the view that is being loaded, calls it by hand: no row gets in, and nothing crashes."""
    assert run_script(SNEAK, arguments) == "done\n"


################################ Hosts that are on their guard #######################


def guarded(path, *options):
    database = Database(path)
    for option, value in options:
        database.configure(option, value)
    return database


@pytest.mark.parametrize("options", [
    [(DBCONFIG_DEFENSIVE, 1)],
    [(DBCONFIG_TRUSTED_SCHEMA, 0)],
    [(DBCONFIG_DEFENSIVE, 1), (DBCONFIG_TRUSTED_SCHEMA, 0)],
])  # fmt: skip
def test_the_same_answers_under_guard(tmp_path, options):
    """Calls, aggregates, and views over aggregates, which are declared harmless."""
    path = create_file(tmp_path / "t.db", VIEWS)
    plain, database = guarded(path, (DBCONFIG_TRUSTED_SCHEMA, 1)), guarded(path, *options)
    for sql in ("SELECT * FROM attribution('touches', 'conversions')", "SELECT * FROM journeys('touches', 'conversions')",
                "SELECT * FROM firsts", "SELECT entity, weighted_credit(channel, ts, 'linear') FROM touches GROUP BY 1"):
        assert database.execute(sql) == plain.execute(sql) != []
    database.execute("CREATE TEMP VIEW mine AS SELECT * FROM attribution('touches', 'conversions')")
    assert database.execute("SELECT * FROM mine") == plain.execute("SELECT * FROM credits")
    assert database.open_statements() == [] and database.close() == OK
    assert plain.close() == OK


def test_a_view_of_an_untrusted_schema_answers_or_is_refused_by_sqlite(tmp_path):
    """Never other rows: SQLite decides whether a view of the file may call a virtual table."""
    path = create_file(tmp_path / "t.db", VIEWS)
    connection = harness.connect(path)
    connection.execute("PRAGMA trusted_schema = ON")
    trusted = connection.execute("SELECT * FROM credits").fetchall()
    connection.execute("PRAGMA trusted_schema = OFF")
    try:
        rows = connection.execute("SELECT * FROM credits").fetchall()
    except sqlite3.OperationalError as error:
        assert str(error) == 'unsafe use of virtual table "attribution"'
    else:
        assert rows == trusted
    assert connection.execute("SELECT count(*) FROM firsts").fetchone() == (4,)
    connection.close()


@pytest.mark.parametrize("pragma", ["case_sensitive_like = ON", "reverse_unordered_selects = ON", "recursive_triggers = ON",
                                    "read_uncommitted = ON", "cell_size_check = ON", "legacy_alter_table = ON", "short_column_names = OFF",
                                    "full_column_names = ON", "empty_result_callbacks = ON", "automatic_index = OFF",
                                    "cache_size = 1", "temp_store = MEMORY", "foreign_keys = ON", "count_changes = ON"])  # fmt: skip
def test_no_pragma_changes_an_answer(filled, pragma):
    """reverse_unordered_selects turns the order of rows of a table round: nothing may depend on it."""
    expected = answers(filled)
    filled.execute(f"PRAGMA {pragma}")
    filled.execute("UPDATE touches SET ts = ts WHERE 0")  # a write, so that nothing comes from the cache
    filled.execute("CREATE TABLE another(x)")
    assert answers(filled) == expected


def test_an_authorizer_that_denies_a_column(filled):
    """A host's authorizer is asked for what a relation reads, and its no is an error, not missing rows."""
    denied = []

    def authorize(action, table, column, schema, trigger):
        if action == sqlite3.SQLITE_READ and (table, column) == ("touches", "channel"):
            denied.append(column)
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    expected = answers(filled)
    filled.set_authorizer(authorize)
    filled.execute("CREATE TABLE another(x)")  # the cache is cold again
    with pytest.raises(sqlite3.DatabaseError, match="prohibited|not authorized"):
        filled.execute("SELECT * FROM attribution('touches', 'conversions')").fetchall()
    assert denied
    filled.set_authorizer(None)
    assert answers(filled) == expected


LIMITS = {"length": (0, [50, 200]), "sql length": (1, [20, 100]), "columns": (2, [2, 5]), "depth": (3, [2, 5]),
          "program": (5, [40, 60]), "arguments": (6, [1, 3]), "variables": (9, [0]), "trigger depth": (10, [1])}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_limits_of_the_host(name):
    """A lowered limit is an error or the answer, and lifts again without a trace."""
    number, values = LIMITS[name]
    database = Database()
    for statement in TABLES.split(";")[:-1]:
        database.execute(statement)
    sql = "SELECT * FROM attribution('touches', 'conversions')"
    whole = database.execute(sql)
    for value in values:
        database.execute("CREATE TABLE another(x)")  # the cache is cold again
        database.execute("DROP TABLE another")
        statement = database.prepare(sql)
        old = database.limit(number, value)
        rows, code = [], statement.step()
        while code == ROW:
            rows.append(statement.row())
            code = statement.step()
        database.limit(number, old)
        assert (code, rows) == (DONE, whole) if code in (OK, DONE) else rows == []
        statement.finalize()
        assert database.execute(sql) == whole
    assert database.close() == OK
