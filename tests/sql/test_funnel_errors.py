"""Errors of the funnel family: `name(): what is wrong (got what); what to write instead`, never a partial answer."""

import itertools
import sqlite3

import pytest

import harness
from test_errors import BAD_TIMES, assert_error, message

EVENTS = [(1, 100, "a", "ads"), (1, 200, "b", "seo"), (2, 300, "a", "ads"), (2, 310, "c", None)]
LEADS = [(1, 100, 400, None, "ads"), (2, 200, None, 300, "seo"), (3, 250, None, None, "ads")]
CALLS = ["funnel", "funnel_summary"]


@pytest.fixture
def base(db):
    harness.create(db, "events", ["entity", "ts", "stage", "label"], EVENTS)
    harness.create(db, "subjects", ["entity", "ts", "converted_at", "closed_at", "label"], LEADS)
    return db


def assert_error_of_each(connection, words, relation="events", stages="a > b > c", options="", calls=CALLS):
    for function in calls:
        assert_error(connection, function, words, f"SELECT * FROM {function}(?, ?, ?)", relation, stages, options)


############################### Stages ###############################

STAGE_ERRORS = [
    # stages, words
    ("", ["stages", "empty", "'inquiry > mql > won'"]),
    ("   ", ["stages", "empty"]),
    ("a > ", ["stages", "character 5", "its end", "name of a stage"]),
    ("a > > c", ["stages", "character 5", "'> c'", "name of a stage"]),
    ("> a", ["character 1", "'> a'"]),
    ("a > b > a", ["stage 'a'", "twice", "once"]),
    ("a [2 days] > b", ["stage 'a'", "first", "limit", "a later one"]),
    ("a? > b", ["stage 'a'", "first", "optional", "leave out the ?"]),
    ("a > b?", ["stage 'b'", "last", "optional", "leave out the ?"]),
    ("a > b [2 dys] > c", ["stages", "character 8", "'2 dys] > c'", "write the unit"]),
    ("a > b [1 month] > c", ["1 month", "no fixed length", "days"]),
    ("a > b [-1] > c", ["-1", "not negative"]),
    ("a > b [1 day > c", ["character 7", "'[1 day > c'", "]"]),
    ("a > b [1 day] [1 day] > c", ["character 15", "one limit"]),
    ("a > b?? > c", ["character 7", "'? > c'", "?"]),
    ("a > b\"c\" > d", ["character 6", "'\"c\" > d'"]),
    ("a > \"b", ["character 5", "close the quote"]),
    (" > ".join(f"s{n}" for n in range(129)), ["128 stages", "fewer"]),
]


@pytest.mark.parametrize("stages, words", STAGE_ERRORS)
def test_a_list_of_stages_that_is_wrong(base, stages, words):
    assert_error_of_each(base, words, stages=stages)


@pytest.mark.parametrize("stages, words", [row for row in STAGE_ERRORS if "[" not in row[0] and "?" not in row[0]])
def test_a_list_of_stages_of_funnel_stage_that_is_wrong(base, stages, words):
    assert_error(base, "funnel_stage", words, "SELECT funnel_stage(stage, ts, ?) FROM events", stages)


@pytest.mark.parametrize("stages", ["a > b? > c", "a > b [1 day] > c"])
def test_funnel_stage_takes_plain_names(base, stages):
    words = ["character", "for funnel()", "names only"]
    assert_error(base, "funnel_stage", words, "SELECT funnel_stage(stage, ts, ?) FROM events", stages)


@pytest.mark.parametrize("stages", [5, 1.5, b"a > b"])
def test_stages_that_are_no_text(base, stages):
    for function in CALLS:
        sql = f"SELECT * FROM {function}('events', ?)"
        assert_error(base, function, ["stages", "text"], sql, stages)
    assert_error(base, "funnel_stage", ["stages", "text", "'mql > sql > won'"], "SELECT funnel_stage(stage, ts, ?) FROM events", stages)


