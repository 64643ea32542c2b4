"""The sequence functions, retention and sessionize: worked examples, one test for each sentence of their rules."""

import json

import pytest

import harness
from funnel_letters import next_node, sequence, value

ERROR = harness.sqlite3.OperationalError


def scalar(db, sql, *parameters):
    return db.execute(sql, parameters).fetchone()[0]


def match(pattern, text, count=3):
    return sequence(pattern, text, count)[0]


def count(pattern, text, conditions=3):
    return sequence(pattern, text, conditions)[1]


def events(pattern, text, conditions=3):
    return sequence(pattern, text, conditions)[2]


# ---------------------------------------------------------------- elements


def test_a_condition_takes_an_event_on_which_it_holds():
    assert match("(?1)(?2)", "A B") == 1
    assert match("(?2)(?1)", "A B") == 0


def test_a_point_takes_any_event():
    assert match("(?1).(?2)", "A C B") == 1
    assert match("(?1).(?2)", "A B") == 0
    assert match("(?1).", "A") == 0


def test_a_star_takes_any_number_of_events():
    for text in ("A B", "A C B", "A C C A B"):
        assert match("(?1).*(?2)", text) == 1
    assert match("(?1).*(?2)", "B A") == 0


def test_one_row_fills_one_element():
    assert match("(?1)(?2)", "AB") == 0
    assert match("(?1)(?2)", "AB AB") == 1


def test_a_match_may_begin_anywhere():
    assert match("(?1)(?2)", "C B A B") == 1


def test_rows_that_match_no_condition_are_dropped_first():
    assert match("(?1)(?2)", "A X B", 2) == 1
    assert match("(?1)(?2)", "A C B", 3) == 0
    assert count(".", "A X B X", 2) == 2


def test_blanks_between_elements_are_allowed(db):
    harness.create(db, "w", ["ts", "a", "b"], [(1, 1, 0), (2, 0, 1)])
    assert scalar(db, "SELECT sequence_match(' (?1)  .* (?2) ', ts, a, b) FROM w") == 1


def test_the_empty_pattern_matches_wherever_there_is_an_event(db):
    assert sequence("", "A X B", 2) == (1, 2, [])
    assert sequence("", "X X", 2) == (0, 0, [])


# ---------------------------------------------------------------- gates


@pytest.mark.parametrize(
    "gate, passing",
    [("<=5", [4, 5]), ("<5", [4]), (">=5", [5, 6]), (">5", [6]), ("==5", [5]), ("!=5", [4, 6])],
)
def test_a_time_gate_compares_the_time_since_the_event_before(gate, passing):
    for seconds in (4, 5, 6):
        assert match(f"(?1)(?t{gate})(?2)", f"A@10 B@{10 + seconds}") == (seconds in passing)


@pytest.mark.parametrize("gate", ["<=2 days", "<= 48 hours", "<=172800"])
def test_a_gate_may_be_a_duration(db, gate):
    for last, wanted in ((172_800, 1), (172_801, 0)):
        sql = f"SELECT sequence_match('(?1)(?t{gate})(?2)', column1, column2, column3)"
        assert scalar(db, f"{sql} FROM (VALUES (0, 1, 0), ({last}, 0, 1))") == wanted


def test_a_gate_skips_events_up_to_one_that_holds_it():
    assert match("(?1)(?t>=5)(?2)", "A@0 C@1 B@6") == 1
    assert match("(?1)(?t>=5)(?2)", "A@0 B@1 B@6") == 1
    assert match("(?1)(?t<=5)(?2)", "A@0 C@1 B@5") == 1


def test_a_gate_tries_the_next_event_where_the_rest_does_not_match():
    assert match("(?1)(?t>=5)(?2)", "A@0 C@6 B@7") == 1


def test_a_gate_measures_from_the_last_event_taken():
    assert match("(?1).(?t<=2)(?2)", "A@0 C@5 B@7") == 1
    assert match("(?1).(?t<=2)(?2)", "A@0 C@4 B@7") == 0


