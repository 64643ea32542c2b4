"""path_effects(), shapley_effects() and markov_effects() against the reference, and what holds whatever the data.

First the reference itself: against the shared oracles and a second formula.
"""

import math
import random
import sqlite3
from collections import defaultdict
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import effects_reference as reference
import harness
from effects_reference import CONVERSION, MARKOV, NULL, SHAPLEY, START, TOUCHES, UNATTRIBUTED
from effects_strategies import DECIMALS, VALUES, chains, path_cases
from effects_tables import ask, ask_counts, ask_paths, assert_rows, close, exactly, oracle_rows, oracles

TIGHT = Fraction(1, 10**12)


# ---------------------------------------------------------------- the reference itself


def test_the_reference_meets_the_markov_oracles(shared_data):
    names = {"re_conv": MARKOV[0], "re_value": MARKOV[1], "credit_conv": MARKOV[3], "credit_value": MARKOV[4]}
    rows = oracles(shared_data, "small_markov_oracles.csv")
    for row in rows:
        paths = reference.read_paths(oracle_rows(row["case"]))
        (found,) = [r for r in reference.effects(paths, int(row["order"])) if r["channel"] == row["channel"]]
        for name, column in names.items():
            wanted = None if row[name] is None else float(row[name])
            assert close(found[column], wanted, TIGHT), (row, column)
        whole = reference.from_start(reference.chain_of_paths(paths, int(row["order"])))
        assert close(whole[0], float(row["p_conv"]), TIGHT)


def test_the_reference_meets_the_shapley_oracles(shared_data):
    for row in oracles(shared_data, "small_shapley_oracles.csv"):
        paths = reference.read_paths(oracle_rows(row["case"]))
        (found,) = [r for r in reference.shapley_rows(paths) if r["channel"] == row["channel"]]
        assert close(found["shapley_conversions"], float(row["phi_conv_subset"]), TIGHT)
        assert close(found["shapley_rate"], float(row["phi_rate_subset"]), TIGHT)


def converting_probabilities(paths):
    """b of each state of the chain of order 1, and the chain."""
    chain = reference.chain_of_paths(paths)
    answer = reference.solve_exact(*reference.system(chain, reference.states_of(chain)))
    return chain, {state: sides[0] for state, sides in answer.items()}


def reach(chain, goal):
    """The probability of coming to a state from the start: the goal pays 1 and is not left, nothing else pays."""
    steps = {source: defaultdict(Fraction) for source in chain.steps if source != goal}
    for source, row in steps.items():
        for target, weight in chain.steps[source].items():
            row[CONVERSION if target == goal else NULL if target in (CONVERSION, NULL) else target] += weight
    direct = steps[START].pop(CONVERSION, 0)
    inside = sum(steps[START].values()) - steps[START][NULL]
    onward = reference.from_start(reference.Chain(steps, {}))[0] if inside else 0
    return (direct + inside * onward) / (direct + inside)


@given(path_cases())
def test_the_reference_agrees_with_a_second_formula(case):
    """At order 1 an effect is the probability to reach the channel, times that of converting from there, over b0."""
    paths = [path for path in case.paths if path.channels]
    assume(sum(path.conversions for path in paths))
    chain, b = converting_probabilities(paths)
    whole = Fraction(sum(p.conversions for p in paths)) / sum(map(reference.seen, paths))
    assert reference.from_start(chain)[0] == whole
    for row in reference.effects(paths):
        state = (row["channel"],)
        assert row["removal_effect"] == reach(chain, state) * b[state] / whole


@given(path_cases())
def test_the_reference_divides_a_sum_of_unanimity_games_equally(case):
    paths = case.paths
    shared = reference.divided_equally(paths, lambda p: p.conversions)
    for row in reference.shapley_rows([p for p in paths if p.channels]):
        assert row["shapley_conversions"] == shared[row["channel"]]


