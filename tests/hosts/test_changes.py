"""Whatever happens to a database under a warm connection is seen: the answers are those that the same connection gives when it keeps nothing.

Other changes of rows and tables stand in test_warm_and_cold.py; those made while somebody reads in test_writers.py.
"""

import contextlib
import os
import sqlite3
import subprocess
import sys

import pytest

import harness
from libsqlite import TABLES, create_file
from test_readers import ITSELF, answers as large_answers, make, rows_of

CALLS = [
    "attribution('touches', 'conversions', 'linear, last_touch')",
    "attribution('touches', 'conversions', 'markov')",
    "attribution_summary('touches', 'conversions')",
    "journeys('touches', 'conversions')",
    "funnel('events', 'mql > sql > won', 'exits=lost; label=stage')",
    "funnel_summary('events', 'mql > sql > won', 'exits=lost; by=label')",
    "conversion_curve('subjects', 'by=label')",
    "channel_effects('touches', 'conversions')",
    "markov_transitions('touches', 'conversions')",
    "pipeline_forecast('open_deals', 'events(entity, ts, stage)', 'mql > sql > won', 'exits=lost; as_of=500')",
    "pipeline_forecast_summary('open_deals', 'events(entity, ts, stage)', 'mql > sql > won', 'exits=lost; as_of=500')",
    "attribution_audit('touches', 'conversions')",
    "funnel_audit('events', 'mql > sql > won', 'exits=lost')",
]
OPEN = "CREATE TABLE open_deals(id INTEGER PRIMARY KEY, entity, ts, stage, value); INSERT INTO open_deals(entity, ts, stage, value) VALUES (5, 390, 'mql', 100);"
KEEP = "SELECT count(*) FROM attribution('touches', 'conversions', 'linear', 'cache_mb={}')"
CHANGE = "UPDATE touches SET channel = 'other' WHERE id = 2; UPDATE events SET stage = 'lost' WHERE id = 3; UPDATE subjects SET converted_at = 200 WHERE id = 2"


def create_file_of_deals(path, before=""):
    path = create_file(path, before)
    write(path, OPEN, None)
    return path


def answers(connection):
    """What is asked of loaded relations, of every family."""
    return [sorted(map(repr, connection.execute(f"SELECT * FROM {call}"))) for call in CALLS]


def warm(connection):
    """The answers of a connection that has been asked before."""
    first = answers(connection)
    assert answers(connection) == first
    return first


def check(connection, before, changed):
    """The next answers are those without a cache, and other ones than before or not."""
    after = answers(connection)
    connection.execute(KEEP.format(0)).fetchall()
    assert after == answers(connection)
    assert (after != before) == changed
    connection.execute(KEEP.format(64)).fetchall()


def write(path, script=CHANGE, mode=None):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        if mode:
            other.execute(f"PRAGMA journal_mode = {mode}")
        other.executescript(f"BEGIN; {script}; COMMIT")
        if mode == "wal":
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.fixture(params=["delete", "wal"])
def mode(request):
    return request.param


@pytest.fixture
def path(tmp_path, mode):
    return create_file_of_deals(tmp_path / "t.db", f"PRAGMA journal_mode = {mode}; PRAGMA page_size = 1024;")


############################## Opened anew under the same name ##########################


def test_the_same_file_is_detached_written_and_attached_again(path):
    connection = harness.connect()
    connection.execute("ATTACH ? AS other", (path,))
    before = warm(connection)
    connection.execute("DETACH other")
    write(path)
    connection.execute("ATTACH ? AS other", (path,))
    check(connection, before, True)
    before = warm(connection)
    connection.execute("DETACH other")
    connection.execute("ATTACH ? AS other", (path,))
    check(connection, before, False)


def test_another_file_takes_the_place_of_one_that_is_detached(path, tmp_path, mode):
    """Made by the same statements, so that version, schema and size are the same."""
    connection = harness.connect()
    connection.execute("ATTACH ? AS other", (path,))
    before = warm(connection)
    other = create_file_of_deals(tmp_path / "next.db", f"PRAGMA journal_mode = {mode}; PRAGMA page_size = 1024;")
    write(other)
    connection.execute("DETACH other")
    os.replace(other, path)
    connection.execute("ATTACH ? AS other", (path,))
    check(connection, before, True)


def test_another_file_is_attached_under_the_same_name(path, tmp_path):
    connection = harness.connect()
    connection.execute("ATTACH ? AS other", (path,))
    before = warm(connection)
    other = create_file_of_deals(tmp_path / "next.db")
    write(other)
    connection.execute("DETACH other")
    connection.execute("ATTACH ? AS other", (other,))
    check(connection, before, True)


