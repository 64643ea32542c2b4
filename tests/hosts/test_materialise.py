"""Views and tables made from calls: reopened, read without the extension, in UTF-16, in other schemas."""

import sqlite3

import pytest

import harness
from libsqlite import TABLES, answers, create_file

CREDITS = "SELECT * FROM attribution('touches', 'conversions', 'linear, last_touch')"
VIEWS = {
    "credits": CREDITS,
    "channels": "SELECT * FROM attribution_summary('touches', 'conversions', 'all', 'period=year')",
    "paths": "SELECT * FROM journeys('touches', 'conversions')",
    "listed": "SELECT * FROM attribution_help",
    "shares": "SELECT entity, weighted_credit(channel, ts, 'linear') AS share FROM touches GROUP BY entity",
    "report": "SELECT c.entity, c.channel, p.path FROM attribution('touches', 'conversions') c JOIN journeys('touches', 'conversions') p"
              " ON p.conversion_id = c.conversion_id",  # fmt: skip
}
PLAIN = [(1, 100, "ads"), (1, 200, "email"), (2, 100, "seo"), ("ü", 50, "größe"), ("日本", 10, "検索"), ("😀", 5, "a\u0301")]
DEALS = [(1, 250, 100.0), (2, 400, 30), ("ü", 60, 12.5), ("日本", 20, 1), ("😀", 6, 2)]


def create_views(connection, schema="", temp=""):
    for name, sql in VIEWS.items():
        connection.execute(f"CREATE {temp} VIEW {schema}{name} AS {sql}")


def read(connection, schema=""):
    return {name: sorted(connection.execute(f"SELECT * FROM {schema}{name}").fetchall(), key=repr) for name in VIEWS}


def test_views_in_a_reopened_database(tmp_path):
    path = create_file(tmp_path / "t.db")
    connection = harness.connect(path)
    create_views(connection)
    made = read(connection)
    assert all(made.values())
    connection.close()
    for parameters in ("mode=rw", "mode=ro", "immutable=1"):
        connection = harness.connect(f"file:{path}?{parameters}", uri=True)
        assert read(connection) == made
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()


def test_views_follow_their_tables(tmp_path):
    connection = harness.connect(create_file(tmp_path / "t.db"))
    create_views(connection)
    before = read(connection)
    connection.execute("INSERT INTO conversions(entity, ts, value) VALUES (9, 20, 1000)")
    after = read(connection)
    assert {name for name in VIEWS if before[name] != after[name]} == {"credits", "channels", "paths", "report"}
    connection.execute("DELETE FROM conversions WHERE entity = 9")
    assert read(connection) == before
    connection.close()


def test_a_host_without_the_extension(tmp_path):
    """The rest of the file is as good as ever, and the views can be dropped."""
    path = create_file(tmp_path / "t.db")
    connection = harness.connect(path)
    create_views(connection)
    connection.execute(f"CREATE TABLE kept AS {CREDITS}")
    rows = connection.execute("SELECT * FROM kept").fetchall()
    connection.close()
    plain = sqlite3.connect(path, isolation_level=None)
    assert plain.execute("SELECT * FROM kept").fetchall() == rows
    assert plain.execute("SELECT count(*) FROM touches").fetchone() == (6,)
    with pytest.raises(sqlite3.OperationalError, match=r"no such table: (main\.)?attribution"):
        plain.execute("SELECT * FROM credits")
    plain.execute("ALTER TABLE kept ADD COLUMN note")
    for name in VIEWS:
        plain.execute(f"DROP VIEW {name}")
    plain.execute("VACUUM")
    assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    plain.close()


@pytest.mark.parametrize("schema, temp", [("", "TEMP"), ("other.", ""), ("temp.", "")])
def test_views_of_other_schemas(tmp_path, schema, temp):
    connection = harness.connect(create_file(tmp_path / "t.db"))
    connection.execute("ATTACH ? AS other", (create_file(tmp_path / "other.db"),))
    create_views(connection)
    expected = read(connection, "main.")
    create_views(connection, schema, temp)
    assert read(connection, schema or "temp.") == expected
    connection.close()


def test_create_table_as_keeps_every_value(tmp_path):
    connection = harness.connect(create_file(tmp_path / "t.db"))
    for name, sql in VIEWS.items():
        connection.execute(f"CREATE TABLE copy_{name} AS {sql}")
        copy = connection.execute(f"SELECT * FROM copy_{name} ORDER BY rowid").fetchall()
        rows = connection.execute(sql).fetchall()
        assert copy == rows
        assert [list(map(type, row)) for row in copy] == [list(map(type, row)) for row in rows]
    connection.close()


def test_columns_have_the_class_that_they_declare(tmp_path):
    """TEXT columns hold text, REAL ones reals, INTEGER ones integers, or NULL; the others keep the class of the input."""
    connection = harness.connect(create_file(tmp_path / "t.db"))
    classes = {"TEXT": {"text", "null"}, "REAL": {"real", "null"}, "INTEGER": {"integer", "null"}}
    for table in ("attribution", "attribution_summary", "journeys"):
        for name, declared in connection.execute("SELECT name, type FROM pragma_table_xinfo(?) WHERE NOT hidden", (table,)).fetchall():
            found = {row[0] for row in connection.execute(f"SELECT DISTINCT typeof({name}) FROM {table}('touches', 'conversions')")}
            assert found <= classes.get(declared, {"text", "integer", "real", "null"}), (table, name)
    connection.close()


def test_insert_select_while_reading_the_same_tables(tmp_path):
    """Conversions made from conversions: the call sees the tables as they were when it began."""
    connection = harness.connect(create_file(tmp_path / "t.db"))
    sql = "SELECT entity, converted_at + 1000, value FROM attribution('touches', 'conversions')"
    rows = connection.execute(sql).fetchall()
    connection.execute(f"INSERT INTO conversions(entity, ts, value) {sql}")
    added = connection.execute("SELECT entity, ts, value FROM conversions WHERE ts >= 1000 ORDER BY id").fetchall()
    assert added == rows
    connection.close()


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_encodings(tmp_path, encoding):
    """Keys, labels and paths come back as they went in; the answers are those of UTF-8."""
    results, label = [], '"Kanal ""x"""'
    for name in ("UTF-8", encoding):
        connection = harness.connect(tmp_path / f"{name}-{len(results)}.db")
        connection.execute(f"PRAGMA encoding = '{name}'")
        connection.executescript(TABLES)
        assert connection.execute("PRAGMA encoding").fetchone() == (name,)
        harness.create(connection, "Größen", ["entity", "ts", label], PLAIN)
        harness.create(connection, "deals", ["entity", "ts", "value"], DEALS)
        relation = f"Größen(entity, ts, {label})"
        results.append([
            answers(connection),
            connection.execute("SELECT * FROM attribution(?, 'deals', 'all')", (relation,)).fetchall(),
            connection.execute("SELECT * FROM journeys(?, 'deals', 'ignore=größe')", (relation,)).fetchall(),
            connection.execute("SELECT * FROM attribution(?, 'deals') WHERE entity = '日本'", (relation,)).fetchall(),
            # sorted here: SQLite orders text by the bytes of the encoding
            sorted(connection.execute(f"SELECT weighted_credit({label}, ts, 'linear') FROM Größen GROUP BY entity")),
            connection.execute(f"SELECT last_touch({label}, ts) OVER (ORDER BY ts) FROM Größen").fetchall(),
        ])  # fmt: skip
        connection.close()
    assert results[0] == results[1]
    assert any(row[7] == "検索" for row in results[1][1])
