"""Questions 5 to 9 and 11: what becomes of leads. The second way is plain Python over the events of each lead, which knows
neither stage lists nor options: the demo's leads go forward, end, or come back with a new inquiry."""

from bisect import bisect_right
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from statistics import median

import cookbook
import crm
import figures
import pytest

IN_CRM = ["disqualified", "lost", "recycled"]


def month_of(time):
    return time.strftime("%Y-%m")


def days(span):
    return span.total_seconds() / 86400


@pytest.fixture(scope="module")
def stretches():
    """Each lead's events from one inquiry to the next, as lists."""
    found = []
    for history in crm.events().values():
        for event in history:
            if event["stage"] == "inquiry":
                found.append([])
            found[-1].append(event)
    return found


def reached(stretch):
    """Stage -> its event; a skipped sal has the sql's."""
    found = {event["stage"]: event for event in stretch if event["stage"] in crm.STAGES}
    if "sql" in found and "sal" not in found:
        found["sal"] = found["sql"]
    return found


def ended(stretch):
    """(how, when): won, disqualified, lost, recycled; idle for what nobody closed after 30 days; or open."""
    last = stretch[-1]
    if last["stage"] in IN_CRM + ["won"]:
        return last["stage"], last["entered_at"]
    if last["stage"] != "sql" and last["entered_at"] + crm.IDLE < crm.newest():
        return "idle", last["entered_at"] + crm.IDLE
    return "open", None


# What works in which part of the funnel?


@pytest.fixture(scope="module")
def steps():
    """(from, to, offer) -> credit in equal parts of the touches since the event before."""
    credit = Counter()
    for lead, history in crm.events().items():
        touches = [(touch["touched_at"], f"{touch['channel']}: {touch['offer']}")
                   for touch in crm.touches_by("account_id")[crm.leads()[lead]["account_id"]]]
        times = [at for at, _ in touches]
        moves = [(event["entered_at"], event["stage"]) for event in history]
        if moves[-1][1] in ("inquiry", "mql", "sal") and moves[-1][0] + crm.IDLE <= crm.TODAY:
            moves.append((moves[-1][0] + crm.IDLE, "left lying"))
        for (since, before), (until, stage) in zip(moves, moves[1:]):
            between = [offer for _, offer in touches[bisect_right(times, since):bisect_right(times, until)]]
            for offer in between or [crm.NOBODY]:
                credit[before, stage, offer] += 1 / len(between or [1])
    return Counter({key: value for key, value in credit.items() if key[1] != "inquiry"})


def on(steps, stage, channel=None):
    return sum(value for (_, to, offer), value in steps.items() if to == stage and channel in (None, offer.split(": ")[0]))


def test_who_made_each_step(steps):
    shares, _, _ = cookbook.results(5)
    assert len(shares) == 12
    for row in shares:
        for stage in crm.STAGES[1:]:
            value = (on(steps, stage) if row["channel"] == "transitions"
                     else 100 * on(steps, stage, row["channel"]) / on(steps, stage))
            assert crm.number(row[f"to_{stage}"]) == pytest.approx(value, abs=0.0501)
    counted = Counter(event["stage"] for history in crm.events().values() for event in history)
    assert [crm.number(shares[-1][f"to_{stage}"]) for stage in crm.STAGES[1:]] == [counted[s] for s in crm.STAGES[1:]]


def test_whether_it_works(steps):
    _, rates, _ = cookbook.results(5)
    assert len(rates) == 12
    for row in rates:
        for stage in crm.STAGES[:-1]:
            mine = {key: value for key, value in steps.items()
                    if key[0] == stage and row["channel"] in ("all leads", key[2].split(": ")[0])}
            all_credit = sum(mine.values())
            if all_credit < 20:
                assert row[f"from_{stage}"] is None
            else:
                went_on = sum(value for key, value in mine.items() if key[1] in crm.STAGES)
                assert crm.number(row[f"from_{stage}"]) == pytest.approx(100 * went_on / all_credit, abs=0.0501)


