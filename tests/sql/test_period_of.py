"""period_of(ts, period) names the period that period= names."""

import datetime
import sqlite3

import pytest

import harness

NAMES = [
    ("day", "2024-03-05"), ("week", "2024-W10"), ("month", "2024-03"), ("quarter", "2024-Q1"), ("half-year", "2024-H1"),
    ("year", "2024"), (" MONTH".strip(), "2024-03"),
]  # fmt: skip


@pytest.mark.parametrize("period, name", NAMES)
@pytest.mark.parametrize("ts", ["2024-03-05", "2024-03-05 23:59:59", "2024-03-06T00:30+01:00", 1709596800, "1709596800", 1709596800.5])
def test_by_hand(db, ts, period, name):
    assert db.execute("SELECT period_of(?, ?)", (ts, period)).fetchone() == (name,)


def test_null_and_nothing(db):
    assert db.execute("SELECT period_of(NULL, 'day'), period_of('', 'day'), period_of('2024-01-01', NULL)").fetchone() == (None,) * 3


@pytest.mark.parametrize("arguments, words", [
    ("'yesterday', 'day'", ["ts", "'yesterday'", "write YYYY-MM-DD"]), ("'2024-01-01', 'fortnight'", ["period", "'fortnight'", "quarter, half-year or year"]),
    ("'2024-01-01', 3", ["period", "3", "month"]), ("x'00', 'day'", ["ts", "write"]), ("'20240101', 'day'", ["ts", "YYYY-MM-DD, with dashes"]),
])  # fmt: skip
def test_errors(db, arguments, words):
    with pytest.raises(sqlite3.OperationalError) as error:
        db.execute(f"SELECT period_of({arguments})").fetchone()
    assert str(error.value).startswith("period_of(): ") and all(word in str(error.value) for word in words), error.value


def test_every_day_beside_python(db):
    """Ten years of days; weeks are ISO weeks."""
    for n in range(0, 3653):
        day = datetime.date(2018, 6, 1) + datetime.timedelta(n)
        year, week, _ = day.isocalendar()
        row = db.execute("SELECT period_of(?1, 'week'), period_of(?1, 'quarter'), period_of(?1, 'half-year')", (str(day),)).fetchone()
        assert row == (f"{year}-W{week:02}", f"{day.year}-Q{(day.month + 2) // 3}", f"{day.year}-H{1 + (day.month > 6)}")


@pytest.mark.parametrize("period", ["day", "week", "month", "quarter", "half-year", "year"])
def test_as_the_option_names_it(period):
    db = harness.connect(harness.ROOT / "build" / "demo.db")
    summary = db.execute("SELECT DISTINCT period FROM attribution_summary('touches(account_id, touched_at, channel)',"
                         " 'won_deals(account_id, closed_at, amount)', 'linear', ?)", (f"period={period}",)).fetchall()
    plain = db.execute("SELECT DISTINCT period_of(closed_at, ?) FROM won_deals", (period,)).fetchall()
    assert sorted(summary) == sorted(plain)