def test_databases_in_memory_are_attached_one_after_another():
    connection = harness.connect()
    found = []
    for channel in ("ads", "other", "third"):
        connection.execute("ATTACH ':memory:' AS m")
        connection.executescript("CREATE TABLE m.touches(entity, ts, channel); CREATE TABLE m.conversions(entity, ts, value)")
        connection.execute("CREATE TABLE m.x AS SELECT 1")
        connection.execute("BEGIN")
        connection.execute("INSERT INTO m.touches VALUES (1, 100, ?)", (channel,))
        connection.execute("INSERT INTO m.conversions VALUES (1, 200, 1)")
        connection.execute("COMMIT")
        found += connection.execute("SELECT channel FROM attribution('touches', 'conversions')").fetchall()
        connection.execute("DETACH m")
    assert found == [("ads",), ("other",), ("third",)]


def test_temp_is_opened_anew():
    """PRAGMA temp_store drops all that is in temp; CREATE TABLE AS counts no changes."""
    connection = harness.connect()
    connection.executescript("CREATE TABLE base(entity, ts, channel); INSERT INTO base VALUES (1, 1, 'a'); CREATE TABLE conversions(entity, ts);"
                             "INSERT INTO conversions VALUES (1, 5)")  # fmt: skip
    found = []
    for kind, channel in ((1, "'a'"), (0, "'b'"), (1, "'c'"), (2, "'d'")):
        connection.execute(f"PRAGMA temp_store = {kind}")
        connection.execute(f"CREATE TEMP TABLE touches AS SELECT entity, ts, {channel} AS channel FROM base")
        found += connection.execute("SELECT channel FROM attribution('touches', 'conversions')").fetchall()
    assert found == [("a",), ("b",), ("c",), ("d",)]


@pytest.mark.skipif(not hasattr(sqlite3.Connection, "deserialize"), reason="Python before 3.11 has no deserialize()")
def test_an_image_that_is_deserialized_has_a_mark(path):
    """Another image can take its place. SQLite 3.40 itself does not survive that where a table-valued function, json_each() say, has been
    called before, so that the mark alone is looked at."""
    write(path, CHANGE, "delete")
    connection = harness.connect()
    connection.deserialize(open(path, "rb").read())
    assert answers(connection) == answers(harness.connect(path))
    assert connection.execute("PRAGMA main.journal_size_limit").fetchone()[0] >= 2**62


def test_the_mark_of_a_database_bounds_nothing_and_is_not_the_users(path):
    """What tells one opening from the next is a journal_size_limit that no journal reaches; a limit of the user's own stays, and is kept to."""
    connection = harness.connect(path)
    connection.execute("ATTACH ? AS other", (create_file_of_deals(path + "2"),))
    connection.execute("ATTACH ? AS limited", (create_file_of_deals(path + "3"),))
    connection.execute("PRAGMA limited.journal_size_limit = 4096")
    before = warm(connection)
    limits = [connection.execute(f"PRAGMA {name}.journal_size_limit").fetchone()[0] for name in ("main", "other", "limited")]
    assert limits[0] == -1 and limits[1] >= 2**62 and limits[2] == 4096
    connection.execute("DETACH limited")
    write(path + "3")
    connection.execute("ATTACH ? AS limited", (path + "3",))
    connection.execute("PRAGMA limited.journal_size_limit = 4096")
    assert answers(connection) == before
    assert connection.execute("SELECT DISTINCT channel FROM attribution('limited.touches', 'limited.conversions') WHERE touch_id = 2").fetchall() == [("other",)]


################################ A file under the connection ############################


def test_a_file_takes_the_place_of_one_that_is_open(path, tmp_path, mode):
    """SQLite goes on with the file that it has open, and so do we; only a new connection sees the other one."""
    connection = harness.connect(path)
    before = warm(connection)
    other = create_file_of_deals(tmp_path / "next.db", f"PRAGMA journal_mode = {mode};")
    write(other)
    os.replace(other, path)
    check(connection, before, False)


def test_several_readers_do_not_read_a_file_that_has_taken_the_place(tmp_path):
    make(tmp_path / "t.db", rows_of())
    make(tmp_path / "next.db", rows_of(channel=lambda i: "other"))
    connection = harness.connect(tmp_path / "t.db")
    expected, itself = large_answers(connection, "threads=2")
    assert itself == ITSELF
    os.rename(tmp_path / "t.db", tmp_path / "old.db")
    assert large_answers(connection, "threads=2") == (expected, True)  # no file of that name
    os.rename(tmp_path / "next.db", tmp_path / "t.db")
    assert large_answers(connection, "threads=2") == (expected, True)
    os.rename(tmp_path / "old.db", tmp_path / "t.db")
    assert large_answers(connection, "threads=2") == (expected, ITSELF)


