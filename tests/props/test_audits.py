"""The audits: nothing in the data makes them fail, and an error of theirs is an error of the other functions, row by row.

The same rows go through attribution_audit() and attribution(), funnel_audit() and funnel(). What the audit calls an error
must make the others fail, all by itself; without one they must answer. Counts are taken from plain SQL and from the
other functions' own rows.
"""

import re
import sqlite3
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

import funnel_strategies
import harness
import strategies
from funnel_tables import fill

DIRTY = [None, "", "  ", "soon", "20240131", "2024-01-31", "2024-02-30", b"x", b"", 1.5, 1e300, -1, 10**15, 2**63 - 1, "7", " 7 ",
         "1e300", "1,000", "x" * 65_536, 20_240_131, "2999-01-01", "\x00", "\u00e4"]  # fmt: skip
STAGES = "a > b > c"


def table(columns, usual, size=10):
    """Rows with mostly usual cells, and some that anything may be in."""
    cell = [funnel_strategies.mostly(pool, DIRTY, weight=12) for pool in usual]
    return st.lists(st.tuples(*cell), max_size=size)


TIMES = [n * strategies.HALF_DAY for n in range(12)]
TOUCHES = table("tid entity ts channel points", [[1, 2, 3, "a"], [1, 2, "b"], TIMES, ["ads", "Ads", "email"], [0, 1, -2, 5]])
DEALS = table("cid entity ts value milestone1", [[1, 2, 3, "a"], [1, 2, "b"], TIMES, [10, 0.5, -3], TIMES], size=6)
EVENTS = table("eid entity ts stage label plan", [[1, 2, 3, "a"], [1, 2, "b"], TIMES, ["a", "b", "c", "lost", "x"], ["ads"], ["p", "q"]])
UNITS = st.sampled_from(["", "time_unit=ms", "time_unit=us"])
JOURNEY_OPTIONS = st.tuples(
    UNITS, st.sampled_from(["", "touch_id=tid"]), st.sampled_from(["", "conversion_id=cid"]),
    st.sampled_from(["", "lookback=2 days", "gap=1 day; reset=conversion", "as_of=200000; path=unique"]),
).map(lambda parts: "; ".join(filter(None, parts)))  # fmt: skip
STAGE_OPTIONS = st.tuples(
    UNITS, st.sampled_from(["", "event_id=eid"]), st.sampled_from(["", "hold=plan"]),
    st.sampled_from(["", "exits=lost", "order=strict", "order=any; boomerang=on", "recycle=1 day; as_of=200000"]),
).map(lambda parts: "; ".join(filter(None, parts)))  # fmt: skip
TOUCH_COLUMNS, DEAL_COLUMNS = ["tid", "entity", "ts", "channel", "points"], ["cid", "entity", "ts", "value", "milestone1"]
EVENT_COLUMNS = ["eid", "entity", "ts", "stage", "label", "plan"]
RELATIONS = ("touches(entity, ts, channel, points)", "conversions(entity, ts, value, milestone1)")


def journeys(touches, deals):
    connection = harness.connect()
    harness.create(connection, "touches", TOUCH_COLUMNS, touches)
    harness.create(connection, "conversions", DEAL_COLUMNS, deals)
    return connection


def stages(events):
    connection = harness.connect()
    harness.create(connection, "events", EVENT_COLUMNS, events)
    return connection


def audit(connection, options="", relations=RELATIONS):
    return connection.execute("SELECT * FROM attribution_audit(?, ?, ?)", (*relations, options)).fetchall()


def audit_stages(connection, options="", relation="events(entity, ts, stage, label)", names=STAGES):
    return connection.execute("SELECT * FROM funnel_audit(?, ?, ?)", (relation, names, options)).fetchall()


def answers(connection, sql, *parameters):
    """Whether a statement answers; it may not fail for any other reason than its rows."""
    try:
        connection.execute(sql, parameters).fetchall()
        return True
    except sqlite3.OperationalError as error:
        assert re.search(r"row |so none would match", str(error)), error
        return False


def journeys_answer(connection, options=""):
    return answers(connection, "SELECT * FROM attribution(?, ?, 'linear', ?)", *RELATIONS, options)


def stages_answer(connection, options=""):
    return answers(connection, "SELECT * FROM funnel('events(entity, ts, stage, label)', ?, ?)", STAGES, options)


def errors(rows):
    return [row for row in rows if row[0] == "error"]


