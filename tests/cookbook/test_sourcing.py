"""Questions 1, 2, 3 and 12: who sourced it. The second way is Python over the raw tables, and what the CRM itself says."""

from collections import Counter, defaultdict
from datetime import timedelta

import cookbook
import crm
import pytest

NO_LEAD = "(no lead)"


def by(results, *names):
    """Rows by the values of some columns."""
    return {tuple(row[name] for name in names) if len(names) > 1 else row[names[0]]: row for row in results}


def test_amounts_in_euros_are_those_of_the_view():
    view = {row["deal_id"]: row["amount_cents"] for row in crm.rows("SELECT deal_id, amount_cents FROM deals_eur")}
    assert {deal["deal_id"]: deal["cents"] for deal in crm.deals()} == view


@pytest.fixture(scope="module")
def who_sourced_this_deal():
    return cookbook.results(1)


def sources_by_touches(deal):
    """(original, of this pass) from the touches of the lead's contact."""
    if deal["lead_id"] is None:
        return NO_LEAD, NO_LEAD
    touches = crm.touches_by("contact_id")[crm.leads()[deal["lead_id"]]["contact_id"]]
    return crm.first_channel(touches), crm.first_channel(touches, crm.pass_of_deal(deal)[1])


def sources_by_crm(deal):
    """The same as the CRM wrote them down: the lead's source, and the source of its last inquiry before the opportunity."""
    if deal["lead_id"] is None:
        return NO_LEAD, NO_LEAD
    inquiries = [event for event in crm.events()[deal["lead_id"]]
                 if event["stage"] == "inquiry" and event["entered_at"] <= deal["opp_created_at"]]
    return crm.leads()[deal["lead_id"]]["source"], inquiries[-1]["source"]


@pytest.mark.parametrize("sources", [sources_by_touches, sources_by_crm])
def test_revenue_by_original_source_and_by_first_touch_of_the_pass(who_sourced_this_deal, sources):
    original, now, deals, deals_now = Counter(), Counter(), Counter(), Counter()
    for deal in crm.won_deals():
        first, current = sources(deal)
        original[first] += deal["cents"]
        now[current] += deal["cents"]
        deals[first] += 1
        deals_now[current] += 1
    table = by(who_sourced_this_deal[2], "channel")
    total, in_crm = table.pop("total"), table.pop("revenue in the CRM")
    assert {channel: crm.cents(row["original_source"]) for channel, row in table.items()} == original
    assert {channel: crm.cents(row["first_touch_of_pass"]) for channel, row in table.items()} == now
    assert {channel: row["deals"] for channel, row in table.items()} == deals
    assert {channel: row["deals_now"] for channel, row in table.items()} == deals_now
    assert {channel: crm.cents(row["moved"]) for channel, row in table.items()} == {
        channel: now[channel] - original[channel] for channel in original}
    for row in (total, in_crm):
        assert crm.cents(row["original_source"]) == sum(deal["cents"] for deal in crm.won_deals())


def test_the_deal_in_question(who_sourced_this_deal):
    deal = next(deal for deal in crm.deals() if deal["deal_id"] == 779)
    (row,) = who_sourced_this_deal[1]
    assert (row["original_source"], row["first_touch_of_this_pass"]) == sources_by_crm(deal) == ("sdr outreach", "partner")
    passes = crm.passes()[deal["lead_id"]]
    names = {"idle": "recycled"}
    assert [(row["pass"], row["first_touch"], row["furthest_stage"], row["outcome"], row["ended_at"])
            for row in who_sourced_this_deal[0]] == [
        (one["number"], one["source"], one["stage"], names.get(one["outcome"], one["outcome"]), str(one["ended_at"]))
        for one in passes]


def test_deals_by_pass(who_sourced_this_deal):
    found = defaultdict(lambda: [0, 0, 0])
    for deal in crm.won_deals():
        number = crm.pass_of_deal(deal)[0]["number"] if deal["lead_id"] else "no lead"
        original, current = sources_by_crm(deal)
        found[number][0] += 1
        found[number][1] += original != current
        found[number][2] += deal["cents"] * (original != current)
    assert {row["pass"]: [row["deals"], row["changed_hands"], crm.cents(row["changed_hands_worth"])]
            for row in who_sourced_this_deal[3]} == found


def test_leads_by_pass(who_sourced_this_deal):
    found = defaultdict(Counter)
    for lead, passes in crm.passes().items():
        for one in passes:
            count, last = found[one["number"]], one["number"] == len(passes)
            count["leads"] += 1
            count["opportunity"] += one["outcome"] == "opportunity"
            count["disqualified"] += one["outcome"] == "disqualified"
            count["closed_after_30_days"] += one["outcome"] == "idle"
            count["still_open_in_crm"] += last and one["outcome"] == "idle" and crm.leads()[lead]["stage"] != "recycled"
            count["reopened"] += not last
            count["open"] += one["outcome"] == "open"
    for row in who_sourced_this_deal[4]:
        assert {name: row[name] for name in row if name != "pass"} == found[row["pass"]]
    assert len(who_sourced_this_deal[4]) == len(found)