################################ Changes of one's own ###################################


def own_changes():
    def blob(connection):
        with connection.blobopen("touches", "channel", 2) as handle:
            handle[0:5] = b"other"

    def blob_rolled_back(connection):
        connection.execute("BEGIN")
        blob(connection)
        answers(connection)
        connection.execute("ROLLBACK")

    def backup(connection):
        with contextlib.closing(sqlite3.connect(":memory:")) as source:
            source.executescript(TABLES + OPEN + CHANGE)
            source.backup(connection)

    def journal_off(connection):
        connection.execute("PRAGMA journal_mode = off")
        connection.executescript(f"BEGIN; {CHANGE}; COMMIT")

    def schema(connection):
        sql = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'subjects'").fetchone()[0]
        version = connection.execute("PRAGMA schema_version").fetchone()[0]
        connection.execute("PRAGMA writable_schema = on")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'subjects'", (sql.replace("converted_at, closed_at", "closed_at, converted_at"),))
        connection.execute(f"PRAGMA schema_version = {version + 1}")
        connection.execute("PRAGMA writable_schema = reset")

    def script(text):
        def run(connection):
            for statement in text.split("; "):
                connection.execute(statement)

        return run

    hide = "CREATE TEMP {} AS SELECT id, entity, ts, 'hidden' AS channel FROM main.touches"
    return {
        "a commit": (True, script(f"BEGIN; {CHANGE}; COMMIT")),
        "changed back to the same": (False, script(f"BEGIN; {CHANGE}; ROLLBACK")),
        "a savepoint rolled back": (False, script("SAVEPOINT s; UPDATE touches SET channel = 'x'; ROLLBACK TO s; RELEASE s")),
        "a savepoint rolled back within a transaction": (True, script(f"BEGIN; {CHANGE}; SAVEPOINT s; DELETE FROM touches; ROLLBACK TO s; COMMIT")),
        "two updates that undo each other": (False, script("UPDATE touches SET ts = ts + 1; UPDATE touches SET ts = ts - 1")),
        "as many rows, others": (True, script("DELETE FROM touches WHERE id = 1; INSERT INTO touches VALUES (1, 1, 150, 'new', 1)")),
        "a table made anew": (True, script("CREATE TABLE kept AS SELECT id, entity, ts, channel || 'x' AS channel, points FROM touches; DROP TABLE touches; ALTER TABLE kept RENAME TO touches")),
        "a column more": (False, script("ALTER TABLE touches ADD COLUMN another DEFAULT 5")),
        "columns that change their names": (True, script("ALTER TABLE touches RENAME COLUMN channel TO c; ALTER TABLE touches RENAME COLUMN points TO channel; ALTER TABLE touches ADD COLUMN points")),
        "a temp table that hides it": (True, script(hide.format("TABLE touches"))),
        "a temp view that hides it": (True, script(hide.format("VIEW touches"))),
        "a temp table hidden no more": (False, script(hide.format("TABLE touches") + "; DROP TABLE temp.touches")),
        "VACUUM": (False, script("VACUUM")),
        "another page size": (False, script("PRAGMA page_size = 8192; VACUUM")),
        "ANALYZE": (False, script("ANALYZE")),
        "REINDEX": (False, script("CREATE INDEX i ON touches(entity); REINDEX; DROP INDEX i")),
        "another user_version": (False, script("PRAGMA user_version = 7")),
        "a checkpoint": (False, script("PRAGMA wal_checkpoint(TRUNCATE)")),
        "a blob handle": (True, blob),
        "a blob handle rolled back": (False, blob_rolled_back),
        "a backup into it": (True, backup),
        "without a journal": (True, journal_off),
        "the schema itself": (True, schema),
    }


@pytest.mark.parametrize("change", own_changes())
@pytest.mark.parametrize("where", ["delete", "wal", "memory"])
def test_a_change_of_ones_own(tmp_path, change, where):
    changed, make_it = own_changes()[change]
    if "blob" in change and not hasattr(sqlite3.Connection, "blobopen"):
        pytest.skip("Python before 3.11 has no blobopen()")
    connection = harness.connect(":memory:" if where == "memory" else str(tmp_path / "t.db"))
    connection.execute(f"PRAGMA journal_mode = {where}")
    connection.executescript(TABLES + OPEN)
    connection.execute("UPDATE touches SET channel = 'first' WHERE id = 2")
    before = warm(connection)
    make_it(connection)
    check(connection, before, changed)
    connection.close()