def test_stages_are_needed(base):
    for function in CALLS:
        for sql in (f"SELECT * FROM {function}('events')", f"SELECT * FROM {function}('events', NULL)"):
            assert_error(base, function, ["stages", "missing", f"{function}("], sql)
        assert_error(base, function, ["events", "missing", f"{function}("], f"SELECT * FROM {function}")
    assert_error(base, "conversion_curve", ["subjects", "missing", "conversion_curve("], "SELECT * FROM conversion_curve")
    assert_error(base, "funnel_stage", ["stages", "NULL"], "SELECT funnel_stage(stage, ts, NULL) FROM events")


############################### Relations ###############################

RELATION_ERRORS = [
    ("evens", ["evens", "events"]),
    ("main.evens", ["evens", "events"]),
    ("nosuch.events", ["nosuch"]),
    ("events(entty, ts, stage)", ["entty", "entity"]),
    ("events(entity, ts, stag)", ["stag", "stage"]),
    ("events(entity, ts, stage, lable)", ["lable", "label"]),
    ("events(entity, ts)", ["events", "2 columns", "at least 3", "'events(entity, ts, stage)'"]),
    ("events(entity, ts, stage, label, ts)", ["more than 4 columns", "'events(entity, ts, stage)'"]),
    ("events(entity, ts, stage", ["character", "'events(entity, ts, stage)'"]),
    ("events(entity, ts, upper(stage))", ["character", "upper"]),
    ("(SELECT 1, 2, 3)", ["character 1"]),
    ("", ["events"]),
]


@pytest.mark.parametrize("relation, words", RELATION_ERRORS)
def test_an_events_relation_that_is_wrong(base, relation, words):
    assert_error_of_each(base, words, relation=relation)


SUBJECT_ERRORS = [
    ("subject", ["subject", "subjects"]),
    ("subjects(entity, ts, convertd_at)", ["convertd_at", "converted_at"]),
    ("subjects(entity, ts)", ["subjects", "at least 3", "'subjects(entity, started_at, converted_at)'"]),
    ("subjects(entity, ts, converted_at, closed_at, label, label)", ["more than 5 columns"]),
    ("subjects(entity, ts, converted_at, label)", ["label of subjects", "row", "'ads'", "YYYY-MM-DD"]),
    ("events", ["events", "converted_at"]),
]


@pytest.mark.parametrize("relation, words", SUBJECT_ERRORS)
def test_a_subjects_relation_that_is_wrong(base, relation, words):
    assert_error(base, "conversion_curve", words, "SELECT * FROM conversion_curve(?)", relation)


@pytest.mark.parametrize("argument", [1, 2.5, b"events"])
def test_relations_and_options_are_text(base, argument):
    for function in CALLS:
        assert_error(base, function, ["events", "text"], f"SELECT * FROM {function}(?, 'a > b')", argument)
        assert_error(base, function, ["options", "text"], f"SELECT * FROM {function}('events', 'a > b', ?)", argument)
    assert_error(base, "conversion_curve", ["subjects", "text"], "SELECT * FROM conversion_curve(?)", argument)
    assert_error(base, "conversion_curve", ["options", "text"], "SELECT * FROM conversion_curve('subjects', ?)", argument)


@pytest.mark.parametrize("call", ["funnel('events', 'a > b', '', 1)", "funnel_summary('events', 'a > b', '', 1)", "conversion_curve('subjects', '', 1)"])
def test_too_many_arguments(base, call):
    text = message(base, f"SELECT * FROM {call}")
    assert "too many arguments" in text and call.split("(")[0] in text and "max" in text


@pytest.mark.parametrize("time", BAD_TIMES)
def test_a_time_that_is_no_time(base, time):
    words = [time] if isinstance(time, str) else []
    base.execute("UPDATE events SET ts = ?, rowid = 4711 WHERE rowid = 2", (time,))
    assert_error_of_each(base, ["ts of events, row 4711, ", *words])
    for column in ("ts", "converted_at", "closed_at"):
        base.execute("DELETE FROM subjects")
        base.execute("INSERT INTO subjects(entity, ts, label) VALUES (1, 5, 'x')")
        base.execute(f"UPDATE subjects SET {column} = ?", (time,))
        assert_error(base, "conversion_curve", [f"{column} of subjects, row", *words], "SELECT * FROM conversion_curve('subjects')")


