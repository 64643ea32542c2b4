"""Equality with the same models in plain SQL: window functions of the same SQLite, no function of the extension.

The reference is held against the same SQL, so that three independent answers must agree.
"""

from hypothesis import given
from hypothesis import strategies as st

import harness
import reference

HOUR = 3600

PATHS = """
WITH deal AS (
  SELECT c.rowid AS conversion_id, c.*,
         (SELECT max(p.ts) FROM conversions p WHERE p.entity = c.entity AND p.ts < c.ts) AS previous
  FROM conversions c
), path AS (
  SELECT d.conversion_id, d.ts AS converted_at, d.value, t.rowid AS touch_id, t.ts AS touched_at, t.channel,
         row_number() OVER (PARTITION BY d.conversion_id ORDER BY t.ts, t.channel, t.rowid) AS position,
         count(*) OVER (PARTITION BY d.conversion_id) AS n
  FROM deal d JOIN touches t ON t.entity = d.entity AND t.ts <= d.ts
  WHERE (:lookback IS NULL OR d.ts - t.ts <= :lookback)
    AND (NOT :reset OR d.previous IS NULL OR t.ts > d.previous)
), weighed AS (
  SELECT path.*, {weight} AS weight FROM path
), credited AS (
  SELECT weighed.*, weight / sum(weight) OVER (PARTITION BY conversion_id) AS credit FROM weighed
)
SELECT conversion_id, touch_id, channel, position, n, credit, value * credit FROM credited WHERE weight > 0
UNION ALL
SELECT rowid, NULL, '(unattributed)', 0, 0, 1.0, value FROM conversions
WHERE rowid NOT IN (SELECT conversion_id FROM path)
ORDER BY 1, 4
"""

WEIGHTS = {
    "first_touch": "CASE position WHEN 1 THEN 1.0 ELSE 0 END",
    "last_touch": "CASE position WHEN n THEN 1.0 ELSE 0 END",
    "linear": "1.0",
    "position_based": "CASE WHEN n <= 2 THEN 1.0 WHEN position IN (1, n) THEN 0.4 ELSE 0.2 / (n - 2) END",
    "time_decay": "half_to_the((converted_at - touched_at) / (7 * 86400.0))",
    "time_decay(half_life=36 hours)": "half_to_the((converted_at - touched_at) / (36 * 3600.0))",
}

moments = st.integers(0, 400).map(lambda n: n * HOUR)
touches = st.lists(st.tuples(st.integers(1, 3), moments, st.sampled_from("abcd")), max_size=20)
conversions = st.lists(st.tuples(st.integers(1, 3), moments, st.integers(-50, 1000)), max_size=6)
settings_of_a_window = st.tuples(st.one_of(st.none(), st.integers(0, 300)), st.booleans())


def plain_sql(connection, model, lookback, reset):
    """Rows (conversion_id, touch_id, channel, position, path_length, credit, value)."""
    connection.create_function("half_to_the", 1, lambda x: 2.0**-x)  # SQLite may be built without pow()
    sql = PATHS.format(weight=WEIGHTS[model])
    return connection.execute(sql, {"lookback": lookback, "reset": reset}).fetchall()


def tables(connection, touch_rows, conversion_rows):
    harness.create(connection, "touches", ["entity", "ts", "channel"], touch_rows)
    harness.create(connection, "conversions", ["entity", "ts", "value"], conversion_rows)
    return connection


def option_text(hours, reset):
    parts = ["reset=conversion"] * reset + [f"lookback={hours} hours"] * (hours is not None)
    return "; ".join(parts)


def assert_same(actual, wanted):
    assert [tuple(row[:5]) for row in actual] == [tuple(row[:5]) for row in wanted]
    for left, right in zip(actual, wanted):
        assert abs(left[5] - right[5]) <= 1e-12
        assert abs(left[6] - right[6]) <= 1e-9


@given(touches, conversions, settings_of_a_window, st.sampled_from(sorted(WEIGHTS)))
def test_the_extension_equals_plain_sql(touch_rows, conversion_rows, window, model):
    hours, reset = window
    connection = tables(harness.connect(), touch_rows, conversion_rows)
    wanted = plain_sql(connection, model, hours and hours * HOUR, reset)
    actual = connection.execute(
        "SELECT conversion_id, touch_id, channel, position, path_length, credit, value"
        " FROM attribution('touches', 'conversions', ?, ?) ORDER BY 1, 4",
        (model, option_text(hours, reset)),
    ).fetchall()
    connection.close()
    assert_same(actual, wanted)


@given(touches, conversions, settings_of_a_window, st.sampled_from(sorted(WEIGHTS)))
def test_the_reference_equals_plain_sql(touch_rows, conversion_rows, window, model):
    hours, reset = window
    connection = tables(harness.sqlite3.connect(":memory:", isolation_level=None), touch_rows, conversion_rows)
    wanted = plain_sql(connection, model, hours and hours * HOUR, reset)
    connection.close()
    numbered = [[(i + 1,) + row for i, row in enumerate(rows)] for rows in (touch_rows, conversion_rows)]
    rows = reference.credits(*numbered, model, option_text(hours, reset))
    actual = [
        (r.conversion_id, r.touch_id, r.channel, r.position, r.path_length, r.credit, r.value)
        for r in sorted(rows, key=lambda r: (r.conversion_id, r.position))
    ]
    assert_same(actual, wanted)
