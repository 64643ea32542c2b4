"""Random patterns of the sequence functions, how either side writes them, and which of them mean the same on both.

An element is ("event", k), ("any",), ("star",) or ("gate", operator, seconds). No gate follows a gate: that is an error
on both sides.
"""

STAR_BEFORE_GATE = "`.*` before a gate: ours measures from the last event taken"
EMPTY_ENDING = "gated, and ends in a gate that may match nothing: the engine reads past the pattern's end"
NOT_EQUAL = "`!=` is ours alone"
TOO_SLOW = "several `.*` and gates over a long group: the engine gives up"

OPERATORS = ["<=", "<", ">=", ">", "==", "!="]
UNITS = {"s": 1, "seconds": 1, "min": 60}


def random_pattern(random, conditions, span, gated):
    """A pattern of up to six elements; a gated one has at least one gate."""
    while True:
        pattern = []
        for _ in range(random.randint(1 if gated else 0, 6)):
            pattern.append(random_element(random, pattern, conditions, span, gated))
        if is_gated(pattern) == gated:
            return pattern


def random_element(random, before, conditions, span, gated):
    if gated and (not before or before[-1][0] != "gate") and random.random() < 0.4:
        return ("gate", random.choice(OPERATORS), random.choice([0, random.randint(0, 3), random.randint(0, span + 1)]))
    chance = random.random()
    if chance < 0.25:
        return ("star",)
    if chance < 0.35:
        return ("any",)
    events = [element[1] for element in before if element[0] == "event"]
    # Mostly the condition after the last one, so that patterns are found in walks.
    if events and random.random() < 0.6:
        return ("event", events[-1] % conditions + 1)
    return ("event", random.randint(1, conditions))


def is_gated(pattern):
    return any(element[0] == "gate" for element in pattern)


def excluded(pattern, is_long):
    """Why the two sides may differ over this pattern, or None. docs/funnel.md and the README beside this say more."""
    if is_long and sum(element[0] in ("star", "gate") for element in pattern) > 2:
        return TOO_SLOW
    star = False
    for element in pattern:
        if element[0] == "gate" and element[1] == "!=" and element[2]:
            return NOT_EQUAL
        if element[0] == "gate" and star:
            # "gates measured from the last event taken by (?k) or ., and before the first from where the match begins"
            return STAR_BEFORE_GATE
        if element[0] in ("event", "any"):
            star = False
        elif element[0] == "star":
            star = True
    # "at the end of the events what is left may be .*, (?t<=…), (?t<…) and (?t>=0)"
    if is_gated(pattern) and may_match_nothing(without_closing_stars(pattern)[-1]):
        return EMPTY_ENDING
    return None


def without_closing_stars(pattern):
    """The same pattern for whoever cannot read its end: a closing `.*` takes no event."""
    length = len(pattern)
    while length and pattern[length - 1] == ("star",):
        length -= 1
    return pattern[:length]


def events_are_free(pattern):
    """Whether each (?k) but the last may as well take any later event: it is the first, or `.*` stands before it."""
    free = True
    for i, element in enumerate(pattern):
        if element[0] == "event":
            if not free and any(later[0] == "event" for later in pattern[i + 1 :]):
                return False
            free = False
        elif element[0] == "star":
            free = True
    return True


def may_match_nothing(element):
    return element == ("star",) or element[:2] in (("gate", "<="), ("gate", "<")) or element == ("gate", ">=", 0)


def peers_text(pattern):
    return "".join(peers_element(element) for element in pattern)


def peers_element(element):
    if element[0] == "gate":
        # Times never fall, so after 0 seconds "other" is "later"; the engine has no !=.
        operator = ">" if element[1] == "!=" else element[1]
        return f"(?t{operator}{element[2]})"
    return plain_element(element)


def our_text(random, pattern):
    """The same pattern with what is ours alone: blanks between elements, durations with a unit."""
    blanks = random.random() < 0.3
    text = ""
    for element in pattern:
        text += our_gate(random, element) if element[0] == "gate" else plain_element(element)
        text += " " * random.randint(0, 2) if blanks else ""
    return text


def our_gate(random, element):
    _, operator, seconds = element
    if random.random() < 0.8:
        return f"(?t{operator}{seconds})"
    unit = random.choice([unit for unit, size in UNITS.items() if seconds % size == 0])
    return f"(?t{operator}{seconds // UNITS[unit]} {unit})"


def plain_element(element):
    return {"event": f"(?{element[-1]})", "any": ".", "star": ".*"}[element[0]]
