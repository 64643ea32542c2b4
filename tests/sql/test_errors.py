"""Errors: lower case, `name(): what is wrong; what to write instead`, never a partial answer.

Each case names the words that a message must hold: the argument, what was found, the nearest known name.
"""

import re
import sqlite3

import pytest

import harness

TOUCHES = [(1, 100, "a", 1), (1, 200, "b", 1), (2, 300, "c", 1)]
DEALS = [(1, 1000, 10, 150), (2, 1000, 20, None)]
FRAME = "OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"


@pytest.fixture
def base(journeys_db):
    return journeys_db(TOUCHES, DEALS)


def message(connection, sql, *parameters):
    """The message of the error that a statement must raise, however far it runs."""
    with pytest.raises(sqlite3.DatabaseError) as caught:
        connection.execute(sql, parameters).fetchall()
    return str(caught.value)


def assert_error(connection, function, words, sql, *parameters):
    text = message(connection, sql, *parameters)
    assert text.startswith(f"{function}(): ")
    rest = text[len(function) + 4 :]
    assert rest[0] == rest[0].lower(), "the sentence starts in lower case"
    missing = [word for word in words if word not in text]
    assert not missing, f"{missing} not in: {text}"


RELATION_ERRORS = [
    # relation, words
    ("toches", ["toches", "touches"]),
    ("conversion", ["conversion", "conversions"]),
    ("nosuch.touches", ["nosuch"]),
    ("main.toches", ["toches", "touches"]),
    ("touches(entty, ts, channel)", ["entty", "entity"]),
    ("touches(entity, ts, chanel)", ["chanel", "channel"]),
    ("touches(entity, ts, channel, pionts)", ["pionts", "points"]),
    ("touches(entity, ts, channel", ["touches(entity, ts, channel"]),
    ("touches(entity, ts, channel,)", [","]),
    ("touches(entity,, ts, channel)", [","]),
    ("touches(entity, ts, channel) x", ["x"]),
    ("touches()", ["touches()"]),
    ("touches(entity, ts)", ["channel"]),
    ("touches(entity, ts, upper(channel))", ["upper"]),
    ("(SELECT 1, 2, 3)", []),
    ("touches; DROP TABLE touches", []),
    ('"touches(entity, ts, channel)', []),
    ("", []),
]


@pytest.mark.parametrize("relation, words", RELATION_ERRORS)
def test_a_touches_relation_that_is_wrong(base, relation, words):
    assert_error(base, "attribution", words, "SELECT * FROM attribution(?, 'conversions')", relation)
    assert_error(base, "attribution_summary", words, "SELECT * FROM attribution_summary(?, 'conversions')", relation)
    assert_error(base, "journeys", words, "SELECT * FROM journeys(?, 'conversions')", relation)
    assert base.execute("SELECT count(*) FROM touches").fetchone() == (3,)


CONVERSION_ERRORS = [
    ("conversons", ["conversons", "conversions"]),
    ("conversions(entity, ts, valu)", ["valu", "value"]),
    ("conversions(entity, ts, value, milestone)", ["milestone", "milestone1"]),
    ("conversions(entity)", ["ts"]),
]


@pytest.mark.parametrize("relation, words", CONVERSION_ERRORS)
def test_a_conversions_relation_that_is_wrong(base, relation, words):
    assert_error(base, "attribution", words, "SELECT * FROM attribution('touches', ?)", relation)


def test_standard_names_that_are_not_there(base):
    base.execute("CREATE TABLE log(account, ts, channel)")
    assert_error(base, "attribution", ["log", "entity"], "SELECT * FROM attribution('log', 'conversions')")


def test_relations_are_needed_and_text(base):
    assert_error(base, "attribution", ["touches"], "SELECT * FROM attribution")
    assert_error(base, "attribution", ["conversions"], "SELECT * FROM attribution('touches')")
    assert_error(base, "journeys", ["conversions"], "SELECT * FROM journeys('touches')")
    assert_error(base, "attribution", ["touches"], "SELECT * FROM attribution(NULL, 'conversions')")
    assert_error(base, "attribution", ["touches"], "SELECT * FROM attribution(1, 'conversions')")
    assert_error(base, "attribution", ["touches"], "SELECT * FROM attribution(x'41', 'conversions')")