def test_the_offers_with_most_credit(steps):
    _, _, offers = cookbook.results(5)
    for stage in crm.STAGES[1:]:
        credit = Counter()
        for (_, to, offer), value in steps.items():
            if to == stage and offer != crm.NOBODY:
                credit[offer] += value
        listed = [row for row in offers if row["transition"] == f"to {stage}"]
        assert [row["offer"] for row in listed] == [offer for offer, _ in credit.most_common(3)]
        assert [crm.number(row["transitions"]) for row in listed] == pytest.approx(
            [value for _, value in credit.most_common(3)], abs=0.0501)


# Which channel's leads are dead on arrival?


@pytest.fixture(scope="module")
def arrivals():
    """(month, channel) -> leads, dead, disqualified, became mql, open."""
    found = defaultdict(Counter)
    for passes in crm.passes().values():
        for one in passes:
            count = found[month_of(one["started_at"]), one["source"]]
            count["leads"] += 1
            stayed = one["stage"] == "inquiry"
            count["dead"] += stayed and one["outcome"] != "open"
            count["disqualified"] += stayed and one["outcome"] == "disqualified"
            count["open"] += stayed and one["outcome"] == "open"
            count["mql"] += not stayed
    return found


def test_dead_on_arrival_this_month(arrivals):
    this_month, _, _ = cookbook.results(6)
    assert {row["month"] for row in this_month} == {"2024-11"}
    assert {row["channel"] for row in this_month} == {channel for month, channel in arrivals if month == "2024-11"}
    for row in this_month:
        count = arrivals["2024-11", row["channel"]]
        low, high = figures.wilson(count["dead"], count["leads"])
        before = Counter()
        for (month, channel), counted in arrivals.items():
            if channel == row["channel"] and "2023-11" <= month < "2024-11":
                before.update(counted)
        rate = before["dead"] / before["leads"]
        assert (row["leads"], row["dead"], row["of_these_disqualified"]) == (
            count["leads"], count["dead"], count["disqualified"])
        assert [row[name] for name in ("dead_share", "low", "high", "year_before")] == [
            crm.printed_percent(value, 1) for value in (count["dead"] / count["leads"], low, high, rate)]
        assert row["trend"] == ("worse" if low > rate else "better" if high < rate else None)


def test_dead_by_month_and_over_all(arrivals):
    _, by_month, over_all = cookbook.results(6)
    for row in by_month:
        count = Counter()
        for (month, _), counted in arrivals.items():
            if month == row["month"]:
                count.update(counted)
        assert (row["leads"], row["dead"], row["became_mql"], row["still_open"]) == (
            count["leads"], count["dead"], count["mql"], count["open"])
        assert (row["dead_share"] == "too early") == (row["month"] == "2024-12") == (count["open"] > 0)
    assert len(by_month) == 12
    for row in over_all:
        count = Counter()
        for (month, channel), counted in arrivals.items():
            if channel == row["channel"] and month < "2024-12":
                count.update(counted)
        assert count["open"] == 0 and (row["leads"], row["dead"]) == (count["leads"], count["dead"])
    assert len(over_all) == 10


# The funnel by month


@pytest.fixture(scope="module")
def entries(stretches):
    """(stage, month) -> stretches that entered the stage in the month."""
    found = defaultdict(list)
    for stretch in stretches:
        for stage, event in reached(stretch).items():
            found[stage, month_of(event["entered_at"])].append(stretch)
    return found


def went_on(stretch, stage):
    return crm.STAGES[crm.STAGES.index(stage) + 1] in reached(stretch)


def open_in(stretch, stage):
    return ended(stretch)[0] == "open" and not went_on(stretch, stage)


def test_volume(entries):
    volume = cookbook.results(7)[0]
    names = dict(zip(crm.STAGES, ("inquiries", "mqls", "sals", "sqls", "won")))
    for row in volume[:-1]:
        assert {stage: row[name] for stage, name in names.items()} == {
            stage: len(entries[stage, row["month"]]) for stage in crm.STAGES}
    assert len(volume) == 13 and volume[-1]["month"] == "all 2024"
    assert all(volume[-1][name] == sum(row[name] for row in volume[:-1]) for name in names.values())


