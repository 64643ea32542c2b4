"""An independent reading of docs/effects.md in plain Python: paths, chains, removal effects, Shapley values, orders.

It is slow and exact on purpose: numbers are Fractions, a removal effect is found by taking the channel's states out of
the chain and solving the linear system again, a Shapley value by going through all coalitions, an AUC by comparing all
pairs. solve_dense() does the same systems in doubles, for chains that are too large for fractions.
"""

from collections import defaultdict
from fractions import Fraction
from itertools import combinations
from math import comb, factorial
from typing import NamedTuple, Optional

import reference
from reference_input import by_entity, load, parse_number

UNATTRIBUTED, OTHER = "(unattributed)", "(other)"
START, CONVERSION, NULL = "(start)", "(conversion)", "(null)"
MARKOV = ["removal_effect", "removal_effect_value", "markov_share", "markov_conversions", "markov_value"]
SHAPLEY = ["shapley_conversions", "shapley_value", "shapley_rate", "paths"]
TOUCHES = [f"{rule}_{what}" for rule in ("first_touch", "last_touch", "linear") for what in ("conversions", "value")]
VALUES = ["removal_effect_value", "markov_value", "shapley_value", *TOUCHES[1::2]]


class Path(NamedTuple):
    channels: tuple
    conversions: Fraction
    value: Optional[Fraction]
    nulls: Fraction


class Chain(NamedTuple):
    """Weights {from: {to: weight}} and the values of the paths that end in a state; states are tuples of channels."""

    steps: dict
    values: dict


class Singular(Exception):
    """The system has no solution: the chain has a closed loop."""


# ---------------------------------------------------------------- paths


def parse_path(text, separator=">"):
    """The channels of a text; what journeys() writes for none is none."""
    if text is None or text.strip() == UNATTRIBUTED:
        return ()
    return tuple(part.strip() for part in text.split(separator) if part.strip())


def number(raw):
    return Fraction(parse_number(raw) or 0)


def read_paths(rows, separator=">"):
    """Paths from rows (path, conversions[, value[, nulls]]); rows that were never seen are skipped."""
    paths = []
    for text, conversions, *rest in rows:
        value = number(rest[0]) if rest else None
        nulls = number(rest[1]) if len(rest) > 1 else Fraction(0)
        conversions = number(conversions)
        if conversions or nulls:
            paths.append(Path(parse_path(text, separator), conversions, value, nulls))
    return paths


def journey_paths(touch_rows, conversion_rows, options="", **columns):
    """The paths of journeys(): each conversion with its value, each run that has not converted as one null."""
    relations = load(touch_rows, conversion_rows, options, **columns)
    settings = relations.options
    used, paths = defaultdict(set), []
    for conversion, inside in reference.windows(relations):
        used[conversion.entity] |= {id(t) for t in inside}
        labels = tuple(t.label for t in reference.reduce_path(inside, settings))
        value = Fraction(conversion.value or 0) if relations.has_value else None
        paths.append(Path(labels, Fraction(1), value, Fraction(0)))
    ends = by_entity(relations.conversions)
    for entity, touches in by_entity(relations.touches).items():
        left = [t for t in touches if id(t) not in used[entity]]
        for journey in reference.cut(left, {c.us for c in ends.get(entity, [])}, settings.gap):
            labels = tuple(t.label for t in reference.reduce_path(journey, settings))
            paths.append(Path(labels, Fraction(0), Fraction(0) if relations.has_value else None, Fraction(1)))
    return paths


def channels_of(paths):
    """All channels, in byte order."""
    return sorted({c for path in paths for c in path.channels}, key=lambda c: c.encode())


def seen(path):
    return path.conversions + path.nulls


def group_rare(paths, least):
    """min_paths: channels in fewer than `least` paths become (other)."""
    if least is None:
        return paths
    rare = {c for c in channels_of(paths) if sum(seen(p) for p in paths if c in p.channels) < least}
    return [p._replace(channels=tuple(OTHER if c in rare else c for c in p.channels)) for p in paths]


