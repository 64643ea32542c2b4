"""Modules of SQLite's sources that its library has not: a CSV file and generate_series as relations (make test-hosts).

Their answer is that over a plain table, asked once and again; a file that somebody writes anew under an open connection is read anew.
ATTRIBUTION_HOST names the folder that has csv.so and series.so.
"""

import os
import sqlite3

import pytest

import harness
from libsqlite import create_file
from test_virtual_tables import check

HOST = os.environ["ATTRIBUTION_HOST"]


def connect(path, module):
    connection = harness.connect(path)
    connection.enable_load_extension(True)
    connection.execute("SELECT load_extension(?)", (f"{HOST}/{module}",))
    return connection


def write(path, rows):
    """Written in place, as an export that is repeated does it: the same file, of the same length perhaps."""
    text = "entity,ts,channel\n" + "".join(f"{entity},{ts},{channel}\n" for entity, ts, channel in rows)
    path.write_text(text, encoding="utf-8")


def test_a_csv_file(tmp_path):
    path, csv = create_file(tmp_path / "t.db"), tmp_path / "touches.csv"
    rows = [("a", 100, "ads"), ("a", 200, "email"), ("a", 300, "seo"), ("b", 50, "ads"), ("9", 10, "email")]
    connections = [connect(path, "csv") for _ in range(2)]
    for connection in connections:
        connection.execute("DROP TABLE IF EXISTS conversions")
        connection.execute("CREATE TABLE conversions(id INTEGER PRIMARY KEY, entity, ts, value)")
    connections[0].execute("INSERT INTO conversions(entity, ts, value) VALUES ('a', 250, 100.0), ('a', 400, 50.5), ('b', 60, 12.5), ('c', 1, 8)")
    write(csv, rows)
    for connection in connections:
        connection.execute(f"CREATE VIRTUAL TABLE temp.touches_csv USING csv(filename='{csv}', header=YES)")
        connection.execute("CREATE TEMP VIEW of_csv AS SELECT entity, ts, channel FROM touches_csv WHERE channel <> 'none'")
    seen = []
    for channel in ("seo", "sem", "one more", "seo"):
        write(csv, [(entity, ts, channel if label == "seo" else label) for entity, ts, label in rows])
        for relation in ("touches_csv", "of_csv"):
            found = [check(connection, relation) for connection in connections]
            assert found[0] == found[1]
            seen.append(found[0])
    assert seen[0] == seen[1] == seen[6] and seen[0] != seen[2] and seen[2] != seen[4]
    csv.unlink()
    with pytest.raises(sqlite3.OperationalError, match="cannot open"):
        connections[0].execute("SELECT * FROM attribution('touches_csv(entity, ts, channel)', 'conversions')").fetchall()
    write(csv, rows)
    assert check(connections[0], "touches_csv") == seen[0]


def test_a_csv_file_with_as_many_rows_as_several_readers_share(tmp_path):
    """They would not know the module: it is read by the connection that does."""
    csv = tmp_path / "touches.csv"
    write(csv, [(f"e{i % 1000}", i, f"c{i % 7}") for i in range(100_000)])
    connection = connect(str(tmp_path / "t.db"), "csv")
    connection.execute(f"CREATE VIRTUAL TABLE temp.many USING csv(filename='{csv}', header=YES)")
    connection.executescript("CREATE TABLE plain AS SELECT entity, ts, channel FROM many;"
                             "CREATE TABLE conversions AS SELECT DISTINCT entity, 1000000 AS ts, 1 AS value FROM plain")  # fmt: skip
    sql = "SELECT * FROM attribution_summary('{}(entity, ts, channel)', 'conversions', 'linear, markov', 'threads=4')"
    expected = connection.execute(sql.format("plain")).fetchall()
    assert len(expected) == 14
    assert [connection.execute(sql.format("many")).fetchall() for _ in range(2)] == [expected, expected]


def test_generate_series(tmp_path):
    connection = connect(create_file(tmp_path / "t.db"), "series")
    connection.executescript("CREATE TEMP TABLE step(every); INSERT INTO step VALUES (7);"
                             "CREATE TEMP VIEW v AS SELECT value % 10 AS entity, value AS ts, CASE value % 3 WHEN 0 THEN 'ads' ELSE 'email' END AS channel"
                             " FROM generate_series(1, 400, (SELECT every FROM step))")  # fmt: skip
    before = check(connection, "v")
    connection.execute("UPDATE step SET every = 3")
    assert check(connection, "v") != before
    connection.execute("UPDATE step SET every = 7")
    assert check(connection, "v") == before
