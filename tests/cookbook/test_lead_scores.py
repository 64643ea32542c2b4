"""The score questions a second way: leads replayed one by one in Python over the raw tables."""

import collections
import datetime
import math

import pytest

import cookbook
from figures import fit, pairs, probability

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


TAKEN = {"learn": "2024-07-04 23:59:59", "test": "2024-10-02 23:59:59"}


def days(later, earlier):
    return (datetime.datetime.fromisoformat(later) - datetime.datetime.fromisoformat(earlier)).total_seconds() / 86400


@pytest.fixture(scope="module")
def known(demo):
    """role -> [(lead, score or None, days waiting, became SQL), …], from logs read once in order of time."""
    events = demo.execute("SELECT lead_id, stage, entered_at FROM stage_events ORDER BY entered_at, event_id").fetchall()
    log = demo.execute("SELECT lead_id, scored_at, score FROM score_log ORDER BY scored_at, score_id").fetchall()
    found = {}
    for role, taken in TAKEN.items():
        state = {lead: (stage, time) for lead, stage, time in events if time <= taken}
        scores = {lead: score for lead, time, score in log if time <= taken}
        later = {lead for lead, stage, time in events if stage == "sql" and time > taken and days(time, taken) <= 90}
        found[role] = [(lead, scores.get(lead), days(taken, time), int(lead in later))
                       for lead, (stage, time) in sorted(state.items()) if stage in ("inquiry", "mql", "sal")]
    return found


def test_18_snapshots_and_deciles(known):
    snapshots, tenths = cookbook.results(18)[:2]
    for row in snapshots:
        rows = known[row["role"]]
        assert (row["leads"], row["without_score"], row["became_sql"]) == (
            len(rows), sum(score is None for _, score, _, _ in rows), sum(y for *_, y in rows))
        assert row["auc"] == f"{pairs([(score, y) for _, score, _, y in rows if score is not None]):.3f}"
    scored = sorted((-score, lead, y) for lead, score, _, y in known["test"] if score is not None)
    total, at = sum(y for *_, y in scored), 0
    for n, row in enumerate(tenths):
        part = scored[at : at + row["leads"]]
        at += len(part)
        assert len(part) == len(scored) // 10 + (n < len(scored) % 10)
        assert row["scores"] == f"{-part[-1][0]} to {-part[0][0]}" and row["became_sql"] == sum(y for *_, y in part)
        assert row["decile_lift"] == f"{row['became_sql'] / len(part) / (total / len(scored)):.2f}"
        assert row["found"].strip() == f"{100 * sum(y for *_, y in scored[:at]) / total:.1f} %"
    assert at == len(scored)


def test_18_probabilities(known):
    _, _, judges, terms, bands = cookbook.results(18)
    learn, test = ([row for row in known[role] if row[1] is not None] for role in ("learn", "test"))
    rate = sum(y for *_, y in learn) / len(learn)
    by_score, _ = fit([(y, (1, score)) for _, score, _, y in learn])
    weights, errors = fit([(y, (1, score, waited)) for _, score, waited, y in learn])
    judged = [[(rate, y) for *_, y in test], [(probability(by_score, (1, score)), y) for _, score, _, y in test],
              [(probability(weights, (1, score, waited)), y) for _, score, waited, y in test]]
    for row, rows in zip(judges, judged):
        assert row["expected_sqls"] == f"{sum(p for p, _ in rows):.1f}" and row["became_sql"] == sum(y for _, y in rows)
        assert row["brier"] == f"{sum((p - y) ** 2 for p, y in rows) / len(rows):.4f}"
        assert row["auc"] == f"{pairs(rows):.3f}"
    for row, weight, error in zip(terms, weights, errors):
        assert float(row["coefficient"]) == pytest.approx(weight, abs=0.000051)
        assert float(row["std_error"]) == pytest.approx(error, abs=0.000051)
        assert float(row["p_value"]) == pytest.approx(math.erfc(abs(weight / error) / math.sqrt(2)), abs=0.00051)
    for row, low, high in zip(bands, (0, 0.05, 0.15, 0.3), (0.05, 0.15, 0.3, 1)):
        inside = [(p, y) for p, y in judged[2] if low <= p < high]
        assert (row["leads"], row["expected_sqls"], row["became_sql"]) == (
            len(inside), f"{sum(p for p, _ in inside):.1f}", sum(y for _, y in inside))
