"""Every question that the tests know how to ask: the golden cases, the hosts' queries, the examples of the reference, the cookbook."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / folder) for folder in ("props", "hosts", "sql", "cookbook")]

import cookbook  # noqa: E402
import harness  # noqa: E402
import libsqlite  # noqa: E402
import test_cases  # noqa: E402


# The first names the build; a process of 32 bits has no 8,000 MB.
OF_THE_BUILD = ("attribution_version", "attribution_memory_mb")


def questions():
    """(name, whether they are asked of the demo database, script that goes before, statements), each for a connection of its own."""
    for path in sorted((TESTS / "sql" / "cases").glob("*.sql")):
        yield path.stem, False, "", [statement for _, statement in test_cases.statements(path.read_text(encoding="utf-8"))]
    yield "hosts", False, libsqlite.TABLES, libsqlite.QUERIES
    examples = cookbook.open_demo().execute("SELECT example FROM attribution_help WHERE example IS NOT NULL ORDER BY rowid").fetchall()
    yield "examples", True, "", [example if example.startswith("SELECT") else f"SELECT * FROM {example}"
                                 for (example,) in examples if not any(name in example for name in OF_THE_BUILD)]
    for path in cookbook.examples().values():
        yield path.stem, True, "", list(cookbook.statements(path))


def connect(on_demo):
    return cookbook.open_demo() if on_demo else harness.connect()
