"""window_funnel, window_funnel_events and funnel_stage: worked examples, one test for each sentence of their rules."""

import pytest
from hypothesis import given, settings

import harness
from funnel_letters import chain, level, value
from test_funnel_windows import ask, calls

ERROR = harness.sqlite3.OperationalError


def scalar(db, sql, *parameters):
    return db.execute(sql, parameters).fetchone()[0]


# ---------------------------------------------------------------- rows, times, conditions


def test_a_null_condition_is_false_and_any_number_is_its_sql_truth():
    for false in (None, "", 0, 0.0, "0", "0.0"):
        assert value("window_funnel('1 day', {})", [(1, [false])]) == 0
    for true in (1, 2.5, -1, "1", " 2 "):
        assert value("window_funnel('1 day', {})", [(1, [true])]) == 1


@pytest.mark.parametrize("condition", ["yes", b"1", "1 2"])
def test_other_text_and_blobs_as_conditions_are_errors(condition):
    with pytest.raises(ERROR, match=r"^window_funnel\(\): "):
        value("window_funnel('1 day', {})", [(1, [condition])])


def test_a_null_time_skips_the_row():
    assert value("window_funnel('1 day', {})", [(None, [1, 0]), ("", [1, 1]), (5, [0, 1])]) == 0


def test_a_null_window_skips_the_row(db):
    harness.create(db, "w", ["duration", "ts", "a", "b"], [("1 h", 1, 1, 0), (None, 2, 0, 1), ("1 h", 3, 0, 0)])
    assert scalar(db, "SELECT window_funnel(duration, ts, a, b) FROM w") == 1


def test_a_group_in_which_the_window_is_never_anything_but_null_is_an_error(db):
    with pytest.raises(ERROR, match=r"^window_funnel\(\): "):
        scalar(db, "SELECT window_funnel(NULL, 1, 1)")


def test_a_window_must_be_the_same_in_a_whole_group(db):
    harness.create(db, "w", ["duration", "ts", "a"], [("1 h", 1, 1), ("2 h", 2, 1)])
    with pytest.raises(ERROR, match=r"^window_funnel\(\): "):
        scalar(db, "SELECT window_funnel(duration, ts, a) FROM w")


def test_as_many_conditions_as_sqlite_allows_arguments(db):
    """125 beside the window and the time."""
    for conditions, wanted in (["1"] * 125, 125), (["1"] * 60 + ["0"] + ["1"] * 64, 60):
        assert scalar(db, f"SELECT window_funnel('1 day', 1, {', '.join(conditions)})") == wanted


def test_times_have_microsecond_resolution(db):
    rows = [("2024-01-01 00:00:00.000001", 1, 0), ("2024-01-01 00:00:01.000002", 0, 1)]
    harness.create(db, "w", ["ts", "a", "b"], rows)
    assert scalar(db, "SELECT window_funnel('1 s', ts, a, b) FROM w") == 1
    assert scalar(db, "SELECT window_funnel(1.000001, ts, a, b) FROM w") == 2


def test_an_empty_group_and_one_of_skipped_rows_give_0_and_no_events(db):
    harness.create(db, "w", ["ts", "a"], [(None, 1), ("", 1)])
    for where in ("", " WHERE 0"):
        assert scalar(db, f"SELECT window_funnel('1 day', ts, a) FROM w{where}") == 0
        assert scalar(db, f"SELECT window_funnel_events('1 day', ts, a) FROM w{where}") == "[]"
        assert scalar(db, f"SELECT funnel_stage(a, ts, 'x > y') FROM w{where}") == 0


# ---------------------------------------------------------------- levels


def test_one_row_may_fill_several_steps():
    assert level("ABC", 3) == 3


def test_steps_at_one_instant_count_in_funnel_order_never_by_arrival():
    assert level("C@1 A@1 B@1", 3) == level("A@1 B@1 C@1", 3) == 3


def test_a_step_joins_within_the_window_inclusive():
    assert level("A@0 B@10", 2, window=10) == 2
    assert level("A@0 B@11", 2, window=10) == 1
    assert level("A@0 B@10 C@11", 3, window=10) == 2


