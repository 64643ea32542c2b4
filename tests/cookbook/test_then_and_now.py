"""What was known on 1 July 2024, a second way: Python over raw rows, and the extension over a copy that ends there."""

import collections
import sqlite3

import pytest

import cookbook
import replay

THEN = "2024-07-01 00:00:00"


@pytest.fixture(scope="module")
def demo():
    return cookbook.open_demo()


def quarter(time):
    return f"{time[:4]}-Q{(int(time[5:7]) + 2) // 3}"


def test_30_linear_credit_and_the_revenue_of_the_books(demo):
    rows = {row.pop("channel"): {key: float(value) for key, value in row.items()} for row in cookbook.results(30)[0]}
    touches, expected = collections.defaultdict(list), collections.Counter()
    for account, time, channel in demo.execute(
            "SELECT account_id, touched_at, channel FROM touches ORDER BY touched_at, channel, touch_id"):
        touches[account].append((time, channel))
    for account, closed, cents in demo.execute("SELECT account_id, closed_at, amount_cents FROM won_deals"):
        if "2024-01" <= closed < "2024-07":
            path = [channel for time, channel in touches[account] if time <= closed] or ["(unattributed)"]
            each, spare = divmod(abs(cents), len(path))  # the first touches get the spare cents, a refund mirrors it
            for n, channel in enumerate(path):
                expected[channel] += (each + (n < spare)) * (1 if cents > 0 else -1)
    for channel, cents in expected.items():
        assert round(100 * rows[channel]["linear_then"]) == round(100 * rows[channel]["linear_today"]) == cents
    books = dict(demo.execute("SELECT month BETWEEN '2024-01' AND '2024-06', sum(amount) FROM revenue WHERE month >= '2024'"
                              " GROUP BY 1"))
    for line in ("total", "revenue in the CRM"):
        assert {round(value, 2) for value in rows[line].values()} == {round(books[1], 2)}
    later = rows["closed later"]
    assert later["linear_then"] == later["markov_then"] == 0
    assert later["linear_today"] == later["markov_today"] == round(books[0], 2)
    assert rows["email"]["markov_then"] != rows["email"]["markov_today"]


def test_30_nothing_later_is_seen(demo):
    """The same model over tables that hold nothing later than 1 July, without as_of."""
    got = {row["channel"]: row["markov_then"].strip() for row in cookbook.results(30)[0]}
    demo.execute("CREATE TEMP TABLE old_touches AS SELECT * FROM touches WHERE touched_at <= ?", (THEN,))
    demo.execute("CREATE TEMP TABLE old_deals AS SELECT * FROM won_deals WHERE closed_at <= ?", (THEN,))
    rows = demo.execute(
        "SELECT channel, printf('%.2f', sum(value)) FROM attribution_summary('old_touches(account_id, touched_at, channel)',"
        " 'old_deals(account_id, closed_at, amount)', 'markov', 'period=quarter; round=0.01') WHERE period >= '2024' GROUP BY 1")
    assert dict(rows).items() <= got.items() and len(got) == 14


def test_30_the_funnel_of_the_second_quarter(demo):
    rows = cookbook.results(30)[1]
    for column, until in (("then", THEN), ("today", "9999")):
        cohort = [p for p in replay.passes(demo, until) if quarter(p.started_at) == "2024-Q2"]
        for row, stage in zip(rows, replay.STAGES):
            inside = [p for p in cohort if stage in p.entered]
            assert row["stage"] == stage and row[f"entered_{column}"] == len(inside)
            if stage == "won":
                continue
            number = replay.STAGES.index(stage)
            assert row[f"open_{column}"] == sum(p.furthest == number and p.outcome == "open" for p in inside)
            assert row[f"rate_{column}"] == round(100 * sum(p.furthest > number for p in inside) / len(inside), 1)
    assert all(row["rate_then"] <= row["expected_then"] for row in rows[:4])


def test_30_what_became_of_open_leads(demo):
    today = {(p.lead, p.number): p for p in replay.passes(demo)}
    expected = {}
    for old in replay.passes(demo, THEN):
        new = today[old.lead, old.number]
        if old.outcome == "open":
            counts = expected.setdefault(replay.STAGES[old.furthest], collections.Counter())
            counts.update(leads=1, went_on=new.furthest > old.furthest, won=new.outcome == "won",
                          closed_without=new.outcome == "exited", open_today=new.outcome == "open")
    assert {row.pop("stood_at"): row for row in cookbook.results(30)[2]} == {k: dict(v) for k, v in expected.items()}


def test_30_the_pipeline_of_then(demo):
    plain = sqlite3.connect(f"file:{cookbook.DEMO}?mode=ro", uri=True)
    rates = dict(plain.execute("SELECT currency, eur FROM fx_rates WHERE month = '2024-06'"))
    stages = {}
    for deal, stage in plain.execute("SELECT deal_id, stage FROM deal_stage_events WHERE entered_at < '2024-07-01'"
                                     " ORDER BY entered_at, event_id"):
        stages[deal] = stage
    sums, names = collections.Counter(), {"won": "won_since", "lost": "lost_since", "open": "open_today"}
    for deal, status, typed, closed, cents, currency in plain.execute(
            "SELECT deal_id, status, created_at, closed_at, amount_cents, currency FROM deals"):
        if typed < "2024-07-01" and (closed or "9999") > "2024-07-01":
            euros = round(cents * rates[currency])
            for line in (stages[deal], "total"):
                sums.update({(line, "deals"): 1, (line, "pipeline"): euros, (line, names[status]): euros})
    for row in cookbook.results(30)[3]:
        line = row.pop("stage")
        assert row.pop("deals") == sums[line, "deals"]
        assert {name: round(100 * float(value)) for name, value in row.items()} == {n: sums[line, n] for n in row}
