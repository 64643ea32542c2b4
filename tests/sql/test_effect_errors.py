"""Errors of the data-driven family: `name(): what is wrong (got what); what to write instead`, never a partial answer."""

import pytest

import harness
from test_errors import DEALS, TOUCHES, assert_error, message

PATHS = [("a > b", 1, 10, 0), ("b", 2, 5, 1)]
COUNTS = [("(start)", "a", 2, None), ("a", "(conversion)", 1, 10), ("a", "(null)", 1, None)]
STANDARD = {"path_effects": "paths", "markov_effects": "counts", "shapley_effects": "coalitions"}
FROM_TOUCHES = ["channel_effects", "markov_transitions", "markov_orders"]
COLUMNS = {
    "paths": ["path", "conversions", "value", "nulls"],
    "counts": ["from_state", "to_state", "weight", "value"],
    "coalitions": ["channels", "conversions", "value", "nulls"],
}


@pytest.fixture
def base(journeys_db):
    db = journeys_db(TOUCHES + [(n, 100, "a", 1) for n in range(3, 9)], DEALS)
    for table, rows in (("paths", PATHS), ("counts", COUNTS), ("coalitions", PATHS)):
        harness.create(db, table, COLUMNS[table], rows)
    return db


def call(function, options=False):
    """A call with the standard names, and a place for options."""
    arguments = [f"'{STANDARD[function]}'"] if function in STANDARD else ["'touches'", "'conversions'"]
    return f"SELECT * FROM {function}({', '.join(arguments + ['?'] * options)})"


@pytest.mark.parametrize("function", [*STANDARD, *FROM_TOUCHES])
def test_the_calls_work_as_they_stand(base, function):
    """What the errors below are departures from."""
    assert base.execute(call(function)).fetchall()
    assert base.execute(call(function, True), ("",)).fetchall()


# ---------------------------------------------------------------- relations

RELATION_ERRORS = [
    ("path_effects", "pats", ["pats", "paths"]),
    ("path_effects", "nosuch.paths", ["nosuch"]),
    ("path_effects", "paths(path, conversion)", ["conversion", "conversions"]),
    ("path_effects", "paths(pat, conversions)", ["pat", "path"]),
    ("path_effects", "paths(path, conversions, valeu)", ["valeu", "value"]),
    ("path_effects", "paths(path, conversions, value, nuls)", ["nuls", "nulls"]),
    ("path_effects", "paths(path)", ["paths", "conversions"]),
    ("path_effects", "paths(path, conversions, value, nulls, path)", ["paths", "4"]),
    ("path_effects", "paths(path, conversions", ["paths(path, conversions"]),
    ("path_effects", "(SELECT 1)", []),
    ("path_effects", "", ["paths"]),
    ("path_effects", "touches", ["touches", "path"]),
    ("markov_effects", "counts(from_state, to_state)", ["counts", "weight"]),
    ("markov_effects", "counts(from_state, to_state, wieght)", ["wieght", "weight"]),
    ("markov_effects", "cuonts", ["cuonts", "counts"]),
    ("markov_effects", "paths", ["paths", "from_state"]),
    ("shapley_effects", "coalitions(channels)", ["coalitions", "conversions"]),
    ("shapley_effects", "coalitions(chanels, conversions)", ["chanels", "channels"]),
    ("shapley_effects", "coalition", ["coalition", "coalitions"]),
]


@pytest.mark.parametrize("function, relation, words", RELATION_ERRORS)
def test_a_relation_that_is_wrong(base, function, relation, words):
    assert_error(base, function, words, f"SELECT * FROM {function}(?)", relation)


@pytest.mark.parametrize("function", FROM_TOUCHES)
def test_touches_and_conversions_that_are_wrong(base, function):
    sql = f"SELECT * FROM {function}(?, ?)"
    assert_error(base, function, ["toches", "touches"], sql, "toches", "conversions")
    assert_error(base, function, ["chanel", "channel"], sql, "touches(entity, ts, chanel)", "conversions")
    assert_error(base, function, ["valu", "value"], sql, "touches", "conversions(entity, ts, valu)")
    assert_error(base, function, ["conversions"], f"SELECT * FROM {function}('touches')")
    base.execute("UPDATE touches SET ts = 'soon', rowid = 4711 WHERE rowid = 2")
    assert_error(base, function, ["touches", "4711", "soon"], sql, "touches", "conversions")


