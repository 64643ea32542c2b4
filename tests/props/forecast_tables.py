"""What the forecast's tests share: random pipelines and histories, the calls over them, what a bound may be."""

from fractions import Fraction
from typing import NamedTuple

from hypothesis import strategies as st

import harness
from forecast_reference import Forecast

DAY = 86_400
STAGES = "a > b > c > won"
DEAL = "entity, stage_no, stage, entered_at, age_days, value, probability, probability_low, probability_high"
DEAL += ", expected_value, expected_close, at_risk"
DUE = "period, deals, pipeline, expected_deals, expected_value, low, high"


class Case(NamedTuple):
    open_deals: list  # (entity, ts, stage, value, label)
    history: list  # (entity, ts, stage, label)
    options: str
    has_label: bool = False
    stages: str = STAGES

    @property
    def call(self):
        label = ", label" if self.has_label else ""
        return f"open_deals(entity, ts, stage, value{label})", f"events(entity, ts, stage{label})", self.stages

    def without(self, *names):
        kept = [part for part in self.options.split("; ") if part and part.split("=")[0] not in names]
        return self._replace(options="; ".join(kept))

    def adding(self, *options):
        """With more options, which replace options of the same names."""
        rest = self.without(*(option.split("=")[0] for option in options)).options
        return self._replace(options="; ".join(filter(None, [rest, *options])))

    def option(self, name):
        return dict(part.split("=", 1) for part in self.options.split("; ") if part).get(name)

    def reference(self, *options):
        case = self.adding(*options)
        rows = [(place + 1, *row, None) for place, row in enumerate(case.history)]
        deals = [row[: 4 + case.has_label] for row in case.open_deals]
        return Forecast(deals, rows, case.stages, case.options, case.has_label)


def fill(case, connection=None):
    connection = connection or harness.connect()
    harness.create(connection, "open_deals", ["entity", "ts", "stage", "value", "label"], case.open_deals)
    harness.create(connection, "events", ["entity", "ts", "stage", "label"], case.history)
    return connection


def deals_of(connection, case, *options):
    options = case.adding(*options).options
    return connection.execute(f"SELECT {DEAL} FROM pipeline_forecast(?, ?, ?, ?)", (*case.call, options)).fetchall()


def dues_of(connection, case, *options):
    options = case.adding(*options).options
    return connection.execute(f"SELECT {DUE} FROM pipeline_forecast_summary(?, ?, ?, ?)", (*case.call, options)).fetchall()


def ask(case, *options):
    """(rows of pipeline_forecast, rows of pipeline_forecast_summary); options, such as period=, for the latter."""
    connection = fill(case)
    try:
        return deals_of(connection, case), dues_of(connection, case, *options)
    finally:
        connection.close()


def exactly(rows):
    """Rows to the bit and to the class."""
    return list(map(repr, rows))


PERIODS = st.sampled_from([(), ("period=day",), ("period=week",), ("period=month",), ("period=quarter",), ("period=year",)])
VALUES = [1, 1, 2, 5, 10, 10, 25, 100, -3, 0, None]


@st.composite
def histories(draw, deals, last):
    """Events of some deals: each goes on from where it was, mostly forwards, and some stay open."""
    rows = []
    for deal in range(draw(st.integers(1, deals))):
        time, place = draw(st.integers(0, last)), 0
        for step in range(draw(st.integers(1, 5))):
            if step == 0:
                stage = draw(st.sampled_from("aaaaabc"))
            else:
                stage = draw(st.sampled_from(["a", "b", "b", "c", "won", "won", "lost", "other"]))
            rows.append((deal, time * DAY, stage, draw(st.sampled_from("xxxy"))))
            time += draw(st.integers(0, max(1, last // 4)))
    # One at least is lost: a history of labels that are no stages in which nobody ever is counts as a mistake.
    return rows + [(deals, 0, "a", "x"), (deals, DAY, "lost", "x")]


@st.composite
def cases(draw, deals=40, most_open=5, last=24, label=None, values=VALUES):
    history = draw(histories(deals, last))
    open_deals = draw(
        st.lists(
            st.tuples(
                st.integers(100, 120), st.integers(0, last).map(lambda day: day * DAY),
                st.sampled_from("aab"), st.sampled_from(values), st.sampled_from("xyz"),
            ),
            max_size=most_open, unique_by=lambda row: row[0],
        )
    )  # fmt: skip
    choices = {
        "as_of": st.integers(last // 2, last + 8).map(lambda day: str(day * DAY)),
        "recycle": st.integers(2, 10).map(lambda days: f"{days} days"),
        "window": st.integers(5, 20).map(lambda days: f"{days} days"),
        "boomerang": st.just("on"),
        "passes": st.just("first"),
        "order": st.just("strict"),
        "confidence": st.sampled_from(["0.5", "0.8", "0.99"]),
    }
    names = draw(st.lists(st.sampled_from(sorted(choices)), unique=True, max_size=3))
    options = ["exits=lost", *(f"{name}={draw(choices[name])}" for name in names)]
    if "order" not in names:
        options[0] = draw(st.sampled_from(["exits=lost", "exits=lost", "exits=lost,other", "exclude=lost"]))
    case = Case(open_deals, history, "; ".join(options), draw(st.booleans()) if label is None else label)
    return known(case)


def known(case):
    """Without the open deals in a stage that no deal of the history has been in: an error of its own."""
    stays = case._replace(open_deals=[]).reference().stays
    reached = {"abc"[stay.stage - 1] for stay in stays}
    now = int(case.option("as_of") or max(row[1] for row in [*case.history, *case.open_deals]))
    kept = [row for row in case.open_deals if row[2] in reached or row[1] > now]
    return case._replace(open_deals=kept)


def close(actual, wanted, slack=Fraction(1, 10**9)):
    """Equal to rounding, or both NULL."""
    if wanted is None or actual is None:
        assert actual is None and wanted is None
    else:
        assert abs(Fraction(actual) - Fraction(wanted)) <= slack * max(1, abs(Fraction(wanted)))
