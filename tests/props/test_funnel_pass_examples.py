"""funnel(): worked passes, one test for each sentence of its rules.

Events of one entity are written "a@1 b@5"; a pass reads "a@1 b*@5 c@5 exited@9": a star is an inferred stage, the
outcome stands last, with the time at which the pass was left.
"""

import pytest

import funnel_reference
import harness
from funnel_strategies import EVENT_COLUMNS, Case
from funnel_tables import ROW, ask, assert_rows, by_key

HOUR, DAY = 3_600, 86_400
ERROR = harness.sqlite3.OperationalError


def passes(text, stages, *options):
    """The passes of one entity, as text. The reference must say the same."""
    events = []
    for place, word in enumerate(text.split()):
        stage, time = word.split("@")
        events.append((place + 1, "e", int(time), stage, None, None))
    case = Case(events, stages, "; ".join(options), has_label=False)
    rows = by_key(ask(case))
    assert_rows(rows, by_key(funnel_reference.funnel(*case.calculated)))
    found = {}
    for row in (dict(zip(ROW.split(", "), row)) for row in rows):
        stage = f"{row['stage']}{'*' * row['inferred']}@{row['entered_at']}"
        left = "" if row["left_at"] is None else f"@{row['left_at']}"
        last = [row["outcome"] + left] if row["outcome"] != "advanced" else []
        found.setdefault(row["pass"], []).extend([stage, *last])
    return [" ".join(found[number]) for number in sorted(found)]


# ---------------------------------------------------------------- opening and advancing


def test_a_pass_opens_with_any_listed_stage_and_what_came_before_is_inferred():
    assert passes("b@5", "a > b > c") == ["a*@5 b@5 open"]


def test_skipped_mandatory_stages_are_filled_in_optional_ones_are_left_out():
    assert passes("a@1 d@5", "a > b > c? > d") == ["a@1 b*@5 d@5 won"]


def test_events_of_the_own_or_an_earlier_stage_are_ignored():
    assert passes("a@1 b@2 a@3 b@4 c@5", "a > b > c") == ["a@1 b@2 c@5 won"]


def test_with_boomerang_an_earlier_stage_begins_a_new_pass():
    wanted = ["a@1 b@2 recycled@3", "a@3 b@4 c@5 won"]
    assert passes("a@1 b@2 a@3 b@4 b@4 c@5", "a > b > c", "boomerang=on") == wanted


def test_the_entry_of_a_pass_is_its_earliest():
    """Not the latest before the next stage, as some count."""
    assert passes("a@1 a@5 b@6", "a > b") == ["a@1 b@6 won"]


def test_stages_that_are_not_listed_do_nothing():
    assert passes("x@1 a@2 x@3 b@4 x@5", "a > b") == ["a@2 b@4 won"]


def test_won_twice_is_won_once():
    assert passes("a@1 b@2 b@3", "a > b") == ["a@1 b@2 won"]
    assert passes("a@1 c@2 c@3 b@4 c@5", "a > b > c") == ["a@1 b*@2 c@2 won", "a*@4 b@4 c@5 won"]


def test_at_one_instant_stages_come_first_in_funnel_order():
    assert passes("c@1 b@1 a@1", "a > b > c") == ["a@1 b@1 c@1 won"]
    assert passes("lost@1 b@1", "a > b", "exits=lost") == ["a*@1 b@1 won"]
    assert passes("lost@1 a@1", "a > b", "exits=lost") == ["a@1 exited@1"]


def test_at_one_instant_exits_come_before_what_drops_and_that_before_exclusions():
    options = ("exits=lost", "exclude=refund", "exclude_drop=fraud")
    assert passes("a@0 fraud@1 lost@1 b@2", "a > b > c", *options) == ["a@0 exited@1", "a*@2 b@2 open"]
    assert passes("a@0 refund@1 fraud@1", "a > b", *options) == []


# ---------------------------------------------------------------- endings


def test_an_exit_ends_a_pass_and_any_stage_opens_the_next():
    assert passes("a@1 lost@4 b@6", "a > b > c", "exits=lost,dead") == ["a@1 exited@4", "a*@6 b@6 open"]


def test_an_exclusion_ends_a_pass_and_only_the_first_stage_opens_the_next():
    assert passes("a@1 refund@4 b@6 a@7", "a > b > c", "exclude=refund") == ["a@1 exited@4", "a@7 open"]


def test_a_dropped_pass_is_removed_and_not_counted():
    assert passes("a@1 fraud@4 b@6 a@7", "a > b > c", "exclude_drop=fraud") == ["a@7 open"]


def test_an_ending_without_an_open_pass_does_nothing():
    options = ("exits=lost", "exclude=refund", "exclude_drop=fraud")
    assert passes("lost@0 a@1 b@2 fraud@3 refund@4 lost@5", "a > b", *options) == ["a@1 b@2 won"]


