"""pipeline_forecast() and pipeline_forecast_summary() against the reference, and what they promise whatever the data."""

import random
from collections import Counter
from datetime import datetime, timedelta
from fractions import Fraction
from math import fsum, sqrt
from statistics import mean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from forecast_reference import fits
from forecast_tables import DAY, DEAL, PERIODS, VALUES, Case, ask, cases, close, deals_of, dues_of, exactly, fill

CLOSE = DEAL.split(", ").index("expected_close")


def assert_deals(actual, wanted):
    """Rows of pipeline_forecast: as the reference has them, without a look at the bits of computed numbers."""
    assert [row[:4] for row in actual] == [tuple(row[:4]) for row in wanted]
    assert [row[11] for row in actual] == [row[11] for row in wanted]
    for this, that in zip(actual, wanted):
        for left, right in zip(this[4:CLOSE], that[4:CLOSE]):
            close(left, right)
        assert this[CLOSE] == (None if that[CLOSE] is None else that[CLOSE] // 1_000_000)


def assert_dues(actual, wanted, confidence):
    assert [row[:2] for row in actual] == [(due.period, due.deals) for due in wanted]
    for row, due in zip(actual, wanted):
        for left, right in zip(row[2:5], (due.pipeline, due.expected_deals, due.expected_value)):
            close(left, right)
        assert fits(due, row[5], row[6], confidence), (row, due)


# ---------------------------------------------------------------- against the reference


@given(cases(label=False))
@settings(max_examples=300)
def test_deals_equal_the_reference(case):
    assert_deals(ask(case)[0], case.reference().rows())


@given(cases(label=True))
@settings(max_examples=300)
def test_deals_with_labels_equal_the_reference(case):
    assert_deals(ask(case)[0], case.reference().rows())


@given(cases(), PERIODS)
@settings(max_examples=300)
def test_dues_equal_every_outcome_tried(case, period):
    assert_dues(ask(case, *period)[1], case.reference(*period).summary(), case.option("confidence") or "0.95")


@given(cases(deals=12, last=8, most_open=8, values=[1, 2, 4, 8, 16]))
def test_many_outcomes_equal_every_outcome_tried(case):
    """Of a history that knows little, so that the common error is large."""
    for confidence in ("0.5", "0.8", "0.95"):
        asked = case.adding(f"confidence={confidence}")
        assert_dues(ask(asked)[1], asked.reference().summary(), confidence)


@given(cases(last=9), st.sampled_from([9, 4_001, 13_000]))
def test_cells_are_as_large_as_it_takes(case, oldest):
    """One deal that opened long ago makes the cells of all: days, 2 days, 4 days."""
    case = case.without("recycle", "window").adding(f"as_of={(oldest + 9) * DAY}")
    case = case._replace(
        history=[(deal, ts + oldest * DAY, stage, label) for deal, ts, stage, label in case.history] + [(99, 0, "a", "x")],
        open_deals=[(deal, ts + oldest * DAY, *rest) for deal, ts, *rest in case.open_deals],
    )
    deals, dues = ask(case)
    assert_deals(deals, case.reference().rows())
    assert_dues(dues, case.reference().summary(), case.option("confidence") or "0.95")


@given(cases(label=False, last=60), st.sampled_from([60, 3_600]))
def test_minutes_and_hours_equal_the_reference(case, unit):
    """Half minutes and half hours: cells are minutes or hours, and halves of them are rounded."""
    shrunk = []
    for rows in (case.open_deals, case.history):
        shrunk.append([(row[0], row[1] // DAY * unit // 2, *row[2:]) for row in rows])
    case = case.without("recycle", "window").adding(f"as_of={40 * unit}")
    case = case._replace(open_deals=shrunk[0], history=shrunk[1])
    deals, dues = ask(case, "period=day")
    assert_deals(deals, case.reference().rows())
    assert_dues(dues, case.reference("period=day").summary(), case.option("confidence") or "0.95")