@pytest.mark.parametrize("function", [*STANDARD, *FROM_TOUCHES])
def test_arguments_are_needed_and_text(base, function):
    first = STANDARD.get(function, "touches")
    assert_error(base, function, [first], f"SELECT * FROM {function}")
    for argument in (None, 1, 2.5, b"paths"):
        assert_error(base, function, [first], f"SELECT * FROM {function}(?)", argument)
    assert_error(base, function, ["options"], call(function, True), 5)
    assert "too many arguments" in message(base, call(function, True).replace("?", "'', 1"))


# ---------------------------------------------------------------- rows

NO_COUNTS = [-1, -0.5, "-1", "abc", "1,5", "nan", "inf", float("inf"), b"\x01", 2**53 + 1, 1e16]
NO_VALUES = ["abc", "12 EUR", "nan", float("inf"), float("-inf"), b"\x01"]
COUNT_COLUMNS = [("path_effects", "conversions"), ("path_effects", "nulls"), ("markov_effects", "weight"),
                 ("shapley_effects", "conversions"), ("shapley_effects", "nulls")]


def put_row(connection, table, column, value):
    connection.execute(f"UPDATE {table} SET {column} = ?, rowid = 4711 WHERE rowid = 2", (value,))


@pytest.mark.parametrize("number", NO_COUNTS)
@pytest.mark.parametrize("function, column", COUNT_COLUMNS)
def test_a_count_that_is_none(base, function, column, number):
    """The message names the column, the relation, the row and the value."""
    table = STANDARD[function]
    put_row(base, table, column, number)
    words = [column, table, "4711"] + ([str(number)] if isinstance(number, (str, int)) else [])
    assert_error(base, function, words, call(function))


@pytest.mark.parametrize("number", [0, 1, 2**53, 0.5, "3", " 4 ", "1e3"])
def test_a_count_that_is_one(base, number):
    """The border is inside: 2^53 counts."""
    put_row(base, "paths", "nulls", number)
    (paths,) = base.execute("SELECT paths FROM path_effects('paths') WHERE channel = 'b'").fetchone()
    assert paths == 3 + float(number)


@pytest.mark.parametrize("number", NO_VALUES)
@pytest.mark.parametrize("function", sorted(STANDARD))
def test_a_value_that_is_none(base, function, number):
    table = STANDARD[function]
    put_row(base, table, "value", number)
    words = ["value", table, "4711"] + ([number] if isinstance(number, str) else [])
    assert_error(base, function, words, call(function))


@pytest.mark.parametrize("function, column", [("path_effects", "path"), ("markov_effects", "from_state"),
                                              ("markov_effects", "to_state"), ("shapley_effects", "channels")])
def test_a_text_that_is_a_blob(base, function, column):
    put_row(base, STANDARD[function], column, b"a")
    assert_error(base, function, [column, STANDARD[function], "4711", "BLOB"], call(function))


@pytest.mark.parametrize("function", ["path_effects", "shapley_effects"])
@pytest.mark.parametrize("nothing", [0, 0.0, None, ""])
def test_a_value_of_nobody(base, function, nothing):
    """A row that was never seen has no value."""
    table = STANDARD[function]
    base.execute(f"UPDATE {table} SET conversions = ?, nulls = ?, rowid = 4711 WHERE rowid = 2", (nothing, nothing))
    assert_error(base, function, ["value", table, "4711", "5"], call(function))
    base.execute(f"UPDATE {table} SET value = NULL")
    assert base.execute(call(function)).fetchall()