def test_an_event_exactly_at_the_window_still_counts_a_later_one_does_not():
    assert passes("a@0 b@10", "a > b", "window=10") == ["a@0 b@10 won"]
    assert passes("a@0 b@11", "a > b", "window=10") == ["a@0 exited@10"]
    assert passes("a@0 b@6 c@11", "a > b > c", "window=10") == ["a@0 b@6 exited@10"]


def test_after_a_deadline_only_the_first_stage_opens_a_pass():
    assert passes("a@0 b@11 c@12 a@13 b@14", "a > b > c", "window=10") == ["a@0 exited@10", "a@13 b@14 open"]


def test_a_limit_counts_from_the_stage_before():
    assert passes("a@0 b@50 c@55", "a > b > c [5]") == ["a@0 b@50 c@55 won"]
    assert passes("a@0 b@50 c@56", "a > b > c [5]") == ["a@0 b@50 exited@55"]


def test_a_late_stage_is_ignored_while_the_pass_may_go_another_way():
    assert passes("a@0 b@6 c@7", "a > b? [5] > c [9]") == ["a@0 c@7 won"]
    assert passes("a@0 c@9 b@9 c@11", "a > b? > c [5]") == ["a@0 b@9 c@9 won"]
    assert passes("a@0 c@6 b@7 c@9", "a > b? > c [5]") == ["a@0 b@7 c@9 won"]


def test_of_limits_of_optional_stages_the_longest_is_the_deadline_and_none_where_one_has_none():
    assert passes("a@0 x@20", "a > b? [5] > c [9]") == ["a@0 exited@9"]
    assert passes("a@0 x@20", "a > b? [9] > c [5]") == ["a@0 exited@9"]
    assert passes("a@0 x@20", "a > b? > c [5]") == ["a@0 open"]


def test_of_stages_filled_in_by_one_event_only_the_limit_of_the_first_matters():
    assert passes("a@0 d@8", "a > b [9] > c [1] > d [1]") == ["a@0 b*@8 c*@8 d@8 won"]
    assert passes("a@0 d@8", "a > b [7] > c [9] > d [9]") == ["a@0 exited@7"]


def test_a_silence_longer_than_recycle_ends_a_pass_and_any_stage_opens_the_next():
    assert passes("a@0 b@10", "a > b > c", "recycle=10") == ["a@0 b@10 open"]
    assert passes("a@0 b@11", "a > b > c", "recycle=10") == ["a@0 recycled@10", "a*@11 b@11 open"]
    assert passes("a@0 a@9 b@11", "a > b > c", "recycle=10")[0] == "a@0 recycled@10"


def test_of_two_deadlines_the_earlier_one_counts_recycled_where_they_are_equal():
    assert passes("a@0 x@99", "a > b", "recycle=10", "window=9") == ["a@0 exited@9"]
    assert passes("a@0 x@99", "a > b", "recycle=10", "window=11") == ["a@0 recycled@10"]
    assert passes("a@0 x@99", "a > b", "recycle=10", "window=10") == ["a@0 recycled@10"]
    assert passes("a@0 x@99", "a > b [10]", "recycle=10") == ["a@0 recycled@10"]


def test_a_deadline_at_or_after_now_has_not_passed():
    assert passes("a@0 x@10", "a > b", "window=10") == ["a@0 open"]
    assert passes("a@0 x@11", "a > b", "window=10") == ["a@0 exited@10"]
    assert passes("a@0", "a > b", "window=10", "as_of=11") == ["a@0 exited@10"]


def test_nothing_later_than_as_of_is_seen():
    assert passes("a@0 b@5 c@9", "a > b > c", "as_of=5") == ["a@0 b@5 open"]
    assert passes("a@3", "a > b", "as_of=2") == []


# ---------------------------------------------------------------- orders


def test_strict_passes_open_with_the_first_stage_only():
    assert passes("b@1 a@2 b@3", "a > b > c", "order=strict") == ["a@2 b@3 open"]
    assert passes("a@1 b@2 b@3 c@4", "a > b > c", "order=strict") == ["a@1 b@2 c@4 won"]


def test_strict_passes_end_at_a_skipped_mandatory_stage():
    assert passes("a@1 c@2 b@3 c@4", "a > b > c", "order=strict") == ["a@1 exited@2"]
    assert passes("a@1 c@2", "a > b? > c", "order=strict") == ["a@1 c@2 won"]


def test_strict_passes_end_at_a_stage_that_is_not_listed_anywhere():
    assert passes("a@1 x@2 b@3", "a > b", "order=strict") == ["a@1 exited@2"]
    assert passes("x@0 a@1 b@3", "a > b", "order=strict") == ["a@1 b@3 won"]