# ---------------------------------------------------------------- chains


def states_of_path(channels, order):
    """Windows of `order` consecutive channels, a short path whole; consecutive equal states are one."""
    windows = [channels[i : i + order] for i in range(max(1, len(channels) - order + 1))]
    return [state for i, state in enumerate(windows) if i == 0 or windows[i - 1] != state]


def chain_of_paths(paths, order=1):
    """The chain of a list of paths; conversions without channels are a step from the start to the conversion."""
    steps, values = defaultdict(lambda: defaultdict(Fraction)), defaultdict(Fraction)
    for path in paths:
        states = states_of_path(path.channels, order) if path.channels else []
        walk = [START, *states]
        for source, target in zip(walk, states):
            steps[source][target] += seen(path)
        steps[walk[-1]][CONVERSION] += path.conversions
        steps[walk[-1]][NULL] += path.nulls if states else 0
        values[walk[-1]] += path.value or 0
    kept = {source: {t: w for t, w in targets.items() if w} for source, targets in steps.items()}
    return Chain({source: targets for source, targets in kept.items() if targets}, dict(values))


def chain_of_counts(rows, separator=">"):
    """The chain of rows (from_state, to_state, weight[, value]); a step from a state to itself is none."""
    steps, values = defaultdict(lambda: defaultdict(Fraction)), defaultdict(Fraction)
    for source, target, weight, *rest in rows:
        source, target = (s if s in (START, CONVERSION, NULL) else parse_path(s, separator) for s in (source, target))
        if source != target and number(weight):
            steps[source][target] += number(weight)
        if rest:
            values[source] += number(rest[0])
    return Chain({source: dict(targets) for source, targets in steps.items()}, dict(values))


def states_of(chain):
    named = [*chain.steps, *(t for targets in chain.steps.values() for t in targets)]
    return {state for state in named if isinstance(state, tuple)}


def trapped(chain):
    """The states from which neither conversion nor null can be reached."""
    free, grown = {CONVERSION, NULL}, True
    while grown:
        more = {s for s in chain.steps if s not in free and free & set(chain.steps[s])}
        free |= more
        grown = bool(more)
    return states_of(chain) - free


def reached(chain):
    """The states to which some way leads from the start."""
    found, new = set(), {START}
    while new:
        found |= new
        new = {t for s in new for t in chain.steps.get(s, {})} - found
    return found & states_of(chain)


def system(chain, states):
    """Rows {state: {state: coefficient}} and right sides {state: (conversion, value)} of (I - Q) b = r, times weights."""
    rows, sides = {}, {}
    for state in sorted(states):
        targets = chain.steps.get(state, {})
        rows[state] = {t: -w for t, w in targets.items() if t in states}
        rows[state][state] = sum(targets.values()) or Fraction(1)
        sides[state] = [targets.get(CONVERSION, Fraction(0)), chain.values.get(state, Fraction(0))]
    return rows, sides


def solve_exact(rows, sides):
    """Gaussian elimination in fractions; rows are dicts, since most coefficients are 0."""
    rows, sides = {s: dict(row) for s, row in rows.items()}, {s: list(side) for s, side in sides.items()}
    done, left = [], set(rows)
    while left:
        pivot = min(left, key=lambda s: (len(rows[s]), s))
        left.remove(pivot)
        done.append(pivot)
        if not rows[pivot][pivot]:
            raise Singular(pivot)
        for state in left:
            if rows[state].get(pivot):
                subtract(rows, sides, state, pivot)
    answer = {}
    for pivot in reversed(done):
        others = [(c, answer[t]) for t, c in rows[pivot].items() if t in answer]
        answer[pivot] = [(sides[pivot][i] - sum(c * b[i] for c, b in others)) / rows[pivot][pivot] for i in (0, 1)]
    return answer


