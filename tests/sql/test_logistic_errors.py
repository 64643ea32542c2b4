"""Errors of logistic regression: `name(): what is wrong (got what); what to write instead`, never a partial answer."""

import random

import pytest

import harness
from test_errors import assert_error

NUMBERS = random.Random(1)
ROWS = [(i, i // 3 % 2 if i % 5 else 1, NUMBERS.gauss(0, 1), NUMBERS.randrange(5), NUMBERS.gauss(0, 1)) for i in range(60)]
MODEL = '{"intercept":0.5,"coefficients":[1.0,2.0]}'


@pytest.fixture
def base(db):
    harness.create(db, "t", ["id", "y", "x", "k", "w"], ROWS)
    assert db.execute("SELECT logistic_fit(y, x, k, w) FROM t").fetchone()[0]
    return db


def assert_fit(connection, words, arguments, source="t"):
    assert_error(connection, "logistic_fit", words, f"SELECT logistic_fit({arguments}) FROM {source}")


############################### Arguments ###############################

ARGUMENT_ERRORS = [
    ("", ["there is no y", "write logistic_fit(status = 'won', x1, x2)"]),
    ("'ridge=1'", ["there is no y"]),
    ("'won', x", ["y is no truth value", "'won'", "write a comparison"]),
    ("x'31', x", ["y is no truth value", "a BLOB"]),
    ("y, x, 'strong'", ["x2 is no number", "'strong'", "write a number, or cast the column"]),
    ("y, x, k, x'00'", ["x3 is no number", "a BLOB"]),
    ("'ridge=1', y, x, 'strong'", ["x2 is no number", "'strong'"]),
    ("NULL, x, 'strong'", ["x2 is no number"]),  # also in a row that would not count
    ("y, NULL, 'strong'", ["x2 is no number"]),
    ("y, x, iif(id = 7, 9e999, k)", ["x2 is no number", "up to 1e290"]),
    ("y, x, iif(id = 7, 9007199254740993, k)", ["x2 is no number", "9007199254740993", "2^53"]),
    ("y, x, iif(id = 7, 'n/a', k)", ["x2 is no number", "'n/a'"]),
    ("y, " + ", ".join(f"x * {n}" for n in range(101)), ["101 predictors", "at most 100"]),
    ("iif(id = 7, 'ridge=1', 'ridge=2'), y, x", ["options differs within a group", "one for all rows"]),
    ("iif(id = 7, NULL, 'ridge=2'), y, x", ["options differs within a group"]),
    ("iif(id > 7, NULL, 'ridge=2'), y, x", ["options differs within a group"]),
    ("iif(id < 7, NULL, 'ridge=2'), y, x", ["options differs within a group", "'ridge=2'"]),
]


@pytest.mark.parametrize("arguments, words", ARGUMENT_ERRORS)
def test_an_argument_that_is_wrong(base, arguments, words):
    assert_fit(base, words, arguments)


OPTION_ERRORS = [
    ("rigde=1", ["'rigde'", "did you mean ridge?"]),
    ("lambda=1", ["'lambda'", "'ridge=1'"]),
    ("ridge=", ["ridge", "''", "0, or a number from 1e-6 to 1e12"]),
    ("ridge=-1", ["ridge", "'-1'"]),
    ("ridge=1e-9", ["ridge", "'1e-9'", "1e-6"]),
    ("ridge=one", ["ridge", "'one'"]),
    ("ridge=1; ridge=2", ["ridge", "twice", "once"]),
    ("ridge=1; strong", ["'strong'", "no value", "name=value"]),
]


@pytest.mark.parametrize("options, words", OPTION_ERRORS)
def test_an_option_that_is_wrong(base, options, words):
    assert_error(base, "logistic_fit", words, "SELECT logistic_fit(?, y, x) FROM t", options)


############################### Data ###############################

DATA_ERRORS = [
    ("1, x", ["y is true in every row", "got 60 rows", "leave such groups out"]),
    ("y > 1, x", ["y is false in every row", "got 60 rows"]),
    ("y, x, 7", ["x2 is constant", "got 7.0", "leave it out"]),
    ("'ridge=1', y, 7, x", ["x1 is constant"]),
    ("y, x, x", ["x2 is a combination of other predictors", "got x1", "leave one of them out", "'ridge=1'"]),
    ("y, x, k, x * 1e9 - k * 1e-6 + 3", ["x3 is a combination", "got x1"]),
    ("y, x, k, w, 3 * x + 2 * k", ["x4 is a combination", "(got x1 and x2)"]),
    ("y, k = 0, k = 1, k = 2, k = 3, k = 4", ["x5 is a combination", "x1, x2, x3 and x4"]),
    ("x > 0, x, k", ["x1 separates y", "in every row where y is false", "no end", "leave it out", "'ridge=1'"]),
    ("x < 0, k, x", ["x2 separates y", "in every row where y is true"]),
    ("y and k > 1, k > 1, x", ["x1 separates y", "got at most 1.0", "at least 1.0"]),
    ("x + w > 0, x, k, w", ["predictors separate y together", "no end", "'ridge=1'"]),
]


@pytest.mark.parametrize("arguments, words", DATA_ERRORS)
def test_data_that_have_no_fit(base, arguments, words):
    assert_fit(base, words, arguments)


def test_too_few_rows(base):
    assert_fit(base, ["too few rows", "got 4 for 4 coefficients", "at least 5"], "id % 2, x, k, w", "t WHERE id < 4")


def test_one_bad_group_is_said(base):
    """A statement with a group that has no fit is an error, not a NULL among answers."""
    assert_error(base, "logistic_fit", ["y is true in every row"], "SELECT k, logistic_fit(y OR k = 3, x) FROM t GROUP BY k")


############################### Models ###############################

MODEL_ERRORS = [
    ("'won', 1, 2", ["model cannot be read from character 1 on", "'won'", "logistic_fit() returned"]),
    ("'{}', 1, 2", ["model has no intercept", "'{}'"]),
    ("'{\"intercept\":1}', 1, 2", ["model has no coefficients"]),
    ("'{\"intercept\":1,\"coefficients\":[1,x]}', 1, 2", ["character 34", "'x]}'"]),
    ("5, 1, 2", ["model is not text", "got 5", "logistic_fit() returned"]),
    ("x'7b7d', 1, 2", ["model is not text", "a BLOB"]),
    (f"'{MODEL}'", ["another number of predictors", "got 0, it has 2"]),
    (f"'{MODEL}', 1", ["another number of predictors", "got 1, it has 2"]),
    (f"'{MODEL}', 1, 2, 3", ["another number of predictors", "got 3, it has 2"]),
    (f"'{MODEL}', 1, 'strong'", ["x2 is no number", "'strong'"]),
    (f"'{MODEL}', NULL, 'strong'", ["x2 is no number", "'strong'"]),
    (f"'{MODEL}', x'00', 1", ["x1 is no number", "a BLOB"]),
    ("", ["there is no model", "write logistic_predict(model, x1, x2)"]),
]


@pytest.mark.parametrize("arguments, words", MODEL_ERRORS)
def test_a_prediction_that_is_wrong(base, arguments, words):
    assert_error(base, "logistic_predict", words, f"SELECT logistic_predict({arguments})")


def test_after_an_error_the_next_is_right(base):
    """What was read before a failure is not mixed up with what comes after."""
    right = base.execute("SELECT logistic_predict(?, 1, 2)", (MODEL,)).fetchone()
    for arguments, words in MODEL_ERRORS:
        assert_error(base, "logistic_predict", words, f"SELECT logistic_predict({arguments})")
        assert base.execute("SELECT logistic_predict(?, 1, 2)", (MODEL,)).fetchone() == right
