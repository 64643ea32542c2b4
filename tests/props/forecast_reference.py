"""An independent reading of docs/forecast.md in plain Python, written from that page before its code was read; what the page
left open has been added to both since.

Probabilities and variances are exact fractions; what a sum of deals brings is found by trying every outcome of every
deal, so there may be few deals. Stage passes come from funnel_reference.py, an independent reading of docs/funnel.md.
"""

from fractions import Fraction
from itertools import product
from math import ceil, exp, fsum, log, sqrt
from typing import Any, NamedTuple, Optional

import funnel_reference
from funnel_reference import Funnel, load_events, parse_settings, parse_stages, text_or_none
from funnel_survival import normal_quantile, square_root
from reference import period_of
from reference_input import by_entity, format_time, id_order, is_missing, parse_number, parse_time

MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000
ENOUGH = 10  # stays that must have been longer
PARTS = 20
WON, CLOSED, CENSORED = "won", "closed", "censored"


class Stay(NamedTuple):
    """The time of a pass in a stage, and what became of the pass, in microseconds from entering the stage."""

    stage: int
    label: Optional[str]
    deal: Any
    length: int
    end: int
    outcome: str


class Deal(NamedTuple):
    """A row of open_deals."""

    entity: Any
    us: int
    raw_time: Any
    stage: int
    value: Any
    label: Optional[str]


class Answer(NamedTuple):
    """What is said of an open deal: its row, and what its periods are made of."""

    deal: Deal
    at_risk: int
    chances: dict  # {cell: chance to be won in it}
    left_out: list  # the same without each part of the deals of history
    asked_at: int  # the age that was asked about, in cells; the cells of chances are ages too

    @property
    def probability(self):
        return sum(self.chances.values(), Fraction(0))


# ---------------------------------------------------------------- history


def stays_of(history_rows, machine, now, has_label):
    """All stays in stages that a pass entered, and the deals that have an event."""
    events = [event for event in load_events(history_rows, machine.settings, has_label) if event.us <= now]
    stays, deals = [], by_entity(events)
    for entity, each in deals.items():
        passes = funnel_reference.passes_of_entity(each, machine, now)
        for one in passes[:1] if machine.settings.passes == "first" else passes:
            stays += stays_of_pass(entity, one, now)
    return stays, sorted(deals, key=id_order)


def stays_of_pass(entity, one, now):
    outcome = {None: CENSORED, "won": WON}.get(one.end and one.end.outcome, CLOSED)
    end = now if one.end is None else one.end.us
    times = [entry.event.us for entry in one.entries] + [end]
    for place, entry in enumerate(one.entries):
        last = place + 1 == len(one.entries)
        if not entry.inferred and not (last and outcome == WON):
            start = times[place]
            yield Stay(entry.number, one.opened.label, entity, times[place + 1] - start, end - start, outcome)


def cell_size(longest):
    """Minutes up to a day, hours up to 60 days, days up to 4,000 days, else as many days as it takes."""
    for limit, cell in ((DAY, MINUTE), (60 * DAY, HOUR), (4_000 * DAY, DAY)):
        if longest <= limit:
            return cell
    return ceil(Fraction(longest, 4_000 * DAY)) * DAY


def in_cells(us, cell):
    return (2 * us + cell) // (2 * cell)  # to the nearest, halves up


# ---------------------------------------------------------------- one deal


def chances_of(stays):
    """Aalen and Johansen: {cell: chance to be won in it}, of stays whose ends are in cells."""
    staying, chances = Fraction(1), {}
    for cell in sorted({stay.end for stay in stays}):
        n = sum(stay.end >= cell for stay in stays)
        won, closed = (sum(stay.end == cell and stay.outcome == what for stay in stays) for what in (WON, CLOSED))
        if won:
            chances[cell] = staying * Fraction(won, n)
        staying *= 1 - Fraction(won + closed, n)
    return chances


def asked(stays, deal, age):
    """(stays to learn from, at_risk, the age that they are asked about)."""
    of_stage = [stay for stay in stays if stay.stage == deal.stage]
    longer = [stay for stay in of_stage if stay.length > age]
    alike = [stay for stay in longer if stay.label == deal.label]
    if len(alike) >= ENOUGH:
        return alike, len(alike), age
    if len(longer) >= ENOUGH:
        return longer, len(longer), age
    at_risk = len(longer)
    while age >= 0 and len(longer) < ENOUGH:
        age -= 1
        longer = [stay for stay in of_stage if stay.length > age]
    return longer, at_risk, max(age, 0)  # all stays of the stage: as a deal that has just entered it


