"""Random path lists, relations and chains for the tests of effects, and the tables that they make.

Numbers are multiples of 1/4, so that "the values cancel" means the same in doubles and in fractions.
"""

from typing import NamedTuple, Optional

from hypothesis import strategies as st

import effects_reference as reference
import harness
import strategies
from reference_input import RuleError, is_missing

CHANNELS = ["a", "b", "C", "ä", "(none)"]
COUNTS = [0, 1, 1, 2, 3, 7, 0.5, 2.25, "4", None, ""]
VALUES = [0, 10, 100.25, -100.25, 0.5, "7.5", -10, 3, None, ""]
DECIMALS = [0.1, 0.2, 0.3, 99.99, 1000.01, -0.01, 1e-3, 123456789.12]
PATH_COLUMNS = ["path", "conversions", "value", "nulls"]


def bounded(connection, looks=10_000):
    """The connection, which gives up calls that look for an interrupt again and again: a sweep without an end."""
    calls = iter(range(looks))
    connection.set_progress_handler(lambda: next(calls, None) is None, 256)  # a heartbeat's operations
    return connection


def text_of(channels, separator, style):
    """A path as somebody may write it: with blanks, without, with empty places."""
    if style == 1:
        return separator.join(channels)
    if style == 2:
        return f"{separator} " + f"  {separator}{separator} ".join(channels) + f" {separator}"
    return f" {separator} ".join(channels)


class PathCase(NamedTuple):
    rows: list  # (path, conversions, value, nulls)
    width: int  # columns of the relation: 2, 3 or 4
    separator: str
    order: int
    min_paths: Optional[int]

    @property
    def cut(self):
        return [row[: self.width] for row in self.rows]

    @property
    def relation(self):
        return f"paths({', '.join(PATH_COLUMNS[: self.width])})"

    @property
    def options(self):
        named = {"separator": self.separator, "order": self.order, "min_paths": self.min_paths}
        return "; ".join(f"{name}={value}" for name, value in named.items() if value is not None)

    @property
    def has_value(self):
        return self.width > 2

    @property
    def paths(self):
        return reference.group_rare(reference.read_paths(self.cut, self.separator), self.min_paths)

    def fill(self, table="paths"):
        connection = bounded(harness.connect())
        harness.create(connection, table, PATH_COLUMNS, self.rows)
        return connection


def has_channels(text, separator):
    return bool(reference.parse_path(text, separator))


@st.composite
def path_rows(draw, separator, width, channels, values):
    """One row; a value only where it belongs to somebody."""
    held = draw(st.lists(st.sampled_from(channels), max_size=8))
    text = text_of(held, separator, draw(st.integers(0, 2)))
    if not held:
        text = draw(st.sampled_from([None, "", " ", separator, "(unattributed)", f" {separator}  {separator}"]))
    conversions, nulls = draw(st.sampled_from(COUNTS)), draw(st.sampled_from(COUNTS))
    won, lost = reference.number(conversions), reference.number(nulls) if width > 3 else 0
    allowed = won or (lost and has_channels(text, separator))
    return (text, conversions, draw(st.sampled_from(values)) if allowed else draw(st.sampled_from([0, None, ""])), nulls)


@st.composite
def path_cases(draw, values=tuple(VALUES), widths=(2, 3, 4, 4, 4)):
    separator, width = draw(st.sampled_from([">", ">", "|", "->"])), draw(st.sampled_from(widths))
    channels = CHANNELS[: draw(st.integers(2, 5))]
    rows = draw(st.lists(path_rows(separator, width, channels, values), max_size=8))
    return PathCase(rows, width, separator, draw(st.integers(1, 6)), draw(st.sampled_from([None, None, 1, 3, 6])))


# ---------------------------------------------------------------- touches and conversions