@pytest.mark.parametrize("column", ["stage", "label"])
def test_a_label_that_is_a_blob(base, column):
    base.execute(f"UPDATE events SET {column} = x'00', rowid = 4711 WHERE rowid = 2")
    assert_error_of_each(base, [f"{column} of events", "4711", "BLOB", "TEXT"])


############################### Options ###############################

OPTION_ERRORS = [
    ("recicle=3 days", ["'recicle'", "recycle?"]),
    ("windw=3 days", ["'windw'", "window?"]),
    ("recycle", ["recycle", "no value", "name=value"]),
    ("recycle=", ["recycle", "'90 days'"]),
    ("recycle=1 month", ["recycle", "1 month", "no fixed length"]),
    ("recycle=-1 day", ["recycle", "-1 day", "not negative"]),
    ("window=soon", ["window", "'soon'"]),
    ("window=1 d; window=2 d", ["window", "twice"]),
    ("order=random", ["order", "'random'", "order=ordered, strict or any"]),
    ("boomerang=yes", ["boomerang", "'yes'", "boomerang=on"]),
    ("passes=last", ["passes", "'last'", "passes=all or passes=first"]),
    ("label=any", ["label", "'any'", "label=first, last or stage"]),
    ("exits=", ["exits", "labels"]),
    ("exits=x,,y", ["exits", "labels"]),
    ("exits=" + ",".join(f"l{n}" for n in range(65)), ["exits", "64"]),
    ("as_of=soon", ["as_of", "'soon'"]),
    ("time_unit=h", ["time_unit", "'h'", "ms"]),
    ("hold=", ["hold", "column"]),
    ("hold=plann", ["plann"]),
    ("event_id=nr", ["event_id", "nr"]),
    ("lookback=3 days", ["lookback", "no effect here", "attribution()", "journeys()"]),
    ("models=linear", ["'models'"]),
    ("step=7 days", ["step", "no effect here", "conversion_curve()"]),
    ("exits=b", ["stage 'b'", "exits", "one of them"]),
    ("exclude=C", ["stage 'c'", "exclude", "one of them"]),
    ("exits=lost; exclude=Lost", ["'Lost'", "exits and in exclude", "one of them"]),
    ("exclude=x; exclude_drop=x", ["'x'", "exclude and in exclude_drop"]),
]


@pytest.mark.parametrize("options, words", OPTION_ERRORS)
def test_an_option_that_is_wrong(base, options, words):
    assert_error_of_each(base, words, options=options)


SUMMARY_ERRORS = [
    ("by=stage", ["by", "'stage'", "by=label"]),
    ("by=period", ["by", "period=month"]),
    ("period=fortnight", ["period", "'fortnight'", "quarter"]),
    ("confidence=0", ["confidence", "'0'", "between 0 and 1"]),
    ("confidence=1", ["confidence", "'1'", "between 0 and 1"]),
    ("confidence=95", ["confidence", "'95'", "0.95"]),
    ("confidence=nan", ["confidence", "'nan'"]),
]


@pytest.mark.parametrize("options, words", SUMMARY_ERRORS)
def test_an_option_of_the_summaries_that_is_wrong(base, options, words):
    assert_error_of_each(base, words, options=options, calls=["funnel_summary"])
    assert_error(base, "conversion_curve", words, "SELECT * FROM conversion_curve('subjects', ?)", options)


CURVE_ERRORS = [
    ("step=0", ["step", "'0'", "longer than 0"]),
    ("step=1 month", ["step", "no fixed length"]),
    ("window=3 days", ["window", "no effect here", "funnel()", "funnel_summary()"]),
    ("exits=lost", ["exits", "no effect here"]),
    ("conversion_id=entity", ["conversion_id", "no effect here", "attribution()"]),
]


@pytest.mark.parametrize("options, words", CURVE_ERRORS)
def test_an_option_of_the_curve_that_is_wrong(base, options, words):
    assert_error(base, "conversion_curve", words, "SELECT * FROM conversion_curve('subjects', ?)", options)


