"""A database of a hundred million touches, and a call of every kind on it: right answers, in how much memory and time.

    large.py DATABASE TOUCHES

Each call has a process of its own, with no settings but the defaults, and an address space of LARGE_MB megabytes (24 GiB). A wrong answer, a failure and a
peak beyond the bound end the run with an error. What is right is known from plain SQL: counts and sums of whole tables, made in one scan each, and the
parts of a few customers' conversions. Peaks are those of the process (VmHWM), Python's few megabytes among them; the file itself is in the system's page cache.
"""

import json
import math
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
    "ends": "SELECT (SELECT id FROM touches WHERE ts = (SELECT ts FROM touches WHERE id = 1) ORDER BY id LIMIT 1), max(id) FROM touches",
    "events": "SELECT count(*), total(stage = 'inquiry') FROM events",
    "customers": "SELECT count(DISTINCT customer_id) FROM touches WHERE customer_id % 20 = 0",
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
    ("the same, asked again", f"SELECT count(*) FROM attribution_summary({BOTH}, '{MODELS}')", f"SELECT sum(conversions), sum(value), count(DISTINCT model) FROM attribution_summary({BOTH}, '{MODELS}')",
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
    ("journeys", "", f"SELECT sum(converted), total(value) FROM journeys({BOTH})", lambda p: p["conversions"]),
    ("channel_effects", "", f"SELECT sum(markov_conversions), sum(markov_value) FROM channel_effects({BOTH})", lambda p: p["conversions"]),
    ("channel_effects, order=3", "", f"SELECT count(*) FROM channel_effects({BOTH}, 'order=3')", lambda p: [13]),
    ("markov_transitions, order=2", "", f"SELECT sum(weight) FROM markov_transitions({BOTH}, 'order=2') WHERE to_state = '(conversion)'", lambda p: p["conversions"][:1]),
    ("markov_orders", "", f"SELECT count(*) > 0 FROM markov_orders({BOTH})", lambda p: [1]),
    ("attribution_audit", "", f"SELECT count(*) > 0 FROM attribution_audit({BOTH})", lambda p: [1]),
    ("funnel", "", f"SELECT total(stage = 'inquiry') >= {{inquiries}} * 0.5, total(outcome = 'won' AND stage <> 'won') FROM funnel({EVENTS}, 'exits=lost')", lambda p: [1, 0]),
    ("funnel_summary", "", f"SELECT sum(entered) >= max(entered), count(*) FROM funnel_summary({EVENTS}, 'exits=lost')", lambda p: [1, 5]),
    ("funnel_audit", "", f"SELECT count(*) > 0 FROM funnel_audit({EVENTS}, 'exits=lost')", lambda p: [1]),
    ("conversion_curve", "", "SELECT max(at_risk) FROM conversion_curve('conversions(id, ts, ts)')", lambda p: [p["conversions"][0]]),
    ("pipeline_forecast", OPEN, f"SELECT count(*), total(value) FROM pipeline_forecast('open_deals', {EVENTS}, 'exits=lost; as_of=2024-06-30')", lambda p: p["open"]),
    ("pipeline_forecast_summary", OPEN, f"SELECT sum(deals) BETWEEN 1 AND {{open}} FROM pipeline_forecast_summary('open_deals', {EVENTS}, 'exits=lost; as_of=2024-06-30')", lambda p: [1]),
    ("weighted_credit, one group of all", "", f"SELECT {', '.join(f'''w ->> '{name}' ''' for name in CHANNELS)} FROM (SELECT weighted_credit(channel, ts, 'linear') AS w FROM touches)",
     lambda p: [n / p["touches"][0] for n in p["touches"][1:]]),
    ("first_touch, last_touch, one group of all", "", "SELECT first_touch(id, ts), last_touch(id, ts) FROM touches", lambda p: p["ends"]),
    ("window_funnel, one group of all", "", "SELECT window_funnel('9999 days', ts, channel = 'email', channel = 'event', channel = 'partner') FROM touches", lambda p: [3]),
    ("sequence_count, one group of all", "", "SELECT sequence_count('(?1)', ts, channel = 'email', channel = 'event') FROM touches", lambda p: [p["touches"][1 + CHANNELS.index("email")]]),
    ("auc, one group of all", "", "SELECT auc(1, channel = 'email') FROM touches", lambda p: [0.5]),
    ("logistic_fit, one group of all", "", "SELECT logistic_fit(channel = 'email', 1 = id % 2) ->> 'n' FROM touches", lambda p: [p["touches"][0]]),
    ("one touch_credit for each customer", "", "SELECT total(x) FROM (SELECT touch_credit(ts, 'linear') OVER (PARTITION BY customer_id ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS x FROM touches WHERE customer_id % 20 = 0)",
     lambda p: p["customers"]),
]


