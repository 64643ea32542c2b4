"""Real B2B leads as a funnel: 8,000 sellers who asked to join a marketplace, 842 who signed, imported as an analyst would.

Every number is computed a second time here, from the CSV files alone.
"""

import csv
import statistics
from datetime import datetime, timezone

import pytest

LEADS, DEALS = "data/olist/marketing_qualified_leads.csv", "data/olist/closed_deals.csv"
EVENTS = "stage_history(lead, ts, stage, origin)"
DAY = 86400
VIEWS = """
CREATE TEMP VIEW stage_history(lead, ts, stage, origin) AS
  SELECT mql_id, first_contact_date, 'contact', origin FROM leads
  UNION ALL SELECT mql_id, won_date, 'won', origin FROM deals JOIN leads USING (mql_id);
CREATE TEMP VIEW subjects(lead, started_at, won_at, closed_at, origin) AS
  SELECT mql_id, first_contact_date, won_date, NULL, origin FROM leads LEFT JOIN deals USING (mql_id);
"""


@pytest.fixture
def leads(imported):
    connection = imported(leads=LEADS, deals=DEALS)
    connection.executescript(VIEWS)
    return connection


def seconds(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def known(shared_data):
    """(origin, contact, won or None) of every lead, in seconds."""
    won = {row["mql_id"]: seconds(row["won_date"]) for row in read(shared_data(DEALS))}
    return [(row["origin"] or "(none)", seconds(row["first_contact_date"]), won.get(row["mql_id"]))
            for row in read(shared_data(LEADS))]


def now_of(known):
    return max(max(contact, won or 0) for _, contact, won in known)


def kaplan_meier(spells):
    """The share that has converted in the end; spells are (seconds, converted)."""
    staying, at_risk = 1.0, len(spells)
    for time in sorted({spell[0] for spell in spells}):
        own = [converted for seconds, converted in spells if seconds == time]
        staying *= 1 - sum(own) / at_risk
        at_risk -= len(own)
    return 1 - staying


def test_the_funnel_of_the_first_passes(leads, known):
    rows = leads.execute("SELECT stage, entered, advanced, exited, recycled, open, rate, overall_rate, mean_days, median_days, "
                         "expected_rate FROM funnel_summary(?, 'contact > won', 'passes=first')", (EVENTS,)).fetchall()
    # Won before its first contact (once): the contact is filled in with the time of the win.
    days = [(won - contact) / DAY for _, contact, won in known if won is not None and won >= contact]
    now = now_of(known)
    spells = [(max(won - contact, 0), True) if won is not None else (now - contact, False) for _, contact, won in known]
    assert len(known) == 8000 and len(days) == 841
    assert rows[0][:6] == ("contact", 8000, 842, 0, 0, 7158)
    assert rows[0][6:] == pytest.approx((842 / 8000, 1, statistics.fmean(days), statistics.median(days), kaplan_meier(spells)))
    assert rows[1] == ("won", 842, None, None, None, None, None, 842 / 8000, None, None, None)


def test_the_lead_that_was_won_before_its_first_contact(leads):
    """Its win opens pass 1, the contact filled in; the contact of two days later opens pass 2, which is still open."""
    sql = f"""
        SELECT pass, stage, entered_at, outcome, inferred FROM funnel('{EVENTS}', 'contact > won')
        WHERE entity IN (SELECT d.mql_id FROM deals AS d JOIN leads AS l USING (mql_id) WHERE won_date < first_contact_date)"""
    assert leads.execute(sql).fetchall() == [
        (1, "contact", "2018-03-06 19:38:55", "advanced", 1),
        (1, "won", "2018-03-06 19:38:55", "won", 0),
        (2, "contact", "2018-03-08", "open", 0),
    ]
    total = leads.execute("SELECT entered FROM funnel_summary(?, 'contact > won')", (EVENTS,)).fetchall()
    assert total == [(8001,), (842,)]


def test_the_funnel_by_origin(leads, known):
    sql = "SELECT label, entered, advanced FROM funnel_summary(?, 'contact > won', 'passes=first; by=label') WHERE stage_no = 1"
    origins = sorted({origin for origin, _, _ in known})
    wanted = [(origin, sum(own == origin for own, _, _ in known), sum(own == origin and won is not None for own, _, won in known))
              for origin in origins]
    assert leads.execute(sql, (EVENTS,)).fetchall() == wanted


def test_how_long_it_takes(leads, known):
    """The curve counts every lead once, and ends where the estimate over single spells does."""
    now = now_of(known)
    rows = leads.execute("SELECT days, at_risk, converted, censored, conversion FROM conversion_curve("
                         "'subjects(lead, started_at, won_at)', 'step=30 days')").fetchall()
    assert sum(row[2] for row in rows) == 842 and sum(row[3] for row in rows) == 7158
    for days, at_risk, converted, _, _ in rows:
        assert at_risk == sum((won if won is not None else now) - contact > (days - 30) * DAY or (days == 0)
                              for _, contact, won in known)
        assert converted == sum(won is not None and (days - 30) * DAY < max(won - contact, 0) <= days * DAY
                                for _, contact, won in known)
    spells = [(max(won - contact, 0), True) if won is not None else (now - contact, False) for _, contact, won in known]
    assert rows[-1][4] == pytest.approx(kaplan_meier(spells))


def test_the_curve_by_origin_is_each_origins_own(leads):
    sql = "SELECT {} FROM conversion_curve('{}(lead, started_at, won_at, closed_at, origin)', 'step=90 days; as_of=2018-12-01{}')"
    together = leads.execute(sql.format("label, days, at_risk, conversion", "subjects", "; by=label")).fetchall()
    for origin in {row[0] for row in together}:
        leads.executescript(f"DROP VIEW IF EXISTS own; CREATE TEMP VIEW own AS SELECT * FROM subjects "
                            f"WHERE coalesce(nullif(origin, ''), '(none)') = '{origin}'")
        alone = leads.execute(sql.format("days, at_risk, conversion", "own", "")).fetchall()
        assert alone == [row[1:] for row in together if row[0] == origin]