def test_the_latest_start_of_a_chain_counts():
    assert level("A@0 B@1 A@5 B@6 C@12", 3, window=10) == 3
    assert level("A@0 A@5 B@12", 2, window=10) == 2


def test_levels_do_not_expire():
    assert level("A@0 B@1 A@50", 3, window=10) == 2


def test_the_highest_level_ever_reached_is_the_answer():
    assert level("A B C A B", 3) == 3


def test_a_step_before_its_predecessor_counts_for_nothing():
    assert level("B A", 2) == 1
    assert level("C B A", 3) == 1


def test_one_step_is_reached_where_any_row_matched():
    assert level("X A X", 1) == 1
    assert level("X X", 1) == 0


def test_windows_saturate(db):
    harness.create(db, "w", ["ts", "a", "b"], [("0000-01-01", 1, 0), ("9999-12-31", 0, 1)])
    for window in ("9e15", "'100000000 weeks'", "9223372036854"):
        assert scalar(db, f"SELECT window_funnel({window}, ts, a, b) FROM w") == 2


# ---------------------------------------------------------------- modes


def test_strict_deduplication_ends_at_a_level_that_is_set_already():
    assert level("A B C B D", 4, "strict_deduplication") == 3
    assert level("A B C B D", 4) == 4


def test_strict_deduplication_does_not_mind_a_repeat_of_step_1():
    assert level("A A B", 2, "strict_deduplication") == 2


def test_strict_order_ends_at_a_row_that_matches_nothing_even_when_a_fresh_start_follows():
    assert level("A X B", 2, "strict_order") == 1
    assert level("A X A B", 2, "strict_order") == 1
    assert level("A X B", 2) == 2


def test_strict_order_scans_a_row_that_matches_nothing_first_at_its_instant():
    assert level("A@1 X@1 B@2", 2, "strict_order") == 2
    assert level("A@1 X@2 B@2", 2, "strict_order") == 1


def test_strict_order_ends_at_a_step_whose_predecessor_is_not_reached():
    assert level("A C B C", 3, "strict_order") == 1
    assert level("A B D C D", 4, "strict_order") == 2


def test_strict_order_does_not_end_at_repeats_and_earlier_steps():
    assert level("A B A C", 3, "strict_order") == 3
    assert level("A B B C", 3, "strict_order") == 3


def test_strict_order_minds_nothing_before_the_first_step_1():
    assert level("B A B C", 3, "strict_order") == 3
    assert level("X A B", 2, "strict_order") == 2


def test_strict_order_does_not_end_at_a_step_that_is_only_too_late():
    assert level("A@0 B@50 A@51 B@52", 2, "strict_order", window=10) == 2


def test_allow_reentry_passes_over_a_step_whose_predecessor_is_not_reached():
    assert level("A C B C", 3, "strict_order", "allow_reentry") == 3


def test_allow_reentry_still_ends_at_a_row_that_matches_nothing():
    assert level("A C X B C", 3, "strict_order", "allow_reentry") == 1


def test_allow_reentry_is_an_error_without_strict_order(db):
    with pytest.raises(ERROR, match=r"^window_funnel\(\): .*strict_order"):
        scalar(db, "SELECT window_funnel('1 day, allow_reentry', 1, 1)")


def test_strict_increase_asks_for_a_later_time_at_each_step():
    assert level("A@1 B@1", 2, "strict_increase") == 1
    assert level("A@1 B@2", 2, "strict_increase") == 2


def test_strict_increase_keeps_the_chain_that_began_earlier():
    assert level("A@0 A@1 B@1", 2, "strict_increase") == 2


def test_strict_once_fills_one_step_of_a_chain_by_one_row():
    assert level("AB", 2, "strict_once") == 1
    assert level("AB B", 2, "strict_once") == 2
    assert level("AB@1 AB@1", 2, "strict_once") == 2


def test_strict_once_fills_as_many_steps_at_an_instant_as_can_be_given_a_row_each():
    assert level("AB@1 A@1", 2, "strict_once") == 2
    assert level("ABC@1 AB@1 A@1", 3, "strict_once") == 3
    assert level("C@1 ABC@1 C@1", 3, "strict_once") == 1
    assert level("AC@1 BC@1 AB@1", 3, "strict_once") == 3