@pytest.mark.parametrize(
    "call",
    [
        "SELECT * FROM attribution('touches', 'conversions', 'linear', '', 5)",
        "SELECT * FROM journeys('touches', 'conversions', '', 5)",
        "SELECT first_touch(channel) FROM touches",
        "SELECT last_touch(channel, ts, 1) FROM touches",
        "SELECT weighted_credit(channel, ts) FROM touches",
        "SELECT weighted_credit(channel, ts, 'linear', 1, 1, 1) FROM touches",
        f"SELECT touch_credit(ts) {FRAME} FROM touches",
        "SELECT attribution_version(1)",
    ],
)
def test_wrong_number_of_arguments(base, call):
    """Some of these are SQLite's own messages; all of them name the function and its arguments."""
    text = message(base, call)
    name = re.search(r"(\w+)\(", call).group(1)
    assert name in text and "argument" in text


MODEL_ERRORS = [
    ("liner", ["liner", "linear"]),
    ("first_tuch", ["first_tuch", "first_touch"]),
    ("position_base", ["position_base", "position_based"]),
    ("linear,, first_touch", [","]),
    ("linear,", [","]),
    (",linear", [","]),
    ("linear, LINEAR", ["linear"]),
    ("linear; first_touch", [";"]),
    ("position_based(frist=.4)", ["frist", "first"]),
    ("position_based(first=.8, last=.4)", ["position_based"]),
    ("position_based(first=-.1, last=.4)", ["first"]),
    ("position_based(first=x)", ["first", "x"]),
    ("position_based(.1, .2, .3)", ["position_based"]),
    ("custom", ["custom"]),
    ("custom(1, 2)", ["custom"]),
    ("custom(1, -2, 1)", ["custom"]),
    ("custom(0, 0, 0)", ["custom"]),
    ("time_decay(half_life=2 months)", ["month"]),
    ("time_decay(half_life=-1 day)", ["half_life"]),
    ("time_decay(halflife=1 day)", ["halflife", "half_life"]),
    ("linear(2)", ["linear"]),
    ("milestone", ["milestone"]),
    ("milestone(0)", ["milestone"]),
    ("milestone(2)", ["milestone"]),
    ("w_shaped", ["w_shaped", "milestone"]),
    ("full_path", ["full_path", "milestone"]),
    ("linear(", ["linear"]),
    ("position_based(first=.4", ["position_based"]),
]


@pytest.mark.parametrize("models, words", MODEL_ERRORS)
def test_a_model_list_that_is_wrong(base, models, words):
    """The conversions have one milestone, so w_shaped and milestone(2) lack theirs."""
    relations = "'touches', 'conversions(entity, ts, value, milestone1)'"
    assert_error(base, "attribution", words, f"SELECT * FROM attribution({relations}, ?)", models)
    assert_error(base, "attribution_summary", words, f"SELECT * FROM attribution_summary({relations}, ?)", models)


def test_models_that_the_relations_cannot_feed(base):
    plain = "'touches(entity, ts, channel)', 'conversions(entity, ts)'"
    for model in ("points", "u_shaped", "milestone(1)"):
        word = "points" if model == "points" else "milestone"
        assert_error(base, "attribution", [word], f"SELECT * FROM attribution({plain}, ?)", model)


def test_at_most_64_models(base):
    names = [f"custom(1, {n}, 1)" for n in range(65)]
    rows = base.execute("SELECT DISTINCT model FROM attribution('touches', 'conversions', ?)", (", ".join(names[:64]),))
    assert len(rows.fetchall()) == 64
    sql = "SELECT * FROM attribution('touches', 'conversions', ?)"
    assert_error(base, "attribution", ["64"], sql, ", ".join(names))
    assert_error(base, "attribution", ["64"], sql, ", ".join(f"custom(1, {n}, 1)" for n in range(10_000)))


