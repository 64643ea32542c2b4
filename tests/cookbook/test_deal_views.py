"""Questions 23, 24 and 25 a second time: paths cut and deals divided in Python, from the raw tables."""

from collections import defaultdict
from fractions import Fraction

import pytest

import cookbook
import raw_crm
from raw_crm import TODAY, cents, euro_cents, per_channel, table

WON = [deal for deal in table("deals") if deal["status"] == "won"]
REVENUE = sum(map(euro_cents, WON))
TOTALS = ("total", "revenue in the CRM", "in the CRM")


def account_touches(deal):
    return raw_crm.touches_by("account_id")[deal["account_id"]]


def closed_at(deal):
    return deal["closed_at"]


def people(role=None):
    """Deal -> its contacts, or those with one role."""
    found = defaultdict(set)
    for row in table("deal_contacts"):
        if role in (None, row["role"]):
            found[row["deal_id"]].add(row["contact_id"])
    return found


def touches_of(contacts_of):
    return lambda deal: [t for t in account_touches(deal) if t["contact_id"] in contacts_of[deal["deal_id"]]]


# --- 23 -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def question_23():
    return cookbook.results(23)


@pytest.fixture(scope="module")
def views():
    """View -> list of (deal, touch, cents, share)."""
    of = {"account": account_touches, "opportunity": touches_of(people()), "contact role": touches_of(people("primary"))}
    return {name: list(raw_crm.credit(WON, touches, closed_at, euro_cents, 180)) for name, touches in of.items()}


COLUMNS = {"account": "account_view", "opportunity": "opportunity_view", "contact role": "contact_role_view"}


def test_23_one_deal_in_three_views(question_23, views):
    *rows, total, crm = question_23[0]
    worth = euro_cents(raw_crm.by_id("deals", "deal_id")[399])
    for view, name in COLUMNS.items():
        mine = {str(t["touched_at"]): amount for deal, t, amount, _ in views[view] if deal["deal_id"] == 399}
        assert {row["touched_at"]: cents(row[name]) for row in rows if row[name] is not None} == mine
        assert cents(total[name]) == cents(crm[name]) == worth == sum(mine.values())
    contacts = raw_crm.by_id("contacts", "contact_id")
    roles = {contacts[r["contact_id"]]["name"]: r["role"] for r in table("deal_contacts") if r["deal_id"] == 399}
    assert all(row["role"] == roles.get(row["contact"]) for row in rows)


def test_23_what_each_view_sees(question_23, views):
    assert [row["seen_by"] for row in question_23[1]] == list(views)
    for row in question_23[1]:
        credits = views[row["seen_by"]]
        without = [(deal, amount) for deal, touch, amount, _ in credits if touch is None]
        touches = len(credits) - len(without)
        assert (row["deals"], row["without_touch"], row["touches"]) == (len(WON), len(without), touches)
        assert float(row["touches_if_any"]) == pytest.approx(touches / (len(WON) - len(without)), abs=0.051)
        assert cents(row["revenue_without_touch"]) == sum(amount for _, amount in without)


def test_23_in_one_deal_a_touch_counts_once_and_a_narrow_view_sees_a_part_of_the_wider_one(views):
    seen = {view: [(d["deal_id"], t["touch_id"]) for d, t, _, _ in credits if t] for view, credits in views.items()}
    assert all(len(pairs) == len(set(pairs)) for pairs in seen.values())
    assert set(seen["contact role"]) < set(seen["opportunity"]) < set(seen["account"])


def test_23_revenue_per_channel(question_23, views):
    for view, name in COLUMNS.items():
        totals = per_channel(views[view])
        for row in question_23[2]:
            assert cents(row[name]) == (REVENUE if row["channel"] in TOTALS else totals[row["channel"]])
        assert {row["channel"] for row in question_23[2]} == set(totals) | {"total", "revenue in the CRM"}


def test_23_sales_share_grows_as_the_view_narrows(views):
    shares = [per_channel(credits)["sdr outreach"] for credits in views.values()]
    assert shares == sorted(shares) and len(set(shares)) == 3


# --- 24 -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def question_24():
    return cookbook.results(24)


def criteria(deal, path):
    """For each touch of a path: criterion -> points. The originating touch is the lead's own first response, as the
    lead remembers it: its contact, its campaign, its time."""
    leads, primary = raw_crm.by_id("leads", "lead_id"), people("primary")[deal["deal_id"]]
    lead = leads.get(deal["lead_id"])
    found = []
    for touch in path:
        points = {"primary contact": 3} if touch["contact_id"] in primary else {}
        if lead and (touch["contact_id"], touch["campaign_id"], touch["touched_at"]) == (
                lead["contact_id"], lead["campaign_id"], lead["created_at"]):
            points["originating"] = 5
        found.append(points)
    if found:
        found[0]["first touch"] = 7
        found[-1]["last touch"] = 2
    return found


def points_of(deal, path):
    return [sum(points.values()) for points in criteria(deal, path)]


@pytest.fixture(scope="module")
def pointed():
    return list(raw_crm.credit(WON, account_touches, closed_at, euro_cents, 365, points_of))


def test_24_the_worked_example(question_24):
    assert [(row["points"], row["share"].strip(), cents(row["euros"])) for row in question_24[0]] == [
        (12, "60.0 %", 60_000_00), (3, "15.0 %", 15_000_00), (5, "25.0 %", 25_000_00)]


