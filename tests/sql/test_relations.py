"""What a relation may be: tables and views of every schema, odd names, read-only files; and that answers are fresh."""

import sqlite3

import pytest

import harness

TOUCHES = [(1, 1, "a"), (1, 2, "b")]
DEALS = [(1, 9, 10)]


@pytest.fixture
def base(journeys_db):
    return journeys_db(TOUCHES, DEALS)


def channels(connection, touches="touches", conversions="conversions", options=""):
    rows = harness.attribution(connection, "linear", options, touches, conversions)
    return [row["channel"] for row in rows]


@pytest.fixture
def file_db(tmp_path):
    """A database file with the two tables; its path."""
    path = tmp_path / "crm.db"
    connection = sqlite3.connect(path, isolation_level=None)
    harness.add_journeys(connection, TOUCHES, DEALS)
    connection.close()
    return path


def test_a_column_list_may_name_any_columns(base):
    base.execute("CREATE TABLE log(channel_name, happened, account)")
    base.execute("INSERT INTO log VALUES ('x', 3, 1)")
    assert channels(base, "log(account, happened, channel_name)") == ["x"]
    assert channels(base, " log ( account , happened , channel_name ) ") == ["x"]
    assert channels(base, "LOG(Account, Happened, Channel_Name)") == ["x"]


def test_standard_names_beside_other_columns(base):
    base.execute("CREATE TABLE wide(note, channel, ts, more, entity)")
    base.execute("INSERT INTO wide VALUES ('n', 'x', 3, 'm', 1)")
    assert channels(base, "wide") == ["x"]


ODD_NAMES = [
    ("my table", '"my table"'),
    ('a"b', '"a""b"'),
    ("x,y", '"x,y"'),
    ("p(q)", '"p(q)"'),
    ("a.b", '"a.b"'),
    ("select", '"select"'),
    ("ключ", '"ключ"'),
    ("semi;colon", '"semi;colon"'),
    ("it's", '"it\'s"'),
]


@pytest.mark.parametrize("name, quoted", ODD_NAMES)
def test_odd_names_are_quoted(base, name, quoted):
    """As the name of the table and of each of its columns."""
    base.execute(f'CREATE TABLE {quoted}("{name.replace(chr(34), chr(34) * 2)} 1", "my ts", {quoted})')
    base.execute(f"INSERT INTO {quoted} VALUES (1, 3, 'x')")
    first = '"' + quoted[1:-1] + ' 1"'
    assert channels(base, f'{quoted}({first}, "my ts", {quoted})') == ["x"]
    assert channels(base, f'main.{quoted}({first}, "my ts", {quoted})') == ["x"]


def test_a_table_named_like_the_functions(base):
    base.execute('CREATE TABLE "order"(entity, ts, channel)')
    base.execute("INSERT INTO \"order\" VALUES (1, 1, 'x')")
    assert channels(base, '"order"') == ["x"]


def test_views(base):
    base.execute("CREATE VIEW v AS SELECT entity, ts, upper(channel) AS channel FROM touches")
    base.execute("CREATE TEMP VIEW tv AS SELECT entity, ts, channel || '!' AS channel FROM touches WHERE ts > 1")
    assert channels(base, "v") == ["A", "B"]
    assert channels(base, "tv") == ["b!"]
    assert channels(base, "temp.tv") == ["b!"]


def test_a_temp_table_hides_a_table_of_the_same_name(base):
    base.execute("CREATE TEMP TABLE touches(entity, ts, channel)")
    base.execute("INSERT INTO temp.touches VALUES (1, 1, 'temp')")
    assert channels(base) == ["temp"]
    assert channels(base, "main.touches") == ["a", "b"]
    assert channels(base, "temp.touches") == ["temp"]


def test_attached_databases(base, file_db):
    base.execute("ATTACH ? AS crm", (str(file_db),))
    base.execute("INSERT INTO crm.touches VALUES (1, 3, 'attached')")
    assert channels(base, "crm.touches") == ["a", "b", "attached"]
    assert channels(base, "main.touches") == ["a", "b"]
    base.execute("CREATE TABLE crm.only_here(entity, ts, channel)")
    base.execute("INSERT INTO only_here VALUES (1, 1, 'x')")
    assert channels(base, "only_here") == ["x"]
    base.execute("ATTACH ':memory:' AS \"odd schema\"")
    base.execute('CREATE TABLE "odd schema".t(entity, ts, channel)')
    base.execute("INSERT INTO t VALUES (1, 1, 'y')")
    assert channels(base, '"odd schema".t(entity, ts, channel)') == ["y"]


def test_a_detached_database_is_gone(base, file_db):
    base.execute("ATTACH ? AS crm", (str(file_db),))
    assert channels(base, "crm.touches") == ["a", "b"]
    base.execute("DETACH crm")
    with pytest.raises(sqlite3.OperationalError, match="crm"):
        channels(base, "crm.touches")


