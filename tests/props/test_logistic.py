"""logistic_fit() and logistic_predict(): what every fit satisfies, in plain SQL; an independent Newton with a ridge; separation decided exactly.

Against R: test_logistic_against_r.py. In closed form: tests/core/test_logistic.c and tests/sql/cases/logistic.sql.
"""

import json
import math
import random
import sqlite3

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import harness
from logistic_reference import is_separated, rank, ridge_fit
from test_logistic_against_r import logistic_fit

WHOLE = st.integers(min_value=-3, max_value=3)


def rows_of(numbers, n, width, strength=1.0):
    """Rows [y, x1, …] with numbers of several sizes, and y of both kinds."""
    rows = []
    for _ in range(n):
        x = [numbers.gauss(0, 1), numbers.randrange(4), 1_700_000_000 + numbers.randrange(10**7), numbers.gauss(0, 1) * 1e-6][:width]
        eta = strength * (x[0] - 0.5 * (x[1] if width > 1 else 0)) if width else 0.0
        rows.append([int(numbers.random() < 1 / (1 + math.exp(-eta))), *x])
    return rows


def call(connection, arguments, table="t"):
    return connection.execute(f"SELECT logistic_fit({arguments}) FROM {table}").fetchone()[0]


@st.composite
def small_tables(draw):
    """Few rows of small whole numbers: many are separated, many are not."""
    width = draw(st.integers(min_value=1, max_value=3))
    row = st.lists(WHOLE, min_size=width, max_size=width)
    rows = draw(st.lists(st.tuples(st.booleans(), row), min_size=width + 3, max_size=14))
    assume(len({y for y, _ in rows}) == 2)
    return [[int(y), *x] for y, x in rows]


@given(small_tables())
def test_a_table_is_refused_if_it_has_no_fit(rows):
    """Separated or not, and columns that depend on each other, are decided in whole numbers."""
    check_small(rows)


def test_many_small_tables():
    """As above; y follows x more or less, so that both answers are near."""
    numbers = random.Random(1)
    answers = set()
    for _ in range(1500):
        width, size, noise = numbers.choice([1, 2, 2, 3]), numbers.choice([1, 2, 3, 10, 1000]), numbers.choice([0.1, 1, 3])
        weights = [numbers.uniform(-2, 2) for _ in range(width)]
        rows = [[0, *(numbers.randint(-size, size) for _ in range(width))] for _ in range(numbers.randint(width + 2, 14))]
        for row in rows:
            row[0] = int(sum(w * x for w, x in zip(weights, row[1:])) + numbers.gauss(0, noise * size) > 0)
        if len({row[0] for row in rows}) == 2:
            answers.add(check_small(rows))
    assert len(answers) == 3


def check_small(rows):
    connection = harness.connect()
    found = logistic_fit(connection, rows)
    connection.close()
    if rank(rows) < len(rows[0]):
        assert any(word in found for word in ("constant", "combination", "separates y")), rows
        return "dependent"
    if is_separated(rows):
        assert "separate" in found and "'ridge=1'" in found, rows
        return "separated"
    assert isinstance(found, dict), (rows, found)
    return "fitted"


def test_tables_at_the_border_of_separation():
    """Numbers of very different sizes and little overlap: separation is never claimed where there is none, nor missed; what overlaps so
    little that doubles cannot tell is said to do so. One predictor is always decided."""
    numbers = random.Random(2)
    seen = set()
    for _ in range(600):
        width, size = numbers.choice([1, 2]), numbers.choice([100, 10**4, 10**6, 10**9])
        weights, least = [numbers.uniform(-2, 2) for _ in range(width)], numbers.choice([0, 6])
        rows = [[0, *(round(size * numbers.gauss(0, 1) * 10 ** -numbers.randint(0, least)) for _ in range(width))] for _ in range(numbers.randint(20, 45))]
        noise = size * 10 ** -numbers.uniform(0.5, 7)
        for row in rows:
            row[0] = int(sum(w * x for w, x in zip(weights, row[1:])) + numbers.gauss(0, noise) > 0)
        if len({row[0] for row in rows}) < 2 or rank(rows) <= width:
            continue
        connection = harness.connect()
        found = logistic_fit(connection, rows)
        connection.close()
        if is_separated(rows):
            assert "no end" in found, rows
        elif isinstance(found, str):
            assert width == 2 and "nearly separate y" in found, rows
        seen.add((width, is_separated(rows), isinstance(found, str)))
    assert len(seen) >= 4