@pytest.fixture(scope="module")
def resurfaced():
    return cookbook.results(2)


def journey(deal, limit):
    """The touches that count for a deal: back from the close, up to the first silence longer than the limit."""
    kept, later = [], deal["closed_at"]
    for touch in reversed(crm.touches_by("account_id")[deal["account_id"]]):
        if touch["touched_at"] > deal["closed_at"]:
            continue
        if limit is not None and later - touch["touched_at"] > limit:
            break
        kept.append(touch)
        later = touch["touched_at"]
    return kept[::-1]


def first_of(touches):
    return touches[0]["channel"] if touches else crm.NOBODY


def test_what_changes_hands_under_each_limit(resurfaced):
    found = {}
    for label, days in (("none", None), ("365 days", 365), ("270 days", 270), ("180 days", 180), ("90 days", 90)):
        moved = [deal for deal in crm.won_deals() if first_of(journey(deal, days and timedelta(days=days)))
                 != first_of(journey(deal, None))]
        found[label] = (348, len(moved), sum(deal["cents"] for deal in moved))
    assert {row["limit"]: (row["deals"], row["changed_hands"], crm.cents(row["changed_hands_worth"]))
            for row in resurfaced[2]} == found
    assert {(row["total"], row["revenue_in_the_crm"]) for row in resurfaced[2]} == {("14471523.43", "14471523.43")}


def test_whose_the_resurfaced_lead_is(resurfaced):
    deal = next(deal for deal in crm.deals() if deal["deal_id"] == 714)
    for rule, limit in (("no limit", None), ("silence of 365 days", timedelta(days=365))):
        touches = journey(deal, limit)
        table = by([row for row in resurfaced[1] if row["rule"] == rule], "model", "channel")
        assert {key: row["touches"] for key, row in table.items()} == {
            ("first_touch", first_of(touches)): 1,
            **{("linear", channel): n for channel, n in Counter(touch["channel"] for touch in touches).items()}}
        for (model, _), row in table.items():
            exact = deal["cents"] * row["touches"] / (1 if model == "first_touch" else len(touches))
            assert abs(crm.cents(row["value"]) - exact) < row["touches"]
            assert row["of_touches"] == len(touches)
        assert sum(crm.cents(row["value"]) for row in table.values()) == 2 * deal["cents"]
    silent = [row["days_of_silence"] for row in resurfaced[0]]
    assert max(day or 0 for day in silent) == silent[4] > 365
    assert [row["journey"] for row in resurfaced[0]] == [1] * 4 + [2] * 4


def test_the_deals_behind_365_days(resurfaced):
    found = {}
    for deal in crm.won_deals():
        old, new = journey(deal, None), journey(deal, timedelta(days=365))
        if old and old[0]["touch_id"] != new[0]["touch_id"]:
            found[deal["deal_id"]] = (old[0]["channel"], new[0]["channel"], deal["cents"])
    assert {row["deal_id"]: (row["would_be"], row["is_now"], crm.cents(row["amount"])) for row in resurfaced[3]} == found


CLAIMS = ["original_source", "first_of_pass", "before_sales", "influenced", "accelerated"]
SIDES = {"marketing": "marketing", "sales activity": "sales", None: "neither"}


def claims(sale):
    """Claim -> the sides that claim a sale."""
    touches = crm.touches_by("account_id")[sale["account_id"]]
    account = [touch for touch in touches if touch["touched_at"] <= sale["closed_at"]]
    first = {side: min((touch["touched_at"] for touch in account if touch["type"] == side), default=None)
             for side in ("marketing", "sales activity")}
    if first["marketing"] and (not first["sales activity"] or first["marketing"] < first["sales activity"]):
        before = "marketing"
    else:
        before = "sales activity" if first["sales activity"] else None
    original = this_pass = None
    if sale["lead_id"]:
        touches = crm.touches_by("contact_id")[crm.leads()[sale["lead_id"]]["contact_id"]]
        original = crm.first_channel(touches, column="type")
        this_pass = crm.first_channel(touches, crm.pass_of_deal(sale)[1], column="type")
    return {"original_source": {original}, "first_of_pass": {this_pass}, "before_sales": {before},
            "influenced": {touch["type"] for touch in account} or {None},
            "accelerated": {touch["type"] for touch in account if touch["touched_at"] > sale["opp_created_at"]} or {None}}


@pytest.fixture(scope="module")
def claimed():
    """(year or 'both', claim, side) -> cents; a refund goes where its sale has gone."""
    sums = Counter()
    sales = {deal["deal_id"]: claims(deal) for deal in crm.won_deals() if deal["kind"] != "refund"}
    for deal in crm.won_deals():
        for claim, sides in sales[deal["sale"]].items():
            for side in sides:
                sums[str(deal["closed_at"].year), claim, SIDES[side]] += deal["cents"]
                sums["both", claim, SIDES[side]] += deal["cents"]
    return sums