OPTION_ERRORS = [
    ("lokback=3 days", ["lokback", "lookback"]),
    ("lookback", ["lookback"]),
    ("lookback=", ["lookback"]),
    ("=3", []),
    ("lookback=3 days; lookback=4 days", ["lookback"]),
    ("lookback=3 months", ["lookback", "month"]),
    ("lookback=1 quarter", ["lookback", "quarter"]),
    ("lookback=1 year", ["lookback", "year"]),
    ("lookback=-3 days", ["lookback", "-3"]),
    ("lookback=3 dys", ["lookback", "dys"]),
    ("lookback=soon", ["lookback", "soon"]),
    ("gap=-1", ["gap"]),
    ("reset=conversions", ["reset", "conversions", "conversion"]),
    ("path=exposur", ["path", "exposur", "exposure"]),
    ("max_touches=0", ["max_touches"]),
    ("max_touches=two", ["max_touches", "two"]),
    ("round=0", ["round"]),
    ("round=-0.01", ["round"]),
    ("round=cents", ["round", "cents"]),
    ("as_of=yesterday", ["as_of", "yesterday"]),
    ("as_of=20240101", ["as_of", "20240101", "dashes"]),
    ("time_unit=minutes", ["time_unit", "minutes"]),
    ("touch_id=idd", ["touch_id", "idd"]),
    ("conversion_id=dael", ["conversion_id", "dael"]),
]


@pytest.mark.parametrize("options, words", OPTION_ERRORS)
def test_an_option_that_is_wrong(base, options, words):
    sql = "SELECT * FROM attribution('touches', 'conversions', 'linear', ?)"
    assert_error(base, "attribution", words, sql, options)


def test_a_period_that_is_wrong(base):
    sql = "SELECT * FROM attribution_summary('touches', 'conversions', 'linear', ?)"
    assert_error(base, "attribution_summary", ["period", "fortnight"], sql, "period=fortnight")
    assert_error(base, "attribution_summary", ["period", "moth", "month"], sql, "period=moth")


def test_options_of_journeys_are_checked_too(base):
    sql = "SELECT * FROM journeys('touches', 'conversions', 'lokback=1')"
    assert_error(base, "journeys", ["lokback", "lookback"], sql)


TIME_COLUMNS = {
    "touch": ("touches", "ts"),
    "conversion": ("conversions", "ts"),
    "milestone": ("conversions", "milestone1"),
}
BAD_TIMES = ["2024-02-30", "2024-13-01", "2024-1-1", "10:30", "yesterday", "2024-01-01 25:00", "2024-01-01 10:61"]
BAD_TIMES += ["2024-01-01 10", "2024-01-01 10:00 +2", "10000-01-01", "-001-01-01", b"2024-01-01", float("inf"), 10**12]
BAD_TIMES += ["2024-01-01x", "nan", "20240101", "20241301", "2023-02-29", "2024-01-01 10:00:60", "2024-00-01"]
BAD_TIMES += ["0000-01-01T00:00+01:00", "9999-12-31T23:59-01:00", -62167219201, 253402300800]


@pytest.mark.parametrize("time", BAD_TIMES)
@pytest.mark.parametrize("column", sorted(TIME_COLUMNS))
def test_a_time_that_is_no_time(base, time, column):
    """The message names the relation, the row and the value."""
    table, name = TIME_COLUMNS[column]
    base.execute(f"UPDATE {table} SET {name} = ?, rowid = 4711 WHERE rowid = 2", (time,))
    words = [table, "4711"] + ([time] if isinstance(time, str) else [])
    assert_error(base, "attribution", words, "SELECT * FROM attribution('touches', 'conversions')")
    if column != "milestone":  # journeys() has no use for milestones
        assert_error(base, "journeys", words, "SELECT * FROM journeys('touches', 'conversions')")


def test_eight_digits_suggest_dashes(base):
    base.execute("UPDATE touches SET ts = '20240131'")
    assert_error(base, "attribution", ["20240131", "dashes"], "SELECT * FROM attribution('touches', 'conversions')")