def test_a_gate_after_a_star_measures_from_the_last_event_taken_too():
    assert match("(?1).*(?t<=5)(?2)", "A@0 C@1 B@5") == 1
    assert match("(?1).*(?t<=5)(?2)", "A@0 C@4 B@6") == 0


def test_a_gate_before_all_measures_from_the_event_at_which_the_match_begins():
    assert match("(?t>=5)(?2)", "A@0 B@5") == 1
    assert match("(?t>=5)(?2)", "A@1 B@5") == 0


@pytest.mark.parametrize("rest", ["", ".*", "(?t<=5)", "(?t<5)", "(?t>=0)", ".*(?t<=5)", "(?t<1).*"])
def test_what_may_match_nothing_may_be_left_at_the_end(rest):
    assert match(f"(?1){rest}", "A") == 1


@pytest.mark.parametrize("rest", [".", "(?1)", "(?t>=1)", "(?t>0)", "(?t==0)", "(?t!=1)", ".*."])
def test_what_needs_an_event_may_not_be_left_at_the_end(rest):
    assert match(f"(?1){rest}", "A") == 0


@pytest.mark.parametrize(
    "pattern, place",
    [("(?t<=5)(?t>=1)", 8), ("(?1)(?t<=5) (?t>=1)(?1)", 13), ("(?0)", 3), ("(?4)", 3), ("(?1)(?12)", 7)],
)
def test_errors_point_at_two_gates_in_a_row_and_at_conditions_that_do_not_exist(db, pattern, place):
    for name in ("sequence_match", "sequence_count", "sequence_match_events"):
        with pytest.raises(ERROR, match=rf"^{name}\(\): .* character {place} "):
            scalar(db, f"SELECT {name}('{pattern}', 1, 1, 1, 1)")


@pytest.mark.parametrize("pattern", ["x", "(?", "(?1", "(?t)", "(?t<=)", "(?t=5)", "(?t<=1 month)", "*", "(?1)*", "()"])
def test_what_is_no_element_is_an_error(db, pattern):
    with pytest.raises(ERROR, match=r"^sequence_match\(\): "):
        scalar(db, f"SELECT sequence_match('{pattern}', 1, 1, 1, 1)")


def test_a_pattern_has_at_most_1000_elements(db):
    assert scalar(db, f"SELECT sequence_match('{'.' * 1000}', 1, 1)") == 0
    with pytest.raises(ERROR, match=r"^sequence_match\(\): .*1,?000"):
        scalar(db, f"SELECT sequence_match('{'.' * 1001}', 1, 1)")


def test_no_event_gives_0_and_no_events(db):
    harness.create(db, "w", ["ts", "a"], [(None, 1), ("", 1), (1, 0), (2, None)])
    for where in ("", " WHERE 0"):
        for pattern in ("(?1)", "", ".*"):
            assert scalar(db, f"SELECT sequence_match('{pattern}', ts, a) FROM w{where}") == 0
            assert scalar(db, f"SELECT sequence_count('{pattern}', ts, a) FROM w{where}") == 0
            assert scalar(db, f"SELECT sequence_match_events('{pattern}', ts, a) FROM w{where}") == "[]"


def test_a_null_pattern_skips_the_row_and_one_that_is_never_anything_else_is_an_error(db):
    harness.create(db, "w", ["ts", "pattern", "a"], [(1, "(?1)", 1), (2, None, 1)])
    assert scalar(db, "SELECT sequence_count(pattern, ts, a) FROM w") == 1
    with pytest.raises(ERROR, match=r"^sequence_count\(\): "):
        scalar(db, "SELECT sequence_count(NULL, ts, a) FROM w")


def test_a_pattern_must_be_the_same_in_a_whole_group(db):
    harness.create(db, "w", ["ts", "pattern"], [(1, "(?1)"), (2, ".")])
    with pytest.raises(ERROR, match=r"^sequence_match\(\): "):
        scalar(db, "SELECT sequence_match(pattern, ts, 1) FROM w")


