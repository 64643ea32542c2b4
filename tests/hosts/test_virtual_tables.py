"""Virtual tables as relations: the answer is that over a plain table, asked once and again, and no change goes unseen.

What a virtual table reads may change without a trace in any database, so nothing of it is ever kept. tests/versions/modules.py asks
the same of modules that are no part of SQLite's library, a CSV file's among them.
"""

import sqlite3

import pytest

import harness
from libsqlite import TABLES, create_file

ASKED = [
    "SELECT * FROM attribution('{touches}(entity, ts, channel)', 'conversions', 'linear, time_decay(half_life=100)') ORDER BY model, conversion_id, position",
    "SELECT * FROM attribution('{touches}(entity, ts, channel)', 'conversions', 'markov', 'threads=4') ORDER BY conversion_id, position",
    "SELECT * FROM attribution('{touches}(entity, ts, channel)', 'conversions') WHERE entity = 1 ORDER BY conversion_id, position",
    "SELECT * FROM attribution_summary('{touches}(entity, ts, channel)', 'conversions', 'linear, shapley')",
    "SELECT * FROM journeys('{touches}(entity, ts, channel)', 'conversions') ORDER BY entity, conversion_id, started_at",
    "SELECT * FROM attribution_summary('conversions(entity, ts, id)', '{touches}(entity, ts)')",
    "SELECT * FROM funnel('{touches}(entity, ts, channel)', 'ads > email') ORDER BY entity, pass, stage_no",
    "SELECT * FROM attribution_audit('{touches}(entity, ts, channel)', 'conversions') WHERE finding <> 'summary' ORDER BY 3, 2, 1, detail",
    "SELECT * FROM channel_effects('{touches}(entity, ts, channel)', 'conversions')",
]

IDS = {"touch_id", "event_id", "row_id"}


def answers(connection, touches):
    """Of a relation: ids apart, which a view has not, and the order of findings, which stand in that of rows."""
    found = []
    for sql in ASKED:
        cursor = connection.execute(sql.format(touches=touches))
        names = [column[0] for column in cursor.description]
        found.append([tuple(value for name, value in zip(names, row) if name not in IDS) for row in cursor])
    return found


def check(connection, relation):
    """The relation, asked twice, against a plain table with its rows as they are now."""
    connection.execute("DROP TABLE IF EXISTS temp.plain")
    connection.execute(f"CREATE TEMP TABLE plain AS SELECT entity, ts, channel FROM {relation}")
    connection.execute("CREATE TEMP VIEW IF NOT EXISTS plainly AS SELECT * FROM temp.plain")
    expected = answers(connection, "plainly")
    assert expected[0] and expected[3] and expected[6]
    assert [answers(connection, relation) for _ in range(2)] == [expected, expected]
    return expected


ROWS = "SELECT entity, ts, channel FROM touches"
MODULES = {
    "json_each": (
        "CREATE TABLE documents(body);"
        "INSERT INTO documents SELECT json_group_array(json_array(entity, ts, channel)) FROM touches;"
        "CREATE VIEW v AS SELECT json_extract(value, '$[0]') AS entity, json_extract(value, '$[1]') AS ts, json_extract(value, '$[2]') AS channel"
        " FROM documents, json_each(body)",
        "UPDATE documents SET body = replace(body, 'seo', 'email')",
    ),
    "fts5": (f"CREATE VIRTUAL TABLE v USING fts5(entity, ts, channel); INSERT INTO v {ROWS}", "UPDATE v SET channel = 'email' WHERE v MATCH 'seo'"),
    "fts5 by its own tables": (f"CREATE VIRTUAL TABLE v USING fts5(entity, ts, channel); INSERT INTO v {ROWS}",
                               "UPDATE v_content SET c2 = 'email' WHERE c2 = 'seo'"),
    "rtree": (
        "CREATE VIRTUAL TABLE places USING rtree_i32(id, ts, until, +entity, +channel);"
        f"INSERT INTO places(ts, until, entity, channel) SELECT ts, ts, entity, channel FROM ({ROWS});"
        "CREATE VIEW v AS SELECT * FROM places",
        "UPDATE places SET channel = 'email' WHERE channel = 'seo'",
    ),
}  # fmt: skip


def has_module(connection, module):
    """Whether SQLite has been built with it; one without arguments is not listed before its first use."""
    try:
        connection.execute(f"SELECT 1 FROM {module}" if module == "json_each" else f"CREATE VIRTUAL TABLE temp.probe USING {module}(a, b, c)")
    except sqlite3.OperationalError as error:
        assert str(error) in (f"no such module: {module}", f"no such table: {module}")
        return False
    connection.execute("DROP TABLE IF EXISTS temp.probe")
    return True


@pytest.mark.parametrize("name", MODULES)
def test_a_virtual_table_as_a_relation(tmp_path, name):
    create, change = MODULES[name]
    path = create_file(tmp_path / "t.db")
    connection, other = harness.connect(path), harness.connect(path)
    if not has_module(connection, name.split()[0]):
        pytest.skip(f"this SQLite is built without {name.split()[0]}")
    connection.executescript(create)
    before = check(connection, "v")
    assert check(other, "v") == before
    try:
        connection.executescript(change)
    except sqlite3.OperationalError as error:
        assert str(error) == "table v_content may not be modified"
        pytest.skip("this SQLite is defensive from the start: nobody writes the tables of FTS5")
    after = check(connection, "v")
    assert after != before
    assert check(other, "v") == after
    connection.execute("BEGIN")
    connection.execute("DELETE FROM conversions WHERE id = 1")
    assert check(connection, "v") not in (before, after)
    connection.execute("ROLLBACK")
    assert check(connection, "v") == after


def test_a_relation_that_is_another_connections_state(db):
    """pragma_… tables read what no commit shows: here the limit of the connection's cache."""
    db.executescript(TABLES)
    db.execute("CREATE TEMP VIEW v AS SELECT t.entity, t.ts, 'size ' || p.cache_size AS channel FROM touches AS t, pragma_cache_size AS p")
    found = []
    for size in (-100, -200, -100):
        db.execute(f"PRAGMA cache_size = {size}")
        found += [{row[0] for row in db.execute("SELECT channel FROM attribution('v', 'conversions') WHERE touch_id IS NOT channel AND position > 0")}]
    assert found == [{"size -100"}, {"size -200"}, {"size -100"}]
