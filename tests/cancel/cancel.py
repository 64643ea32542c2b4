"""How long a statement goes on that is told to stop: cancel.py DATABASE TOUCHES [PART OF A CALL'S NAME]

For each of calls.py, on the benchmark's rows:

    gap       the longest time between two questions whether to go on, in ms of the statement's own thread, and when it began (gaps.c): every phase of
              the call is in it, whatever the moment of a stop; the progress handler is asked at every operation
    stopped   how long sqlite3_interrupt() took from another thread until the statement had failed, at STOPS moments spread over the call: the longest
    after     the call's answer, once more, is what it was

A gap of more than LIMIT fails the run; a stop is measured on the clock of a machine that does other things too, and is only shown.
"""

import pathlib
import sqlite3
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "props"), str(HERE)]

import harness  # noqa: E402
from calls import calls, setup  # noqa: E402

LIMIT, STOPS, OPERATIONS = 100, 4, 1
# Where SQLite's own sorter merges what it has spilled, or sorts it, it asks nobody.
SQLITES = {"sessionize, one partition"}


def connect(database, rows):
    connection = harness.connect(f"file:{database}?mode=ro", uri=True, check_same_thread=False)
    connection.enable_load_extension(True)
    connection.execute("SELECT load_extension(?)", (str(HERE.parents[1] / "build" / "cancel" / "gaps"),))
    connection.execute("PRAGMA temp_store = 2")
    setup(connection, rows)
    return connection


def prepare(connection, before):
    for sql in before:
        connection.execute(sql).fetchall()


def gap_of(connection, before, sql):
    """The longest gap in ms, when it began, how long the call took, its answer."""
    prepare(connection, before)
    connection.execute("SELECT gaps_start(?, 'cpu')", (OPERATIONS,)).fetchall()
    start = time.perf_counter()
    rows = connection.execute(sql).fetchall()
    took = time.perf_counter() - start
    gap, began, _ = connection.execute("SELECT gaps_stop()").fetchone()[0].split()
    return float(gap), float(began), took, rows


def stop_after(connection, before, sql, seconds):
    """How long a stop took in ms; None where the statement was done before."""
    prepare(connection, before)
    told = []

    def tell():
        told.append(time.perf_counter())
        connection.interrupt()

    timer = threading.Timer(seconds, tell)
    timer.start()
    try:
        connection.execute(sql).fetchall()
        return None
    except sqlite3.OperationalError as error:
        if str(error) != "interrupted":
            raise
        return (time.perf_counter() - told[0]) * 1000
    finally:
        timer.cancel()
        timer.join()


def main(database, rows, part=""):
    connection, failed = connect(database, rows), []
    print(f"{'call':44} {'s':>6} {'gap ms':>7} {'at s':>6} {'stopped ms':>10}", flush=True)
    for name, before, sql in calls(rows):
        if part not in name:
            continue
        gap, began, took, whole = gap_of(connection, before, sql)
        stops = [stop_after(connection, before, sql, took * (i + 0.5) / STOPS) for i in range(STOPS)]
        heard = [stop for stop in stops if stop is not None]
        prepare(connection, before)
        if connection.execute(sql).fetchall() != whole:
            failed.append(f"{name}: another answer after a stop")
        if gap > LIMIT and name not in SQLITES:
            failed.append(f"{name}: {gap:.0f} ms without a question")
        print(f"{name:44} {took:6.2f} {gap:7.1f} {began:6.2f} {max(heard, default=0):10.1f}", flush=True)
    connection.close()
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
