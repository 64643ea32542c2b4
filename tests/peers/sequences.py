"""Random questions of sequence_match, sequence_count and sequence_match_events: one pattern after the other.

sequence_match_events of ClickHouse 26.7 has a fault, mended later: once a (?k) has taken an event, the search may let
it take any later one, so that its answer need not be a match. So a complete answer is compared where sequenceMatch,
which has no such fault, confirms that there is a match with these times: the faulty search looks at every match in its
order too, so that what it finds first and is a match is the first match. An answer of fewer (?k) than the pattern's is
compared for patterns in which the fault cannot show.
"""

import patterns
from question import FAULT, INCOMPLETE, Question, our_conditions, peers_conditions, some_conditions

SLICE = 300  # at most so many groups for one pattern, and at most a fifth of them
TIMES = 5  # so often each group is asked in a mode: enough, although much of what is incomplete is not compared


def sequences(random, shape, groups, removed):
    """Each pattern for a slice of the groups; removed counts the groups that are not asked, by reason."""
    size = max(min(SLICE, groups // 5), 1)
    for gated in (False, True):
        for start in range(0, TIMES * groups, size):
            count = some_conditions(random, shape)
            pattern = comparable_pattern(random, shape, count, gated, size, removed)
            first = start % groups
            yield from three_questions(random, pattern, count, first, min(first + size, groups) - 1)


def comparable_pattern(random, shape, conditions, gated, groups, removed):
    while True:
        pattern = patterns.random_pattern(random, conditions, shape.span, gated)
        reason = patterns.excluded(pattern, shape.long)
        if not reason:
            return pattern
        removed[reason] += groups


def three_questions(random, pattern, count, first, last):
    gated = patterns.is_gated(pattern)
    mode = "gated" if gated else "without gates"
    arguments = f"('{patterns.our_text(random, pattern)}', ts, {our_conditions(range(count))})"
    peers = f"(ts, {peers_conditions(range(count), at_least=2)}, keep)"
    # The engine reads past the end of a pattern whose end may match nothing, unless sequenceMatch of one without gates.
    closed = patterns.peers_text(patterns.without_closing_stars(pattern))
    whole = closed if gated else patterns.peers_text(pattern)
    # "No event: 0": the engine finds a pattern that may match nothing in a group without events.
    match = f"sequenceMatchIf('{whole}'){peers} AND {countable(count)} > 0"
    yield Question("sequence_match", mode, f"sequence_match{arguments}", match, count, first, last)
    counted = f"sequenceCountIf('{closed}'){peers}"
    yield Question("sequence_count", mode, f"sequence_count{arguments}", counted, count, first, last)
    ours, found = f"sequence_match_events{arguments}", f"sequenceMatchEventsIf('{closed}'){peers}"
    if gated or not patterns.events_are_free(pattern):
        ours = f"CASE WHEN sequence_match{arguments} THEN {ours} ELSE '{INCOMPLETE}' END"
        answer = f"if({confirmed(pattern, count)}, toString(any(t)), '{FAULT}')"
        found_or_not = f"if({match}, {answer}, '{INCOMPLETE}')"
        yield Question("sequence_match_events", mode, ours, found_or_not, count, first, last, found)
    else:
        yield Question("sequence_match_events", mode, ours, f"toString({found})", count, first, last)


def countable(count):
    """The number of events: rows with a condition."""
    return f"countIf(keep AND bitAnd(m, {(1 << count) - 1}) != 0)"


def confirmed(pattern, count):
    """Is there a match whose (?k) have the times in t?

    Condition 1 holds for every event, so that none is dropped; 2 for the event of the first (?k), and so on.
    """
    conditions, marked = [f"bitAnd(m, {(1 << count) - 1}) != 0"], []
    for element in patterns.without_closing_stars(pattern):
        if element[0] == "event":
            conditions.append(f"bitTest(m, {element[1] - 1}) AND ts = t[{len(conditions)}]")
            element = ("event", len(conditions))
        marked.append(element)
    conditions += ["0"] * (2 - len(conditions))
    length = sum(element[0] == "event" for element in pattern)
    match = f"sequenceMatchIf('{patterns.peers_text(marked)}')(ts, {', '.join(conditions)}, keep)"
    return f"length(any(t)) = {length} AND {match}"
