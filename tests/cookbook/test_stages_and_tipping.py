"""Questions 19 and 26 a second time: a calendar of days, and the score log, instead of joins and of attribution."""

import statistics
from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest

import cookbook
import raw_crm
from raw_crm import cents, euro_cents, table

PLACES = {"Awareness": 1, "Consideration": 2, "Decision": 3, "Purchase": 4}
TODAY = date(2024, 12, 31)
MONDAYS = [date(2024, 11, 4) + timedelta(weeks=k) for k in range(8)]


# --- 19 -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def question_19():
    return cookbook.results(19)


@pytest.fixture(scope="module")
def calendar():
    """Account -> day -> stage, every single day marked up to today; no day may be marked twice."""
    marked = defaultdict(dict)
    for stay in table("account_stages"):
        day, end = date.fromisoformat(stay["from_day"]), date.fromisoformat(stay["to_day"]) if stay["to_day"] else TODAY + timedelta(1)
        while day < end:
            assert day not in marked[stay["account_id"]]
            marked[stay["account_id"]][day] = stay["stage"]
            day += timedelta(1)
    return marked


def moves(calendar, monday):
    """(stage on the Monday or None, stage on the next) -> accounts."""
    return Counter((days.get(monday), days.get(monday + timedelta(7))) for days in calendar.values()
                   if monday + timedelta(7) in days)


def test_19_accounts_per_stage_and_what_moves_until_the_next_monday(question_19, calendar):
    assert [row["monday"] for row in question_19[0]] == [str(monday) for monday in MONDAYS]
    for row, monday in zip(question_19[0], MONDAYS):
        standing = Counter(days.get(monday) for days in calendar.values())
        assert [row[stage.lower()] for stage in PLACES] == [standing[stage] for stage in PLACES]
        moved = moves(calendar, monday)
        steps = Counter()
        for (before, after), n in moved.items():
            steps["first_seen" if before is None else (PLACES[after] > PLACES[before]) - (PLACES[after] < PLACES[before])] += n
        assert (row["first_seen"], row["moved_up"], row["moved_down"]) == (steps["first_seen"], steps[1], steps[-1])


def test_19_accounts_and_those_first_seen_make_the_next_monday(question_19):
    rows = question_19[0]
    for row, following in zip(rows, rows[1:]):
        assert row["accounts"] + row["first_seen"] == following["accounts"]
        assert row["accounts"] == sum(row[stage.lower()] for stage in PLACES)


def test_19_shares_from_stage_to_stage(question_19, calendar):
    total = sum((moves(calendar, monday) for monday in MONDAYS), Counter())
    assert [row["stage_before"] for row in question_19[1]] == list(PLACES)
    for row in question_19[1]:
        of = {after: n for (before, after), n in total.items() if before == row["stage_before"]}
        assert row["account_weeks"] == sum(of.values())
        for stage in PLACES:
            share = float(row[f"to_{stage.lower()}"].rstrip(" %"))
            assert share == pytest.approx(100 * of.get(stage, 0) / row["account_weeks"], abs=0.0051)


def test_19_moves_week_by_week(question_19, calendar):
    for row, monday in zip(question_19[2], MONDAYS):
        moved = moves(calendar, monday)
        for name in ("awareness_to_consideration", "consideration_to_decision", "decision_to_purchase", "consideration_to_awareness"):
            before, after = name.split("_to_")
            assert row[name] == moved[before.capitalize(), after.capitalize()]
        seen = {key: n for key, n in moved.items() if key[0]}
        assert row["further_up"] == sum(n for (b, a), n in seen.items() if PLACES[a] - PLACES[b] > 1)
        for stage in ("Decision", "Purchase"):
            assert row[f"{stage.lower()}_down"] == sum(n for (b, a), n in seen.items() if b == stage and PLACES[a] < PLACES[b])
        up_and_down = question_19[0][MONDAYS.index(monday)]
        assert sum(v for k, v in row.items() if k != "monday") == up_and_down["moved_up"] + up_and_down["moved_down"]


def test_19_in_on_the_1st_and_out_on_the_18th_is_17_days(question_19, calendar):
    stay = next(row for row in question_19[3] if row["from_day"] == "2024-03-01")
    assert (stay["to_day"], stay["stage"], stay["days"]) == ("2024-03-18", "Consideration", 17)
    march = [day.day for day, stage in calendar[280].items() if (day.year, day.month) == (2024, 3) and stage == "Consideration"]
    assert march == list(range(1, 18))
    assert sum(row["days"] for row in question_19[3]) == len(calendar[280]) - 1  # today is marked, and not counted


def test_19_how_long_stays_last(question_19):
    for row in question_19[4]:
        mine = [s for s in table("account_stages") if s["stage"] == row["stage"]]
        days = [(date.fromisoformat(s["to_day"]) - date.fromisoformat(s["from_day"])).days for s in mine if s["to_day"]]
        assert (row["ended"], row["shortest"], row["longest"]) == (len(days), min(days), max(days))
        assert row["average_days"] == pytest.approx(statistics.fmean(days), abs=0.051)
        assert row["still_in_it"] == sum(s["to_day"] is None for s in mine)


