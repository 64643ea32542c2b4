"""A database of a hundred million touches, and a call of every kind on it: right answers, in how much memory and time.

    large.py DATABASE TOUCHES

Each call has a process of its own, with no settings but the defaults, and an address space of LARGE_MB megabytes (24 GiB). A wrong answer, a failure and a
peak beyond the bound end the run with an error. What is right is known from plain SQL: counts and sums of whole tables, made in one scan each, and the
parts of a few customers' conversions. Peaks are those of the process (VmHWM), Python's few megabytes among them; the file itself is in the system's page cache.
"""

import json
import os
import re
import resource
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "props")]

import harness  # noqa: E402

BOUND = int(os.environ.get("LARGE_MB", "24576")) * 2**20
TOUCHES, CONVERSIONS = "touches(customer_id, ts, channel)", "conversions(customer_id, ts, value)"
BOTH = f"'{TOUCHES}', '{CONVERSIONS}'"
STAGES = "inquiry > mql > sal > opportunity > won"
EVENTS = f"'events(customer_id, ts, stage)', '{STAGES}'"
CHANNELS = ["organic_search", "direct", "paid_search", "email", "paid_social", "organic_social", "display", "referral", "webinar", "affiliate", "event", "partner"]
MODELS = "first_touch, last_touch, linear, position_based, time_decay"
OPEN = "CREATE TEMP VIEW open_deals AS SELECT id, customer_id AS entity, ts, 'mql' AS stage, value FROM main.conversions WHERE id % 10 = 0"

PLAIN = {
    "conversions": "SELECT count(*), total(value) FROM conversions",
    "touches": f"SELECT count(*), {', '.join(f'total(channel = {name!r})' for name in CHANNELS)} FROM touches",
    "events": "SELECT count(*), total(stage = 'inquiry') FROM events",
    "open": "SELECT count(*), total(value) FROM conversions WHERE id % 10 = 0",
    "sample": """
        WITH c AS MATERIALIZED (SELECT * FROM conversions WHERE customer_id % {every} = 7),
             t AS MATERIALIZED (SELECT * FROM touches WHERE customer_id % {every} = 7),
             n AS MATERIALIZED (SELECT c.id, count(*) AS n FROM c JOIN t ON t.customer_id = c.customer_id AND t.ts <= c.ts GROUP BY c.id),
             first AS MATERIALIZED (SELECT c.id, t.channel, row_number() OVER (PARTITION BY c.id ORDER BY t.ts, t.channel, t.id) AS place
                                      FROM c JOIN t ON t.customer_id = c.customer_id AND t.ts <= c.ts)
        SELECT (SELECT count(*) FROM c), (SELECT total(n) FROM n), (SELECT count(*) FROM first WHERE place = 1 AND channel = 'email'),
               (SELECT total(c.value / n.n) FROM c JOIN n USING (id) JOIN t ON t.customer_id = c.customer_id AND t.ts <= c.ts WHERE t.channel = 'email')""",
}

