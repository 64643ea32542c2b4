"""How long a statement goes on that is told to stop: cancel.py DATABASE TOUCHES [PART OF A CALL'S NAME]

For each of calls.py, on the benchmark's rows:

    gap       the longest time between two questions whether to go on, in ms of the statement's own thread, and when it began (gaps.c): every phase of
              the call is in it, whatever the moment of a stop; the progress handler is asked at every operation
    wall      the same on the clock on the wall, which a busy machine stretches
    stopped   how long sqlite3_interrupt() took from another thread until the statement had failed and what it held was free, at STOPS random moments of
              the call: the longest, in ms of the statement's thread and of the wall
    after     the failure is SQLITE_INTERRUPT, the next statement answers, and at the end the call's answer is what it was

A gap of more than LIMIT of the thread's time fails the run; what depends on other work on the machine is only shown.
"""

import os
import pathlib
import random
import sqlite3
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "props"), str(HERE)]

import harness  # noqa: E402
from calls import calls, setup  # noqa: E402

LIMIT, STOPS, OPERATIONS = 100, int(os.environ.get("CANCEL_STOPS", 5)), 256
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
    """The longest gap in ms, when it began, the longest on the wall, how long the call took, its answer."""
    prepare(connection, before)
    connection.execute("SELECT gaps_start(?)", (OPERATIONS,)).fetchall()
    start = time.perf_counter()
    rows = connection.execute(sql).fetchall()
    took = time.perf_counter() - start
    gap, began, _, wall = connection.execute("SELECT gaps_stop()").fetchone()[0].split()
    return float(gap), float(began), float(wall), took, rows


def stop_after(connection, before, sql, seconds):
    """How long a stop took in ms of this thread and of the wall; None where the statement was done before."""
    prepare(connection, before)
    told, clock = [], time.pthread_getcpuclockid(threading.get_ident())

    def tell():
        told[:] = time.clock_gettime(clock), time.perf_counter()
        connection.interrupt()

    timer = threading.Timer(seconds, tell)
    timer.start()
    try:
        connection.execute(sql).fetchall()
        return None
    except sqlite3.OperationalError as error:
        stopped = (time.thread_time() - told[0]) * 1000, (time.perf_counter() - told[1]) * 1000
        if str(error) != "interrupted" or error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        assert connection.execute("SELECT count(*) FROM none").fetchone() == (0,)
        return stopped
    finally:
        timer.cancel()
        timer.join()


def main(database, rows, part=""):
    connection, failed, pick = connect(database, rows), [], random.Random(part)
    print(f"{'call':40} {'s':>6} {'gap ms':>7} {'at s':>6} {'wall':>7} {'stopped ms':>10} {'wall':>7}", flush=True)
    for name, before, sql in calls(rows):
        if part not in name:
            continue
        gap, began, wall, took, whole = gap_of(connection, before, sql)
        stops = [stop_after(connection, before, sql, took * pick.random()) for _ in range(STOPS)]
        heard = [stop for stop in stops if stop is not None] or [(0, 0)]
        prepare(connection, before)
        if connection.execute(sql).fetchall() != whole:
            failed.append(f"{name}: another answer after a stop")
        if gap > LIMIT and name not in SQLITES:
            failed.append(f"{name}: {gap:.0f} ms without a question")
        cpu, clock = (max(stop[i] for stop in heard) for i in (0, 1))
        print(f"{name:40} {took:6.2f} {gap:7.1f} {began:6.2f} {wall:7.1f} {cpu:10.1f} {clock:7.1f}", flush=True)
    connection.close()
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
