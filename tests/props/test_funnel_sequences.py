"""sequence_match, sequence_count, sequence_match_events and sequence_next_node against enumeration."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

import funnel_sequences
import harness
from funnel_strategies import CONDITIONS, condition_rows, lists, mostly, patterns, times
from funnel_sequences import pattern_text
from strategies import HALF_DAY
from test_funnel_windows import values

MOST = 3  # conditions


@st.composite
def calls(draw, gates=True, **sizes):
    """(pattern, rows, count of conditions)."""
    count = draw(st.sampled_from([2, MOST, 1]))
    return draw(patterns(count, gates)), draw(condition_rows(count, **sizes)), count


def ask(pattern, rows, count, blank=""):
    """(match, count, times of the events)."""
    arguments = "?1, ts, " + ", ".join(f"c{k}" for k in range(1, count + 1))
    names = ("sequence_match", "sequence_count", "sequence_match_events")
    sql = f"SELECT {', '.join(f'{name}({arguments})' for name in names)} FROM w"
    match, number, events = values(sql, rows, count, pattern_text(pattern, blank))
    return match, number, json.loads(events)


def expect(pattern, rows):
    return (
        funnel_sequences.sequence_match(pattern, rows),
        funnel_sequences.sequence_count(pattern, rows),
        funnel_sequences.sequence_match_events(pattern, rows),
    )


@given(calls(gates=False, size=9))
@settings(max_examples=250)
def test_patterns_without_gates_equal_the_reference(call):
    assert ask(*call) == expect(*call[:2])


@given(calls(last=12, size=8))
@settings(max_examples=350)
def test_patterns_with_gates_equal_the_reference(call):
    assert ask(*call) == expect(*call[:2])


@given(calls(last=3, size=8))
@settings(max_examples=150)
def test_rows_at_few_instants_equal_the_reference(call):
    assert ask(*call) == expect(*call[:2])


@given(calls(), st.sampled_from([" ", "  ", "\n"]))
def test_blanks_between_elements_mean_nothing(call, blank):
    assert ask(*call, blank) == ask(*call)


@given(calls(), st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(call, random):
    pattern, rows, count = call
    other = list(rows)
    random.shuffle(other)
    assert ask(pattern, rows, count) == ask(pattern, other, count)


@given(calls())
@settings(max_examples=200)
def test_a_match_is_a_count_above_zero(call):
    match, number, events = ask(*call)
    assert match == (number > 0)
    if match:
        assert len(events) <= sum(element[0] == "condition" for element in call[0])


@given(calls(gates=False))
def test_rows_without_a_condition_do_not_matter(call):
    pattern, rows, count = call
    nothing = [(n * HALF_DAY, [0] * count) for n in range(9)]
    assert ask(pattern, rows + nothing, count) == ask(pattern, rows, count)


# ---------------------------------------------------------------- sequence_next_node

NODES = ["home", "cart", "Cart", "pay", "ä", "", None]
DIRECTIONS = [
    (direction, base)
    for direction in ("forward", "backward")
    for base in ("head", "tail", "first_match", "last_match")
    if (direction, base) not in (("forward", "tail"), ("backward", "head"))
]


@st.composite
def walks(draw, nodes):
    """(direction, base, rows (ts, value, [base condition, e1, …]), count of conditions)."""
    direction, base = draw(st.sampled_from(DIRECTIONS))
    count = draw(st.integers(1 + base.endswith("match"), 4))
    truths = mostly([1], CONDITIONS, weight=3)
    row = st.tuples(times(8), st.sampled_from(nodes), st.lists(truths, min_size=count, max_size=count))
    return direction, base, draw(lists(row, 9)), count


def next_node(direction, base, rows, count):
    columns = [f"c{k}" for k in range(count)]
    connection = harness.connect()
    harness.create(connection, "w", ["ts", "node", *columns], [(ts, node, *held) for ts, node, held in rows])
    sql = f"SELECT sequence_next_node(?, ?, ts, node, {', '.join(columns)}) FROM w"
    try:
        return connection.execute(sql, (direction, base)).fetchone()[0]
    finally:
        connection.close()


@given(walks(NODES))
@settings(max_examples=250)
def test_next_nodes_equal_the_reference(walk):
    assert next_node(*walk) == funnel_sequences.sequence_next_node(*walk[:3])


@given(walks([1, 2.5, -3, "10", "b", b"z", b"\x00", None]))
def test_next_nodes_of_every_class_equal_the_reference(walk):
    """Values order as in SQLite and keep their class."""
    wanted = funnel_sequences.sequence_next_node(*walk[:3])
    actual = next_node(*walk)
    assert (type(actual), actual) == (type(wanted), wanted)


@given(walks(NODES), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_change_the_next_node(walk, random):
    direction, base, rows, count = walk
    other = list(rows)
    random.shuffle(other)
    assert next_node(direction, base, rows, count) == next_node(direction, base, other, count)