def test_a_row_without_a_rowid_is_named_by_its_number(base):
    base.execute("CREATE VIEW v AS SELECT path, conversions - 2 AS conversions FROM paths ORDER BY path DESC")
    assert_error(base, "path_effects", ["conversions", "v", "row", "-1"], "SELECT * FROM path_effects('v')")


def test_nothing_of_a_wrong_relation_is_shown(base):
    """The error comes before the first row, whichever row is wrong."""
    put_row(base, "paths", "nulls", -7)
    cursor = base.cursor()
    with pytest.raises(Exception, match="-7"):
        pytest.fail(f"a row was shown: {cursor.execute(call('path_effects')).fetchone()}")


# ---------------------------------------------------------------- counts

COUNT_ERRORS = [
    (("a", "(start)", 1, None), ["(start)"]),
    (("(null)", "(start)", 1, None), []),
    (("(conversion)", "a", 1, None), ["(conversion)"]),
    (("(null)", "a", 1, None), ["(null)"]),
    (("(conversion)", "(null)", 1, None), ["(conversion)"]),
]


@pytest.mark.parametrize("row, words", COUNT_ERRORS)
def test_a_step_that_cannot_be(base, row, words):
    base.execute("INSERT INTO counts(rowid, from_state, to_state, weight, value) VALUES (4711, ?, ?, ?, ?)", row)
    assert_error(base, "markov_effects", words, call("markov_effects"))


LOOPS = [
    [("(start)", "x", 1), ("x", "y", 1), ("y", "x", 1)],
    [("(start)", "x", 1), ("x", "x", 1)],
    [("a", "x", 1), ("x", "y", 1), ("y", "z", 1), ("z", "x", 1)],
]


@pytest.mark.parametrize("rows", LOOPS)
def test_a_closed_loop_names_a_state_of_it(base, rows):
    """A loop beside a chain that converts, and after a state of it."""
    base.executemany("INSERT INTO counts(from_state, to_state, weight) VALUES (?, ?, ?)", rows)
    text = message(base, call("markov_effects"))
    assert text.startswith("markov_effects(): ")
    assert any(f"'{state}'" in text for state in "xyz"), text
    assert "(conversion)" in text and "(null)" in text


def test_a_closed_loop_that_nothing_leads_to_is_one_too(base):
    """I - Q has no inverse all the same."""
    base.execute("INSERT INTO counts(from_state, to_state, weight) VALUES ('x', 'y', 1), ('y', 'x', 1)")
    text = message(base, call("markov_effects"))
    assert "'x'" in text or "'y'" in text


def test_a_large_chain_that_goes_round(base):
    """Too large to be eliminated, and too long to be swept: an error, not an answer that rounding has made."""
    names = [f"c{i}" for i in range(60)]
    states = [f"{a} > {b}" for a in names for b in names if a != b]
    rows = [("(start)", state, 1, None) for state in states] + [(state, "(null)", 1, None) for state in states]
    rows += [("(start)", "x > y", 1, None), ("x > y", "y > x", 1, None), ("y > x", "x > y", 1e9, None), ("y > x", "(conversion)", 1, 1)]
    base.executemany("INSERT INTO counts VALUES (?, ?, ?, ?)", rows)
    assert_error(base, "markov_effects", ["hardly ever left", "min_paths"], call("markov_effects"))
    base.execute("UPDATE counts SET weight = 5 WHERE weight = 1e9")
    assert len(base.execute(call("markov_effects")).fetchall()) == 63


@pytest.mark.parametrize("label", ["a > b", ">", " a", "a ", "(start)", "(conversion)", "(null)"])
def test_a_label_that_would_not_survive_as_text(base, label):
    base.execute("UPDATE touches SET channel = ? WHERE rowid = 2", (label,))
    assert_error(base, "markov_transitions", [f"'{label}'"], call("markov_transitions"))
    assert base.execute(call("channel_effects")).fetchall()
    if ">" in label:
        assert base.execute(call("markov_transitions", True), ("separator=|",)).fetchall()


# ---------------------------------------------------------------- options

