"""Who is measured by bench.py: every contender's name, what it does in a process of its own, and on which file."""
from typing import Callable, NamedTuple

import funnel_jobs
import jobs
import peers
from common import build_database
from funnel_data import paths


class Contender(NamedTuple):
    measure: Callable
    file: str  # a key of files(), or "peer": the function takes the size and the labels


OURS = {
    "scan": Contender(jobs.measure_scan("scan"), "touches"),
    "summary, 1 thread": Contender(jobs.measure_summary(1), "touches"),
    "summary, 2 threads": Contender(jobs.measure_summary(2), "touches"),
    "effects, cold": Contender(jobs.measure_effects("cold_1"), "touches"),
    "effects, order 1": Contender(jobs.measure_effects("warm_1"), "touches"),
    "effects, order 3": Contender(jobs.measure_effects("warm_3"), "touches"),
    "detail": Contender(jobs.measure_detail, "touches"),
    "detail, nothing computed": Contender(jobs.measure_detail_floor, "touches"),
    "group": Contender(jobs.measure_group, "touches"),
    "entity": Contender(jobs.measure_entity, "index"),
    "scan, text ids": Contender(jobs.measure_scan("scan_text"), "text"),
    "summary, text ids, 1 thread": Contender(jobs.measure_cold("text_1", 1), "text"),
    "summary, text ids, 2 threads": Contender(jobs.measure_cold("text_2", 2), "text"),
    "funnel scan": Contender(jobs.measure_scan("funnel_scan", funnel_jobs.SCAN), "funnel"),
    "funnel_summary, 1 thread": Contender(jobs.measure_funnel(1), "funnel"),
    "funnel_summary, 2 threads": Contender(jobs.measure_funnel(2), "funnel"),
    "window_funnel over the log": Contender(jobs.measure_levels, "funnel"),
    "window_funnel over an index": Contender(jobs.measure_by_entity, "funnel index"),
}
PLAIN_SQL = {
    "plain SQL": Contender(jobs.measure_sql("sql"), "touches"),
    "plain SQL, index": Contender(jobs.measure_sql("sql_index"), "index"),
    "plain SQL, greedy chain": Contender(funnel_jobs.measure_plain("chain"), "funnel"),
    "plain SQL, first visit": Contender(jobs.measure_first_visit, "funnel"),
}
PEERS = {
    "DuckDB": Contender(peers.measure_duckdb, "peer"),
    "ClickHouse": Contender(peers.measure_clickhouse, "peer"),
    "ClickHouse's windowFunnel": Contender(funnel_jobs.measure_peer, "funnel text"),
}
# the cold call at size S, beside that of a larger size: how time per touch grows
SMALL = {
    "scan, size S": Contender(jobs.measure_scan("scan_small"), "small"),
    "summary, size S, 1 thread": Contender(jobs.measure_cold("small_1", 1), "small"),
    "summary, size S, 2 threads": Contender(jobs.measure_cold("small_2", 2), "small"),
}
# at 100 million touches: the cold call, by itself
LARGEST = {
    "scan": OURS["scan"],
    "summary, cold, 1 thread": Contender(jobs.measure_cold("cold_1", 1), "touches"),
    "summary, cold, 2 threads": Contender(jobs.measure_cold("cold_2", 2), "touches"),
}
ALL = {**OURS, **PLAIN_SQL, **PEERS, **SMALL}


def chosen(size, with_sql, with_peers):
    if size == "XL":
        return {**LARGEST, **SMALL}
    return {**OURS, **(SMALL if size != "S" else {}), **(PLAIN_SQL if with_sql else {}),
            **(PEERS if with_peers else {})}


def file_of(kind, size):
    """The path; what is missing is made by make_files()."""
    if kind in ("touches", "small"):
        return build_database("S" if kind == "small" else size)
    if kind == "text":
        return build_database(size, ids="text")
    if kind == "index":
        return build_database(size, index=True)
    return paths(size)[{"funnel": "table", "funnel index": "index", "funnel text": "text"}[kind]]


def measure(name, size):
    """In the process of the contender."""
    contender = {**ALL, **(LARGEST if size == "XL" else {})}[name]
    if contender.file == "peer":
        return contender.measure(size, peers.labels_of(build_database(size)))
    return contender.measure(file_of(contender.file, size))


def make_files(size, contenders):
    """Whatever these contenders read, by programs of their own: see peers.make_text_files()."""
    kinds = {contender.file for contender in contenders.values()}
    for kind in kinds & {"touches", "small", "text", "index"}:
        file_of(kind, size)
    if any(kind.startswith("funnel") for kind in kinds):
        peers.run_maker("funnel_data.py", size)
    if "peer" in kinds:
        peers.run_maker("peers.py", size)
