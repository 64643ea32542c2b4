"""Errors of engagement_score, lift, auc and the domains: `name(): what is wrong (got what); what to write instead`, never a partial answer."""

import json
import sqlite3

import pytest

import harness
from test_errors import BAD_TIMES, assert_error, message


@pytest.fixture
def base(db):
    harness.create(db, "t", ["g", "points", "ts", "treated", "converted"], [(1, 8, 100, 1, 1), (1, 4, 200, 1, 0), (2, 2, 300, 0, 1)])
    return db


ENGAGEMENT_ERRORS = [
    # arguments, words
    ("'many', ts, 300, 100", ["points is no number", "'many'", "write a number"]),
    ("x'01', ts, 300, 100", ["points is no number", "a BLOB"]),
    ("2e290, ts, 300, 100", ["points is no number", "2e+290", "1e290"]),
    ("-1e999, ts, 300, 100", ["points is no number", "1e290"]),
    ("9007199254740993, ts, 300, 100", ["points is no number", "9007199254740993", "2^53"]),
    ("points, 'soon', 300, 100", ["ts is no time", "'soon'", "YYYY-MM-DD"]),
    ("points, x'00', 300, 100", ["ts is no time", "a BLOB"]),
    ("points, ts, '2024-02-30', 100", ["as_of is no time", "'2024-02-30'"]),
    ("points, ts, '20240101', 100", ["as_of", "20240101", "dashes"]),
    ("points, ts, 300, 0", ["half_life is no duration", "(got 0)", "above 0", "'14 days'"]),
    ("points, ts, 300, '0 days'", ["half_life is no duration", "'0 days'", "above 0"]),
    ("points, ts, 300, 1e-9", ["half_life", "1e-09", "above 0"]),
    ("points, ts, 300, -1", ["half_life", "(got -1)", "not negative"]),
    ("points, ts, 300, '-2 days'", ["half_life", "'-2 days'", "not negative"]),
    ("points, ts, 300, '2 months'", ["half_life", "'2 months'", "no fixed length", "days"]),
    ("points, ts, 300, '2 dys'", ["half_life", "'2 dys'", "write the unit"]),
    ("points, ts, 300, NULL", ["half_life", "NULL", "'30 days'"]),
    ("points, ts, 300, ''", ["half_life", "''"]),
    ("points, ts, 300, x'01'", ["half_life", "a BLOB"]),
    ("points, ts, ts, 100", ["as_of differs within a group", "(got 200)", "group by it"]),
    ("points, ts, iif(ts = 100, 300, NULL), 100", ["as_of differs within a group", "(got NULL)"]),
    ("points, ts, iif(ts = 100, NULL, 300), 100", ["as_of differs within a group", "(got 300)"]),
    ("points, ts, 300, ts", ["half_life differs within a group", "(got 200)", "group by it"]),
    ("points, ts, 300, iif(ts = 200, '1 day', '1 hour')", ["half_life differs within a group", "'1 day'"]),
]


@pytest.mark.parametrize("arguments, words", ENGAGEMENT_ERRORS)
def test_engagement_errors(base, arguments, words):
    assert_error(base, "engagement_score", words, f"SELECT engagement_score({arguments}) FROM t")


@pytest.mark.parametrize("value", BAD_TIMES)
def test_bad_times_of_engagement_score(base, value):
    for arguments, name in (("points, ?1, 300, 100", "ts is no time"), ("points, ts, ?1, 100", "as_of is no time")):
        assert_error(base, "engagement_score", [name], f"SELECT engagement_score({arguments}) FROM t", value)


def test_rows_that_are_skipped_still_name_the_group(base):
    """A group's arguments are read in every row, so what is wrong does not hide behind a NULL."""
    for arguments in ("NULL, ts, ts, 100", "points, NULL, 300, ts", "NULL, NULL, 300, 0", "NULL, 'soon', 300, 100"):
        assert_error(base, "engagement_score", [], f"SELECT engagement_score({arguments}) FROM t")


def test_two_groups_may_differ(base):
    rows = base.execute("SELECT g, engagement_score(points, 100, 100 * g, 100) FROM t GROUP BY g ORDER BY g").fetchall()
    assert rows == [(1, 12.0), (2, 1.0)]


LIFT_ERRORS = [
    # arguments, words
    ("'yes', converted", ["treated is no truth value", "'yes'", "comparison"]),
    ("treated, 'won'", ["converted is no truth value", "'won'", "stage = 'won'"]),
    ("x'01', converted", ["treated is no truth value", "a BLOB"]),
    ("treated, x'01'", ["converted is no truth value", "a BLOB"]),
    ("NULL, 'won'", ["converted is no truth value"]),
    ("treated, converted, 0", ["confidence is not between 0 and 1", "(got 0)", "0.95"]),
    ("treated, converted, 1", ["confidence is not between 0 and 1", "(got 1)"]),
    ("treated, converted, 95", ["confidence", "(got 95)", "0.95"]),
    ("treated, converted, -0.5", ["confidence", "(got -0.5)"]),
    ("treated, converted, 'high'", ["confidence is no number", "'high'"]),
    ("treated, converted, x'01'", ["confidence is no number", "a BLOB"]),
    ("treated, converted, 0.9 + ts / 10000.0", ["confidence differs within a group", "group by it"]),
    ("treated, converted, iif(ts = 100, NULL, 0.9)", ["confidence differs within a group", "(got 0.9)"]),
    ("treated, converted, iif(ts = 100, 0.9, NULL)", ["confidence differs within a group", "(got NULL)"]),
]


