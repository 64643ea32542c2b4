"""The audits on the demo database, count by count against plain SQL, and on real data: its known faults are what is found."""

from collections import Counter
from pathlib import Path

import pytest

import harness

DEMO = Path(__file__).resolve().parents[2] / "build" / "demo.db"
TOUCHES = "touches(account_id, touched_at, channel, points)"
DEALS = "won_deals(account_id, closed_at, amount, lead_created_at, opp_created_at)"
STAGES = "inquiry > mql > sal > sql > won"
EVENTS = "stage_events(lead_id, entered_at, stage, source)"
OLIST = {"leads": "data/olist/marketing_qualified_leads.csv", "deals": "data/olist/closed_deals.csv"}


@pytest.fixture(scope="module")
def demo():
    return harness.connect(f"file:{DEMO}?mode=ro", uri=True)


def audit(connection, relation, conversions, options=""):
    return connection.execute("SELECT * FROM attribution_audit(?, ?, ?)", (relation, conversions, options)).fetchall()


def funnel_audit(connection, options, relation=EVENTS, stages=STAGES):
    return connection.execute("SELECT * FROM funnel_audit(?, ?, ?)", (relation, stages, options)).fetchall()


def one(connection, sql):
    return connection.execute(sql).fetchone()[0]


def details(rows, finding):
    return [row[4] for row in rows if row[1] == finding]


def test_the_faults_of_the_demo(demo):
    """Every finding of the demo, and how often plain SQL finds it."""
    rows = audit(demo, TOUCHES, DEALS, "conversion_id=deal_id; most=1000000")
    before = "(SELECT max(closed_at) FROM won_deals AS d WHERE d.account_id = t.account_id)"
    wanted = {
        ("warning", "missing_entity", "touches"): one(demo, "SELECT count(*) FROM touches WHERE account_id IS NULL"),
        ("warning", "duplicate", "touches"): one(demo, """
          SELECT count(*) - count(DISTINCT account_id || ' ' || touched_at || ' ' || channel) FROM touches WHERE account_id IS NOT NULL"""),
        ("note", "negative_points", "touches"): one(demo, "SELECT count(*) FROM touches WHERE account_id IS NOT NULL AND points < 0"),
        ("note", "touches_after_last_conversion", "touches"): 1,
        ("note", "entities_without_conversion", "touches"): 1,
        ("note", "summary", "touches"): 1,
        ("warning", "no_touches", "conversions"): one(demo, """
          SELECT count(*) FROM won_deals AS d WHERE NOT EXISTS (SELECT 1 FROM touches AS t WHERE t.account_id = d.account_id)"""),
        ("note", "negative_value", "conversions"): one(demo, "SELECT count(*) FROM deals WHERE kind = 'refund'"),
        ("note", "missing_milestone", "conversions"): one(demo, "SELECT count(*) FROM won_deals WHERE lead_created_at IS NULL"),
        ("note", "summary", "conversions"): 1,
    }  # fmt: skip
    assert Counter(row[:3] for row in rows) == wanted
    assert min(wanted.values()) > 0
    later, entities = demo.execute(f"SELECT count(*), count(DISTINCT account_id) FROM touches AS t WHERE touched_at > {before}").fetchone()
    assert details(rows, "touches_after_last_conversion") == [f"touches {later}, entities {entities}: later than the entity's last conversion"]
    others, accounts = demo.execute(f"SELECT count(*), count(DISTINCT account_id) FROM touches AS t WHERE account_id IS NOT NULL AND {before} IS NULL").fetchone()
    assert details(rows, "entities_without_conversion") == [f"touches {others}, entities {accounts}: no conversion"]
    total, missing = one(demo, "SELECT count(*) FROM touches"), wanted["warning", "missing_entity", "touches"]
    deals, unattributed = one(demo, "SELECT count(*) FROM won_deals"), wanted["warning", "no_touches", "conversions"]
    money = one(demo, "SELECT printf('%.2f', sum(amount)) FROM won_deals")
    lost = one(demo, """
      SELECT printf('%.1f', sum(amount)) FROM won_deals AS d WHERE NOT EXISTS (SELECT 1 FROM touches AS t WHERE t.account_id = d.account_id)""")  # fmt: skip
    assert details(rows, "summary") == [
        f"rows {total}, used {total - missing}, skipped {missing}, refused 0",
        f"rows {deals}, used {deals}, skipped 0, refused 0, unattributed {unattributed}, value {money}, unattributed value {lost}",
    ]


def test_a_lookback_leaves_more_deals_without_touches(demo):
    rows = audit(demo, TOUCHES, DEALS, "conversion_id=deal_id; lookback=7 days")
    wanted = demo.execute("""
      SELECT deal_id FROM won_deals AS d WHERE NOT EXISTS (SELECT 1 FROM touches AS t WHERE t.account_id = d.account_id
        AND touched_at <= closed_at AND julianday(closed_at) - julianday(touched_at) <= 7 + 1e-9) ORDER BY 1""").fetchall()
    kinds = ("no_touches", "only_later_touches", "touches_out_of_reach")
    assert sorted((row[3],) for row in rows if row[1] in kinds) == wanted
    assert {row[1] for row in rows} >= {"no_touches", "touches_out_of_reach"}


