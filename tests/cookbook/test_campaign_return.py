"""The campaign with a hold-out, a second way: counts in Python over raw tables, bounds by bisection."""

import collections
import datetime

import pytest

import cookbook
from figures import difference

START, SPEND = "2024-03-01", 34500.0


@pytest.fixture(scope="module")
def story():
    """groups: {1: treated accounts, 0: held out}; deals: new business opened since, (account, status, closed, euros)"""
    demo = cookbook.open_demo()
    (campaign,) = demo.execute("SELECT campaign_id FROM campaigns WHERE name = 'air cover for target accounts, spring 2024'").fetchone()
    assert SPEND == sum(cents for (cents,) in demo.execute("SELECT spend_cents FROM spend WHERE campaign_id = ?", (campaign,))) / 100
    groups = {1: set(), 0: set()}
    for account, held_out in demo.execute("SELECT account_id, held_out FROM campaign_targets WHERE campaign_id = ?", (campaign,)):
        groups[1 - held_out].add(account)
    rates = {(currency, month): eur for currency, month, eur in demo.execute("SELECT * FROM fx_rates")}
    deals, bought_before = {}, set()
    for deal, account, of, kind, status, opened, closed, cents, currency in demo.execute(
            "SELECT deal_id, account_id, refund_of, kind, status, opp_created_at, closed_at, amount_cents, currency"
            " FROM deals ORDER BY refund_of IS NOT NULL"):
        euros = round(cents * rates[currency, (closed or "2024-12")[:7]]) / 100
        if status == "won" and closed < START:
            bought_before.add(account)
        if kind == "new business" and opened >= START:
            deals[deal] = [account, status, closed, euros]
        elif of in deals:
            deals[of][3] += euros
    touches = collections.defaultdict(list)
    for account, time, of in demo.execute("SELECT account_id, touched_at, campaign_id FROM touches ORDER BY touched_at, channel"):
        touches[account].append((time, of == campaign))
    return groups, list(deals.values()), bought_before, touches


def test_32_the_lot_and_the_lift(story):
    groups, deals, bought_before, touches = story
    lot, lifts, _, _ = cookbook.results(32)
    for row, treated in zip(lot, (1, 0)):
        accounts = groups[treated]
        assert row["n"] == len(accounts)
        before = sum(time < START for account in accounts for time, _ in touches[account])
        assert float(row["touches_before"]) == pytest.approx(before / len(accounts), abs=0.051)
        assert float(row["bought_before"][:-2]) == pytest.approx(100 * len(accounts & bought_before) / len(accounts), abs=0.051)
    sets = [bought_before, {d[0] for d in deals}, {d[0] for d in deals if d[1] == "won"}]
    for row, converted in zip(lifts, sets):
        k, control = len(groups[1] & converted), len(groups[0] & converted)
        assert (row["treated"], row["held_out"]) == (k, control)
        expected = difference(k, len(groups[1]), control, len(groups[0]))
        assert [float(row[name]) for name in ("lift", "low", "high")] == pytest.approx([100 * x for x in expected[:3]], abs=0.0051)
        assert float(row["p_value"]) == pytest.approx(expected[3], abs=0.00051)
    assert float(lifts[0]["low"]) < 0 < float(lifts[0]["high"])  # a fair lot


def test_32_the_return(story):
    groups, deals, _, _ = story
    won = {d[0] for d in deals if d[1] == "won"}
    lift, low, high, _ = difference(len(groups[1] & won), len(groups[1]), len(groups[0] & won), len(groups[0]))
    amounts = [d[3] for d in deals if d[1] == "won"]
    value = sum(amounts) / len(amounts)
    for row, rate in zip(cookbook.results(32)[2], (low, lift, high)):
        extra = rate * len(groups[1])
        assert [float(row[name]) for name in ("extra_deals", "value_of_a_deal", "extra_revenue", "spend", "return", "net_return")] == [
            pytest.approx(extra, abs=0.051), pytest.approx(value, abs=0.0051), pytest.approx(extra * value, abs=0.0051), SPEND,
            pytest.approx(extra * value / SPEND, abs=0.0051), pytest.approx(extra * value / SPEND - 1, abs=0.0051)]


def test_32_what_attribution_says(story):
    _, deals, _, touches = story
    sums, total = collections.defaultdict(lambda: [0.0, 0.0]), 0
    for account, status, closed, euros in deals:
        if status != "won":
            continue
        oldest = str(datetime.datetime.fromisoformat(closed) - datetime.timedelta(days=180))
        path = [air for time, air in touches[account] if oldest <= time <= closed] or [False]
        total += euros
        for model, credit in (("first_touch", path[0]), ("last_touch", path[-1]), ("linear", sum(path) / len(path)),
                              ("participation", any(path))):
            sums[model][0] += credit
            sums[model][1] += credit * euros
    rows = cookbook.results(32)[3]
    assert [row["model"] for row in rows] == sorted(sums)
    for row in rows:
        credit, value = sums[row["model"]]
        assert float(row["deals"]) == pytest.approx(credit, abs=0.051)
        assert float(row["revenue"]) == pytest.approx(value, abs=0.0051)
        assert float(row["for_a_euro"]) == pytest.approx(value / SPEND, abs=0.051)
        assert float(row["of_all_new_business"][:-2]) == pytest.approx(100 * value / total, abs=0.051)
