"""Questions 13 and 14 a second time: brute force over the raw tables, without the extension."""

from collections import defaultdict
from datetime import datetime
from fractions import Fraction

import pytest

import cookbook
import raw_crm
from raw_crm import TODAY, cents, column, euro_cents, table

PERIOD = (datetime(2024, 7, 1), TODAY)
MONTHS = [f"2024-{month:02}" for month in range(7, 13)]


def account_touches(deal):
    return raw_crm.touches_by("account_id")[deal["account_id"]]


def in_period(at):
    return at is not None and PERIOD[0] <= at <= PERIOD[1]


# --- 13 -------------------------------------------------------------------------------------------------------------


def sourced(month):
    """Channel -> [deals, cents] created in a month, open or won today, by the first touch that the account ever had."""
    found = defaultdict(lambda: [0, 0])
    for deal in table("deals"):
        if deal["kind"] == "refund" or deal["status"] == "lost" or deal["created_at"].strftime("%Y-%m") != month:
            continue
        before = [t for t in table("touches") if t["account_id"] == deal["account_id"] and t["touched_at"] <= deal["created_at"]]
        first = min(before, key=lambda t: (t["touched_at"], t["channel"], t["touch_id"]), default=None)
        channel = first["channel"] if first else "(unattributed)"
        found[channel][0] += 1
        found[channel][1] += euro_cents(deal)
    return found


def channel_quotas(month):
    return {q["channel"]: q["pipeline_cents"] for q in table("channel_quotas") if q["month"] == month}


@pytest.fixture(scope="module")
def question_13():
    return cookbook.results(13)


def test_13_every_channel_of_either_side_has_a_row_with_its_quota_and_its_pipeline(question_13):
    rows = [row for row in question_13[0] if row["channel"] not in ("total", "in the CRM")]
    pipeline, quotas = sourced("2024-12"), channel_quotas("2024-12")
    assert {row["channel"] for row in rows} == set(pipeline) | set(quotas)
    for row in rows:
        deals, amount = pipeline.get(row["channel"], (None, None))
        assert (row["deals"], cents(row["pipeline"])) == (deals, amount)
        assert cents(row["quota"]) == quotas.get(row["channel"])
        assert cents(row["over_or_under"]) == (amount or 0) - quotas.get(row["channel"], 0)
        if row["channel"] not in quotas:
            assert row["attained"] is None
        else:
            assert float(row["attained"].rstrip(" %")) == pytest.approx(100 * (amount or 0) / quotas[row["channel"]], abs=0.05)


def test_13_the_affiliate_channel_has_a_quota_and_nothing_else_and_two_channels_no_quota(question_13):
    rows = {row["channel"]: row for row in question_13[0]}
    assert rows["affiliate"]["quota"] and rows["affiliate"]["pipeline"] is None and rows["affiliate"]["deals"] is None
    assert [c for c, row in rows.items() if row["quota"] is None] == ["direct", "email", "(unattributed)"]


def test_13_the_total_is_what_the_crm_says(question_13):
    rows = {row["channel"]: row for row in question_13[0]}
    deals = [d for d in table("deals") if d["created_at"].strftime("%Y-%m") == "2024-12"
             and d["status"] in ("open", "won") and d["kind"] != "refund"]
    total = sum(map(euro_cents, deals))
    company = next(q["pipeline_cents"] for q in table("quotas") if q["month"] == "2024-12")
    for name in ("total", "in the CRM"):
        assert (rows[name]["deals"], cents(rows[name]["pipeline"]), cents(rows[name]["quota"])) == (len(deals), total, company)


def test_13_three_months_side_by_side(question_13):
    months = {"two_before": "2024-10", "month_before": "2024-11", "this_month": "2024-12"}
    pipeline, quotas = {m: sourced(m) for m in months.values()}, {m: channel_quotas(m) for m in months.values()}
    assert {row["channel"] for row in question_13[1]} == set(quotas["2024-12"])
    for row in question_13[1]:
        of = {m: pipeline[m].get(row["channel"], (0, 0))[1] for m in pipeline}
        for name, month in months.items():
            assert float(row[name].rstrip(" %")) == pytest.approx(100 * of[month] / quotas[month][row["channel"]], abs=0.051)
        assert cents(row["pipeline_of_three"]) == sum(of.values())
        assert cents(row["quota_of_three"]) == sum(q[row["channel"]] for q in quotas.values())


# --- 14 -------------------------------------------------------------------------------------------------------------


def campaign_of(touch):
    if touch is None:
        return "(unattributed)"
    campaign = raw_crm.by_id("campaigns", "campaign_id")[touch["campaign_id"]]
    return "(older campaigns)" if campaign["ends_on"] < "2024-07-01" else campaign["name"]


