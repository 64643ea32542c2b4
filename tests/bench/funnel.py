#!/usr/bin/python3
"""Measures the funnel family: a log of six stages, and patterns made to be slow. See README.md beside it.

BENCH=S (default) or L: 0.4 or 4 million events. BENCH_PEER=0: without ClickHouse.
"""
import json
import os
import pathlib
import sqlite3
import statistics
import subprocess
import sys

import funnel_stress
from common import HERE, ROUNDS, median_ratio, require_sqlite, run_process, stop
from engine import CLICKHOUSE
from funnel_data import ENTITIES, paths
from funnel_jobs import JOBS

LABELS = {
    "scan": "plain scan of the three columns, one thread",
    "summary_cold": "funnel_summary, cold",
    "summary_warm": "funnel_summary, warm",
    "rows_warm": "funnel, its rows counted, warm",
    "window_funnel": "window_funnel GROUP BY entity",
    "funnel_stage": "funnel_stage GROUP BY entity",
    "plain": "the same levels, plain SQL",
    "window_funnel_index": "window_funnel, covering index",
    "funnel_stage_index": "funnel_stage, covering index",
    "plain_index": "plain SQL, covering index",
    "peer_log_1": "ClickHouse, table as the log, 1 thread",
    "peer_log_2": "ClickHouse, table as the log, 2 threads",
    "peer_sorted_1": "ClickHouse, table by entity, 1 thread",
    "peer_sorted_2": "ClickHouse, table by entity, 2 threads",
    "peer_log_load": "(loading it: table as the log)",
    "peer_sorted_load": "(loading it: table by entity)",
}
# what is divided by what, below the table
RATIOS = (
    ("window_funnel / plain SQL", ("window_funnel", "plain"), ("window_funnel_index", "plain_index")),
    ("window_funnel / ClickHouse, 1 thread",
     ("window_funnel", "peer_log_1"), ("window_funnel_index", "peer_sorted_1")),
    ("window_funnel / ClickHouse, 2 threads",
     ("window_funnel", "peer_log_2"), ("window_funnel_index", "peer_sorted_2")),
)
MEMORY = (("tables", "cold funnel_summary"), ("window_funnel", "window_funnel GROUP BY"),
          ("window_funnel_index", "window_funnel with the index"))


def run_job(job, path):
    """Runs one job in a process of its own."""
    return run_process([sys.executable, __file__, "--measure", job, path], job)


class Results:
    """The times and peaks of all rounds; every answer must be as the first one."""

    def __init__(self):
        self.times, self.peaks, self.levels, self.answer, self.version = {}, {}, None, None, None

    def check(self, job, result):
        if not result.get("right", True):
            stop(1, "funnel_summary gave two answers, or funnel() has other rows than it adds up")
        if "answer" in result:
            self.answer = self.answer or result["answer"]
            if result["answer"] != self.answer:
                stop(1, f"{job} gave two answers to one question")
        for name, levels in result.get("levels", {}).items():
            self.levels = self.levels or levels
            if levels != self.levels:
                stop(1, f"the levels differ: {name} has {levels}, others {self.levels}")
        self.version = result.get("version", self.version)

    def keep(self, job, result):
        for name, seconds in result["times"].items():
            self.times.setdefault(name, []).append(seconds)
        if "peak" in result:
            self.peaks.setdefault(job, []).append(result["peak"])


def measure_all(files, jobs):
    """ROUNDS rounds of all jobs in turn, after one round that only warms the page cache up and checks the answers."""
    results = Results()
    for number in range(ROUNDS + 1):
        for job in jobs:
            result = run_job(job, files[JOBS[job][1]])
            results.check(job, result)
            if number > 0:
                results.keep(job, result)
    return results


def report(size, events, results):
    times, entities = results.times, sum(number for _, number in results.levels)
    print(f"SQLite {sqlite3.sqlite_version}, ClickHouse {results.version or '(left out)'}, size {size}: "
          f"{events:,} events of {entities:,} entities")
    print(f"{'':44} {'x scan':>8} {'seconds':>9} {'(min .. max)':>20}   median of {ROUNDS}")
    for name in LABELS:
        if name not in times:
            continue
        middle, low, high = statistics.median(times[name]), min(times[name]), max(times[name])
        ratio = median_ratio(times[name], times["scan"])
        print(f"{LABELS[name]:44} {ratio:8.2f} {middle:9.4f} {f'({low:.4f} .. {high:.4f})':>20}")
    print("levels, equal for all: " + ", ".join(f"{level}: {number:,}" for level, number in results.levels))
    for title, unsorted, by_entity in RATIOS:
        if all(name in times for name in unsorted + by_entity):
            ratios = [median_ratio(times[ours], times[theirs]) for ours, theirs in (unsorted, by_entity)]
            print(f"{title}: log {ratios[0]:.2f}, by entity {ratios[1]:.2f}")
    for job, title in MEMORY:
        memory = statistics.median(results.peaks[job]) - statistics.median(results.peaks["scan"])
        print(f"peak memory of {title} above the scan's: {memory / 2**20:.1f} MiB, "
              f"{memory / events:.1f} bytes per event")


def measure_log(size, with_peer):
    # in a process of its own: what this one ever used would count as the peak of those it starts
    subprocess.run([sys.executable, str(HERE / "funnel_data.py"), size], check=True)
    files = paths(size)
    connection = sqlite3.connect(f"{files['table'].as_uri()}?mode=ro", uri=True)
    events = connection.execute("SELECT count(*) FROM events").fetchone()[0]
    connection.close()
    report(size, events, measure_all(files, [job for job in JOBS if job != "peer" or with_peer]))


def main():
    size, with_peer = os.environ.get("BENCH", "S"), os.environ.get("BENCH_PEER", "1") != "0"
    if size not in ENTITIES:
        stop(2, f"BENCH is S or L (got {size!r})")
    require_sqlite()
    if with_peer and not CLICKHOUSE.exists():
        stop(2, "ClickHouse is not installed; run make bench-funnel, or leave it out with BENCH_PEER=0")
    measure_log(size, with_peer)
    print()
    funnel_stress.main(size, with_peer)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--measure":
        print(json.dumps(JOBS[sys.argv[2]][0](pathlib.Path(sys.argv[3]))))
    else:
        main()
