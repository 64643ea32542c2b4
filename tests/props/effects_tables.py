"""What the tests of effects share: the shared cases, calls as dicts, and how rows are compared."""

import csv
from fractions import Fraction

import harness
from effects_strategies import bounded

SLACK = Fraction(1, 10**10)
ORACLE_PATHS = {
    "pychattr_readme": [("ABABBA", 1, 1, 0), ("ABBAA", 1, 1, 0), ("AA", 1, 1, 0)],
    "dp6_fixture": [(path, 1, 3, 0) for path in ("A", "AB", "ABC", "B", "BA", "BCA", "C", "CA", "CBA")],
    "anderl_style": [("C1 > C2 > C3", 1, 100, 0), ("C1", 0, 0, 1), ("C2 > C3", 0, 0, 1)],
    "null_only_channel": [("AB", 2, 20, 1), ("D", 0, 0, 5), ("A", 1, 10, 3)],
    "all_null": [("AB", 0, 0, 4)],
}


def oracle_rows(case):
    """The paths of a shared case as text; there every letter is a channel."""
    return [(path if "C1" in path or "C2" in path else " > ".join(path), *rest) for path, *rest in ORACLE_PATHS[case]]


def oracles(shared_data, name):
    """Rows of a file of shared oracles; nan is NULL."""
    with open(shared_data(f"oracles/{name}"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["case"] for row in rows} == set(ORACLE_PATHS)
    return [{name: None if value == "nan" else value for name, value in row.items()} for row in rows]


def close(actual, wanted, slack=SLACK):
    """Equal to 1e-10, absolute and relative, or both NULL."""
    if actual is None or wanted is None:
        return actual is None and wanted is None
    return abs(Fraction(actual) - Fraction(wanted)) <= slack * max(1, abs(Fraction(wanted)))


def assert_rows(actual, wanted, columns, slack=SLACK):
    """The same channels in the same order, and numbers that agree."""
    assert [row["channel"] for row in actual] == [row["channel"] for row in wanted]
    for left, right in zip(actual, wanted):
        bad = {c: (left[c], right[c]) for c in columns if not close(left[c], right[c], slack)}
        assert not bad, f"{left['channel']}: {bad}"


def exactly(rows):
    """Rows to the bit and to the class."""
    return [repr(list(row.values())) for row in rows]


def ask(connection, function, *arguments, columns="*"):
    marks = ", ".join("?" * len(arguments))
    return harness.rows_of(connection, f"SELECT {columns} FROM {function}({marks})", *arguments)


def ask_paths(case):
    """path_effects() of a PathCase."""
    connection = case.fill()
    try:
        return ask(connection, "path_effects", case.relation, case.options)
    finally:
        connection.close()


def ask_counts(rows, options=""):
    """markov_effects() of rows (from_state, to_state, weight, value)."""
    connection = bounded(harness.connect())
    harness.create(connection, "counts", ["from_state", "to_state", "weight", "value"], rows)
    try:
        return ask(connection, "markov_effects", "counts(from_state, to_state, weight, value)", options)
    finally:
        connection.close()


def materialise(connection, name, call, *arguments):
    marks = ", ".join("?" * len(arguments))
    connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM {call}({marks})", arguments)
