"""Errors of pipeline_forecast() and its summary: `name(): what is wrong (got what); what to write instead`."""

import pytest

import harness
from test_errors import BAD_TIMES, assert_error, message

OPEN = [(1, 100, "a", 5, "x"), (2, 200, "proposal", 7, "y")]
EVENTS = [(1, 0, "a", "x"), (2, 10, "a", "x"), (2, 20, "proposal", "y"), (3, 0, "a", "x"), (3, 50, "lost", "x")]
CALLS = ["pipeline_forecast", "pipeline_forecast_summary"]
DEALS, HISTORY = "open_deals(entity, ts, stage, value)", "events(entity, ts, stage)"
STAGES, OPTIONS = "a > proposal > won", "exits=lost"


@pytest.fixture
def base(db):
    harness.create(db, "open_deals", ["entity", "ts", "stage", "value", "label"], OPEN)
    harness.create(db, "events", ["entity", "ts", "stage", "label"], EVENTS)
    return db


def assert_error_of_each(connection, words, deals=DEALS, history=HISTORY, stages=STAGES, options=OPTIONS, calls=CALLS):
    for function in calls:
        assert_error(connection, function, words, f"SELECT * FROM {function}(?, ?, ?, ?)", deals, history, stages, options)


def test_the_base_is_no_error(base):
    for function in CALLS:
        assert base.execute(f"SELECT * FROM {function}(?, ?, ?, ?)", (DEALS, HISTORY, STAGES, OPTIONS)).fetchall()


############################### Deals and stages ###############################

DEAL_ERRORS = [
    # the stage of open deal 2, words
    ("propsal", ["open deal 2", "in no stage of the list", "'propsal'", "did you mean proposal?"]),
    ("PROPOSAL", ["open deal 2", "'PROPOSAL'", "did you mean proposal?"]),
    ("lost", ["open deal 2", "'lost'", "leave the deal out of open_deals"]),
    (None, ["open deal 2", "'(none)'", "leave the deal out of open_deals"]),
    ("won", ["open deal 2", "last stage", "'won'", "leave won deals out of open_deals"]),
]


@pytest.mark.parametrize("stage, words", DEAL_ERRORS)
def test_an_open_deal_in_no_stage_or_the_last(base, stage, words):
    base.execute("UPDATE open_deals SET stage = ? WHERE entity = 2", (stage,))
    assert_error_of_each(base, words)


def test_an_open_deal_that_does_not_exist_yet_may_be_anywhere(base):
    base.execute("UPDATE open_deals SET stage = 'won' WHERE entity = 2")
    assert base.execute("SELECT entity FROM pipeline_forecast(?, ?, ?, 'exits=lost; as_of=150')", (DEALS, HISTORY, STAGES)).fetchall() == [(1,)]


def test_a_stage_without_history(base):
    words = ["no deal of the history was ever in stage 'legal'", "longer history"]
    base.execute("UPDATE open_deals SET stage = 'legal' WHERE entity = 2")
    assert_error_of_each(base, words, stages="a > legal > proposal > won")
    base.execute("DELETE FROM events")
    assert_error_of_each(base, ["no deal of the history was ever in stage 'a'"])


def test_a_stage_that_was_only_skipped_has_no_history(base):
    """Deal 2 went from a to proposal: it was never in legal, though funnel() fills that in."""
    base.execute("INSERT INTO open_deals VALUES (9, 100, 'legal', 1, 'x')")
    assert_error_of_each(base, ["ever in stage 'legal'"], stages="a > legal > proposal > won")


STAGE_ERRORS = [
    ("won", ["stages has one stage", "the won one last", "'discovery > proposal > won'"]),
    ("", ["stages", "empty"]),
    ("a > proposal > a", ["stage 'a'", "twice"]),
    ("a > proposal > won?", ["stage 'won'", "last", "optional"]),
]


@pytest.mark.parametrize("stages, words", STAGE_ERRORS)
def test_a_list_of_stages_that_is_wrong(base, stages, words):
    assert_error_of_each(base, words, stages=stages)


def test_a_lost_deal_needs_a_word_for_it(base):
    words = ["history has 'lost'", "no stage", "no option says how a deal is lost", "exits=lost"]
    for options in ("", "order=strict", "recycle=30 days", "confidence=0.8"):
        assert_error_of_each(base, words, options=options)
    base.execute("DELETE FROM events WHERE stage = 'lost'")
    for function in CALLS:
        assert base.execute(f"SELECT * FROM {function}(?, ?, ?)", (DEALS, HISTORY, STAGES)).fetchall()