def test_vacuum_into_leaves_it_as_it_is(path, tmp_path):
    connection = harness.connect(path)
    before = warm(connection)
    connection.execute("VACUUM INTO ?", (str(tmp_path / "copy.db"),))
    check(connection, before, False)
    assert answers(harness.connect(tmp_path / "copy.db")) == before


################################### Changes of others ###################################


PROCESS = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.executescript(sys.argv[2])"


@pytest.mark.parametrize("who", ["a connection", "a process"])
def test_a_change_of_others(path, who):
    """One after another, the last of them back to what was there: no counter may say that it is the same."""
    connection = harness.connect(path)
    before = warm(connection)
    other = sqlite3.connect(path, isolation_level=None)
    for script, changed in (
        (f"BEGIN; {CHANGE}; COMMIT", True),
        ("BEGIN; DELETE FROM touches; ROLLBACK", False),
        ("UPDATE touches SET channel = 'email' WHERE id = 2", True),
        ("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)", False),
        ("CREATE TABLE z(x); DROP TABLE z", False),
        ("UPDATE touches SET channel = 'other' WHERE id = 2; PRAGMA wal_checkpoint(RESTART)", True),
    ):
        if who == "a connection":
            other.executescript(script)
        else:
            subprocess.run([sys.executable, "-c", PROCESS, path, script], check=True)
        check(connection, before, changed)
        before = warm(connection)


def test_a_mode_that_another_connection_changes(tmp_path):
    path = create_file_of_deals(tmp_path / "t.db")
    connection = harness.connect(path)
    for mode in ("wal", "delete", "wal"):
        before = warm(connection)
        connection.execute("SELECT 1").fetchall()
        connection.close()
        write(path, f"UPDATE touches SET channel = '{mode}' || id WHERE id = 2", mode)
        connection = harness.connect(path)
        check(connection, before, True)


################################### A shared cache ######################################


def shared(path):
    return harness.connect(f"file:{path}?cache=shared", uri=True)


def test_a_shared_cache(path):
    connection, other = shared(path), shared(path)
    before = warm(connection)
    other.executescript(f"BEGIN; {CHANGE}; COMMIT")
    check(connection, before, True)


def test_what_is_not_committed_is_not_kept(path):
    connection, other = shared(path), shared(path)
    connection.execute("PRAGMA read_uncommitted = 1")
    before = answers(connection)
    other.execute("BEGIN")
    for channel in ("dirty", "dirtier"):
        other.execute("UPDATE touches SET channel = ?", (channel,))
        assert connection.execute("SELECT DISTINCT channel FROM attribution('touches', 'conversions') WHERE touch_id > 0").fetchall() == [(channel,)]
    other.execute("ROLLBACK")
    assert answers(connection) == before


################################# Nothing in any file ###################################


def views(connection):
    connection.executescript("""
        CREATE TABLE base(id INTEGER PRIMARY KEY, entity, ts, channel); CREATE TABLE conversions(entity, ts);
        INSERT INTO base(entity, ts, channel) VALUES (1, 1, 'ads'), (1, 2, 'ADS'), (1, 3, 'email'); INSERT INTO conversions VALUES (1, 9)""")


def channels(connection):
    return sorted(row[0] for row in connection.execute("SELECT channel FROM attribution('v', 'conversions')"))


def word(text):
    return lambda *_: text


REGISTERED = {
    "like": ("SELECT * FROM base WHERE channel LIKE 'A%'", lambda c: c.execute("PRAGMA case_sensitive_like = on"), ["ADS", "ads"], ["ADS"]),
    "a function": ("SELECT entity, ts, host(channel) AS channel FROM base", lambda c: c.create_function("host", 1, word("b"), deterministic=True), ["a"] * 3, ["b"] * 3),
    "one of SQLite's": ("SELECT entity, ts, lower(channel) AS channel FROM base", lambda c: c.create_function("lower", 1, word("b"), deterministic=True), ["ads", "ads", "email"], ["b"] * 3),
    "one of ours": ("SELECT entity, ts, email_domain('x@' || channel || '.de') AS channel FROM base", lambda c: c.create_function("email_domain", 1, word("b"), deterministic=True),
                    ["ads.de", "ads.de", "email.de"], ["b"] * 3),
    "one beside ours": ("SELECT entity, ts, logistic_predict('', 1) || 'x' AS channel FROM base WHERE 0 UNION ALL SELECT entity, ts, coalesce(logistic_predict(NULL, ts), 'none') FROM base",
                        lambda c: c.create_function("logistic_predict", 2, word("b"), deterministic=True), ["none"] * 3, ["b"] * 3),
    "a collation": ("SELECT * FROM base WHERE channel = 'ads' COLLATE own", lambda c: c.create_collation("own", lambda a, b: 0), ["ads"], ["ADS", "ads", "email"]),
    "a collation of groups": ("SELECT DISTINCT entity, 1 AS ts, channel COLLATE own AS channel FROM base WHERE ts < 3", lambda c: c.create_collation("own", lambda a, b: 0), ["ADS", "ads"], None),
    "a collation with a long name": ("SELECT * FROM base WHERE channel = 'ads' COLLATE own_collation_of_more_than_eighteen_bytes",
                                     lambda c: c.create_collation("own_collation_of_more_than_eighteen_bytes", lambda a, b: 0), ["ads"], ["ADS", "ads", "email"]),
}  # fmt: skip


