"""New customers, their value and their return, a second way: Python over raw rows, one account after the other."""

import collections
import datetime

import pytest

import cookbook


@pytest.fixture(scope="module")
def demo():
    return cookbook.open_demo()


def quarter_no(time):
    return 4 * int(time[:4]) + (int(time[5:7]) - 1) // 3


def quarter(number):
    return f"{number // 4}-Q{number % 4 + 1}"


def cents(text):
    return round(100 * float(text)) if text not in ("", None) else None


@pytest.fixture(scope="module")
def customers(demo):
    """account -> (channel, quarter of acquisition, [(quarters later, part, cents), …])"""
    first_touch = {}
    for account, channel in demo.execute("SELECT account_id, channel FROM touches WHERE account_id IS NOT NULL"
                                         " ORDER BY touched_at DESC, channel DESC"):
        first_touch[account] = channel
    deals = collections.defaultdict(list)
    for account, closed, kind, amount in demo.execute(
            "SELECT d.account_id, d.closed_at, d.kind, CAST(round(d.amount_cents * r.eur) AS INTEGER) FROM deals AS d"
            " JOIN fx_rates AS r ON r.currency = d.currency AND r.month = substr(d.closed_at, 1, 7)"
            " WHERE d.status = 'won' ORDER BY d.closed_at, d.deal_id"):
        deals[account].append((closed, kind, amount))
    found = {}
    for account, won in deals.items():
        start = quarter_no(won[0][0])
        parts = [("back" if kind == "refund" else "more" if n else "first", closed, amount)
                 for n, (closed, kind, amount) in enumerate(won)]
        found[account] = (first_touch.get(account, "(unattributed)"), start,
                          [(quarter_no(closed) - start, part, amount) for part, closed, amount in parts])
    return found


def test_31_cohorts_add_up(demo, customers):
    *rows, total, crm = cookbook.results(31)[0]
    for row in rows:
        inside = [paid for _, start, paid in customers.values() if quarter(start) == row["cohort"]]
        assert row["customers"] == len(inside)
        upto = {n: sum(c for paid in inside for later, _, c in paid if later <= n) for n in range(9)}
        age = 4 * 2024 + 3 - next(s for _, s, _ in customers.values() if quarter(s) == row["cohort"])
        assert cents(row["first_quarter"]) == upto[0]
        for n in (1, 2, 4):
            assert cents(row[f"plus_{n}"]) == (upto[n] if n <= age else None)
        assert cents(row["lifetime_value"]) == upto[8]
        assert cents(row["per_customer"]) == pytest.approx(upto[8] / len(inside), abs=0.51)
    books = demo.execute("SELECT sum(amount) FROM revenue").fetchone()[0]
    assert sum(cents(row["lifetime_value"]) for row in rows) == cents(total["lifetime_value"]) == cents(
        crm["lifetime_value"]) == round(100 * books)
    assert sum(row["customers"] for row in rows) == total["customers"] == len(customers)


def test_31_channels_add_up(customers):
    _, rows, grid = cookbook.results(31)
    for row in rows:
        inside = [paid for channel, _, paid in customers.values() if row["channel"] in (channel, "total")]
        sums = collections.Counter()
        for paid in inside:
            for _, part, amount in paid:
                sums[part] += amount
        assert row["customers"] == len(inside)
        assert row["bought_more"] == sum(any(part == "more" for _, part, _ in paid) for paid in inside)
        assert [cents(row[name]) for name in ("first_deals", "more", "paid_back", "lifetime_value")] == [
            sums["first"], sums["more"], sums["back"], sum(sums.values())]
    assert {row["channel"] for row in rows} == {channel for channel, _, _ in customers.values()} | {"total"}
    for row in grid:
        for name in list(row)[1:]:
            value = sum(amount for channel, start, paid in customers.values() for _, _, amount in paid
                        if row["channel"] in (channel, "total") and name in (quarter(start), "total"))
            assert float(row[name]) == pytest.approx(value / 1e5, abs=0.051)


def monday(time):
    day = datetime.date.fromisoformat(time[:10])
    return day - datetime.timedelta(days=day.weekday())


@pytest.fixture(scope="module")
def people(demo):
    """(channel, cohort, weeks in which the person came) of everybody, up to the last full week."""
    touches = collections.defaultdict(list)
    for person, time, channel, kind in demo.execute(
            "SELECT contact_id, touched_at, channel, type FROM touches WHERE contact_id IS NOT NULL"
            " AND touched_at < '2024-12-30' ORDER BY touched_at, channel"):
        touches[person].append((monday(time), channel, kind))
    return [(path[0][1], path[0][0], {(week - path[0][0]).days // 7 for week, _, kind in path if kind == "marketing"})
            for path in touches.values()]


def test_33_by_channel(people):
    rows = cookbook.results(33)[0]
    inside = [person for person in people if "2024-01-01" <= str(person[1]) <= "2024-06-24"]
    assert {row["channel"] for row in rows} == {channel for channel, _, _ in inside} | {"all"}
    for row in rows:
        weeks = [weeks for channel, _, weeks in inside if row["channel"] in (channel, "all")]
        assert row["people"] == len(weeks)
        for n in (1, 4, 12, 26):
            assert float(row[f"on_{n}"]) == pytest.approx(100 * sum(n in w for w in weeks) / len(weeks), abs=0.051)
            assert float(row[f"on_or_after_{n}"]) == pytest.approx(
                100 * sum(any(week >= n for week in w) for w in weeks) / len(weeks), abs=0.051)


def test_33_weekly_cohorts(people):
    rows = cookbook.results(33)[1]
    assert len(rows) == 12
    for row in rows:
        weeks = [weeks for _, cohort, weeks in people if str(cohort) == row["cohort"]]
        last = (datetime.date(2024, 12, 23) - datetime.date.fromisoformat(row["cohort"])).days // 7
        expected = {"cohort": row["cohort"], "people": len(weeks)}
        for n in (1, 2, 3, 4, 8):
            expected[f"on_{n}"] = sum(n in w for w in weeks) if n <= last else None
        for n in (1, 4, 8):
            expected[f"on_or_after_{n}"] = sum(any(week >= n for week in w) for w in weeks) if n <= last else None
        assert row == expected