def subtract(rows, sides, state, pivot):
    """Take the pivot out of one row."""
    factor = rows[state].pop(pivot) / rows[pivot][pivot]
    for target, coefficient in rows[pivot].items():
        if target != pivot:
            rows[state][target] = rows[state].get(target, 0) - factor * coefficient
    sides[state] = [a - factor * b for a, b in zip(sides[state], sides[pivot])]


def solve_dense(rows, sides):
    """The same in doubles: a dense matrix, partial pivoting."""
    names = list(rows)
    matrix = [[float(rows[s].get(t, 0)) for t in names] + [float(x) for x in sides[s]] for s in names]
    size = len(names)
    for k in range(size):
        best = max(range(k, size), key=lambda i: abs(matrix[i][k]))
        matrix[k], matrix[best] = matrix[best], matrix[k]
        pivot = matrix[k][k:]
        if pivot[0] == 0:
            raise Singular(names[k])
        for row in matrix[k + 1 :]:
            if row[k]:
                factor = row[k] / pivot[0]
                row[k:] = [a - factor * b for a, b in zip(row[k:], pivot)]
    for k in reversed(range(size)):
        row = matrix[k]
        for i in (size, size + 1):
            row[i] = (row[i] - sum(row[j] * matrix[j][i] for j in range(k + 1, size) if row[j])) / row[k]
    return {s: matrix[k][size:] for k, s in enumerate(names)}


def from_start(chain, without=None, solve=solve_exact):
    """(probability of converting, expected value) from the start, with the states of one channel led nowhere."""
    states = {s for s in states_of(chain) if without not in s}
    answer = solve(*system(chain, states)) if states else {}
    first = {t: w for t, w in chain.steps.get(START, {}).items() if isinstance(t, tuple)}
    total = sum(first.values())
    return [sum(w * answer[t][i] for t, w in first.items() if t in answer) / total if total else 0 for i in (0, 1)]


def walk(chain, without=None, rest=1e-16):
    """from_start() in doubles for chains of any size: mass walks step by step until hardly any is on its way."""
    rows = {s: (float(sum(targets.values())), [(t, float(w)) for t, w in targets.items()]) for s, targets in chain.steps.items()}
    here, converted, value = {START: 1.0}, 0.0, 0.0
    while sum(here.values()) > rest:
        onward = defaultdict(float)
        for state, mass in here.items():
            total, targets = rows[state]
            value += mass * float(chain.values.get(state, 0)) / total
            for target, weight in targets:
                if isinstance(target, str) or without not in target:
                    onward[target] += mass * weight / total
        converted += onward.pop(CONVERSION, 0.0)
        onward.pop(NULL, None)
        here = onward
    return converted, value


# ---------------------------------------------------------------- the Markov columns


def effect(whole, rest):
    return 1 - rest / whole


def shared(total, effects):
    """A total divided in proportion to effects; None where they have no sum."""
    weight = sum(effects.values())
    return {c: total * e / weight if weight else None for c, e in effects.items()}


def markov(chain, solve=solve_exact):
    """{channel: {column: number}} of a chain with values."""
    channels = sorted({c for state in states_of(chain) for c in state}, key=lambda c: c.encode())
    whole = from_start(chain, None, solve)
    rest = {c: from_start(chain, c, solve) for c in channels}
    conversions = sum(targets.get(CONVERSION, 0) for s, targets in chain.steps.items() if s != START)
    value = sum(v for s, v in chain.values.items() if s != START)
    rows = {c: dict.fromkeys(MARKOV) for c in channels}
    if conversions and whole[0]:
        effects = {c: effect(whole[0], rest[c][0]) for c in channels}
        put(rows, "removal_effect", effects)
        put(rows, "markov_share", shared(1, effects))
        put(rows, "markov_conversions", shared(conversions, effects))
    effects = {c: effect(whole[1], rest[c][1]) if value else 0 for c in channels}
    put(rows, "removal_effect_value", effects)
    put(rows, "markov_value", shared(value, effects) if value else effects)
    return rows


def put(rows, column, numbers):
    for channel, value in numbers.items():
        rows[channel][column] = value


