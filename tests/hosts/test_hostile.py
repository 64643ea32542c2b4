"""Databases from an attacker: views that call us on our own output, names that mean to break out, tables that hide others, damaged files.

For each: a clear error or the right answer, within bounded depth. What docs/security.md promises is tested here and in test_authorizer.py and
test_limits.py. ATTRIBUTION_DAMAGED is the number of damaged files (make test-limits); without it 60.
"""

import os
import random
import re
import sqlite3
import threading

import pytest

import harness
from libsqlite import DBCONFIG_DEFENSIVE, DBCONFIG_TRUSTED_SCHEMA, Database, QUERIES, TABLES, answers, create_file, run_script

DEEP = "{}(): views that call each other's table functions are nested deeper than 8; read a table instead"
PAIR = "attribution('{0}(entity, ts, channel)', '{0}(entity, ts)')"
CREDITS = [("xa", 0.5), ("xa", 1.0), ("xb", 0.5)]


@pytest.fixture
def filled(db):
    db.executescript(TABLES)
    return db


def refusal(connection, sql, *parameters):
    with pytest.raises(sqlite3.DatabaseError) as caught:
        connection.execute(sql, *parameters).fetchall()
    return str(caught.value)


##################################### Recursion ######################################

EVERY_COLUMN = "1 AS entity, 2 AS ts, 'a' AS stage, 'x' AS channel, 1 AS value, 3 AS converted_at, 'p' AS path, 1 AS conversions, 'f' AS from_state, 't' AS to_state, 1 AS weight"
CALLS = ["attribution('e', 'e')", "attribution_summary('e', 'e')", "journeys('e', 'e')", "funnel('e', 'a > b')", "funnel_summary('e', 'a > b')",
         "conversion_curve('e')", "pipeline_forecast('e', 'e', 'a > b')", "pipeline_forecast_summary('e', 'e', 'a > b')", "channel_effects('e', 'e')",
         "path_effects('e')", "markov_transitions('e', 'e')", "markov_orders('e', 'e')", "markov_effects('e')",
         "shapley_effects('e(path, conversions)')", "attribution_audit('e', 'e')", "funnel_audit('e', 'a > b')"]  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_a_view_that_calls_us_on_itself(filled, call):
    """Every function that takes a relation: the error says why, not once more for each level, and the connection works on."""
    filled.execute(f"CREATE VIEW e AS SELECT {EVERY_COLUMN} FROM {call}")
    for sql in (f"SELECT * FROM {call}", "SELECT * FROM e"):
        assert refusal(filled, sql) == DEEP.format(call.split("(")[0])
    assert answers(filled)[0]


def test_the_calls_above_are_all_that_take_a_relation(db):
    tables = {row[0] for row in db.execute("SELECT DISTINCT part_of FROM attribution_help WHERE kind = 'argument'")}
    assert tables == {call.split("(")[0] for call in CALLS}


@pytest.mark.parametrize("name", ["e", "n" * 200])
def test_views_that_call_each_other(filled, name):
    """Long names do not push the reason out of the message."""
    filled.execute(f"CREATE VIEW {name}1 AS SELECT entity, 1 AS ts, channel FROM attribution('{name}2(entity, ts, channel)', '{name}2(entity, ts)')")
    filled.execute(f"CREATE VIEW {name}2 AS SELECT entity, 1 AS ts, path AS channel FROM journeys('{name}1(entity, ts, channel)', '{name}1(entity, ts)')")
    assert refusal(filled, f"SELECT * FROM {name}1") == DEEP.format("attribution")
    assert refusal(filled, f"SELECT * FROM {name}2") == DEEP.format("journeys")


