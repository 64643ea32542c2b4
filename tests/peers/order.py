"""Does ClickHouse keep the order of rows at one instant in which it is fed? Otherwise ties could not be compared."""

import engine
from question import Question, peers_conditions
from sequences import confirmed

MOST = 20  # rows; more than any group with ties has
STEPS = 3  # rows at one instant, in the second group


def check(peer):
    """Groups whose row k has condition k alone, loaded backwards: only in our order do they hold (?1)(?2)… ."""
    for size in range(2, MOST + 1):
        tied = [(1000, 1 << k, "x", None) for k in range(size)]
        stepped = [(1000 + k // STEPS, 1 << k, "x", None) for k in range(size)]
        peer.load("tied", [tied[::-1], stepped[::-1]])
        for expression, found, expected in expectations(size):
            question = Question("order", "order", "", expression, size, 0, 1, found)
            if peer.ask("tied", question) != [expected] * 2:
                raise engine.Failure(f"ClickHouse does not keep the order of {size} rows at one instant: {expression}")


def expectations(size):
    """Each way of putting a question, with the answer that only rows in our order give."""
    every = "".join(f"(?{k})" for k in range(1, size + 1))
    arguments = f"(ts, {peers_conditions(range(size))}, keep)"
    yield f"sequenceMatchIf('{every}'){arguments}", "", "1"
    # A gate makes the engine take another way through the same rows.
    yield f"sequenceMatchIf('{every[:4]}(?t<=5){every[4:]}'){arguments}", "", "1"
    yield f"sequenceCountIf('{every}'){arguments}", "", "1"
    pattern = [("event", k) for k in range(1, size + 1)]
    yield confirmed(pattern, size), f"sequenceMatchEventsIf('{every}'){arguments}", "1"
    # The first row is the base and has e1, the one before the last is the only one with e1; a row follows either.
    yield "sequenceNextNodeIf('forward', 'head')(ts, value, bitTest(m, 0), bitTest(m, 0), keep)", "", "x"
    yield f"sequenceNextNodeIf('forward', 'last_match')(ts, value, 1, bitTest(m, {size - 2}), keep)", "", "x"