def test_without_rowid(base):
    base.execute("CREATE TABLE k(entity, ts, channel, PRIMARY KEY (entity, ts)) WITHOUT ROWID")
    base.execute("INSERT INTO k VALUES (1, 2, 'b'), (1, 1, 'a')")
    assert channels(base, "k") == ["a", "b"]


def test_a_column_named_rowid(base):
    """Then the id is the true rowid or that column; what matters is that the call works and finds every touch."""
    base.execute('CREATE TABLE r("rowid", entity, ts, channel)')
    base.execute("INSERT INTO r VALUES ('mine', 1, 1, 'a'), ('yours', 1, 2, 'b')")
    assert channels(base, "r") == ["a", "b"]


def test_generated_columns_and_expressions_of_a_view(base):
    base.execute("CREATE TABLE g(entity, ts, raw, channel AS (lower(raw)))")
    base.execute("INSERT INTO g VALUES (1, 1, 'ADS')")
    assert channels(base, "g") == ["ads"]


def test_one_table_may_be_both_relations(base):
    base.execute("CREATE TABLE log(entity, ts, channel, value)")
    base.execute("INSERT INTO log VALUES (1, 1, 'a', 5), (1, 2, 'b', 7)")
    rows = harness.attribution(base, "last_touch", "", "log", "log(entity, ts, value)")
    assert [(row["conversion_id"], row["channel"], row["value"]) for row in rows] == [(1, "a", 5.0), (2, "b", 7.0)]


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_other_encodings(db, encoding):
    """Labels are compared in UTF-8, whatever the database stores: U+FF5E stands before U+10000."""
    db.execute(f"PRAGMA encoding = '{encoding}'")
    harness.add_journeys(db, [("ä", 1, "\U00010000"), ("ä", 1, "\uff5e"), ("a", 1, "x")], [("ä", 9, 10)])
    assert channels(db) == ["\uff5e", "\U00010000"]
    (text,) = db.execute("SELECT weighted_credit(channel, ts, 'linear') FROM touches WHERE entity = 'ä'").fetchone()
    assert text == '{"\uff5e":0.5,"\U00010000":0.5}'


def test_keys_and_labels_that_hold_a_zero_byte(db):
    harness.add_journeys(db, [("k\0a", 1, "x\0a"), ("k\0a", 2, "x\0b"), ("k\0b", 3, "other")], [("k\0a", 9, 10)])
    assert channels(db) == ["x\0a", "x\0b"]


def test_a_read_only_connection(file_db):
    connection = harness.connect(f"file:{file_db}?mode=ro", uri=True)
    assert channels(connection) == ["a", "b"]
    assert connection.execute("SELECT count(*) FROM journeys('touches', 'conversions')").fetchone() == (1,)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM touches")


def test_a_query_only_connection_and_nothing_is_written(file_db):
    before = file_db.read_bytes()
    connection = harness.connect(file_db)
    connection.execute("PRAGMA query_only = 1")
    assert channels(connection) == ["a", "b"]
    connection.close()
    assert file_db.read_bytes() == before
    assert [path.name for path in file_db.parent.iterdir()] == [file_db.name]


def test_fresh_after_writes_of_the_same_connection(base):
    assert channels(base) == ["a", "b"]
    base.execute("INSERT INTO touches VALUES (1, 3, 'c')")
    assert channels(base) == ["a", "b", "c"]
    base.execute("UPDATE touches SET channel = 'z' WHERE ts = 1")
    assert channels(base) == ["z", "b", "c"]
    base.execute("DELETE FROM touches WHERE ts = 2")
    assert channels(base) == ["z", "c"]
    base.execute("DELETE FROM touches")
    assert channels(base) == ["(unattributed)"]


def test_fresh_after_a_change_of_the_schema(base):
    assert channels(base) == ["a", "b"]
    base.execute("ALTER TABLE touches RENAME TO old")
    base.execute("CREATE TABLE touches(entity, ts, channel)")
    base.execute("INSERT INTO touches VALUES (1, 5, 'new table')")
    assert channels(base) == ["new table"]
    base.execute("DROP TABLE touches")
    base.execute("CREATE VIEW touches AS SELECT entity, ts, 'view of ' || channel AS channel FROM old")
    assert channels(base) == ["view of a", "view of b"]


def test_fresh_when_a_temp_object_appears_and_goes(base):
    assert channels(base) == ["a", "b"]
    base.execute("CREATE TEMP VIEW touches AS SELECT 1 AS entity, 1 AS ts, 'temp' AS channel")
    assert channels(base) == ["temp"]
    base.execute("DROP VIEW temp.touches")
    assert channels(base) == ["a", "b"]