def test_a_recursive_query_over_itself(filled):
    filled.execute("CREATE VIEW rc AS WITH RECURSIVE r(entity, ts, channel) AS (SELECT 1, 1, 'x' UNION ALL SELECT a.entity, 1, a.channel FROM r"
                   f" JOIN {PAIR.format('rc')} AS a) SELECT * FROM r")  # fmt: skip
    assert refusal(filled, "SELECT * FROM rc") == DEEP.format("attribution")
    endless = ("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r, (SELECT count(*) FROM attribution('touches', 'conversions')))"
               " SELECT n FROM r")  # fmt: skip
    beats = []
    filled.set_progress_handler(lambda: beats.append(1) or len(beats) > 50, 1000)
    assert refusal(filled, endless) == "interrupted"
    filled.set_progress_handler(None, 0)
    assert answers(filled)[0]


def test_eight_levels_answer_on_a_small_stack():
    """What a thread of 256 kB can hold, which is less than any system gives by default."""
    seen = []

    def run():
        connection = harness.connect()
        connection.executescript("CREATE TABLE v0(entity, ts, channel); INSERT INTO v0 VALUES (1, 1, 'x')")
        for i in range(1, 10):
            connection.execute(f"CREATE VIEW v{i} AS SELECT entity, 1 AS ts, channel FROM {PAIR.format(f'v{i - 1}')}")
        seen.append(connection.execute(f"SELECT channel, credit FROM {PAIR.format('v7')}").fetchall())
        seen.append(refusal(connection, f"SELECT * FROM {PAIR.format('v8')}"))
        connection.close()

    size = threading.stack_size(256 * 1024)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    threading.stack_size(size)
    assert seen == [[("x", 1.0)], DEEP.format("attribution")]


####################################### Names ########################################

NAMES = ['a"b', "a'b", "a;b", "a b", "naïve", "表", "a\nb", "[x]", "`x`", "select", "-- x", "/*", "%s%n%w", "rowid", "arg_touches", "row_key", "entity",
         "A" * 5000, " ", "", "\u202e", "😀", "a.b", "(x)", "attribution", "attribution_ingest", "json_each", "r"]  # fmt: skip


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


@pytest.mark.parametrize("name", NAMES, ids=[ascii(name)[:20] for name in NAMES])
def test_names_of_tables_and_columns(db, name):
    columns = ", ".join(quoted(name + suffix) for suffix in "123")
    db.execute(f"CREATE TABLE {quoted(name)}({columns}, {quoted(name)})")
    db.execute(f"INSERT INTO {quoted(name)} VALUES (1, 5, 7, 8)")
    relation, options = f"{quoted(name)}({columns})", f"touch_id={quoted(name)}"
    call = f"SELECT channel, touch_id FROM temp.attribution({{}})"  # temp.: where a table of main hides the function
    assert db.execute(call.format("?, ?, 'linear'"), (relation, relation)).fetchall() == [("7", 1)] or name.lower() == "rowid"
    if name and not name.isspace() and '"' not in name:
        assert db.execute(call.format("?, ?, 'linear', ?"), (relation, relation, options)).fetchall() == [("7", 8)]


BYTES = [b"x\0y", b"\xff\xfe", b'"\xff"', b'"\xe2\x82"', b'"\xed\xa0\x80"', b'"\xf8\x88\x80\x80\x80"', b'"\x1b[31m"', b'"' + b"\xe2\x82\xac" * 300 + b'"',
         b"y" * 1_000_000, b'"' + b"x\n" * 100_000 + b'"']  # fmt: skip


@pytest.mark.parametrize("text", BYTES, ids=range(len(BYTES)))
def test_texts_that_are_no_names(db, text):
    """The error is short and UTF-8 without control characters, whatever it quotes: Python would not even decode it otherwise."""
    db.execute("CREATE TABLE bad(entity, ts, channel)")
    db.execute("INSERT INTO bad VALUES (1, CAST(? AS TEXT), 'x')", (text,))
    for sql in ("SELECT * FROM attribution(CAST(? AS TEXT), 'bad')", "SELECT * FROM journeys('bad', CAST(? AS TEXT))",
                "SELECT * FROM attribution('bad', 'bad', CAST(? AS TEXT))", "SELECT * FROM funnel('bad', CAST(? AS TEXT))",
                "SELECT * FROM attribution('bad', 'bad(entity, ts)') WHERE ? IS NOT NULL",
                "SELECT sequence_match(CAST(? AS TEXT), 1, 1)", "SELECT weighted_credit('a', 1, CAST(? AS TEXT))"):  # fmt: skip
        message = refusal(db, sql, (text,))
        assert "(): " in message and len(message) < 700
        assert all(character >= " " and character != "\x7f" for character in message)