############################### An error here is an error there ###############################


@given(TOUCHES, DEALS, JOURNEY_OPTIONS)
def test_errors_are_those_of_attribution(touches, deals, options):
    connection = journeys(touches, deals)
    assert journeys_answer(connection, options) == (not errors(audit(connection, options)))


@given(EVENTS, STAGE_OPTIONS)
def test_errors_are_those_of_funnel(events, options):
    connection = stages(events)
    assert stages_answer(connection, options) == (not errors(audit_stages(connection, options)))


@given(TOUCHES, DEALS, UNITS)
def test_a_row_with_an_error_makes_attribution_fail_alone(touches, deals, options):
    """And without all of these rows it answers, unless no key would match."""
    found = errors(audit(journeys(touches, deals), options))
    bad = {(row[2], row[3]) for row in found if row[3] is not None}
    for relation, row_id in bad:
        alone = journeys([touches[row_id - 1]], []) if relation == "touches" else journeys([], [deals[row_id - 1]])
        assert not journeys_answer(alone, options)
    rest = [[row for n, row in enumerate(rows, 1) if (relation, n) not in bad]
            for relation, rows in (("touches", touches), ("conversions", deals))]  # fmt: skip
    connection = journeys(*rest)
    kinds = {row[1] for row in errors(audit(connection, options))}
    assert kinds <= {"keys_of_two_classes"}
    assert journeys_answer(connection, options) == (not kinds)


@given(EVENTS, UNITS)
def test_an_event_with_an_error_makes_funnel_fail_alone(events, options):
    bad = {row[3] for row in errors(audit_stages(stages(events), options))}
    assert None not in bad
    for row_id in bad:
        assert not stages_answer(stages([events[row_id - 1]]), options)
    assert stages_answer(stages([row for n, row in enumerate(events, 1) if n not in bad]), options)


def test_bytes_that_are_no_text(db):
    """Text that is no UTF-8 comes out as a question mark in details, and a row without id still says who and when."""
    db.execute("CREATE TABLE touches(entity, ts, channel)")
    db.execute("INSERT INTO touches VALUES (CAST(x'61ff' AS TEXT), CAST(x'ff' AS TEXT), CAST(x'c3' AS TEXT)), (1, 2, CAST(x'ff' AS TEXT))")
    db.execute("CREATE TABLE conversions(entity, ts, value)")
    db.execute("CREATE VIEW touch_view AS SELECT * FROM touches")
    rows = audit(db, "", ("touch_view", "conversions"))
    assert [row[3:5] for row in errors(rows)] == [
        (None, "ts is no time (got '?'); write YYYY-MM-DD HH:MM:SS, or a number of seconds since 1970-01-01 (entity 'a?', ts '?')")]


############################### Rows that are skipped, or credit nobody ###############################


def summary(rows, relation):
    (detail,) = [row[4] for row in rows if row[1:3] == ("summary", relation)]
    return {name: float(number) for name, number in re.findall(r"([a-z][a-z _]*?) (-?[\d.e+-]+)", detail)}


@given(TOUCHES, DEALS)
def test_rows_are_used_skipped_or_refused(touches, deals):
    connection = journeys(touches, deals)
    rows = audit(connection)
    found = Counter(row[1:3] for row in rows)
    for relation, given_rows in (("touches", touches), ("conversions", deals)):
        counts = summary(rows, relation)
        no_entity, no_time = connection.execute(f"""
          SELECT count(*) FILTER (WHERE entity IS NULL OR entity = ''),
            count(*) FILTER (WHERE NOT (entity IS NULL OR entity = '') AND (ts IS NULL OR typeof(ts) = 'text' AND trim(ts) = ''))
          FROM {relation}""").fetchone()
        assert (found["missing_entity", relation], found["missing_time", relation]) == (no_entity, no_time)
        assert counts["skipped"] == no_entity + no_time
        assert counts["refused"] == len({row[3] for row in errors(rows) if row[2] == relation and row[3] is not None})
        assert counts["rows"] == len(given_rows) == counts["used"] + counts["skipped"] + counts["refused"]