def first_wins():
    """The first won deal of each account, where it lies in the period."""
    first = {}
    for deal in table("deals"):
        if deal["status"] == "won" and (deal["account_id"] not in first or deal["closed_at"] < first[deal["account_id"]]["closed_at"]):
            first[deal["account_id"]] = deal
    return [deal for deal in first.values() if in_period(deal["closed_at"])]


@pytest.fixture(scope="module")
def campaigns():
    """Campaign -> measure -> number, all in cents and exact fractions."""
    found = defaultdict(lambda: defaultdict(Fraction))
    names = raw_crm.by_id("campaigns", "campaign_id")
    for row in table("spend"):
        if row["month"] in MONTHS:
            found[names[row["campaign_id"]]["name"]]["spend"] += row["spend_cents"]
    engaged = {(campaign_of(t), t["account_id"]) for t in table("touches")
               if t["points"] > 0 and in_period(t["touched_at"]) and t["account_id"]}
    for campaign, _ in engaged:
        found[campaign]["accounts"] += 1
    found["total"]["accounts"] = Fraction(len({account for _, account in engaged}))
    created = [d for d in table("deals") if d["kind"] != "refund" and in_period(d["created_at"])]
    booked = [d for d in table("deals") if d["status"] == "won" and in_period(d["closed_at"])]
    for deals, at, worth, money, number in (
        (created, "created_at", lambda d: 0 if d["status"] == "lost" else euro_cents(d), "pipeline", "opportunities"),
        (booked, "closed_at", euro_cents, "revenue", "booked deals"),
        (first_wins(), "closed_at", lambda d: 0, "nothing", "customers"),
    ):
        for _, touch, amount, share in raw_crm.credit(deals, account_touches, lambda d: d[at], worth, 180):
            for campaign in (campaign_of(touch), "total"):
                found[campaign][money] += amount
                found[campaign][number] += share
    found["total"]["spend"] = sum(row["spend_cents"] for row in table("spend") if row["month"] in MONTHS)
    return found


@pytest.fixture(scope="module")
def question_14():
    return cookbook.results(14)


def test_14_spend_engaged_accounts_opportunities_and_pipeline(question_14, campaigns):
    assert {row["campaign"] for row in question_14[0]} == set(campaigns)
    for row in question_14[0]:
        is_ = campaigns[row["campaign"]]
        assert cents(row["spend"]) == is_["spend"]
        assert row["engaged_accounts"] == is_["accounts"]
        assert float(row["opportunities"]) == pytest.approx(float(is_["opportunities"]), abs=0.0051)
        assert cents(row["pipeline"]) == is_["pipeline"]


def test_14_revenue_and_new_customers(question_14, campaigns):
    assert {row["campaign"] for row in question_14[1]} == set(campaigns)
    for row in question_14[1]:
        is_ = campaigns[row["campaign"]]
        assert cents(row["revenue"]) == is_["revenue"]
        assert float(row["new_customers"]) == pytest.approx(float(is_["customers"]), abs=0.0051)


@pytest.mark.parametrize(
    "result, ratio, above, below, unit",
    [(0, "per_account", "spend", "accounts", 100), (0, "per_opportunity", "spend", "opportunities", 100),
     (0, "per_pipeline_euro", "spend", "pipeline", 1), (1, "roas", "revenue", "spend", 1), (1, "cac", "spend", "customers", 100)],
)
def test_14_a_ratio_is_null_exactly_where_there_is_no_spend_or_nothing_to_divide_by(
        question_14, campaigns, result, ratio, above, below, unit):
    for row in question_14[result]:
        is_ = campaigns[row["campaign"]]
        if not is_["spend"] or not is_[below]:
            assert row[ratio] is None
        else:
            assert float(row[ratio]) == pytest.approx(float(is_[above] / is_[below] / unit), abs=0.0051)
    assert sum(row[ratio] is None for row in question_14[result]) >= 5


def test_14_the_spend_is_not_multiplied_by_touches(question_14):
    """The books of the half-year, and the rows of the campaigns: the same sum."""
    books = sum(row["spend_cents"] for row in table("spend") if row["month"] in MONTHS)
    assert sum(cents(row["spend"]) for row in question_14[0] if row["campaign"] != "total") == books
    assert {cents(row["spend"]) for row in question_14[2]} == {books}


def test_14_both_ends_agree(question_14, campaigns):
    ours, crm = ({k: float(v) for k, v in row.items() if k != "what"} for row in question_14[2])
    assert ours == crm
    assert crm["new_customers"] == len(first_wins()) and crm["opportunities"] == campaigns["total"]["opportunities"]
    assert column(question_14[2], "what", "revenue")["in the CRM"] == sum(
        euro_cents(d) for d in table("deals") if d["status"] == "won" and in_period(d["closed_at"]))