@pytest.mark.parametrize("option", ["by=label", "period=month", "confidence=0.9"])
def test_options_of_the_summary_are_not_for_funnel(base, option):
    name = option.split("=")[0]
    assert_error_of_each(base, [name, "no effect here", "funnel_summary()"], options=option, calls=["funnel"])


@pytest.mark.parametrize("stages, words", [("a > b? > c", ["'b'", "optional"]), ("a > b > c [2 days]", ["'c'", "limit"])])
def test_any_order_knows_no_limits(base, stages, words):
    assert_error_of_each(base, [*words, "order=any", "order=ordered"], stages=stages, options="order=any")


@pytest.mark.parametrize("option", ["by=label", "label=last", "label=stage"])
def test_labels_need_a_column(base, option):
    words = [option.split("=")[0], "label column", "events(entity, ts, stage, label)"]
    calls = ["funnel_summary"] if option == "by=label" else CALLS
    assert_error_of_each(base, words, relation="events(entity, ts, stage)", options=option, calls=calls)
    if option == "by=label":
        words = ["by=label", "label column", "closed_at, label)"]
        assert_error(base, "conversion_curve", words, "SELECT * FROM conversion_curve('subjects(entity, ts, converted_at)', 'by=label')")


############################### Aggregates ###############################

STAGES = "stage = 'a', stage = 'b', stage = 'c'"
WINDOW_ERRORS = [
    # window_and_modes as SQL, words
    ("'soon'", ["window", "'soon'", "'90 days'"]),
    ("'1 month'", ["window", "'1 month'", "no fixed length"]),
    ("-1", ["window", "-1", "not negative"]),
    ("'-1 day'", ["window", "'-1 day'", "not negative"]),
    ("-0.5", ["window", "-0.5", "not negative"]),
    ("x'31'", ["window", "BLOB", "'30 days'"]),
    ("NULL", ["window", "NULL in every row", "'30 days'"]),
    ("''", ["window", "every row", "'30 days'"]),
    ("iif(ts = 200, '1 day', '2 days')", ["window", "differs within a group", "day", "one for all rows"]),
    ("iif(ts = 200, 1, '1')", ["window", "differs within a group"]),
    ("iif(ts = 200, '1 day, strict_order', '1 day')", ["window", "differs within a group"]),
    ("'1 day, strict'", ["'strict'", "strict_deduplication"]),
    ("'1 day, strict_ordr'", ["'strict_ordr'", "strict_order?"]),
    ("'1 day, loose'", ["'loose'", "strict_deduplication, strict_order, strict_increase, strict_once or allow_reentry"]),
    ("'1 day,'", ["mode ''", "strict_order"]),
    ("'1 day, allow_reentry'", ["allow_reentry", "needs strict_order", "'strict_order, allow_reentry'"]),
    ("'1 day, strict_once, STRICT_ONCE'", ["strict_once", "twice", "once"]),
]


@pytest.mark.parametrize("window, words", WINDOW_ERRORS)
@pytest.mark.parametrize("function", ["window_funnel", "window_funnel_events"])
def test_a_window_that_is_wrong(base, function, window, words):
    assert_error(base, function, words, f"SELECT {function}({window}, ts, {STAGES}) FROM events")


@pytest.mark.parametrize("window, words", [row for row in WINDOW_ERRORS if "," not in row[0] or row[0].startswith("iif(ts = 200, 1")])
def test_a_window_of_funnel_stage_that_is_wrong(base, window, words):
    assert_error(base, "funnel_stage", words, f"SELECT funnel_stage(stage, ts, 'a > b > c', {window}) FROM events")


MODES_ERRORS = [
    ("'strict'", ["'strict'", "strict_deduplication"]),
    ("'strict_ordr'", ["'strict_ordr'", "strict_order?"]),
    ("'allow_reentry'", ["allow_reentry", "needs strict_order"]),
    ("'strict_once,strict_once'", ["strict_once", "twice"]),
    ("5", ["modes", "got 5", "'strict_order'"]),
    ("x'00'", ["modes", "BLOB", "'strict_order'"]),
    ("iif(ts = 200, 'strict_order', 'strict_once')", ["modes", "differs within a group"]),
    ("iif(ts = 200, 'strict_order', NULL)", ["modes", "differs within a group"]),
]