@given(st.integers(min_value=0, max_value=10**6), st.integers(min_value=0, max_value=4), st.sampled_from(["", "'ridge=1', ", "'ridge=0.01', "]))
def test_the_order_of_rows_changes_no_bit(seed, width, options):
    numbers, connection = random.Random(seed), harness.connect()
    rows = rows_of(numbers, 60, width, 0.3)
    names = ["y", "x1", "x2", "x3", "x4"][: width + 1]
    texts = set()
    for _ in range(4):
        connection.execute("DROP TABLE IF EXISTS t")
        harness.create(connection, "t", names, rows)
        try:
            texts.add(call(connection, options + ", ".join(names)))
        except sqlite3.OperationalError as error:
            texts.add(str(error))
        numbers.shuffle(rows)
    connection.close()
    assert len(texts) == 1


@pytest.mark.parametrize("width", range(5))
def test_the_equations_of_a_fit_in_plain_sql(db, width):
    """sum(x (y - p)) = 0 for every column and for 1, in units of the sum's standard error; and the deviance of those p."""
    names = ["x1", "x2", "x3", "x4"][:width]
    harness.create(db, "t", ["y", *names], rows_of(random.Random(width), 500, width))
    model = call(db, ", ".join(["y", *names]))
    db.execute(f"CREATE TABLE p AS SELECT *, logistic_predict(?, {', '.join(names)}) AS p FROM t" if names else
               "CREATE TABLE p AS SELECT *, logistic_predict(?) AS p FROM t", (model,))  # fmt: skip
    for name in ["1", *names]:
        centred = f"({name} - (SELECT avg({name}) FROM t))" if name != "1" else "1"
        total, size = db.execute(f"SELECT sum({centred} * (y - p)), sum({centred} * {centred} * p * (1 - p)) FROM p").fetchone()
        assert abs(total) <= 1e-9 * math.sqrt(size), name
    found = json.loads(model)
    deviance = -2 * math.fsum(math.log(p if y else 1 - p) for y, p in db.execute("SELECT y, p FROM p"))
    assert found["deviance"] == pytest.approx(deviance, rel=1e-12)
    assert (found["n"], found["positives"]) == db.execute("SELECT count(*), sum(y) FROM t").fetchone()
    for error, z, p, estimate in zip(found["std_errors"], found["z"], found["p_values"], [found["intercept"], *found["coefficients"]]):
        assert z == pytest.approx(estimate / error, rel=1e-14)
        assert p == pytest.approx(math.erfc(abs(z) / math.sqrt(2)), rel=1e-12)


@pytest.mark.parametrize("ridge", [1e-6, 0.1, 1, 50])
@pytest.mark.parametrize("width", [1, 2, 4])
def test_a_ridge_against_newton(db, ridge, width):
    rows = rows_of(random.Random(width), 120, width)
    names = ["y", "x1", "x2", "x3", "x4"][: width + 1]
    harness.create(db, "t", names, rows)
    found = json.loads(call(db, f"'ridge={ridge}', " + ", ".join(names)))
    estimates, errors = ridge_fit(rows, ridge)
    assert [found["intercept"], *found["coefficients"]] == pytest.approx(estimates, rel=1e-8)
    assert found["std_errors"] == pytest.approx(errors, rel=1e-8)
    assert found["ridge"] == ridge


def test_a_ridge_of_what_has_no_fit(db):
    """Separated, and x3 = x1 + x2: both have a fit with a ridge; in the limit equal columns share."""
    rows = [[int(x1 + x2 > 4), x1, x2, x1 + x2] for x1 in range(5) for x2 in range(5)]
    harness.create(db, "t", ["y", "x1", "x2", "x3"], rows)
    found = json.loads(call(db, "'ridge=1', y, x1, x2, x3"))
    estimates, errors = ridge_fit(rows, 1)
    assert [found["intercept"], *found["coefficients"]] == pytest.approx(estimates, rel=1e-9)
    assert found["std_errors"] == pytest.approx(errors, rel=1e-9)


def test_rows_many_times(db):
    """A table k times over has the same coefficients, and errors smaller by the root of k."""
    rows = rows_of(random.Random(5), 80, 3)
    one, four = logistic_fit(db, rows), logistic_fit(db, rows * 4)
    assert four["coefficients"] == pytest.approx(one["coefficients"], rel=1e-10)
    assert four["std_errors"] == pytest.approx([error / 2 for error in one["std_errors"]], rel=1e-10)
    assert four["deviance"] == pytest.approx(4 * one["deviance"], rel=1e-12)
    assert (four["n"], four["positives"]) == (320, 4 * one["positives"])