def markov_rows(chain, has_value=True, solve=solve_exact):
    """The rows of markov_effects(): dicts in its order."""
    rows = markov(chain, solve)
    lost = chain.steps.get(START, {}).get(CONVERSION, 0)
    if lost:
        rows[UNATTRIBUTED] = without_effects(MARKOV, lost, chain.values.get(START, 0))
    return finished(rows, MARKOV, has_value)


def without_effects(columns, conversions, value):
    """The row of conversions without channels: totals, and NULL for what would need a channel."""
    row = dict.fromkeys(columns)
    for column in columns:
        if column.endswith("_conversions") or column == "paths":
            row[column] = conversions
        elif column.endswith("_value") and column != "removal_effect_value":
            row[column] = value
    return row


def finished(rows, columns, has_value):
    """Rows as the calls give them: the channel first, value columns NULL where there is no value."""
    blank = {} if has_value else dict.fromkeys(VALUES)
    return [{"channel": c, **{name: {**row, **blank}[name] for name in columns}} for c, row in rows.items()]


# ---------------------------------------------------------------- Shapley


def coalitions(channels):
    return [frozenset(s) for size in range(len(channels) + 1) for s in combinations(channels, size)]


def shapley(game, channels):
    """The Shapley value from its definition: the mean gain of joining, over all coalitions of the others."""
    n, found = len(channels), {}
    worth = {s: game(s) for s in coalitions(channels)}
    for channel in channels:
        others = coalitions([c for c in channels if c != channel])
        gains = [(worth[s | {channel}] - worth[s]) * factorial(len(s)) * factorial(n - len(s) - 1) for s in others]
        found[channel] = sum(gains, Fraction(0)) / factorial(n)
    return found


def total_game(paths, what):
    """A coalition earns the conversions (value) of all paths whose channels are in it."""
    sets = [(frozenset(p.channels), what(p)) for p in paths]
    return lambda coalition: sum((amount for held, amount in sets if held and held <= coalition), Fraction(0))


def rate_game(paths):
    """A coalition earns the rate of the paths whose channels are all in it; 0 where there are none."""
    won, all_ = total_game(paths, lambda p: p.conversions), total_game(paths, seen)
    return lambda coalition: won(coalition) / all_(coalition) if all_(coalition) else Fraction(0)


def divided_equally(paths, what):
    """The same as shapley(total_game(...)) by its closed form, for any number of channels."""
    found = defaultdict(Fraction)
    for path in paths:
        for channel in set(path.channels):
            found[channel] += what(path) / len(set(path.channels))
    return found


def shapley_columns(paths, closed_form=False):
    """{channel: {column: number}}; with the closed form the rate is left out."""
    channels = channels_of(paths)
    rows = {c: dict.fromkeys(SHAPLEY) for c in channels}
    for column, what in (("shapley_conversions", lambda p: p.conversions), ("shapley_value", lambda p: p.value or 0)):
        put(rows, column, divided_equally(paths, what) if closed_form else shapley(total_game(paths, what), channels))
    if not closed_form:
        put(rows, "shapley_rate", shapley(rate_game(paths), channels))
    put(rows, "paths", {c: sum(seen(p) for p in paths if c in p.channels) for c in channels})
    return rows


# ---------------------------------------------------------------- all columns


def touch_columns(paths):
    """First, last and linear credit of each path's conversions and value."""
    rows = {c: dict.fromkeys(TOUCHES, Fraction(0)) for c in channels_of(paths)}
    for path in paths:
        for place, channel in enumerate(path.channels):
            first, last = place == 0, place == len(path.channels) - 1
            shares = (Fraction(first), Fraction(last), Fraction(1, len(path.channels)))
            for rule, share in zip(("first_touch", "last_touch", "linear"), shares):
                rows[channel][f"{rule}_conversions"] += share * path.conversions
                rows[channel][f"{rule}_value"] += share * (path.value or 0)
    return rows