def test_an_error_names_the_id_column_when_there_is_one(base):
    base.execute("ALTER TABLE touches ADD COLUMN crm")
    base.execute("UPDATE touches SET crm = 'T-' || rowid")
    base.execute("UPDATE touches SET ts = 'soon' WHERE rowid = 2")
    sql = "SELECT * FROM attribution('touches', 'conversions', 'linear', 'touch_id=crm')"
    assert_error(base, "attribution", ["touches", "T-2", "soon"], sql)


NO_NUMBERS = ["abc", "1,5", "12 EUR", "0x10", "nan", "inf", float("inf"), b"\x01", 2**53 + 1, -(2**53) - 1]


@pytest.mark.parametrize("number", NO_NUMBERS)
@pytest.mark.parametrize("table, column, models", [("conversions", "value", "linear"), ("touches", "points", "points")])
def test_a_number_that_is_none(base, number, table, column, models):
    base.execute(f"UPDATE {table} SET {column} = ?, rowid = 4711 WHERE rowid = 2", (number,))
    words = [table, "4711"] + ([number] if isinstance(number, str) else [])
    assert_error(base, "attribution", words, "SELECT * FROM attribution('touches', 'conversions', ?)", models)


def test_a_label_that_is_a_blob(base):
    base.execute("UPDATE touches SET channel = x'00ff', rowid = 4711 WHERE rowid = 2")
    assert_error(base, "attribution", ["touches", "4711"], "SELECT * FROM attribution('touches', 'conversions')")


def test_labels_and_keys_hold_65535_bytes(base):
    sql = "SELECT length(channel), length(entity) FROM attribution('touches', 'conversions') WHERE entity <> 'x'"
    longest, bytes_of_two = "k" * 65_535, "ä" * 32_767
    base.execute("DELETE FROM touches")
    base.execute("DELETE FROM conversions")
    base.execute("INSERT INTO conversions VALUES (?, 1000, 1, NULL), ('x', 1, 1, NULL)", (longest,))
    base.execute("INSERT INTO touches VALUES (?, 1, ?, 1)", (longest, bytes_of_two))
    assert base.execute(sql).fetchall() == [(32_767, 65_535)]
    base.execute("UPDATE touches SET channel = channel || 'ä'")
    assert_error(base, "attribution", ["touches", "65"], sql)
    base.execute("UPDATE touches SET channel = 'a', entity = entity || 'k'")
    assert_error(base, "attribution", ["touches", "65"], sql)


def test_a_very_long_label_is_not_printed_whole(base):
    base.execute("UPDATE touches SET channel = ?", ("x" * 10_000_000,))
    text = message(base, "SELECT * FROM attribution('touches', 'conversions')")
    assert len(text) < 2_000


def test_text_keys_against_number_keys(base):
    base.execute("UPDATE touches SET entity = CAST(entity AS TEXT)")
    for function in ("attribution", "attribution_summary", "journeys"):
        sql = f"SELECT * FROM {function}('touches', 'conversions')"
        assert_error(base, function, ["touches", "conversions", "cast"], sql)
    base.execute("INSERT INTO touches VALUES (1, 5, 'number', 0)")
    rows = base.execute("SELECT channel FROM attribution('touches', 'conversions') WHERE entity = 1").fetchall()
    assert rows == [("number",)]


def test_virtual_tables_are_eponymous_only(base):
    for function in ("attribution", "attribution_summary", "journeys"):
        with pytest.raises(sqlite3.OperationalError, match=function):
            base.execute(f"CREATE VIRTUAL TABLE kept USING {function}")


def test_they_cannot_be_written(base):
    with pytest.raises(sqlite3.OperationalError):
        base.execute("INSERT INTO attribution(model) VALUES ('x')")


def test_an_error_leaves_the_connection_usable(base):
    message(base, "SELECT * FROM attribution('touches', 'conversions', 'liner')")
    assert len(harness.attribution(base)) == 3
