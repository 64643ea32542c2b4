#!/usr/bin/python3
"""ChannelAttribution and DP6's MAM on a list of paths; run by the Python of build/bench-peers. Prints JSON."""
import contextlib
import importlib.metadata
import io
import json
import sys
import time

import pandas
from mam import MAM

with contextlib.redirect_stdout(io.StringIO()):  # it advertises
    import ChannelAttribution

# Each of its ten folds is seeded with seed + fold, so the answers of neighbouring seeds are mostly one and the same.
SEEDS = (1, 1001)
ORDERS = (1, 2, 3, 4)


def simulate(paths, order, seed):
    start = time.perf_counter()
    answer = ChannelAttribution.markov_model(
        paths, "path", "total_conversions", var_value="total_conversion_value", var_null="total_null", order=order,
        out_more=True, seed=seed, verbose=False, flg_pro=False)
    seconds = time.perf_counter() - start
    conversions = answer["result"].set_index("channel_name")["total_conversions"]
    effects = answer["removal_effects"].set_index("channel_name")["removal_effects_conversion"]
    return seconds, {channel: [effects[channel], conversions[channel]] for channel in effects.index}


def mam(paths):
    """It has order 1 only, and takes conversions and nulls in rows of their own."""
    start = time.perf_counter()
    rows = pandas.concat([pandas.DataFrame({"path": paths["path"], "count": paths[column], "won": won})
                          for column, won in (("total_conversions", True), ("total_null", False))])
    model = MAM(rows[rows["count"] > 0].reset_index(drop=True), format_type="grouped_journey", channels_colname="path",
                journey_with_conv_colname="won", occurrences_colname="count", path_separator=" > ")
    effects = model.run_markov().metadata["removal_effect"]["removal_effect"]
    return time.perf_counter() - start, effects.to_dict()


def main(path):
    """Everything is asked twice, and the second time counts."""
    paths = pandas.read_csv(path)
    times, simulated = {}, {}
    for order in ORDERS:
        simulated[order] = []
        for seed in SEEDS:
            times[f"simulated_{order}"], answer = simulate(paths, order, seed)
            simulated[order].append(answer)
    for _ in range(2):
        times["mam"], exact = mam(paths)
    versions = {package: importlib.metadata.version(package)
                for package in ("ChannelAttribution", "marketing_attribution_models")}
    print(json.dumps({"times": times, "answer": {"simulated": simulated, "mam": exact}, "versions": versions}))


if __name__ == "__main__":
    main(sys.argv[1])