@given(path_cases(), st.integers(1, 6))
def test_the_reference_solves_the_same_in_doubles(case, order):
    exact = reference.markov(reference.chain_of_paths(case.paths, order))
    dense = reference.markov(reference.chain_of_paths(case.paths, order), reference.solve_dense)
    for channel, row in exact.items():
        for column in ("removal_effect", "markov_share", "markov_conversions"):
            assert close(dense[channel][column], row[column])


# ---------------------------------------------------------------- paths


@given(path_cases())
@settings(max_examples=500)
def test_path_effects_equal_the_reference(case):
    wanted = reference.effects(case.paths, case.order, case.has_value)
    found = ask_paths(case)
    assert_rows(found, wanted, MARKOV + SHAPLEY + TOUCHES)
    assert_rows(found, wanted, ["removal_effect", "markov_share", "shapley_rate"], TIGHT)


@given(path_cases())
def test_order_auto_is_the_order_of_the_highest_penalised_auc(case):
    """Exactly that order's rows."""
    chosen = ask_paths(case._replace(order=reference.best_order(case.paths)))
    assert exactly(ask_paths(case._replace(order="auto"))) == exactly(chosen)


@given(path_cases(), st.permutations(range(8)))
def test_paths_split_over_rows_and_written_otherwise(case, order):
    """A row in two halves, repeated channels apart, says the same."""
    halves = []
    for text, conversions, value, nulls in case.rows:
        parts = [float(reference.number(n) / 2) for n in (conversions, value, nulls)]
        again = f" {text} {case.separator}" if reference.parse_path(text, case.separator) else text
        halves += [(text, *parts), (again, *parts)]
    rows = [halves[i] for i in order if i < len(halves)] + halves[8:]
    assert_rows(ask_paths(case._replace(rows=rows)), ask_paths(case), MARKOV + SHAPLEY + TOUCHES)


@given(path_cases(values=VALUES + DECIMALS), st.randoms(use_true_random=False))
def test_order_of_path_rows_changes_no_bit(case, generator):
    rows = list(case.rows)
    generator.shuffle(rows)
    assert exactly(ask_paths(case._replace(rows=rows))) == exactly(ask_paths(case))


def columns_that_add_up(rows, suffix):
    return [c for c in (rows[0] if rows else {}) if c.endswith(suffix) and c != "removal_effect_value"]


@given(path_cases())
def test_totals_are_those_of_the_paths(case):
    """Each column adds up, channels and (unattributed) together: Markov's to the same double, the others to its last bit."""
    rows = ask_paths(case)
    won = sum(path.conversions for path in case.paths)
    held = sum(path.conversions for path in case.paths if path.channels)
    for column in columns_that_add_up(rows, "_conversions"):
        numbers = [row[column] for row in rows if row[column] is not None]
        total = won if len(numbers) == len(rows) else won - held
        slack = 0 if column == "markov_conversions" else 1e-15 * float(total)
        assert math.fsum(numbers) == pytest.approx(float(total), abs=slack, rel=0)
        assert held == 0 or len(numbers) == len(rows)
    value = sum(path.value or 0 for path in case.paths if path.channels)
    for column in columns_that_add_up(rows, "_value"):
        numbers = [row[column] for row in rows if row["channel"] != UNATTRIBUTED]
        if None not in numbers:
            slack = 1e-15 * math.fsum(map(abs, numbers))  # of both signs, as far as the last bit of the largest allows
            assert math.fsum(numbers) == pytest.approx(float(value), abs=slack, rel=0)


@given(path_cases())
def test_shares_add_up_to_one_and_effects_stay_between_zero_and_one(case):
    rows = [row for row in ask_paths(case) if row["markov_share"] is not None]
    if rows:
        assert math.fsum(row["markov_share"] for row in rows) == pytest.approx(1, abs=1e-12)
    for row in rows:
        assert 0 <= row["removal_effect"] <= 1 and 0 <= row["markov_share"] <= 1


