"""Question 20 a second way: the pipeline and what came of it in Python over the raw tables, the forecast by the reference in
tests/props, which is another program."""

import statistics
from fractions import Fraction

import pytest

import cookbook
from forecast_reference import Forecast

STAGES = "discovery > proposal > negotiation > won"
MONTHS = ["2024-10", "2024-11", "2024-12"]


@pytest.fixture(scope="module")
def demo():
    return cookbook.open_demo()


@pytest.fixture(scope="module")
def answers(demo):
    return cookbook.results(20, cookbook.open_demo())


@pytest.fixture(scope="module")
def crm(demo):
    """(segment, cents) of every deal, and its stage events in order."""
    deals = {row[0]: row[1:] for row in demo.execute(
        "SELECT deal_id, segment, amount_cents FROM deals_eur JOIN accounts USING (account_id)")}
    return deals, demo.execute("SELECT deal_id, entered_at, stage FROM deal_stage_events ORDER BY entered_at, event_id").fetchall()


def pipeline(crm, day):
    """Deal -> (entered_at, stage) of those open in the morning of a day."""
    last = {deal: (at, stage) for deal, at, stage in crm[1] if at < day}
    return {deal: found for deal, found in last.items() if found[1] not in ("won", "lost")}


def forecast(crm, day, options, labels=True):
    deals, events = crm
    rows = [(deal, at, stage, deals[deal][1] / 100) + ((deals[deal][0],) if labels else ()) for deal, (at, stage) in pipeline(crm, day).items()]
    history = [(n, *row, deals[row[0]][0], None) for n, row in enumerate(events)]
    return Forecast(rows, history, STAGES, options, labels)


def expected(asked):
    """Period -> (expected deals, expected value)."""
    found = {}
    for name, start, end in asked.periods():
        chances = [(asked.within(answer, answer.chances, start, end), Fraction(answer.deal.value)) for answer in asked.answers]
        found[name] = float(sum(p for p, _ in chances)), float(sum(p * value for p, value in chances))
    return found


def test_20_month_by_month(answers, crm):
    came = {month: [crm[0][deal][1] for deal, at, stage in crm[1] if stage == "won" and at[:7] == month and deal in pipeline(crm, "2024-10-01")]
            for month in MONTHS}
    said = expected(forecast(crm, "2024-10-01", "exits=lost; as_of=2024-10-01; period=month"))
    assert [row["period"] for row in answers[0]] == MONTHS
    for row in answers[0]:
        assert (row["came_deals"], float(row["came"])) == (len(came[row["period"]]), sum(came[row["period"]]) / 100)
        deals, value = said[row["period"]]
        assert float(row["expected_deals"]) == pytest.approx(deals, abs=0.0501) and float(row["expected_value"]) == pytest.approx(value, abs=0.00501)
        assert 0 <= float(row["low"]) < float(row["expected_value"]) < float(row["high"])


def test_20_the_quarter(answers, crm, demo):
    (row,) = answers[1]
    open_then = pipeline(crm, "2024-10-01")
    amount = sum(crm[0][deal][1] for deal in open_then) / 100
    goal = sum(cents for month, cents in demo.execute("SELECT month, revenue_cents FROM quotas") if month in MONTHS) / 100
    came = sum(crm[0][deal][1] for deal, at, stage in crm[1] if stage == "won" and at >= "2024-10-01" and deal in open_then) / 100
    assert (float(row["pipeline"]), float(row["goal"]), float(row["came"])) == (amount, goal, came)
    assert row["coverage"] == f"{amount / goal:.2f}"
    assert float(row["expected"]) == pytest.approx(sum(float(month["expected_value"]) for month in answers[0]), abs=0.02)
    assert row["of_goal"] == f"{100 * float(row['expected']) / goal:.1f} %"


def test_20_the_deals(answers, crm):
    asked = forecast(crm, "2024-10-01", "exits=lost; as_of=2024-10-01; confidence=0.8")
    rows = {row[0]: row for row in asked.rows()}
    best = sorted(rows.values(), key=lambda row: (-float(row[9]), row[0]))[:12]
    assert [row["deal"] for row in answers[2]] == [row[0] for row in best]
    for row in answers[2]:
        _, _, stage, _, age, value, p, low, high, worth, _, _ = rows[row["deal"]]
        assert (row["stage"], row["days_in_stage"], float(row["amount"])) == (stage, int(age), value)
        assert row["chance"].strip() == f"{100 * float(p):.0f} %" and row["low_high"] == f"{100 * low:.0f} - {100 * high:.0f} %"
        assert float(row["expected"]) == pytest.approx(float(worth), abs=0.00501)


def test_20_today(answers, crm):
    """The open deals of the view are those whose last event is no end; everything is known to the last second of the year."""
    said = expected(forecast(crm, "2025-01-01", "exits=lost; as_of=2024-12-31 23:59:59; period=month", labels=False))
    assert [row["period"] for row in answers[3]] == [f"2025-0{n}" for n in range(1, 7)]
    for row in answers[3]:
        deals, value = said[row["period"]]
        assert float(row["expected_deals"]) == pytest.approx(deals, abs=0.0501) and float(row["expected_value"]) == pytest.approx(value, abs=0.00501)
    assert statistics.fmean(row["deals"] for row in answers[3]) <= len(pipeline(crm, "2025-01-01"))
