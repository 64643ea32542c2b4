"""Loading once, twice, from two files, at awkward moments, and from the shell."""

import shutil
import sqlite3
import subprocess

import pytest

import harness
from libsqlite import Database, TABLES, answers, create_file, lib

LISTS = [
    "SELECT name, narg, type, flags FROM pragma_function_list ORDER BY 1, 2",
    "SELECT name FROM pragma_module_list ORDER BY 1",
]


def load(connection, path=None, entry=None):
    connection.enable_load_extension(True)
    sql, path = "SELECT load_extension(?, ?)" if entry else "SELECT load_extension(?)", path or harness.extension_path()
    connection.execute(sql, (str(path), entry) if entry else (str(path),))
    connection.enable_load_extension(False)


@pytest.fixture
def filled(db):
    db.executescript(TABLES)
    return db


@pytest.fixture
def other_file(tmp_path):
    """A copy of the extension under another name, which says nothing of the entry point."""
    source = harness.extension_path()
    return shutil.copy(source if source.endswith(".so") else f"{source}.so", tmp_path / "zz_other.so")


def registered(connection):
    return [connection.execute(sql).fetchall() for sql in LISTS]


@pytest.mark.parametrize("entry", [None, "sqlite3_attribution_init"])
def test_a_second_load_changes_nothing(filled, entry):
    before, first = registered(filled), answers(filled)
    for _ in range(3):
        load(filled, entry=entry)
    assert registered(filled) == before
    assert answers(filled) == first


def test_a_second_load_while_a_statement_is_open(filled):
    sql = "SELECT * FROM attribution('touches', 'conversions', 'all')"
    whole = filled.execute(sql).fetchall()
    cursor = filled.execute(sql)
    rows = [cursor.fetchone() for _ in range(3)]
    load(filled)
    rows += cursor.fetchall()
    assert rows == whole


def test_a_second_load_while_an_aggregate_runs(filled):
    """The load happens in the middle of the group, from a function that the statement calls."""
    filled.create_function("load_again", 1, lambda label: (load(filled), label)[1])
    expected = filled.execute("SELECT weighted_credit(channel, ts, 'linear') FROM touches WHERE entity = 1").fetchall()
    again = "SELECT weighted_credit(load_again(channel), ts, 'linear') FROM touches WHERE entity = 1"
    assert filled.execute(again).fetchall() == expected


def test_a_first_load_while_a_statement_is_open():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(TABLES)
    cursor = connection.execute("SELECT id FROM touches ORDER BY id")
    first = cursor.fetchone()
    load(connection)
    assert [first, *cursor.fetchall()] == [(n,) for n in range(1, 7)]
    assert answers(connection)[0]
    connection.close()


