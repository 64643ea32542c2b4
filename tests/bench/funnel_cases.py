"""Groups and questions that are made to be slow: rows as SQL of both SQLite and ClickHouse, calls as SQL of either."""
from typing import NamedTuple, Optional, Union

MATCH, COUNT = ("sequence_match", "sequenceMatch"), ("sequence_count", "sequenceCount")
BITS = 4


class Case(NamedTuple):
    title: str
    ts: str  # of row x of n rows; {n} stands for their number
    m: str  # what the conditions look at
    elements: int
    ours: str
    peer: Optional[str] = None
    expected: Union[int, str, None] = None
    compared: bool = True  # both sides mean the same
    shuffled: bool = False  # the rows come in no order of time


# Rows without the needle: condition 1 in all of them; 1 and 2, or 1, 2 and 3, at random.
HAY = {
    "ones": "1",
    "twos": "1 + (x * 7919 + 13) % 65537 % 2",
    "threes": "CASE (x * 7919 + 13) % 65537 % 3 WHEN 0 THEN 1 WHEN 1 THEN 2 ELSE 4 END",
}
# pattern, its elements, the rows, the condition of its last event, whether ClickHouse means the same by it
PATTERNS = (
    ("(?1).*(?2).*(?3).*(?4)", 7, "threes", 4, True),
    ("(?1)(?1)(?1)(?1)(?1)(?1)(?1)(?2)", 8, "ones", 2, True),
    ("(?1).*(?1).*(?1).*(?2)", 7, "ones", 2, True),
    ("(?1)(?t<=3600)(?2)", 3, "ones", 2, True),
    # after .* ours measures from the last event taken, ClickHouse from where .* stopped
    ("(?1).*(?t>=10)(?2)(?t<=1000)(?3)", 6, "twos", 3, False),
)


def sequence_case(pattern, function, where, needle_at, expected, shuffled=False):
    text, elements, hay, needle, compared = pattern
    our_bits = ", ".join(f"m & {1 << bit}" for bit in range(BITS))
    peer_bits = ", ".join(f"bitTest(m, {bit})" for bit in range(BITS))
    return Case(
        title=f"{function[0]} {text}, {where}",
        ts="x",
        m=f"CASE WHEN {needle_at} THEN {1 << needle - 1} ELSE {HAY[hay]} END",
        elements=elements,
        ours=f"{function[0]}('{text}', ts, {our_bits})",
        peer=f"{function[1]}('{text}')(ts, {peer_bits})",
        expected=expected,
        compared=compared,
        shuffled=shuffled,
    )


def sequences():
    for pattern in PATTERNS:
        yield sequence_case(pattern, MATCH, "none", "x = 0", 0)
        yield sequence_case(pattern, MATCH, "at the end", "x = {n} - 1", 1)
        yield sequence_case(pattern, COUNT, "none", "x = 0", 0)
        yield sequence_case(pattern, COUNT, "many", "x % 16 = 15", None)
    yield sequence_case(PATTERNS[0], MATCH, "none, rows in no order", "x = 0", 0, shuffled=True)


def funnel_case(title, same, conditions, expected, modes=", strict_once", with_peer=True):
    """A group of which `same` rows at a time share an instant, the window being too short for two instants."""
    listed = ", ".join(conditions)
    peer_modes = "".join(f", '{mode}'" for mode in modes.split(", ")[1:])
    return Case(
        title=f"window_funnel{modes}, {title}",
        ts=f"(x - x % {same}) * 10",
        m=f"x % {same}",
        elements=len(conditions),
        ours=f"window_funnel('5 s{modes}', ts, {listed})",
        peer=f"windowFunnel(5{peer_modes})(ts, {listed})" if with_peer else None,
        expected=expected,
    )


def funnels():
    for count in (20, 100):  # the engine takes 32 conditions
        for same in (1, 4, 16):
            yield funnel_case(f"{same} at an instant, all of {count} hold", same, ["m >= 0"] * count, same,
                              with_peer=count < 32)
    # the row numbered r of its instant has the conditions from r+1 on: a later step moves the earlier ones on
    for count, same in ((20, 16), (100, 64)):
        yield funnel_case(f"{same} at an instant, of {count} ever fewer", same,
                          [f"m < {number + 1}" for number in range(count)], same, with_peer=count < 32)
    # as long as the last step is not reached the scan goes on
    for count in (20, 100):
        yield funnel_case(f"all but the last of {count} hold", 1, ["m >= 0"] * (count - 1) + ["m < 0"], count - 1,
                          modes="", with_peer=count < 32)


def baseline():
    bits = ", ".join(f"m & {1 << bit}" for bit in range(BITS))
    peer_bits = ", ".join(f"bitTest(m, {bit})" for bit in range(BITS))
    return Case("retention: the same rows and conditions, no search", "x", HAY["threes"], BITS, f"retention({bits})",
                f"replaceAll(toString(retention({peer_bits})), ' ', '')", "[1,1,1,0]")


CASES = [baseline(), *sequences(), *funnels()]