@pytest.mark.parametrize(
    "call",
    ["sequence_match('(?1)', 1, {})", "sequence_next_node('forward', 'head', 1, 'a', {})", "retention(1, {})"],
)
@pytest.mark.parametrize("condition", ["'yes'", "x'31'"])
def test_text_that_is_no_number_and_blobs_as_conditions_are_errors(db, call, condition):
    with pytest.raises(ERROR, match=r"^\w+\(\): "):
        scalar(db, f"SELECT {call.format(condition)}")


# ---------------------------------------------------------------- counts and events


def test_matches_are_counted_one_after_the_other():
    assert count("(?1)(?2)", "A B A B A") == 2
    assert count("(?1)(?1)", "A A A") == 1
    assert count("(?1).*(?2)", "A A B B A B") == 2


def test_a_closing_gate_ends_a_match_before_the_event_that_it_found():
    assert count("(?1)(?t>=1)", "A A A") == 2
    assert count("(?1)(?t<=5)", "A@0 A@1 A@2") == 3


def test_a_match_of_no_event_is_followed_by_the_next_event():
    assert count(".*", "A B C") == 3
    assert count("(?t>=0)", "A B C") == 3


def test_of_several_matches_the_first_in_the_order_of_its_events_counts():
    assert events("(?1).*(?2)", "C A A B B") == [1, 3]
    assert events("(?1)(?t>=2).*(?2)", "A@0 A@1 B@2 B@4") == [0, 2]


def test_events_are_the_times_of_the_conditions_only():
    assert events("(?1).(?2).*", "A C B C") == [0, 2]


def test_an_earlier_choice_with_which_the_rest_cannot_match_is_given_up():
    assert events("(?1)(?t<=2)(?2)", "A@0 A@5 B@6") == [5, 6]
    assert events("(?1).*(?2)(?3)", "A B B C") == [0, 2, 3]


def test_without_a_match_the_events_are_of_the_longest_beginning():
    assert events("(?1)(?2)(?3)", "A C A B A") == [2, 3]
    assert events("(?1)(?2)", "C B") == []


def test_each_gate_of_a_beginning_holds():
    assert events("(?1)(?t<=2)(?2)(?3)", "A@0 B@9") == [0]
    assert events("(?1)(?t<=2)(?2)(?3)", "A@0 B@9 A@20 B@21") == [20, 21]


def test_a_pattern_is_never_exponential():
    """Each element could take any of 400 events: a search that forgot what failed would not come back."""
    rows = [(second, [1, 0]) for second in range(400)]
    assert value(f"sequence_match('{'(?1).*' * 25}(?2)', {{}})", rows) == 0
    assert value(f"sequence_match('{'(?1)(?t<=9)' * 25}(?2)', {{}})", rows) == 0
    assert len(json.loads(value(f"sequence_match_events('{'(?1).*' * 25}(?2)', {{}})", rows))) == 25


def test_rows_at_one_instant_are_ordered_by_their_conditions():
    assert match("(?1)(?2)", "B@1 A@1") == 1
    assert match("(?2)(?1)", "B@1 A@1") == 0
    assert events("(?1)(?2)", "B@1 AB@1 A@1") == [1, 1]
    assert match("(?2)(?2)(?1)", "B@1 AB@1 A@1") == 0


# ---------------------------------------------------------------- next node


def test_first_match_does_not_try_again():
    assert next_node("forward", "first_match", "A X A B C", "AB") is None


def test_last_match_begins_at_the_last():
    assert next_node("forward", "last_match", "A B A B C", "AB") == "C"


def test_the_next_node_is_that_of_the_next_row():
    assert next_node("forward", "head", "A B C", "AB") == "C"
    assert next_node("forward", "head", "A B", "AB") is None
    assert next_node("forward", "head", "B A B C", "AB") is None


def test_backward_goes_the_other_way():
    assert next_node("backward", "tail", "C B A", "AB") == "C"
    assert next_node("backward", "last_match", "C B A X", "AB") == "C"
    assert next_node("backward", "first_match", "B A C A", "A") == "B"


def test_without_steps_it_is_the_base_row_itself():
    assert next_node("forward", "head", "A B C", "") == "A"
    assert next_node("backward", "tail", "A B C", "") == "C"


