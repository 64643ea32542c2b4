"""What the extension and plain SQL do in a process of their own: attribution, effects, the funnel; and the time of it.

A job is a function of a database's path. It gives {"times": {name: seconds}} and, where there is something to check,
"models" (rows of attribution_summary), "levels" (entities by level), "peaks" (bytes by name), "facts" (anything that
must be the same in every round). LABELS in report.py says what each name is.
"""
import statistics

import effects_jobs
from common import BUILD, EXTENSION, HERE, SCAN, connect, peak_bytes, stop, timed
from funnel_jobs import CALLS, LEVELS, LIST, run_script

ROWS_EXTENSION = BUILD / "bench-rows.so"
RELATIONS = "'touches(customer_id, ts, channel)', 'conversions(customer_id, ts, value)'"
SUMMARY = f"SELECT model, channel, conversions, value, share, touches FROM attribution_summary({RELATIONS}, ?, ?)"
DETAIL = f"attribution({RELATIONS}, 'linear')"
MODELS = "first_touch, last_touch, linear, position_based, time_decay"
OTHER_MODELS = "last_non_direct, j_shaped, inverse_j, participation, time_decay(half_life=14 days)"
ENTITIES_ASKED = 100


def measure_scan(name, sql=SCAN):
    def measure(database):
        seconds, _ = timed(connect(database), sql)
        return {"times": {name: seconds}, "peaks": {name: peak_bytes()}}
    return measure


def measure_cold(name, threads):
    """One call on a new connection: reading, sorting, five models."""
    def measure(database):
        seconds, rows = timed(connect(database, EXTENSION), SUMMARY, (MODELS, f"threads={threads}"))
        return {"times": {name: seconds}, "peaks": {name: peak_bytes()}, "models": {name: rows}}
    return measure


def measure_summary(threads):
    """The same, and what the same connection asks next."""
    def measure(database):
        connection, option = connect(database, EXTENSION), f"threads={threads}"
        times = {}
        times[f"cold_{threads}"], rows = timed(connection, SUMMARY, (MODELS, option))
        peak = peak_bytes()
        times[f"warm_{threads}"], again = timed(connection, SUMMARY, (MODELS, option))
        times[f"models_{threads}"], _ = timed(connection, SUMMARY, (OTHER_MODELS, option))
        times[f"lookback_{threads}"], _ = timed(connection, SUMMARY, (MODELS, f"lookback=30 days; {option}"))
        if rows != again:
            stop(1, "the extension gave two answers to one question")
        return {"times": times, "peaks": {f"cold_{threads}": peak}, "models": {f"cold_{threads}": rows}}
    return measure


def measure_effects(name):
    """effects_jobs checks the answer."""
    def measure(database):
        result = effects_jobs.measure(name, str(database))
        return {"times": {f"effects_{name}": result["times"][name]}, "facts": {f"effects_{name}": result["answer"]}}
    return measure


def plain_sql(connection):
    sql = (HERE / "plain.sql").read_text()
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE type = 'index'").fetchone():
        # with the covering index it is quicker the other way round
        join = "FROM touches t CROSS JOIN conversions c"
        assert join in sql
        sql = sql.replace(join, "FROM conversions c CROSS JOIN touches t")
    return sql


def measure_sql(name):
    def measure(database):
        connection = connect(database)
        seconds, rows = timed(connection, plain_sql(connection))
        return {"times": {name: seconds}, "models": {name: rows}}
    return measure


# --- one row per touch of a conversion ---

def measure_detail(database):
    """
    All rows of the model linear into a new table in memory. Inside the transaction that writes it nothing that was
    loaded before is used, so reading is in it; the time of a cold call that only counts rows is beside it.
    """
    connection = connect(database, EXTENSION)
    connection.execute("ATTACH ':memory:' AS target")
    times = {}
    times["detail_count"], counted = timed(connection, f"SELECT count(*) FROM {DETAIL}")
    times["detail"], _ = timed(connection, f"CREATE TABLE target.detail AS SELECT * FROM {DETAIL}")
    if counted != connection.execute("SELECT count(*) FROM target.detail").fetchall():
        stop(1, "the table of details has other rows than attribution() has")
    return {"times": times, "facts": {"detail rows": counted[0][0]}}


def detail_rows(connection):
    return connection.execute(f"SELECT count(*) FROM {DETAIL}").fetchone()[0]


