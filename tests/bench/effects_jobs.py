"""What effects.py asks, each in a process of its own: the time of it, and whether its answer adds up."""
import csv
import math
import os
import pathlib
import sqlite3
from typing import Callable, NamedTuple

import effects_data
from common import BUILD, EXTENSION, RELATIVE_TOLERANCE, SCAN, peak_bytes, stop, timed

SHARED = pathlib.Path(os.environ.get("ATTRIBUTION_SHARED", BUILD.parents[1] / "shared"))
PATHS_FILE = SHARED / "data/pathdata/paths.csv"
ORDERS = (1, 2, 3, 4)
RELATIONS = "'touches(customer_id, ts, channel)', 'conversions(customer_id, ts, value)'"
LOADING = f"SELECT model FROM attribution_summary({RELATIONS}, 'last_touch')"
EFFECTS = "removal_effect, markov_conversions, markov_value"


# --- checks: of the rows (channel, number, conversions, value), given what all conversions and their value are ---

def same(name, found, expected):
    if not math.isclose(found, expected, rel_tol=RELATIVE_TOLERANCE):
        stop(1, f"{name}: {found} instead of {expected}")


def check_divided(name, _, rows, totals):
    """Conversions and value are divided, nothing is lost or added."""
    for column, total in zip((2, 3), totals):
        same(name, math.fsum(row[column] for row in rows), total)


def check_effects(name, connection, rows, totals):
    check_divided(name, connection, rows, totals)
    effects = [row[1] for row in rows if row[0] != "(unattributed)"]
    if not all(0 <= effect <= 1 for effect in effects) or not any(effects):
        stop(1, f"{name}: effects are not between 0 and 1, or all 0")


def check_ring(name, connection, rows, totals):
    check_effects(name, connection, rows, totals)
    for row in rows:
        same(name, row[1], 2 / effects_data.CHANNELS)


def check_models(name, connection, rows, totals):
    for model in ("markov", "shapley"):
        check_divided(name, connection, [row for row in rows if row[0] == model], totals)


def ends(connection, order):
    """[conversions, nulls, probability of conversion] by the last state of paths with channels, from counted steps."""
    states = {}
    sql = ("SELECT from_state, to_state = '(null)', weight, probability FROM markov_transitions("
           f"{RELATIONS}, 'order={order}') WHERE to_state IN ('(conversion)', '(null)') AND from_state <> '(start)'")
    for state, is_null, weight, probability in connection.execute(sql):
        end = states.setdefault(state, [0, 0, 0])
        end[is_null] += weight
        if not is_null:
            end[2] = probability
    return states.values()


def check_rate(name, connection, rows, _):
    won, lost, _ = map(sum, zip(*ends(connection, 1)))
    same(name, math.fsum(row[1] for row in rows if row[1] is not None), won / (won + lost))


def area(states):
    """By definition: of all pairs of a conversion and a null, in how many is the conversion the likelier one."""
    above, nulls, higher, ties = 0, 0, 0, {}
    for won, lost, probability in states:
        tie = ties.setdefault(probability, [0, 0])
        tie[0] += won
        tie[1] += lost
    for _, (won, lost) in sorted(ties.items(), reverse=True):
        higher += lost * above + lost * won / 2
        above += won
        nulls += lost
    return higher / (above * nulls)


def check_orders(name, connection, rows, _):
    for order, auc in rows[:2]:
        same(f"{name}, order {order}", auc, area(ends(connection, order)))


def check_nothing(*_):
    pass


# --- the questions ---

class Job(NamedTuple):
    title: str
    data: str  # journeys, pathdata, or a table of effects_data
    sql: str
    check: Callable
    warm: bool = False  # the relations are loaded before


def journeys_jobs():
    yield "scan", Job("plain scan of the touches, one thread", "journeys", SCAN, check_nothing)

    def job(title, columns, options, check, warm=True):
        sql = f"SELECT channel, {columns} FROM channel_effects({RELATIONS}, '{options}')"
        return Job(title, "journeys", sql, check, warm)

    yield "cold_1", job("channel_effects, cold, order 1", EFFECTS, "order=1", check_effects, False)
    for order in ORDERS:
        yield f"warm_{order}", job(f"channel_effects, warm, order {order}", EFFECTS, f"order={order}", check_effects)
    yield "shapley", job("  its Shapley columns, warm", "paths, shapley_conversions, shapley_value", "", check_divided)
    yield "rate", job("  shapley_rate, warm", "shapley_rate", "", check_rate)
    yield "orders", Job("markov_orders, warm", "journeys", f'SELECT "order", auc FROM markov_orders({RELATIONS})',
                        check_orders, True)
    yield "models", Job("attribution_summary markov, shapley, warm", "journeys",
                        "SELECT model, channel, conversions, value "
                        f"FROM attribution_summary({RELATIONS}, 'markov, shapley')", check_models, True)


def list_jobs(data, orders, check=check_effects):
    """Of a list of paths, which is read each time; the columns of the first job need no chain."""
    def job(title, columns, order):
        return Job(title, data, f"SELECT channel, {columns} FROM path_effects("
                   f"'{data}(path, conversions, value, nulls)', 'order={order}')",
                   check if columns == EFFECTS else check_divided)

    yield data, job("path_effects, linear columns: reading", "paths, linear_conversions, linear_value", 1)
    for order in orders:
        yield f"{data}_{order}", job(f"path_effects, order {order}", EFFECTS, order)


JOURNEYS = dict(journeys_jobs())
PATHDATA = dict(list_jobs("pathdata", ORDERS))
STRESS = {
    "5,000 channels, few of them often; 10,000 paths of up to 9": dict(list_jobs("tail", (1,))),
    "5,000 channels in a ring; 10,000 paths of 2": dict(list_jobs("ring", (1,), check_ring)),
    "100 paths of 10,000 touches over 12 channels": dict(list_jobs("long", ORDERS)),
}
JOBS = {name: job for jobs in (JOURNEYS, PATHDATA, *STRESS.values()) for name, job in jobs.items()}


# --- inside a measured process ---

def import_paths():
    with open(PATHS_FILE, newline="") as file:
        _, *rows = csv.reader(file)
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE pathdata(path TEXT, conversions REAL, value REAL, nulls REAL)")
    connection.executemany("INSERT INTO pathdata VALUES (?, ?, ?, ?)", rows)
    return connection


def connect(data, database):
    if data == "pathdata":
        return import_paths()
    path = pathlib.Path(database) if data == "journeys" else effects_data.DATABASE
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)


def totals_of(connection, data):
    sql = f"SELECT sum(conversions), sum(value) FROM {data}"
    if data == "journeys":
        sql = "SELECT count(*), sum(value) FROM conversions"
    return connection.execute(sql).fetchone()


def measure(name, database):
    job = JOBS[name]
    connection = connect(job.data, database)
    if name != "scan":
        connection.enable_load_extension(True)
        connection.load_extension(str(EXTENSION))
    if job.warm:
        connection.execute(LOADING).fetchall()
    seconds, rows = timed(connection, job.sql)
    peak = peak_bytes()
    job.check(name, connection, rows, totals_of(connection, job.data))
    return {"times": {name: seconds}, "peak": peak, "answer": rows}
