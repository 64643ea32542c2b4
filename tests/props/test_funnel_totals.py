"""funnel_summary() and the Wilson functions against the reference."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnel_totals
import harness
from funnel_strategies import cases
from funnel_tables import ask_totals, assert_figures

COUNTED = 9  # columns up to `open` are counts and names


@given(cases(totals=True))
@settings(max_examples=250)
def test_the_summary_equals_the_reference_in_its_order(case):
    assert_figures(ask_totals(case), funnel_totals.summary(*case.calculated), COUNTED)


@given(cases(totals=True, most_events=60))
@settings(max_examples=50)
def test_the_summary_of_many_passes_equals_the_reference(case):
    """Enough passes for quantiles between neighbours and for curves of several steps."""
    assert_figures(ask_totals(case), funnel_totals.summary(*case.calculated), COUNTED)


@given(cases(orders=["ordered"]))
def test_the_rates_of_the_summary_are_wilson_of_its_counts(case):
    connection = harness.connect()
    for row in ask_totals(case):
        sql = "SELECT wilson_low(?1, ?2), wilson_high(?1, ?2)"
        assert row[10:12] == connection.execute(sql, (row[5], row[4])).fetchone()
    connection.close()


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from([None, "0.5", "0.9", "0.95", "0.999"]))
@settings(max_examples=150)
def test_wilson_bounds_equal_the_formula(k, more, confidence):
    connection = harness.connect()
    given_confidence = [] if confidence is None else [float(confidence)]
    places = ", ".join("?" * (2 + len(given_confidence)))
    sql = f"SELECT wilson_low({places}), wilson_high({places})"
    actual = connection.execute(sql, ([k, k + more] + given_confidence) * 2).fetchone()
    connection.close()
    wanted = funnel_totals.wilson(k, k + more, Fraction(confidence or "0.95"))
    if k + more == 0:
        assert actual == wanted == (None, None)
    else:
        assert actual == pytest.approx(wanted, rel=1e-11, abs=1e-15)
        assert 0 <= actual[0] <= k / (k + more) <= actual[1] <= 1
