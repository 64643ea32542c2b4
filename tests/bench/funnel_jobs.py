"""What each contender of funnel.py does in a process of its own, and the time of it."""
from common import EXTENSION, HERE, connect, peak_bytes, timed
from engine import COMPILED, Engine
from funnel_data import STAGES

WINDOW = 30 * 86400
SCAN = "SELECT max(entity), max(ts), max(stage) FROM events"
LEVELS = ("SELECT level, count(*) FROM (SELECT {call} AS level FROM events GROUP BY entity) "
          "GROUP BY level ORDER BY level{settings}")
CONDITIONS = ", ".join(f"stage = '{stage}'" for stage in STAGES)
LIST = " > ".join(STAGES)
CALLS = {
    "window_funnel": f"window_funnel('30 days', ts, {CONDITIONS})",
    "funnel_stage": f"funnel_stage(stage, ts, '{LIST}', '30 days')",
    "peer": f"windowFunnel({WINDOW})(ts, {CONDITIONS})",
}
TABLE_ARGUMENTS = f"('events(entity, ts, stage)', '{LIST}', 'window=30 days')"

# The engine's best layouts: as the log comes; and by entity, as our covering index, read in that order.
PEER_COLUMNS = "entity UInt32, ts UInt32, stage LowCardinality(String)"
PEER_TABLES = {
    "log": ("Memory", ""),
    "sorted": ("MergeTree ORDER BY (entity, ts)", ", optimize_aggregation_in_order = 1"),
}
PEER_THREADS = (1, 2)


def measure_scan(database):
    seconds, _ = timed(connect(database), SCAN)
    return {"times": {"scan": seconds}, "peak": peak_bytes()}


def measure_tables(database):
    """The table-valued functions: the first call reads and sorts the events, the next ones find them loaded."""
    connection = connect(database, EXTENSION)
    times = {}
    times["summary_cold"], rows = timed(connection, f"SELECT * FROM funnel_summary{TABLE_ARGUMENTS}")
    peak = peak_bytes()
    times["summary_warm"], again = timed(connection, f"SELECT * FROM funnel_summary{TABLE_ARGUMENTS}")
    times["rows_warm"], counted = timed(connection, f"SELECT count(*) FROM funnel{TABLE_ARGUMENTS}")
    entered = sum(row[4] for row in rows)
    return {"times": times, "peak": peak, "answer": [rows, counted], "right": rows == again and counted == [(entered,)]}


def measure_aggregate(function, name):
    def measure(database):
        seconds, levels = timed(connect(database, EXTENSION), LEVELS.format(call=CALLS[function], settings=""))
        return {"times": {name: seconds}, "peak": peak_bytes(), "levels": {name: levels}}
    return measure


def run_script(database, name):
    """All statements of an SQL file; the rows of the last one."""
    *preparing, last = (HERE / name).read_text().split(";\n\n")
    connection = connect(database)
    seconds = sum(timed(connection, sql)[0] for sql in preparing)
    last_seconds, rows = timed(connection, last)
    return seconds + last_seconds, rows


def measure_plain(name):
    def measure(database):
        seconds, levels = run_script(database, "funnel_plain.sql")
        return {"times": {name: seconds}, "levels": {name: levels}}
    return measure


def load_peer(engine, table, storage, log):
    seconds = 0
    for sql in (f"CREATE TABLE {table}({PEER_COLUMNS}) ENGINE = {storage}",
                f"INSERT INTO {table} SELECT * FROM file('{log}', 'TSV', '{PEER_COLUMNS}')",
                f"OPTIMIZE TABLE {table} FINAL" if "MergeTree" in storage else "SELECT 1"):
        seconds += engine.ask(sql)[0]
    return seconds


def measure_peer(log):
    """Each query twice, the second time counts: ours are timed with the file in the page cache, too."""
    times, levels = {}, {}
    with Engine() as engine:
        for table, (storage, settings) in PEER_TABLES.items():
            times[f"peer_{table}_load"] = load_peer(engine, table, storage, log)
            for threads in PEER_THREADS:
                name = f"peer_{table}_{threads}"
                sql = LEVELS.replace("events", table).format(
                    call=CALLS["peer"], settings=f" SETTINGS max_threads = {threads}, {COMPILED}{settings}")
                engine.ask(sql)
                times[name], rows = engine.ask(sql)
                levels[name] = [[int(cell) for cell in row] for row in rows]
        version = engine.ask("SELECT version()")[1][0][0]
    return {"times": times, "levels": levels, "version": version}


# job: how it is measured, and the file it reads
JOBS = {
    "scan": (measure_scan, "table"),
    "tables": (measure_tables, "table"),
    "window_funnel": (measure_aggregate("window_funnel", "window_funnel"), "table"),
    "funnel_stage": (measure_aggregate("funnel_stage", "funnel_stage"), "table"),
    "plain": (measure_plain("plain"), "table"),
    "window_funnel_index": (measure_aggregate("window_funnel", "window_funnel_index"), "index"),
    "funnel_stage_index": (measure_aggregate("funnel_stage", "funnel_stage_index"), "index"),
    "plain_index": (measure_plain("plain_index"), "index"),
    "peer": (measure_peer, "text"),
}