def test_in_any_order_the_kth_different_stage_is_stage_k():
    assert passes("c@1 c@2 a@3 b@4", "a > b > c", "order=any") == ["c@1 a@3 b@4 won"]


def test_in_any_order_any_stage_opens_a_pass_whatever_ended_the_one_before():
    assert passes("a@1 refund@2 b@3", "a > b", "order=any", "exclude=refund") == ["a@1 exited@2", "b@3 open"]
    assert passes("a@1 b@2 b@3", "a > b", "order=any") == ["a@1 b@2 won", "b@3 open"]


def test_in_any_order_a_stage_seen_before_begins_a_new_pass_with_boomerang():
    assert passes("a@1 a@2 b@3", "a > b", "order=any", "boomerang=on") == ["a@1 recycled@2", "a@2 b@3 won"]


@pytest.mark.parametrize("stages", ["a > b? > c", "a > b [2 days] > c"])
def test_optional_stages_and_limits_are_errors_in_any_order(stages):
    with pytest.raises(ERROR, match=r"^funnel\(\): "):
        passes("a@1", stages, "order=any")


# ---------------------------------------------------------------- columns


def fill(db, rows):
    harness.create(db, "events", EVENT_COLUMNS[1:], rows)
    return db


def rows_of(db, stages, options="", relation="events(entity, ts, stage, label)"):
    sql = "SELECT * FROM funnel(?, ?, ?) ORDER BY entity, pass, stage_no"
    return harness.rows_of(db, sql, relation, stages, options)


def test_an_idle_lead_reopened_by_a_sales_call_is_a_new_pass_of_the_call(db):
    """Closed after 30 idle days, to the second; the original source stays with the first pass."""
    events = [
        (7, "2024-01-01 09:00:00", "inquiry", "webinar", None),
        (7, "2024-03-05 10:00:00", "mql", "sales call", None),
    ]
    rows = rows_of(fill(db, events), "inquiry > mql > won", "recycle=30 days")
    assert [(row["pass"], row["stage"], row["label"], row["outcome"], row["left_at"]) for row in rows] == [
        (1, "inquiry", "webinar", "recycled", "2024-01-31 09:00:00"),
        (2, "inquiry", "sales call", "advanced", "2024-03-05 10:00:00"),
        (2, "mql", "sales call", "open", None),
    ]
    assert [row["seconds_in_stage"] for row in rows] == [30 * DAY, 0, 0]


LABELLED = [(1, 0, "a", "ads", None), (1, 5, "b", None, None), (1, 9, "d", "email", None)]


@pytest.mark.parametrize(
    "option, labels",
    [
        ("label=first", ["ads", "ads", "ads", "ads"]),
        ("label=last", ["email", "email", "email", "email"]),
        ("label=stage", ["ads", "(none)", "email", "email"]),
    ],
)
def test_a_label_is_of_the_opening_of_the_last_or_of_each_event(db, option, labels):
    assert [row["label"] for row in rows_of(fill(db, LABELLED), "a > b > c > d", option)] == labels


def test_without_a_label_column_labels_are_null(db):
    rows = rows_of(fill(db, LABELLED), "a > b", "", "events(entity, ts, stage)")
    assert [row["label"] for row in rows] == [None, None]


def test_seconds_are_up_to_now_while_open_and_null_on_the_won_row(db):
    rows = rows_of(fill(db, LABELLED), "a > b > d")
    assert [row["seconds_in_stage"] for row in rows] == [5, 4, None]
    rows = rows_of(db, "a > b > e")
    assert [(row["seconds_in_stage"], row["left_at"]) for row in rows] == [(5, 5), (4, None)]


def test_an_inferred_stage_has_the_event_that_filled_it_in(db):
    rows = rows_of(fill(db, LABELLED), "a > b > c > d")
    assert [(row["inferred"], row["event_id"], row["entered_at"]) for row in rows] == [
        (0, 1, 0),
        (0, 2, 5),
        (1, 3, 9),
        (0, 3, 9),
    ]
    assert [row["furthest"] for row in rows] == [4, 4, 4, 4]


def test_a_view_has_no_ids_unless_a_column_names_them(db):
    fill(db, LABELLED)
    db.execute("CREATE VIEW v AS SELECT *, 'id' || ts AS crm FROM events")
    assert [row["event_id"] for row in rows_of(db, "a > b", "", "v")] == [None, None]
    assert [row["event_id"] for row in rows_of(db, "a > b", "event_id=crm", "v")] == ["id0", "id5"]


