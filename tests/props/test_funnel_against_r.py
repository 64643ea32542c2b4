"""conversion_curve() and expected_rate against survfit() of R's package survival: multi-state curves of random data.

R is installed by `make test`; without it these tests fail.
"""

import csv
import random
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

import harness
from funnel_tables import SUBJECT_COLUMNS

SCRIPT = Path(__file__).with_name("funnel_survival.R")
DAY = 86_400
CENSORED, CONVERTED, CLOSED = range(3)
FIGURES = ["conversion", "std_error", "low", "high"]


def survfit(folder, data_sets):
    """The curves of lists of (days, state): per data set a list of dicts, by one run of R."""
    source, target = folder / "observations.csv", folder / "curves.csv"
    with open(source, "w", encoding="ascii", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["set", "time", "state"])
        writer.writerows((number, *row) for number, rows in enumerate(data_sets) for row in rows)
    subprocess.run(["Rscript", "--vanilla", SCRIPT, source, target], check=True)
    curves = defaultdict(list)
    with open(target, encoding="ascii", newline="") as file:
        for row in csv.DictReader(file):
            figures = {name: None if text.strip() == "NA" else float(text) for name, text in row.items()}
            curves[figures["set"]].append(figures)
    return [curves[number] for number in range(len(data_sets))]


def random_data_sets(count=150):
    """Small and large, with many ties or few, with all kinds of ends or only some of them."""
    shuffler = random.Random(4)
    for number in range(count):
        size, days = shuffler.choice([1, 2, 5, 20, 200]), shuffler.choice([3, 30, 400])
        states = shuffler.choice([[0, 1, 2], [0, 1], [1, 2], [0, 0, 0, 1, 2], [1], [0, 2]])
        yield [(shuffler.randrange(0, days), shuffler.choice(states)) for _ in range(size)]


def curve_of(observations):
    """The rows of conversion_curve() for observations (days, state), all of them censored at now = day 0."""
    rows = []
    for entity, (days, state) in enumerate(observations):
        ends = [0 if state == CONVERTED else None, 0 if state == CLOSED else None]
        rows.append((entity, -days * DAY, *ends, None))
    connection = harness.connect()
    harness.create(connection, "subjects", SUBJECT_COLUMNS, rows)
    sql = "SELECT * FROM conversion_curve('subjects(entity, started_at, converted_at, closed_at)', 'as_of=0')"
    try:
        return harness.rows_of(connection, sql)
    finally:
        connection.close()


def assert_point(actual, wanted):
    counts = ["at_risk", "converted", "closed", "censored"]
    assert actual["days"] == wanted["time"]
    assert [actual[name] for name in counts] == [wanted[name] for name in counts]
    # R rounds its way to a share of 1, where it has bounds of its own or none.
    certain = min(wanted["conversion"], 1 - wanted["conversion"]) < 1e-12
    for name in FIGURES:
        if certain and name in ("low", "high"):
            assert actual[name] is None
        else:
            assert actual[name] == pytest.approx(wanted[name], rel=1e-9, abs=1e-9), name


def test_curves_equal_those_of_r(tmp_path):
    data_sets = list(random_data_sets())
    for observations, wanted in zip(data_sets, survfit(tmp_path, data_sets), strict=True):
        for left, right in zip(curve_of(observations), wanted, strict=True):
            assert_point(left, right)


def random_events(shuffler):
    """Events of many entities in half-year pipelines with losses, silences and returns."""
    for entity in range(shuffler.choice([5, 40, 150])):
        day = shuffler.randrange(60)
        for _ in range(shuffler.randrange(1, 7)):
            yield (entity, day * DAY, shuffler.choice(["lead", "lead", "mql", "mql", "sql", "won", "lost"]))
            day += shuffler.randrange(0, 45)


def staged_rows(connection, options):
    """Observations (days, state) of each stage but the last, from the rows of funnel(); and the expected rates."""
    call = ("events", "lead > mql > sql > won", options)
    states = {"advanced": CONVERTED, "exited": CLOSED, "recycled": CLOSED, "open": CENSORED}
    stages = defaultdict(list)
    for stage, seconds, outcome in connection.execute(
        "SELECT stage_no, seconds_in_stage, outcome FROM funnel(?, ?, ?) WHERE outcome <> 'won'", call
    ):
        stages[stage].append((seconds / DAY, states[outcome]))
    sql = "SELECT stage_no, expected_rate FROM funnel_summary(?, ?, ?) WHERE entered > 0 AND stage_no < 4"
    return stages, dict(connection.execute(sql, call).fetchall())


def test_expected_rates_equal_those_of_r(tmp_path):
    shuffler, data_sets, rates = random.Random(5), [], []
    for number in range(30):
        connection = harness.connect()
        harness.create(connection, "events", ["entity", "ts", "stage"], list(random_events(shuffler)))
        options = ["", "exits=lost", "exits=lost; recycle=30 days", "window=90 days; recycle=20 days"][number % 4]
        stages, expected = staged_rows(connection, options)
        connection.close()
        assert set(stages) == set(expected)
        data_sets += [stages[stage] for stage in sorted(stages)]
        rates += [expected[stage] for stage in sorted(stages)]
    for rate, curve in zip(rates, survfit(tmp_path, data_sets), strict=True):
        assert rate == pytest.approx(curve[-1]["conversion"], rel=1e-9, abs=1e-9)
