"""Questions 4 and 10: which channel and offer earned the revenue, and does it add up. The second way divides every deal in
exact fractions, in Python; and compares marketing's list with the CRM in plain SQL."""

from collections import Counter
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache

import cookbook
import crm
import pytest

LOOKBACK = timedelta(days=180)
UNSUBSCRIBE = "email: unsubscribe"


def position_based(n):
    if n <= 2:
        return [Fraction(1, n)] * n
    return [Fraction(2, 5)] + [Fraction(1, 5) / (n - 2)] * (n - 2) + [Fraction(2, 5)]


SHARES = {
    "first_touch": lambda n: [Fraction(1)] + [Fraction(0)] * (n - 1),
    "last_touch": lambda n: [Fraction(0)] * (n - 1) + [Fraction(1)],
    "linear": lambda n: [Fraction(1, n)] * n,
    "position_based": position_based,
}


def path_labels(deal):
    """The offers of the touches in the 180 days before the sale, without unsubscribes unless there is nothing else."""
    sale = next(other for other in crm.deals() if other["deal_id"] == deal["sale"])
    touches = [touch for touch in crm.touches_by("account_id")[deal["account_id"]]
               if timedelta(0) <= sale["closed_at"] - touch["touched_at"] <= LOOKBACK]
    touches.sort(key=lambda touch: (touch["touched_at"], f"{touch['channel']}: {touch['offer']}", touch["touch_id"]))
    labels = [f"{touch['channel']}: {touch['offer']}" for touch in touches]
    return [label for label in labels if label != UNSUBSCRIBE] or labels


def whole_cents(amount, shares):
    """The amount in whole cents by the shares; the largest remainders go up, the earlier one first; a refund mirrors."""
    sign, amount = (-1, -amount) if amount < 0 else (1, amount)
    parts = [int(amount * share) for share in shares]
    order = sorted(range(len(shares)), key=lambda i: (parts[i] - amount * shares[i], i))
    for i in order[: amount - sum(parts)]:
        parts[i] += 1
    assert sum(parts) == amount
    return [sign * part for part in parts]


@lru_cache(maxsize=None)
def credit(model):
    """(offer, month of the books) -> cents."""
    sums = Counter()
    for deal in crm.won_deals():
        month, labels = deal["closed_at"].strftime("%Y-%m"), path_labels(deal)
        if not labels:
            sums[crm.NOBODY, month] += deal["cents"]
            continue
        for label, part in zip(labels, whole_cents(deal["cents"], SHARES[model](len(labels)))):
            sums[label, month] += part
    return sums


def summed(model, since, to="2024-12", offer=None, channel=None):
    return sum(cents for (label, month), cents in credit(model).items()
               if since <= month <= to and offer in (None, label) and channel in (None, label.split(": ")[0]))


def booked(since, to="2024-12"):
    return sum(deal["cents"] for deal in crm.won_deals() if since <= deal["closed_at"].strftime("%Y-%m") <= to)


PERIODS = {"month": "2024-12", "quarter": "2024-10", "half_year": "2024-07", "year": "2024-01"}


@pytest.fixture(scope="module")
def earned():
    return cookbook.results(4)


def test_channels_in_every_period(earned):
    assert len(earned[0]) == 13
    for row in earned[0]:
        for name, since in PERIODS.items():
            if row["channel"] in ("total", "revenue in the CRM"):
                assert crm.cents(row[name]) == booked(since)
            else:
                assert crm.cents(row[name]) == summed("position_based", since, channel=row["channel"])


def test_offers_within_channels(earned):
    assert UNSUBSCRIBE not in {f"{row['channel']}: {row['offer']}" for row in earned[1]} and len(earned[1]) == 21
    for row in earned[1]:
        for name, since in PERIODS.items():
            assert crm.cents(row[name]) == summed("position_based", since, offer=f"{row['channel']}: {row['offer']}")
    for channel in {row["channel"] for row in earned[1]}:
        percents = [crm.number(row["of_the_channel"]) for row in earned[1] if row["channel"] == channel]
        assert sum(percents) == pytest.approx(100, abs=0.05 * len(percents) + 1e-9)


def test_quarters(earned):
    assert len(earned[2]) == 12
    for row in earned[2]:
        for name in list(row)[1:]:
            year, quarter = name.split("-Q")
            since, to = f"{year}-{int(quarter) * 3 - 2:02}", f"{year}-{int(quarter) * 3:02}"
            expected = (booked(since, to) if row["channel"] == "revenue in the CRM"
                        else summed("position_based", since, to, channel=row["channel"]))
            assert crm.cents(row[name]) == expected


def test_models(earned):
    for row in earned[3]:
        for model in SHARES:
            expected = booked("2024-01") if row["channel"] == "total" else summed(model, "2024-01", channel=row["channel"])
            assert crm.cents(row[model]) == expected
    for model in list(earned[3][0])[1:]:
        *channels, total = [crm.cents(row[model]) for row in earned[3]]
        assert sum(channels) == total == booked("2024-01")