def test_a_first_load_over_a_function_that_runs():
    """SQLite replaces no function while a statement runs: the load fails, says so, and does once nothing runs."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.create_function("auc", 2, lambda y, score: "the host's")
    rows = connection.execute("SELECT auc(value, 1) FROM json_each('[1, 2, 3]')")
    assert rows.fetchone() == ("the host's",)
    connection.enable_load_extension(True)
    with pytest.raises(sqlite3.OperationalError, match="error during initialization"):
        connection.load_extension(str(harness.extension_path()))
    assert rows.fetchall() == [("the host's",)] * 2
    connection.load_extension(str(harness.extension_path()))
    assert connection.execute("SELECT auc(y, y) FROM (SELECT 0 AS y UNION SELECT 1)").fetchone() == (1.0,)
    connection.close()


@pytest.mark.parametrize("begin", ["BEGIN", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE", "SAVEPOINT s"])
def test_a_load_inside_a_transaction(tmp_path, filled, begin):
    """Loading commits nothing and ends nothing."""
    connection = sqlite3.connect(create_file(tmp_path / "t.db"), isolation_level=None)
    connection.execute(begin)
    connection.execute("DELETE FROM touches WHERE entity = 2")
    load(connection)
    assert connection.in_transaction
    inside = answers(connection)
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT count(*) FROM touches").fetchone() == (6,)
    assert answers(connection) == answers(filled) != inside
    connection.close()


def test_two_files_on_one_connection(filled, other_file):
    before, first = registered(filled), answers(filled)
    load(filled, other_file, "sqlite3_attribution_init")
    assert registered(filled) == before
    assert answers(filled) == first


def test_two_files_in_one_process(filled, other_file):
    """Each connection uses the file that it loaded; one goes, the other stays."""
    other = sqlite3.connect(":memory:", isolation_level=None)
    load(other, other_file, "sqlite3_attribution_init")
    other.executescript(TABLES)
    cursors = [connection.execute("SELECT * FROM attribution('touches', 'conversions')") for connection in (filled, other)]
    both = [[cursor.fetchone() for cursor in cursors] for _ in range(4)]
    assert all(one == two for one, two in both)
    expected = answers(filled)
    filled.close()
    assert cursors[1].fetchone() is not None
    assert answers(other) == expected
    other.close()


def test_the_entry_point_follows_from_the_name_or_is_given(other_file):
    connection = sqlite3.connect(":memory:", isolation_level=None)
    with pytest.raises(sqlite3.OperationalError, match="undefined symbol|zz_other|zzother"):
        load(connection, other_file)
    with pytest.raises(sqlite3.OperationalError):
        load(connection, other_file, "sqlite3_attribution_nothing")
    assert connection.execute("SELECT count(*) FROM pragma_module_list WHERE name = 'attribution'").fetchone() == (0,)
    load(connection, other_file, "sqlite3_attribution_init")
    assert connection.execute("SELECT count(*) FROM attribution_help").fetchone()[0] > 50
    connection.close()


def test_a_connection_knows_only_what_it_loaded():
    loaded, other = harness.connect(), sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError, match="no such function"):
        other.execute("SELECT attribution_version()")
    loaded.close()
    other.close()


def test_loading_many_connections_one_after_the_other(tmp_path):
    path = create_file(tmp_path / "t.db")
    expected = None
    for _ in range(50):
        connection = harness.connect(path)
        expected = expected or answers(connection)
        assert answers(connection) == expected
        connection.close()


def test_the_c_interface_loads_with_and_without_entry_point(tmp_path):
    path = create_file(tmp_path / "t.db")
    for entry in (None, "sqlite3_attribution_init"):
        database = Database(path, extension=False)
        database.load(entry=entry)
        assert len(database.execute("SELECT * FROM attribution('touches', 'conversions')")) == 8
        assert database.close() == 0


def shell(*arguments, stdin=""):
    command = [shutil.which("sqlite3") or pytest.skip("the sqlite3 shell is not installed"), *map(str, arguments)]
    result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if lib.sqlite3_compileoption_used(b"DEBUG"):  # the list of a pool's extensions, which the shell does not let go
        result.stderr = result.stderr.replace("Memory leaked: 8 bytes\n", "")
    return result


@pytest.mark.parametrize("entry", ["", "sqlite3_attribution_init", "sqlite3_attribution_pool_init"])
def test_the_shell(tmp_path, entry):
    path = create_file(tmp_path / "t.db")
    sql = "SELECT channel, round(sum(value), 2) FROM attribution('touches', 'conversions') GROUP BY 1 ORDER BY 1;"
    result = shell("-cmd", f".load {harness.extension_path()} {entry}".strip(), path, sql)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "(unattributed)|8.0\nads|83.67\nemail|79.33\nseo|30.0\n"


def test_the_shell_opens_another_file_after_a_pool_load(tmp_path):
    path = create_file(tmp_path / "t.db")
    script = f".load {harness.extension_path()} sqlite3_attribution_pool_init\n.open {path}\n"
    result = shell(stdin=script + "SELECT count(*) FROM attribution('touches', 'conversions');\n")
    assert (result.stdout, result.stderr) == ("8\n", "")


def test_the_shell_shows_an_error_and_goes_on(tmp_path):
    path = create_file(tmp_path / "t.db")
    script = f".load {harness.extension_path()}\nSELECT * FROM attribution('toches', 'conversions');\nSELECT 'still here';\n"
    result = shell(path, stdin=script)
    assert "attribution(): no such table or view: 'toches'; did you mean touches?" in result.stderr
    assert result.stdout == "still here\n"


@pytest.mark.skipif(sqlite3.sqlite_version_info < (3, 37), reason="the shell has -safe since SQLite 3.37")
def test_the_shell_in_safe_mode_reads(tmp_path):
    """-safe forbids .load; what was loaded before it goes on working."""
    path = create_file(tmp_path / "t.db")
    result = shell("-safe", "-cmd", f".load {harness.extension_path()}", path, "SELECT 1;")
    assert "safe mode" in result.stderr