def peak_bytes():
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024


def every(touches):
    """One customer of so many is looked at one by one: some hundred of them."""
    return max(8, touches // 1000)


def filled(sql, touches, plain):
    values = {"every": every(touches), "inquiries": plain.get("events", [0, 0])[1], "open": plain.get("open", [0])[0]}
    return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), sql)


def ask(database, number, touches, plain):
    """One call, in this process; the bound is one on its address space, too."""
    resource.setrlimit(resource.RLIMIT_AS, (BOUND, BOUND))
    _, before, sql, _ = CALLS[number]
    connection = harness.connect(database)
    if before:
        connection.execute(filled(before, touches, plain)).fetchall()
    start, used = time.monotonic(), time.process_time()
    row = connection.execute(filled(sql, touches, plain)).fetchone()
    print(json.dumps({"row": row, "seconds": time.monotonic() - start, "processor": time.process_time() - used, "peak": peak_bytes()}))


def plain_sql(database, touches):
    connection, found = sqlite3.connect(database), {}
    for name, sql in PLAIN.items():
        found[name] = list(connection.execute(filled(sql, touches, {})).fetchone())
    connection.close()
    return found


def is_same(found, expected):
    """Sums of so many doubles in another order differ in their last places."""
    return len(found) == len(expected) and all(a is not None and math.isclose(float(a), float(b), rel_tol=1e-9, abs_tol=1e-9) for a, b in zip(found, expected))


def run(database, touches, numbers):
    plain, failures = plain_sql(database, touches), 0
    print(f"{touches:,} touches, {plain['conversions'][0]:,} conversions, {plain['events'][0]:,} events; no more than {BOUND // 2**20:,} MB", flush=True)
    print(f"{'':44}{'seconds':>9}{'processor':>11}{'MB':>8}{'bytes a touch':>15}", flush=True)
    for number in numbers:
        name, _, _, check = CALLS[number]
        finished = subprocess.run([sys.executable, __file__, database, str(touches), str(number), json.dumps(plain)], capture_output=True, text=True)
        if finished.returncode:
            failures += 1
            print(f"{name:44} FAILED: {finished.stderr.strip().splitlines()[-1]}", flush=True)
            continue
        result, expected = json.loads(finished.stdout), check(plain)
        verdict = "" if is_same(result["row"], expected) else f"  WRONG: {result['row']} instead of {expected}"
        verdict += "" if result["peak"] <= BOUND else "  MORE MEMORY THAN IT MAY"
        failures += bool(verdict)
        print(f"{name:44}{result['seconds']:9.1f}{result['processor']:11.1f}{result['peak'] / 2**20:8.0f}{result['peak'] / touches:15.1f}{verdict}", flush=True)
    return failures


def main():
    database, touches = sys.argv[1], int(sys.argv[2])
    if len(sys.argv) > 4:
        ask(database, int(sys.argv[3]), touches, json.loads(sys.argv[4]))
        return
    wanted = os.environ.get("LARGE_CALLS", "")  # those whose name has this in it
    failures = run(database, touches, [number for number, call in enumerate(CALLS) if wanted in call[0]])
    sys.exit(f"{failures} calls are wrong" if failures else 0)


main()
