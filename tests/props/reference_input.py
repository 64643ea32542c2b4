"""The input rules of docs/rules.md in plain Python: times, durations, numbers, options, and the rows of relations.

The first half of the independent reading of the rules; reference.py is the other and says what it is for.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple, Optional

NO_LABEL = "(none)"
EPOCH = datetime(1970, 1, 1)
SCALES = {"s": 1_000_000, "ms": 1_000, "us": 1}
PLAIN_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


class RuleError(Exception):
    """The rules say that this input is an error."""


class Touch(NamedTuple):
    entity: Any
    us: int
    raw_time: Any  # as it came in; its form is the form of the output
    label: str
    id: Any
    points: Fraction


class Conversion(NamedTuple):
    entity: Any
    us: int
    raw_time: Any
    id: Any
    value: Optional[Any]  # int or float as stored; None when NULL or without a value column
    milestones: tuple  # microseconds, or None when missing


# ---------------------------------------------------------------- times, durations, numbers

TEXT_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:([ T])(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?"
)


def is_missing(value):
    return value is None or value == ""


def text_time(text):
    """(microseconds, match) of an ISO-8601 text."""
    match = TEXT_TIME.fullmatch(text.strip())
    if not match:
        raise RuleError(f"no time: {text!r}")
    year, month, day, _, hour, minute, second, fraction, offset = match.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError as error:
        raise RuleError(str(error)) from None
    us = (moment - EPOCH) // timedelta(microseconds=1)
    us += round(Fraction("0." + (fraction or "0")) * 1_000_000)
    if offset and offset != "Z":
        sign = 1 if offset[0] == "+" else -1
        us -= sign * (int(offset[1:3]) * 3600 + int(offset[4:6]) * 60) * 1_000_000
    return us, match


def parse_time(value, unit="s"):
    """Microseconds since 1970 of a time of any class, None for NULL and ''."""
    if is_missing(value):
        return None
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"\d{8}", text):
            raise RuleError("eight digits")
        if not PLAIN_NUMBER.fullmatch(text):
            return text_time(value)[0]
        value = Fraction(text)
    return round(Fraction(value) * SCALES[unit])


def format_time(us, like, unit="s"):
    """A time in the form of `like`: its class and unit, or its precision, separator and Z."""
    if isinstance(like, int):
        return us // SCALES[unit]
    if isinstance(like, float):
        return float(Fraction(us, SCALES[unit]))
    if PLAIN_NUMBER.fullmatch(like.strip()):
        return like.strip()
    _, _, _, separator, hour, _, second, fraction, offset = text_time(like)[1].groups()
    moment = EPOCH + timedelta(microseconds=us)
    text = moment.strftime("%Y-%m-%d").zfill(10)
    if hour is None:
        return text
    text += separator + moment.strftime("%H:%M")
    if second is not None:
        text += moment.strftime(":%S")
    if fraction is not None:
        text += "." + moment.strftime("%f")[: len(fraction)]
    return text + ("Z" if offset else "")


DURATION_UNITS = {"": 1, "s": 1, "min": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400, "week": 7 * 86400}


def parse_duration(text):
    """Microseconds of '90 days', '7d', '12 hours', '30 min', '1 week', '45 s' or plain seconds."""
    number, unit = re.fullmatch(r"\s*([\d.]+)\s*([a-z]*)\s*", text).groups()
    if unit not in DURATION_UNITS:
        unit = unit.rstrip("s")
    return int(Fraction(number) * DURATION_UNITS[unit] * 1_000_000)


def parse_number(value):
    """A value or points as stored, None for NULL and ''."""
    if is_missing(value):
        return None
    if isinstance(value, str):
        value = float(value)
    return value


def decimal_fraction(number):
    """What a person means by a double: 1000.01 is 100001/100, not its nearest binary fraction."""
    return Fraction(repr(number))


# ---------------------------------------------------------------- options and relations


@dataclass
class Options:
    lookback: Optional[int] = None
    reset: str = "none"
    gap: Optional[int] = None
    ignore: tuple = ()
    direct: tuple = ("direct", "(direct)")
    path: str = "all"
    max_touches: Optional[int] = None
    round: Optional[Fraction] = None
    period: Optional[str] = None
    as_of: Optional[int] = None
    time_unit: str = "s"


def parse_options(text):
    """'lookback=90 days; reset=conversion' -> Options. The text is well formed: errors are tested elsewhere."""
    pairs = dict(part.strip().split("=", 1) for part in (text or "").split(";") if part.strip())
    options = Options()
    for name, value in pairs.items():
        if name in ("lookback", "gap"):
            value = parse_duration(value)
        elif name in ("ignore", "direct"):
            value = tuple(label.strip().lower() for label in value.split(","))
        elif name == "max_touches":
            value = int(value)
        elif name == "round":
            value = Fraction(value)
        elif name == "as_of":
            value = parse_time(value, pairs.get("time_unit", "s"))
        setattr(options, name, value)
    return options


class Relations(NamedTuple):
    touches: list
    conversions: list
    has_points: bool
    has_value: bool
    milestone_count: int
    options: Options


def load(touch_rows, conversion_rows, options="", has_points=False, has_value=True, milestones=0):
    """Rows (id, entity, ts, channel[, points]) and (id, entity, ts[, value][, milestone...]) -> Relations.

    Leaves out what the rules skip, and everything later than as_of.
    """
    options = parse_options(options)
    unit, as_of = options.time_unit, options.as_of
    touches, conversions = [], []
    for id_, entity, ts, label, *points in touch_rows:
        us = parse_time(ts, unit)
        if not is_missing(entity) and us is not None:
            number = parse_number(points[0]) if has_points else None
            label = NO_LABEL if is_missing(label) else str(label)
            touches.append(Touch(entity, us, ts, label, id_, Fraction(number or 0)))
    for id_, entity, ts, *rest in conversion_rows:
        us = parse_time(ts, unit)
        if not is_missing(entity) and us is not None:
            value = parse_number(rest[0]) if has_value else None
            times = [parse_time(time, unit) for time in rest[int(has_value) :]]
            known = tuple(time if time is not None and visible(time, as_of) else None for time in times)
            conversions.append(Conversion(entity, us, ts, id_, value, known))
    check_keys(touches, conversions)  # of the relations as they are, not as they were at as_of
    touches = [row for row in touches if visible(row.us, as_of)]
    conversions = [row for row in conversions if visible(row.us, as_of)]
    touches.sort(key=lambda t: (t.us, t.label, id_order(t.id), t.points))
    return Relations(touches, conversions, has_points, has_value, milestones, options)


def visible(us, as_of):
    return as_of is None or us <= as_of


def check_keys(touches, conversions):
    """All TEXT on one side and all numbers on the other is an error, not a page of unattributed conversions."""
    sides = [{isinstance(row.entity, str) for row in rows} for rows in (touches, conversions)]
    if sorted(sides, key=sorted) == [{False}, {True}]:
        raise RuleError("keys of different classes")


def id_order(id_):
    """SQLite's order: NULL, numbers, text."""
    return (0, 0) if id_ is None else (2, id_) if isinstance(id_, str) else (1, id_)


def by_entity(rows):
    groups = defaultdict(list)
    for row in rows:
        groups[row.entity].append(row)  # Python too: 1 == 1.0, 1 != '1'
    return groups
