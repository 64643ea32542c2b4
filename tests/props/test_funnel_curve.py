"""conversion_curve() against the reference, and what its columns promise whatever the data."""

import random
from collections import defaultdict
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

import funnel_survival
import harness
from funnel_strategies import curve_options, subjects
from funnel_survival import CENSORED, CLOSED, CONVERTED, incidence
from funnel_tables import CURVE, SUBJECT_COLUMNS, assert_figures, close
from strategies import HALF_DAY

COUNTED = 7  # columns up to `censored` are names, whole half days and counts
RELATION = "subjects(entity, started_at, converted_at, closed_at, label)"


def ask(rows, options="", relation=RELATION, columns=CURVE):
    connection = harness.connect()
    harness.create(connection, "subjects", SUBJECT_COLUMNS, rows)
    try:
        sql = f"SELECT {columns} FROM conversion_curve(?, ?)"
        return connection.execute(sql, (relation, options)).fetchall()
    finally:
        connection.close()


@given(subjects(), curve_options())
@settings(max_examples=200)
def test_the_curve_equals_the_reference_in_its_order(rows, options):
    assert_figures(ask(rows, options), funnel_survival.conversion_curve(rows, options), COUNTED)


@given(subjects(last=40, size=40), curve_options())
@settings(max_examples=60)
def test_the_curve_of_many_subjects_equals_the_reference(rows, options):
    assert_figures(ask(rows, options), funnel_survival.conversion_curve(rows, options), COUNTED)


@given(subjects())
def test_without_closing_times_nothing_competes(rows):
    """The relation of three columns: closed_at is not looked at, not even for now."""
    wanted = funnel_survival.conversion_curve([row[:3] + (None, None) for row in rows])
    assert_figures(ask(rows, relation="subjects(entity, started_at, converted_at)"), wanted, COUNTED)


@given(subjects(), st.randoms(use_true_random=False), curve_options())
def test_order_of_rows_changes_no_bit(rows, shuffler, options):
    other = list(rows)
    shuffler.shuffle(other)
    assert list(map(repr, ask(rows, options))) == list(map(repr, ask(other, options)))


@given(subjects(), curve_options())
def test_everyone_at_risk_leaves_once(rows, options):
    """at_risk falls by what happens in each row, to 0 after the last; the curve only rises."""
    curves = defaultdict(list)
    for row in ask(rows, options):
        curves[row[:2]].append(row)
    for curve in curves.values():
        for row, following in zip(curve, curve[1:]):
            assert following[3] == row[3] - sum(row[4:7])
            assert following[2] > row[2] and following[7] >= row[7]
        assert curve[-1][3] == sum(curve[-1][4:7])


# ---------------------------------------------------------------- the standard error

OBSERVATIONS = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from([CONVERTED, CLOSED, CENSORED])), min_size=1, max_size=12
)


def influence(observations, who, last):
    """The derivative of the cumulative incidence at `last` by the weight of one subject, by the product rule."""
    left, falling, risen = Fraction(1), Fraction(0), Fraction(0)  # open share, its derivative, the incidence's
    for point in incidence(observations):
        if point.time > last:
            break
        time, what = observations[who]
        present, n = time >= point.time, point.at_risk
        hazards = []
        for count, name in ((point.converted, CONVERTED), (point.closed, CLOSED)):
            happens = time == point.time and what == name
            hazards.append((Fraction(count, n), Fraction(happens * n - count * present, n * n)))
        (a, a_slope), (b, b_slope) = hazards
        risen += falling * a + left * a_slope
        left, falling = left * (1 - a - b), falling * (1 - a - b) - left * (a_slope + b_slope)
    return risen


@given(OBSERVATIONS)
def test_greenwood_is_the_infinitesimal_jackknife(observations):
    """Of the reference, in Fractions: the squares of all influences add up to the variance."""
    for point in incidence(observations):
        influences = [influence(observations, who, point.time) for who in range(len(observations))]
        assert sum(each**2 for each in influences) == point.variance


@given(OBSERVATIONS)
def test_the_standard_error_is_the_infinitesimal_jackknife(observations):
    times = {CONVERTED: (0, None), CLOSED: (None, 0), CENSORED: (None, None)}
    rows, now = [], 7 * HALF_DAY
    for place, (time, what) in enumerate(observations):
        start = now - time * HALF_DAY  # so a subject to whom nothing happens is censored after `time`
        rows.append((place + 1, start, *[None if end is None else now for end in times[what]], None))
    for row, point in zip(ask(rows, f"as_of={now}"), incidence(observations), strict=True):
        influences = [influence(observations, who, point.time) for who in range(len(observations))]
        close(row[8] ** 2, sum(each**2 for each in influences))


def test_sums_of_many_subjects_do_not_drift():
    """20,000 subjects over two years, against the same curve in Fractions."""
    shuffler, rows, first = random.Random(7), [], 3_000
    for entity in range(20_000):
        started = (first + shuffler.randrange(60)) * 2 * HALF_DAY
        end = started + shuffler.randrange(1, 40) * 14 * 2 * HALF_DAY
        what = shuffler.random()
        rows.append((entity + 1, started, end if what < 0.3 else None, end if 0.3 <= what < 0.6 else None, None))
    options = f"as_of={(first + 600) * 2 * HALF_DAY}; step=14 days"
    assert_figures(ask(rows, options), funnel_survival.conversion_curve(rows, options), COUNTED)
