"""The rows of funnel_summary() in exact arithmetic: counts, rates with Wilson bounds, quantiles, expected rates."""

from fractions import Fraction
from math import floor
from typing import NamedTuple, Optional

from funnel_reference import funnel, parse_settings, parse_stages
from funnel_survival import CENSORED, CLOSED, CONVERTED, incidence, normal_quantile, square_root
from reference import period_of
from reference_input import parse_time

OUTCOMES = ("advanced", "exited", "recycled", "open")
EVENTS = {"advanced": CONVERTED, "exited": CLOSED, "recycled": CLOSED, "open": CENSORED}
DAY = 86_400


class Total(NamedTuple):
    """A row of funnel_summary()."""

    stage_no: int
    stage: str
    label: Optional[str]
    period: Optional[str]
    entered: int
    advanced: Optional[int]
    exited: Optional[int]
    recycled: Optional[int]
    open: Optional[int]
    rate: Optional[Fraction]
    rate_low: Optional[float]
    rate_high: Optional[float]
    overall_rate: Optional[Fraction]
    mean_days: Optional[Fraction]
    median_days: Optional[Fraction]
    p90_days: Optional[Fraction]
    expected_rate: Optional[Fraction]


def wilson(k, n, confidence=Fraction(95, 100)):
    """Wilson's score interval; (NULL, NULL) for n = 0."""
    if n == 0:
        return None, None
    z = Fraction(normal_quantile(confidence))
    centre = (k + z**2 / 2) / (n + z**2)
    reach = z / (n + z**2) * Fraction(square_root(Fraction(k * (n - k), n) + z**2 / 4))
    return float(centre - reach), float(centre + reach)


def quantile(values, share):
    """Type 7: linear between the neighbours of the place (n - 1) x share."""
    if not values:
        return None
    ordered, place = sorted(values), (len(values) - 1) * share
    low = floor(place)
    high = min(low + 1, len(values) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def expected_rate(rows):
    """The share that will have advanced in the end: open rows are censored, exited and recycled ones compete."""
    points = incidence([(row.seconds_in_stage, EVENTS[row.outcome]) for row in rows])
    return points[-1].conversion if points else None


def summary(event_rows, stages, options="", has_label=True):
    """The rows of funnel_summary(), in its order."""
    settings = parse_settings(options)
    groups = {} if settings.by or settings.period else {(None, None): []}
    for row in funnel(event_rows, stages, options, has_label):
        period = period_of(parse_time(row.pass_started_at, settings.time_unit), settings.period)
        groups.setdefault((period, row.label if settings.by == "label" else None), []).append(row)
    return [
        total
        for period, label in sorted(groups, key=lambda group: (group[0] or "", group[1] or ""))
        for total in totals(groups[period, label], period, label, parse_stages(stages), settings)
    ]


def totals(rows, period, label, stages, settings):
    """One row per stage of the list."""
    count = len(stages)
    passes = sum(row.stage_no == 1 for row in rows)
    for number, stage in enumerate(stages, start=1):
        here = [row for row in rows if row.stage_no == number]
        name = f"{number} of {count}" if settings.order == "any" else stage.name
        head = (number, name, label, period, len(here))
        overall = Fraction(len(here), passes) if passes else None
        if number == count:
            yield Total(*head, *[None] * 7, overall, None, None, None, None)
        else:
            yield Total(*head, *stage_figures(here, overall, settings.confidence))


def stage_figures(rows, overall, confidence):
    """The columns from `advanced` on, of a stage that is not the last."""
    counts = [sum(row.outcome == outcome for row in rows) for outcome in OUTCOMES]
    rate = Fraction(counts[0], len(rows)) if rows else None
    timed = [row for row in rows if row.outcome == "advanced" and not row.inferred]
    days = [row.seconds_in_stage / DAY for row in timed]
    mean = sum(days) / len(days) if days else None
    times = (mean, quantile(days, Fraction(1, 2)), quantile(days, Fraction(9, 10)))
    return *counts, rate, *wilson(counts[0], len(rows), confidence), overall, *times, expected_rate(rows)