def test_fresh_through_a_view_and_its_tables(base):
    base.execute("CREATE TABLE names(code, name)")
    base.execute("INSERT INTO names VALUES ('a', 'Ads'), ('b', 'Blog')")
    base.execute("CREATE VIEW v AS SELECT entity, ts, name AS channel FROM touches JOIN names ON code = channel")
    assert channels(base, "v") == ["Ads", "Blog"]
    base.execute("UPDATE names SET name = 'Search' WHERE code = 'a'")
    assert channels(base, "v") == ["Search", "Blog"]


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_fresh_after_writes_of_another_connection(file_db, journal):
    reader, writer = harness.connect(file_db), sqlite3.connect(file_db, isolation_level=None)
    assert writer.execute(f"PRAGMA journal_mode = {journal}").fetchone() == (journal,)
    assert channels(reader) == ["a", "b"]
    writer.execute("INSERT INTO touches VALUES (1, 3, 'c')")
    assert channels(reader) == ["a", "b", "c"]
    writer.execute("UPDATE touches SET channel = 'z' WHERE ts = 1")
    assert channels(reader) == ["z", "b", "c"]
    writer.execute("DROP TABLE touches")
    with pytest.raises(sqlite3.OperationalError, match="touches"):
        channels(reader)
    reader.close()
    writer.close()


def test_an_attached_database_written_by_another_connection(base, file_db):
    base.execute("ATTACH ? AS crm", (str(file_db),))
    assert channels(base, "crm.touches") == ["a", "b"]
    other = sqlite3.connect(file_db, isolation_level=None)
    other.execute("UPDATE touches SET channel = 'other'")
    other.close()
    assert channels(base, "crm.touches") == ["other", "other"]


def test_a_read_transaction_of_wal_keeps_its_state(file_db):
    """Inside one transaction both answers are of one state, whatever others commit meanwhile."""
    reader, writer = harness.connect(file_db), sqlite3.connect(file_db, isolation_level=None)
    writer.execute("PRAGMA journal_mode = wal")
    reader.execute("BEGIN")
    assert channels(reader) == ["a", "b"]
    writer.execute("UPDATE touches SET channel = 'later'")
    assert channels(reader) == ["a", "b"]
    reader.execute("COMMIT")
    assert channels(reader) == ["later", "later"]
    reader.close()
    writer.close()


def test_inside_a_transaction_and_after_its_rollback(base):
    assert channels(base) == ["a", "b"]
    base.execute("BEGIN")
    base.execute("UPDATE touches SET channel = 'open'")
    assert channels(base) == ["open", "open"]
    base.execute("ROLLBACK")
    assert channels(base) == ["a", "b"]


def test_after_a_savepoint_is_rolled_back(base):
    base.execute("SAVEPOINT s")
    base.execute("INSERT INTO touches VALUES (1, 3, 'c')")
    assert channels(base) == ["a", "b", "c"]
    base.execute("ROLLBACK TO s")
    assert channels(base) == ["a", "b"]
    base.execute("INSERT INTO touches VALUES (1, 4, 'd')")
    assert channels(base) == ["a", "b", "d"]
    base.execute("RELEASE s")
    assert channels(base) == ["a", "b", "d"]


def test_a_rollback_of_a_new_table(base):
    base.execute("BEGIN")
    base.execute("CREATE TABLE t(entity, ts, channel)")
    base.execute("INSERT INTO t VALUES (1, 1, 'x')")
    assert channels(base, "t") == ["x"]
    base.execute("ROLLBACK")
    with pytest.raises(sqlite3.OperationalError, match="no.*t"):
        channels(base, "t")


def test_a_view_that_uses_random_is_loaded_anew(base):
    base.execute("CREATE VIEW v AS SELECT 1 AS entity, 1 AS ts, hex(randomblob(8)) AS channel")
    assert len({channels(base, "v")[0] for _ in range(5)}) == 5


def test_a_view_that_reads_the_clock_is_loaded_anew(base):
    base.execute("CREATE VIEW v AS SELECT 1 AS entity, 1 AS ts, strftime('%f', 'now') AS channel")
    first = channels(base, "v")
    assert any(channels(base, "v") != first for _ in range(100_000))


def test_a_view_over_a_function_of_the_host_is_loaded_anew(base):
    """A host function that is not declared deterministic may say something else every time."""
    calls = []
    base.create_function("host", 0, lambda: calls.append(1) or f"call {len(calls)}")
    base.execute("CREATE TEMP VIEW v AS SELECT 1 AS entity, 1 AS ts, host() AS channel")
    assert channels(base, "v") != channels(base, "v")


