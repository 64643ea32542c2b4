"""Golden tests: each cases/x.sql runs through a connection with the extension and must print expected/x.out.

The expected files are computed by hand from docs/rules.md. A file opens with comments; a comment
above a statement is repeated in the output as its heading. One row is one line, cells are
separated by |, NULL is NULL, and a REAL always shows a point.
"""

import sqlite3
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CASES = sorted(path.stem for path in (HERE / "cases").glob("*.sql"))


def statements(text):
    """(comment lines, statement) in turn."""
    comments, statement = [], ""
    for line in text.splitlines():
        if not statement and line.startswith("--"):
            comments.append(line)
        elif statement or line.strip():
            statement += line + "\n"
            if sqlite3.complete_statement(statement):
                yield comments, statement
                comments, statement = [], ""
    assert not statement, "the last statement has no semicolon"


def cell(value):
    if value is None:
        return "NULL"
    if isinstance(value, float):
        text = f"{value + 0.0:.12g}"
        return text if set(text) & set(".en") else text + ".0"
    return str(value)


def output(connection, text):
    lines = []
    for comments, statement in statements(text):
        lines += comments
        lines += ["|".join(map(cell, row)) for row in connection.execute(statement)]
    return lines


@pytest.mark.parametrize("name", CASES)
def test_case(db, name):
    actual = output(db, (HERE / "cases" / f"{name}.sql").read_text(encoding="utf-8"))
    assert actual == (HERE / "expected" / f"{name}.out").read_text(encoding="utf-8").splitlines()


def test_every_expected_file_has_its_case():
    assert CASES and CASES == sorted(path.stem for path in (HERE / "expected").glob("*.out"))
