"""Real data, imported as an analyst would (.import makes everything TEXT) and credited under five models.

Totals reconcile with the data's own numbers, and totals per channel with the reference.
"""

import csv

import pytest

import harness
import reference

OLIST = {"leads": "data/olist/marketing_qualified_leads.csv", "deals": "data/olist/closed_deals.csv"}
SHOP = {"sessions": "data/dbt_playbook/sessions.csv", "sales": "data/dbt_playbook/customer_conversions.csv"}
MODELS = "first_touch, last_touch, linear, position_based, time_decay"


def csv_rows(path, *columns):
    """Rows (id, column, ...) of a CSV file."""
    with open(path, encoding="utf-8", newline="") as file:
        return [(n, *(row[c] for c in columns)) for n, row in enumerate(csv.DictReader(file), 1)]


def summary(connection, touches, conversions, options):
    sql = "SELECT * FROM attribution_summary(?, ?, ?, ?)"
    return connection.execute(sql, (touches, conversions, MODELS, options)).fetchall()


def assert_totals(rows, conversions, value):
    """Every model credits every conversion and all the revenue, once."""
    for model in MODELS.split(", "):
        own = [row for row in rows if row[0] == model]
        assert sum(row[3] for row in own) == pytest.approx(conversions, abs=1e-6)
        assert sum(row[4] for row in own) == pytest.approx(value, rel=1e-12)


def assert_reference(rows, wanted):
    assert [row[:3] + row[6:] for row in rows] == [row[:3] + row[6:] for row in wanted]
    for left, right in zip(rows, wanted):
        assert left[3:6] == pytest.approx([float(number) for number in right[3:6]], rel=1e-9)


WEB = "data/web_journeys/touches.csv"
WEB_TOUCHES = "web(customer_id, time, channel)"
WEB_SALES = "sales(customer_id, time, conversion_value)"
WEB_OPTIONS = ["", "reset=conversion; lookback=14 days", "path=exposure; gap=7 days; ignore=facebook"]


def import_web(imported):
    connection = imported(web=WEB)
    connection.execute(
        "CREATE VIEW sales AS SELECT customer_id, time, conversion_value FROM web WHERE conversion = '1'"
    )
    return connection


@pytest.mark.parametrize("options", WEB_OPTIONS)
def test_web_journeys(imported, shared_data, options):
    """1,838 conversions; a conversion is a row of the log and itself a touch; touches after it exist."""
    connection = import_web(imported)
    rows = summary(connection, WEB_TOUCHES, WEB_SALES, options)
    log = csv_rows(shared_data(WEB), "customer_id", "time", "channel")
    sales = csv_rows(shared_data(WEB), "customer_id", "time", "conversion_value", "conversion")
    sales = [row[:4] for row in sales if row[4] == "1"]
    assert len(sales) == 1838
    assert_totals(rows, 1838, sum(float(row[3]) for row in sales))
    assert_reference(rows, reference.summary(log, sales, MODELS, options))
    assert "(unattributed)" not in {row[1] for row in rows}, "a conversion is its own touch"


def test_web_journeys_in_cents(imported):
    """Rounded to cents, every row is a multiple of a cent and the CRM's total comes out, under every model."""
    connection = import_web(imported)
    sql = """
      SELECT model, sum(CAST(round(value * 100) AS INTEGER)), max(abs(value * 100 - round(value * 100)))
      FROM attribution(?, ?, ?, 'round=0.01') GROUP BY model"""
    (cents,) = connection.execute("SELECT sum(CAST(round(conversion_value * 100) AS INTEGER)) FROM sales").fetchone()
    rows = connection.execute(sql, (WEB_TOUCHES, WEB_SALES, MODELS)).fetchall()
    assert len(rows) == 5
    for _, total, uneven in rows:
        assert total == cents
        assert uneven < 1e-9


def test_olist(imported, shared_data):
    """842 deals; a blank origin is (none); the deal won before its first contact has no touch."""
    connection = imported(**OLIST)
    rows = summary(
        connection, "leads(mql_id, first_contact_date, origin)", "deals(mql_id, won_date, declared_monthly_revenue)", ""
    )
    leads = csv_rows(shared_data(OLIST["leads"]), "mql_id", "first_contact_date", "origin")
    deals = csv_rows(shared_data(OLIST["deals"]), "mql_id", "won_date", "declared_monthly_revenue")
    assert len(deals) == 842
    assert_totals(rows, 842, sum(float(row[3]) for row in deals))
    assert_reference(rows, reference.summary(leads, deals, MODELS))
    unattributed = [row for row in rows if row[1] == "(unattributed)"]
    assert [row[3] for row in unattributed] == [1.0] * 5
    assert "(none)" in {row[1] for row in rows}


def test_olist_journeys(imported):
    """Every lead has one touch: 842 converting journeys, and one for each lead that was not won after its contact."""
    connection = imported(**OLIST)
    sql = """
      SELECT converted, count(*), sum(path_length)
      FROM journeys('leads(mql_id, first_contact_date, origin)', 'deals(mql_id, won_date)') GROUP BY 1 ORDER BY 1"""
    assert connection.execute(sql).fetchall() == [(0, 8000 - 841, 8000 - 841), (1, 842, 841)]


@pytest.mark.parametrize("options", ["", "lookback=2 days; period=week"])
def test_dbt_playbook(imported, shared_data, options):
    """Times with one-digit hours ('2020-02-04 4:30:21'), numbers as TEXT keys on both sides."""
    connection = imported(**SHOP)
    sales = "sales(customer_id, converted_at, revenue)"
    rows = summary(connection, "sessions(customer_id, started_at, utm_source)", sales, options)
    sessions = csv_rows(shared_data(SHOP["sessions"]), "customer_id", "started_at", "utm_source")
    sales = csv_rows(shared_data(SHOP["sales"]), "customer_id", "converted_at", "revenue")
    assert len(sales) == 21
    assert_totals(rows, 21, sum(float(row[3]) for row in sales))
    assert_reference(rows, reference.summary(sessions, sales, MODELS, options))


def test_dbt_playbook_explains_a_deal(imported):
    """The detail rows carry the ids of the CSV when they are named."""
    connection = imported(**SHOP)
    sql = """
      SELECT touch_id, s.session_id FROM attribution('sessions(customer_id, started_at, utm_source)',
        'sales(customer_id, converted_at, revenue)', 'linear', 'touch_id=session_id; conversion_id=customer_id') AS a
      JOIN sessions AS s ON s.customer_id = a.entity AND s.session_id = a.touch_id"""
    rows = connection.execute(sql).fetchall()
    assert rows and all(left == right for left, right in rows)