# name, what comes before, the statement, what it must give by what plain SQL gave
CALLS = [
    ("attribution_summary, five models", "", f"SELECT sum(conversions), sum(value), count(DISTINCT model) FROM attribution_summary({BOTH}, '{MODELS}')",
     lambda p: [5 * p["conversions"][0], 5 * p["conversions"][1], 5]),
    ("attribution_summary, first_touch by day", "", f"SELECT sum(conversions), sum(value), count(DISTINCT channel) FROM attribution_summary({BOTH}, 'first_touch', 'period=day')",
     lambda p: [p["conversions"][0], p["conversions"][1], 13]),
    ("attribution_summary, markov(2), shapley", "", f"SELECT sum(conversions), sum(value) FROM attribution_summary({BOTH}, 'markov(2), shapley')",
     lambda p: [2 * p["conversions"][0], 2 * p["conversions"][1]]),
    ("attribution, every row", "", f"SELECT sum(credit), sum(value) FROM attribution({BOTH}, 'linear, time_decay')",
     lambda p: [2 * p["conversions"][0], 2 * p["conversions"][1]]),
    ("attribution, grouped by channel", "", f"SELECT sum(credit), sum(value), count(*) FROM (SELECT channel, sum(credit) AS credit, sum(value) AS value FROM attribution({BOTH}, 'linear') GROUP BY channel)",
     lambda p: [p["conversions"][0], p["conversions"][1], 13]),
    ("attribution, a few customers", "", f"""SELECT count(DISTINCT conversion_id), total(model = 'linear' AND position > 0), total(model = 'first_touch' AND channel = 'email'),
        total(value) FILTER (WHERE model = 'linear' AND channel = 'email') FROM attribution({BOTH}, 'linear, first_touch') WHERE entity % {{every}} = 7""",
     lambda p: p["sample"]),
    ("attribution, a million first touches kept", "", f"SELECT count(*), max(length(touches)) FROM (SELECT entity, group_concat(channel) AS touches FROM attribution({BOTH}, 'first_touch') WHERE entity <= {{million}} GROUP BY entity)", None),
    ("journeys", "", f"SELECT sum(converted), total(value) FROM journeys({BOTH})", lambda p: p["conversions"]),
    ("channel_effects", "", f"SELECT sum(markov_conversions), sum(shapley_value) FROM channel_effects({BOTH})", None),
    ("channel_effects, order=3", "", f"SELECT count(*) FROM channel_effects({BOTH}, 'order=3')", lambda p: [12]),
    ("markov_transitions, order=2", "", f"SELECT sum(weight) FROM markov_transitions({BOTH}, 'order=2') WHERE to_state = '(conversion)'", None),
    ("markov_orders", "", f"SELECT count(*) > 0 FROM markov_orders({BOTH})", lambda p: [1]),
    ("attribution_audit", "", f"SELECT count(*) > 0 FROM attribution_audit({BOTH})", lambda p: [1]),
    ("funnel", "", f"SELECT count(*) - sum(stage <> 'inquiry'), sum(stage = 'inquiry') FROM funnel({EVENTS}, 'exits=lost')", None),
    ("funnel_summary", "", f"SELECT sum(entered) >= max(entered), count(*) FROM funnel_summary({EVENTS}, 'exits=lost')", lambda p: [1, 5]),
    ("funnel_audit", "", f"SELECT count(*) > 0 FROM funnel_audit({EVENTS}, 'exits=lost')", lambda p: [1]),
    ("conversion_curve", "", "SELECT max(at_risk) FROM conversion_curve('conversions(id, ts, ts)')", lambda p: [p["conversions"][0]]),
    ("pipeline_forecast", OPEN, f"SELECT count(*), total(value) FROM pipeline_forecast('open_deals', {EVENTS}, 'exits=lost; as_of=2024-06-30')", lambda p: p["open"]),
    ("pipeline_forecast_summary", OPEN, f"SELECT sum(deals) FROM pipeline_forecast_summary('open_deals', {EVENTS}, 'exits=lost; as_of=2024-06-30')", lambda p: p["open"][:1]),
    ("weighted_credit, one group of all", "", f"SELECT {', '.join(f'''w ->> '{name}' ''' for name in CHANNELS)} FROM (SELECT weighted_credit(channel, ts, 'linear') AS w FROM touches)",
     lambda p: [n / p["touches"][0] for n in p["touches"][1:]]),
    ("first_touch, last_touch, one group of all", "", "SELECT first_touch(id, ts), last_touch(id, ts) FROM touches", lambda p: None),
    ("window_funnel, one group of all", "", "SELECT window_funnel('9999 days', ts, channel = 'email', channel = 'event', channel = 'partner') FROM touches", lambda p: [3]),
    ("sequence_count, one group of all", "", "SELECT sequence_count('(?1)', ts, channel = 'email', channel = 'event') FROM touches", lambda p: [p["touches"][1 + CHANNELS.index("email")]]),
    ("auc, one group of all", "", "SELECT auc(1, channel = 'email') FROM touches", lambda p: [0.5]),
    ("logistic_fit, one group of all", "", "SELECT logistic_fit(channel = 'email', 1 = id % 2) ->> 'n' FROM touches", lambda p: [p["touches"][0]]),
    ("one touch_credit for each customer", "", "SELECT total(x) FROM (SELECT touch_credit(ts, 'linear') OVER (PARTITION BY customer_id ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS x FROM touches WHERE customer_id % 20 = 0)",
     lambda p: None),
]