# --- 26 -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def question_26():
    return cookbook.results(26)


@pytest.fixture(scope="module")
def engagements():
    """Every mql event with its lead, the pass's source, its outcome since, and the response that brought the lead's
    score over the bar: the last line of the score log before it. The log and the touches are different tables."""
    leads, log, events = raw_crm.by_id("leads", "lead_id"), defaultdict(list), defaultdict(list)
    for line in table("score_log"):
        log[line["lead_id"]].append(line)
    for event in sorted(table("stage_events"), key=lambda e: e["entered_at"]):
        events[event["lead_id"]].append(event)
    found = []
    for lead_id, story in events.items():
        for i, event in enumerate(story):
            if event["stage"] != "mql":
                continue
            later = [e["stage"] for e in story[i + 1:]]
            ends = [k for k, stage in enumerate(later) if stage in ("lost", "disqualified", "recycled")]
            later = later[: ends[0]] if ends else later
            line = max((x for x in log[lead_id] if x["scored_at"] <= event["entered_at"]), key=lambda x: x["score_id"])
            bar = 40 if event["entered_at"].isoformat() < "2024-04-01" else 60
            assert line["score"] >= bar
            contact = leads[lead_id]["contact_id"]
            tipping = [t for t in raw_crm.touches_by("contact_id")[contact] if t["touched_at"] == line["scored_at"] and t["points"]]
            found.append({"lead": lead_id, "contact": contact, "at": event["entered_at"], "source": event["source"],
                          "touch": tipping[-1], "sql": "sql" in later, "won": "won" in later})
    return found


def test_26_the_story_of_one_lead(question_26, engagements):
    mine = [e for e in engagements if e["lead"] == 64]
    told = [row["at"] for row in question_26[0] if row["what"] == "tipping point"]
    assert told == [str(e["touch"]["touched_at"]) for e in mine] and len(told) == 2
    ats = [row["at"] for row in question_26[0]]
    assert ats == sorted(ats)


def test_26_who_opens_and_who_tips(question_26, engagements):
    opened, tipped = Counter(e["source"] for e in engagements), Counter(e["touch"]["channel"] for e in engagements)
    both = Counter(e["source"] for e in engagements if e["source"] == e["touch"]["channel"])
    assert {row["channel"] for row in question_26[1]} == set(opened) | set(tipped)
    for row in question_26[1]:
        channel = row["channel"]
        assert (row["opened"], row["tipped"], row["did_both"]) == (opened[channel], tipped[channel], both[channel])
    assert sum(row["tipped"] for row in question_26[1]) == sum(e["stage"] == "mql" for e in table("stage_events"))


def test_26_the_offers_that_tip_and_what_became_of_it(question_26, engagements):
    offers = defaultdict(list)
    for e in engagements:
        offers[e["touch"]["channel"], e["touch"]["offer"]].append(e)
    ranked = sorted(offers, key=lambda key: (-len(offers[key]), key))[:10]
    assert [(row["channel"], row["offer"]) for row in question_26[2]] == ranked
    for row, key in zip(question_26[2], ranked):
        n, sql, won = len(offers[key]), sum(e["sql"] for e in offers[key]), sum(e["won"] for e in offers[key])
        assert (row["engagements"], row["became_sql"], row["won"]) == (n, sql, won)
        assert float(row["sql_rate"].rstrip(" %")) == pytest.approx(100 * sql / n, abs=0.051)
        assert float(row["won_rate"].rstrip(" %")) == pytest.approx(100 * won / n, abs=0.051)


def test_26_revenue_by_first_response_tipping_point_and_last_response(question_26, engagements):
    ways = {"first_response": Counter(), "tipping_point": Counter(), "last_response": Counter()}
    leads = raw_crm.by_id("leads", "lead_id")
    for deal in table("deals"):
        if deal["status"] != "won":
            continue
        for name, total in ways.items():
            responses = []
            if deal["lead_id"]:
                responses = [t for t in raw_crm.touches_by("contact_id")[leads[deal["lead_id"]]["contact_id"]]
                             if t["type"] == "marketing" and t["points"] > 0 and t["touched_at"] <= deal["closed_at"]]
            if name == "tipping_point":
                mine = [e for e in engagements if e["lead"] == deal["lead_id"] and e["at"] <= deal["opp_created_at"]]
                responses = [max(mine, key=lambda e: e["at"])["touch"]] if mine else []
            touch = responses and responses[0 if name == "first_response" else -1]
            total[touch["channel"] if touch else "(unattributed)"] += euro_cents(deal)
    revenue = sum(euro_cents(d) for d in table("deals") if d["status"] == "won")
    for row in question_26[3]:
        for name, total in ways.items():
            is_ = revenue if row["channel"] in ("total", "revenue in the CRM") else total[row["channel"]]
            assert cents(row[name]) == is_
    assert {row["channel"] for row in question_26[3]} == set().union(*ways.values()) | {"total", "revenue in the CRM"}