def test_the_opposite(db):
    """1 - y turns the signs and nothing else."""
    rows = rows_of(random.Random(6), 80, 3)
    one, other = logistic_fit(db, rows), logistic_fit(db, [[1 - y, *x] for y, *x in rows])
    assert other["coefficients"] == pytest.approx([-c for c in one["coefficients"]], rel=1e-10)
    assert other["intercept"] == pytest.approx(-one["intercept"], rel=1e-10)
    assert other["std_errors"] == pytest.approx(one["std_errors"], rel=1e-10)


def test_rows_without_y_or_x_do_not_count(db):
    rows = rows_of(random.Random(7), 60, 2)
    harness.create(db, "t", ["y", "x1", "x2"], rows)
    whole = call(db, "y, x1, x2")
    db.execute("INSERT INTO t VALUES (NULL, 1, 2), (1, NULL, 2), (0, 1, NULL), ('', 1, 2), (1, '', 2), (NULL, NULL, NULL)")
    assert call(db, "y, x1, x2") == whole
    db.execute("UPDATE t SET x1 = CAST(x1 AS TEXT), y = CAST(y AS TEXT) WHERE rowid % 2")  # a CSV import makes everything text
    assert json.loads(call(db, "y, x1, x2"))["coefficients"] == pytest.approx(json.loads(whole)["coefficients"], rel=1e-12)


def test_groups_are_fits_of_their_own(db):
    rows = [[g, *row] for g in range(5) for row in rows_of(random.Random(g), 50, 2)]
    harness.create(db, "t", ["g", "y", "x1", "x2"], rows)
    together = dict(db.execute("SELECT g, logistic_fit('ridge=' || (g + 1), y, x1, x2) FROM t GROUP BY g").fetchall())
    for g in range(5):
        assert together[g] == call(db, f"'ridge={g + 1}', y, x1, x2", f"t WHERE g = {g}")


############################### Predictions ###############################


@pytest.fixture
def models(db):
    """20 models of two predictors, more than a connection keeps, as a table of texts."""
    db.execute("CREATE TABLE models(id INTEGER PRIMARY KEY, model)")
    numbers = random.Random(8)
    for number in range(20):
        db.execute("INSERT INTO models VALUES (?, ?)", (number, json.dumps(logistic_fit(db, rows_of(numbers, 60, 2, 0.5)))))
    return db


def expected(model, x1, x2):
    model = json.loads(model)
    return 1 / (1 + math.exp(-(model["intercept"] + model["coefficients"][0] * x1 + model["coefficients"][1] * x2)))


def test_a_model_from_a_parameter_a_subquery_and_a_column(models):
    model = models.execute("SELECT model FROM models WHERE id = 3").fetchone()[0]
    points = "(SELECT id / 7.0 AS x1, id % 3 AS x2 FROM models)"
    wanted = [(expected(model, number / 7, number % 3),) for number in range(20)]
    for source, parameters in ((f"SELECT logistic_predict(?, x1, x2) FROM {points}", (model,)),
                               (f"SELECT logistic_predict((SELECT model FROM models WHERE id = 3), x1, x2) FROM {points}", ()),
                               (f"SELECT logistic_predict(model, x1, x2) FROM {points}, models WHERE id = 3", ()),
                               (f"SELECT logistic_predict(json(?), x1, x2) FROM {points}", (f" {model} ",))):  # fmt: skip
        assert models.execute(source, parameters).fetchall() == [pytest.approx(row, rel=1e-13) for row in wanted]


@pytest.mark.parametrize("order", ["id", "x", "x % 3, id", "id, x"])
def test_a_model_that_changes_from_row_to_row(models, order):
    """Each row has the model that stands in it, whatever was asked before."""
    cross = f"SELECT model, x FROM models, (SELECT id AS x FROM models) ORDER BY {order}"
    rows = models.execute(f"SELECT model, x, logistic_predict(model, x, 1) FROM ({cross})").fetchall()
    assert len(rows) == 400
    for model, x, p in rows:
        assert p == pytest.approx(expected(model, x, 1), rel=1e-13)


def test_models_side_by_side(models):
    statements = [models.execute("SELECT logistic_predict((SELECT model FROM models WHERE id = ?), x.id, 0) FROM models AS x", (number,))
                  for number in range(20)]  # fmt: skip
    texts = [row[0] for row in models.execute("SELECT model FROM models ORDER BY id")]
    for x, answers in enumerate(zip(*statements)):
        assert [row[0] for row in answers] == [pytest.approx(expected(text, x, 0), rel=1e-13) for text in texts]


