"""A question put to both sides, and the SQL that all questions are made of."""

from typing import NamedTuple

# Answers that are not compared: the engine says of itself that it has none, or not the right one.
INCOMPLETE = "incomplete"
FAULT = "fault"


def differ(own, other):
    """Whether our answer is not ClickHouse's."""
    return own != other and other != FAULT


class Question(NamedTuple):
    function: str
    mode: str
    ours: str  # an aggregate over the columns of a table of rows
    peer: str  # the same for ClickHouse
    conditions: int  # so many conditions the function sees: they order the rows of one instant
    first: int = 0  # the groups asked
    last: int = 0
    found: str = ""  # an aggregate that ClickHouse computes beforehand; peer sees it as the column t


def our_conditions(bits):
    return ", ".join(f"m & {1 << bit}" for bit in bits)


def peers_conditions(bits, at_least=1):
    # The engine wants more conditions than one in places; a condition that never holds changes nothing.
    return ", ".join([f"bitTest(m, {bit})" for bit in bits] + ["0"] * (at_least - len(bits)))


def some_conditions(random, shape, at_least=1):
    return random.choice([shape.conditions, random.randint(min(at_least, shape.conditions), shape.conditions)])
