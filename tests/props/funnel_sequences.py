"""The sequence functions by enumerating matches in the order of the rules; retention and sessionize by their words.

A pattern is a list of elements, which pattern_text() writes out: ("condition", k), ("any",), ("star",),
("gate", operator, microseconds).
"""

import operator
from typing import NamedTuple

from funnel_windows import is_true, ordered_rows, true_conditions
from reference_input import is_missing, parse_time

OPERATORS = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
}


class Match(NamedTuple):
    begin: int
    end: int  # the event after the last one of the match
    named: tuple  # the events that (?k) took


def pattern_text(pattern, blank=""):
    """The pattern as a user writes it."""
    return blank.join(element_text(*element) for element in pattern)


def element_text(kind, *arguments):
    if kind == "condition":
        return f"(?{arguments[0]})"
    if kind == "gate":
        return f"(?t{arguments[0]}{arguments[1] // 1_000_000})"
    return {"any": ".", "star": ".*"}[kind]


# ---------------------------------------------------------------- matches


def kept_events(rows):
    """(us, true conditions, row) in order; rows with no true condition are dropped."""
    return [row for row in ordered_rows(rows) if row[1]]


def may_match_nothing(element):
    """What may be left at the end of the events."""
    return element[0] == "star" or element[:2] in (("gate", "<="), ("gate", "<")) or element == ("gate", ">=", 0)


def ends(pattern, events, place, since, named=()):
    """Every (end, events taken by name) of the pattern from this event on, earlier events first.

    `since` is the time from which a gate measures.
    """
    if not pattern:
        yield place, named
        return
    if place == len(events):
        if all(may_match_nothing(element) for element in pattern):
            yield place, named
        return
    element, rest = pattern[0], pattern[1:]
    us, held, _ = events[place]
    if element[0] == "any" or (element[0] == "condition" and element[1] in held):
        taken = (place,) if element[0] == "condition" else ()
        yield from ends(rest, events, place + 1, us, named + taken)
    elif element[0] == "star":
        for further in range(place, len(events) + 1):
            yield from ends(rest, events, further, since, named)
    elif element[0] == "gate":
        for further in range(place, len(events)):
            if OPERATORS[element[1]](events[further][0] - since, element[2]):
                yield from ends(rest, events, further, since, named)


def first_match(pattern, events, start=0):
    """The first match that begins at this event or later; None without one."""
    for begin in range(start, len(events)):
        for end, named in ends(pattern, events, begin, events[begin][0]):
            return Match(begin, end, named)
    return None


def sequence_match(pattern, rows):
    return int(first_match(pattern, kept_events(rows)) is not None)


def sequence_count(pattern, rows):
    events, count = kept_events(rows), 0
    match = first_match(pattern, events)
    while match is not None:
        count += 1
        match = first_match(pattern, events, max(match.end, match.begin + 1))
    return count


def sequence_match_events(pattern, rows):
    """Times of the first match, or of the longest beginning of the pattern, counted in (?k), that matches."""
    events = kept_events(rows)
    cuts = [place + 1 for place, element in enumerate(pattern) if element[0] == "condition"]
    for cut in [len(pattern)] + cuts[::-1]:
        match = first_match(pattern[:cut], events)
        if match is not None:
            return [events[place][2][0] for place in match.named]
    return []


# ---------------------------------------------------------------- next node, retention, sessions


def value_order(value):
    """SQLite's order of classes: numbers, text byte by byte, blobs."""
    if isinstance(value, str):
        return (1, value.encode())
    return (2, value) if isinstance(value, bytes) else (0, value)


def sequence_next_node(direction, base, rows):
    """Rows are (ts, value, [base condition, e1, …]); (ts, value, conditions) orders them."""
    known = [row for row in rows if not is_missing(row[0]) and row[1] is not None]
    ordered = sorted(known, key=lambda row: (parse_time(row[0]), value_order(row[1]), true_conditions(row[2])))
    place = base_row(base, ordered)
    if place is None:
        return None
    step = 1 if direction == "forward" else -1
    steps = len(ordered[place][2]) - 1
    for k in range(1, steps + 1):
        if not (0 <= place < len(ordered) and is_true(ordered[place][2][k])):
            return None
        place += step
    return ordered[place][1] if 0 <= place < len(ordered) else None


def base_row(base, ordered):
    """The place of the row at which the search begins; None without one."""
    if base in ("head", "tail"):
        place = 0 if base == "head" else len(ordered) - 1
        return place if ordered and is_true(ordered[place][2][0]) else None
    places = [place for place, row in enumerate(ordered) if is_true(row[2][0]) and is_true(row[2][1])]
    if not places:
        return None
    return places[0] if base == "first_match" else places[-1]


def retention(rows):
    """r1 = any row with c1; ri = any with c1 and any with ci."""
    seen = [any(is_true(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [int(seen[0] and each) for each in seen]


def sessions(times, gap):
    """The session of each time, in order; None for a missing one, which does not end a session."""
    found, number, before = [], 0, None
    for us in times:
        if us is not None:
            number += before is None or us - before > gap
            before = us
        found.append(None if us is None else number)
    return found
