"""Random events, stage lists, options, conditions and patterns for the funnel's property tests.

Small pools and half days, so that ties, repeats and deadlines that are met exactly are common.
"""

from typing import NamedTuple

from hypothesis import strategies as st

from strategies import ENTITY_POOLS, HALF_DAY, numbered

NAMES = ["a", "b", "c", "d", 'say "e" > [f]?', " g "]
# "A" is no stage (names compare byte by byte), "Lost" is an exit like "lost" (labels in options do not mind case).
OTHER_STAGES = ["lost", "Lost", "dead", "refund", "fraud", "A", "other", None, "", 7]
LABELS = ["ads", "email", "Ads", None, "", 7]
HELD = ["x", "y", None, "", 1]
EVENT_COLUMNS = ["id", "entity", "ts", "stage", "label", "product"]
HALF_DAYS = st.integers(0, 8).map(lambda n: f"{n * 12} hours")
MISSING = [None, ""]


def mostly(usual, exceptions, weight=10):
    """Values of a list or a strategy, and one time in so many one of the exceptions."""
    if isinstance(usual, list):
        usual = st.sampled_from(usual)
    # Not one_of(), which takes repeated strategies for one.
    chosen = st.integers(0, weight - 1)
    return chosen.flatmap(lambda n: st.sampled_from(exceptions) if n == weight - 1 else usual)


def times(last):
    return mostly([n * HALF_DAY for n in range(last + 1)], MISSING)


