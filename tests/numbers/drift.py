"""Ten million touches, 600,000 conversions, every rule-based model: nothing drifts. Each conversion's parts add up to its value
and its credits to 1, within one unit in the last place; totals by channel add up to the revenue as exactly; whole cents with
round= add up without any rest.

NUMBERS=S takes a million touches. The sums here are exact (math.fsum, integers).
"""

import itertools
import math
import os
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "bench"), str(TESTS / "props")]

import common  # noqa: E402
import harness  # noqa: E402

TOUCHES, CONVERSIONS = "touches(customer_id, ts, channel)", "conversions(customer_id, ts, value)"
MODELS = ("first_touch, last_touch, last_non_direct, linear, position_based, time_decay, j_shaped, inverse_j, custom(.3, .1, .6)", "linear, time_decay, shapley")


def off(what, got, wanted, allowed):
    if abs(got - wanted) > allowed:
        raise SystemExit(f"{what}: {got!r} instead of {wanted!r}, allowed {allowed!r}")


def conversions_add_up(db, models):
    """Row by row: they come by conversion."""
    sql = "SELECT model, conversion_id, conversion_value, credit, value FROM attribution(?, ?, ?, 'lookback=90 days')"
    totals, rows = {}, 0
    for (model, conversion), group in itertools.groupby(db.execute(sql, (TOUCHES, CONVERSIONS, models)), lambda row: row[:2]):
        group = list(group)
        rows += len(group)
        off(f"credits of {conversion} by {model}", math.fsum(row[3] for row in group), 1.0, math.ulp(1.0))
        value = group[0][2]
        off(f"value of {conversion} by {model}", math.fsum(row[4] for row in group), value, math.ulp(value))
        totals.setdefault(model, []).append(math.fsum(row[4] for row in group))
    return {model: math.fsum(values) for model, values in totals.items()}, rows


def summaries_add_up(db, models, revenue, n):
    sql = "SELECT model, value, conversions FROM attribution_summary(?, ?, ?, 'lookback=90 days')"
    for model, group in itertools.groupby(db.execute(sql, (TOUCHES, CONVERSIONS, models)), lambda row: row[0]):
        group = list(group)
        off(f"revenue by {model}", math.fsum(row[1] for row in group), revenue, len(group) * math.ulp(revenue))
        off(f"conversions by {model}", math.fsum(row[2] for row in group), n, len(group) * math.ulp(float(n)))


def cents_add_up(db, models, cents):
    sql = "SELECT model, value FROM attribution_summary(?, ?, ?, 'lookback=90 days; round=0.01')"
    for model, group in itertools.groupby(db.execute(sql, (TOUCHES, CONVERSIONS, models)), lambda row: row[0]):
        off(f"cents by {model}", sum(round(row[1] * 100) for row in group), cents, 0)


def main():
    db = harness.connect(f"file:{common.build_database(os.environ.get('NUMBERS', 'L'))}?mode=ro", uri=True)
    values = [row[0] for row in db.execute("SELECT value FROM conversions")]
    revenue, cents = math.fsum(values), sum(round(value * 100) for value in values)
    for models in MODELS:
        totals, rows = conversions_add_up(db, models)
        for model, total in totals.items():
            off(f"all rows by {model}", total, revenue, len(values) * math.ulp(max(values)))
        summaries_add_up(db, models, revenue, len(values))
        cents_add_up(db, models, cents)
        print(f"{models}: {rows:,} rows of {len(values):,} conversions add up; revenue {revenue!r}")


main()
