"""An independent reading of docs/rules.md in plain Python: paths, models, money, rows, summary, journeys.

It is slow and exact on purpose: credits are Fractions (time_decay to 50 digits), money is divided in
Fractions of the decimal text of a value, and nothing here is shared with the extension.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from math import floor
from typing import Any, NamedTuple, Optional

from reference_input import EPOCH, by_entity, decimal_fraction, format_time, id_order, load, parse_duration

UNATTRIBUTED = "(unattributed)"


class Credit(NamedTuple):
    """A row of attribution(), with exact credit and value."""

    model: str
    entity: Any
    conversion_id: Any
    converted_at: Any
    conversion_value: Any
    touch_id: Any
    touched_at: Any
    channel: str
    position: int
    path_length: int
    credit: Fraction
    value: Optional[Fraction]


# ---------------------------------------------------------------- paths


def window(conversion, touches, conversion_times, options):
    """Steps 1 to 5: the touches of the conversion's entity that lie in its window."""
    inside = [t for t in touches if t.us <= conversion.us]
    if options.gap is not None:
        inside = last_journey(inside, conversion.us, options.gap)
    if options.lookback is not None:
        inside = [t for t in inside if conversion.us - t.us <= options.lookback]
    if options.reset == "conversion":
        previous = [us for us in conversion_times if us < conversion.us]
        if previous:
            inside = [t for t in inside if t.us > max(previous)]
    return inside


def last_journey(touches, end, gap):
    """The touches after the last silence longer than `gap`, the one before `end` included."""
    kept = []
    for touch in reversed(touches):
        if end - touch.us > gap:
            break
        kept.append(touch)
        end = touch.us
    return kept[::-1]


def reduce_path(touches, options):
    """Steps 6 to 8: ignore, path=, max_touches."""
    path = [t for t in touches if t.label.lower() not in options.ignore] or list(touches)
    if options.path == "exposure":
        path = [t for i, t in enumerate(path) if i == 0 or path[i - 1].label != t.label]
    elif options.path == "first":
        path = [t for i, t in enumerate(path) if t.label not in {p.label for p in path[:i]}]
    elif options.path == "unique":
        path = [t for i, t in enumerate(path) if t.label not in {p.label for p in path[i + 1 :]}]
    if options.max_touches is not None:
        path = path[-options.max_touches :]
    return path


def windows(relations):
    """(conversion, touches in its window) for each conversion, ordered as the rules order conversions."""
    touches, conversions = by_entity(relations.touches), by_entity(relations.conversions)
    for entity, deals in conversions.items():
        times = [deal.us for deal in deals]
        for deal in sorted(deals, key=lambda c: (c.us, id_order(c.id), c.value or 0)):
            yield deal, window(deal, touches.get(entity, []), times, relations.options)


# ---------------------------------------------------------------- models


def split_models(text):
    """'linear, custom(1, 2, 3)' -> ['linear', 'custom(1, 2, 3)'], lower case, blanks trimmed."""
    parts, depth = [""], 0
    for character in text.lower():
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def expand_models(text, relations):
    """The models of a list; `all` is every rule-based model that the relations can feed."""
    names = []
    for name in split_models(text or "linear"):
        names += all_models(relations) if name == "all" else [name]
    return names


def all_models(relations):
    """In the order in which the documentation lists the models; the rules leave it open."""
    names = ["first_touch", "last_touch", "last_non_direct", "linear", "position_based", "time_decay"]
    names += ["j_shaped", "inverse_j", "participation"] + ["points"] * relations.has_points
    names += [f"milestone({k + 1})" for k in range(relations.milestone_count)]
    names += ["u_shaped"] * (relations.milestone_count >= 1)
    names += ["w_shaped", "full_path"] * (relations.milestone_count >= 2)
    return names


def model_arguments(model, names):
    """('position_based(last=.5)', ['first', 'last']) -> {'last': '.5'}; arguments may also stand in order."""
    name, _, inner = model.partition("(")
    given = {}
    for place, part in enumerate(inner.rstrip(") ").split(",") if inner else []):
        key, equals, value = part.rpartition("=")
        given[key.strip() if equals else names[place]] = value.strip()
    return name.strip(), given


def linear(count):
    return [Fraction(1, count)] * count


def normalise(weights):
    total = sum(weights)
    return [w / total for w in weights] if total > 0 else linear(len(weights))


def positional(count, held, middle_weight):
    """Weights of a model with positions: held is [(index, or None when missing; weight)]."""
    weights = [Fraction(0)] * count
    occupied = [index for index, _ in held if index is not None]
    for index, weight in held:
        if index is not None:
            weights[index] += Fraction(weight)
    complete = len(occupied) == len(held)
    end = max(occupied) if complete else count - 1
    middle = [i for i in range(min(occupied), end + 1) if i not in occupied]
    for index in middle:
        weights[index] += Fraction(middle_weight) / len(middle)
    return normalise(weights)


