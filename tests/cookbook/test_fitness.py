"""Whether the data are fit, a second way: the faults counted in plain SQL and Python, without the audits."""

import collections
import datetime

import pytest

import cookbook
import replay


@pytest.fixture(scope="module")
def demo():
    return cookbook.open_demo()


def one(demo, sql):
    return demo.execute(sql).fetchone()[0]


WITHOUT_TOUCH = "account_id NOT IN (SELECT account_id FROM touches WHERE account_id IS NOT NULL)"


def stale_passes(demo):
    """Open passes that have been in their stage for longer than any pass that left it for the next one."""
    found = replay.passes(demo)
    now = max(time for (time,) in demo.execute("SELECT max(entered_at) FROM stage_events"))
    longest, age = collections.Counter(), lambda a, b: (datetime.datetime.fromisoformat(b) - datetime.datetime.fromisoformat(a)).total_seconds()
    for p in found:
        times = [p.entered[stage] for stage in replay.STAGES[: p.furthest + 1]]
        for n, (entered, left) in enumerate(zip(times, times[1:])):
            longest[n] = max(longest[n], age(entered, left))
    return [(replay.STAGES[p.furthest], p) for p in found
            if p.outcome == "open" and age(p.entered[replay.STAGES[p.furthest]], now) > longest[p.furthest]]


def test_34_what_was_found(demo):
    found = {(row["severity"], row["audit"], row["relation"], row["finding"]): row["rows"] for row in cookbook.results(34)[0]}
    skipped = sum(p.entered["sal"] == p.entered["sql"] for p in replay.passes(demo) if "sql" in p.entered)
    assert found == {
        ("warning", "attribution", "touches", "missing_entity"): one(demo, "SELECT count(*) FROM touches WHERE account_id IS NULL"),
        ("warning", "attribution", "touches", "duplicate"): one(
            demo, "SELECT sum(n - 1) FROM (SELECT count(*) AS n FROM touches WHERE account_id > 0 GROUP BY account_id, touched_at, channel)"),
        ("warning", "attribution", "conversions", "no_touches"): one(demo, f"SELECT count(*) FROM won_deals WHERE {WITHOUT_TOUCH}"),
        ("note", "attribution", "touches", "negative_points"): one(
            demo, "SELECT count(*) FROM touches WHERE points < 0 AND account_id IS NOT NULL"),
        ("note", "attribution", "conversions", "missing_milestone"): one(demo, "SELECT count(*) FROM won_deals WHERE lead_created_at IS NULL"),
        ("note", "attribution", "conversions", "negative_value"): one(demo, "SELECT count(*) FROM won_deals WHERE amount < 0"),
        ("note", "attribution", "touches", "entities_without_conversion"): one(
            demo, "SELECT count(*) FROM touches WHERE account_id NOT IN (SELECT account_id FROM won_deals)"),
        ("note", "attribution", "touches", "touches_after_last_conversion"): one(
            demo, "SELECT count(*) FROM touches JOIN (SELECT account_id, max(closed_at) AS last FROM won_deals GROUP BY 1) USING (account_id)"
                  " WHERE touched_at > last"),
        ("note", "funnel", "events", "stale_pass"): len(stale_passes(demo)),
        ("note", "funnel", "events", "skipped_stage"): skipped,
    }


def test_34_is_it_much(demo):
    rows = cookbook.results(34)[1]
    once = one(demo, "SELECT count(*) FROM (SELECT DISTINCT account_id, touched_at, channel FROM touches WHERE account_id > 0)")
    all_touches = one(demo, "SELECT count(*) FROM touches WHERE account_id > 0")
    expected = [
        (0, one(demo, "SELECT (SELECT count(*) FROM touches) + (SELECT count(*) FROM won_deals) + (SELECT count(*) FROM stage_events)")),
        (one(demo, "SELECT count(*) FROM touches WHERE account_id IS NULL"), one(demo, "SELECT count(*) FROM touches")),
        (all_touches - once, one(demo, "SELECT count(*) FROM touches")),
        (one(demo, f"SELECT count(*) FROM won_deals WHERE {WITHOUT_TOUCH}"), one(demo, "SELECT count(*) FROM won_deals")),
        (one(demo, f"SELECT sum(amount_cents) FROM won_deals WHERE {WITHOUT_TOUCH}") / 100, one(demo, "SELECT sum(amount) FROM revenue")),
        (51, sum("sql" in p.entered for p in replay.passes(demo))),
        (len(stale_passes(demo)), sum(p.outcome == "open" for p in replay.passes(demo))),
    ]
    assert len(rows) == len(expected)
    for row, (bad, of) in zip(rows, expected):
        assert (float(row["bad"]), float(row["of"])) == pytest.approx((bad, of), abs=0.0051)
        assert row["percent"].strip() == f"{100 * bad / of:.2f} %"
        assert (row["verdict"] == "fit") == (100 * bad / of <= float(row["limit"][:-2]))


def test_34_twins_are_on_no_path(demo):
    (row,) = cookbook.results(34)[2]
    assert one(demo, """SELECT count(*) FROM touches AS t JOIN touches AS u USING (account_id, contact_id, touched_at, channel, offer)
        JOIN won_deals AS w USING (account_id) WHERE t.touch_id < u.touch_id AND t.touched_at <= w.closed_at""") == 0
    assert (row["euros_that_move"], row["revenue"]) == ("0.00", f"{one(demo, 'SELECT sum(amount) FROM revenue'):.2f}")


def test_34_the_worst_rows(demo):
    *_, deals, heaps, wrong = cookbook.results(34)
    assert [(row["deal_id"], row["amount"]) for row in deals] == demo.execute(
        f"SELECT deal_id, printf('%.2f', amount) FROM won_deals WHERE {WITHOUT_TOUCH} ORDER BY amount DESC LIMIT 5").fetchall()
    owners = {(lead, stage, time): owner for lead, stage, time, owner in demo.execute(
        "SELECT lead_id, stage, entered_at, owner FROM stage_events")}
    found = collections.defaultdict(list)
    for stage, p in stale_passes(demo):
        found[stage, owners[p.lead, stage, p.entered[stage]]].append(p.entered[stage][:10])
    expected = sorted((-len(times), *key, min(times)) for key, times in found.items())[:5]
    assert [(-row["leads"], row["stage"], row["owner"], row["oldest"]) for row in heaps] == expected
    recycled = one(demo, "SELECT count(*) FROM stage_events WHERE stage = 'recycled'")
    assert wrong[-1]["finding"] == "unknown_stage" and f"events {recycled}: stage 'recycled'" in wrong[-1]["for_example"]
    furthest, back = {}, 0  # a lead that came back seems to take a step back, where 'recycled' ends nothing
    for lead, stage in demo.execute("SELECT lead_id, stage FROM stage_events WHERE stage <> 'recycled' ORDER BY entered_at, event_id"):
        if stage in ("lost", "disqualified", "won"):
            furthest.pop(lead, None)
        else:
            back += replay.STAGES.index(stage) < furthest.get(lead, 0)
            furthest[lead] = max(furthest.get(lead, 0), replay.STAGES.index(stage))
    assert (wrong[0]["finding"], wrong[0]["rows"]) == ("earlier_stage", back)
