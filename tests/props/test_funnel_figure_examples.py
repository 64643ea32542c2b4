"""Wilson's interval, conversion_curve() and funnel_summary(): worked figures, one test for each sentence."""

import math

import pytest

import harness
from funnel_tables import SUBJECT_COLUMNS

DAY = 86_400
ERROR = harness.sqlite3.OperationalError


def scalar(db, sql, *parameters):
    return db.execute(sql, parameters).fetchone()[0]


# ---------------------------------------------------------------- Wilson


def test_wilson_of_4_of_10(db):
    assert scalar(db, "SELECT wilson_low(4, 10)") == pytest.approx(0.1682, abs=5e-5)
    assert scalar(db, "SELECT wilson_high(4, 10)") == pytest.approx(0.6873, abs=5e-5)


def test_wilson_of_none_or_all_ends_at_0_and_1(db):
    assert scalar(db, "SELECT wilson_low(0, 10)") == 0
    assert scalar(db, "SELECT wilson_high(10, 10)") == 1


@pytest.mark.parametrize("call", ["0, 0", "NULL, 10", "4, NULL", "4, 10, NULL"])
def test_wilson_of_nothing_is_null(db, call):
    assert db.execute(f"SELECT wilson_low({call}), wilson_high({call})").fetchone() == (None, None)


def test_wilson_at_another_confidence(db):
    """Wider the surer."""
    bounds = [db.execute("SELECT wilson_low(4, 10, ?1), wilson_high(4, 10, ?1)", (c,)).fetchone() for c in (0.8, 0.99)]
    assert bounds[1][0] < bounds[0][0] < 0.4 < bounds[0][1] < bounds[1][1]
    assert scalar(db, "SELECT wilson_low(4, 10, 0.95) = wilson_low(4, 10)") == 1


# ---------------------------------------------------------------- conversion_curve


def subjects(converted=(), closed=(), censored=()):
    """Rows of subjects that converted, closed or are still open so many days after their start, at day 100."""
    now = 100 * DAY
    rows = [(f"k{i}", now - days * DAY, now, None, None) for i, days in enumerate(converted)]
    rows += [(f"c{i}", now - days * DAY, None, now, None) for i, days in enumerate(closed)]
    return rows + [(f"o{i}", now - days * DAY, None, None, None) for i, days in enumerate(censored)]


def curve(db, rows, options=f"as_of={100 * DAY}", columns=4):
    harness.create(db, "subjects", SUBJECT_COLUMNS, rows)
    relation = f"subjects({', '.join(SUBJECT_COLUMNS[:columns])})"
    return harness.rows_of(db, "SELECT * FROM conversion_curve(?, ?)", relation, options)


def at(rows, days):
    """The row in force at this day."""
    return [row for row in rows if row["days"] <= days][-1]


def test_open_subjects_are_censored_and_may_still_convert(db):
    """4 of 10 have converted, 40 %, but by day 20 it is 46 %: two were not watched for so long."""
    rows = curve(db, subjects([5, 10, 10, 20], censored=[7, 15, 25, 30, 30, 30]))
    assert at(rows, 20)["conversion"] == pytest.approx(0.46, abs=1e-12)
    assert at(rows, 20)["std_error"] == pytest.approx(0.1731, abs=5e-5)
    assert sum(row["converted"] for row in rows) / rows[0]["at_risk"] == 0.4
    assert [row["days"] for row in rows] == [5, 7, 10, 15, 20, 25, 30]
    assert [row["at_risk"] for row in rows] == [10, 9, 8, 6, 5, 4, 3]


def test_closed_subjects_will_not_convert(db):
    """Disqualified at 7 and 15: they stay in the denominator, so it is 40 %."""
    rows = curve(db, subjects([5, 10, 10, 20], [7, 15], [25, 30, 30, 30]))
    assert at(rows, 20)["conversion"] == pytest.approx(0.4, abs=1e-12)
    assert sum(row["closed"] for row in rows) == 2


def test_bounds_are_on_the_log_log_scale_and_null_at_0_and_1(db):
    rows = curve(db, subjects([5, 9], censored=[2]))
    assert [(row["days"], row["conversion"]) for row in rows] == [(2, 0), (5, 0.5), (9, 1)]
    assert [(row["low"] is None, row["high"] is None) for row in rows] == [(True, True), (False, False), (True, True)]
    half, error = rows[1], math.sqrt(0.5 * 0.5 / 2)
    assert half["std_error"] == pytest.approx(error, abs=1e-15)
    reach = 1.959963984540054 * error / (0.5 * math.log(2))
    wanted = [0.5 ** math.exp(reach), 0.5 ** math.exp(-reach)]
    assert [half["low"], half["high"]] == pytest.approx(wanted, rel=1e-12)