@pytest.fixture(scope="module")
def matched():
    return cookbook.results(10)


def test_the_full_outer_difference(matched):
    """The second way: two EXCEPTs, which know nothing of joins."""
    only_report = {row["deal_id"]: row["amount_cents"] for row in crm.rows(
        "SELECT deal_id, amount_cents FROM marketing_report EXCEPT SELECT deal_id, amount_cents FROM won_deals")}
    only_crm = {row["deal_id"]: row["amount_cents"] for row in crm.rows(
        "SELECT deal_id, amount_cents FROM won_deals EXCEPT SELECT deal_id, amount_cents FROM marketing_report")}
    listed = {row["deal_id"]: row for row in matched[1]}
    assert len(listed) == len(matched[1]) == 39 and listed.keys() == only_report.keys() | only_crm.keys()
    for deal_id, row in listed.items():
        assert (row["in_report"] and crm.cents(row["in_report"])) == only_report.get(deal_id)
        assert (row["in_crm"] and crm.cents(row["in_crm"])) == only_crm.get(deal_id)
        assert crm.cents(row["euros_above"]) == only_report.get(deal_id, 0) - only_crm.get(deal_id, 0)
    with_tax = {deal for deal, cents in only_report.items() if abs(cents / only_crm.get(deal, 1) - 1.19) < 1e-4}
    one_cent = {deal for deal, cents in only_report.items() if abs(cents - only_crm.get(deal, 0)) == 1}
    assert {deal for deal, row in listed.items() if row["finding"] == "reported with 19 % tax"} == with_tax
    assert {deal for deal, row in listed.items() if row["finding"] == "one cent"} == one_cent


def test_the_bridge_from_marketings_total_to_the_crms(matched):
    lines = {row["line"]: (row["deals"], crm.cents(row["euros"])) for row in matched[0]}
    reported = crm.rows("SELECT count(*) AS n, sum(amount_cents) AS cents FROM marketing_report")[0]
    won = crm.won_deals()
    assert lines.pop("marketing's report") == (reported["n"], reported["cents"])
    assert lines.pop("corrected") == lines.pop("revenue in the CRM") == (len(won), sum(deal["cents"] for deal in won))
    assert reported["cents"] + sum(cents for _, cents in lines.values()) == sum(deal["cents"] for deal in won)
    assert lines["a refund that the report does not know"] == (
        sum(deal["kind"] == "refund" for deal in won), sum(deal["cents"] for deal in won if deal["kind"] == "refund"))
    by_finding = Counter(row["finding"] for row in matched[1])
    assert {line: deals for line, (deals, _) in lines.items()} == by_finding


def test_every_model_adds_up_to_the_crm(matched):
    models = cookbook.open_demo().execute("SELECT name FROM attribution_help WHERE kind = 'model'")
    known = {row[0].split("(")[0] for row in models}
    total = f"{sum(deal['cents'] for deal in crm.won_deals()) / 100:11.2f}"
    assert {row["model"].split("(")[0] for row in matched[2]} == known
    for row in matched[2]:
        assert (row["deals"], row["marketing_total"], row["crm_total"], row["difference"], row["deals_that_differ"]) == (
            348, total, total, "0.00", 0)
    assert matched[3] == [{"models": len(matched[2]) - 1, "months": 24, "compared": 24 * (len(matched[2]) - 1),
                           "equal": 24 * (len(matched[2]) - 1), "largest_difference_in_cents": 0}]


def test_what_participation_gives_away_and_what_nobody_gets(matched):
    given = unattributed = 0
    for deal in crm.won_deals():
        channels = {touch["channel"] for touch in crm.touches_by("account_id")[deal["account_id"]]
                    if timedelta(0) <= deal["closed_at"] - touch["touched_at"] <= LOOKBACK}
        given += deal["cents"] * (len(channels) or 1)
        unattributed += deal["cents"] * (not channels)
    table = {row["model"]: row for row in matched[2]}
    assert crm.cents(table["participation"]["given_away"]) == given
    assert {crm.cents(row["unattributed"]) for name, row in table.items() if "milestone" not in name} == {unattributed}


@pytest.mark.parametrize("model, milestone", [("milestone(1)", "lead_created_at"), ("milestone(2)", "opp_created_at")])
def test_what_milestones_leave(matched, model, milestone):
    """A milestone has no touch where it is missing, or where no touch of the 180 days lies at or before it."""
    left = sum(deal["cents"] for deal in crm.won_deals() if deal[milestone] is None or not any(
        deal["closed_at"] - LOOKBACK <= touch["touched_at"] <= min(deal["closed_at"], deal[milestone])
        for touch in crm.touches_by("account_id")[deal["account_id"]]))
    assert crm.cents(next(row for row in matched[2] if row["model"] == model)["unattributed"]) == left