@pytest.mark.parametrize("modes, words", MODES_ERRORS)
def test_modes_of_funnel_stage_that_are_wrong(base, modes, words):
    assert_error(base, "funnel_stage", words, f"SELECT funnel_stage(stage, ts, 'a > b > c', '1 day', {modes}) FROM events")


def test_a_list_of_stages_that_differs_within_a_group(base):
    words = ["stages", "differs within a group", "one for all rows"]
    assert_error(base, "funnel_stage", words, "SELECT funnel_stage(stage, ts, iif(ts = 200, 'a > b', 'a > c')) FROM events")


CONDITIONS = [("'won'", "'won'"), ("x'31'", "BLOB"), ("'1x'", "'1x'"), ("'true'", "'true'")]
TAKERS = {  # a condition's place, and its number
    "window_funnel": ("window_funnel('1 day', ts, stage = 'a', {})", 2),
    "window_funnel_events": ("window_funnel_events('1 day', ts, {})", 1),
    "sequence_match": ("sequence_match('(?1)', ts, stage = 'a', stage = 'b', {})", 3),
    "sequence_count": ("sequence_count('(?1)', ts, {})", 1),
    "sequence_match_events": ("sequence_match_events('(?1)', ts, stage = 'a', {})", 2),
    "sequence_next_node": ("sequence_next_node('forward', 'head', ts, stage, stage = 'a', {})", 2),
    "retention": ("retention(stage = 'a', {})", 2),
}


@pytest.mark.parametrize("condition, got", CONDITIONS)
@pytest.mark.parametrize("function", TAKERS)
def test_a_condition_that_is_no_truth_value(base, function, condition, got):
    call, number = TAKERS[function]
    words = [f"condition {number} ", got, "write a comparison, such as stage = 'won'"]
    assert_error(base, function, words, f"SELECT {call.format(condition)} FROM events")


SEQUENCES = ["sequence_match", "sequence_count", "sequence_match_events"]
PATTERN_ERRORS = [
    ("'x'", ["pattern", "character 1", "'x'", "(?1)"]),
    ("'(?1)(?4)'", ["pattern", "character 7", "'4)'", "no such condition"]),
    ("'(?0)'", ["character 3", "'0)'", "from 1"]),
    ("'(?1'", ["character 4", "its end", ")"]),
    ("'(?1)(?t~5)(?2)'", ["character 8", "'~5)(?2)'", "<="]),
    ("'(?1)(?t<=5 dys)(?2)'", ["character 10", "'5 dys)(?2)'", "unit"]),
    ("'(?1)(?t<=-5)(?2)'", ["character 10", "not negative"]),
    ("'(?1)(?t>1)(?t<5)(?2)'", ["character 11", "two time gates in a row"]),
    ("'(?1) ключ'", ["character 6", "'ключ'"]),
    ("5", ["pattern", "got 5", "'(?1).*(?2)'"]),
    ("x'283f3129'", ["pattern", "BLOB", "'(?1).*(?2)'"]),
    ("NULL", ["pattern", "NULL in every row", "'(?1).*(?2)'"]),
    ("iif(ts = 200, '(?1)', '(?2)')", ["pattern", "differs within a group", "'(?1)'", "one for all rows"]),
]


@pytest.mark.parametrize("pattern, words", PATTERN_ERRORS)
@pytest.mark.parametrize("function", SEQUENCES)
def test_a_pattern_that_is_wrong(base, function, pattern, words):
    assert_error(base, function, words, f"SELECT {function}({pattern}, ts, {STAGES}) FROM events")


def test_a_pattern_of_too_many_elements(base):
    assert base.execute(f"SELECT sequence_match(?, ts, {STAGES}) FROM events", ("." * 1000,)).fetchone() == (0,)
    assert_error(base, "sequence_match", ["1000 elements", "fewer"], f"SELECT sequence_match(?, ts, {STAGES}) FROM events", "." * 1001)


