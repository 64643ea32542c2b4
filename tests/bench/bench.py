#!/usr/bin/python3
"""Measures the extension against a plain scan of the same table and against plain SQL. See README.md beside it.

BENCH=S (default) or L: a million or ten million touches. BENCH_SQL=1: plain SQL at size L too.
BENCH_IDS=text: 36-character customer ids. BENCH_INDEX=1: a covering index on the touches.
"""
import json
import math
import os
import pathlib
import resource
import sqlite3
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build"
EXTENSION = BUILD / "attribution.so"
TOUCHES = {"S": 1_000_000, "L": 10_000_000}
ROUNDS = 5
RELATIVE_TOLERANCE = 1e-9

SCAN = "SELECT max(customer_id), max(ts), max(channel) FROM touches"
SUMMARY = ("SELECT model, channel, conversions, value, share, touches FROM attribution_summary("
           "'touches(customer_id, ts, channel)', 'conversions(customer_id, ts, value)', ?, ?)")
MODELS = "first_touch, last_touch, linear, position_based, time_decay"
OTHER_MODELS = "last_non_direct, j_shaped, inverse_j, participation, time_decay(half_life=14 days)"


def stop(code, message):
    print(f"bench: {message}", file=sys.stderr)
    sys.exit(code)


# --- inside a measured process: one connection, one job, one line of JSON ---

def timed(connection, sql, arguments=()):
    start = time.perf_counter()
    rows = connection.execute(sql, arguments).fetchall()
    return time.perf_counter() - start, rows


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure_scan(connection):
    seconds, _ = timed(connection, SCAN)
    return {"times": {"scan": seconds}, "peak": peak_bytes()}


def measure_extension(connection):
    times = {}
    connection.enable_load_extension(True)
    connection.load_extension(str(EXTENSION))
    times["cold"], rows = timed(connection, SUMMARY, (MODELS, ""))
    peak = peak_bytes()
    times["warm"], again = timed(connection, SUMMARY, (MODELS, ""))
    times["warm_models"], _ = timed(connection, SUMMARY, (OTHER_MODELS, ""))
    times["warm_lookback"], _ = timed(connection, SUMMARY, (MODELS, "lookback=30 days"))
    return {"times": times, "peak": peak, "rows": rows, "repeatable": rows == again}


def plain_sql(connection):
    sql = (HERE / "plain.sql").read_text()
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE type = 'index'").fetchone():
        # with the covering index it is quicker the other way round
        join = "FROM touches t CROSS JOIN conversions c"
        assert join in sql
        sql = sql.replace(join, "FROM conversions c CROSS JOIN touches t")
    return sql


def measure_sql(connection):
    seconds, rows = timed(connection, plain_sql(connection))
    return {"times": {"sql": seconds}, "rows": rows}


JOBS = {"scan": measure_scan, "extension": measure_extension, "sql": measure_sql}


# --- the run ---

def build_database(size):
    ids = os.environ.get("BENCH_IDS", "int")
    index = ["index"] if os.environ.get("BENCH_INDEX") == "1" else []
    database = BUILD / ("-".join(["bench", size] + [ids] * (ids != "int") + index) + ".db")
    if database.exists():
        return database
    BUILD.mkdir(exist_ok=True)
    generator = BUILD / "bench-generate"
    unfinished = database.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    print(f"making {database.name} ...", file=sys.stderr)
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-std=c11", str(HERE / "generate.c"), "-o", str(generator),
                    "-lsqlite3"], check=True)
    subprocess.run([str(generator), str(unfinished), str(TOUCHES[size]), ids] + index, check=True)
    unfinished.rename(database)
    return database


def run_job(job, database):
    """Runs one job in a process of its own."""
    finished = subprocess.run([sys.executable, __file__, "--measure", job, str(database)], stdout=subprocess.PIPE)
    if finished.returncode != 0:
        stop(1, f"the {job} process failed")
    return json.loads(finished.stdout)


def check_equal(ours, theirs):
    """Both are lists of rows (model, channel, numbers ...), in any order."""
    ours, theirs = ({(row[0], row[1]): row[2:] for row in rows} for rows in (ours, theirs))
    for key in sorted(ours.keys() | theirs.keys()):
        a, b = ours.get(key), theirs.get(key)
        if a is None or b is None:
            stop(1, f"results differ: only one side has {key}: extension {a}, plain SQL {b}")
        if not all(math.isclose(x, y, rel_tol=RELATIVE_TOLERANCE) for x, y in zip(a, b)):
            stop(1, f"results differ for {key}: extension {a}, plain SQL {b}")


