"""The calls of test-cancel, and what they run on: the benchmark's database, and lists made of it in TEMP.

A call is (name, statements that come before and are not measured, the statement). Before each call the cache is emptied, unless it is to be warm.
"""

COLD = "SELECT count(*) FROM (SELECT 1 FROM attribution('few', 'none', 'linear', 'cache_mb=0'))"
KEEP = "SELECT count(*) FROM (SELECT 1 FROM attribution('few', 'none', 'linear', 'cache_mb=4096'))"
TOUCHES, CONVERSIONS = "touches(customer_id, ts, channel)", "conversions(customer_id, ts, value)"
EVENTS = "events(customer_id, ts, stage)"
STAGES = "inquiry > mql > sal > opportunity > won"
BOTH = f"'{TOUCHES}', '{CONVERSIONS}'"
WARM = f"SELECT count(*) FROM attribution_summary({BOTH}, 'linear')"
WARM_EVENTS = f"SELECT count(*) FROM funnel_summary('{EVENTS}', '{STAGES}', 'exits=lost')"


def setup(connection, rows):
    """Small and large lists; rows: of the touches."""
    open_deals = min(100_000, rows // 40)
    connection.executescript(f"""
        CREATE TEMP TABLE few(entity, ts, channel);
        CREATE TEMP TABLE none(entity, ts);
        CREATE TEMP TABLE open_deals(id INTEGER PRIMARY KEY, entity, ts, stage, value);
        INSERT INTO open_deals SELECT id, id, ts, CASE id % 3 WHEN 0 THEN 'mql' WHEN 1 THEN 'sal' ELSE 'opportunity' END, 1000.25 + id * 7919 % 100003
          FROM main.touches WHERE id <= {open_deals};
        CREATE TEMP TABLE paths AS SELECT group_concat(channel, ' > ') AS path, 1 AS conversions, 10.5 AS value, 2 AS nulls
          FROM (SELECT customer_id, channel FROM main.touches WHERE id <= {rows // 4} ORDER BY customer_id, ts) GROUP BY customer_id;
        CREATE TEMP TABLE subjects AS SELECT customer_id AS entity, min(ts) AS ts, max(CASE stage WHEN 'won' THEN ts END) AS converted_at,
          max(CASE stage WHEN 'lost' THEN ts END) AS closed_at FROM main.events GROUP BY customer_id;
        CREATE TEMP TABLE numbers AS SELECT (id * 7919 % 100003) / 1000.0 AS a, (id * 104729 % 9973) / 100.0 AS b, ts / 1e9 AS c, (id * 48271 % 65537) / 65537.0 AS d,
          id * 31 % 7 < 3 AS y FROM main.touches WHERE id <= {rows // 4};
    """)


def calls(rows):
    one = f"(SELECT * FROM main.touches WHERE id <= {rows // 2})"
    found = []
    for threads in (1, 2):
        t = f"threads={threads}"
        found += [
            (f"attribution_summary, cold, {t}", [COLD], f"SELECT count(*), sum(value) FROM attribution_summary({BOTH}, 'all', '{t}')"),
            (f"attribution_summary, warm, {t}", [KEEP, WARM], f"SELECT count(*), sum(value) FROM attribution_summary({BOTH}, 'all', '{t}; period=day')"),
            (f"channel_effects order=3, warm, {t}", [KEEP, WARM], f"SELECT sum(removal_effect), sum(shapley_value), sum(shapley_rate) FROM channel_effects({BOTH}, 'order=3; {t}')"),
            (f"funnel_summary, cold, {t}", [COLD], f"SELECT count(*) FROM funnel_summary('{EVENTS}', '{STAGES}', 'exits=lost; period=day; {t}')"),
            (f"forecast, period=day, {t}", [COLD], f"SELECT count(*), sum(expected_value) FROM pipeline_forecast_summary('open_deals', '{EVENTS}', '{STAGES}', 'exits=lost; period=day; {t}')"),
            (f"forecast, its parts, {t}", [COLD], f"SELECT count(*) FROM pipeline_forecast('open_deals', '{EVENTS}', '{STAGES}', 'exits=lost; {t}')"),
        ]
    return found + [
        ("attribution, ordered by channel", [KEEP, WARM], f"SELECT channel, sum(value) FROM attribution({BOTH}, 'linear, time_decay') GROUP BY channel"),
        ("attribution, markov(3), shapley", [KEEP, WARM], f"SELECT sum(value) FROM attribution({BOTH}, 'markov(3), shapley')"),
        ("journeys, warm", [KEEP, WARM], f"SELECT sum(converted) FROM journeys({BOTH})"),
        ("markov order=5, warm", [KEEP, WARM], f"SELECT sum(removal_effect) FROM channel_effects({BOTH}, 'order=5')"),
        ("markov order=6, warm", [KEEP, WARM], f"SELECT sum(removal_effect) FROM channel_effects({BOTH}, 'order=6')"),
        ("markov_orders, warm", [KEEP, WARM], f"SELECT sum(auc) FROM markov_orders({BOTH})"),
        ("markov_transitions order=4", [KEEP, WARM], f"SELECT sum(weight) FROM markov_transitions({BOTH}, 'order=4')"),
        ("path_effects order=auto", [COLD], "SELECT sum(removal_effect) FROM path_effects('paths', 'order=auto')"),
        ("shapley_effects", [COLD], "SELECT sum(shapley_rate) FROM shapley_effects('paths(path, conversions, value, nulls)')"),
        ("funnel, order=any, warm", [KEEP, WARM_EVENTS], f"SELECT count(*) FROM funnel('{EVENTS}', '{STAGES}', 'exits=lost; order=any')"),
        ("conversion_curve, cold", [COLD], "SELECT count(*) FROM conversion_curve('subjects')"),
        ("attribution_audit", [COLD], f"SELECT count(*) FROM attribution_audit({BOTH})"),
        ("funnel_audit", [COLD], f"SELECT count(*) FROM funnel_audit('{EVENTS}', '{STAGES}', 'exits=lost')"),
        ("logistic_fit", [], "SELECT length(logistic_fit(y, a, b, c, d)) FROM numbers"),
        ("weighted_credit, one group", [], f"SELECT length(weighted_credit(channel, ts, 'time_decay')) FROM {one}"),
        ("first_touch, last_touch, one group", [], f"SELECT first_touch(channel, ts), last_touch(channel, ts) FROM {one}"),
        ("touch_credit, one partition", [], f"SELECT sum(c) FROM (SELECT touch_credit(ts, 'linear') OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS c FROM main.touches WHERE id <= {rows // 40})"),
        ("window_funnel, one group", [], f"SELECT window_funnel('90 days, strict_once', ts, channel = 'email', channel = 'direct', channel = 'event') FROM {one}"),
        ("sequence_match, one group", [], f"SELECT sequence_match('(?1).*(?2).*(?t<60)(?3)(?1)(?2)(?3)', ts, channel = 'email', channel = 'direct', channel = 'partner') FROM {one}"),
        ("sequence_count, one group", [], f"SELECT sequence_count('(?1).*(?2)', ts, channel = 'email', channel = 'direct') FROM {one}"),
        ("sequence_next_node, one group", [], f"SELECT sequence_next_node('backward', 'tail', ts, channel, 1, channel = 'email') FROM {one}"),
        ("retention, one group", [], f"SELECT retention(channel = 'email', channel = 'direct') FROM {one}"),
        ("engagement_score, one group", [], f"SELECT engagement_score(1.5, ts, 1.8e9, '30 days') FROM {one}"),
        ("auc, one group", [], f"SELECT auc(id * 7919 % 100003, channel = 'email') FROM {one}"),
        ("lift, one group", [], f"SELECT length(lift(channel = 'email', ts % 2)) FROM {one}"),
        ("sessionize, one partition", [], f"SELECT max(s) FROM (SELECT sessionize(ts, 60) OVER (ORDER BY ts) AS s FROM {one})"),
    ]
