"""What the funnel's tests share: events into tables, rows of the calls, and how rows are compared."""

from fractions import Fraction

import harness
from funnel_strategies import EVENT_COLUMNS

SUBJECT_COLUMNS = ["entity", "started_at", "converted_at", "closed_at", "label"]
ROW = "entity, pass, label, stage_no, stage, entered_at, left_at, seconds_in_stage, outcome, inferred, event_id"
ROW += ", pass_started_at, furthest, held"
TOTAL = "stage_no, stage, label, period, entered, advanced, exited, recycled, open, rate, rate_low, rate_high"
TOTAL += ", overall_rate, mean_days, median_days, p90_days, expected_rate"
CURVE = "label, period, days, at_risk, converted, closed, censored, conversion, std_error, low, high"


def fill(case, with_ids=False):
    """A connection with the table events; without an id column the rowid is the id."""
    connection = harness.connect()
    skip = 0 if with_ids else 1
    harness.create(connection, "events", EVENT_COLUMNS[skip:], [row[skip:] for row in case.events])
    return connection


def ask(case, table="funnel", columns=ROW, with_ids=False, where=""):
    """All rows as the extension gives them, in its order."""
    if with_ids:
        case = case.adding("event_id=id")
    connection = fill(case, with_ids)
    try:
        sql = f"SELECT {columns} FROM {table}(?, ?, ?) {where}"
        return connection.execute(sql, (case.relation, case.stages, case.options)).fetchall()
    finally:
        connection.close()


def ask_totals(case, with_ids=False):
    return ask(case, "funnel_summary", TOTAL, with_ids)


def row_key(row):
    """A total order of rows of funnel(): entity, pass, stage_no."""
    entity = row[0]
    return (isinstance(entity, str), entity, row[1], row[3])


def by_key(rows):
    return sorted(rows, key=row_key)


def assert_rows(actual, wanted):
    """The same rows, to the class of every value but the numbers that the extension computes."""
    assert actual == [tuple(row) for row in wanted]
    times = [(type(value), value) for row in actual for value in (row[5], row[6], row[10], row[11])]
    assert times == [(type(value), value) for row in wanted for value in (row[5], row[6], row[10], row[11])]


def close(actual, wanted, slack=Fraction(1, 10**12)):
    """Equal to the last digits, or both NULL."""
    if wanted is None or actual is None:
        assert actual is None and wanted is None
    else:
        assert abs(Fraction(actual) - Fraction(wanted)) <= slack * max(1, abs(Fraction(wanted)))


def assert_figures(actual, wanted, exact):
    """Rows of figures: the first `exact` columns are the same, the others equal to the last digits."""
    assert [row[:exact] for row in actual] == [tuple(row[:exact]) for row in wanted]
    for left, right in zip(actual, wanted):
        for this, that in zip(left[exact:], right[exact:]):
            close(this, that)