@pytest.mark.parametrize("what", REGISTERED)
@pytest.mark.parametrize("kind", ["a view", "a generated column"])
def test_what_the_host_registers_anew(what, kind):
    """The database is the same, and so is the program's text: a view over it is not kept, or not found again."""
    sql, change, before, after = REGISTERED[what]
    if kind == "a generated column" and what != "one of SQLite's":
        pytest.skip("one is enough: the same rule")
    connection = harness.connect()
    views(connection)
    connection.create_function("host", 1, word("a"), deterministic=True)
    for name in ("own", "own_collation_of_more_than_eighteen_bytes"):
        connection.create_collation(name, lambda a, b: (a > b) - (a < b))
    if kind == "a view":
        connection.execute(f"CREATE TEMP VIEW v AS {sql}")
    else:
        connection.execute("CREATE TABLE v(entity, ts, raw, channel AS (lower(raw)))")
        connection.execute("INSERT INTO v SELECT entity, ts, channel FROM base")
    assert channels(connection) == channels(connection) == before
    change(connection)
    found = channels(connection)
    assert found == after if after else len(found) == 1


def loads(connection):
    seen = []
    connection.set_trace_callback(seen.append)
    channels(connection)
    connection.set_trace_callback(None)
    return sum("attribution_ingest(" in text and '"v"' in text for text in seen if not text.startswith("EXPLAIN"))


@pytest.mark.parametrize("sql", ["SELECT * FROM base", "SELECT entity, ts, upper(channel) AS channel FROM base WHERE channel LIKE 'a%'",
                                 "SELECT entity, ts, email_domain('x@' || channel || '.de') AS channel FROM base", "SELECT entity, min(ts) AS ts, channel FROM base GROUP BY 1, 3 COLLATE nocase"])  # fmt: skip
def test_what_only_sqlite_and_we_have_registered_is_kept(sql):
    connection = harness.connect()
    views(connection)
    connection.create_collation("own", lambda a, b: 0)
    connection.execute(f"CREATE TEMP VIEW v AS {sql}")
    assert loads(connection) > 0
    assert loads(connection) == 0


MOVES = "touch_credit(ts, 'linear') OVER (PARTITION BY entity ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"
STANDS = "touch_credit(ts, 'linear') OVER ()"


@pytest.mark.parametrize("where", ["temp", "a.", "a file"])
def test_the_frame_of_a_view_in_a_database_that_is_opened_anew(tmp_path, where):
    """The same statement at the same address, over a view whose frame does not move: it was once taken for the one before, and its shares were wrong."""
    connection = harness.connect(tmp_path / "t.db", cached_statements=0)
    connection.execute("CREATE TABLE touches AS SELECT 1 AS entity, 1 AS ts")

    def ask(number, call):
        if where == "temp":
            connection.execute(f"PRAGMA temp_store = {number}")
            connection.execute(f"CREATE TEMP VIEW v AS SELECT {call} AS share FROM main.touches")
        else:
            connection.execute("ATTACH ? AS a", (":memory:" if where == "a." else str(tmp_path / f"{number}.db"),))
            connection.execute("CREATE TABLE a.touches AS SELECT 1 AS entity, 1 AS ts")
            connection.execute(f"CREATE VIEW a.v AS SELECT {call} AS share FROM touches")
        try:
            return connection.execute("SELECT share FROM v").fetchall()
        finally:
            if where != "temp":
                connection.execute("DETACH a")

    assert ask(1, MOVES) == [(1.0,)]
    with pytest.raises(sqlite3.OperationalError, match="this frame is the same for several rows"):
        ask(2, STANDS)
    assert ask(1, MOVES) == [(1.0,)] if where != "a file" else True
