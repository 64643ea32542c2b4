"""Prints every answer to the questions of questions.py, to the last bit. Two builds of the extension must print the same.
ATTRIBUTION_SO names the build."""

import sqlite3

from questions import connect, questions


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


for _, on_demo, script, statements in questions():
    connection = connect(on_demo)
    connection.executescript(script)
    for sql in statements:
        answer(connection, sql)