def test_a_schema_of_that_name(filled):
    """A table of main hides a table function of its name, as it hides one of SQLite's; it never runs as another."""
    filled.execute("CREATE TABLE attribution(x)")
    filled.execute("CREATE VIEW journeys AS SELECT 1")
    assert "'attribution' is not a function" in refusal(filled, "SELECT * FROM attribution('touches', 'conversions')")
    assert "'journeys' is not a function" in refusal(filled, "SELECT * FROM journeys('touches', 'conversions')")
    assert len(filled.execute("SELECT * FROM temp.attribution('touches', 'conversions')").fetchall()) == 8


@pytest.mark.parametrize("decoy", ["TABLE", "VIEW"])
def test_a_table_that_poses_as_a_pragma(filled, decoy):
    """It says that random() were deterministic, which would let a view over it be kept; and that there were no other schemas or functions."""
    if decoy == "TABLE":
        filled.executescript("CREATE TABLE pragma_function_list(name, builtin, flags); INSERT INTO pragma_function_list VALUES ('random', 1, 4095), ('abs', 1, 4095);"
                             "CREATE TABLE pragma_database_list(name); CREATE TABLE pragma_module_list(name)")  # fmt: skip
    else:
        filled.execute("CREATE VIEW pragma_function_list AS SELECT 'random' AS name, 1 AS builtin, 4095 AS flags FROM attribution('dice', 'conversions')")
    filled.execute("CREATE VIEW dice AS SELECT entity, ts, 'c' || abs(random()) AS channel FROM touches")
    sql = "SELECT channel FROM attribution('dice', 'conversions')"
    assert filled.execute(sql).fetchall() != filled.execute(sql).fetchall()


################################### Kinds of tables ##################################

