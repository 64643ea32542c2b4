"""Prints every answer that the tests know how to ask for, to the last bit: the golden cases, the hosts' queries, the examples of
the reference, the cookbook. Two builds of the extension must print the same. ATTRIBUTION_SO names the build."""

import sqlite3
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / folder) for folder in ("props", "hosts", "sql", "cookbook")]

import cookbook  # noqa: E402
import harness  # noqa: E402
import libsqlite  # noqa: E402
import test_cases  # noqa: E402


def exact(value):
    return value.hex() if isinstance(value, float) else repr(value)


def answer(connection, sql):
    """The rows of a statement, or its error; of what changes the database nothing."""
    print(f"-- {' '.join(sql.split())}")
    try:
        for row in connection.execute(sql):
            print(" | ".join(map(exact, row)))
    except sqlite3.Error as error:
        print(f"error: {error}")


def main():
    for path in sorted((TESTS / "sql" / "cases").glob("*.sql")):
        connection = harness.connect()
        for _, statement in test_cases.statements(path.read_text(encoding="utf-8")):
            answer(connection, statement)
    connection = harness.connect()
    connection.executescript(libsqlite.TABLES)
    for sql in libsqlite.QUERIES:
        answer(connection, sql)
    demo = cookbook.open_demo()
    for (example,) in demo.execute("SELECT example FROM attribution_help WHERE example IS NOT NULL ORDER BY rowid").fetchall():
        if "attribution_version" not in example:
            answer(demo, example if example.startswith("SELECT") else f"SELECT * FROM {example}")
    for path in cookbook.examples().values():
        connection = cookbook.open_demo()
        for statement in cookbook.statements(path):
            answer(connection, statement)


main()