def test_both_conversions(entries):
    conversion = cookbook.results(7)[1]
    assert len(conversion) == 12
    for row in conversion:
        for stage, after in zip(crm.STAGES, crm.STAGES[1:]):
            here = entries[stage, row["month"]]
            activity = 100 * len(entries[after, row["month"]]) / len(here)
            cohort = 100 * sum(went_on(stretch, stage) for stretch in here) / len(here)
            star = " *" if any(open_in(stretch, stage) for stretch in here) else ""
            assert row[f"to_{after}"] == crm.one_decimal(activity)
            assert row[f"to_{after}_cohort"] == crm.one_decimal(cohort) + star


def test_mql_to_won(entries):
    table = cookbook.results(7)[2]
    assert len(table) == 24
    for row in table:
        mqls, won = entries["mql", row["month"]], entries["won", row["month"]]
        assert (row["mqls"], row["won_in_month"]) == (len(mqls), len(won))
        assert row["of_these_won"] == sum("won" in reached(stretch) for stretch in mqls)
        assert row["of_these_open"] == sum(ended(stretch)[0] == "open" for stretch in mqls)
        assert row["activity"] == crm.printed_percent(len(won), len(mqls))
        assert row["cohort"] == crm.printed_percent(row["of_these_won"], len(mqls))
        spans = [days(reached(s)["won"]["entered_at"] - reached(s)["mql"]["entered_at"]) for s in won]
        assert row["median_days"] == (pytest.approx(median(spans), abs=0.0501) if spans else None)


def test_velocity_and_what_exceeds_a_hundred_percent(stretches, entries):
    velocity, above = cookbook.results(7)[3:]
    quarters = defaultdict(list)
    for stretch in stretches:
        start = stretch[0]["entered_at"]
        quarters[f"{start.year}-Q{(start.month + 2) // 3}"].append(stretch)
    assert [row["quarter"] for row in velocity] == sorted(quarters)
    for row in velocity:
        for stage, after in zip(crm.STAGES, crm.STAGES[1:]):
            spans = [days(reached(s)[after]["entered_at"] - reached(s)[stage]["entered_at"])
                     for s in quarters[row["quarter"]]
                     if after in reached(s) and any(event["stage"] == stage for event in s)]
            assert row[f"{stage}_days"] == pytest.approx(median(spans), abs=0.0501)
        assert row["sqls_still_open"] == sum(s[-1]["stage"] == "sql" for s in quarters[row["quarter"]])
    found = Counter()
    for (stage, month), here in entries.items():
        for stretch in here:
            found[month, stretch[0]["source"], stage] += 1
    assert {(row["month"], row["channel"], row["sqls"], row["won"]) for row in above} == {
        (month, channel, found[month, channel, "sql"], won) for (month, channel, stage), won in list(found.items())
        if stage == "won" and month >= "2024" and won > found[month, channel, "sql"] > 0}


# Where is the SLA broken?


def open_on(day):
    """(what, id, stage, owner, days) of what is open at the end of a day: the last event before it, if that is no end."""
    now = datetime.fromisoformat(f"{day} 23:59:59")
    for lead, history in crm.events().items():
        past = [event for event in history if event["entered_at"] <= now]
        if past and past[-1]["stage"] in ("inquiry", "mql", "sal"):
            yield "lead", lead, past[-1]["stage"], past[-1]["owner"], days(now - past[-1]["entered_at"])
    owner = {deal["deal_id"]: deal["owner"] for deal in crm.deals()}
    last = {event["deal_id"]: event for event in crm.rows("SELECT * FROM deal_stage_events ORDER BY entered_at, event_id")
            if event["entered_at"] <= now}
    for deal, event in last.items():
        if event["stage"] not in ("won", "lost"):
            yield "deal", deal, event["stage"], owner[deal], days(now - event["entered_at"])