class Due(NamedTuple):
    """What a period brings; sums: [(what the deals may bring, its chance)], least first."""

    period: Optional[str]
    deals: int
    pipeline: Fraction
    expected_deals: Fraction
    expected_value: Fraction
    sums: list


class Forecast:
    """All answers of one call."""

    def __init__(self, open_rows, history_rows, stages, options="", has_label=False):
        self.settings = parse_settings(options)
        self.machine = Funnel(parse_stages(stages), self.settings)
        names = self.machine.names()
        deals = [self.read(row, names, has_label) for row in open_rows]
        deals = [deal for deal in deals if deal is not None]
        self.now = self.find_now(deals, history_rows)
        self.deals = sorted((deal for deal in deals if deal.us <= self.now), key=lambda deal: (id_order(deal.entity), deal.us))
        stays, known = stays_of(history_rows, self.machine, self.now, has_label)
        self.cell = cell_size(max((stay.end for stay in stays), default=0))
        self.stays = [
            stay._replace(length=in_cells(stay.length, self.cell), end=in_cells(stay.end, self.cell)) for stay in stays
        ]
        self.parts = min(PARTS, len(known))
        self.part = {entity: place % self.parts for place, entity in enumerate(known)}
        self.answers = [self.answer(deal) for deal in self.deals]

    def read(self, row, names, has_label):
        entity, ts, stage, value, *label = row
        us = parse_time(ts, self.settings.time_unit)
        if is_missing(entity) or us is None:
            return None
        label = text_or_none(label[0]) if has_label else None
        return Deal(entity, us, ts, names.index(stage) + 1, parse_number(value), label)

    def find_now(self, deals, history_rows):
        if self.settings.as_of is not None:
            return self.settings.as_of
        events = load_events(history_rows, self.settings, False)
        return max([event.us for event in events] + [deal.us for deal in deals], default=0)

    def answer(self, deal):
        age = in_cells(self.now - deal.us, self.cell)
        stays, at_risk, asked_at = asked(self.stays, deal, age)
        left_out = []
        for part in range(self.parts):
            rest = [stay for stay in stays if self.part[stay.deal] != part]
            left_out.append(chances_of(rest) if rest else None)  # nobody is left to ask
        return Answer(deal, at_risk, chances_of(stays), left_out, asked_at)

    def variance(self, answers):
        """Delete-a-group jackknife."""
        mean = sum(answers) / len(answers)
        return Fraction(len(answers) - 1, len(answers)) * sum((answer - mean) ** 2 for answer in answers)

    # ------------------------------------------------------------ pipeline_forecast

    def rows(self):
        """entity, stage_no, stage, entered_at, age_days, value, probability, low, high, expected_value, expected_close
        (microseconds), at_risk; by key."""
        return [self.row(answer) for answer in self.answers]

    def row(self, answer):
        deal, p = answer.deal, answer.probability
        low, high = self.bounds(answer)
        entered = format_time(deal.us, deal.raw_time, self.settings.time_unit)
        close = None
        if p > 0:
            mean = sum(cell * chance for cell, chance in answer.chances.items()) / p - answer.asked_at
            close = (self.now + round(mean * self.cell)) // self.cell * self.cell
        value = None if deal.value is None else float(deal.value)
        return (
            deal.entity, deal.stage, self.machine.names()[deal.stage - 1], entered,
            Fraction(self.now - deal.us, DAY), value, p, low, high,
            None if value is None else Fraction(value) * p, close, answer.at_risk,
        )  # fmt: skip

    def bounds(self, answer):
        p, z = answer.probability, normal_quantile(self.settings.confidence)
        if p in (0, 1):
            return wilson(int(p) * answer.at_risk, answer.at_risk, z)
        if self.parts == 1 or None in answer.left_out:
            return None, None
        error = square_root(self.variance([sum(each.values(), Fraction(0)) for each in answer.left_out]))
        centre, spread = log(p / (1 - p)), z * error / float(p * (1 - p))
        return inverse_logit(centre - spread), inverse_logit(centre + spread)

    # ------------------------------------------------------------ pipeline_forecast_summary

    def summary(self):
        """One Due in all, or one per period."""
        if self.settings.period is None:
            return [self.sums(None, lambda answer, chances: sum(chances.values(), Fraction(0)))]
        bounds = self.periods()
        return [
            self.sums(name, lambda answer, chances: self.within(answer, chances, start, end))
            for name, start, end in bounds
        ]

    def periods(self):
        """(name, start, end) of the periods from now's to that of the last chance, one after the other."""
        last = self.now
        for answer in self.answers:
            for cell in answer.chances:
                last = max(last, self.now + (2 * (cell - answer.asked_at) + 1) * self.cell // 2 - 1)
        found, start, kind = [], self.now, self.settings.period
        while start <= last:
            name, end = period_of(start, kind), start // DAY * DAY
            while period_of(end, kind) == name:
                end += DAY
            found.append((name, start, end))
            start = end
        return found

    def within(self, answer, chances, start, end):
        """The chance to be won from start to end; a win in a cell is spread over half a cell to either side."""
        total = Fraction(0)
        for cell, chance in chances.items():
            left = self.now + (2 * (cell - answer.asked_at) - 1) * self.cell // 2
            # The first period begins with now; half a cell before it belongs to it as well.
            overlap = min(end, left + self.cell) - (left if start == self.now else max(start, left))
            total += chance * Fraction(max(overlap, 0), self.cell)
        return total

    def sums(self, name, chance_of):
        bets, replicates = [], [Fraction(0)] * self.parts
        for answer in self.answers:
            chance, value = chance_of(answer, answer.chances), Fraction(answer.deal.value or 0)
            if chance > 0:
                bets.append((chance, value))
            for part, chances in enumerate(answer.left_out):
                replicates[part] += value * chance_of(answer, answer.chances if chances is None else chances)
        error = square_root(self.variance(replicates)) if replicates else 0.0
        expected = sum((chance * value for chance, value in bets), Fraction(0))
        pipeline = sum((value for _, value in bets), Fraction(0))
        total = sum((chance for chance, _ in bets), Fraction(0))
        return Due(name, len(bets), pipeline, total, expected, distribution(bets, error))


def wilson(k, n, z):
    if n == 0:
        return None, None
    p, zz = k / n, z * z
    middle, half = p + zz / (2 * n), z * sqrt(p * (1 - p) / n + zz / (4 * n * n))
    low, high = (middle - half) / (1 + zz / n), (middle + half) / (1 + zz / n)
    return (0.0 if k == 0 else low), (1.0 if k == n else high)


def inverse_logit(x):
    return 1 / (1 + exp(-x)) if x > -700 else 0.0


# Gauss and Hermite's five points for a standard normal variable: the roots of x^5 - 10 x^3 + 15 x.
NODES = [(0.0, 8 / 15)]
for root, weight in ((sqrt(5 - sqrt(10)), (7 + 2 * sqrt(10)) / 60), (sqrt(5 + sqrt(10)), (7 - 2 * sqrt(10)) / 60)):
    NODES += [(-root, weight), (root, weight)]


def distribution(bets, error):
    """[(sum, chance)] of the deals, their chances known up to a common error: least sum first."""
    sensitivity = fsum(float(abs(value) * chance * (1 - chance)) for chance, value in bets)
    spread = error / sensitivity if sensitivity else 0.0
    total = {}
    for node, weight in NODES if spread > 0 else [(0.0, 1.0)]:
        for amount, chance in outcomes(bets, node * spread):
            total.setdefault(amount, []).append(weight * chance)
    return sorted((amount, fsum(parts)) for amount, parts in total.items())


def fits(due, low, high, confidence, slack=1e-9):
    """Whether low and high leave at most half of the rest on either side, and no bound could be drawn in further.

    Where exactly half of the rest lies beyond a sum, either neighbour is a bound: so no comparison with one pair.
    """
    rest = (1 - float(confidence)) / 2 + slack
    near = 1e-9 * max(1.0, *(abs(float(amount)) for amount, _ in due.sums))
    below, not_above, above, not_below = (
        fsum(chance for amount, chance in due.sums if chosen(float(amount)))
        for chosen in (
            lambda amount: amount < low - near, lambda amount: amount <= low + near,
            lambda amount: amount > high + near, lambda amount: amount >= high - near,
        )
    )  # fmt: skip
    return below <= rest <= not_above + 2 * slack and above <= rest <= not_below + 2 * slack


def outcomes(bets, shift):
    """Every sum that the deals can bring, with its chance, where the log odds of all are moved together."""
    moved = []
    for chance, value in bets:
        if chance < 1:
            chance = inverse_logit(log(chance / (1 - chance)) + shift)
        moved.append((float(chance), value))
    for won in product((False, True), repeat=len(moved)):
        amount, chance = Fraction(0), 1.0
        for (p, value), yes in zip(moved, won):
            amount += value if yes else 0
            chance *= p if yes else 1 - p
        yield amount, chance
