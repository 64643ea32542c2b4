"""window_funnel and window_funnel_events by brute force: every chain of every beginning of the scan is tried.

Rows are (ts, conditions): conditions as the extension is given them, NULL and text numbers included.
"""

from typing import Any, NamedTuple

from reference_input import is_missing, parse_time

MODES = ("strict_deduplication", "strict_order", "strict_increase", "strict_once", "allow_reentry")


class Entry(NamedTuple):
    """One true condition of a row; k = 0 for a row without any, which only strict_order looks at."""

    us: int
    k: int
    held: tuple  # all true conditions of the row
    row: int
    raw_time: Any


def is_true(condition):
    """SQL truth of a number or of text that is a number; NULL and '' are false."""
    return not is_missing(condition) and float(condition) != 0


def true_conditions(conditions):
    return tuple(k for k, condition in enumerate(conditions, start=1) if is_true(condition))


def ordered_rows(rows):
    """(us, true conditions, row) of the rows with a time; at one instant ordered by the conditions' numbers."""
    timed = [(parse_time(row[0]), true_conditions(row[-1]), row) for row in rows if not is_missing(row[0])]
    return sorted(timed, key=lambda row: row[:2])


def entries_of(rows):
    """In the order of the scan: (ts, k), and equal ones in the order of their rows."""
    entries = [
        Entry(us, k, held, place, row[0])
        for place, (us, held, row) in enumerate(ordered_rows(rows))
        for k in held or (0,)
    ]
    return sorted(entries, key=lambda entry: entry[:4])


def chains(entries, window, modes, chain=()):
    """Every chain that continues this one: steps 1, 2, … in the order of the scan, all within the window."""
    for place, entry in enumerate(entries):
        if entry.k == len(chain) + 1 and joins(entry, chain, window, modes):
            longer = chain + (entry,)
            yield longer
            yield from chains(entries[place + 1 :], window, modes, longer)


def joins(entry, chain, window, modes):
    if not chain:
        return True
    if window is not None and entry.us - chain[0].us > window:
        return False
    if "strict_increase" in modes and entry.us <= chain[-1].us:
        return False
    return "strict_once" not in modes or entry.row not in [step.row for step in chain]


def reached(entries, window, modes):
    """The highest level of any chain."""
    return max(map(len, chains(entries, window, modes)), default=0)


def scanned(entries, window, modes):
    """The entries before the one at which a mode ends the scan."""
    for place, entry in enumerate(entries):
        if ends_scan(entry, entries[:place], window, modes):
            return entries[:place]
    return entries


def ends_scan(entry, before, window, modes):
    if "strict_deduplication" in modes and entry.k > 1 and reached(before, window, modes) >= entry.k:
        return True
    if "strict_order" not in modes or not any(other.k == 1 for other in before):
        return False
    if entry.k == 0:
        return True
    skips = entry.k > 1 and reached(before, window, modes) < entry.k - 1
    return skips and "allow_reentry" not in modes


def window_funnel(rows, window=None, modes=()):
    """The level; a window of None is any time."""
    return reached(scanned(entries_of(rows), window, modes), window, modes)


def window_funnel_events(rows, window=None, modes=()):
    """The times of the chain that reaches the level: of several the latest entry, then each step at its earliest."""
    entries = scanned(entries_of(rows), window, modes)
    level = reached(entries, window, modes)
    best = [chain for chain in chains(entries, window, modes) if len(chain) == level]
    if not best:
        return []
    chosen = min(best, key=lambda chain: (-chain[0].us, [step.us for step in chain]))
    return [step.raw_time for step in chosen]