def test_where_the_sla_is_broken_and_by_whom():
    by_stage, by_owner, trend, first = cookbook.results(8)
    today = list(open_on("2024-12-31"))
    assert sum(row["open"] for row in by_stage) == len(today)
    for row in by_stage:
        here = [one for one in today if one[:1] + one[2:3] == (row["what"], row["stage"])]
        late = [one for one in here if one[4] > 30]
        assert (row["open"], row["too_long"], row["owners"]) == (len(here), len(late), len({one[3] for one in late}))
        assert row["longest_days"] == round(max(one[4] for one in here))
    worth = {deal["deal_id"]: deal["cents"] for deal in crm.deals()}
    assert {row["owner"] for row in by_owner} == {one[3] for one in today}
    for row in by_owner:
        mine = [one for one in today if one[3] == row["owner"]]
        late = [one for one in mine if one[4] > 30]
        longest = round(max(one[4] for one in mine))
        assert (row["open"], row["too_long"], row["longest_days"]) == (len(mine), len(late), longest)
        stage, n = Counter(sorted(one[2] for one in late)).most_common(1)[0]
        assert (row["most_in"], row["of_these"]) == (stage, n)
        assert crm.cents(row["deals_worth"] or "0") == sum(worth[one[1]] for one in late if one[0] == "deal")
    quarters = {"march": "2024-03-31", "june": "2024-06-30", "september": "2024-09-30", "december": "2024-12-31"}
    for name, day in quarters.items():
        late = Counter(one[3] for one in open_on(day) if one[4] > 30)
        assert {row["owner"]: row[name] for row in trend if row[name]} == late
    points = {}
    for score in crm.rows("SELECT * FROM score_log ORDER BY scored_at, score"):
        points[score["lead_id"]] = score["score"]
    late = sorted((-points[one[1]], -one[4], one[1]) for one in today
                  if one[0] == "lead" and one[4] > 30 and one[1] in points)
    assert [(row["lead_id"], row["score"]) for row in first] == [(lead, -score) for score, _, lead in late[:10]]


# Who rejects our MQLs?


@pytest.fixture(scope="module")
def mqls(stretches):
    """One dict per mql: at, stage it ended in, owner of that stage, how, why, days after the mql, channel, the stretch."""
    found = []
    for stretch in stretches:
        stages = reached(stretch)
        if "mql" not in stages:
            continue
        how, when = ended(stretch)
        last = [event for event in stretch if event["stage"] in crm.STAGES][-1]
        at = stages["mql"]["entered_at"]
        found.append({"at": at, "stage": last["stage"], "owner": last["owner"], "how": {"idle": "left lying"}.get(how, how),
                      "why": stretch[-1]["reason"], "days": None if how in ("open", "idle") else days(when - at),
                      "channel": stages["mql"]["source"], "stretch": stretch})
    return found


def test_why_mqls_end(mqls):
    reasons = cookbook.results(9)[0]
    count, spans = Counter(), defaultdict(list)
    for mql in mqls:
        if mql["how"] not in ("won", "open"):
            key = mql["stage"], mql["how"], mql["why"]
            count[key] += 1
            spans[key].append(mql["days"])
    assert {(row["stage"], row["disposition"], row["reason"]): row["mqls"] for row in reasons} == count
    for row in reasons:
        key = row["stage"], row["disposition"], row["reason"]
        assert row["of_all_mqls"] == crm.printed_percent(count[key], len(mqls))
        if row["disposition"] == "left lying":
            assert row["days_after_mql"] is None
        else:
            assert row["days_after_mql"] == pytest.approx(sum(spans[key]) / count[key], abs=0.0501)