@pytest.mark.parametrize("options", ["exits=closed_lost", "exits=los", "exclude=refund; exits=no", "exclude_drop=refund"])
def test_a_word_for_it_that_history_does_not_know(base, options):
    words = ["history has 'lost'", "no stage", "none of the labels", "write them as history does", "exits=lost"]
    assert_error_of_each(base, words, options=options)


@pytest.mark.parametrize("option", ["exclude=lost", "exclude_drop=lost", "exits=LOST"])
def test_other_words_for_it(base, option):
    for function in CALLS:
        assert base.execute(f"SELECT * FROM {function}(?, ?, ?, ?)", (DEALS, HISTORY, STAGES, option)).fetchall()


############################### Relations ###############################


@pytest.mark.parametrize("one, other, deals, history", [("open_deals", "history", DEALS[:-1] + ", label)", HISTORY),
                                                        ("history", "open_deals", DEALS, HISTORY[:-1] + ", label)")])  # fmt: skip
def test_a_label_on_one_side_only(base, one, other, deals, history):
    words = [f"argument {one} names a label column, {other} does not", "a fifth column in open_deals", "a fourth in history"]
    assert_error_of_each(base, words, deals=deals, history=history)


DEALS_ERRORS = [
    ("opendeals", ["'opendeals'", "did you mean open_deals?", "argument open_deals"]),
    ("nosuch.open_deals", ["nosuch"]),
    ("open_deals(entty, ts, stage, value)", ["'entty'", "did you mean entity?", "argument open_deals"]),
    ("open_deals(entity, ts, stage, valeu)", ["'valeu'", "did you mean value?"]),
    ("open_deals(entity, ts, stage)", ["open_deals names 3 columns", "at least 4", "'open_deals(entity, ts, stage, value)'"]),
    ("open_deals(entity, ts, stage, value, label, ts)", ["more than 5 columns"]),
    ("open_deals(entity, ts, stage, value", ["character", "'open_deals(entity, ts, stage, value)'"]),
    ("events", ["events has no column value", "'open_deals(entity, ts, stage, value)'"]),
    ("", ["open_deals"]),
]
HISTORY_ERRORS = [
    ("evens(entity, ts, stage)", ["'evens'", "did you mean events?", "argument history"]),
    ("events(entity, ts, stag)", ["'stag'", "did you mean stage?", "argument history"]),
    ("events(entity, ts)", ["history names 2 columns", "at least 3", "'history(entity, ts, stage)'"]),
    ("events(entity, ts, stage, label, ts)", ["more than 4 columns"]),
    ("", ["history"]),
]


@pytest.mark.parametrize("relation, words", DEALS_ERRORS)
def test_an_open_deals_relation_that_is_wrong(base, relation, words):
    assert_error_of_each(base, words, deals=relation)


@pytest.mark.parametrize("relation, words", HISTORY_ERRORS)
def test_a_history_relation_that_is_wrong(base, relation, words):
    assert_error_of_each(base, words, history=relation)


@pytest.mark.parametrize("time", BAD_TIMES)
def test_a_time_that_is_no_time(base, time):
    words = [time] if isinstance(time, str) else []
    base.execute("UPDATE events SET ts = ?, rowid = 4711 WHERE rowid = 2", (time,))
    assert_error_of_each(base, ["ts of events, row 4711, ", *words])
    base.execute("DELETE FROM events WHERE rowid = 4711")
    base.execute("UPDATE open_deals SET ts = ?, rowid = 4711 WHERE rowid = 2", (time,))
    assert_error_of_each(base, ["ts of open_deals, row 4711, ", *words])


@pytest.mark.parametrize("value", ["much", "1,000", b"5", 1e291, float("inf"), float("-inf")])
def test_a_value_that_is_no_number(base, value):
    base.execute("UPDATE open_deals SET value = ?, rowid = 4711 WHERE rowid = 2", (value,))
    assert_error_of_each(base, ["value of open_deals, row 4711, is no number"])


@pytest.mark.parametrize("table, column", [("events", "stage"), ("events", "label"), ("open_deals", "stage"), ("open_deals", "label")])
def test_a_label_that_is_a_blob(base, table, column):
    base.execute(f"UPDATE {table} SET {column} = x'00', rowid = 4711 WHERE rowid = 2")
    words = [f"{column} of {table}", "4711", "BLOB", "TEXT"]
    assert_error_of_each(base, words, deals=DEALS[:-1] + ", label)", history=HISTORY[:-1] + ", label)")


############################### Arguments and options ###############################