def test_what_was_sourced_influenced_and_accelerated(claimed):
    euros, percent, goal = cookbook.results(3)
    revenue = Counter(both=sum(deal["cents"] for deal in crm.won_deals()))
    for deal in crm.won_deals():
        revenue[str(deal["closed_at"].year)] += deal["cents"]
    table = by(euros, "side")
    for side in ("marketing", "sales"):
        assert {claim: crm.cents(table[side][claim]) for claim in CLAIMS} == {
            claim: claimed["both", claim, side] for claim in CLAIMS}
    for claim in CLAIMS[:3]:
        assert crm.cents(table["neither"][claim]) == claimed["both", claim, "neither"]
        assert crm.cents(table["total"][claim]) == crm.cents(table["revenue in the CRM"][claim]) == revenue["both"]
        assert sum(claimed["both", claim, side] for side in SIDES.values()) == revenue["both"]
    for row in percent:
        assert {claim: row[name] for claim, name in zip(CLAIMS, list(row)[2:])} == {
            claim: crm.printed_percent(claimed[row["year"], claim, row["side"]], revenue[row["year"]]) for claim in CLAIMS}
    assert len(percent) == 6 and len(goal) == 9
    for row in goal:
        sourced = claimed[row["year"], row["sourced_by"], "marketing"]
        assert crm.cents(row["sourced"]) == sourced
        assert crm.cents(row["goal"]) == -(-revenue[row["year"]] // 2)
        assert crm.cents(row["above_goal"]) == sourced + -revenue[row["year"]] // 2


def test_refunds_follow_their_sales_and_each_has_one():
    sales = {deal["deal_id"] for deal in crm.won_deals() if deal["kind"] != "refund"}
    refunds = [deal for deal in crm.won_deals() if deal["kind"] == "refund"]
    assert refunds and all(deal["refund_of"] in sales for deal in refunds)


def test_attainment_of_marketing_and_company():
    """The second way: the lead's source as the CRM has it, in plain SQL."""
    months = {row["month"]: row for row in crm.rows("""
        WITH created AS (
          SELECT substr(d.created_at, 1, 7) AS month, sum(e.amount_cents) AS pipeline,
                 total(CASE WHEN l.source <> 'sdr outreach' THEN e.amount_cents END) AS marketing
          FROM deals AS d JOIN deals_eur AS e USING (deal_id) LEFT JOIN leads AS l ON l.lead_id = d.lead_id
          WHERE d.kind <> 'refund' GROUP BY 1)
        SELECT q.*, c.pipeline, c.marketing,
               (SELECT sum(amount_cents) FROM won_deals WHERE substr(closed_at, 1, 7) = q.month) AS won
        FROM quotas AS q JOIN created AS c USING (month)""")}
    periods, by_month, counted = cookbook.results(12)
    assert [row["month"] for row in by_month] == sorted(months) and len(months) == 24
    for row in by_month:
        month = months[row["month"]]
        assert crm.cents(row["by_marketing"]) == month["marketing"] and crm.cents(row["by_all"]) == month["pipeline"]
        assert row["marketing"] == crm.printed_percent(month["marketing"], month["marketing_pipeline_cents"])
        assert row["company"] == crm.printed_percent(month["pipeline"], month["pipeline_cents"])
        assert row["revenue"] == crm.printed_percent(month["won"], month["revenue_cents"])
    for row, since in zip(periods, ("2024-12", "2024-10", "2024-07", "2024-01"), strict=True):
        total = Counter()
        for month in months.values():
            if month["month"] >= since:
                total.update({name: value for name, value in month.items() if name != "month"})
        assert crm.cents(row["by_marketing"]) == total["marketing"] and crm.cents(row["by_all"]) == total["pipeline"]
        assert row["marketing_attains"] == crm.printed_percent(total["marketing"], total["marketing_pipeline_cents"])
        assert row["company_attains"] == crm.printed_percent(total["pipeline"], total["pipeline_cents"])
        assert row["revenue_attains"] == crm.printed_percent(total["won"], total["revenue_cents"])
    above = [month for month in months.values() if month["marketing"] >= month["marketing_pipeline_cents"]]
    assert counted[0] == {"marketing": "above its goal", "months": len(above),
                          "company_missed_pipeline": sum(m["pipeline"] < m["pipeline_cents"] for m in above),
                          "company_missed_revenue": sum(m["won"] < m["revenue_cents"] for m in above)}
    assert {row["month"] for row in by_month if row["above_while"]} == {
        m["month"] for m in above if m["pipeline"] < m["pipeline_cents"] or m["won"] < m["revenue_cents"]}
