#!/usr/bin/python3
"""Measures all jobs of the extension beside plain SQL, DuckDB and ClickHouse, in one run. See README.md beside it.

BENCH=S (default), L or XL: a million, ten or a hundred million touches. BENCH_SQL=1: plain SQL at size L too.
BENCH_PEER=0: without other engines. BENCH_DOC=1: writes docs/speed.md and docs/speed.svg.
"""
import json
import math
import os
import sqlite3
import sys

import contenders
import document
import report
from common import (BUILD, RELATIVE_TOLERANCE, ROUNDS, TOUCHES, build_database, connect, require_sqlite, run_process,
                    stop)
from engine import CLICKHOUSE, DUCKDB
from jobs import MODELS, ROWS_EXTENSION


def check_equal(name, ours, theirs):
    """Both are lists of rows (model, channel, numbers ...), in any order."""
    ours, theirs = ({(row[0], row[1]): row[2:] for row in rows} for rows in (ours, theirs))
    for key in sorted(ours.keys() | theirs.keys()):
        a, b = ours.get(key), theirs.get(key)
        if a is None or b is None:
            stop(1, f"results differ: only one side has {key}: extension {a}, {name} {b}")
        if not all(math.isclose(x, y, rel_tol=RELATIVE_TOLERANCE) for x, y in zip(a, b)):
            stop(1, f"results differ for {key}: extension {a}, {name} {b}")


def check_complete(rows, conversions, revenue):
    """Needs no second implementation: the credits of every model add up to the conversions and the revenue."""
    for model in MODELS.split(", "):
        credit = math.fsum(row[2] for row in rows if row[0] == model)
        value = math.fsum(row[3] for row in rows if row[0] == model)
        if not (math.isclose(credit, conversions, rel_tol=RELATIVE_TOLERANCE)
                and math.isclose(value, revenue, rel_tol=RELATIVE_TOLERANCE)):
            stop(1, f"{model} credits {credit} of {conversions} conversions, {value} of {revenue}")


class Results:
    """The times and peaks of all rounds. A time counts only if its answer is that of all others."""

    def __init__(self, totals):
        self.totals, self.times, self.peaks, self.facts = totals, {}, {}, {}
        self.versions = {"SQLite": sqlite3.sqlite_version}
        self.models, self.levels, self.of_small = None, None, None

    def check(self, result):
        for name, rows in result.get("models", {}).items():
            if name.startswith("small"):  # other data, of which there is no second answer
                self.of_small = self.of_small or rows
                if rows != self.of_small:
                    stop(1, f"{name} gave another answer")
                continue
            if self.models is None:
                check_complete(rows, *self.totals)
                self.models = rows
            if name.startswith(("cold", "text")) and rows != self.models:
                stop(1, f"{name} differs from the first answer; it must be the same to the last bit")
            check_equal(name, self.models, rows)
        for name, rows in result.get("levels", {}).items():
            self.levels = self.levels or rows
            if rows != self.levels:
                stop(1, f"the levels differ: {name} has {rows}, others {self.levels}")
        for name, fact in result.get("facts", {}).items():
            if self.facts.setdefault(name, fact) != fact:
                stop(1, f"two answers to one question: {name}: {fact}, before {self.facts[name]}")
        self.versions.update(result.get("versions", {}))

    def keep(self, result):
        for name, seconds in result["times"].items():
            self.times.setdefault(name, []).append(seconds)
        for name, peak in result.get("peaks", {}).items():
            self.peaks.setdefault(name, []).append(peak)


def measure_all(size, chosen, totals):
    """ROUNDS rounds of all contenders in turn, after one round that only warms the page cache up."""
    results = Results(totals)
    for number in range(ROUNDS + 1):
        print(f"round {number} of {ROUNDS} ..." if number else "a first round, not counted ...", file=sys.stderr)
        for name in chosen:
            result = run_process([sys.executable, __file__, "--measure", name, size], name)
            results.check(result)
            if number > 0:
                results.keep(result)
    return results


def counts_of(size):
    connection = connect(build_database(size))
    counts = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
              for table in ("touches", "conversions")}
    return counts, connection.execute("SELECT sum(value) FROM conversions").fetchone()[0]


def funnel_counts(levels):
    return {"entities of the funnel": sum(number for _, number in levels)}


def main():
    size, with_peers = os.environ.get("BENCH", "S"), os.environ.get("BENCH_PEER", "1") != "0"
    if size not in TOUCHES:
        stop(2, f"BENCH is S, L or XL (got {size!r})")
    require_sqlite()
    if os.environ.get("BENCH_DOC") == "1" and size == "XL":
        stop(2, "docs/speed.md is made at size S or L")
    if with_peers and size != "XL" and not (CLICKHOUSE.exists() and DUCKDB.exists()):
        stop(2, "DuckDB and ClickHouse are not installed; run make bench, or leave them out with BENCH_PEER=0")
    if not ROWS_EXTENSION.exists():
        stop(2, f"{ROWS_EXTENSION.parent.name}/{ROWS_EXTENSION.name} is missing; run make bench")
    chosen = contenders.chosen(size, size == "S" or os.environ.get("BENCH_SQL") == "1", with_peers)
    contenders.make_files(size, chosen)
    counts, revenue = counts_of(size)
    results = measure_all(size, chosen, (counts["conversions"], revenue))
    if results.levels:
        counts.update(funnel_counts(results.levels))
    measured = report.Measured(size, counts, results.times, results.peaks, results.facts, results.versions)
    (BUILD / f"bench-{size}.json").write_text(json.dumps(measured._asdict()))
    report.print_tables(measured)
    if os.environ.get("BENCH_DOC") == "1":
        document.write(measured)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--measure":
        print(json.dumps(contenders.measure(sys.argv[2], sys.argv[3])))
    else:
        main()