@pytest.mark.parametrize("name, arguments", [("hostlabel", "channel"), ("period_of", "channel"), ("period_of", "channel, 1, 2")])
def test_a_view_over_a_function_that_only_looks_like_ours_is_loaded_anew(base, name, arguments):
    """Of a name as long as one of ours, or of that name for other arguments: the host may register another one, though it calls each deterministic."""
    base.execute("CREATE TABLE log AS SELECT * FROM touches")
    for call in ("first", "second"):
        base.create_function(name, arguments.count(",") + 1, lambda *_, call=call: call, deterministic=True)
        if call == "first":
            base.execute(f"CREATE TEMP VIEW v AS SELECT entity, ts, {name}({arguments}) AS channel FROM log")
        assert channels(base, "v") == [call, call]


def test_a_view_over_a_collation_whose_name_is_part_of_others_is_loaded_anew(base):
    base.execute("INSERT INTO touches VALUES (1, 2, 'B')")

    def register(key):
        for name in ("apar", "part", "apart", "case"):
            base.create_collation(name, lambda a, b: (key(a) > key(b)) - (key(a) < key(b)))

    register(str.casefold)
    base.execute("CREATE TEMP VIEW v AS SELECT entity, ts, max(channel) AS channel FROM touches GROUP BY entity, ts, channel COLLATE apart")
    base.execute("CREATE TEMP VIEW w AS SELECT entity, ts, max(channel) AS channel FROM touches GROUP BY entity, ts, channel COLLATE nocase")
    assert channels(base, "v") == channels(base, "w") == ["a", "b"]
    register(str)
    assert channels(base, "v") == ["a", "B", "b"] and channels(base, "w") == ["a", "b"]


@pytest.mark.parametrize("name", ["host_label", "group_concat"])
def test_a_view_over_an_aggregate_of_the_host_is_loaded_anew(base, name):
    """Also where it has taken the name of one of SQLite's."""
    calls = []

    class Label:
        def step(self, value):
            pass

        def finalize(self):
            calls.append(1)
            return f"call {len(calls)}"

    base.execute(f"CREATE TEMP VIEW v AS SELECT entity, ts, {name}(channel) AS channel FROM touches GROUP BY 1, 2")
    if name == "group_concat":
        assert channels(base, "v") == channels(base, "v") == ["a", "b"]
    base.create_aggregate(name, 1, Label)
    assert channels(base, "v") == ["call 1", "call 2"]
    assert channels(base, "v") == ["call 3", "call 4"]


def test_the_extension_may_be_loaded_twice(base):
    harness.add_extension(base)
    assert channels(base) == ["a", "b"]


def test_several_connections_do_not_share_what_they_loaded(file_db, tmp_path):
    other_path = tmp_path / "other.db"
    other_path.write_bytes(file_db.read_bytes())
    one, two = harness.connect(file_db), harness.connect(other_path)
    two.execute("UPDATE touches SET channel = 'two'")
    assert channels(one) == ["a", "b"]
    assert channels(two) == ["two", "two"]
    one.close()
    two.close()


def test_a_results_table_reads_back_as_it_was(base):
    base.execute("CREATE TABLE kept AS SELECT * FROM attribution('touches', 'conversions')")
    rows = base.execute("SELECT channel, credit, value FROM kept ORDER BY position").fetchall()
    assert rows == [("a", 0.5, 5.0), ("b", 0.5, 5.0)]


@pytest.mark.parametrize("written, words", [
    ("mian.touches", "no such schema: 'mian'; did you mean main? (argument touches)"),
    ("elsewhere.touches", "no such schema: 'elsewhere'; attach it, or write the table's name alone (argument touches)"),
    ("touches{x", "cannot be read at character 8 (got 'touches{x')"),
    ("touches(entity, ts, chan:nel)", "cannot be read at character 25"),
    ("touches(entity, ts, [channel])", "cannot be read at character 21"),
    ("touches(entity, ts, 1st)", "cannot be read at character 21"),
])  # fmt: skip
def test_names_that_are_none(base, written, words):
    with pytest.raises(sqlite3.OperationalError) as refused:
        channels(base, written)
    assert words in str(refused.value)


@pytest.mark.parametrize("make", ["CREATE VIEW bare AS SELECT * FROM touches", "CREATE TABLE bare(entity, ts, channel, PRIMARY KEY(entity, ts)) WITHOUT ROWID"])
def test_a_rowid_that_there_is_not(base, make):
    base.execute(make)
    with pytest.raises(sqlite3.OperationalError, match=r"no such column in bare: 'oid'"):
        channels(base, "bare", options="touch_id=oid")


def test_a_dollar_in_a_name_that_is_not_quoted(base):
    base.execute("CREATE TABLE log$1(entity, ts, channel$)")
    base.execute("INSERT INTO log$1 VALUES (1, 3, 'x')")
    assert channels(base, "log$1(entity, ts, channel$)") == ["x"]
    with pytest.raises(sqlite3.OperationalError, match="cannot be read at character 1 "):
        channels(base, "$log(entity, ts, channel)")