def test_the_leads_of_the_demo(demo):
    """Leads that skip sal, and leads that nobody closed after 30 days."""
    rows = funnel_audit(demo, "exits=lost,disqualified,recycled; most=1000000")
    assert {row[1] for row in rows} == {"skipped_stage", "stale_pass", "summary"}
    skipped = demo.execute("""
      SELECT lead_id FROM stage_events AS e WHERE stage = 'sql' AND (SELECT stage FROM stage_events AS b
        WHERE b.lead_id = e.lead_id AND b.entered_at < e.entered_at ORDER BY entered_at DESC LIMIT 1) = 'mql'""").fetchall()
    assert len(details(rows, "skipped_stage")) == len(skipped) > 0
    assert all(text.startswith("stage 'sal' of pass ") for text in details(rows, "skipped_stage"))
    longest = demo.execute("""
      SELECT stage, max(seconds_in_stage) FROM funnel(?, ?, 'exits=lost,disqualified,recycled') WHERE outcome = 'advanced' AND NOT inferred GROUP BY 1""",
                           (EVENTS, STAGES)).fetchall()  # fmt: skip
    stale = sum(one(demo, f"""
      SELECT count(*) FROM funnel('{EVENTS}', '{STAGES}', 'exits=lost,disqualified,recycled')
      WHERE outcome = 'open' AND stage = '{stage}' AND seconds_in_stage > {seconds}""") for stage, seconds in longest)
    assert len(details(rows, "stale_pass")) == stale > 0


def test_what_a_recycle_limit_ends(demo):
    """With recycle=30 days passes end by themselves; the label 'recycled', listed nowhere then, is found."""
    rows = funnel_audit(demo, "exits=lost,disqualified; recycle=30 days; most=1000000")
    recycled = one(demo, f"SELECT count(*) FROM funnel('{EVENTS}', '{STAGES}', 'exits=lost,disqualified; recycle=30 days') WHERE outcome = 'recycled'")
    assert len(details(rows, "ended_by_deadline")) == recycled > 0
    others = one(demo, "SELECT count(*) FROM stage_events WHERE stage = 'recycled'")
    assert details(rows, "unknown_stage") == [f"events {others}: stage 'recycled' is listed nowhere and is left out; list it in stages, exits or exclude"]


def test_a_misspelt_stage_of_the_demo(demo):
    rows = funnel_audit(demo, "exits=lost,disqualified,recycled", stages="inquiry > mqll > sal > SQL > won")
    assert any("no event has 'mqll', listed in stages; did you mean mql?" in text for text in details(rows, "absent_stage"))
    n = one(demo, "SELECT count(*) FROM stage_events WHERE stage = 'sql'")
    assert details(rows, "similar_stage") == [f"events {n}: stage 'sql' is not 'SQL' and is left out; write it alike"]


def test_rows_that_are_found_can_be_joined(demo):
    """The cookbook's way: the rows that an audit found."""
    n = one(demo, f"""
      SELECT count(*) FROM attribution_audit('{TOUCHES}', '{DEALS}') AS a JOIN touches AS t ON t.touch_id = a.row_id
      WHERE a.relation = 'touches' AND a.finding = 'missing_entity' AND t.account_id IS NULL""")
    assert n == one(demo, "SELECT count(*) FROM touches WHERE account_id IS NULL")


############################### Real data ###############################


def test_olist(imported):
    """60 blank origins; a deal that was won before its first contact."""
    connection = imported(**OLIST)
    rows = audit(connection, "leads(mql_id, first_contact_date, origin)", "deals(mql_id, won_date, declared_monthly_revenue)")
    found = Counter(row[:3] for row in rows)
    assert found["warning", "missing_label", "leads"] == 0, "the relation is the argument's name"
    assert found["warning", "missing_label", "touches"] == one(connection, "SELECT count(*) FROM leads WHERE origin = ''") == 60
    assert found["warning", "only_later_touches", "conversions"] == one(
        connection, "SELECT count(*) FROM deals JOIN leads USING (mql_id) WHERE won_date < first_contact_date") == 1  # fmt: skip
    assert not {row[1] for row in rows if row[0] == "error"}
    assert found["warning", "no_touches", "conversions"] == 0
    assert details(rows, "summary")[1].startswith("rows 842, used 842, skipped 0, refused 0, unattributed 1, value ")


def test_web_journeys(imported):
    """A log in which a conversion is a touch: nobody is without; rows that say the same twice are found."""
    connection = imported(web="data/web_journeys/touches.csv")
    connection.execute("CREATE VIEW sales AS SELECT customer_id, time, conversion_value FROM web WHERE conversion = '1'")
    rows = audit(connection, "web(customer_id, time, channel)", "sales(customer_id, time, conversion_value)", "most=1000000")
    found = Counter(row[:3] for row in rows)
    assert not {row[1] for row in rows} & {"no_touches", "only_later_touches", "touches_out_of_reach"}
    assert not {row[1] for row in rows if row[0] == "error"}
    sql = "SELECT total(n - 1) FROM (SELECT count(*) AS n FROM {} GROUP BY customer_id, time, {})"
    assert found["warning", "duplicate", "touches"] == one(connection, sql.format("web", "channel"))
    assert found["warning", "duplicate", "conversions"] == one(connection, sql.format("sales", "CAST(conversion_value AS REAL)"))
    (text,) = details(rows, "entities_without_conversion")
    touches, customers = connection.execute("""
      SELECT count(*), count(DISTINCT customer_id) FROM web WHERE customer_id NOT IN (SELECT customer_id FROM sales)""").fetchone()
    assert text == f"touches {touches}, entities {customers}: no conversion"
