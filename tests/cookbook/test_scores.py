"""The score questions a second way: leads replayed one by one in Python over the raw tables."""

import collections

import pytest

import cookbook

THRESHOLD = 40


@pytest.fixture(scope="module")
def demo():
    return cookbook.open_demo()


def quarter(time):
    return f"{time[:4]}-Q{(int(time[5:7]) + 2) // 3}"


def replay(demo, once):
    """lead -> [(time of entry, pass), …] by the sheets; an asset counts once per lead and pass, or each time."""
    sheet = {(name, item): points for name, item, points in demo.execute("SELECT sheet, item, points FROM score_sheets")}
    ends = collections.defaultdict(list)
    for lead, stage, time in demo.execute("SELECT lead_id, stage, entered_at FROM stage_events ORDER BY entered_at"):
        ends[lead].append((time, stage))
    roles = dict(demo.execute("SELECT contact_id, role FROM contacts"))
    touches = collections.defaultdict(list)
    for contact, time, channel, offer, kind in demo.execute(
            "SELECT contact_id, touched_at, channel, offer, type FROM touches ORDER BY touched_at, touch_id"):
        touches[contact].append((time, f"{channel}: {offer}", kind))
    entries = {}
    for lead, contact in demo.execute("SELECT lead_id, contact_id FROM leads").fetchall():
        person = sheet.get(("contact", roles[contact]), 0)
        entries[lead], score, seen, now = [], person, set(), 1
        for time, asset, kind in touches[contact]:
            earlier = [stage for at, stage in ends[lead] if at < time]
            if kind != "marketing" or {"won", "lost", "disqualified"} & set(earlier):
                continue
            if 1 + earlier.count("recycled") != now:
                now, score, seen = 1 + earlier.count("recycled"), person, set()
            before = score
            if not once or asset not in seen:
                score += sheet["response", asset]
            seen.add(asset)
            if before < THRESHOLD <= score:
                entries[lead].append((time, now))
    return entries


def test_28_entries_by_the_sheets_and_what_repeats_would_add(demo):
    got = cookbook.results(28)[1]
    entries, repeated = replay(demo, True), replay(demo, False)
    expected = collections.defaultdict(collections.Counter)
    for list_of_lead in entries.values():
        for n, (time, number) in enumerate(list_of_lead):
            same = any(other == number for _, other in list_of_lead[:n])
            kind = "first_time" if n == 0 else "again_in_the_pass" if same else "again_in_a_later_pass"
            expected[quarter(time)].update([kind, "entries"])
    for list_of_lead in repeated.values():
        for time, _ in list_of_lead:
            expected[quarter(time)]["if_repeats_counted"] += 1
    assert {row.pop("quarter"): row for row in got} == {
        name: {key: counts[key] for key in got[0]} for name, counts in expected.items()}
    assert sum(row["again_in_the_pass"] for row in got) > 0 and sum(row["again_in_a_later_pass"] for row in got) > 0


def test_28_the_lead_that_is_explained(demo):
    rows, entries = cookbook.results(28)[0], replay(demo, True)[1820]
    assert [(row["touched_at"], row["pass"]) for row in rows if row["crossing"]] == entries and len(entries) == 3
    for number in (1, 2):
        of_pass = [row for row in rows if row["pass"] == number]
        assert of_pass[-1]["score"] == sum(row["counted"] for row in of_pass)  # an analyst: nothing for the person
    assert [row["asset"] for row in rows if row["left_out"]] == ["email: newsletter"]


def test_28_crossings_of_the_log(demo):
    _, _, crossings, times = cookbook.results(28)
    scores, found = collections.defaultdict(int), collections.Counter()
    by_quarter = collections.defaultdict(collections.Counter)
    for lead, time, score in demo.execute("SELECT lead_id, scored_at, score FROM score_log ORDER BY score_id"):
        if scores[lead] < THRESHOLD <= score:
            found[lead] += 1
            by_quarter[quarter(time)]["first_time" if found[lead] == 1 else "once_more"] += 1
        scores[lead] = score
    mqls = collections.Counter(quarter(time) for (time,) in demo.execute(
        "SELECT entered_at FROM stage_events WHERE stage = 'mql'"))
    for row in crossings:
        counts = by_quarter[row["quarter"]]
        assert (row["first_time"], row["once_more"], row["handed_over"]) == (
            counts["first_time"], counts["once_more"], mqls[row["quarter"]])
        assert row["crossings"] == row["first_time"] + row["once_more"]
        assert (row["crossings"] == row["handed_over"]) == (row["quarter"] < "2024-Q2")
    leads = [lead for (lead,) in demo.execute("SELECT lead_id FROM leads")]
    own = replay(demo, True)
    assert [(row["times"], row["leads_by_the_sheets"], row["leads_by_the_log"]) for row in times] == [
        (n, sum(len(own[lead]) == n for lead in leads), sum(found[lead] == n for lead in leads)) for n in range(4)]