NEXT_NODE_ERRORS = [
    ("'onward', 'head'", ["direction", "'onward'", "'forward' or 'backward'"]),
    ("NULL, 'head'", ["direction", "NULL", "'forward' or 'backward'"]),
    ("1, 'head'", ["direction", "got 1"]),
    ("'forward', 'first'", ["base", "'first'", "'first_match'"]),
    ("'forward', NULL", ["base", "NULL", "'last_match'"]),
    ("'forward', 'tail'", ["tail", "'backward', 'tail'"]),
    ("'backward', 'head'", ["head", "'forward', 'head'"]),
    ("iif(ts = 200, 'forward', 'backward'), 'first_match'", ["direction", "differs within a group"]),
    ("iif(ts = 200, x'666f7277617264', 'forward'), 'first_match'", ["direction", "differs within a group"]),
    ("'forward', iif(ts = 200, 'first_match', 'last_match')", ["base", "differs within a group"]),
]


@pytest.mark.parametrize("arguments, words", NEXT_NODE_ERRORS)
def test_a_direction_or_base_that_is_wrong(base, arguments, words):
    assert_error(base, "sequence_next_node", words, f"SELECT sequence_next_node({arguments}, ts, stage, 1, stage = 'a') FROM events")


@pytest.mark.parametrize("match", ["first_match", "last_match"])
def test_matches_need_a_condition(base, match):
    words = [match, "base_condition", "e1"]
    assert_error(base, "sequence_next_node", words, "SELECT sequence_next_node('forward', ?, ts, stage, 1) FROM events", match)


FEW = [
    ("window_funnel", ["", "'1 day'", "'1 day', ts"], "window_funnel('30 days', ts, stage = 'mql', stage = 'won')"),
    ("window_funnel_events", ["", "'1 day'", "'1 day', ts"], "window_funnel_events('30 days', ts, stage = 'mql', stage = 'won')"),
    ("sequence_match", ["", "'(?1)'", "'(?1)', ts"], "sequence_match('(?1)(?2)', ts, page = 'cart', page = 'paid')"),
    ("sequence_count", ["", "'(?1)'", "'(?1)', ts"], "sequence_count('(?1)(?2)', ts, page = 'cart', page = 'paid')"),
    ("sequence_match_events", ["", "'(?1)', ts"], "sequence_match_events('(?1)(?2)', ts, page = 'cart', page = 'paid')"),
    ("sequence_next_node", ["", "'forward', 'head', ts, stage"], "sequence_next_node('forward', 'head', ts, page, page = 'home', page = 'home')"),
    ("retention", [""], "retention(week = 1, week = 2)"),
]


@pytest.mark.parametrize("function, lists, mend", FEW)
def test_too_few_arguments(base, function, lists, mend):
    for arguments in lists:
        assert_error(base, function, ["condition", f"write {mend}"], f"SELECT {function}({arguments}) FROM events")


@pytest.mark.parametrize("call", ["funnel_stage(stage, ts)", "funnel_stage(stage, ts, 'a', 1, 'strict_order', 5)", "sessionize(ts) OVER (ORDER BY ts)",
                                  "sessionize(ts, 1, 1) OVER (ORDER BY ts)", "wilson_low(1)", "wilson_high(1, 2, 0.9, 1)"])
def test_wrong_number_of_arguments(base, call):
    text = message(base, f"SELECT {call} FROM events")
    assert call.split("(")[0] in text and "argument" in text


AT_TIMES = {
    "window_funnel": f"window_funnel('1 day', {{}}, {STAGES})",
    "window_funnel_events": f"window_funnel_events('1 day', {{}}, {STAGES})",
    "funnel_stage": "funnel_stage(stage, {}, 'a > b')",
    "sequence_match": f"sequence_match('(?1)', {{}}, {STAGES})",
    "sequence_count": f"sequence_count('(?1)', {{}}, {STAGES})",
    "sequence_match_events": f"sequence_match_events('(?1)', {{}}, {STAGES})",
    "sequence_next_node": "sequence_next_node('forward', 'head', {}, stage, 1)",
    "sessionize": "sessionize({}, 60) OVER ()",
}