def check_complete(rows, conversions, revenue):
    """Needs no second implementation: the credits of every model add up to the conversions and the revenue."""
    for model in MODELS.split(", "):
        credit = math.fsum(row[2] for row in rows if row[0] == model)
        value = math.fsum(row[3] for row in rows if row[0] == model)
        if not (math.isclose(credit, conversions, rel_tol=RELATIVE_TOLERANCE)
                and math.isclose(value, revenue, rel_tol=RELATIVE_TOLERANCE)):
            stop(1, f"{model} credits {credit} of {conversions} conversions, {value} of {revenue}")


def measure_all(database, jobs, conversions, revenue):
    """ROUNDS rounds of all jobs in turn, after one round that only warms the page cache up and checks the answers."""
    times, peaks, first = {}, {}, {}
    for number in range(ROUNDS + 1):
        for job in jobs:
            result = run_job(job, database)
            if number == 0:
                first[job] = result.get("rows")
                continue
            if job == "extension" and not (result["repeatable"] and result["rows"] == first[job]):
                stop(1, "the extension gave two answers to one question")
            for name, seconds in result["times"].items():
                times.setdefault(name, []).append(seconds)
            if "peak" in result:
                peaks.setdefault(job, []).append(result["peak"])
        if number == 0:
            check_complete(first["extension"], conversions, revenue)
            if "sql" in jobs:
                check_equal(first["extension"], first["sql"])
    return times, peaks


def median_ratio(over, under):
    """Both hold one time per round; a slow spell of the machine meets both sides of a round's ratio."""
    return statistics.median(a / b for a, b in zip(over, under))


def report(size, counts, times, peaks):
    labels = [("scan", "plain scan of the touches, one thread"), ("cold", "five models, cold"),
              ("warm", "five models, warm"), ("warm_models", "five other models, warm"),
              ("warm_lookback", "five models, lookback=30 days, warm"), ("sql", "five models, plain SQL")]
    print(f"SQLite {sqlite3.sqlite_version}, size {size}: "
          + ", ".join(f"{rows:,} {name}" for name, rows in counts.items()))
    print(f"{'':37} {'x scan':>8} {'seconds':>9} {'(min .. max)':>20}   median of {ROUNDS}")
    for name, label in labels:
        if name in times:
            middle, low, high = statistics.median(times[name]), min(times[name]), max(times[name])
            ratio = median_ratio(times[name], times["scan"])
            print(f"{label:37} {ratio:8.2f} {middle:9.4f} {f'({low:.4f} .. {high:.4f})':>20}")
    if "sql" in times:
        cold, warm = (median_ratio(times["sql"], times[name]) for name in ("cold", "warm"))
        print(f"plain SQL / extension: cold {cold:.1f}, warm {warm:.1f}; "
              f"results equal to {RELATIVE_TOLERANCE:g} relative")
    memory = statistics.median(peaks["extension"]) - statistics.median(peaks["scan"])
    print(f"peak memory of the cold process above the scan's: {memory / 2**20:.1f} MiB, "
          f"{memory / counts['touches']:.1f} bytes per touch")


def main():
    size = os.environ.get("BENCH", "S")
    if size not in TOUCHES:
        stop(2, f"BENCH is S or L (got {size!r})")
    if os.environ.get("BENCH_IDS", "int") not in ("int", "text"):
        stop(2, f"BENCH_IDS is int or text (got {os.environ['BENCH_IDS']!r})")
    if not hasattr(sqlite3.Connection, "enable_load_extension"):
        stop(2, f"the sqlite3 module of {sys.executable} loads no extensions; use /usr/bin/python3")
    if not EXTENSION.exists():
        stop(2, "build/attribution.so is missing; run make first")
    database = build_database(size)
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    counts = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
              for table in ("touches", "conversions", "events")}
    revenue = connection.execute("SELECT sum(value) FROM conversions").fetchone()[0]
    connection.close()
    with_sql = size == "S" or os.environ.get("BENCH_SQL") == "1"
    jobs = ["scan", "extension"] + ["sql"] * with_sql
    times, peaks = measure_all(database, jobs, counts["conversions"], revenue)
    report(database.stem[len("bench-"):], counts, times, peaks)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--measure":
        print(json.dumps(JOBS[sys.argv[2]](sqlite3.connect(f"{pathlib.Path(sys.argv[3]).as_uri()}?mode=ro", uri=True))))
    else:
        main()