@given(path_cases())
def test_where_every_path_is_one_state_an_effect_is_a_share_of_conversions(case):
    """Then a channel in every converting path has effect 1, one that only non-converters saw has effect 0."""
    rows = [row for row in case.rows if len(reference.parse_path(row[0], case.separator)) <= case.order]
    case = case._replace(rows=rows, min_paths=None)
    paths, found = case.paths, ask_paths(case)
    won = sum(path.conversions for path in paths if path.channels)
    for row in found if won else []:
        if row["channel"] != UNATTRIBUTED:
            held = sum(path.conversions for path in paths if row["channel"] in path.channels)
            assert close(row["removal_effect"], held / won)
            assert held not in (0, won) or row["removal_effect"] == held / won


@given(path_cases(), st.booleans())
def test_a_channel_through_which_all_walks_lead_has_effect_one(case, before):
    """Put before every path, or behind; and one from which no way leads to a conversion has effect 0."""
    rows = [("dead", 0, 0, 3)]
    for path in case.paths:
        held = ("door", *path.channels) if before else (*path.channels, "door")
        rows.append(("|".join(held), float(path.conversions), float(path.value or 0), float(path.nulls)))
    assume(sum(path.conversions for path in case.paths))
    found = ask_paths(case._replace(rows=rows, width=4, separator="|", min_paths=None))
    found = {row["channel"]: row["removal_effect"] for row in found}
    assert (found["door"], found["dead"]) == (1, 0)


@given(path_cases())
def test_the_rate_of_all_is_divided(case):
    """shapley_rate adds up to conversions / (conversions + nulls) of the paths with channels."""
    paths = [path for path in case.paths if path.channels]
    rates = [row["shapley_rate"] for row in ask_paths(case) if row["channel"] != UNATTRIBUTED]
    whole = sum(path.conversions for path in paths) / sum(map(reference.seen, paths)) if paths else 0
    assert math.fsum(rates) == pytest.approx(float(whole), abs=1e-12)


@given(path_cases(values=VALUES + DECIMALS), st.randoms(use_true_random=False))
def test_order_of_coalitions_changes_no_bit(case, generator):
    answers, rows = [], list(case.rows)
    generator.shuffle(rows)
    for each in (case, case._replace(rows=rows)):
        connection = each.fill()
        answers.append(exactly(ask(connection, "shapley_effects", case.relation, f"separator={case.separator}")))
        connection.close()
    assert answers[0] == answers[1]


@given(path_cases())
def test_shapley_effects_equal_the_reference(case):
    """Sets from text: the order and the repetition of channels do not matter."""
    turned = []
    for text, *rest in case.rows:
        held = reference.parse_path(text, case.separator)
        turned.append((case.separator.join([*held[::-1], *held]) if held else text, *rest))
    least = "" if case.min_paths is None else f"; min_paths={case.min_paths}"
    wanted = reference.shapley_rows(case.paths, case.has_value)
    for rows in (case.rows, turned):
        connection = case._replace(rows=rows).fill("coalitions")
        arguments = (case.relation.replace("paths", "coalitions"), f"separator={case.separator}{least}")
        assert_rows(ask(connection, "shapley_effects", *arguments), wanted, SHAPLEY)
        connection.close()


# ---------------------------------------------------------------- chains as counts


@given(chains())
@settings(max_examples=250)
def test_markov_effects_of_any_chain_equal_a_solve(rows):
    """Whatever the flows; a closed loop is an error that names one of its states."""
    chain = reference.chain_of_counts(rows)
    lost = reference.trapped(chain)
    assume(not lost or lost & reference.reached(chain))
    if lost:
        with pytest.raises(sqlite3.OperationalError, match=r"^markov_effects\(\): ") as caught:
            ask_counts(rows)
        assert any(f"'{reference.state_text(state)}'" in str(caught.value) for state in lost)
        return
    assume(settled(chain))
    assert_rows(ask_counts(rows), reference.markov_rows(chain), MARKOV)


