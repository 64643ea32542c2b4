#!/usr/bin/python3
"""Measures the data-driven family: journeys, a list of paths beside other packages, and lists made to be slow.

See README.md beside it. BENCH=S (default) or L: a million or ten million touches. BENCH_PEER=0: without other packages.
"""
import json
import math
import os
import sqlite3
import statistics
import subprocess
import sys

from common import (BUILD, EXTENSION, HERE, RELATIVE_TOLERANCE, ROUNDS, build_database, median_ratio, require_sqlite,
                    run_process, stop)
from effects_jobs import JOURNEYS, ORDERS, PATHDATA, PATHS_FILE, STRESS, measure

PEER_PYTHON = BUILD / "bench-peers/bin/python"  # as the Makefile installs it
PEER_LABELS = {f"simulated_{order}": f"ChannelAttribution, order {order}" for order in ORDERS}
PEER_LABELS["mam"] = "DP6's MAM, order 1"


class Results:
    """The times and peaks of all rounds; every answer must be as the first one, to the last bit."""

    def __init__(self):
        self.times, self.peaks, self.answers, self.versions = {}, {}, {}, None

    def add(self, name, result, counts):
        if self.answers.setdefault(name, result["answer"]) != result["answer"]:
            stop(1, f"{name} gave two answers to one question")
        if counts:
            for key, seconds in result["times"].items():
                self.times.setdefault(key, []).append(seconds)
            self.peaks.setdefault(name, []).append(result.get("peak", 0))


def measure_all(jobs, database="", with_peers=False):
    """ROUNDS rounds of all jobs in turn, after one round that only warms the page cache up."""
    results = Results()
    for number in range(ROUNDS + 1):
        for name in jobs:
            results.add(name, run_process([sys.executable, __file__, "--measure", name, database], name), number > 0)
        if with_peers:
            peers = run_process([PEER_PYTHON, HERE / "effects_peers.py", PATHS_FILE], "peers")
            results.add("peers", peers, number > 0)
            results.versions = peers["versions"]
    return results


def report(title, unit, jobs, results):
    """Times beside those of the first job, and peak memory above its."""
    base = next(iter(jobs))
    print(f"{title:58.58} {unit:>8} {'seconds':>9} {'(min .. max)':>20} {'MiB':>8}   median of {ROUNDS}")
    labels = {name: job.title for name, job in jobs.items()}
    for name, label in {**labels, **PEER_LABELS}.items():
        times = results.times.get(name)
        if times is None:
            continue
        memory = ""
        if name in results.peaks and name != base:
            above = statistics.median(results.peaks[name]) - statistics.median(results.peaks[base])
            memory = f"{above / 2**20:.1f}"
        ratio, span = median_ratio(times, results.times[base]), f"({min(times):.4f} .. {max(times):.4f})"
        print(f"{label:58} {ratio:8.2f} {statistics.median(times):9.4f} {span:>20} {memory:>8}")
    print(flush=True)


def furthest(differences):
    """The largest of {channel: difference}, and whose it is."""
    channel = max(differences, key=differences.get)
    return differences[channel], channel


def compare(results):
    """How far the simulations are from the exact answer, and from one another."""
    exact = {row[0]: row[1] for row in results.answers["pathdata_1"]}
    mam = results.answers["peers"]["mam"]
    if exact.keys() != mam.keys():
        stop(1, "DP6's MAM has other channels")
    worst = max(abs(mam[channel] / effect - 1) for channel, effect in exact.items())
    if worst > RELATIVE_TOLERANCE:
        stop(1, f"DP6's MAM has other removal effects at order 1: {mam}, not {exact}")
    versions = results.versions
    print(f"DP6's MAM {versions['marketing_attribution_models']}: the same removal effects, to {worst:.0e} relative")
    print(f"ChannelAttribution {versions['ChannelAttribution']}, its default number of simulations, "
          "two seeds; how far its channels are from the exact answer, at most:")
    print(f"{'order':5} {'x time':>7}   {'removal effect':24} {'conversions':24} {'conversions, relative':24} "
          "conversions, the other seed's")
    for order in ORDERS:
        ours = {row[0]: row[1:3] for row in results.answers[f"pathdata_{order}"]}
        seeds = results.answers["peers"]["simulated"][str(order)]
        ratio = median_ratio(results.times[f"simulated_{order}"], results.times[f"pathdata_{order}"])
        for number, theirs in enumerate(seeds):
            same_total(order, ours, theirs)
            other = seeds[1 - number]
            cells = [
                ("{:.4f}, {}", furthest({c: abs(theirs[c][0] - ours[c][0]) for c in ours})),
                ("{:.1f}, {}", furthest({c: abs(theirs[c][1] - ours[c][1]) for c in ours})),
                ("{:.1%}, {}", furthest({c: abs(theirs[c][1] / ours[c][1] - 1) for c in ours})),
                ("{:.1f}, {}", furthest({c: abs(theirs[c][1] - other[c][1]) for c in ours})),
            ]
            texts = [text.format(*cell) for text, cell in cells]
            print(f"{order if number == 0 else '':5} {f'{ratio:.1f}' if number == 0 else '':>7}   "
                  + " ".join(f"{text:24}" for text in texts).rstrip())
    print(flush=True)


def same_total(order, ours, theirs):
    """Both divide all conversions over the same channels."""
    sums = [math.fsum(row[1] for row in rows.values()) for rows in (ours, theirs)]
    if ours.keys() != theirs.keys() or not math.isclose(*sums, rel_tol=RELATIVE_TOLERANCE):
        stop(1, f"order {order}: {len(ours)} channels with {sums[0]} conversions, "
                f"ChannelAttribution {len(theirs)} with {sums[1]}")


def measure_journeys(size):
    database = build_database(size)
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("touches", "conversions")]
    connection.close()
    print(f"SQLite {sqlite3.sqlite_version}, size {size}: {counts[0]:,} touches, {counts[1]:,} conversions")
    report("Journeys", "x scan", JOURNEYS, measure_all(JOURNEYS, database))


def measure_paths(with_peers):
    if not PATHS_FILE.is_file():
        print(f"left out, and other packages with it: {PATHS_FILE} is missing (set ATTRIBUTION_SHARED to its folder)\n")
        return
    if with_peers and not PEER_PYTHON.exists():
        stop(2, "the other packages are not installed; run make bench-effects, or leave them out with BENCH_PEER=0")
    results = measure_all(PATHDATA, with_peers=with_peers)
    report("Paths already added up, 10,000 lines", "x read", PATHDATA, results)
    if with_peers:
        compare(results)


def main():
    size, with_peers = os.environ.get("BENCH", "S"), os.environ.get("BENCH_PEER", "1") != "0"
    if size not in ("S", "L"):
        stop(2, f"BENCH is S or L (got {size!r})")
    require_sqlite()
    measure_journeys(size)
    measure_paths(with_peers)
    # in a process of its own: what this one ever used would count as the peak of those it starts
    subprocess.run([sys.executable, str(HERE / "effects_data.py")], check=True)
    for title, jobs in STRESS.items():
        report(title, "x read", jobs, measure_all(jobs))


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--measure":
        print(json.dumps(measure(sys.argv[2], sys.argv[3])))
    else:
        main()