@st.composite
def lists(draw, elements, most):
    """Lists of every length, most of them long; left to itself Hypothesis prefers short ones."""
    size = draw(st.one_of(st.integers(0, most), st.integers(most // 2, most)))
    return draw(st.lists(elements, min_size=size, max_size=size))


class Case(NamedTuple):
    events: list  # (id, entity, ts, stage, label, product)
    stages: str
    options: str
    has_label: bool = True

    @property
    def relation(self):
        return "events(entity, ts, stage%s)" % (", label" * self.has_label)

    @property
    def calculated(self):
        """What the reference takes."""
        return self.events, self.stages, self.options, self.has_label

    def option(self, name):
        """The text of an option, None without it."""
        return dict(part.split("=", 1) for part in self.options.split("; ") if part).get(name)

    def without(self, *names):
        parts = [part for part in self.options.split("; ") if part.split("=")[0] not in names]
        return self._replace(options="; ".join(parts))

    def adding(self, *options):
        """The same case with more options, which replace options of the same names."""
        rest = self.without(*(option.split("=")[0] for option in options)).options
        return self._replace(options="; ".join(filter(None, [rest, *options])))


def quoted(name):
    """A stage's name as a stage list writes it."""
    plain = name == name.strip() and not any(character in name for character in '>?[]"')
    return name if plain else '"' + name.replace('"', '""') + '"'


@st.composite
def stage_lists(draw, plain=False, most=4):
    """(names, text); plain lists have neither optional stages nor limits."""
    least = draw(st.sampled_from([1, 2, 2, 2, 3]))
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=least, max_size=most))
    parts = []
    for place, name in enumerate(names):
        marks = []
        if not plain and 0 < place:
            marks += [f"[{draw(HALF_DAYS)}]"] * draw(st.booleans())
            marks += ["?"] * (place < len(names) - 1 and draw(st.booleans()))
        blank = draw(st.sampled_from(["", " "]))
        parts.append(blank + blank.join([quoted(name)] + draw(st.permutations(marks))) + blank)
    return names, ">".join(parts)


def pass_options():
    return {
        "window": HALF_DAYS,
        "recycle": HALF_DAYS,
        "exits": st.sampled_from(["lost", "lost, dead", "LOST,dead"]),
        "exclude": st.sampled_from(["refund", "refund,fraud"]),
        "exclude_drop": st.just("fraud"),
        "boomerang": st.sampled_from(["on", "off"]),
        "hold": st.just("product"),
        "label": st.sampled_from(["first", "last", "stage"]),
        "passes": st.sampled_from(["all", "first"]),
        "as_of": st.integers(4, 16).map(lambda n: str(n * HALF_DAY)),
    }


def summary_options():
    return {
        "by": st.just("label"),
        "period": st.sampled_from(["day", "week", "month"]),
        "confidence": st.sampled_from(["0.8", "0.95", "0.99"]),
    }


@st.composite
def option_texts(draw, choices, has_label):
    usable = [name for name in sorted(choices) if has_label or name not in ("label", "by")]
    names = draw(st.lists(st.sampled_from(usable), unique=True, max_size=4))
    if {"exclude", "exclude_drop"} <= set(names):
        choices = choices | {"exclude": st.just("refund")}  # a label has one meaning
    return [f"{name}={draw(choices[name])}" for name in names]


@st.composite
def cases(draw, orders=("ordered", "strict", "any"), explicit_ids=False, totals=False, last=12, most_events=22):
    """Events of a few entities, a stage list and options that fit them."""
    order = draw(st.sampled_from(orders))
    names, text = draw(stage_lists(plain=order == "any"))
    entities = mostly(draw(st.sampled_from(ENTITY_POOLS)), MISSING, weight=20)
    # The last stage, which wins a pass, less often than the others.
    stages = mostly(names[:-1] * 2 + names, OTHER_STAGES, weight=4)
    event = st.tuples(entities, times(last), stages, st.sampled_from(LABELS), st.sampled_from(HELD))
    events = numbered(draw, draw(lists(event, most_events)), explicit_ids)
    has_label = draw(st.integers(0, 3)) > 0
    choices = pass_options() | (summary_options() if totals else {})
    options = draw(option_texts(choices, has_label)) + ([f"order={order}"] if order != "ordered" else [])
    return Case(events, text, "; ".join(options), has_label)


# ---------------------------------------------------------------- subjects of conversion_curve()


@st.composite
def subjects(draw, last=14, size=16):
    """Rows (entity, started_at, converted_at, closed_at, label)."""
    ends = st.one_of(times(last), st.none())
    entities = mostly([1, 2, "a"], MISSING)
    return draw(lists(st.tuples(entities, times(last), ends, ends, st.sampled_from(LABELS)), size))


@st.composite
def curve_options(draw):
    choices = {
        "step": st.sampled_from(["12 hours", "1 day", "36 hours", "7 days"]),
        "as_of": st.integers(3, 14).map(lambda n: str(n * HALF_DAY)),
    } | summary_options()
    names = draw(st.lists(st.sampled_from(sorted(choices)), unique=True, max_size=4))
    return "; ".join(f"{name}={draw(choices[name])}" for name in names)


# ---------------------------------------------------------------- rows of conditions, modes, patterns

CONDITIONS = [0, 0, 0, 0, 1, 1, 1, 2.5, -1, 0.0, "0", "1", "0.0", " 2 ", None, ""]


@st.composite
def condition_rows(draw, count, last=8, size=8):
    """Rows (ts, conditions): often one condition is true, sometimes several or none."""
    several = st.lists(st.sampled_from(CONDITIONS), min_size=count, max_size=count)
    one = st.integers(0, count).map(lambda k: [int(k == place) for place in range(1, count + 1)])
    return draw(lists(st.tuples(times(last), st.one_of(one, several)), size))


@st.composite
def mode_lists(draw, pool):
    """Modes that may stand together: allow_reentry only beside strict_order."""
    modes = draw(st.lists(st.sampled_from(pool), unique=True, max_size=3))
    if "allow_reentry" in modes and "strict_order" not in modes:
        modes.append("strict_order")
    return modes


WINDOWS = st.integers(0, 8).map(lambda n: n * HALF_DAY)


GATES = st.tuples(
    st.just("gate"),
    st.sampled_from(["<=", "<", ">=", ">", "==", "!="]),
    st.integers(0, 4).map(lambda n: n * HALF_DAY * 1_000_000),
)


@st.composite
def patterns(draw, count, gates=True, most=5):
    """Elements of a pattern, no two gates in a row."""
    found = []
    for kind in draw(lists(st.sampled_from(["condition"] * 4 + ["any", "star"] + ["gate"] * 3 * gates), most)):
        if kind == "condition":
            found.append((kind, draw(st.integers(1, count))))
        elif kind != "gate":
            found.append((kind,))
        elif not (found and found[-1][0] == "gate"):
            found.append(draw(GATES))
    return found
