"""An authorizer of the host: none of our functions reads what the caller may not.

The SELECT that reads a relation runs on the user's connection and so through its authorizer, what is kept from earlier calls is given
out only where the authorizer would have the same program run today, and connections of our own read only where it is the same there.
"""

import os
import sqlite3

import pytest

import harness
from libsqlite import QUERIES, TABLES, answers
from test_readers import make, rows_of

SQL = "SELECT DISTINCT channel FROM attribution('touches', 'conversions') ORDER BY 1"
NAMED = "SELECT DISTINCT channel FROM attribution('touches(entity, ts, channel)', 'conversions(entity, ts)', 'linear', 'touch_id=id') ORDER BY 1"
CHANNELS = [("(unattributed)",), ("ads",), ("email",), ("seo",)]


@pytest.fixture
def filled(db):
    db.executescript(TABLES)
    return db


def authorize(connection, answer, *wanted):
    """The answer for an action whose first two arguments are these (None: any); returns how often it was given."""
    given = []

    def authorizer(action, first, second, schema, inner):
        if all(value is None or value == got for value, got in zip(wanted, (action, first, second, schema))):
            given.append((action, first, second))
            return answer
        return sqlite3.SQLITE_OK

    connection.set_authorizer(authorizer)
    return given


def refusal(connection, sql):
    with pytest.raises(sqlite3.DatabaseError) as caught:
        connection.execute(sql).fetchall()
    return str(caught.value)


@pytest.mark.parametrize("warm", [False, True])
def test_a_column_that_is_denied(filled, warm):
    """Also where the rows have been loaded before the authorizer came."""
    if warm:
        assert filled.execute(SQL).fetchall() == CHANNELS
    given = authorize(filled, sqlite3.SQLITE_DENY, sqlite3.SQLITE_READ, "touches", "channel")
    for sql in (SQL, NAMED, SQL.replace("ORDER", "WHERE entity = 1 ORDER")):
        assert "access to touches.channel is prohibited" in refusal(filled, sql) and given
    filled.set_authorizer(None)
    assert filled.execute(SQL).fetchall() == CHANNELS


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("view", [False, True])
def test_a_column_that_reads_as_null(filled, warm, view):
    """SQLITE_IGNORE: NULL is what the caller would get, so that is what we read; nothing kept from before shines through."""
    sql = SQL
    if view:
        filled.execute("CREATE VIEW v AS SELECT * FROM touches")
        sql = SQL.replace("'touches'", "'v'")
    for _ in range(2 if warm else 0):
        assert filled.execute(sql).fetchall() == CHANNELS
    authorize(filled, sqlite3.SQLITE_IGNORE, sqlite3.SQLITE_READ, "touches", "channel")
    for _ in range(2):
        assert filled.execute(sql).fetchall() == [("(none)",), ("(unattributed)",)]
    filled.set_authorizer(None)
    assert filled.execute(sql).fetchall() == CHANNELS


def test_a_denied_column_that_is_not_named_is_no_reason_to_fail(filled):
    authorize(filled, sqlite3.SQLITE_DENY, sqlite3.SQLITE_READ, "touches", "points")
    assert filled.execute(NAMED).fetchall() == CHANNELS
    assert filled.execute(NAMED + " LIMIT 1").fetchall() == CHANNELS[:1]
    assert "access to touches.points is prohibited" in refusal(filled, SQL)
    misspelt = "SELECT * FROM attribution('touches(entity, ts, chanel)', 'conversions')"
    assert "no such column: r.chanel" in refusal(filled, misspelt)


@pytest.mark.parametrize("option", ["hold=plan", "hold=plan; event_id=id"])
def test_a_denied_column_beside_one_that_is_held(filled, option):
    filled.executescript("CREATE TABLE log(id INTEGER PRIMARY KEY, entity, ts, stage, plan, secret);"
                         "INSERT INTO log VALUES (1, 1, 1, 'a', 'x', 0), (2, 1, 2, 'b', 'x', 0), (3, 1, 3, 'a', 'y', 0)")  # fmt: skip
    sql = f"SELECT * FROM funnel('log(entity, ts, stage)', 'a > b', '{option}')"
    whole = filled.execute(sql).fetchall()
    assert len(whole) > 1
    authorize(filled, sqlite3.SQLITE_DENY, sqlite3.SQLITE_READ, "log", "secret")
    assert filled.execute(sql).fetchall() == whole
    authorize(filled, sqlite3.SQLITE_DENY, sqlite3.SQLITE_READ, "log", "plan")
    assert "access to log.plan is prohibited" in refusal(filled, sql) or "no such column" in refusal(filled, sql)


@pytest.mark.parametrize("answer", [sqlite3.SQLITE_DENY, sqlite3.SQLITE_IGNORE])
@pytest.mark.parametrize("warm", [False, True])
def test_our_private_function_is_denied(filled, answer, warm):
    """Left out, it would be a relation without rows: an error, not an answer about nothing."""
    queries = [SQL, "SELECT * FROM path_effects('account_paths')", "SELECT * FROM attribution_audit('touches', 'conversions')", "SELECT * FROM markov_effects('channel_steps')"]
    for sql in queries if warm else []:
        filled.execute(sql).fetchall()
    authorize(filled, answer, sqlite3.SQLITE_FUNCTION, None, "attribution_ingest")
    for sql in queries:
        text = refusal(filled, sql)
        assert "attribution_ingest" in text if answer == sqlite3.SQLITE_DENY else "the host's authorizer leaves it out" in text
    filled.execute("DELETE FROM touches")
    assert "authorize" in refusal(filled, SQL)