@pytest.mark.parametrize("time", BAD_TIMES)
@pytest.mark.parametrize("function", AT_TIMES)
def test_times_out_of_range(base, function, time):
    words = ["ts is no time (got ", *([time] if isinstance(time, str) else []), "; "]
    assert_error(base, function, words, f"SELECT {AT_TIMES[function].format('?')} FROM events", time)


############################### Sessions and Wilson ###############################

GAPS = [("'soon'", "'soon'"), ("-1", "-1"), ("'1 month'", "no fixed length"), ("x'31'", "BLOB"), ("'1 dys'", "unit")]


@pytest.mark.parametrize("gap, word", GAPS)
def test_a_gap_that_is_wrong(base, gap, word):
    assert_error(base, "sessionize", ["gap is no duration", word], f"SELECT sessionize(ts, {gap}) OVER (ORDER BY ts) FROM events")


WRONG_FRAMES = [
    "OVER ()",
    "OVER (PARTITION BY entity)",
    "OVER (ORDER BY ts DESC)",
    "OVER (ORDER BY stage DESC)",
    "OVER (ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
    "OVER (ORDER BY ts RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
    "OVER (ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
    "OVER (ORDER BY ts ROWS 1 PRECEDING)",
    "OVER (ORDER BY ts RANGE BETWEEN 50 PRECEDING AND CURRENT ROW)",
    "OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)",
    "OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND CURRENT ROW)",
    "OVER (ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING)",
    "OVER (ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)",
    "OVER (ORDER BY ts ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING)",
    "OVER (ORDER BY ts GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW)",
    "OVER (ORDER BY ts RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW)",
    "OVER (ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP)",
]


@pytest.mark.parametrize("frame", WRONG_FRAMES)
def test_any_other_frame_is_an_error_that_shows_the_right_one(base, frame):
    assert_error(base, "sessionize", ["OVER (PARTITION BY ... ORDER BY ts)"], f"SELECT sessionize(ts, 60) {frame} FROM events")


def test_sessionize_is_a_window_function(base):
    assert_error(base, "sessionize", ["window function", "OVER (PARTITION BY ... ORDER BY ts)"], "SELECT sessionize(ts, 60) FROM events WHERE ts = 100")
    for sql in ("SELECT sessionize(ts, 60) FROM events", "SELECT entity, sessionize(ts, 60) FROM events GROUP BY entity"):
        assert_error(base, "sessionize", ["OVER (PARTITION BY ... ORDER BY ts)"], sql)


@pytest.mark.parametrize("rows", [2, 3, 5, 40])
def test_a_frame_of_fixed_width_is_never_a_wrong_number(db, rows):
    """The error comes whatever the length of the partition, where the frame is not the default one in effect."""
    harness.create(db, "t", ["ts"], [(n * 100,) for n in range(rows)])
    for before in ("UNBOUNDED", *range(1, rows)):
        for after in range(1, rows):
            frame = f"OVER (ORDER BY ts ROWS BETWEEN {before} PRECEDING AND {after} FOLLOWING)"
            assert_error(db, "sessionize", [], f"SELECT sessionize(ts, 60) {frame} FROM t")


STARTS = ["UNBOUNDED PRECEDING", "2 PRECEDING", "1 PRECEDING", "CURRENT ROW", "1 FOLLOWING"]
ENDS = ["2 PRECEDING", "1 PRECEDING", "CURRENT ROW", "1 FOLLOWING", "3 FOLLOWING", "UNBOUNDED FOLLOWING"]
EXCLUDED = ["", "EXCLUDE NO OTHERS", "EXCLUDE CURRENT ROW", "EXCLUDE GROUP", "EXCLUDE TIES"]
PARTITIONS = [(1,), (1, 1), (1, 2), (1, 5), (1, 1, 1), (1, 1, 5), (1, 5, 5), (1, 2, 3), (1, 4, 8, 8, 9), (None, None), (None, 1), (None, 1, 1, 7)]


