"""What all benchmarks share: where things are, how a process and a query are timed, rounds, ratios.

A benchmark takes its contenders in turn, each in a new process, ROUNDS times, after one round that counts for nothing
but brings the files into the page cache and checks the answers. Each figure is a median; each ratio is the median of
the ratios of the rounds, so that a slow spell of the machine meets both sides of it.
"""
import json
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
TOUCHES = {"S": 1_000_000, "L": 10_000_000, "XL": 100_000_000}
ROUNDS = 5
RELATIVE_TOLERANCE = 1e-9
SCAN = "SELECT max(customer_id), max(ts), max(channel) FROM touches"


def stop(code, message):
    print(f"bench: {message}", file=sys.stderr)
    sys.exit(code)


def require_sqlite():
    """Before a benchmark starts: an SQLite that loads extensions, and ours."""
    if not hasattr(sqlite3.Connection, "enable_load_extension"):
        stop(2, f"the sqlite3 module of {sys.executable} loads no extensions; use /usr/bin/python3")
    if not EXTENSION.exists():
        stop(2, f"{EXTENSION.parent.name}/{EXTENSION.name} is missing; run make first")


def timed(connection, sql, arguments=()):
    start = time.perf_counter()
    rows = connection.execute(sql, arguments).fetchall()
    return time.perf_counter() - start, rows


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def connect(database, *extensions):
    """A new connection that only reads, with the extensions loaded."""
    connection = sqlite3.connect(f"{pathlib.Path(database).as_uri()}?mode=ro", uri=True)
    if extensions:
        connection.enable_load_extension(True)
        for extension in extensions:
            connection.load_extension(str(extension))
    return connection


def run_process(command, name):
    """What a measured process prints: one line of JSON."""
    finished = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE)
    if finished.returncode != 0:
        stop(1, f"the {name} process failed")
    return json.loads(finished.stdout)


def median_ratio(over, under):
    """Both hold one time per round; a slow spell of the machine meets both sides of a round's ratio."""
    return statistics.median(a / b for a, b in zip(over, under))


def build_database(size, ids="int", index=False):
    """The generator's database of this kind, made once and kept."""
    database = BUILD / ("-".join(["bench", size] + [ids] * (ids != "int") + ["index"] * index) + ".db")
    if database.exists():
        return database
    BUILD.mkdir(exist_ok=True)
    generator = BUILD / "bench-generate"
    unfinished = database.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    print(f"making {database.name} ...", file=sys.stderr)
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-std=c11", str(HERE / "generate.c"), "-o", str(generator),
                    "-lsqlite3"], check=True)
    subprocess.run([str(generator), str(unfinished), str(TOUCHES[size]), ids] + ["index"] * index, check=True)
    unfinished.rename(database)
    return database