def test_head_and_tail_are_literally_the_first_and_last_row(db):
    """They must satisfy the base condition; another row that does is not looked for."""
    harness.create(db, "w", ["ts", "node", "base"], [(1, "a", 0), (2, "b", 1), (3, "c", 0)])
    assert scalar(db, "SELECT sequence_next_node('forward', 'head', ts, node, base, 1) FROM w") is None
    assert scalar(db, "SELECT sequence_next_node('backward', 'tail', ts, node, base, 1) FROM w") is None
    assert scalar(db, "SELECT sequence_next_node('forward', 'first_match', ts, node, base, 1) FROM w") == "c"


def test_rows_whose_value_is_null_are_dropped(db):
    harness.create(db, "w", ["ts", "node"], [(1, None), (2, "a"), (3, None), (4, "b")])
    assert scalar(db, "SELECT sequence_next_node('forward', 'head', ts, node, 1, 1) FROM w") == "b"


def test_rows_are_ordered_by_time_and_value(db):
    harness.create(db, "w", ["ts", "node"], [(2, "c"), (1, "b"), (1, "a"), (None, "0")])
    assert scalar(db, "SELECT sequence_next_node('forward', 'head', ts, node, 1, node = 'a') FROM w") == "b"


@pytest.mark.parametrize(
    "call",
    [
        "'forward', 'tail', 1, 'a', 1, 1",
        "'backward', 'head', 1, 'a', 1, 1",
        "'forward', 'first_match', 1, 'a', 1",
        "'backward', 'last_match', 1, 'a', 1",
        "'sideways', 'head', 1, 'a', 1",
        "'forward', 'middle', 1, 'a', 1",
    ],
)
def test_directions_and_bases_that_do_not_fit_are_errors(db, call):
    with pytest.raises(ERROR, match=r"^sequence_next_node\(\): "):
        scalar(db, f"SELECT sequence_next_node({call})")


def test_direction_and_base_must_be_the_same_in_a_whole_group(db):
    harness.create(db, "w", ["ts", "direction", "base"], [(1, "forward", "head"), (2, "backward", "first_match")])
    for arguments in ("direction, 'first_match'", "'forward', base"):
        with pytest.raises(ERROR, match=r"^sequence_next_node\(\): "):
            scalar(db, f"SELECT sequence_next_node({arguments}, ts, 'a', 1, 1) FROM w")


def test_no_row_has_no_next_node(db):
    harness.create(db, "w", ["ts", "node"], [(None, "a"), (1, None)])
    for where in ("", " WHERE 0"):
        assert scalar(db, f"SELECT sequence_next_node('forward', 'head', ts, node, 1) FROM w{where}") is None


# ---------------------------------------------------------------- retention, sessions


def test_retention_does_not_ask_in_which_order_conditions_held():
    rows = [(1, [0, 1, 0]), (2, [1, 0, 0])]
    assert value("retention(A, B, C)", rows) == "[1,1,0]"


def test_retention_of_an_empty_group_is_all_zeros(db):
    assert scalar(db, "SELECT retention(1, 1) WHERE 0") == "[0,0]"


def test_retention_without_the_first_condition_is_all_zeros():
    assert value("retention(A, B, C)", [(1, [0, 1, 1])]) == "[0,0,0]"


def test_a_session_ends_only_where_the_gap_is_exceeded(db):
    harness.create(db, "v", ["ts"], [(0,), (1800,), (3601,), (3602,)])
    sql = "SELECT sessionize(ts, '30 min') OVER (ORDER BY ts) FROM v"
    assert [row[0] for row in db.execute(sql)] == [1, 1, 2, 2]


def test_sessions_begin_at_1_in_every_partition(db):
    harness.create(db, "v", ["g", "ts"], [("a", 0), ("a", 9), ("b", 5), ("b", 6)])
    sql = "SELECT sessionize(ts, 5) OVER (PARTITION BY g ORDER BY ts) FROM v ORDER BY g, ts"
    assert [row[0] for row in db.execute(sql)] == [1, 2, 1, 1]