def test_steps_count_what_happened_since_the_step_before(db):
    rows = curve(db, subjects([0, 7, 8], [14], [3, 15]), f"as_of={100 * DAY}; step=7 days")
    columns = ("days", "at_risk", "converted", "closed", "censored")
    assert [tuple(row[name] for name in columns) for row in rows] == [
        (0, 6, 1, 0, 0),
        (7, 5, 1, 0, 1),
        (14, 3, 1, 1, 0),
        (21, 1, 0, 0, 1),
    ]


def test_subjects_censored_at_a_time_are_at_risk_at_it(db):
    rows = curve(db, subjects([5], censored=[5]))
    assert [(row["at_risk"], row["converted"], row["censored"], row["conversion"]) for row in rows] == [(2, 1, 1, 0.5)]


@pytest.mark.parametrize(
    "converted, closed, what",
    [
        (3, 5, "converted"),
        (5, 3, "closed"),
        (4, 4, "converted"),
        (None, None, "censored"),
        (11, None, "censored"),
        (11, 8, "closed"),
        (10, None, "converted"),
    ],
)
def test_of_two_times_the_earlier_counts_and_later_than_now_is_not_seen(db, converted, closed, what):
    rows = curve(db, [(1, 0, converted, closed, None)], "as_of=10")
    assert [row[what] for row in rows] == [1]
    assert rows[0]["days"] * DAY == pytest.approx(min(x for x in (converted, closed, 10) if x is not None and x <= 10))


def test_a_conversion_before_the_start_counts_as_at_the_start(db):
    rows = curve(db, [(1, 20, 10, None, None)], "as_of=30")
    assert [(row["days"], row["converted"]) for row in rows] == [(0, 1)]


def test_now_is_the_latest_time_of_all_columns(db):
    rows = curve(db, [(1, 0, None, None, None), (2, DAY, None, 3 * DAY, None)], "")
    assert [(row["days"], row["censored"]) for row in rows][-1] == (3, 1)


def test_subjects_that_start_after_now_do_not_exist(db):
    rows = curve(db, [(1, 0, None, None, None), (2, 11, 12, None, None)], "as_of=10")
    assert [row["at_risk"] for row in rows] == [1]


def test_without_subjects_there_is_no_curve(db):
    assert curve(db, []) == []


def test_curves_by_label_and_period_are_sorted(db):
    rows = [
        (1, "2024-02-01", "2024-02-03", None, "b"),
        (2, "2024-01-31", None, None, None),
        (3, "2024-01-01", "2024-02-01", None, "b"),
    ]
    found = curve(db, rows, "by=label; period=month", columns=5)
    assert [(row["period"], row["label"], row["at_risk"]) for row in found] == [
        ("2024-01", "(none)", 1),
        ("2024-01", "b", 1),
        ("2024-02", "b", 1),
    ]


def test_numbers_may_be_milliseconds(db):
    rows = curve(db, [(1, 0, DAY * 1000, None, None)], "time_unit=ms; step=1 day")
    assert [(row["days"], row["converted"]) for row in rows] == [(0, 0), (1, 1)]


def test_standard_names_are_looked_up(db):
    harness.create(db, "s", ["label", "closed_at", "entity", "converted_at", "ts"], [("x", None, 1, DAY, 0)])
    rows = harness.rows_of(db, "SELECT * FROM conversion_curve('s', 'by=label')")
    assert [(row["label"], row["days"], row["converted"]) for row in rows] == [("x", 1, 1)]


# ---------------------------------------------------------------- funnel_summary


def summary(db, events, stages, options=""):
    """Events are (entity, days, stage, label)."""
    rows = [(entity, days * DAY, *rest) for entity, days, *rest in events]
    harness.create(db, "events", ["entity", "ts", "stage", "label"], rows)
    return harness.rows_of(db, "SELECT * FROM funnel_summary('events', ?, ?)", stages, options)


JOURNEYS = [
    (1, 0, "a", "x"), (1, 2, "b", "x"), (1, 3, "c", "x"),
    (2, 0, "a", "x"), (2, 4, "lost", "x"),
    (3, 1, "b", "y"),
    (4, 40, "a", "y"), (4, 50, "b", "y"),
]  # fmt: skip


def test_entered_counts_inferred_stages_and_is_what_became_of_them(db):
    rows = summary(db, JOURNEYS, "a > b > c", "exits=lost")
    columns = ("stage", "entered", "advanced", "exited", "recycled", "open")
    assert [tuple(row[name] for name in columns) for row in rows] == [
        ("a", 4, 3, 1, 0, 0),
        ("b", 3, 1, 0, 0, 2),
        ("c", 1, None, None, None, None),
    ]