@pytest.mark.parametrize("unit, start, end", itertools.product(["ROWS", "RANGE", "GROUPS"], STARTS, ENDS))
def test_no_frame_gives_a_wrong_number(db, unit, start, end):
    """Where another frame comes to the same as the default one, it may give the same; else it is an error, or NULL at worst."""
    harness.create(db, "t", ["p", "ts"], [(p, ts) for p, times in enumerate(PARTITIONS) for ts in times])
    sql = "SELECT sessionize(ts, 2) OVER (ORDER BY ts {}) FROM t WHERE p = ? ORDER BY ts"
    for p, _ in enumerate(PARTITIONS):
        right = db.execute(sql.format(""), (p,)).fetchall()
        for excluded in EXCLUDED:
            try:
                rows = db.execute(sql.format(f"{unit} BETWEEN {start} AND {end} {excluded}"), (p,)).fetchall()
            except sqlite3.OperationalError as error:
                assert "OVER (PARTITION BY ... ORDER BY ts)" in str(error) or "unsupported frame specification" in str(error)
            else:
                assert rows == right or all(row == (None,) for row in rows), (PARTITIONS[p], excluded)


def test_the_right_frame_after_a_wrong_one(base):
    message(base, "SELECT sessionize(ts, 60) OVER () FROM events")
    sql = "SELECT sessionize(ts, 60) OVER (PARTITION BY entity ORDER BY ts) FROM events ORDER BY ts"
    assert base.execute(sql).fetchall() == [(1,), (2,), (1,), (1,)]


WILSON_ERRORS = [
    ("5, 4", ["k is not between 0 and n", "got 5", "successes, then trials"]),
    ("-1, 4", ["k", "got -1"]),
    ("1, -4", ["k is not between 0 and n", "got 1"]),
    ("'x', 4", ["k is no number", "'x'"]),
    ("1, 'x'", ["n is no number", "'x'"]),
    ("x'31', 4", ["k is no number", "BLOB"]),
    ("1, 4, 'high'", ["confidence is no number", "'high'"]),
    ("1, 4, 0", ["confidence is not between 0 and 1", "got 0", "0.95"]),
    ("1, 4, 1", ["confidence is not between 0 and 1", "got 1"]),
    ("1, 4, 95", ["confidence is not between 0 and 1", "got 95", "0.95"]),
    ("1, 4, -0.5", ["confidence", "got -0.5"]),
]


@pytest.mark.parametrize("arguments, words", WILSON_ERRORS)
@pytest.mark.parametrize("function", ["wilson_low", "wilson_high"])
def test_wilson_errors(db, function, arguments, words):
    assert_error(db, function, words, f"SELECT {function}({arguments})")


############################### After an error ###############################


@pytest.mark.parametrize("function", CALLS + ["conversion_curve"])
def test_tables_are_eponymous_and_cannot_be_written(base, function):
    with pytest.raises(sqlite3.OperationalError, match=function):
        base.execute(f"CREATE VIRTUAL TABLE kept USING {function}")
    with pytest.raises(sqlite3.OperationalError):
        base.execute(f"INSERT INTO {function} DEFAULT VALUES")


def test_an_error_leaves_the_connection_usable(base):
    expected = base.execute("SELECT * FROM funnel('events', 'a > b > c')").fetchall()
    assert expected
    message(base, "SELECT * FROM funnel('events', 'a > b?')")
    message(base, "SELECT * FROM funnel_summary('events', 'a > b', 'order=none')")
    message(base, "SELECT entity, window_funnel(iif(entity = 2, -1, 1), ts, 1) FROM events GROUP BY entity")
    assert base.execute("SELECT * FROM funnel('events', 'a > b > c')").fetchall() == expected


def test_long_values_are_not_printed_whole(base):
    for sql in ("SELECT window_funnel(?, ts, 1) FROM events", "SELECT sequence_match(?, ts, 1) FROM events",
                "SELECT funnel_stage(stage, ts, '\"' || ?) FROM events", "SELECT * FROM funnel('events', '\"' || ?)",
                "SELECT retention(?) FROM events", "SELECT wilson_low(?, 5)", "SELECT sessionize(ts, ?) OVER (ORDER BY ts) FROM events"):
        assert len(message(base, sql, "x" * 1_000_000)) < 1_000