def test_24_one_deal(question_24, pointed):
    deal = raw_crm.by_id("deals", "deal_id")[648]
    path = raw_crm.path(account_touches(deal), deal["closed_at"], 365)
    named = criteria(deal, path)
    mine = [amount for d, _, amount, _ in pointed if d["deal_id"] == 648]
    assert len(question_24[1]) == len(path) == len(mine)
    for row, touch, points, amount in zip(question_24[1], path, named, mine):
        assert row["touched_at"] == str(touch["touched_at"]) and row["points"] == sum(points.values())
        told = dict(part.rsplit(" ", 1) for part in row["criteria"].split(" + ")) if row["criteria"] else {}
        assert {name: int(n) for name, n in told.items()} == points
        assert cents(row["euros"]) == amount
    assert sum(cents(row["euros"]) for row in question_24[1]) == euro_cents(deal)


def test_24_what_each_criterion_moves(question_24, pointed):
    moved, touches, deals = defaultdict(Fraction), defaultdict(int), defaultdict(set)
    for deal, touch, amount, _ in pointed:
        path = raw_crm.path(account_touches(deal), deal["closed_at"], 365)
        points = criteria(deal, path)[path.index(touch)] if touch else {}
        for name, n in points.items():
            moved[name] += Fraction(amount * n, sum(points.values()))
            touches[name] += 1
            deals[name].add(deal["deal_id"])
        if touch is None:
            moved["(unattributed)"] += amount
            deals["(unattributed)"].add(deal["deal_id"])
    assert {row["criterion"] for row in question_24[2]} == set(moved)
    for row in question_24[2]:
        name = row["criterion"]
        assert (row["deals"], row["touches"]) == (len(deals[name]), touches[name])
        assert cents(row["euros"]) == pytest.approx(float(moved[name]), abs=50.01)  # whole euros
    assert sum(moved.values()) == REVENUE


def test_24_revenue_per_channel(question_24, pointed):
    linear = per_channel(raw_crm.credit(WON, account_touches, closed_at, euro_cents, 365))
    by_points = per_channel(pointed)
    for row in question_24[3]:
        total = row["channel"] in TOTALS
        assert cents(row["points"]) == (REVENUE if total else by_points[row["channel"]])
        assert cents(row["linear"]) == (REVENUE if total else linear[row["channel"]])
    assert {row["channel"] for row in question_24[3]} == set(by_points) | {"total", "revenue in the CRM"}


# --- 25 -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def question_25():
    return cookbook.results(25)


@pytest.fixture(scope="module")
def credits():
    """Status -> list of (deal, touch, cents, share); an open deal as of today."""
    return {status: list(raw_crm.credit([d for d in table("deals") if d["status"] == status], account_touches,
                                        lambda d: d["closed_at"] or TODAY, euro_cents, 180))
            for status in ("open", "won", "lost")}


def test_25_the_rate_is_that_of_the_close(question_25):
    todays = {currency: Fraction(str(rows[-1]["eur"])) for currency, rows in raw_crm.rates().items()}
    assert all(rows[-1]["month"] == "2024-12" for rows in raw_crm.rates().values())
    assert len(question_25[0]) == 9
    for row in question_25[0]:
        mine = [d for d in table("deals") if (d["status"], d["currency"]) == (row["status"], row["currency"])]
        own, euros = sum(d["amount_cents"] for d in mine), sum(map(euro_cents, mine))
        moved = sum(raw_crm.half_up(d["amount_cents"] * todays[d["currency"]]) for d in mine) - euros
        assert (row["deals"], row["without_rate"]) == (len(mine), 0)
        assert (cents(row["own_currency"]), cents(row["euros"]), cents(row["moved_since"])) == (own, euros, moved)
        assert moved == 0 if row["status"] == "open" or row["currency"] == "EUR" else moved != 0


def test_25_the_files_euros_are_those_of_the_views_of_the_crm(question_25):
    views = {row["status"]: 0 for row in question_25[0]}
    for deal in table("deals_eur"):
        views[deal["status"]] += deal["amount_cents"]
    for status, amount in views.items():
        assert sum(cents(row["euros"]) for row in question_25[0] if row["status"] == status) == amount


def test_25_open_won_and_lost_credit_per_channel(question_25, credits):
    per_status = {status: per_channel(found) for status, found in credits.items()}
    for row in question_25[1]:
        is_ = {status: sum(c.values()) if row["channel"] in TOTALS else c[row["channel"]] for status, c in per_status.items()}
        assert {status: cents(row[status]) for status in is_} == is_
        assert cents(row["all_deals"]) == sum(is_.values())
        assert float(row["won_of_decided"].rstrip(" %")) == pytest.approx(100 * is_["won"] / (is_["won"] + is_["lost"]), abs=0.051)
    assert {row["channel"] for row in question_25[1]} == set(per_status["won"]) | {"total", "in the CRM"}


def test_25_the_same_in_deals(question_25, credits):
    for row in question_25[2]:
        for status, found in credits.items():
            share = sum(s for _, t, _, s in found if row["channel"] in ("total", t["channel"] if t else "(unattributed)"))
            assert float(row[status]) == pytest.approx(float(share), abs=0.0051)