def test_hold_splits_the_events_of_an_entity_by_a_column(db):
    events = [(1, 0, "a", None, "y"), (1, 1, "a", None, ""), (1, 2, "b", None, 7), (1, 3, "b", None, "y")]
    rows = rows_of(fill(db, events), "a > b", "hold=product")
    assert [(row["pass"], row["held"], row["stage"], row["outcome"]) for row in rows] == [
        (1, "y", "a", "advanced"),
        (1, "y", "b", "won"),
        (2, "(none)", "a", "open"),
        (3, "7", "a", "advanced"),
        (3, "7", "b", "won"),
    ]
    assert {row["held"] for row in rows_of(db, "a > b")} == {None}
    assert {row["held"] for row in rows_of(db, "a > b", "hold=product; passes=first")} == {"y"}


@pytest.mark.parametrize(
    "start, recycle, left",
    [  # a date becomes a date with a time where it needs one
        ("2024-01-01", "2 days", "2024-01-03"),
        ("2024-01-01", "36 hours", "2024-01-02 12:00"),
        ("2024-01-01", "90 s", "2024-01-01 00:01:30"),
        ("2024-01-01T08:30", "2 days", "2024-01-03T08:30"),
        ("2024-01-01 08:30:00Z", "36 hours", "2024-01-02 20:30:00Z"),
        ("2024-01-01 02:00:00+02:00", "1 day", "2024-01-02 00:00:00Z"),
        (10, "1 day", 10 + DAY),
        ("10", "1 day", str(10 + DAY)),
        (0.5, "1 hour", HOUR + 0.5),
    ],
)
def test_a_deadline_has_the_form_of_the_time_that_it_counts_from(db, start, recycle, left):
    rows = rows_of(fill(db, [(1, start, "a", None, None)]), "a > b", f"recycle={recycle}; as_of=2025-01-01")
    assert [(type(row["left_at"]), row["left_at"]) for row in rows] == [(type(left), left)]


# ---------------------------------------------------------------- stage lists


def test_names_with_marks_are_quoted(db):
    fill(db, [(1, 0, "a > b", None, None), (1, 1, 'say "hi"?', None, None), (1, 2, " x ", None, None)])
    rows = rows_of(db, '"a > b">"say ""hi""?" [1 day] ?  >  " x "')
    assert [row["stage"] for row in rows] == ["a > b", 'say "hi"?', " x "]


def test_a_stage_that_is_null_or_empty_is_none_and_a_number_is_its_text(db):
    fill(db, [(1, 0, "a", None, None), (1, 1, None, None, None), (1, 2, 7, None, None), (2, 3, "", None, None)])
    assert [row["stage"] for row in rows_of(db, "a > (none) > 7")] == ["a", "(none)", "7", "a", "(none)"]


def test_labels_in_options_do_not_mind_case():
    assert passes("a@1 Lost@2", "a > b", "exits=lOST") == ["a@1 exited@2"]


def test_names_compare_byte_by_byte():
    assert passes("A@1 a@2", "a > b") == ["a@2 open"]


@pytest.mark.parametrize("options", ["exits=a", "exclude=a", "exits=x; exclude=x", "exclude=x; exclude_drop=X"])
def test_a_label_has_one_meaning(options):
    with pytest.raises(ERROR, match=r"^funnel\(\): "):
        passes("a@1", "a > b", options)


@pytest.mark.parametrize(
    "stages",
    ["", " ", "a > > b", "> a", "a >", "a > b > a", "a? > b", "a [1 day] > b", "a > b?", "a > b [1 month] > c"],
)
def test_stage_lists_that_are_errors(stages):
    with pytest.raises(ERROR, match=r"^funnel\(\): "):
        passes("a@1", stages)


def test_a_funnel_has_at_most_128_stages():
    names = [f"s{k}" for k in range(1, 130)]
    assert len(passes("s128@1", " > ".join(names[:128]))[0].split()) == 129
    with pytest.raises(ERROR, match=r"^funnel\(\): .*128"):
        passes("s1@1", " > ".join(names))


# ---------------------------------------------------------------- the form of a deadline


@pytest.mark.parametrize("options, left", [("window=3 days", "2024-01-04"), ("recycle=3 days", 1_704_153_600 + 3 * DAY),
                                           ("window=36 hours", "2024-01-02 12:00")])  # fmt: skip
def test_a_deadline_has_the_form_of_the_time_that_it_counts_from(db, options, left):
    """The window counts from the opening, which was written as a date; recycling from the last stage, a number."""
    harness.create(db, "events", ["entity", "ts", "stage"], [(1, "2024-01-01", "a"), (1, 1_704_153_600, "b")])
    sql = "SELECT left_at FROM funnel('events', 'a > b > c', ?) WHERE outcome <> 'advanced'"
    assert db.execute(sql, (f"{options}; as_of=2024-02-01",)).fetchall() == [(left,)]
