"""The tables of bench.py on stdout, and the numbers that document.py needs: ratios of one round, and their median."""
import statistics
from typing import NamedTuple

from common import ROUNDS, TOUCHES, median_ratio


class Measured(NamedTuple):
    """A whole run; times and peaks have one number per round."""
    size: str
    counts: dict
    times: dict
    peaks: dict
    facts: dict
    versions: dict


class Section(NamedTuple):
    title: str
    base: str  # what its times are divided by
    labels: dict


SECTIONS = (
    Section("Attribution, five models", "scan", {
        "scan": "plain scan of the touches",
        "cold_1": "attribution_summary, cold, 1 thread",
        "cold_2": "attribution_summary, cold, 2 threads",
        "warm_1": "attribution_summary, warm, 1 thread",
        "warm_2": "attribution_summary, warm, 2 threads",
        "models_1": "five other models, warm, 1 thread",
        "models_2": "five other models, warm, 2 threads",
        "lookback_1": "lookback=30 days, warm, 1 thread",
        "lookback_2": "lookback=30 days, warm, 2 threads",
        "sql": "plain SQL",
        "sql_index": "plain SQL, covering index",
        "duckdb_1": "DuckDB, 1 thread",
        "duckdb_2": "DuckDB, 2 threads",
        "clickhouse_time_1": "ClickHouse, by time, 1 thread",
        "clickhouse_time_2": "ClickHouse, by time, 2 threads",
        "clickhouse_customer_1": "ClickHouse, by customer, 1 thread",
        "clickhouse_customer_2": "ClickHouse, by customer, 2 threads",
        "duckdb_load": "(loading DuckDB)",
        "clickhouse_time_load": "(loading ClickHouse, by time)",
        "clickhouse_customer_load": "(loading ClickHouse, by customer)",
    }),
    Section("Other questions on the same tables", "scan", {
        "effects_cold_1": "channel_effects, cold, order 1",
        "effects_warm_1": "channel_effects, warm, order 1",
        "effects_warm_3": "channel_effects, warm, order 3",
        "group": "attribution … GROUP BY channel, warm",
        "group_floor": "(as many rows, nothing computed)",
        "detail_count": "attribution, rows counted, cold",
        "detail": "CREATE TABLE … AS attribution, cold",
        "detail_floor": "(as many rows, nothing computed)",
        "entity": "one entity, indexed, new connection",
    }),
    Section("Text ids of 36 characters", "scan_text", {
        "scan_text": "plain scan of the touches",
        "text_1": "attribution_summary, cold, 1 thread",
        "text_2": "attribution_summary, cold, 2 threads",
    }),
    Section("A million touches", "scan_small", {
        "scan_small": "plain scan of the touches",
        "small_1": "attribution_summary, cold, 1 thread",
        "small_2": "attribution_summary, cold, 2 threads",
    }),
    Section("A funnel of six stages", "funnel_scan", {
        "funnel_scan": "plain scan of the events",
        "funnel_1": "funnel_summary, cold, 1 thread",
        "funnel_2": "funnel_summary, cold, 2 threads",
        "funnel_warm_1": "funnel_summary, warm, 1 thread",
        "funnel_warm_2": "funnel_summary, warm, 2 threads",
        "levels": "levels by window_funnel",
        "chain": "levels, plain SQL, greedy chain",
        "first_visit": "plain SQL, first visit only",
        "duckdb_funnel_1": "levels, DuckDB, 1 thread",
        "duckdb_funnel_2": "levels, DuckDB, 2 threads",
        "peer_log_1": "levels, ClickHouse, by time, 1 thread",
        "peer_log_2": "levels, ClickHouse, by time, 2 threads",
        "peer_sorted_1": "levels, ClickHouse, by entity, 1 thread",
        "peer_sorted_2": "levels, ClickHouse, by entity, 2 threads",
        "duckdb_funnel_load": "(loading DuckDB)",
        "peer_log_load": "(loading ClickHouse, by time)",
        "peer_sorted_load": "(loading ClickHouse, by entity)",
    }),
    Section("By entity, over a covering index", "by_count", {
        "by_count": "count(*) GROUP BY entity",
        "by_window_funnel": "window_funnel GROUP BY entity",
        "by_funnel_stage": "funnel_stage GROUP BY entity",
    }),
)
RIVALS = ("sql", "sql_index", "duckdb_1", "duckdb_2", "clickhouse_time_1", "clickhouse_time_2", "clickhouse_customer_1",
          "clickhouse_customer_2")
FUNNEL_RIVALS = ("chain", "duckdb_funnel_1", "duckdb_funnel_2", "peer_log_1", "peer_log_2", "peer_sorted_1",
                 "peer_sorted_2")