def test_rates_of_the_next_stage_and_of_the_first(db):
    rows = summary(db, JOURNEYS, "a > b > c", "exits=lost")
    assert [row["rate"] for row in rows] == [3 / 4, 1 / 3, None]
    assert [row["overall_rate"] for row in rows] == [1, 3 / 4, 1 / 4]
    assert [row["expected_rate"] for row in rows][0::2] == [3 / 4, None]
    assert all(rows[2][name] is None for name in ("rate_low", "rate_high", "mean_days", "median_days", "p90_days"))


def test_times_are_of_rows_that_advanced_and_were_not_inferred(db):
    rows = summary(db, JOURNEYS, "a > b > c", "exits=lost")
    figures = [row[name] for row in rows[:2] for name in ("mean_days", "median_days", "p90_days")]
    assert figures == pytest.approx([6, 6, 9.2, 1, 1, 1], rel=1e-12)


def test_every_stage_has_a_row_even_without_a_pass(db):
    rows = summary(db, [], "a > b > c")
    assert [(row["stage_no"], row["stage"], row["entered"]) for row in rows] == [(1, "a", 0), (2, "b", 0), (3, "c", 0)]
    assert [(row["advanced"], row["rate"], row["overall_rate"], row["expected_rate"]) for row in rows] == [
        (0, None, None, None),
        (0, None, None, None),
        (None, None, None, None),
    ]


def test_groups_without_a_pass_have_no_rows_and_groups_with_one_have_every_stage(db):
    rows = summary(db, JOURNEYS, "a > b > c", "by=label; period=month; exits=lost")
    assert [(row["period"], row["label"], row["stage"], row["entered"]) for row in rows] == [
        ("1970-01", "x", "a", 2), ("1970-01", "x", "b", 1), ("1970-01", "x", "c", 1),
        ("1970-01", "y", "a", 1), ("1970-01", "y", "b", 1), ("1970-01", "y", "c", 0),
        ("1970-02", "y", "a", 1), ("1970-02", "y", "b", 1), ("1970-02", "y", "c", 0),
    ]  # fmt: skip
    db.execute("DROP TABLE events")
    assert summary(db, [], "a > b", "by=label") == []


def test_in_any_order_a_row_is_a_number_of_stages(db):
    rows = summary(db, JOURNEYS, "a > b > c", "order=any")
    assert [(row["stage"], row["entered"]) for row in rows] == [("1 of 3", 4), ("2 of 3", 2), ("3 of 3", 1)]


def test_the_expected_rate_corrects_for_those_still_open(db):
    """Advanced at 5, 10, 10 and 20 days, open for 7, 15, 25 and three times 30: 4 of 10 now, 46 % in the end."""
    events = [(f"k{i}", 100 - days, "a", None) for i, days in enumerate([5, 10, 10, 20])]
    events += [(f"k{i}", 100, "b", None) for i in range(4)]
    events += [(f"o{i}", 100 - days, "a", None) for i, days in enumerate([7, 15, 25, 30, 30, 30])]
    (row, _) = summary(db, events, "a > b")
    assert row["rate"] == 0.4
    assert row["expected_rate"] == pytest.approx(0.46, abs=1e-12)
    assert (row["rate_low"], row["rate_high"]) == pytest.approx((0.1682, 0.6873), abs=5e-5)


@pytest.mark.parametrize("options", ["by=stage", "period=decade", "confidence=1", "confidence=0", "ordre=any"])
def test_options_that_do_not_exist_are_errors(db, options):
    with pytest.raises(ERROR, match=r"^funnel_summary\(\): "):
        summary(db, JOURNEYS, "a > b", options)


def test_wilson_takes_sums_of_shares_and_knows_no_rate_of_nothing(db):
    """0.1 + 0.2 is more than 0.3 by a rounding; of nothing there is no rate, whatever was counted."""
    rows = db.execute("SELECT wilson_high(0.1 + 0.2, 0.3), wilson_low(3, 0), wilson_high(0, 0)").fetchall()
    assert rows == [(1.0, None, None)]


def test_wilson_of_changing_confidence(db):
    """Each row has the bounds of its own confidence, whatever the row before had."""
    sql = "SELECT wilson_low(4, 10, column1), wilson_high(4, 10, column1) FROM (VALUES (0.9), (0.5), (0.95), (0.5), (0.9))"
    rows = db.execute(sql).fetchall()
    assert rows == [db.execute(f"SELECT wilson_low(4, 10, {c}), wilson_high(4, 10, {c})").fetchone() for c in (0.9, 0.5, 0.95, 0.5, 0.9)]
    assert rows[0] == rows[4] and rows[1] == rows[3] and len(set(rows)) == 3