class JourneyCase(NamedTuple):
    touches: list  # (id, entity, ts, channel)
    conversions: list  # (id, entity, ts, value)
    has_value: bool
    options: str  # of the path
    order: int
    min_paths: Optional[int]

    @property
    def arguments(self):
        return ("touches(entity, ts, channel)", "conversions(entity, ts%s)" % (", value" * self.has_value))

    def with_options(self, *names, **more):
        """The options of the path with order and min_paths where they are named, and others."""
        own = [f"{name}={getattr(self, name)}" for name in names if getattr(self, name) is not None]
        return "; ".join(filter(None, [self.options, *own, *(f"{name}={value}" for name, value in more.items())]))

    @property
    def all_paths(self):
        rows = [row[: 3 + self.has_value] for row in self.conversions]
        return reference.journey_paths(self.touches, rows, self.options, has_value=self.has_value)

    @property
    def paths(self):
        return reference.group_rare(self.all_paths, self.min_paths)

    @property
    def valid(self):
        try:
            return self.all_paths is not None
        except RuleError:
            return False

    def fill(self, parts=1):
        """A connection; with parts, relations touches1, conversions1 … of the entities apart."""
        connection = bounded(harness.connect(), 200_000)
        harness.create(connection, "touches", ["entity", "ts", "channel"], [row[1:] for row in self.touches])
        harness.create(connection, "conversions", ["entity", "ts", "value"], [row[1:] for row in self.conversions])
        for part in range(parts if parts > 1 else 0):
            for table in ("touches", "conversions"):
                own = f"SELECT * FROM {table} WHERE abs(entity) % {parts} = {part}"
                connection.execute(f"CREATE VIEW {table}{part} AS {own}")
        return connection


def renamed(rows, labels):
    return [(*row[:3], labels.get(row[3], row[3])) for row in rows]


@st.composite
def journey_cases(draw, plain_labels=False, entity_pools=tuple(strategies.ENTITY_POOLS), values=tuple(VALUES)):
    """Touches and conversions of strategies.cases(); plain labels survive as text between separators."""
    case = draw(strategies.cases(values=list(values), entity_pools=list(entity_pools)))
    touches = [row[:4] for row in case.touches]
    if plain_labels:
        touches = renamed(touches, {"search > brand": "search brand"})
    options = case.without("round", "direct").options
    order, least = draw(st.integers(1, 6)), draw(st.sampled_from([None, None, 2, 3]))
    return JourneyCase(touches, [row[:4] for row in case.conversions], case.columns["has_value"], options, order, least)


# ---------------------------------------------------------------- chains as counts

STATES = ["a", "b", "c", "a > b", "b > c", "c > a", "b > b", "d"]
WEIGHTS = [1, 1, 2, 3, 0.5, 17, 1000, 2**20, "3"]
NOTHING = [0, None, ""]


@st.composite
def chains(draw):
    """Rows (from_state, to_state, weight, value): loops, unreachable states, flows that do not balance."""
    states = draw(st.lists(st.sampled_from(STATES), min_size=1, max_size=7, unique=True))
    weight = st.sampled_from(WEIGHTS)
    rows = [("(start)", draw(st.sampled_from(states)), draw(weight), None)]
    for state in states:
        onward = [s for s in states if s != state] + ["(conversion)", "(null)"]
        rows.append((state, draw(st.sampled_from(onward)), draw(weight), None))
    sources, targets = st.sampled_from(["(start)", *states]), st.sampled_from([*states, "(conversion)", "(null)"])
    more = st.tuples(sources, targets, st.one_of(weight, weight, st.sampled_from(NOTHING)), st.none())
    rows += [row for row in draw(st.lists(more, max_size=14)) if row[:2] != ("(start)", "(null)")]
    return [valued(draw, row) for row in draw(st.permutations(rows))]


def valued(draw, row):
    """A value where a path ends, and nowhere else."""
    ends = row[1] == "(conversion)" or (row[1] == "(null)" and row[0] != "(start)")
    return (*row[:3], draw(st.sampled_from(VALUES)) if ends and row[2] not in NOTHING else None)
