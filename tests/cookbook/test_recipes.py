"""Days, hours and histograms, a second way: datetimes in Python over raw rows."""

import collections
import datetime

import pytest

import cookbook
import replay


@pytest.fixture(scope="module")
def demo():
    return cookbook.open_demo()


def at(text):
    return datetime.datetime.fromisoformat(text)


def test_35_back_on_a_day(demo):
    touches = collections.defaultdict(list)
    for person, time in demo.execute("SELECT contact_id, touched_at FROM touches WHERE contact_id IS NOT NULL"):
        touches[person].append(at(time))
    new = [(min(times), {t for t in times if t > min(times)}) for times in touches.values()
           if at("2024-07-01") <= min(times) < at("2024-12-24")]
    for row in cookbook.results(35)[0]:
        calendar = sum(any((t.date() - first.date()).days == row["day"] for t in times) for first, times in new)
        rolling = sum(any((t - first) // datetime.timedelta(days=1) == row["day"] for t in times) for first, times in new)
        assert (row["people"], row["by_the_calendar"], row["by_rolling_24_hours"]) == (len(new), calendar, rolling)
        assert float(row["calendar_percent"]) == pytest.approx(100 * calendar / len(new), abs=0.051)
        assert float(row["rolling_percent"]) == pytest.approx(100 * rolling / len(new), abs=0.051)


def test_35_surges(demo):
    touches = collections.defaultdict(set)
    for account, *what in demo.execute("SELECT account_id, touched_at, contact_id, channel, offer FROM touches"
                                       " WHERE type = 'marketing' AND account_id IS NOT NULL"):
        touches[account].add(tuple(what))
    most = []
    for found in touches.values():
        times = sorted(at(touch[0]) for touch in found)
        rolling = max(sum(datetime.timedelta(0) <= end - t < datetime.timedelta(days=1) for t in times) for end in times)
        most.append((max(collections.Counter(t.date() for t in times).values()), rolling))
    for row in cookbook.results(35)[1]:
        n = row["at_least"]
        assert (row["accounts_by_the_calendar"], row["accounts_by_rolling_24_hours"], row["found_by_the_calendar_only"]) == (
            sum(day >= n for day, _ in most), sum(rolling >= n for _, rolling in most), 0)


def test_35_the_histogram(demo):
    won = [(at(p.entered["won"]) - at(p.started_at)).days // 30 for p in replay.passes(demo) if p.outcome == "won"]
    rows, so_far = cookbook.results(35)[2], 0
    for row, (bar, n) in zip(rows, sorted(collections.Counter(won).items())):
        so_far += n
        assert row["days"].split() == [str(30 * bar), "to", str(30 * bar + 29)] and row["wins"] == n
        assert row["bar"] == "#" * ((n + 1) // 2)
        assert float(row["up_to_here"][:-2]) == pytest.approx(100 * so_far / len(won), abs=0.051)
    assert so_far == len(won)
