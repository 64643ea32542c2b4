"""The cookbook on real leads: what sql-examples/olist says of them, counted again in Python from the files."""

import csv
import datetime
import statistics
from collections import Counter

import pytest

import cookbook
import figures

FILE = cookbook.EXAMPLES / "olist" / "leads-of-a-marketplace.sql"
LEADS, DEALS = "data/olist/marketing_qualified_leads.csv", "data/olist/closed_deals.csv"
DAY = datetime.timedelta(days=1)


@pytest.fixture
def answers(imported):
    return cookbook.results(FILE, imported(leads=LEADS, deals=DEALS))


@pytest.fixture
def leads(shared_data):
    """Of every lead its origin, its page, the time of its first contact and that of its deal or None."""
    with open(shared_data(DEALS), encoding="utf-8") as file:
        won = {row["mql_id"]: datetime.datetime.fromisoformat(row["won_date"]) for row in csv.DictReader(file)}
    with open(shared_data(LEADS), encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [{"id": row["mql_id"], "origin": row["origin"] or "(none)", "page": row["landing_page_id"],
             "at": datetime.datetime.fromisoformat(row["first_contact_date"]), "won": won.get(row["mql_id"])} for row in rows]


def test_the_file_fits_a_screen():
    assert all(len(line) <= 120 for line in FILE.read_text(encoding="utf-8").splitlines())
    assert all(statement.count("\n") <= 30 for statement in cookbook.statements(FILE))


def test_the_audit(answers, leads):
    too_early = [lead for lead in leads if lead["won"] and lead["won"] < lead["at"]]
    found = [row for row in answers[0] if row["finding"] == "only_later_touches"]
    assert len(too_early) == len(found) == 1 and too_early[0]["id"] in found[0]["detail"]
    assert {row["severity"] for row in answers[0]} == {"warning", "note"}
    open_leads = sum(lead["won"] is None for lead in leads)
    assert any(row["finding"] == "entities_without_conversion" and f"entities {open_leads}:" in row["detail"] for row in answers[0])


def test_origins(answers, leads):
    all_leads = Counter(lead["origin"] for lead in leads)
    won = Counter(lead["origin"] for lead in leads if lead["won"] and lead["won"] >= lead["at"])
    assert {row["channel"]: row["won"] for row in answers[1]} == {**won, "(unattributed)": 1}
    assert sum(row["won"] for row in answers[1]) == 842
    for row in answers[1]:
        if row["channel"] != "(unattributed)":
            low, high = figures.wilson(won[row["channel"]], all_leads[row["channel"]])
            assert row["leads"] == all_leads[row["channel"]]
            assert (row["low"], row["high"]) == (pytest.approx(100 * low, abs=0.0501), pytest.approx(100 * high, abs=0.0501))


def test_quarters(answers, leads):
    """A lead that was won before its first contact has two passes: one that opens with the win, one that is open."""
    quarters = {}
    for lead in leads:
        first = min(lead["at"], lead["won"] or lead["at"])
        name = f"{first.year}-Q{(first.month + 2) // 3}"
        quarters.setdefault(name, []).append(lead)
        if first < lead["at"]:
            quarters.setdefault(f"{lead['at'].year}-Q{(lead['at'].month + 2) // 3}", []).append({**lead, "won": None})
    assert {row["period"]: (row["leads"], row["won"]) for row in answers[2]} == {
        name: (len(group), sum(lead["won"] is not None for lead in group)) for name, group in quarters.items()}
    for row in answers[2]:
        days = [(lead["won"] - lead["at"]) / DAY for lead in quarters[row["period"]] if lead["won"] and lead["won"] >= lead["at"]]
        assert row["median_days"] == (pytest.approx(statistics.median(days), abs=0.0501) if days else None)
        assert row["in_the_end"] >= row["percent"]


def test_how_long_to_wait(answers, leads):
    """The share joined by Kaplan and Meier, lead by lead; the last time in the files is the end of what is known."""
    end = max(max(lead["at"], lead["won"] or lead["at"]) for lead in leads)
    for row in answers[3]:
        group = [lead for lead in leads if lead["origin"] == row["origin"]]
        spells = [(max((lead["won"] - lead["at"]) / DAY, 0), True) if lead["won"] else ((end - lead["at"]) / DAY, False) for lead in group]
        staying = 1.0
        for time in sorted({time for time, won in spells if won and time <= row["days"]}):
            staying *= 1 - sum(won and t == time for t, won in spells) / sum(t >= time for t, _ in spells)
        assert row["percent"] == pytest.approx(100 * (1 - staying), abs=0.00501)
    assert {row["days"] for row in answers[3]} == {30, 90, 180, 360} and len(answers[3]) == 12


def test_paid_search_beside_social(answers, leads):
    (row,) = answers[4]
    counts = {}
    for origin in ("paid search", "social"):
        group = [lead for lead in leads if lead["origin"] == origin and lead["at"] >= datetime.datetime(2018, 1, 1)
                 and lead["at"] <= datetime.datetime(2018, 11, 14) - 90 * DAY]
        counts[origin] = sum(lead["won"] is not None and lead["won"] - lead["at"] <= 90 * DAY for lead in group), len(group)
    assert (row["paid_search"], row["social"]) == (counts["paid search"][1], counts["social"][1])
    expected = figures.difference(*counts["paid search"], *counts["social"])
    assert [row["points"], row["low"], row["high"]] == [pytest.approx(100 * x, abs=0.00501) for x in expected[:3]]
    assert float(row["p_value"]) == pytest.approx(expected[3], rel=0.06)


def test_a_score_by_origin_and_page(answers, leads):
    """Fitted by another Newton, judged by counting pairs."""
    def of(lead):
        origin, page = lead["origin"], lead["page"]
        return [1.0, origin == "paid search", origin == "organic search", origin == "social", origin in ("(none)", "unknown"),
                page == "22c29808c4f815213303f8933030604c", page == "b76ef37428e6799c421989521c0e5077"]  # fmt: skip

    days = {lead["id"]: lead["at"].date().isoformat() for lead in leads}
    learned = [(int(lead["won"] is not None), of(lead)) for lead in leads if "2018-01-01" <= days[lead["id"]] <= "2018-03-31"]
    weights, _ = figures.fit(learned)
    tried = [(figures.probability(weights, of(lead)), int(lead["won"] is not None)) for lead in leads
             if "2018-04-01" <= days[lead["id"]] <= "2018-05-31"]
    (row,) = answers[5]
    assert (row["leads"], row["won"]) == (len(tried), sum(y for _, y in tried))
    assert row["auc"] == pytest.approx(figures.pairs([(round(p, 9), y) for p, y in tried]), abs=0.000501)
    assert row["brier"] == pytest.approx(statistics.fmean((p - y) ** 2 for p, y in tried), abs=0.0000501)