def test_a_model_in_another_spelling(models):
    """Any order of keys and spacing, other keys, numbers in another form."""
    model = models.execute("SELECT model FROM models WHERE id = 5").fetchone()[0]
    keys = json.loads(model)
    spelt = json.dumps({"note": {"by": ["a", None, True]}, **dict(sorted(keys.items(), reverse=True))}, indent=3)
    for text in (spelt, json.dumps({"coefficients": keys["coefficients"], "intercept": keys["intercept"]}, separators=(",", ":"))):
        sql = "SELECT logistic_predict(?, 1.5, 2) = logistic_predict(?, 1.5, 2)"
        assert models.execute(sql, (text, model)).fetchone() == (1,)


def test_null_predictions(models):
    model = models.execute("SELECT model FROM models WHERE id = 5").fetchone()[0]
    assert models.execute("SELECT logistic_predict(?1, NULL, 1), logistic_predict(?1, 1, ''), logistic_predict(NULL, 1, 2), logistic_predict('', 1)",
                          (model,)).fetchone() == (None,) * 4  # fmt: skip
    assert models.execute("SELECT logistic_predict(?1, '1.5', 2) = logistic_predict(?1, 1.5, '2')", (model,)).fetchone() == (1,)


############################### Anything ###############################

NUMBER = st.one_of(WHOLE, st.floats(min_value=-1e290, max_value=1e290), st.floats(min_value=-10, max_value=10))
KINDS = ["every row", "too few rows", "constant", "combination", "separate", "do not settle", "beyond the range"]


@given(st.integers(min_value=0, max_value=3).flatmap(lambda n: st.lists(st.lists(NUMBER, min_size=n, max_size=n), min_size=1, max_size=25)),
       st.integers(min_value=0, max_value=2**25), st.sampled_from(["", "'ridge=1', ", "'ridge=1e-6', "]))  # fmt: skip
def test_any_numbers_give_a_fit_or_a_reason(xs, bits, options):
    rows = [[bits >> i & 1, *x] for i, x in enumerate(xs)]
    names = ["y", "x1", "x2", "x3"][: len(rows[0])]
    connection = harness.connect()
    harness.create(connection, "t", names, rows)
    try:
        found = json.loads(call(connection, options + ", ".join(names)))
        numbers = [found["intercept"], *found["coefficients"], *found["std_errors"], *found["z"], found["deviance"]]
        assert all(math.isfinite(x) for x in numbers) and min(found["std_errors"]) > 0
        assert found["deviance"] <= found["null_deviance"] * (1 + 1e-9)
    except sqlite3.OperationalError as error:
        assert str(error).startswith("logistic_fit(): ") and any(kind in str(error) for kind in KINDS), error
    connection.close()


@given(st.text(alphabet='{}[]":,.-+e01intercpofs\\ \n', max_size=40), st.integers(min_value=0, max_value=60), st.integers(min_value=0, max_value=10))
def test_any_text_is_a_model_or_an_error(text, at, cut):
    """Pieces put into a model: what is JSON with two coefficients, each key once, is read, and gives its prediction."""
    model = '{"intercept":-1.5,"coefficients":[2.0,1e-3],"n":12,"a":{"b":[null,"x"]}}'
    model = model[:at] + text + model[at + cut :]
    connection = harness.connect()
    try:
        p = connection.execute("SELECT logistic_predict(?, 1, 2)", (model,)).fetchone()[0]
        assert 0 <= p <= 1
    except sqlite3.OperationalError as error:
        assert str(error).startswith("logistic_predict(): ")
        p = None
    connection.close()
    if is_model(model):
        eta = sum(x * y for x, y in zip([json.loads(model)["intercept"], *json.loads(model)["coefficients"]], [1, 1, 2]))
        assert p == pytest.approx(0.0 if eta < -700 else 1 / (1 + math.exp(-eta)), rel=1e-12, abs=1e-300)


def is_model(text):
    try:
        pairs = json.loads(text, object_pairs_hook=lambda pairs: pairs)
        members = dict(pairs)
        numbers = [members["intercept"], *members["coefficients"]]
    except (ValueError, TypeError, KeyError):
        return False
    return (len(members) == len(pairs) and len(numbers) == 3 and isinstance(members["coefficients"], list)
            and all(isinstance(x, (int, float)) and not isinstance(x, bool) and math.isfinite(x) for x in numbers))  # fmt: skip