def settled(chain):
    """Conversions and values that exist are also expected from the start: otherwise effects have no meaning."""
    whole = reference.from_start(chain)
    inside = [(targets.get(CONVERSION, 0), chain.values.get(s, 0)) for s, targets in chain.steps.items() if s != START]
    totals = [sum(column) for column in zip(*inside)]
    return all(bool(a) == bool(b) for a, b in zip(whole, totals))


@given(chains(), st.randoms(use_true_random=False))
def test_order_and_halves_of_counts_change_nothing(rows, generator):
    """A shuffle changes no bit; rows with the same states add up; a step from a state to itself is none."""
    assume(not reference.trapped(reference.chain_of_counts(rows)))
    whole, other = ask_counts(rows), list(rows)
    generator.shuffle(other)
    assert exactly(ask_counts(other)) == exactly(whole)
    halves = [(*row[:2], *(n and float(reference.number(n)) / 2 for n in row[2:])) for row in rows]
    loops = [(row[0], row[0], 5, None) for row in rows if row[0] != START]
    assert_rows(ask_counts(halves + loops + halves), whole, MARKOV)


# ---------------------------------------------------------------- larger chains, in doubles


def long_paths(seed, channels, count, longest):
    """Rows of a list of paths that revisit few channels in many ways."""
    generator, rows = random.Random(seed), []
    for _ in range(count):
        path = generator.choices(channels, k=generator.randint(1, longest))
        rows.append((">".join(path), generator.randint(0, 9), generator.randint(0, 400) / 4, generator.randint(0, 99)))
    return rows


LARGE = [(1, 1, 60, 500, 6), (2, 2, 10, 80, 12), (3, 3, 4, 60, 40), (4, 4, 3, 40, 60), (5, 2, 10, 3, 400), (6, 4, 3, 2, 900)]


@pytest.mark.parametrize("seed, order, channels, count, longest", LARGE)
def test_sparse_chains_equal_a_dense_solve(seed, order, channels, count, longest):
    rows = [row for row in long_paths(seed, [f"c{i}" for i in range(channels)], count, longest) if row[1] or row[3]]
    paths = reference.read_paths(rows)
    states = reference.states_of(reference.chain_of_paths(paths, order))
    assert 50 < len(states) <= 130, len(states)
    connection = harness.connect()
    harness.create(connection, "paths", ["path", "conversions", "value", "nulls"], rows)
    columns = ", ".join(["channel", *MARKOV, *SHAPLEY[:2], *TOUCHES])
    found = ask(connection, "path_effects", "paths", f"order={order}", columns=columns)
    connection.close()
    wanted = reference.effects(paths, order, True, reference.solve_dense, closed_form=True)
    assert_rows(found, wanted, columns.split(", ")[1:])


def random_chain(seed, size):
    """A chain of states of one channel each, with rare exits: visits by the hundred before it ends."""
    generator, states = random.Random(seed), [f"s{i:03}" for i in range(size)]
    rows = [(START, generator.choice(states), generator.randint(1, 50), None) for _ in range(5)]
    for state in states:
        rows += [(state, generator.choice(states), generator.randint(1, 90), None) for _ in range(4)]
        rows.append((state, states[int(state[1:]) * 7 % size - 1], 40, None))
        if generator.random() < 0.1 or state == states[0]:
            rows.append((state, CONVERSION, 1, generator.randint(1, 40)))
            rows.append((state, NULL, 3, None))
    return rows


@pytest.mark.parametrize("seed, size", [(1, 20), (2, 40), (3, 60)])
def test_chains_that_are_hard_to_leave_equal_a_dense_solve(seed, size):
    rows = random_chain(seed, size)
    chain = reference.chain_of_counts(rows)
    assume(not reference.trapped(chain))
    assert_rows(ask_counts(rows), reference.markov_rows(chain, True, reference.solve_dense), MARKOV)
