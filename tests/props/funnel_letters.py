"""Worked examples as people write them: "A X B" or "A@1 AB@5" for rows, letters for the conditions that hold.

Without @ rows are a second apart, from 0 on. X is a row with no condition. What the extension answers is held against
the reference before a test sees it, so that an example guards both.
"""

import json
import re

import funnel_sequences
import funnel_windows
import harness

LETTERS = "ABCDEFGH"


def rows_of_letters(text, count):
    rows = []
    for place, word in enumerate(text.split()):
        letters, _, time = word.partition("@")
        rows.append((int(time or place), [int(letter in letters) for letter in LETTERS[:count]]))
    return rows


def value(call, rows):
    """What an aggregate gives over rows (ts, conditions)."""
    count = len(rows[0][1])
    connection = harness.connect()
    harness.create(connection, "w", ["ts", *LETTERS[:count]], [(ts, *held) for ts, held in rows])
    try:
        return connection.execute(f"SELECT {call.format('ts, ' + ', '.join(LETTERS[:count]))} FROM w").fetchone()[0]
    finally:
        connection.close()


def level(text, steps, *modes, window=100):
    """The level of a funnel of so many steps; its events are checked too."""
    rows = rows_of_letters(text, steps)
    options = ", ".join([f"{window} s", *modes])
    found = value(f"window_funnel('{options}', {{}})", rows)
    assert found == funnel_windows.window_funnel(rows, window * 1_000_000, modes)
    assert len(chain(text, steps, *modes, window=window)) == found
    return found


def chain(text, steps, *modes, window=100):
    """The times of the steps."""
    rows = rows_of_letters(text, steps)
    options = ", ".join([f"{window} s", *modes])
    found = json.loads(value(f"window_funnel_events('{options}', {{}})", rows))
    assert found == funnel_windows.window_funnel_events(rows, window * 1_000_000, modes)
    return found


ELEMENT = re.compile(r"\(\?(\d+)\)|\(\?t([<>=!]+)(\d+)\)|(\.\*)|(\.)|\s+")


def elements(pattern):
    """The elements of a pattern with gates in seconds, for the reference."""
    found = []
    for match in ELEMENT.finditer(pattern):
        condition, gate, seconds, star, dot = match.groups()
        if condition:
            found.append(("condition", int(condition)))
        elif gate:
            found.append(("gate", gate, int(seconds) * 1_000_000))
        elif star or dot:
            found.append(("star",) if star else ("any",))
    return found


def sequence(pattern, text, count=3):
    """(match, count, times of the events)."""
    rows = rows_of_letters(text, count)
    match = value(f"sequence_match('{pattern}', {{}})", rows)
    number = value(f"sequence_count('{pattern}', {{}})", rows)
    events = json.loads(value(f"sequence_match_events('{pattern}', {{}})", rows))
    reference = [
        function(elements(pattern), rows)
        for function in (
            funnel_sequences.sequence_match,
            funnel_sequences.sequence_count,
            funnel_sequences.sequence_match_events,
        )
    ]
    assert [match, number, events] == reference
    return match, number, events


def next_node(direction, base, text, steps):
    """The value after the steps over rows named by their letters; the base condition always holds."""
    rows = [
        (place, letters, [1] + [int(step in letters) for step in steps]) for place, letters in enumerate(text.split())
    ]
    connection = harness.connect()
    columns = [f"c{k}" for k in range(len(steps) + 1)]
    harness.create(connection, "w", ["ts", "node", *columns], [(ts, node, *held) for ts, node, held in rows])
    sql = f"SELECT sequence_next_node(?, ?, ts, node, {', '.join(columns)}) FROM w"
    found = connection.execute(sql, (direction, base)).fetchone()[0]
    connection.close()
    assert found == funnel_sequences.sequence_next_node(direction, base, rows)
    return found