def ratios(times, name, base):
    """Median, smallest and largest of the rounds' ratios."""
    pairs = [a / b for a, b in zip(times[name], times[base])]
    return statistics.median(pairs), min(pairs), max(pairs)


def digits(number):
    """Three of them, where they mean something."""
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}" \
        if number >= 0.1 else f"{number:#.2g}"


def memory(measured, name, base="scan"):
    """Bytes of the peak above that of the scan's process."""
    return statistics.median(measured.peaks[name]) - statistics.median(measured.peaks[base])


def growth(measured, threads):
    """Time per touch of the cold call, at this size over that at a million touches; None at that size."""
    if "scan_small" not in measured.times:
        return None
    ratio = median_ratio(measured.times[f"cold_{threads}"], measured.times[f"small_{threads}"])
    return ratio * TOUCHES["S"] / measured.counts["touches"]


def detail_ratios(times):
    """Medians of: all of it over rows of nothing; the same less the cold call that only counts the rows."""
    rounds = list(zip(times["detail"], times["detail_count"], times["detail_floor"]))
    return (statistics.median(a / floor for a, _, floor in rounds),
            statistics.median((a - count) / floor for a, count, floor in rounds))


def print_sections(times):
    for title, base, labels in SECTIONS:
        present = [name for name in labels if name in times]
        if not present:
            continue
        unit = "x count" if base == "by_count" else "x scan"
        print(f"\n{title:44} {unit:>8} {'(min .. max)':>19} {'seconds':>9}")
        for name in present:
            middle, low, high = ratios(times, name, base)
            print(f"{labels[name]:44} {digits(middle):>8} {f'({digits(low)} .. {digits(high)})':>19} "
                  f"{statistics.median(times[name]):9.4f}")


def print_rivals(times, title, rivals, ours, labels):
    """How many times as long the others take as ours."""
    ours = [name for name in ours if name in times]
    rivals = [name for name in rivals if name in times]
    if not rivals:
        return
    print(f"\n{title:44} " + " ".join(f"{'/ ' + labels[name]:>40}" for name in ours))
    for rival in rivals:
        cells = [digits(median_ratio(times[rival], times[name])) for name in ours]
        print(f"{labels[rival]:44} " + " ".join(f"{cell:>40}" for cell in cells))


def print_lines(measured):
    """What is no ratio to a scan."""
    times, touches = measured.times, measured.counts["touches"]
    print()
    for threads in (1, 2):
        above = memory(measured, f"cold_{threads}")
        print(f"peak memory of the cold call above the scan's, {threads} thread{'s'[:threads - 1]}: "
              f"{above / 2**20:.1f} MiB, {above / touches:.1f} bytes per touch")
    for threads in (1, 2):
        line = f"cold call, {threads} thread{'s'[:threads - 1]}: "
        line += f"{statistics.median(times[f'cold_{threads}']) / touches * 1e9:.1f} ns per touch"
        if growth(measured, threads) is not None:
            line += (f", at size S {statistics.median(times[f'small_{threads}']) / TOUCHES['S'] * 1e9:.1f}: "
                     f"x {growth(measured, threads):.2f}")
        print(line)
    if "text_1" in times:
        for threads in (1, 2):
            print(f"text ids / integer ids, cold, {threads} thread{'s'[:threads - 1]}: "
                  f"{median_ratio(times[f'text_{threads}'], times[f'cold_{threads}']):.2f}")
    if "detail" in times:
        rows = measured.facts["detail rows"]
        whole, above = detail_ratios(times)
        print(f"detail rows: {rows:,}; into a table / as many rows of nothing: {whole:.2f}, "
              f"without reading {above:.2f}")
        plan = "USE TEMP B-TREE" if measured.facts["GROUP BY channel sorts"] else "no USE TEMP B-TREE"
        print(f"GROUP BY channel: {statistics.median(times['group']) / rows * 1e9:.0f} ns per detail row "
              f"(of nothing {statistics.median(times['group_floor']) / rows * 1e9:.0f}), {plan} in its plan")
        print("one entity, median of many, each on a new connection: "
              f"{statistics.median(times['entity']) * 1e3:.3f} ms")


def heading(measured):
    versions = ", ".join(f"{name} {version}" for name, version in measured.versions.items())
    counts = ", ".join(f"{number:,} {name}" for name, number in measured.counts.items())
    return f"{versions}; size {measured.size}: {counts}"


def print_tables(measured):
    print(f"{heading(measured)}; median of {ROUNDS} rounds")
    print_sections(measured.times)
    attribution, funnel = SECTIONS[0], SECTIONS[4]
    print_rivals(measured.times, "Five models: how many times as long", RIVALS, ("cold_1", "cold_2", "warm_1"),
                 attribution.labels)
    print_rivals(measured.times, "Levels: how many times as long", FUNNEL_RIVALS, ("funnel_1", "levels"), funnel.labels)
    print_lines(measured)
