"""funnel() and funnel_summary() against plain SQL: window functions of the same SQLite, none of the extension."""

from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from funnel_reference import parse_stages
from funnel_strategies import OTHER_STAGES, cases
from funnel_tables import assert_figures, fill

STEPS = """
WITH listed AS (
  SELECT e.entity, e.ts, s.stage_no FROM events e JOIN stages s ON s.stage = e.stage
  WHERE e.entity <> '' AND e.ts <> ''
)
SELECT l.entity, s.stage_no, s.stage, min(l.ts) AS entered_at,
       (SELECT count(*) FROM listed x WHERE x.entity = l.entity AND x.stage_no = s.stage_no AND x.ts = min(l.ts)) = 0
FROM listed l JOIN stages s ON s.stage_no <= l.stage_no
GROUP BY l.entity, s.stage_no
"""

numbers_and_text = st.sampled_from([1, 2, "a", "b", None, ""])
plain_stages = st.sampled_from(["a", "b", "c", "d", "a", "b", "c"] + OTHER_STAGES)
plain_times = st.one_of(st.integers(0, 20), st.integers(0, 20), st.sampled_from([None, ""]))
plain_events = st.lists(st.tuples(numbers_and_text, plain_times, plain_stages), max_size=25)


@given(plain_events)
@settings(max_examples=200)
def test_the_first_pass_equals_plain_sql(events):
    """Without exits and deadlines a stage is entered by the earliest event of it or of a later one."""
    connection = harness.connect()
    harness.create(connection, "events", ["entity", "ts", "stage"], events)
    harness.create(connection, "stages", ["stage_no", "stage"], [(k + 1, name) for k, name in enumerate("abcd")])
    wanted = connection.execute(STEPS).fetchall()
    sql = "SELECT entity, stage_no, stage, entered_at, inferred, furthest FROM funnel('events', 'a > b > c > d')"
    rows = connection.execute(sql + " WHERE pass = 1").fetchall()
    connection.close()
    assert sorted(map(repr, (row[:5] for row in rows))) == sorted(map(repr, wanted))
    furthest = {entity: max(row[1] for row in wanted if row[0] == entity) for entity, *_ in wanted}
    assert {row[0]: row[5] for row in rows} == furthest


SUMMARY = """
WITH detail AS (
  SELECT stage_no, {label} AS label, {period} AS period, outcome, inferred, seconds_in_stage / 86400.0 AS days
  FROM funnel(?1, ?2, ?3)
), grouped AS (
  SELECT DISTINCT label, period FROM detail
), timed AS (
  SELECT label, period, stage_no, days,
         row_number() OVER (PARTITION BY label, period, stage_no ORDER BY days) - 1 AS place,
         count(*) OVER (PARTITION BY label, period, stage_no) - 1 AS top
  FROM detail WHERE outcome = 'advanced' AND NOT inferred
), spread AS (
  SELECT label, period, stage_no, avg(days) AS mean,
         sum(days * max(0, 1 - abs(place - 0.5 * top))) AS median, sum(days * max(0, 1 - abs(place - 0.9 * top))) AS p90
  FROM timed GROUP BY label, period, stage_no
)
SELECT s.stage_no, g.label, g.period, count(d.outcome), total(d.outcome = 'advanced'), total(d.outcome = 'exited'),
       total(d.outcome = 'recycled'), total(d.outcome = 'open'),
       1.0 * total(d.outcome = 'advanced') / count(d.outcome),
       1.0 * count(d.outcome) / (SELECT nullif(count(*), 0) FROM detail f
                                 WHERE f.label IS g.label AND f.period IS g.period AND f.stage_no = 1),
       mean, median, p90
FROM grouped g CROSS JOIN stages s
LEFT JOIN detail d ON d.label IS g.label AND d.period IS g.period AND d.stage_no = s.stage_no
LEFT JOIN spread t ON t.label IS g.label AND t.period IS g.period AND t.stage_no = s.stage_no
WHERE s.stage_no < ?4
GROUP BY g.period, g.label, s.stage_no
ORDER BY g.period, g.label, s.stage_no
"""
PERIODS = {
    None: "NULL",
    "day": "date(pass_started_at, 'unixepoch')",
    "month": "strftime('%Y-%m', pass_started_at, 'unixepoch')",
}
FIGURES = "stage_no, label, period, entered, advanced, exited, recycled, open, rate, overall_rate"
FIGURES += ", mean_days, median_days, p90_days"


@given(cases(), st.booleans(), st.sampled_from(sorted(PERIODS, key=str)))
@settings(max_examples=200)
def test_the_summary_equals_plain_sql_over_the_rows(case, by_label, period):
    """A quantile weighs the two neighbours of its place by how near they are to it."""
    by_label = by_label and case.has_label
    totals = case.adding(*["by=label"] * by_label, *[f"period={period}"] * bool(period))
    names = [stage.name for stage in parse_stages(case.stages)]
    connection = fill(case)
    harness.create(connection, "stages", ["stage_no", "stage"], list(enumerate(names, start=1)))
    sql = SUMMARY.format(label="label" if by_label else "NULL", period=PERIODS[period])
    wanted = connection.execute(sql, (case.relation, case.stages, case.options, len(names))).fetchall()
    sql = f"SELECT {FIGURES} FROM funnel_summary(?, ?, ?) WHERE stage_no < ?"
    actual = connection.execute(sql, (case.relation, case.stages, totals.options, len(names))).fetchall()
    connection.close()
    if not wanted:  # no pass: no group, but without groups a row for every stage
        empty = [(number, None, None) + (0,) * 5 + (None,) * 5 for number in range(1, len(names))]
        assert actual == ([] if by_label or period else empty)
        return
    assert_figures(actual, wanted, exact=8)