@pytest.mark.parametrize("action", ["SQLITE_SELECT", "SQLITE_PRAGMA", "SQLITE_FUNCTION"])
@pytest.mark.parametrize("answer", [sqlite3.SQLITE_DENY, sqlite3.SQLITE_IGNORE])
@pytest.mark.parametrize("after", [0, 1, 2, 3, 5, 8])
def test_any_action_is_refused_from_some_time_on(filled, action, answer, after):
    """An authorizer may say no at any of our statements: the whole answer or an error, never a part of it."""
    expected = filled.execute(SQL).fetchall()
    filled.execute("CREATE TABLE another(x)")  # the cache is cold again
    seen = []

    def authorizer(number, *_):
        seen.append(number)
        return answer if number == getattr(sqlite3, action) and seen.count(number) > after else sqlite3.SQLITE_OK

    filled.set_authorizer(authorizer)
    for _ in range(2):
        try:
            assert filled.execute(SQL).fetchall() == expected
        except sqlite3.DatabaseError as error:
            assert str(error)
        except AssertionError:
            # the outermost SELECT itself was left out
            assert (action, answer) == ("SQLITE_SELECT", sqlite3.SQLITE_IGNORE)
            assert filled.execute("SELECT 1").fetchall() == []
    filled.set_authorizer(None)
    assert filled.execute(SQL + " -- anew").fetchall() == expected  # Python keeps the other statement, as it was compiled


def test_pragmas_that_are_left_out_do_not_freeze_what_is_kept(tmp_path):
    """SQLITE_IGNORE of PRAGMA takes away what tells a changed database from an unchanged one: nothing is kept then."""
    path = tmp_path / "t.db"
    connection = harness.connect(path)
    connection.executescript(TABLES)
    authorize(connection, sqlite3.SQLITE_IGNORE, sqlite3.SQLITE_PRAGMA)
    for _ in range(2):
        assert connection.execute(SQL).fetchall() == CHANNELS
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("UPDATE touches SET channel = 'other'")
    assert connection.execute(SQL).fetchall() == [("(unattributed)",), ("other",)]
    other.close()
    connection.close()


def test_what_an_authorizer_must_allow(filled):
    """Hosts that write a list of what is allowed need no more than docs/security.md says."""
    pragmas = {"database_list", "schema_version", "encoding", "function_list"}
    functions = {row[0] for row in filled.execute("SELECT DISTINCT name FROM attribution_help WHERE kind = 'function'")} | {"attribution_ingest"}

    def authorizer(action, first, second, schema, inner):
        allowed = (action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ)
                   or action == sqlite3.SQLITE_PRAGMA and first in pragmas and second is None
                   or action == sqlite3.SQLITE_FUNCTION and second in functions)  # fmt: skip
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    expected = answers(filled)
    filled.execute("CREATE TABLE another(x)")
    filled.set_authorizer(authorizer)
    assert answers(filled) == answers(filled) == expected
    assert len(QUERIES) == len(expected)


@pytest.mark.parametrize("answer", [sqlite3.SQLITE_DENY, sqlite3.SQLITE_IGNORE])
@pytest.mark.parametrize("what", [(sqlite3.SQLITE_READ, "touches", "channel"), (sqlite3.SQLITE_READ, "touches", "id"), (sqlite3.SQLITE_FUNCTION, None, "attribution_ingest"),
                                  (sqlite3.SQLITE_SELECT, None, None)])  # fmt: skip
def test_readers_of_our_own_see_no_more(tmp_path, answer, what):
    """A table that would be read by several connections, which have no authorizer: with one in the way they are not used."""
    make(tmp_path / "t.db", rows_of())
    sql = "SELECT count(DISTINCT channel) FROM attribution('touches', 'conversions', 'linear', 'threads={}; cache_mb=0')"
    results = []
    for threads in (1, 4):
        connection = harness.connect(tmp_path / "t.db")
        authorize(connection, answer, *what)
        try:
            results.append(connection.execute(sql.format(threads)).fetchall())
        except sqlite3.DatabaseError as error:
            results.append(str(error))
        connection.close()
    assert results[0] == results[1]
    assert answer == sqlite3.SQLITE_IGNORE or isinstance(results[0], str)
    assert results[0] != [(13,)] or what[1:] == ("touches", "id")


def test_readers_do_not_read_a_file_that_took_the_place_of_theirs(tmp_path):
    """A file that is replaced by a rename: the connection has the old one open, and its rows are the answer, all of them."""
    for name, channel in (("t.db", "old"), ("new.db", "new")):
        make(tmp_path / name, rows_of(channel=lambda i: channel))
    connection = harness.connect(tmp_path / "t.db")
    assert connection.execute("SELECT DISTINCT channel FROM touches").fetchall() == [("old",)]
    os.replace(tmp_path / "new.db", tmp_path / "t.db")
    assert connection.execute("SELECT DISTINCT channel FROM attribution('touches', 'conversions', 'linear', 'threads=4')").fetchall() == [("old",)]
    os.unlink(tmp_path / "t.db")
    connection.execute("SELECT * FROM attribution('touches', 'conversions', 'linear', 'cache_mb=0') LIMIT 1").fetchall()
    assert connection.execute("SELECT DISTINCT channel FROM attribution('touches', 'conversions', 'linear', 'threads=4')").fetchall() == [("old",)]
    connection.close()
