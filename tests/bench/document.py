#!/usr/bin/python3
"""Writes docs/speed.md and docs/speed.svg from a run of bench.py: ratios, no times. Nothing in them is written by hand.

document.py RUN.json writes them again from a run that was kept (build/bench-S.json and so on).
"""
import json
import os
import pathlib
import sys

import chart
from common import HERE, ROUNDS, median_ratio
from report import FUNNEL_RIVALS, RIVALS, SECTIONS, Measured, detail_ratios, digits, growth, memory, ratios

DOCS = HERE.parents[1] / "docs"
BY_HAND = "\n## By hand\n"
SIZES = {"S": "a million touches", "L": "ten million touches"}
THREADS = {", 1 thread": 1, ", 2 threads": 2}
# these run with as many threads as the extension takes by itself
DEFAULT = ("effects_cold_1", "effects_warm_1", "effects_warm_3", "group", "detail_count", "detail", "entity")
CHARTS = (
    ("Five models of attribution", "scan", (
        ("attribution_summary, cold", ("cold_1", "cold_2")), ("attribution_summary, warm", ("warm_1", "warm_2")),
        ("plain SQL", ("sql",)), ("plain SQL, covering index", ("sql_index",)),
        ("DuckDB", ("duckdb_1", "duckdb_2")), ("ClickHouse, by time", ("clickhouse_time_1", "clickhouse_time_2")),
        ("ClickHouse, by customer", ("clickhouse_customer_1", "clickhouse_customer_2")))),
    ("A funnel of six stages", "funnel_scan", (
        ("funnel_summary, cold", ("funnel_1", "funnel_2")),
        ("funnel_summary, warm", ("funnel_warm_1", "funnel_warm_2")),
        ("window_funnel GROUP BY entity", ("levels",)), ("plain SQL, greedy chain", ("chain",)),
        ("plain SQL, first visit only *", ("first_visit",)), ("DuckDB", ("duckdb_funnel_1", "duckdb_funnel_2")),
        ("ClickHouse, by time", ("peer_log_1", "peer_log_2")),
        ("ClickHouse, by entity", ("peer_sorted_1", "peer_sorted_2")))),
)
OURS = ("attribution_summary", "funnel_summary", "window_funnel")


def panels(times):
    for title, base, rows in CHARTS:
        drawn = []
        for label, names in rows:
            bars = [chart.Bar(threads, *ratios(times, name, base))
                    for threads, name in enumerate(names, 1) if name in times]
            if bars:
                drawn.append(chart.Row(label, label.startswith(OURS), bars))
        yield chart.Panel(title, drawn)


def table_rows(section, times):
    """{label without its threads: {number of threads: cell}}, in order."""
    rows = {}
    for name, label in section.labels.items():
        if name not in times:
            continue
        threads = "default" if name in DEFAULT else 1
        for ending, number in THREADS.items():
            if label.endswith(ending):
                label, threads = label[:-len(ending)], number
        if "loading" in label:
            threads = "default"
        middle, low, high = (digits(number) for number in ratios(times, name, section.base))
        # two floors have one label: an invisible difference keeps both
        cells = rows.setdefault((label, name if label.startswith("(as many") else ""), {})
        cells[threads] = "1" if name == section.base else f"{middle} ({low} .. {high})"
    return rows


def table(times):
    lines = ["| times as long as the plain scan | 1 thread | 2 threads | threads as by default |", "|---|---|---|---|"]
    for section in SECTIONS:
        if section.base not in times:
            continue
        note = " (as the count)" if section.base == "by_count" else ""
        lines.append(f"| **{section.title}**{note} | | | |")
        for (label, _), cells in table_rows(section, times).items():
            lines.append(f"| {label} | {cells.get(1, '')} | {cells.get(2, '')} | {cells.get('default', '')} |")
    return lines


def list_of(parts):
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]


def rivals_list(times, rivals, ours, labels):
    """A line per rival: its time over that of each of ours, {1 thread: name, 2 threads: name}."""
    lines = []
    for rival in rivals:
        if rival in times:
            threads = 2 if rival.endswith("_2") else 1
            cells = [digits(median_ratio(times[rival], times[names[threads]])) for names in ours]
            lines.append(f"- {labels[rival].removeprefix('levels, ')}: {'; '.join(cells)}")
    return "\n".join(lines)


def both(times, over, under=None):
    """The two ratios of names with one thread and with two: to the other's, or to the plain scan."""
    return tuple(digits(median_ratio(times[f"{over}_{threads}"], times[f"{under}_{threads}" if under else "scan"]))
                 for threads in (1, 2))