def effects(paths, order=1, has_value=True, solve=solve_exact, closed_form=False):
    """The rows of path_effects(), and of channel_effects() but for its last columns: dicts in their order."""
    order = best_order(paths) if order == "auto" else order
    tables = [markov(chain_of_paths(paths, order), solve), shapley_columns(paths, closed_form), touch_columns(paths)]
    rows = {c: {**tables[0][c], **tables[1][c], **tables[2][c]} for c in channels_of(paths)}
    lost = [p for p in paths if not p.channels]
    if sum(p.conversions for p in lost):
        totals = (sum(p.conversions for p in lost), sum(p.value or 0 for p in lost))
        rows[UNATTRIBUTED] = without_effects([*MARKOV, *SHAPLEY, *TOUCHES], *totals)
    return finished(rows, [*MARKOV, *SHAPLEY, *TOUCHES], has_value)


def shapley_rows(paths, has_value=True):
    """The rows of shapley_effects()."""
    return [{name: row[name] for name in ["channel", *SHAPLEY]} for row in effects(paths, 1, has_value)]


# ---------------------------------------------------------------- transitions and orders


def state_text(state, separator=">"):
    return state if isinstance(state, str) else f" {separator} ".join(state)


def transitions(paths, order=1, has_value=True, separator=">"):
    """{(from_state, to_state): (weight, probability, value)} of markov_transitions()."""
    chain, found = chain_of_paths(paths, order), {}
    for source, targets in chain.steps.items():
        end = CONVERSION if CONVERSION in targets else NULL
        for target, weight in targets.items():
            value = chain.values.get(source, 0) if has_value and target == end else None
            key = (state_text(source, separator), state_text(target, separator))
            found[key] = (weight, weight / sum(targets.values()), value)
    return found


def auc(paths, order):
    """How often a conversion's last state promises more than a null's, ties half; None without pairs."""
    chain = chain_of_paths(paths, order)
    scored = []
    for path in paths:
        targets = chain.steps[states_of_path(path.channels, order)[-1]]
        scored.append((targets.get(CONVERSION, Fraction(0)) / sum(targets.values()), path))
    wins = pairs = Fraction(0)
    for score, winner in scored:
        for other, loser in scored:
            count = winner.conversions * loser.nulls
            pairs += count
            wins += count * (Fraction(1) if score > other else Fraction(1, 2) if score == other else 0)
    return wins / pairs if pairs else None


def orders(paths):
    """The rows of markov_orders(): (order, states, auc, penalised_auc)."""
    paths = [p for p in paths if p.channels]
    total, n, rows = sum(map(seen, paths)), len(channels_of(paths)), []
    for order in range(1, 7):
        nodes = comb(n + order - 1, order) if n else 0
        if nodes < total:
            area, room = auc(paths, order), total - nodes - 1
            penalised = None if area is None or room <= 0 else 1 - (1 - area) * (total - 1) / room
            rows.append((order, len(states_of(chain_of_paths(paths, order))), area, penalised))
    return rows


def best_order(paths):
    """order=auto: the highest penalised AUC, the lowest order among equals."""
    known = [(-penalised, order) for order, _, _, penalised in orders(paths) if penalised is not None]
    return min(known)[1] if known else 1


# ---------------------------------------------------------------- in attribution


def normalised(weights):
    total = sum(weights)
    return [w / total for w in weights]


def markov_weights(labels, effect_of):
    """Credits of the touches of one converting path in proportion to the removal effects of their channels."""
    return normalised([effect_of[label] for label in labels])


def shapley_weights(labels):
    """Equal over the distinct channels, then over each channel's touches."""
    return [Fraction(1, len(set(labels)) * labels.count(label)) for label in labels]


def model_weights(model, paths):
    """Function: labels of a path -> credits, for shapley, markov, markov(2), markov(order=2)."""
    if model == "shapley":
        return shapley_weights
    inside = model.partition("(")[2].rstrip(")")
    order = int(inside.rpartition("=")[2] or 1)
    effect_of = {c: row["removal_effect"] for c, row in markov(chain_of_paths(paths, order)).items()}
    return lambda labels: markov_weights(labels, effect_of)