@given(strategies.cases())
def test_conversions_without_touches_are_the_unattributed_ones(case):
    """Counts, values and ids; the audit takes the options that decide over paths."""
    case = case.without("round", "direct")
    connection = harness.connect()
    for name, rows, columns in (("touches", case.touches, harness.TOUCH_COLUMNS), ("conversions", case.conversions, harness.CONVERSION_COLUMNS)):
        harness.create(connection, name, columns, rows)
    relations = (case.touch_relation, case.conversion_relation)
    rows = audit(connection, case.options, relations)
    if errors(rows):
        assert {row[1] for row in errors(rows)} == {"keys_of_two_classes"}
        return
    sql = "SELECT conversion_id, entity, value FROM attribution(?, ?, 'linear', ?) WHERE channel = '(unattributed)' AND credit = 1 AND touch_id IS NULL"
    unattributed = connection.execute(sql, (*relations, case.options)).fetchall()
    found = [row for row in rows if row[1] in ("no_touches", "only_later_touches", "touches_out_of_reach")]
    assert sorted(row[3] for row in found) == sorted(row[0] for row in unattributed)
    keys = {row[0] for row in connection.execute("SELECT DISTINCT entity FROM touches WHERE entity <> '' AND ts <> ''")}
    for row in found:
        (entity,) = [other[1] for other in unattributed if other[0] == row[3]]
        assert (row[1] == "no_touches") == (entity not in keys)
    counts = summary(rows, "conversions")
    assert counts["unattributed"] == len(unattributed)
    if case.columns["has_value"]:
        total = connection.execute("SELECT total(value) FROM attribution(?, ?, 'linear', ?)", (*relations, case.options)).fetchone()[0]
        assert abs(counts["value"] - total) <= 1e-6 * max(1, abs(total))
        assert abs(counts["unattributed value"] - sum(float(row[2] or 0) for row in unattributed)) <= 1e-6


@given(strategies.cases())
def test_duplicates_are_those_of_plain_sql(case):
    connection = harness.connect()
    for name, rows, columns in (("touches", case.touches, harness.TOUCH_COLUMNS), ("conversions", case.conversions, harness.CONVERSION_COLUMNS)):
        harness.create(connection, name, columns, rows)
    found = Counter(row[1:3] for row in audit(connection, "", ("touches(entity, ts, channel)", "conversions(entity, ts, value)")))
    sql = """SELECT total(n - 1) FROM (SELECT count(*) AS n FROM {} WHERE entity <> '' AND ts <> ''
             GROUP BY typeof(entity) = 'text', entity, ts, {})"""
    label = "CASE WHEN channel IS NULL OR channel = '' THEN '(none)' ELSE CAST(channel AS TEXT) END"
    value = "CASE WHEN value = '' THEN NULL ELSE CAST(value AS REAL) END"
    assert found["duplicate", "touches"] == connection.execute(sql.format("touches", label)).fetchone()[0]
    assert found["duplicate", "conversions"] == connection.execute(sql.format("conversions", value)).fetchone()[0]


@given(st.lists(st.sampled_from(["ads", "Ads", " a ds", "email", "e-mail", "EMAIL", "x"]), max_size=12))
def test_spellings_are_those_of_plain_sql(labels):
    connection = journeys([(n, 1, 0, label, 1) for n, label in enumerate(labels)], [])
    found = [row for row in audit(connection) if row[1] == "similar_labels"]
    groups = connection.execute("""
      SELECT sum(n) FROM (SELECT lower(replace(channel, ' ', '')) AS plain, channel, count(*) AS n FROM touches GROUP BY channel)
      GROUP BY plain HAVING count(*) > 1""").fetchall()
    rows = [sum(map(int, re.findall(r"\((\d+) rows?\)", row[4]))) for row in found]
    assert sorted(rows) == sorted(row[0] for row in groups)


@given(strategies.cases(explicit_ids=True), st.randoms(use_true_random=False), st.sampled_from(["", "; most=2"]))
def test_order_of_rows_changes_nothing(case, random, most):
    results = []
    for _ in range(2):
        connection = harness.connect()
        for name, rows, columns in (("touches", case.touches, harness.TOUCH_COLUMNS), ("conversions", case.conversions, harness.CONVERSION_COLUMNS)):
            rows = list(rows)
            random.shuffle(rows)
            harness.create(connection, name, columns, rows)
        options = case.without("round", "direct").options + "; touch_id=id; conversion_id=id" + most
        results.append(audit(connection, options, (case.touch_relation, case.conversion_relation)))
    assert list(map(repr, results[0])) == list(map(repr, results[1]))


############################### Most rows of a finding ###############################