def test_who_ends_mqls(mqls):
    owners = cookbook.results(9)[1]
    count, whys = defaultdict(Counter), defaultdict(Counter)
    for mql in mqls:
        stages = [event for event in mql["stretch"] if event["stage"] in ("mql", "sal", "sql")]
        for event in stages:
            mine = count[event["stage"], event["owner"]]
            passed_on = event is not stages[-1] or mql["how"] == "won"
            if not passed_on and mql["how"] == "open":
                continue
            mine["leads"] += 1
            mine["passed_on"] += passed_on
            if not passed_on:
                mine[mql["how"]] += 1
                if mql["how"] in ("disqualified", "lost"):
                    whys[event["stage"], event["owner"]][mql["why"]] += 1
    assert {(row["stage"], row["owner"]) for row in owners} == set(count)
    for row in owners:
        mine = count[row["stage"], row["owner"]]
        lost = mine["leads"] - mine["passed_on"]
        assert [row[name] for name in ("leads", "passed_on", "rejected", "recycled", "left_lying")] == [
            mine["leads"], mine["passed_on"], mine["disqualified"] + mine["lost"], mine["recycled"], mine["left lying"]]
        low, high = figures.wilson(lost, mine["leads"])
        assert (row["low"], row["high"]) == (crm.printed_percent(low, 1), crm.printed_percent(high, 1))
        often = whys[row["stage"], row["owner"]]
        assert often[row["most_often"]] == max(often.values())


def test_when_and_whose_mqls_end(mqls):
    quarters, channels = cookbook.results(9)[2:]
    assert sum(row["mqls"] for row in quarters) == sum(row["mqls"] for row in channels) == len(mqls)
    for row in quarters:
        mine = [mql for mql in mqls if f"{mql['at'].year}-Q{(mql['at'].month + 2) // 3}" == row["quarter"]]
        count = Counter((mql["how"], mql["stage"]) if mql["how"] == "disqualified" else mql["how"] for mql in mine)
        parts = [count["disqualified", "mql"], count["disqualified", "sal"], count["lost"], count["recycled"],
                 count["left lying"], count["open"], count["won"]]
        assert list(row.values())[2:9] == parts and sum(parts) == row["mqls"] == len(mine)
        assert row["never_accepted"] == crm.printed_percent(
            sum(mql["stage"] == "mql" and mql["how"] != "open" for mql in mine), len(mine))
    for row in channels:
        mine = Counter(mql["how"] for mql in mqls if mql["channel"] == row["channel"])
        assert list(row.values())[1:7] == [sum(mine.values()), mine["disqualified"], mine["recycled"] + mine["left lying"],
                                           mine["lost"], mine["open"], mine["won"]]


# What did the change of the MQL definition do?


@pytest.fixture(scope="module")
def scored(stretches):
    """(stretch, its scores): the log is cut by its zeros at the second in which the lead was recycled. Others are scores."""
    recycled = {(event["lead_id"], event["entered_at"]) for history in crm.events().values() for event in history
                if event["stage"] == "recycled"}
    logs = defaultdict(lambda: [[]])
    for score in crm.rows("SELECT * FROM score_log ORDER BY scored_at, score_id"):
        if score["score"] == 0 and (score["lead_id"], score["scored_at"]) in recycled:
            logs[score["lead_id"]].append([])
        else:
            logs[score["lead_id"]][-1].append(score)
    number = Counter()
    found = []
    for stretch in stretches:
        lead = stretch[0]["lead_id"]
        own = logs[lead][number[lead]] if number[lead] < len(logs[lead]) else []
        number[lead] += 1
        found.append((stretch, own))
    return found


def crossed(scores, threshold):
    """The time of the first score that meets a threshold, a number or a function of the time."""
    for score in scores:
        if score["score"] >= (threshold(score["scored_at"]) if callable(threshold) else threshold):
            return score["scored_at"]
    return None


def in_force(time):
    versions = crm.rows("SELECT * FROM mql_definitions ORDER BY effective_from")
    return [row["threshold"] for row in versions if row["effective_from"] <= time][-1]


CHANGE = datetime(2024, 4, 1)


