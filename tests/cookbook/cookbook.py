"""The cookbook, sql-examples/NN-*.sql, as its tests read it: files, statements, what the shell prints, result sets."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "props"))

import harness  # noqa: E402

EXAMPLES = harness.ROOT / "sql-examples"
EXPECTED = EXAMPLES / "expected"
DEMO = harness.ROOT / "build" / "demo.db"


def examples():
    """Number -> file."""
    return {int(path.name[:2]): path for path in sorted(EXAMPLES.glob("[0-9][0-9]-*.sql"))}


def expected_path(path):
    return EXPECTED / f"{path.stem}.out"


def printed(path):
    """What the shell prints of one file on the demo database, with nothing but the extension loaded before it."""
    shell = shutil.which("sqlite3") or pytest.skip("the sqlite3 shell is not installed")
    command = [shell, "-batch", "-bail", "-readonly", "-init", "/dev/null", "-cmd", f".load {harness.extension_path()}",
               str(DEMO), f'.read "{path}"']
    result = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert result.returncode == 0 and not result.stderr, f"{path.name}: {result.stderr}"
    return result.stdout


def statements(path):
    """The SQL statements of a file, comments in front of them left out, and the shell's own commands too."""
    statement = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not statement and (not line.strip() or line.startswith(("--", "."))):
            continue
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    assert not statement, f"{path.name}: the last statement has no semicolon"


def open_demo():
    """The demo database, read-only, with the extension."""
    return harness.connect(f"file:{DEMO}?mode=ro", uri=True)


def results(question, connection=None):
    """The rows of every statement of a question (its number, or a file) that returns some, as lists of dicts, in order."""
    connection = connection or open_demo()
    sets = []
    for statement in statements(examples()[question] if isinstance(question, int) else question):
        cursor = connection.execute(statement)
        if cursor.description:
            names = [column[0] for column in cursor.description]
            sets.append([dict(zip(names, row)) for row in cursor])
    return sets