OPTION_ERRORS = [
    ("ordr=2", ["ordr", "order"]),
    ("order", ["order"]),
    ("order=", ["order"]),
    ("order=0", ["order", "0", "1", "6"]),
    ("order=7", ["order", "7", "1", "6"]),
    ("order=-1", ["order", "-1"]),
    ("order=1.5", ["order", "1.5"]),
    ("order=best", ["order", "best", "auto"]),
    ("order=1; order=2", ["order", "twice"]),
    ("min_paths=-1", ["min_paths", "-1"]),
    ("min_paths=few", ["min_paths", "few"]),
    ("min_path=3", ["min_path", "min_paths"]),
    ("min_paths=", ["min_paths"]),
]


@pytest.mark.parametrize("options, words", OPTION_ERRORS)
@pytest.mark.parametrize("function", ["channel_effects", "path_effects", "markov_transitions"])
def test_an_option_that_is_wrong(base, function, options, words):
    assert_error(base, function, words, call(function, True), options)


NOT_FOR = {
    "path_effects": ["lookback=3 days", "gap=1", "reset=conversion", "as_of=5", "time_unit=ms", "round=1", "period=day"],
    "channel_effects": ["separator=|", "round=0.01", "period=day", "exits=x"],
    "markov_transitions": ["round=0.01", "period=day"],
    "markov_orders": ["order=2", "separator=|", "period=day"],
    "markov_effects": ["order=2", "min_paths=3", "lookback=3 days"],
    "shapley_effects": ["order=2", "lookback=3 days", "gap=1"],
    "attribution": ["order=2", "min_paths=3", "separator=|"],
    "journeys": ["min_paths=3", "separator=|"],
}


@pytest.mark.parametrize("function, option", [(name, option) for name, options in NOT_FOR.items() for option in options])
def test_an_option_of_another_call(base, function, option):
    marks = "'linear', ?" if function == "attribution" else "?"
    sql = call(function, True).replace("?", marks)
    assert_error(base, function, [option.split("=")[0], "no effect here"], sql, option)


@pytest.mark.parametrize("function", ["path_effects", "markov_transitions", "markov_effects", "shapley_effects"])
def test_a_separator_is_needed(base, function):
    assert_error(base, function, ["separator"], call(function, True), "separator=")


# ---------------------------------------------------------------- models

MODEL_ERRORS = [
    ("markov(0)", ["markov", "0"]),
    ("markov(7)", ["markov", "7", "6"]),
    ("markov(1.5)", ["markov", "1.5"]),
    ("markov(x)", ["markov", "x"]),
    ("markov(order=0)", ["order", "0"]),
    ("markov(ordr=1)", ["ordr", "order"]),
    ("markov(1, 2)", ["markov"]),
    ("markov(", ["markov"]),
    ("markow", ["markow", "markov"]),
    ("shapley(1)", ["shapley"]),
    ("shaply", ["shaply", "shapley"]),
    ("shapley, SHAPLEY", ["shapley"]),
]


@pytest.mark.parametrize("models, words", MODEL_ERRORS)
def test_a_model_that_is_wrong(base, models, words):
    for function in ("attribution", "attribution_summary"):
        assert_error(base, function, words, f"SELECT * FROM {function}('touches', 'conversions', ?)", models)


def test_one_path_is_nothing_to_learn_from(base):
    for model in ("markov", "markov(2)"):
        assert_error(base, "weighted_credit", ["markov"], "SELECT weighted_credit(channel, ts, ?) FROM touches", model)
    sql = "SELECT touch_credit(ts, ?) OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM touches"
    for model in ("markov", "shapley"):
        assert_error(base, "touch_credit", [model], sql, model)


# ---------------------------------------------------------------- surface


@pytest.mark.parametrize("function", [*STANDARD, *FROM_TOUCHES])
def test_they_cannot_be_made_or_written(base, function):
    for sql in (f"CREATE VIRTUAL TABLE kept USING {function}", f"INSERT INTO {function} DEFAULT VALUES", f"DELETE FROM {function}"):
        with pytest.raises(Exception, match=function):
            base.execute(sql)
    assert base.execute(call(function)).fetchall()