def test_the_definition_in_force_reproduces_the_crm(scored):
    found = Counter()
    for stretch, scores in scored:
        at, stages = crossed(scores, in_force), reached(stretch)
        assert (at is None) == ("mql" not in stages)
        if at:
            assert timedelta(0) <= stages["mql"]["entered_at"] - at <= timedelta(minutes=90)
            found[in_force(at)] += 1
    table = cookbook.results(11)[0]
    assert {row["threshold"]: row["mqls_by_rule"] for row in table} == found
    assert all(row["mqls_by_rule"] == row["of_these_in_crm"] == row["mqls_in_crm"] for row in table)


def expected_share(spells):
    """Aalen and Johansen's estimate of the share that goes on, from (seconds, went on, ended otherwise, else open)."""
    left, share = 1.0, 0.0
    for time in sorted({span for span, how in spells if how != "open"}):
        at_risk = sum(span >= time for span, _ in spells)
        share += left * sum(span == time and how == "on" for span, how in spells) / at_risk
        left *= 1 - sum(span == time and how != "open" for span, how in spells) / at_risk
    return share


def test_before_and_after_under_their_own_definitions(stretches):
    table = cookbook.results(11)[1]
    for row, (since, until) in zip(table, ((datetime(2023, 7, 1), CHANGE), (CHANGE, datetime(2025, 1, 1))), strict=True):
        mine = [s for s in stretches if "mql" in reached(s) and since <= reached(s)["mql"]["entered_at"] < until]
        assert (row["mqls"], row["sqls_so_far"], row["won_so_far"]) == (
            len(mine), sum("sql" in reached(s) for s in mine), sum("won" in reached(s) for s in mine))
        product = 1.0
        for stage, after in (("mql", "sal"), ("sal", "sql"), ("sql", "won")):
            spells = []
            for stretch in mine:
                stages = reached(stretch)
                if stage not in stages:
                    continue
                start = stages[stage]["entered_at"]
                if after in stages:
                    spells.append((stages[after]["entered_at"] - start, "on"))
                    continue
                how, when = ended(stretch)
                when = when if stage == "sql" or how == "open" else min(when, start + crm.IDLE)
                spells.append(((when or crm.newest()) - start, "open" if how == "open" else "ended"))
            share = expected_share(spells)
            assert row[f"{stage}_to_{after}"] == crm.printed_percent(share, 1)
            product *= share
        assert row["mql_to_won"] == crm.printed_percent(product, 1)


def test_the_same_funnel_under_both_definitions(scored):
    table = cookbook.results(11)[2]
    since = [(stretch, scores) for stretch, scores in scored if stretch[0]["entered_at"] >= CHANGE]
    for row, threshold in zip(table, (40, 60), strict=True):
        mine = [stretch for stretch, scores in since if crossed(scores, threshold)]
        assert row["definition"] == f"{threshold} points"
        assert (row["inquiries"], row["mqls"], row["sqls"], row["won"]) == (
            len(since), len(mine), sum("sql" in reached(s) for s in mine), sum("won" in reached(s) for s in mine))
        assert row["of_inquiries"] == crm.printed_percent(len(mine), len(since))
        assert row["of_mqls"] == crm.printed_percent(row["sqls"], len(mine))


def test_whether_those_below_sixty_were_worse(scored):
    table = cookbook.results(11)[3]
    for row, (low, high) in zip(table, ((40, 60), (60, 1000)), strict=True):
        mine = [s for s, scores in scored if "mql" in reached(s) and reached(s)["mql"]["entered_at"] < CHANGE
                and low <= max(score["score"] for score in scores) < high]
        won = sum("won" in reached(s) for s in mine)
        assert (row["mqls"], row["sals"], row["sqls"], row["won"]) == (
            len(mine), sum("sal" in reached(s) for s in mine), sum("sql" in reached(s) for s in mine), won)
        bounds = figures.wilson(won, len(mine))
        assert [row["win_rate"], row["low"], row["high"]] == [crm.printed_percent(v, 1) for v in (won / len(mine), *bounds)]
