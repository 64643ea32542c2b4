"""logistic_fit() against glm(family = binomial) of R, on random data: offsets, units, strong effects, rare events, near combinations.

R is installed by `make test`; without it these tests fail.
"""

import csv
import json
import math
import random
import sqlite3
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

import harness

SCRIPT = Path(__file__).with_name("logistic.R")
MOST = 6
COLUMNS = {
    "normal": lambda r, row: r.gauss(0, 1),
    "wide": lambda r, row: r.gauss(0, 1) * 1e9,
    "narrow": lambda r, row: r.gauss(5, 1) * 1e-6,
    "flag": lambda r, row: int(r.random() < 0.4),
    "rare flag": lambda r, row: int(r.random() < 0.05),
    "count": lambda r, row: r.randrange(8),
    "time": lambda r, row: 1_700_000_000 + r.randrange(10_000_000),
    "money": lambda r, row: round(math.exp(r.gauss(8, 2)), 2),
    "near": lambda r, row: row[0] * 3 * (1 + r.gauss(0, 1e-5)) if row else r.gauss(0, 1),
}


def logistic(eta):
    return 1 / (1 + math.exp(-eta)) if eta > -700 else 0.0


def standardised(columns):
    """A sum of the columns with like weights, however large their numbers are."""
    total = [0.0] * len(columns[0]) if columns else []
    for column in columns:
        mean = sum(column) / len(column)
        size = math.sqrt(sum((x - mean) ** 2 for x in column) / len(column)) or 1.0
        total = [old + (x - mean) / size for old, x in zip(total, column)]
    return total


def data_set(r, n, kinds, strength, offset):
    """Rows [y, x1, …]: P(y) rises with the sum of the standardised columns."""
    rows = []
    for _ in range(n):
        row = []
        for kind in kinds:
            row.append(COLUMNS[kind](r, row))
        rows.append(row)
    etas = standardised(list(zip(*rows))) or [0.0] * n
    return [[int(r.random() < logistic(offset + strength * eta)), *row] for eta, row in zip(etas, rows)]


def random_data_sets():
    r = random.Random(11)
    for _ in range(160):
        kinds = [r.choice(list(COLUMNS)) for _ in range(r.randrange(MOST))]
        yield data_set(r, r.choice([8, 20, 60, 300]), kinds, r.choice([0.2, 0.5, 1, 3]), r.choice([-2, -0.5, 0, 1]))
    for kinds in (["normal"], ["count", "flag"], ["time", "normal", "money"]):
        yield data_set(r, 10_000, kinds, 0.3, -8)  # few with y
        yield data_set(r, 3_000, kinds, 12, 1)  # nearly all rows are certain
    rare = [[0, r.gauss(0, 1), r.gauss(0, 1)] for _ in range(10_000)]
    for place in (17, 4_000, 9_999):
        rare[place][0] = 1
    yield rare


def write_sets(path, data_sets):
    with open(path, "w", encoding="ascii", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["set", "n", "y", *(f"x{i + 1}" for i in range(MOST))])
        for number, rows in enumerate(data_sets):
            for row in rows:
                writer.writerow([number, len(row) - 1, *row, *[""] * (MOST + 1 - len(row))])


def glm(folder, data_sets):
    """The fits of lists of [y, x1, …]: per data set a list of dicts, one per coefficient, by one run of R."""
    source, target = folder / "rows.csv", folder / "fits.csv"
    write_sets(source, data_sets)
    subprocess.run(["Rscript", "--vanilla", SCRIPT, source, target], check=True)
    fits = defaultdict(list)
    with open(target, encoding="ascii", newline="") as file:
        for row in csv.DictReader(file):
            fits[int(row["set"])].append({name: float(text) for name, text in row.items()})
    return [fits[number] for number in range(len(data_sets))]


def logistic_fit(connection, rows):
    """The JSON of a fit as a dict, or the message of its error."""
    names = [f"x{i}" for i in range(1, len(rows[0]))]
    connection.execute("DROP TABLE IF EXISTS t")
    harness.create(connection, "t", ["y", *names], rows)
    try:
        return json.loads(connection.execute(f"SELECT logistic_fit({', '.join(['y', *names])}) FROM t").fetchone()[0])
    except sqlite3.OperationalError as error:
        return str(error)


def assert_agree(found, wanted):
    estimates = [found["intercept"], *found["coefficients"]]
    for i, figures in enumerate(wanted):
        error = figures["std_error"]
        assert estimates[i] == pytest.approx(figures["estimate"], rel=1e-8, abs=1e-8 * error)
        assert found["std_errors"][i] == pytest.approx(error, rel=1e-8)
        assert found["z"][i] == pytest.approx(figures["z"], rel=1e-8, abs=1e-8)
        assert found["p_values"][i] == pytest.approx(figures["p_value"], rel=1e-6, abs=1e-15)
    assert found["deviance"] == pytest.approx(wanted[0]["deviance"], rel=1e-9)
    assert found["null_deviance"] == pytest.approx(wanted[0]["null_deviance"], rel=1e-9)
    assert len(wanted) == len(estimates) == len(found["std_errors"])


def test_fits_equal_those_of_r(db, tmp_path):
    """Where there is no fit, R leaves a coefficient out or warns of probabilities of 0 or 1."""
    data_sets = [rows for rows in random_data_sets() if 0 < sum(row[0] for row in rows) < len(rows) > len(rows[0]) + 1]
    fitted = refused = 0
    for rows, wanted in zip(data_sets, glm(tmp_path, data_sets), strict=True):
        found = logistic_fit(db, rows)
        if isinstance(found, str):
            assert "constant" in found or "combination" in found or "separate" in found, found
            assert wanted[0]["missing"] or wanted[0]["warned"], found
            refused += 1
        else:
            assert not wanted[0]["missing"]
            assert_agree(found, wanted)
            fitted += 1
    assert fitted > 100 and refused > 10