def test_strict_once_takes_each_further_step_at_its_earliest():
    assert chain("A@0 B@0 B@1 C@1", 3, "strict_once") == [0, 0, 1]
    assert chain("ABCD@0 BD@1 B@2 BCD@2", 4, "strict_once", window=2) == [0, 1, 2]


def test_strict_once_keeps_all_chains():
    """The row AB starts a chain of its own, and is the second step of the one before it."""
    assert level("A AB", 2, "strict_once") == 2
    assert level("A@0 AB@1 BC@2 C@11", 3, "strict_once", window=10) == 3
    assert chain("A@0 AB@1 BC@2 C@11", 3, "strict_once", window=10) == [1, 2, 11]


@given(calls())
@settings(max_examples=100)
def test_strict_increase_is_strict_increase_and_strict_once(call):
    rows, count, window, _ = call
    modes = ["strict_increase", "strict_once"]
    assert ask(rows, count, window, modes) == ask(rows, count, window, modes[:1])


def test_the_old_mode_strict_is_an_error_that_names_strict_deduplication(db):
    with pytest.raises(ERROR, match=r"^window_funnel\(\): .*strict_deduplication"):
        scalar(db, "SELECT window_funnel('1 day, strict', 1, 1)")


@pytest.mark.parametrize("window", ["-1", "'-1 day'", "'1 month'", "'soon'", "'1 day, strict_ordr'"])
def test_windows_and_modes_that_are_none_are_errors(db, window):
    with pytest.raises(ERROR, match=r"^window_funnel\(\): "):
        scalar(db, f"SELECT window_funnel({window}, 1, 1)")


# ---------------------------------------------------------------- events


def test_events_are_the_times_of_the_steps_as_long_as_the_level():
    assert chain("A@3 X@4 B@7 C@9", 3) == [3, 7, 9]
    assert chain("A@3 C@9", 3) == [3]
    assert chain("B@3", 3) == []


def test_events_are_of_the_chain_with_the_latest_entry_each_further_step_at_its_earliest():
    assert chain("A@0 B@1 A@2 B@3 B@4", 2) == [2, 3]
    assert chain("A@0 B@1 A@2", 2) == [0, 1]


def test_a_scan_that_reached_the_last_step_goes_on_to_find_the_latest():
    assert chain("A B A B A B", 2) == [4, 5]


def test_a_scan_that_a_mode_ended_is_not_read_further():
    assert chain("A B X A B", 2, "strict_order") == [0, 1]
    assert chain("A B A B A B", 2, "strict_deduplication") == [0, 1]


# ---------------------------------------------------------------- funnel_stage


@pytest.fixture
def staged(db):
    harness.create(db, "s", ["ts", "stage"], [(1, "a"), (2, "x"), (50, "b"), (60, "c"), (None, "d")])
    return lambda *more: scalar(db, f"SELECT funnel_stage(stage, ts, {', '.join(map(repr, more))}) FROM s")


def test_funnel_stage_is_the_furthest_stage_reached(staged):
    assert staged("a > b > c > d") == 3
    assert staged("b > a") == 1


def test_funnel_stage_with_a_window_and_modes(staged):
    assert staged("a > b > c", "10 s") == 1
    assert staged("a > b > c", 59) == 3
    assert staged("a > b > c", "1 h", "strict_order") == 1
    assert staged("a > b > c", "1 h", "strict_increase, strict_once") == 3


def test_a_stage_that_never_occurs_is_no_error(staged):
    assert staged("a > nobody > c") == 1


@pytest.mark.parametrize("stages", ["a > b > a", "", "a > > b", "a > b? > c", "a > b [2 days] > c"])
def test_stage_lists_of_funnel_stage_that_are_errors(staged, stages):
    with pytest.raises(ERROR, match=r"^funnel_stage\(\): "):
        staged(stages)


def test_names_compare_byte_by_byte(staged):
    assert staged("A > b") == 0