ROWS = "INSERT INTO t(entity, ts, channel) VALUES (1, 100, 'xa'), (1, 200, 'xb')"
KINDS = {
    "generated": "CREATE TABLE t(entity, a, b, ts AS (a * 1) VIRTUAL, channel AS ('x' || b) STORED); INSERT INTO t(entity, a, b) VALUES (1, 100, 'a'), (1, 200, 'b')",
    "without rowid": f"CREATE TABLE t(entity, ts, channel, PRIMARY KEY(entity, ts)) WITHOUT ROWID; {ROWS}",
    "strict": f"CREATE TABLE t(entity INT, ts INT, channel TEXT) STRICT; {ROWS}",
    "partial index": f"CREATE TABLE t(entity, ts, channel); CREATE INDEX i ON t(entity) WHERE ts > 150; {ROWS}",
    "fts5": f"CREATE VIRTUAL TABLE t USING fts5(entity UNINDEXED, ts UNINDEXED, channel); {ROWS}",
    "rtree": "CREATE VIRTUAL TABLE r USING rtree(id, a, b); INSERT INTO r VALUES (1, 100, 100), (2, 200, 200);"
             "CREATE VIEW t AS SELECT 1 AS entity, a AS ts, CASE id WHEN 1 THEN 'xa' ELSE 'xb' END AS channel FROM r",
    "json": """CREATE VIEW t AS SELECT 1 AS entity, json_extract(value, '$.t') AS ts, json_extract(value, '$.c') AS channel
               FROM json_each('[{"t": 100, "c": "xa"}, {"t": 200, "c": "xb"}]')""",
    "pragma": "CREATE TABLE ab(a, b); CREATE VIEW t AS SELECT 1 AS entity, 100 * (1 + cid) AS ts, 'x' || name AS channel FROM pragma_table_info('ab')",
    "our functions in it": f"CREATE TABLE t(entity, ts, channel CHECK (email_domain('a@b.co') = 'b.co'), p DEFAULT (period_of(5, 'day')), w AS (wilson_low(4, 10)));"
                           f"CREATE INDEX i ON t(period_of(ts, 'month')); CREATE INDEX k ON t(entity, web_domain(channel)); {ROWS}",
    "a column rowid": f"CREATE TABLE t(rowid, _rowid_, oid, entity, ts, channel); CREATE INDEX i ON t(rowid); {ROWS}",
    "a trigger that calls us": "CREATE TABLE t(entity, ts, channel); CREATE TABLE log(channel, credit); CREATE TRIGGER g AFTER INSERT ON t"
                               f" BEGIN INSERT INTO log SELECT channel, credit FROM {PAIR.format('t')}; END; {ROWS}",
    "2,000 columns": f"CREATE TABLE t({', '.join(f'c{i}' for i in range(1997))}, entity, ts, channel); {ROWS}",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", ["", " WHERE entity = 1"])
def test_tables_of_every_kind(db, kind, where):
    if kind == "strict" and sqlite3.sqlite_version_info < (3, 37):
        pytest.skip("SQLite has strict tables since 3.37")
    db.executescript(KINDS[kind])
    assert sorted(db.execute(f"SELECT channel, credit FROM {PAIR.format('t')}{where}")) == CREDITS
    if kind.startswith("a trigger"):
        assert sorted(db.execute("SELECT * FROM log")) == [("xa", 0.5), ("xa", 1.0), ("xa", 1.0), ("xb", 0.5)]
    if kind.startswith("2,000"):
        assert "did you mean c197?" in refusal(db, "SELECT * FROM attribution('t(entity, ts, c1997)', 't')")


@pytest.mark.parametrize("relation", ["sqlite_master(name, rootpage, type)", "pragma_function_list(name, narg, type)", "attribution_help(name, 'x', name)",
                                      "dbstat(name, pageno, name)", "json_each(key, id, value)", "attribution(entity, touched_at, channel)"])  # fmt: skip
def test_tables_that_are_not_the_files(filled, relation):
    """All rows, or an error with a name in it."""
    try:
        rows = filled.execute("SELECT * FROM attribution(?, 'conversions')", (relation,)).fetchall()
    except sqlite3.DatabaseError as error:
        assert str(error).startswith("attribution(): ")
    else:
        assert {row[2] for row in rows} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("before", ["PRAGMA encoding='UTF-16le';", "PRAGMA encoding='UTF-16be';", "PRAGMA page_size=65536;", "PRAGMA page_size=512;",
                                    "PRAGMA auto_vacuum=2;", "PRAGMA legacy_file_format=1;", "PRAGMA user_version=-1; PRAGMA application_id=7;"])  # fmt: skip
def test_files_of_every_format(tmp_path, filled, before):
    connection = harness.connect(create_file(tmp_path / "t.db", before))
    assert answers(connection) == answers(filled)
    connection.close()


def test_collations_that_are_missing_or_fail(tmp_path):
    path = tmp_path / "t.db"
    writer = sqlite3.connect(path)
    writer.create_collation("theirs", lambda a, b: (a > b) - (a < b))
    writer.executescript("CREATE TABLE t(entity TEXT COLLATE theirs, ts, channel COLLATE theirs); CREATE INDEX i ON t(entity); INSERT INTO t VALUES ('a', 1, 'x')")
    writer.close()
    sql = f"SELECT channel FROM {PAIR.format('t')}"

    def fail(a, b):
        raise ValueError("from the collation")

    for collation in (None, fail):
        connection = harness.connect(path)
        if collation:
            connection.create_collation("theirs", collation)
        assert connection.execute(sql).fetchall() == [("x",)]
        try:
            assert connection.execute(sql + " WHERE entity = 'a'").fetchall() == [("x",)]
        except (sqlite3.OperationalError, ValueError) as error:
            assert "collation" in str(error) or collation
        assert connection.execute(sql).fetchall() == [("x",)]
        connection.close()


#################################### Damaged files ###################################

FILES = {"empty": b"", "garbage": random.Random(1).randbytes(8192), "a header and garbage": b"SQLite format 3\0" + random.Random(2).randbytes(4080),
         "half a header": b"SQLite format 3\0"}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_files_that_are_no_databases(tmp_path, kind):
    path = tmp_path / "t.db"
    path.write_bytes(FILES[kind])
    connection = harness.connect(path)
    message = refusal(connection, "SELECT * FROM attribution('touches', 'conversions')")
    assert "no such table or view: 'touches'" in message if kind == "empty" else message == "file is not a database"
    try:
        connection.execute("SELECT 1")
    except sqlite3.DatabaseError as error:  # SQLite 3.54 reads the schema for any SELECT
        assert (str(error), sqlite3.sqlite_version_info > (3, 47)) == (message, True)
    else:
        assert connection.execute("SELECT weighted_credit('a', 1, 'linear')").fetchone() == ('{"a":1.0}',)
    connection.close()
    assert path.read_bytes() == FILES[kind]


DAMAGE = """
import random, sqlite3, sys
import harness, libsqlite

path, runs = sys.argv[1], int(sys.argv[2])
data = open(path, "rb").read()
generator, outcomes = random.Random(5), {"rows": 0, "errors": 0}
for _ in range(runs):
    copy = bytearray(data)
    if generator.random() < 0.15:
        del copy[generator.randrange(len(copy)):]
    for _ in range(generator.choice([1, 1, 2, 5, 30]) if copy else 0):
        copy[generator.randrange(min(len(copy), 100) if generator.random() < 0.1 else len(copy))] = generator.randrange(256)
    with open(path + ".damaged", "wb") as file:
        file.write(copy)
    connection = harness.connect(path + ".damaged")
    connection.text_factory = bytes
    for sql in libsqlite.QUERIES + ["SELECT * FROM attribution('kept', 'conversions')", "SELECT * FROM attribution('touches', 'conversions') WHERE entity = 1"]:
        try:
            connection.execute(sql).fetchmany(2000)
            outcomes["rows"] += 1
        except (sqlite3.DatabaseError, UnicodeDecodeError):       # SQLite's own messages quote the damaged schema as it is
            outcomes["errors"] += 1
    connection.close()
assert min(outcomes.values()) > runs, outcomes
print("done")
"""


def test_damaged_files(tmp_path):
    """Bytes flipped, tails cut off: rows or errors, no crash, in a process of its own."""
    path = create_file(tmp_path / "t.db", "PRAGMA page_size=512; CREATE TABLE kept(entity, ts, channel, PRIMARY KEY(entity, ts)) WITHOUT ROWID;"
                                          "INSERT INTO kept VALUES (1, 100, 'ads'), (2, 100, 'seo');")  # fmt: skip
    connection = sqlite3.connect(path)
    connection.execute("CREATE INDEX i ON touches(entity)")
    connection.commit()
    connection.close()
    assert run_script(DAMAGE, path, int(os.environ.get("ATTRIBUTION_DAMAGED", "60"))) == "done\n"


############################## What a schema may make us do ##########################

THIEF = """
CREATE TABLE bait(x);
CREATE TABLE stolen(a, b);
CREATE TRIGGER g AFTER INSERT ON bait BEGIN INSERT INTO stolen SELECT channel, entity FROM attribution('other.touches', 'other.conversions'); END;
CREATE VIEW spy AS SELECT channel FROM attribution('other.touches', 'other.conversions');
CREATE VIEW helped AS SELECT name FROM attribution_help;
CREATE VIEW computed AS SELECT period_of(5, 'day') AS day;
"""


def thief(tmp_path):
    create_file(tmp_path / "other.db")
    sqlite3.connect(tmp_path / "thief.db").executescript(THIEF).connection.close()
    database = Database(tmp_path / "thief.db")
    database.execute(f"ATTACH '{tmp_path}/other.db' AS other")
    return database


def test_a_trusted_schema_can_name_tables_of_other_files(tmp_path):
    """Why the functions that take a relation are not declared innocuous, and why the setting below is recommended."""
    database = thief(tmp_path)
    database.execute("INSERT INTO bait VALUES (1)")
    assert database.execute("SELECT count(*) FROM stolen") == [("8",)]
    assert len(database.execute("SELECT * FROM spy")) == 8


@pytest.mark.parametrize("defensive", [0, 1])
def test_a_schema_that_is_not_trusted_cannot(tmp_path, defensive):
    database = thief(tmp_path)
    database.configure(DBCONFIG_TRUSTED_SCHEMA, 0)
    database.configure(DBCONFIG_DEFENSIVE, defensive)
    for sql in ("INSERT INTO bait VALUES (1)", "SELECT * FROM spy"):
        with pytest.raises(AssertionError, match='unsafe use of virtual table "attribution"'):
            database.prepare(sql)
    _, message = database.fails("SELECT * FROM journeys('spy(channel, channel, channel)', 'other.conversions')")
    assert message.endswith('unsafe use of virtual table "attribution"')
    assert database.execute("SELECT count(*) FROM stolen") == [("0",)]
    assert len(database.execute("SELECT * FROM helped")) > 200
    assert database.execute("SELECT * FROM computed") == [("1970-01-01",)]
    assert len(database.execute("SELECT * FROM attribution('other.touches', 'other.conversions')")) == 8
    assert database.close() == 0


def test_every_function_that_takes_a_relation_is_refused_to_an_untrusted_schema(filled):
    for i, call in enumerate(CALLS):
        filled.execute(f"CREATE VIEW v{i} AS SELECT * FROM {call}")
    filled.execute("PRAGMA trusted_schema = OFF")
    for i, call in enumerate(CALLS):
        assert f'unsafe use of virtual table "{call.split("(")[0]}"' in refusal(filled, f"SELECT * FROM v{i}")


def test_functions_are_innocuous_and_the_private_one_is_direct_only(db):
    """So is the one that changes what the connection may use."""
    innocuous, direct = 0x200000, 0x80000
    rows = db.execute("SELECT name, flags FROM pragma_function_list WHERE name IN (SELECT name FROM attribution_help WHERE kind = 'function')"
                      " OR name = 'attribution_ingest'").fetchall()  # fmt: skip
    assert len({name for name, _ in rows}) > 20
    for name, flags in rows:
        assert flags & (innocuous | direct) == (direct if name in ("attribution_ingest", "attribution_memory_mb") else innocuous), name


def test_nothing_is_written_by_any_query(tmp_path):
    """A trigger of theirs on our reading would need a write: there is none, in no schema."""
    database = Database(create_file(tmp_path / "t.db"))
    database.execute("PRAGMA query_only = ON")
    before = (tmp_path / "t.db").read_bytes()
    for sql in QUERIES:
        database.execute(sql)
    assert (tmp_path / "t.db").read_bytes() == before


def test_the_recommended_settings_together(tmp_path, filled):
    """As docs/security.md lists them, on a file with nothing bad in it: the same answers."""
    database = Database(create_file(tmp_path / "t.db"))
    database.configure(DBCONFIG_TRUSTED_SCHEMA, 0)
    database.configure(DBCONFIG_DEFENSIVE, 1)
    for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0"):
        database.execute(f"PRAGMA {pragma}")
    other = Database(tmp_path / "t.db")
    assert [database.execute(sql) for sql in QUERIES] == [other.execute(sql) for sql in QUERIES]
    assert database.close() == other.close() == 0


def test_the_page_names_tests_that_exist():
    """Every promise of docs/security.md is tied to a test by its name."""
    page = (harness.ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    sources = "".join(path.read_text(encoding="utf-8") for folder in ("hosts", "cancel", "core") for path in sorted((harness.ROOT / "tests" / folder).iterdir()) if path.is_file())
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", page))
    assert len(named) > 25
    for name in named:
        assert f"def {name}(" in sources or f"void {name}(" in sources, name
