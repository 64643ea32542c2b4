"""Random relations, model lists and options for the property tests: small pools, so that ties are common."""

from typing import NamedTuple

from hypothesis import strategies as st

HALF_DAY = 43_200
ENTITY_POOLS = [[1, 2, 3], ["a", "b", "ä"], [1, 1.0, "1", 2, "b"], [-5, 2.5, 10**12]]
LABELS = ["ads", "Ads", "email", "direct", "(direct)", "Direct", "search > brand", 'say "hi"', None, "", 7]
POINTS = [0, 1, 2, 5, -1, -3, 0.5, "3", "", None]
# Dyadic and decimal values, refunds, zeros: what makes rounding and remainders interesting.
VALUES = [0, 10, 100.0, 99.99, 1000.01, 0.01, -0.01, -100.0, -1000.01, "7.5", 1e-3, 123456789.12, "", None]
PLAIN_MODELS = ["first_touch", "last_touch", "last_non_direct", "linear", "position_based", "j_shaped", "inverse_j"]
PLAIN_MODELS += ["time_decay", "time_decay(half_life=12 hours)", "time_decay(half_life=36 hours)", "participation"]
PLAIN_MODELS += ["position_based(first=.3, last=.5)", "position_based(first=.7, last=.3)"]
PLAIN_MODELS += ["custom(1, 2, 1)", "custom(0, 1, 0)", "custom(.1, .2, .7)", "custom(0, 0, 3)"]
MILESTONE_MODELS = {1: ["milestone(1)", "u_shaped"], 2: ["milestone(2)", "w_shaped", "full_path"]}


class Case(NamedTuple):
    touches: list  # (id, entity, ts, channel, points)
    conversions: list  # (id, entity, ts, value, milestone1, milestone2)
    columns: dict  # has_points, has_value, milestones: as the reference takes them
    models: str
    options: str

    @property
    def touch_relation(self):
        return "touches(entity, ts, channel%s)" % (", points" * self.columns["has_points"])

    @property
    def conversion_relation(self):
        names = ["value"] * self.columns["has_value"]
        names += [f"milestone{k + 1}" for k in range(self.columns["milestones"])]
        return f"conversions({', '.join(['entity', 'ts'] + names)})"

    @property
    def calculated(self):
        """What the reference takes: rows cut to the columns of the relations."""
        points, value = self.columns["has_points"], self.columns["has_value"]
        touches = [row[: 4 + points] for row in self.touches]
        milestones = self.columns["milestones"]
        deals = [row[: 3 + value + milestones] for row in self.conversions]
        return touches, deals

    def without(self, *names):
        """The same case without these options."""
        parts = [part for part in self.options.split("; ") if part.split("=")[0] not in names]
        return self._replace(options="; ".join(parts))

    def adding(self, option):
        """The same case with one more option, which replaces an option of the same name."""
        rest = self.without(option.split("=")[0]).options
        return self._replace(options="; ".join(filter(None, [rest, option])))


def numbered(draw, rows, explicit_ids):
    """Rows with their rowids, or with ids of a CRM that say nothing of the order of the rows."""
    ids = range(1, len(rows) + 1)
    if explicit_ids:
        ids = draw(st.permutations([f"id{i:02}" if i % 2 else i for i in ids]))
    return [(id_,) + row for id_, row in zip(ids, rows)]


def times(last=30, missing=True):
    moments = st.integers(0, last).map(lambda n: n * HALF_DAY)
    return st.one_of(moments, moments, moments, st.sampled_from([None, ""])) if missing else moments


@st.composite
def options(draw, with_period=False):
    """An option text; as_of and durations meet the times exactly often enough."""
    durations = st.integers(0, 20).map(lambda n: f"{n * 12} hours")
    choices = {
        "lookback": durations,
        "gap": durations,
        "reset": st.sampled_from(["none", "conversion"]),
        "ignore": st.sampled_from(["direct", "ads, email", "DIRECT,(none)"]),
        "direct": st.sampled_from(["email", "ADS,direct", "(none)"]),
        "path": st.sampled_from(["all", "exposure", "first", "unique"]),
        "max_touches": st.integers(1, 4).map(str),
        "round": st.sampled_from(["0.01", "1", "0.5", "10"]),
        "as_of": st.integers(5, 30).map(lambda n: str(n * HALF_DAY)),
    }
    if with_period:
        choices["period"] = st.sampled_from(["day", "week", "month", "quarter", "half-year", "year"])
    names = draw(st.lists(st.sampled_from(sorted(choices)), unique=True, max_size=4))
    return "; ".join(f"{name}={draw(choices[name])}" for name in names)


def model_pool(columns):
    pool = PLAIN_MODELS + ["points"] * columns["has_points"]
    for k in range(columns["milestones"]):
        pool = pool + MILESTONE_MODELS[k + 1]
    return pool


@st.composite
def cases(draw, explicit_ids=False, with_period=False, participation=True, values=VALUES, entity_pools=ENTITY_POOLS):
    entities = st.sampled_from(draw(st.sampled_from(entity_pools)))
    touch = st.tuples(entities, times(), st.sampled_from(LABELS), st.sampled_from(POINTS))
    deal = st.tuples(entities, times(), st.sampled_from(values), times(), times())
    has_value = draw(st.integers(0, 3)) > 0
    columns = {
        "has_points": draw(st.booleans()),
        "has_value": has_value,
        "milestones": draw(st.integers(0, 2)) if has_value else 0,  # a column list gives them after the value
    }
    pool = [name for name in model_pool(columns) if participation or name != "participation"]
    listed = st.lists(st.sampled_from(pool), unique=True, min_size=1, max_size=5)
    names = draw(st.one_of(listed, st.just(["all"])) if participation else listed)
    return Case(
        numbered(draw, draw(st.lists(touch, max_size=16)), explicit_ids),
        numbered(draw, draw(st.lists(deal, max_size=6)), explicit_ids),
        columns,
        ", ".join(names),
        draw(options(with_period)),
    )