def attribution_findings(measured):
    """One paragraph per finding, each a ratio of the same rounds."""
    times, touches = measured.times, measured.counts["touches"]
    cold, warm = both(times, "cold"), both(times, "warm")
    bytes_each = [memory(measured, f"cold_{threads}") / touches for threads in (1, 2)]
    yield (f"**Reading and answering.** The first call takes {cold[0]} plain scans with one thread and {cold[1]} "
           f"with two, the next one {warm[0]} and {warm[1]}. Two threads take "
           f"{digits(median_ratio(times['cold_2'], times['cold_1']))} of the time of one. Above the memory of the "
           f"scan's process the cold call takes {bytes_each[0]:.0f} bytes per touch with one thread, "
           f"{bytes_each[1]:.0f} with two.")
    if any(rival in times for rival in RIVALS):
        ours = ({1: "cold_1", 2: "cold_2"}, {1: "warm_1", 2: "warm_2"})
        yield ("**Beside the others.** Their time over ours with as many threads, cold; warm:\n\n"
               + rivals_list(times, RIVALS, ours, SECTIONS[0].labels))
    if growth(measured, 1) is not None:
        yield (f"**Growth.** From a million touches to {touches:,} the time per touch of the cold call grows by a "
               f"factor of {growth(measured, 1):.2f} with one thread, {growth(measured, 2):.2f} with two.")
    text = both(times, "text", "cold")
    yield (f"**Text ids** of 36 characters take {text[0]} times as long as integers with one thread, {text[1]} with "
           f"two; the scan of them takes {digits(median_ratio(times['scan_text'], times['scan']))} times as long.")
    whole, above = (digits(ratio) for ratio in detail_ratios(times))
    sorts = "a" if measured.facts["GROUP BY channel sorts"] else "no"
    yield (f"**Rows.** A table made from all {measured.facts['detail rows']:,} rows of `attribution` takes {whole} "
           f"times as long as one made from as many rows of a virtual table that computes nothing, {above} times "
           "without the reading of the relations. `GROUP BY channel` over them takes "
           f"{digits(median_ratio(times['group'], times['group_floor']))} times as long as over rows of nothing, and "
           f"SQLite's plan of it has {sorts} temporary B-tree.")


def funnel_findings(measured):
    times = measured.times
    if any(rival in times for rival in FUNNEL_RIVALS):
        ours = ({1: "levels", 2: "levels"}, {1: "funnel_1", 2: "funnel_2"})
        yield ("**Funnel.** The others find how far each entity gets, which is `window_funnel GROUP BY entity`, where "
               "SQLite sorts the log. `funnel_summary` answers more: passes, outcomes and times of every stage. Their "
               "time over that of the first; of the second, cold, with as many threads:\n\n"
               + rivals_list(times, FUNNEL_RIVALS, ours, SECTIONS[4].labels))
    if "first_visit" in times:
        yield ("The first-visit join asks something else: how far the first visit leads, not the furthest of all "
               "visits. It must be equal, and is, where an entity has one visit.")
    over = [digits(median_ratio(times[name], times["by_count"])) for name in ("by_window_funnel", "by_funnel_stage")]
    yield (f"**By entity**, where an index has the order, `window_funnel` takes {over[0]} times as long as `count(*)` "
           f"in the same GROUP BY, `funnel_stage` {over[1]} times.")


def introduction(measured):
    counts, processors = measured.counts, os.cpu_count()
    versions = list_of([f"{name} {version}" for name, version in measured.versions.items()])
    yield "# Speed"
    yield (f"Made by `make bench-docs` in one run: {versions}, {processors} processor{'s'[:processors - 1]}, "
           f"{counts['touches']:,} touches and {counts['conversions']:,} conversions in the order of time, and a log "
           f"of {counts['entities of the funnel']:,} entities for the funnel. Every number is a time over that of "
           "a plain scan of the same table (`SELECT max(customer_id), max(ts), max(channel) FROM touches`) in the same "
           f"round: the median of {ROUNDS} rounds, and in brackets the smallest and the largest. Seconds depend on the "
           "machine, ratios much less; `make bench` measures yours. How it is done: "
           "[tests/bench](../tests/bench/README.md).")
    yield "![Ratios to the plain scan, of five models and of a funnel, ours and others](speed.svg)"
    yield ("**What is compared.** Ours reads the tables of SQLite, cold: on a new connection, the file in the page "
           "cache; warm: asked again. Where threads are not named it takes one per processor, up to four. DuckDB and "
           "ClickHouse have their own tables in memory, with types and orders that suit them; loading is in the table, "
           "not in their times, and of two askings the second one counts. All answers are equal to 1e-9 before a time "
           "counts.")


def page(measured, by_hand):
    paragraphs = [*introduction(measured), *attribution_findings(measured), *funnel_findings(measured),
                  "\n".join(table(measured.times))]
    return "\n\n".join(paragraphs) + "\n" + by_hand


def written_by_hand(file):
    """What the page ends with that no run makes: everything from its heading on."""
    text = file.read_text() if file.exists() else ""
    return text[text.index(BY_HAND):] if BY_HAND in text else ""


def write(measured):
    if measured.size not in SIZES:
        print("docs/speed.md is made at size S or L", file=sys.stderr)
        return
    description = f"Ratios to a plain scan of the table, {SIZES[measured.size]}"
    (DOCS / "speed.svg").write_text(chart.draw(list(panels(measured.times)), description))
    (DOCS / "speed.md").write_text(page(measured, written_by_hand(DOCS / "speed.md")))
    print("wrote docs/speed.md and docs/speed.svg", file=sys.stderr)


if __name__ == "__main__":
    write(Measured(**json.loads(pathlib.Path(sys.argv[1]).read_text())))