def test_arguments_are_needed_and_are_text(base):
    names = ["open_deals", "history", "stages", "options"]
    for function in CALLS:
        assert_error(base, function, ["open_deals", "missing", f"{function}("], f"SELECT * FROM {function}")
        for i, name in enumerate(names):
            given = [DEALS, HISTORY, STAGES, OPTIONS]
            if name != "options":
                given[i] = None
                assert_error(base, function, [name, "missing", f"{function}("], f"SELECT * FROM {function}(?, ?, ?, ?)", *given)
            for wrong in (5, 1.5, b"x"):
                given[i] = wrong
                assert_error(base, function, [name, "is not text"], f"SELECT * FROM {function}(?, ?, ?, ?)", *given)
        text = message(base, f"SELECT * FROM {function}('a', 'b', 'c', 'd', 'e')")
        assert "too many arguments" in text and function in text and "max 4" in text


OPTION_ERRORS = [
    ("exit=lost", ["'exit'", "did you mean exits?"]),
    ("exits=lost; confidnce=0.8", ["'confidnce'", "did you mean confidence?"]),
    ("exits=lost; exits=won", ["exits", "twice"]),
    ("exits", ["exits", "no value"]),
    ("exits=proposal", ["stage 'proposal'", "exits", "one of them"]),
    ("exits=lost; exclude=lost", ["'lost'", "exits and in exclude"]),
    ("exits=lost; order=any", ["order=any", "no next stage", "order=ordered"]),
    ("exits=lost; order=random", ["order", "'random'", "ordered, strict or any"]),
    ("exits=lost; recycle=1 month", ["recycle", "no fixed length"]),
    ("exits=lost; window=soon", ["window", "'soon'"]),
    ("exits=lost; boomerang=yes", ["boomerang", "'yes'"]),
    ("exits=lost; passes=last", ["passes", "'last'"]),
    ("exits=lost; confidence=0", ["confidence", "'0'", "between 0 and 1"]),
    ("exits=lost; confidence=1", ["confidence", "'1'", "between 0 and 1"]),
    ("exits=lost; confidence=95", ["confidence", "'95'", "0.95"]),
    ("exits=lost; confidence=nan", ["confidence", "'nan'"]),
    ("exits=lost; as_of=soon", ["as_of", "'soon'"]),
    ("exits=lost; as_of=20240101", ["as_of", "dashes"]),
    ("exits=lost; time_unit=h", ["time_unit", "'h'"]),
    ("exits=lost; threads=0", ["threads", "'0'", "threads=1 to threads=16"]),
    ("exits=lost; by=label", ["by", "no effect here", "funnel_summary()"]),
    ("exits=lost; label=last", ["label", "no effect here", "funnel()"]),
    ("exits=lost; hold=label", ["hold", "no effect here", "funnel()"]),
    ("exits=lost; event_id=entity", ["event_id", "no effect here", "funnel()"]),
    ("exits=lost; step=7 days", ["step", "no effect here", "conversion_curve()"]),
    ("exits=lost; lookback=3 days", ["lookback", "no effect here", "attribution()"]),
    ("exits=lost; round=1", ["round", "no effect here", "attribution()"]),
]


@pytest.mark.parametrize("options, words", OPTION_ERRORS)
def test_an_option_that_is_wrong(base, options, words):
    assert_error_of_each(base, words, options=options)


def test_periods_are_the_summarys(base):
    words = ["period", "no effect here", "pipeline_forecast_summary()"]
    assert_error_of_each(base, words, options="exits=lost; period=month", calls=["pipeline_forecast"])
    words = ["period", "'fortnight'", "day, week, month, quarter, half-year or year"]
    assert_error_of_each(base, words, options="exits=lost; period=fortnight", calls=["pipeline_forecast_summary"])


def test_too_many_periods(db):
    """20,000 days ahead, for deals of 3,000 ages."""
    harness.create(db, "open_deals", ["entity", "ts", "stage", "value"], [(n, (20_000 - n * 6) * 86_400, "a", 1) for n in range(3_000)])
    harness.create(db, "events", ["entity", "ts", "stage"], [(n, 0, "a") for n in range(12)])
    words = ["option period makes 20", "periods", "too many for so many open deals", "write a longer one"]
    assert_error_of_each(db, words, stages="a > won", options="period=day", calls=["pipeline_forecast_summary"])
    sql = "SELECT count(*) FROM pipeline_forecast_summary(?, ?, ?, 'period=month')"
    assert db.execute(sql, (DEALS, HISTORY, "a > won")).fetchone() == (1,)