def position_model(name, arguments, path, conversion):
    count = len(path)
    first, last = 0, count - 1
    m1, m2 = [milestone_touch(path, conversion, k) for k in (1, 2)]
    if name == "position_based":
        a, b = Fraction(arguments.get("first", ".4")), Fraction(arguments.get("last", ".4"))
        return positional(count, [(first, a), (last, b)], 1 - a - b)
    if name == "custom":
        a, middle, b = [Fraction(arguments[key]) for key in ("first", "middle", "last")]
        return positional(count, [(first, a), (last, b)], middle)
    held, middle = {
        "j_shaped": ([(first, 20), (last, 60)], 20),
        "inverse_j": ([(first, 60), (last, 20)], 20),
        "u_shaped": ([(first, 40), (m1, 40)], 20),
        "w_shaped": ([(first, 30), (m1, 30), (m2, 30)], 10),
        "full_path": ([(first, "22.5"), (m1, "22.5"), (m2, "22.5"), (last, "22.5")], 10),
    }[name]
    return positional(count, held, middle)


def milestone_touch(path, conversion, k):
    """Index of the touch of milestone k: the path's last at or before its time; None when missing."""
    time = conversion.milestones[k - 1] if len(conversion.milestones) >= k else None
    before = [i for i, touch in enumerate(path) if time is not None and touch.us <= time]
    return before[-1] if before else None


def power_of_half(exponent):
    """2^-exponent, exact for whole exponents, else to 50 digits."""
    whole = floor(exponent)
    part = exponent - whole
    with localcontext() as context:
        context.prec = 50
        quotient = Decimal(part.numerator) / Decimal(part.denominator)
        root = Fraction(1) if part == 0 else Fraction((quotient * -Decimal(2).ln()).exp())
    return root / 2**whole


def time_decay(path, arguments):
    half_life = parse_duration(arguments.get("half_life", "7 days"))
    # The conversion's time cancels in normalising, so ages from the last touch are enough.
    return normalise([power_of_half(Fraction(path[-1].us - t.us, half_life)) for t in path])


def last_non_direct(path, direct):
    candidates = [i for i, t in enumerate(path) if t.label.lower() not in direct]
    return one_hot(len(path), candidates[-1] if candidates else len(path) - 1)


def one_hot(count, index):
    return [Fraction(int(i == index)) for i in range(count)]


def participation(path):
    return [Fraction(1, sum(p.label == t.label for p in path)) for t in path]


ARGUMENT_NAMES = {
    "position_based": ["first", "last"],
    "custom": ["first", "middle", "last"],
    "time_decay": ["half_life"],
    "milestone": ["k"],
}


def model_weights(model, path, conversion, options):
    """Weights of the touches of a path that is not empty; None when milestone(k) finds no touch."""
    name, arguments = model_arguments(model, ARGUMENT_NAMES.get(model.partition("(")[0].strip(), []))
    count = len(path)
    if name == "first_touch":
        return one_hot(count, 0)
    if name == "last_touch":
        return one_hot(count, count - 1)
    if name == "last_non_direct":
        return last_non_direct(path, options.direct)
    if name == "linear":
        return linear(count)
    if name == "time_decay":
        return time_decay(path, arguments)
    if name == "points":
        return normalise([t.points for t in path])
    if name == "participation":
        return participation(path)
    if name == "milestone":
        index = milestone_touch(path, conversion, int(arguments["k"]))
        return None if index is None else one_hot(count, index)
    return position_model(name, arguments, path, conversion)


# ---------------------------------------------------------------- money


def allocate(value, weights, unit):
    """Divide a value (Fraction) by weights that sum to 1: exactly, or in multiples of unit by largest remainder."""
    if unit is None:
        return [value * w for w in weights]
    sign = -1 if value < 0 else 1
    units = floor(abs(value) / unit)
    quotas = [units * w for w in weights]
    counts = [floor(q) for q in quotas]
    by_remainder = sorted(range(len(weights)), key=lambda i: (counts[i] - quotas[i], i))
    for i in by_remainder[: units - sum(counts)]:
        counts[i] += 1
    shares = [sign * unit * count for count in counts]
    heaviest = max(range(len(weights)), key=lambda i: (abs(weights[i]), -i))
    shares[heaviest] += value - sign * units * unit
    return shares


def divide_value(model, path, weights, value, unit):
    """Values of the touches of one path; participation divides the whole value label by label."""
    if value is None:
        return [None] * len(path)
    exact = Fraction(value) if unit is None else decimal_fraction(value)
    if not model.startswith("participation"):
        return allocate(exact, weights, unit)
    shares = [None] * len(path)
    for label in {t.label for t in path}:
        places = [i for i, t in enumerate(path) if t.label == label]
        for i, share in zip(places, allocate(exact, linear(len(places)), unit)):
            shares[i] = share
    return shares


# ---------------------------------------------------------------- rows of attribution()


def credits(touch_rows, conversion_rows, models="linear", options="", **columns):
    """The rows of attribution(), as Credits."""
    relations = load(touch_rows, conversion_rows, options, **columns)
    names = expand_models(models, relations)
    return [
        row
        for conversion, inside in windows(relations)
        for model in names
        for row in conversion_credits(model, conversion, reduce_path(inside, relations.options), relations.options)
    ]