@given(TOUCHES, DEALS, st.integers(1, 4))
def test_most_cuts_rows_and_no_count(touches, deals, most):
    connection = journeys(touches, deals)
    whole, cut = audit(connection), audit(connection, f"most={most}")
    wanted = []
    for n, row in enumerate(whole):
        same = [other for other in whole if other[1:3] == row[1:3]]
        place = same.index(row) if same.count(row) == 1 else n - whole.index(same[0])
        if place < most:
            wanted.append(row)
        elif place == most:
            kept = [other for n, other in enumerate(same) if n < most]
            wanted.append((*row[:3], None, f"... and {len(same) - most} more", sum(o[5] for o in same) - sum(o[5] for o in kept)))
    assert cut == wanted
    assert sum(row[5] for row in cut) == sum(row[5] for row in whole)


############################### Stage events ###############################


def funnel_case(draw_case):
    """Options that the audit knows."""
    return draw_case.without("label", "by", "period", "confidence")


@given(funnel_strategies.cases())
def test_passes_are_those_of_funnel(case):
    case = funnel_case(case)
    connection = fill(case)
    rows = audit_stages(connection, case.options, case.relation, case.stages)
    assert not errors(rows)
    found = Counter(row[1] for row in rows)
    sql = "SELECT entity, pass, stage_no, outcome, inferred FROM funnel(?, ?, ?)"
    passes = {}
    for entity, number, *stage in connection.execute(sql, (case.relation, case.stages, case.options)):
        passes.setdefault((type(entity), entity, number), []).append(stage)
    assert found["skipped_stage"] == sum(stage[2] for rows in passes.values() for stage in rows)
    starts = [min(stage[0] for stage in rows if not stage[2]) for rows in passes.values()]
    assert found["late_start"] == sum(start > 1 for start in starts)
    ends = Counter(max(rows)[1] for rows in passes.values())
    counts = summary(rows, "events")
    assert counts["won"] == ends["won"] and counts["exited"] == ends["exited"]
    assert counts["recycled"] == ends["recycled"] and counts["open"] == ends["open"]
    if case.option("boomerang") != "on":
        assert found["ended_by_deadline"] >= ends["recycled"]
        if not (case.option("exits") or case.option("exclude") or case.option("order") == "strict"):
            assert found["ended_by_deadline"] == ends["recycled"] + ends["exited"]
    if not (case.option("recycle") or case.option("window") or "[" in re.sub(r'".*?"', "", case.stages)):
        assert found["ended_by_deadline"] == 0


@given(funnel_strategies.cases())
def test_stages_that_are_listed_nowhere_are_those_of_plain_python(case):
    case = funnel_case(case)
    connection = fill(case)
    rows = audit_stages(connection, case.options, case.relation, case.stages)
    plain = re.sub(r"\[\d+ hours\]", "", case.stages)
    listed = {name for name in funnel_strategies.NAMES if funnel_strategies.quoted(name) != name and funnel_strategies.quoted(name) in plain}
    listed |= {name.strip(" ?") for name in re.sub(r'"([^"]|"")*"', "", plain).split(">")}
    lists = [case.option(name) for name in ("exits", "exclude", "exclude_drop")]
    labels = {label.strip().lower() for text in lists if text for label in text.split(",")}
    unlisted = Counter()
    for _, entity, ts, stage, *_ in case.events:
        stage = "(none)" if stage in (None, "") else str(stage)
        if entity not in (None, "") and ts not in (None, "") and stage not in listed and stage.lower() not in labels:
            unlisted[stage] += 1
    assert summary(rows, "events")["listed nowhere"] == sum(unlisted.values())
    found = {}
    for row in rows:
        if row[1] in ("unknown_stage", "similar_stage"):
            count, name = re.match(r"events (\d+): stage '(.*?)' is", row[4]).groups()
            found[name] = int(count)
    missing = sum(row[1] == "missing_label" for row in rows)
    assert missing == unlisted.pop("(none)", 0)
    assert found == dict(unlisted)


@given(funnel_strategies.cases(explicit_ids=True), st.randoms(use_true_random=False))
def test_order_of_events_changes_nothing(case, random):
    case = funnel_case(case).adding("event_id=id")
    results = []
    for _ in range(2):
        random.shuffle(case.events)
        results.append(audit_stages(fill(case, with_ids=True), case.options, case.relation, case.stages))
    assert list(map(repr, results[0])) == list(map(repr, results[1]))
