"""Rows in order of channel and model, as GROUP BY, ORDER BY and DISTINCT ask for them: the same rows as sorted, without a sorter."""

import pytest

import harness

TOUCHES = [
    (1, 10, "email"), (1, 20, "ads"), (1, 20, "Ä"), (1, 30, "email"), (1, 40, ""), (1, 50, "(unattributed)"),
    (2, 10, "ads"), (2, 20, "Ads"), (2, 30, None), (2, 35, "(none)"), (2, 40, "日本"), (2, 60, "\U0001f600"), (2, 61, "\uffee"),
    ("x", 5, "email"), ("x", 6, "email "), ("x", 7, "ads"), (3.5, 1, "zz"), (3.5, 2, "(unattributed"), (3.5, 3, "(unattributed)!"),
]  # fmt: skip
DEALS = [(1, 45, 100.0, 20), (1, 55, 33.33, None), (2, 70, 10.01, 5), (2, 70, None, 40), ("x", 8, -7.77, 6),
         (3.5, 9, 1e9, 2), (4, 10, 5.0, None), (4, 11, 6.0, 1)]  # fmt: skip
MODELS = ["linear", "first_touch", "last_touch, first_touch", "all", "participation", "milestone(1)", "milestone(1), linear",
          "time_decay, position_based, shapley", "custom(0, 1, 0)"]  # fmt: skip
OPTIONS = ["", "round=0.01", "lookback=30", "reset=conversion", "gap=8", "ignore=email,ads", "path=exposure", "path=first",
           "path=unique", "max_touches=2", "as_of=50", "path=unique; round=1; gap=20"]  # fmt: skip
ROWS = "model, entity, conversion_id, converted_at, touch_id, touched_at, channel, position, path_length, credit, value"


@pytest.fixture(params=["UTF-8", "UTF-16le"])
def filled(request, db):
    db.execute(f"PRAGMA encoding = '{request.param}'")
    harness.create(db, "touches", ["entity", "ts", "channel"], TOUCHES)
    harness.create(db, "conversions", ["entity", "ts", "value", "milestone1"], DEALS)
    assert db.execute("PRAGMA encoding").fetchone() == (request.param,)
    return db


def call(models="linear", options=""):
    return f"attribution('touches', 'conversions', '{models}', '{options}')"


def plan(db, sql):
    return " ".join(row[3] for row in db.execute("EXPLAIN QUERY PLAN " + sql))


@pytest.mark.parametrize("models", MODELS)
@pytest.mark.parametrize("order", ["channel", "channel DESC", "model", "model DESC", "channel, model DESC", "model, channel",
                                   "channel DESC, model", "model DESC, channel DESC"])  # fmt: skip
def test_orders(filled, models, order):
    """+channel is an expression, which SQLite sorts itself."""
    sorted_by_sqlite = ", ".join("+" + term for term in order.split(", "))
    columns = order.replace(" DESC", "")
    for options in OPTIONS:
        source = call(models, options)
        sql = f"SELECT {columns} FROM {source} ORDER BY "
        assert filled.execute(sql + order).fetchall() == filled.execute(sql + sorted_by_sqlite).fetchall()
        every = f"SELECT {ROWS} FROM {source}"
        rows = filled.execute(f"{every} ORDER BY {order}").fetchall()
        assert sorted(map(repr, rows)) == sorted(map(repr, filled.execute(every)))


@pytest.mark.parametrize("models", MODELS)
@pytest.mark.parametrize("by", ["channel", "model", "entity", "model, channel", "channel, model", "entity, channel"])
def test_groups(filled, models, by):
    plus = ", ".join("+" + column for column in by.split(", "))
    for options in OPTIONS:
        source = call(models, options)
        sql = f"SELECT {by}, count(*), min(position), max(touch_id), max(credit), max(value) FROM {source} GROUP BY "
        expected = sorted(map(repr, filled.execute(sql + plus)))
        assert sorted(map(repr, filled.execute(sql + by))) == expected
        assert sorted(map(repr, filled.execute(f"{sql}{by} ORDER BY {by}"))) == expected
        distinct = [filled.execute(f"SELECT DISTINCT {columns} FROM {source} ORDER BY {plus}").fetchall() for columns in (by, plus)]
        assert distinct[0] == distinct[1]


CONDITIONS = [
    "entity = 1", "entity = 'x'", "entity = 4", "entity = 99", "entity = 1 OR entity = 2", "entity = 1 OR channel = 'ads'",
    "entity IN (1, 2, 'x')", "entity > 1", "channel = 'ads'", "channel > 'ads'", "channel IN ('ads', '(unattributed)')",
    "value > 5 AND credit < 1", "position = 0", "entity = 1 OR entity = 1",
]  # fmt: skip


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("tail", ["", " LIMIT 2", " LIMIT 2 OFFSET 1", " LIMIT 0"])
def test_with_conditions(filled, condition, tail):
    for models in ("linear", "all"):
        for by, plus in (("channel", "+channel"), ("model, channel DESC", "+model, +channel DESC")):
            columns = by.replace(" DESC", "")
            sql = f"SELECT {columns}, count(*), max(value) FROM {call(models)} WHERE {condition} GROUP BY {columns} ORDER BY "
            assert filled.execute(f"{sql}{by}{tail}").fetchall() == filled.execute(f"{sql}{plus}{tail}").fetchall()


