"""Wrong calls of the audits fail as those of the other functions do: `name(): what is wrong; what to write instead`.

What is wrong in the data is no error of an audit: tests/props/test_audits.py.
"""

import pytest

import harness
from test_errors import RELATION_ERRORS, assert_error, message

AUDIT = "SELECT * FROM attribution_audit(?, ?, ?)"
STAGES = "SELECT * FROM funnel_audit(?, ?, ?)"


@pytest.fixture
def base(journeys_db):
    db = journeys_db([(1, 100, "a", 1)], [(1, 1000, 10, 150)])
    harness.create(db, "events", ["entity", "ts", "stage", "label"], [(1, 100, "a", "ads")])
    return db


@pytest.mark.parametrize("relation, words", RELATION_ERRORS)
def test_relations(base, relation, words):
    argument = 1 if relation.startswith("conversion") else 0
    relations = ["touches", "conversions"]
    relations[argument] = relation
    assert_error(base, "attribution_audit", words, AUDIT, *relations, "")


@pytest.mark.parametrize("relation, words", [
    ("evnts", ["evnts", "events"]),
    ("events(entity, ts, stge)", ["stge", "stage"]),
    ("events(entity, ts)", ["2 columns", "at least 3"]),
    ("nosuch.events", ["nosuch", "schema"]),
])  # fmt: skip
def test_events(base, relation, words):
    assert_error(base, "funnel_audit", words, STAGES, relation, "a > b", "")


@pytest.mark.parametrize("options, words", [
    ("lokback=1 day", ["lokback", "lookback"]),
    ("lookback=soon", ["lookback", "soon"]),
    ("round=0.01", ["round", "no effect here", "attribution()"]),
    ("exits=lost", ["exits", "funnel_audit()"]),
    ("most=0", ["most", "'0'", "1 to 1000000"]),
    ("touch_id=nosuch", ["nosuch", "touch_id"]),
    ("conversion_id=nosuch", ["nosuch", "conversion_id"]),
    ("as_of=20240101", ["as_of", "dashes"]),
    ("lookback", ["lookback", "no value"]),
])  # fmt: skip
def test_options(base, options, words):
    assert_error(base, "attribution_audit", words, AUDIT, "touches", "conversions", options)


@pytest.mark.parametrize("stages, options, words", [
    ("", "", ["stages", "empty"]),
    ("a > > c", "", ["character 5"]),
    ("a > b > a", "", ["twice"]),
    ("a > b", "exits=b", ["stage 'b'", "exits", "one of them"]),
    ("a > b", "exits=x; exclude=x", ["label 'x'", "exits", "exclude"]),
    ("a > b? > c", "order=any", ["optional", "order=any"]),
    ("a > b", "lookback=1 day", ["lookback", "attribution_audit()"]),
    ("a > b", "by=label", ["by", "no effect here"]),
    ("a > b", "label=last", ["label", "no effect here"]),
    ("a > b", "hold=nosuch", ["nosuch", "hold"]),
    ("a > b", "event_id=nosuch", ["nosuch", "event_id"]),
    ("a > b", "most=many", ["most", "'many'"]),
])  # fmt: skip
def test_stages(base, stages, options, words):
    assert_error(base, "funnel_audit", words, STAGES, "events", stages, options)


@pytest.mark.parametrize("function, arguments, words", [
    ("attribution_audit", (7, "conversions", ""), ["touches", "not text", "7"]),
    ("attribution_audit", ("touches", b"x", ""), ["conversions", "not text", "BLOB"]),
    ("attribution_audit", ("touches", "conversions", 1), ["options", "not text"]),
    ("attribution_audit", (None, "conversions", ""), ["touches", "missing"]),
    ("attribution_audit", ("touches", None, ""), ["conversions", "missing"]),
    ("funnel_audit", ("events", None, ""), ["stages", "missing", "funnel_audit("]),
    ("funnel_audit", ("events", 1, ""), ["stages", "not text"]),
])  # fmt: skip
def test_arguments(base, function, arguments, words):
    assert_error(base, function, words, f"SELECT * FROM {function}(?, ?, ?)", *arguments)


def test_too_many_arguments(base):
    assert "too many arguments" in message(base, "SELECT * FROM attribution_audit('touches', 'conversions', '', '')")
    assert "too many arguments" in message(base, "SELECT * FROM funnel_audit('events', 'a', '', '')")


def test_wrong_calls_fail_before_a_row_is_read(base):
    """A view that cannot be run is not run when an option is misspelt."""
    base.execute("CREATE VIEW failing AS SELECT entity, abs(-9223372036854775808 + ts - ts) AS ts, channel FROM touches")
    assert "mots" in message(base, "SELECT * FROM attribution_audit('failing', 'conversions', 'mots=1')")
    text = message(base, "SELECT * FROM attribution_audit('failing', 'conversions')")
    assert "overflow" in text and "touches" in text