def test_a_value_that_only_rounding_leaves(base):
    """The expected value is 0.5 x 0.1 - 0.5 x 0.1, though the values add up to 0.2: no share of nothing is an effect."""
    base.execute("DELETE FROM counts")
    base.executemany("INSERT INTO counts VALUES (?, ?, ?, ?)", [("(start)", "a", 1, 0), ("(start)", "b", 1, 0),
                                                                ("a", "(conversion)", 3, 0.3), ("b", "(conversion)", 1, -0.1)])
    rows = base.execute("SELECT removal_effect, removal_effect_value, markov_value FROM markov_effects('counts')").fetchall()
    assert rows == [(0.5, None, None), (0.5, None, None)]


def test_nulls_in_the_place_of_values(base):
    """Columns go by their place; a column of that name there is a mistake."""
    assert_error(base, "path_effects", ["nulls", "value"], "SELECT * FROM path_effects('paths(path, conversions, nulls)')")


def test_weights_too_far_apart(base):
    """A ladder that falls back a million times at each of its steps: beyond double precision, and said so."""
    base.execute("DELETE FROM counts")
    rows = [("(start)", "s01", 1), ("s60", "(conversion)", 1)]
    rows += [(f"s{i:02}", f"s{i + 1:02}", 1) for i in range(1, 60)] + [(f"s{i + 1:02}", f"s{i:02}", 1e6) for i in range(1, 60)]
    base.executemany("INSERT INTO counts(from_state, to_state, weight) VALUES (?, ?, ?)", rows)
    assert_error(base, "markov_effects", ["too far apart"], call("markov_effects"))


def test_rare_channels_are_counted_exactly(base):
    """Ten tenths are one path, whatever their order."""
    base.execute("DELETE FROM paths")
    base.executemany("INSERT INTO paths VALUES (?, ?, 0, 0)", [("a", 0.1)] * 10 + [("b", 5)])
    assert base.execute("SELECT channel, paths FROM path_effects('paths', 'min_paths=1')").fetchall() == [("a", 1), ("b", 5)]


def test_a_loop_that_hides_beside_much_traffic(base):
    """Little flow in a loop that goes round a million million times: seen, and solved another way."""
    base.execute("DELETE FROM counts")
    rows = [row for i in range(400) for row in (("(start)", f"c{i}", 2500), (f"c{i}", "(conversion)", 1), (f"c{i}", "(null)", 1))]
    rows += [("(start)", "L1", 100), ("L1", "M1", 1), ("M1", "L1", 1e13), ("M1", "Z", 1), ("(start)", "L2", 100), ("L2", "M2", 1),
             ("M2", "L2", 1e14), ("M2", "Z", 1), ("M2", "(null)", 1), ("Z", "(conversion)", 1)]
    base.executemany("INSERT INTO counts(from_state, to_state, weight) VALUES (?, ?, ?)", rows)
    found = dict(base.execute("SELECT channel, removal_effect FROM markov_effects('counts')").fetchall())
    whole = 1_000_000 / 2 + 100 + 50  # conversions per 1,000,200 starts
    assert found["L1"] == pytest.approx(100 / whole, rel=1e-10) and found["L2"] == pytest.approx(50 / whole, rel=1e-10)
    assert found["Z"] == pytest.approx(150 / whole, rel=1e-10)


def test_a_ring_of_one_thousand_five_hundred(base):
    """Too slow for sweeps, and eliminated in a moment; every way leads through every channel."""
    base.execute("DELETE FROM counts")
    rows = [(f"c{i}", f"c{(i + 1) % 1500}", 1000) for i in range(1500)] + [("(start)", "c0", 1), ("c1499", "(conversion)", 1)]
    base.executemany("INSERT INTO counts(from_state, to_state, weight) VALUES (?, ?, ?)", rows)
    assert base.execute("SELECT count(*), min(removal_effect) FROM markov_effects('counts')").fetchone() == (1500, 1)
