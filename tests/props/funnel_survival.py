"""Cumulative incidence after Aalen and Johansen in Fractions, and the rows of conversion_curve() built on it.

Variances by the recursion of the covariances that Greenwood's formula solves; test_funnel_curve.py holds them
against the infinitesimal jackknife.
"""

from collections import defaultdict
from decimal import Decimal, localcontext
from fractions import Fraction
from math import exp, log
from statistics import NormalDist
from typing import NamedTuple, Optional

from funnel_reference import parse_settings, text_or_none
from reference import period_of
from reference_input import is_missing, parse_time

DAY = 86_400_000_000
CONVERTED, CLOSED, CENSORED = "converted", "closed", "censored"


class Point(NamedTuple):
    """What happened at one time, and the state of the curve after it."""

    time: int
    at_risk: int
    converted: int
    closed: int
    censored: int
    conversion: Fraction
    variance: Fraction


def incidence(observations):
    """Points of the curve of observations (time, what), one per different time."""
    points, state = [], State()
    for time in sorted({time for time, _ in observations}):
        at_risk = sum(other >= time for other, _ in observations)
        here = [what for other, what in observations if other == time]
        counts = [here.count(what) for what in (CONVERTED, CLOSED, CENSORED)]
        state = state.after(at_risk, *counts[:2])
        points.append(Point(time, at_risk, *counts, state.conversion, state.conversion_variance))
    return points


class State(NamedTuple):
    """Shares still open and converted so far, with their variances and covariance."""

    open: Fraction = Fraction(1)
    conversion: Fraction = Fraction(0)
    open_variance: Fraction = Fraction(0)
    covariance: Fraction = Fraction(0)
    conversion_variance: Fraction = Fraction(0)

    def after(self, at_risk, converted, closed):
        """One time further. Open shares move by the hazards a and b, estimated from at_risk multinomial trials."""
        a, b = Fraction(converted, at_risk), Fraction(closed, at_risk)
        stay, p = 1 - a - b, self.open
        var_stay, cov, var_a = stay * (1 - stay) / at_risk, -stay * a / at_risk, a * (1 - a) / at_risk
        return State(
            open=p * stay,
            conversion=self.conversion + p * a,
            open_variance=stay**2 * self.open_variance + p**2 * var_stay,
            covariance=stay * (self.covariance + a * self.open_variance) + p**2 * cov,
            conversion_variance=(
                self.conversion_variance + 2 * a * self.covariance + a**2 * self.open_variance + p**2 * var_a
            ),
        )


def square_root(fraction):
    with localcontext() as context:
        context.prec = 50
        return float((Decimal(fraction.numerator) / Decimal(fraction.denominator)).sqrt())


def normal_quantile(confidence):
    return NormalDist().inv_cdf((1 + float(confidence)) / 2)


def log_log_bounds(conversion, std_error, confidence):
    """(low, high) on the log(-log) scale; NULL while conversion is 0 or 1."""
    if conversion in (0, 1):
        return None, None
    p = float(conversion)
    reach = normal_quantile(confidence) * std_error / (p * log(p))
    bounds = [exp(-exp(log(-log(p)) + sign * reach)) for sign in (1, -1)]
    return min(bounds), max(bounds)


# ---------------------------------------------------------------- rows of conversion_curve()


class CurveRow(NamedTuple):
    label: Optional[str]
    period: Optional[str]
    days: Fraction
    at_risk: int
    converted: int
    closed: int
    censored: int
    conversion: Fraction
    std_error: float
    low: Optional[float]
    high: Optional[float]


def conversion_curve(rows, options="", has_label=True):
    """The rows of conversion_curve(), in its order. Rows are (entity, started_at, converted_at, closed_at, label)."""
    settings = parse_settings(options)
    curves = defaultdict(list)
    for started, label, observation in subjects(rows, settings):
        group = (period_of(started, settings.period), label if settings.by == "label" else None)
        curves[group].append(observation)
    found = []
    for period, label in sorted(curves, key=lambda group: (group[0] or "", group[1] or "")):
        for point in stepped(incidence(curves[period, label]), settings.step):
            error = square_root(point.variance)
            bounds = log_log_bounds(point.conversion, error, settings.confidence)
            days = Fraction(point.time, DAY)
            found.append(CurveRow(label, period, days, *point[1:6], error, *bounds))
    return found


def subjects(rows, settings):
    """(started at, label, (time since the start, what happened)) of each subject that exists at now."""
    known = []
    for entity, *times, label in rows:
        started, converted, closed = [parse_time(time, settings.time_unit) for time in times]
        if not is_missing(entity) and started is not None:
            known.append((started, converted, closed, text_or_none(label)))
    seen = [time for row in known for time in row[:3] if time is not None]
    now = settings.as_of if settings.as_of is not None else max(seen, default=0)
    for started, converted, closed, label in known:
        if started <= now:
            yield started, label, observe(started, converted, closed, now)


def observe(started, converted, closed, now):
    """Of two times the earlier one, the conversion of equal ones; before the start is at it, after now unseen."""
    times = [(converted, CONVERTED), (closed, CLOSED)]
    seen = [(time, what) for time, what in times if time is not None and time <= now]
    time, what = min(seen, key=lambda end: end[0], default=(now, CENSORED))
    return max(time - started, 0), what


def stepped(points, step):
    """The points at 0, step, 2 x step …, up to the first that covers the last; counts are of (previous, this]."""
    if step is None:
        return points
    last, rows, time = points[-1].time, [], 0
    while not rows or rows[-1].time < last:
        inside = [point for point in points if time - step < point.time <= time]
        before = [point for point in points if point.time <= time]
        gone = sum(sum(point[2:5]) for point in before) - sum(sum(point[2:5]) for point in inside)
        counts = [sum(point[column] for point in inside) for column in (2, 3, 4)]
        state = before[-1][5:] if before else (Fraction(0), Fraction(0))
        rows.append(Point(time, points[0].at_risk - gone, *counts, *state))
        time += step
    return rows