@pytest.mark.parametrize("sql", [
    "SELECT a.channel, count(*), max(a.value) FROM {} a JOIN info i ON i.channel = a.channel GROUP BY {}a.channel ORDER BY 1",
    "SELECT a.channel, count(i.cost), max(a.value) FROM {} a LEFT JOIN info i ON i.channel = a.channel GROUP BY {}a.channel ORDER BY 1",
    "SELECT a.channel, count(*) FROM info i CROSS JOIN {} a ON i.channel = a.channel GROUP BY {}a.channel ORDER BY 1",
    "SELECT a.channel, count(*) FROM who w CROSS JOIN {} a ON w.entity = a.entity GROUP BY {}a.channel ORDER BY 1",
    "SELECT a.channel, b.n FROM {0} a JOIN (SELECT channel, count(*) AS n FROM {0} GROUP BY {1}channel) b USING (channel) ORDER BY 1, 2",
    "SELECT (SELECT group_concat(channel) FROM (SELECT channel FROM {} a WHERE a.entity = w.entity ORDER BY {}channel)) FROM who w",
    "SELECT channel, sum(count(*)) OVER (ORDER BY channel) FROM {} GROUP BY {}channel ORDER BY 1",
    "SELECT min(channel), max(channel) FROM {} WHERE '{}' IS NOT NULL",
    "SELECT max(channel) FROM {} WHERE '{}' IS NOT NULL",
    "SELECT channel COLLATE NOCASE, count(*) FROM {} GROUP BY {}channel COLLATE NOCASE ORDER BY 2, 1",
    "SELECT channel FROM {} UNION ALL SELECT 'zzz' ORDER BY {}1",
    "SELECT channel FROM {} UNION SELECT 'zzz' ORDER BY {}1",
])  # fmt: skip
def test_within_other_statements(filled, sql):
    filled.executescript("CREATE TABLE info(channel, cost); INSERT INTO info VALUES ('ads', 1), ('ads', 2), ('(none)', 3), ('Ä', 4);"
                         " CREATE TABLE who(entity); INSERT INTO who VALUES (1), ('x'), (99), (1);")  # fmt: skip
    for models in ("linear", "all"):
        answers = [filled.execute(sql.format(call(models), plus)).fetchall() for plus in ("", "+") if not (plus and sql.endswith("{}1"))]
        assert all(answer == answers[0] for answer in answers) and answers[0]


def test_arguments_from_a_join(filled):
    filled.execute("CREATE TABLE lists(models)")
    filled.execute("INSERT INTO lists VALUES ('linear'), ('last_touch'), ('linear')")
    sql = "SELECT channel, count(*), max(value) FROM lists JOIN attribution('touches', 'conversions', lists.models) GROUP BY {}channel ORDER BY 1"
    assert filled.execute(sql.format("")).fetchall() == filled.execute(sql.format("+")).fetchall()


def test_an_encoding_with_another_order(db):
    """BINARY compares UTF-16 by its bytes, which is not the order of UTF-8."""
    db.execute("PRAGMA encoding = 'UTF-16le'")
    harness.add_journeys(db, TOUCHES, [row[:3] for row in DEALS])
    sql = f"SELECT channel, count(*) FROM {call()} GROUP BY channel ORDER BY channel"
    assert "TEMP B-TREE" in plan(db, sql)
    channels = [row[0] for row in db.execute(sql)]
    assert channels == sorted(channels, key=lambda text: text.encode("utf-16-le")) != sorted(channels, key=str.encode)


@pytest.mark.parametrize("sql, sorts", [
    ("SELECT channel, sum(value) FROM {} GROUP BY channel", False),
    ("SELECT channel, sum(value) FROM {} WHERE entity = 1 GROUP BY channel", False),
    ("SELECT channel, sum(value) FROM {} GROUP BY channel ORDER BY channel DESC", False),
    ("SELECT model, channel, sum(value) FROM {} GROUP BY model, channel", False),
    ("SELECT channel, model, sum(value) FROM {} GROUP BY channel, model", False),
    ("SELECT model, count(*) FROM {} GROUP BY model", False),
    ("SELECT * FROM {} ORDER BY channel", False),
    ("SELECT * FROM {} ORDER BY model DESC, channel", False),
    ("SELECT DISTINCT channel FROM {} ORDER BY channel", False),
    ("SELECT max(channel) FROM {}", False),
    ("SELECT channel, sum(value) FROM {} GROUP BY +channel", True),
    ("SELECT channel, sum(value) FROM {} GROUP BY channel COLLATE NOCASE", True),
    ("SELECT * FROM {} ORDER BY channel, position", True),
    ("SELECT * FROM {} ORDER BY value", True),
    ("SELECT * FROM {} ORDER BY entity", True),  # keys of several classes are not in SQLite's order
])  # fmt: skip
def test_plans(db, sql, sorts):
    harness.add_journeys(db, TOUCHES, [row[:3] for row in DEALS])
    assert ("TEMP B-TREE" in plan(db, sql.format(call()))) == sorts


def test_a_path_of_many_channels(db):
    """Such a path is divided once, not once for each of its channels."""
    harness.add_journeys(db, [(n % 3, n, f"c{n % 500}") for n in range(3000)], [(n % 4, n * 29, n) for n in range(120)])
    for models in ("linear", "all"):
        for options in ("", "path=first", "round=0.01"):
            sql = f"SELECT {ROWS} FROM {call(models, options)}"
            expected = sorted(map(repr, db.execute(sql)))
            for order in ("channel", "model, channel DESC"):
                rows = db.execute(f"{sql} ORDER BY {order}").fetchall()
                assert sorted(map(repr, rows)) == expected
    channels = [row[0] for row in db.execute(f"SELECT channel FROM {call()} ORDER BY channel")]
    assert channels == sorted(channels, key=str.encode)