def measure_detail_floor(database):
    """As many rows of a virtual table that computes nothing, into a table and into a GROUP BY."""
    connection = connect(database, EXTENSION, ROWS_EXTENSION)
    rows = detail_rows(connection)
    connection.execute("ATTACH ':memory:' AS target")
    times = {}
    times["group_floor"], _ = timed(
        connection, f"SELECT channel, sum(value) FROM bench_rows({rows}) GROUP BY channel")
    times["detail_floor"], _ = timed(connection, f"CREATE TABLE target.detail AS SELECT * FROM bench_rows({rows})")
    return {"times": times}


def measure_group(database):
    """Rows of attribution() added up by SQLite, the relations loaded before."""
    connection = connect(database, EXTENSION)
    sql = f"SELECT channel, sum(value) FROM {DETAIL} GROUP BY channel"
    detail_rows(connection)
    seconds, rows = timed(connection, sql)
    plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"))
    return {"times": {"group": seconds},
            "facts": {"GROUP BY channel": rows, "GROUP BY channel sorts": "USE TEMP B-TREE" in plan}}


def measure_entity(database):
    """One customer, each on a connection of its own; an index finds the customer's rows."""
    customers = [row[0] for row in connect(database).execute(
        "SELECT DISTINCT customer_id FROM conversions WHERE id <= ? ORDER BY customer_id", (ENTITIES_ASKED,))]
    seconds = []
    for customer in customers:
        connection = connect(database, EXTENSION)
        seconds.append(timed(connection, f"SELECT * FROM {DETAIL} WHERE entity = ?", (customer,))[0])
        connection.close()
    return {"times": {"entity": statistics.median(seconds)}}


# --- the funnel ---

def measure_funnel(threads):
    def measure(database):
        connection, times = connect(database, EXTENSION), {}
        sql = ("SELECT * FROM funnel_summary("
               f"'events(entity, ts, stage)', '{LIST}', 'window=30 days; threads={threads}')")
        times[f"funnel_{threads}"], rows = timed(connection, sql)
        peak = peak_bytes()
        times[f"funnel_warm_{threads}"], again = timed(connection, sql)
        if rows != again:
            stop(1, "funnel_summary gave two answers to one question")
        return {"times": times, "peaks": {f"funnel_{threads}": peak}, "facts": {"funnel_summary": rows}}
    return measure


def by_entity(call):
    """Every entity's row is made; SQLite keeps none of them."""
    return f"SELECT count(*), max(n) FROM (SELECT entity, {call} AS n FROM events GROUP BY entity)"


def measure_by_entity(database):
    """Over the covering index, where groups come one after another."""
    connection, times, facts = connect(database, EXTENSION), {}, {}
    for name in ("count", "window_funnel", "funnel_stage"):
        call = "count(*)" if name == "count" else CALLS[name]
        times[f"by_{name}"], facts[f"by_{name}"] = timed(connection, by_entity(call))
    return {"times": times, "facts": facts}


def measure_levels(database):
    """The question that the other engines answer, as an aggregate over the log itself."""
    sql = LEVELS.format(call=CALLS["window_funnel"], settings="")
    seconds, rows = timed(connect(database, EXTENSION), sql)
    return {"times": {"levels": seconds}, "levels": {"levels": rows}}


def single_levels(database):
    """Level, entities, and how many of these have one time of visiting."""
    sql = (f"SELECT level, count(*), sum(single) FROM (SELECT {CALLS['window_funnel']} AS level, "
           "count(DISTINCT CASE WHEN stage = 'visit' THEN ts END) = 1 AS single FROM events GROUP BY entity) "
           "WHERE level > 0 GROUP BY level ORDER BY level")
    return connect(database, EXTENSION).execute(sql).fetchall()


def measure_first_visit(database):
    """It must be what it is called: equal where there is one visit, nowhere further than the furthest."""
    seconds, rows = run_script(database, "funnel_first_visit.sql")
    furthest = single_levels(database)
    if [row[2] for row in rows] != [row[2] for row in furthest]:
        stop(1, f"the first visits of those who have one lead elsewhere: {rows}, window_funnel {furthest}")
    for level in range(1, 7):
        first, best = (sum(row[1] for row in all_rows if row[0] >= level) for all_rows in (rows, furthest))
        if first > best or (level == 1 and first != best):
            stop(1, f"{first} first visits lead to level {level}, but only {best} visits do")
    return {"times": {"first_visit": seconds}}