@pytest.mark.parametrize("arguments, words", LIFT_ERRORS)
def test_lift_errors(base, arguments, words):
    assert_error(base, "lift", words, f"SELECT lift({arguments}) FROM t")


def test_the_json_of_lift_is_json(base):
    (text,) = base.execute("SELECT lift(treated, converted) FROM t").fetchone()
    assert base.execute("SELECT json_valid(?)", (text,)).fetchone() == (1,)
    assert list(json.loads(text)) == ["treated", "treated_converted", "treated_rate", "control", "control_converted", "control_rate",
                                      "lift", "low", "high", "relative", "p_value"]  # fmt: skip
    assert base.execute("SELECT json_type(json_array(lift(treated, converted)), '$[0]') FROM t").fetchone() == ("object",)


AUC_ERRORS = [
    # arguments, words
    ("'high', converted", ["score is no number", "'high'", "write a number"]),
    ("x'01', converted", ["score is no number", "a BLOB"]),
    ("1e300, converted", ["score is no number", "1e+300", "1e290"]),
    ("9007199254740993, converted", ["score is no number", "2^53"]),
    ("'nan', converted", ["score is no number", "'nan'"]),
    ("points, 'won'", ["converted is no truth value", "'won'", "stage = 'won'"]),
    ("points, x'01'", ["converted is no truth value", "a BLOB"]),
    ("NULL, 'won'", ["converted is no truth value"]),
    ("'high', NULL", ["score is no number"]),
]


@pytest.mark.parametrize("arguments, words", AUC_ERRORS)
def test_auc_errors(base, arguments, words):
    assert_error(base, "auc", words, f"SELECT auc({arguments}) FROM t")


PLAIN = ["engagement_score(points, ts, 300, 100)", "lift(treated, converted)", "auc(points, converted)"]


@pytest.mark.parametrize("call", PLAIN)
def test_they_are_no_window_functions(base, call):
    with pytest.raises(sqlite3.OperationalError, match="may not be used as a window function"):
        base.execute(f"SELECT {call} OVER (ORDER BY ts) FROM t")


@pytest.mark.parametrize("call", ["engagement_score(points, ts, 300)", "engagement_score(points, ts, 300, 100, 1)", "lift(treated)", "lift(1, 1, 0.9, 1)",
                                  "auc(1)", "auc(1, 1, 1)"])  # fmt: skip
def test_a_wrong_number_of_arguments(base, call):
    with pytest.raises(sqlite3.OperationalError, match="wrong number of arguments"):
        base.execute(f"SELECT {call} FROM t")


@pytest.mark.parametrize("call, error", [("engagement_score(points, iif(ts = 300, 'soon', ts), 300, 100)", "ts is no time"),
                                         ("lift(treated, iif(ts = 300, 'soon', converted))", "converted is no truth value"),
                                         ("auc(iif(ts = 300, 'soon', points), converted)", "score is no number")])  # fmt: skip
def test_an_error_in_a_later_group_ends_the_statement(base, call, error):
    """Whatever was kept for the group is given back, and the connection works on."""
    for _ in range(3):
        assert error in message(base, f"SELECT g, {call} FROM t GROUP BY g")
    assert base.execute("SELECT count(*) FROM t").fetchone() == (3,)


@pytest.mark.parametrize("function", ["email_domain", "web_domain"])
def test_a_blob_has_no_domain(db, function):
    words = ["text is no text", "(got a BLOB)", "CAST(... AS TEXT)"]
    assert_error(db, function, words, f"SELECT {function}(?)", b"jane@example.com")
    assert_error(db, function, words, f"SELECT {function}(x'')")
    assert db.execute(f"SELECT {function}(CAST(? AS TEXT))", (b"jane@example.com",)).fetchone() == ("example.com",)


@pytest.mark.parametrize("call", ["email_domain()", "email_domain('a', 'b')", "web_domain()", "web_domain('a', 'b')"])
def test_a_domain_is_of_one_text(db, call):
    with pytest.raises(sqlite3.OperationalError, match="wrong number of arguments"):
        db.execute(f"SELECT {call}")


@pytest.mark.parametrize("text", [b"jane\x00@example.com", b"jane@exam\x00ple.com", b"www.example.com\x00", b"\x00", b"x" * 2**20, b"@" * 2**20,
                                  b"." * 2**20, b"a." * 2**19, b"jane@" + b"a." * 2**19 + b"com"])  # fmt: skip
def test_text_that_is_no_address(db, text):
    """A NUL within, a megabyte: no domain, no error."""
    assert db.execute("SELECT email_domain(t), web_domain(t) FROM (SELECT CAST(? AS TEXT) AS t)", (text,)).fetchone() == (None, None)


def test_a_domain_behind_a_megabyte(db):
    row = db.execute("SELECT email_domain(?1 || '@example.com'), web_domain('example.com/' || ?1)", ("x" * 2**20,)).fetchone()
    assert row == ("example.com", "example.com")


def test_text_that_is_no_utf8_keeps_its_bytes(db):
    db.text_factory = bytes
    row = db.execute("SELECT email_domain(t), web_domain(t) FROM (SELECT CAST(? AS TEXT) AS t)", (b"j@\xff\xc3.\xe9X",)).fetchone()
    assert row == (b"\xff\xc3.\xe9x", b"\xff\xc3.\xe9x")


def test_a_database_of_utf16(db):
    db.execute("PRAGMA encoding = 'UTF-16'")
    db.execute("CREATE TABLE a(t)")
    db.execute("INSERT INTO a VALUES ('jane@BÜCHER.de')")
    assert db.execute("SELECT email_domain(t), web_domain(t) FROM a").fetchone() == ("bÜcher.de",) * 2