def conversion_credits(model, conversion, path, options):
    weights = model_weights(model, path, conversion, options) if path else None
    when = format_time(conversion.us, conversion.raw_time, options.time_unit)
    head = (model, conversion.entity, conversion.id, when, conversion.value)
    if weights is None:
        whole = None if conversion.value is None else Fraction(conversion.value)
        return [Credit(*head, None, None, UNATTRIBUTED, 0, len(path), Fraction(1), whole)]
    values = divide_value(model, path, weights, conversion.value, options.round)
    return [
        Credit(*head, t.id, format_time(t.us, t.raw_time, options.time_unit), t.label, i + 1, len(path), w, value)
        for i, (t, w, value) in enumerate(zip(path, weights, values))
        if w != 0
    ]


# ---------------------------------------------------------------- summary


def period_of(us, period):
    """The calendar period of a time in UTC; NULL without the option."""
    if period is None:
        return None
    day = EPOCH + timedelta(microseconds=us)
    week_year, week, _ = day.isocalendar()
    return {
        "day": f"{day.year:04}-{day.month:02}-{day.day:02}",
        "week": f"{week_year:04}-W{week:02}",
        "month": f"{day.year:04}-{day.month:02}",
        "quarter": f"{day.year:04}-Q{(day.month + 2) // 3}",
        "half-year": f"{day.year:04}-H{(day.month + 5) // 6}",
        "year": f"{day.year:04}",
    }[period]


@dataclass
class Total:
    conversions: Fraction = field(default_factory=Fraction)
    value: Fraction = field(default_factory=Fraction)
    touches: int = 0


def summary(touch_rows, conversion_rows, models="linear", options="", **columns):
    """The rows of attribution_summary(), in its order: (model, channel, period, conversions, value, share, touches)."""
    relations = load(touch_rows, conversion_rows, options, **columns)
    names, settings = expand_models(models, relations), relations.options
    totals, revenue, counts = defaultdict(Total), defaultdict(Fraction), defaultdict(int)
    for conversion, inside in windows(relations):
        period = period_of(conversion.us, settings.period)
        revenue[period] += Fraction(conversion.value or 0)
        counts[period] += 1
        path = reduce_path(inside, settings)
        for place, model in enumerate(names):
            for row in conversion_credits(model, conversion, path, settings):
                total = totals[place, period, row.channel]
                total.conversions += row.credit
                total.value += row.value or 0
                total.touches += row.channel != UNATTRIBUTED
    order = sorted(totals, key=lambda k: (k[0], k[1] or "", k[2] == UNATTRIBUTED, k[2]))
    return [
        summary_row(names[key[0]], key[2], key[1], totals[key], revenue[key[1]], counts[key[1]], relations.has_value)
        for key in order
    ]


def summary_row(model, channel, period, total, revenue, count, has_value):
    share = total.value / revenue if has_value and revenue else total.conversions / count
    return (model, channel, period, total.conversions, total.value if has_value else None, share, total.touches)


# ---------------------------------------------------------------- journeys


def journeys(touch_rows, conversion_rows, options="", **columns):
    """The rows of journeys(), in any order."""
    relations = load(touch_rows, conversion_rows, options, **columns)
    settings = relations.options
    used, rows = defaultdict(set), []
    for conversion, inside in windows(relations):
        used[conversion.entity] |= {id(t) for t in inside}
        when = format_time(conversion.us, conversion.raw_time, settings.time_unit)
        path = reduce_path(inside, settings)
        head = (conversion.entity, conversion.id, when, conversion.value, 1)
        rows.append(head + path_columns(path, conversion.us, settings))
    ends = by_entity(relations.conversions)
    for entity, touches in by_entity(relations.touches).items():
        left = [t for t in touches if id(t) not in used[entity]]
        for journey in cut(left, {c.us for c in ends.get(entity, [])}, settings.gap):
            path = reduce_path(journey, settings)
            rows.append((entity, None, None, None, 0) + path_columns(path, None, settings))
    return rows


def cut(touches, conversion_times, gap):
    """Cut touches at conversion times (a touch at one belongs before it) and at silences longer than gap."""
    pieces = []
    for i, touch in enumerate(touches):
        before = touches[i - 1].us if i else None
        silent = i and gap is not None and touch.us - before > gap
        if not i or silent or any(before <= us < touch.us for us in conversion_times):
            pieces.append([])
        pieces[-1].append(touch)
    return pieces


def path_columns(path, converted_us, settings):
    """path, path_length, first_touch, last_touch, started_at, seconds_to_convert."""
    if not path:
        return (UNATTRIBUTED, 0, UNATTRIBUTED, UNATTRIBUTED, None, None)
    start = format_time(path[0].us, path[0].raw_time, settings.time_unit)
    seconds = None if converted_us is None else Fraction(converted_us - path[0].us, 1_000_000)
    labels = [t.label for t in path]
    return (" > ".join(labels), len(path), labels[0], labels[-1], start, seconds)
