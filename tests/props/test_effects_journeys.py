"""The data-driven calls over touches and conversions against the reference, and against each other.

Paths come from the reference of journeys; counts, shards and models must say what the whole says.
"""

import math
import sqlite3
from collections import defaultdict
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import effects_reference as reference
import harness
import reference as rules
from effects_reference import CONVERSION, MARKOV, NULL, SHAPLEY, START, UNATTRIBUTED
from effects_strategies import DECIMALS, VALUES, journey_cases
from effects_tables import ask, assert_rows, close, exactly, materialise

ENTITIES = ([1, 2, 3, 4, 5, 6, 7],)
MODELS = ["markov", "markov(2)", "markov(order=3)", "shapley"]
TIGHT = Fraction(1, 10**12)


@given(journey_cases())
@settings(max_examples=200)
def test_channel_effects_equal_the_reference(case):
    connection = case.fill()
    call = ("channel_effects", *case.arguments, case.with_options("order", "min_paths"))
    if case.valid:
        wanted = reference.effects(case.paths, case.order, case.has_value)
        assert_rows(ask(connection, *call), wanted, MARKOV + SHAPLEY)
    else:
        with pytest.raises(sqlite3.OperationalError, match=r"^channel_effects\(\): "):
            ask(connection, *call)
    connection.close()


AGGREGATE = """
  CREATE TEMP TABLE paths AS
  SELECT path, sum(converted) AS conversions, total(value) AS value, sum(1 - converted) AS nulls FROM temp.runs GROUP BY path"""


@given(journey_cases(plain_labels=True))
@settings(max_examples=80)
def test_channel_effects_are_path_effects_of_the_journeys(case):
    assume(case.valid)
    connection = case.fill()
    materialise(connection, "runs", "journeys", *case.arguments, case.options)
    connection.execute(AGGREGATE)
    own = "" if case.min_paths is None else f"; min_paths={case.min_paths}"
    paths = ask(connection, "path_effects", "temp.paths", f"order={case.order}{own}")
    whole = ask(connection, "channel_effects", *case.arguments, case.with_options("order", "min_paths"))
    if not case.has_value:
        paths = [{**row, **dict.fromkeys(reference.VALUES)} for row in paths]
    assert_rows(whole, paths, MARKOV + SHAPLEY, TIGHT)
    coalitions = ask(connection, "shapley_effects", "paths(path, conversions, value, nulls)", own.strip("; "))
    if case.has_value:
        assert_rows(whole, coalitions, SHAPLEY, TIGHT)
    connection.close()


@given(journey_cases())
@settings(max_examples=200)
def test_markov_transitions_equal_the_reference(case):
    """Rows, probabilities, values; a label that holds the separator is an error."""
    assume(case.valid)
    connection = case.fill()
    for separator in (">", "|"):
        call = ("markov_transitions", *case.arguments, case.with_options("order", "min_paths", separator=separator))
        if any(separator in label for path in case.paths for label in path.channels):
            with pytest.raises(sqlite3.OperationalError, match=r"^markov_transitions\(\): .*search > brand"):
                ask(connection, *call)
            continue
        found = {(row["from_state"], row["to_state"]): tuple(row.values())[2:] for row in ask(connection, *call)}
        wanted = reference.transitions(case.paths, case.order, case.has_value, separator)
        assert found.keys() == wanted.keys()
        for key, numbers in wanted.items():
            assert all(map(close, found[key], numbers)), (key, found[key], numbers)
    connection.close()


@given(journey_cases())
@settings(max_examples=80)
def test_what_the_transitions_say(case):
    """As much leaves a state as comes to it; the probabilities of a state are 1; b0 is conversions over all."""
    assume(case.valid)
    connection = case.fill()
    rows = ask(connection, "markov_transitions", *case.arguments, case.with_options("order", separator="|"))
    connection.close()
    into, out, sure = defaultdict(float), defaultdict(float), defaultdict(float)
    for row in rows:
        into[row["to_state"]] += row["weight"]
        out[row["from_state"]] += row["weight"]
        sure[row["from_state"]] += row["probability"]
    assert all(out[state] == into[state] for state in out if state != START)
    assert all(total == pytest.approx(1, abs=1e-12) for total in sure.values())
    assert into[CONVERSION] + into[NULL] == out[START]
    chain = reference.chain_of_counts([tuple(row.values())[:3] for row in rows], "|")
    held = [path for path in case.all_paths if path.channels]
    whole = sum(p.conversions for p in held) / sum(map(reference.seen, held)) if held else 0
    assert reference.from_start(chain)[0] == whole


@given(journey_cases())
@settings(max_examples=80)
def test_markov_effects_of_the_transitions_are_channel_effects(case):
    assume(case.valid)
    connection = case.fill()
    arguments = (*case.arguments, case.with_options("order", "min_paths", separator="|"))
    materialise(connection, "counts", "markov_transitions", *arguments)
    counts = ask(connection, "markov_effects", "counts(from_state, to_state, weight, value)", "separator=|")
    whole = ask(connection, "channel_effects", *case.arguments, case.with_options("order", "min_paths"))
    columns = MARKOV if case.has_value else [c for c in MARKOV if c not in reference.VALUES]
    assert_rows(counts, whole, columns)
    without = ask(connection, "markov_effects", "counts(from_state, to_state, weight)", "separator=|")
    assert_rows(without, [{**row, **dict.fromkeys(reference.VALUES)} for row in counts], MARKOV, TIGHT)
    connection.close()


def sum_of_shards(connection, case, parts):
    """Tables counts and coalitions: what each shard says, added with GROUP BY."""
    named, options = ["touches(entity, ts, channel)", "conversions(entity, ts, value)"], case.with_options("order", separator="|")
    for part in range(parts):
        own = [relation.replace("(", f"{part}(") for relation in named]
        materialise(connection, f"counts{part}", "markov_transitions", *own, options)
        materialise(connection, f"runs{part}", "journeys", *own, case.options)
    union = " UNION ALL ".join(f"SELECT * FROM counts{part}" for part in range(parts))
    connection.execute(
        "CREATE TEMP TABLE counts AS SELECT from_state, to_state, sum(weight) AS weight, sum(value) AS value"
        f" FROM ({union}) GROUP BY from_state, to_state"
    )
    union = " UNION ALL ".join(f"SELECT * FROM runs{part}" for part in range(parts))
    connection.execute(
        "CREATE TEMP TABLE coalitions AS SELECT path AS channels, sum(converted) AS conversions, total(value) AS value,"
        f" sum(1 - converted) AS nulls FROM ({union}) GROUP BY path"
    )


@given(journey_cases(plain_labels=True, entity_pools=ENTITIES), st.integers(2, 3))
@settings(max_examples=80)
def test_counts_summed_over_shards_give_what_the_whole_gives(case, parts):
    """Entities apart; each shard gives its counts, and only the counts meet."""
    case = case._replace(has_value=True)
    assume(case.valid)
    connection = case.fill(parts)
    sum_of_shards(connection, case, parts)
    whole = ask(connection, "channel_effects", *case.arguments, case.with_options("order"))
    assert_rows(ask(connection, "markov_effects", "counts", "separator=|"), whole, MARKOV)
    assert_rows(ask(connection, "shapley_effects", "coalitions"), whole, SHAPLEY)
    connection.close()


CALLS = {"channel_effects": ["order", "min_paths"], "markov_transitions": ["order", "min_paths"], "markov_orders": ["min_paths"]}


@given(journey_cases(values=VALUES + DECIMALS, plain_labels=True), st.randoms(use_true_random=False))
@settings(max_examples=80)
def test_order_of_touches_and_conversions_changes_no_bit(case, generator):
    """Rows come sorted, so even their order stays."""
    assume(case.valid)
    other = case._replace(touches=list(case.touches), conversions=list(case.conversions))
    generator.shuffle(other.touches)
    generator.shuffle(other.conversions)
    connections = [each.fill() for each in (case, other)]
    for call, names in CALLS.items():
        answers = [exactly(ask(c, call, *case.arguments, case.with_options(*names))) for c in connections]
        assert answers[0] == answers[1]
    models = ("attribution_summary", *case.arguments, ", ".join(MODELS), case.options)
    assert exactly(ask(connections[0], *models)) == exactly(ask(connections[1], *models))
    for connection in connections:
        connection.close()


@given(journey_cases())
@settings(max_examples=80)
def test_markov_orders_equal_the_reference(case):
    assume(case.valid)
    connection = case.fill()
    found = ask(connection, "markov_orders", *case.arguments, case.with_options("min_paths"))
    connection.close()
    wanted = reference.orders(case.paths)
    assert [list(row) for row in found] == [["order", "states", "auc", "penalised_auc"]] * len(wanted)
    assert [(row["order"], row["states"]) for row in found] == [row[:2] for row in wanted]
    for row, right in zip(found, wanted):
        assert close(row["auc"], right[2]) and close(row["penalised_auc"], right[3])


@given(journey_cases(plain_labels=True))
@settings(max_examples=80)
def test_order_auto_takes_what_markov_orders_says(case):
    assume(case.valid)
    connection = case.fill()
    known = ask(connection, "markov_orders", *case.arguments, case.with_options("min_paths"))
    known = [(-row["penalised_auc"], row["order"]) for row in known if row["penalised_auc"] is not None]
    best = min(known)[1] if known else 1
    for call in ("channel_effects", "markov_transitions"):
        options = [case.with_options("min_paths", order=order) for order in ("auto", best)]
        answers = [exactly(ask(connection, call, *case.arguments, text)) for text in options]
        assert answers[0] == answers[1]
    connection.close()


# ---------------------------------------------------------------- models of attribution


def credit_by_touch(case, model):
    """{(conversion_id, position): (channel, credit)} by the reference; without touches the conversion has position 0."""
    relations = rules.load(case.touches, case.conversions, case.options)
    weigh, found = reference.model_weights(model, case.all_paths), {}
    for conversion, inside in rules.windows(relations):
        labels = [touch.label for touch in rules.reduce_path(inside, relations.options)]
        for place, (label, credit) in enumerate(zip(labels, weigh(labels) if labels else []), 1):
            found[conversion.id, place] = (label, credit)
        if not labels:
            found[conversion.id, 0] = (UNATTRIBUTED, 1)
    return found


def detail(connection, case, where="", options=""):
    arguments = ("touches(entity, ts, channel)", "conversions(entity, ts, value)", ", ".join(MODELS))
    sql = f"SELECT * FROM attribution(?, ?, ?, ?) {where}"
    return harness.rows_of(connection, sql, *arguments, "; ".join(filter(None, [case.options, options])))


@given(journey_cases())
def test_credits_of_the_models_equal_the_reference(case):
    """Each conversion is credited once, touch by touch as the effects of their channels say, and so is its value."""
    case = case._replace(has_value=True)
    assume(case.valid)
    connection = case.fill()
    rows = detail(connection, case)
    connection.close()
    for model in MODELS:
        own = {(row["conversion_id"], row["position"]): row for row in rows if row["model"] == model}
        wanted = credit_by_touch(case, model)
        assert {key: row["channel"] for key, row in own.items()} == {key: held[0] for key, held in wanted.items()}
        assert all(close(own[key]["credit"], credit) for key, (_, credit) in wanted.items())
        by_conversion = defaultdict(list)
        for row in own.values():
            by_conversion[row["conversion_id"]].append(row)
        for deal in by_conversion.values():
            assert math.fsum(row["credit"] for row in deal) == pytest.approx(1, abs=1e-12)
            if deal[0]["conversion_value"] is not None:
                assert math.fsum(row["value"] for row in deal) == deal[0]["conversion_value"]


@given(journey_cases(), st.sampled_from(["", "period=month", "round=0.01"]))
@settings(max_examples=80)
def test_the_summary_of_the_models_is_the_sum_of_their_rows(case, option):
    case = case._replace(has_value=True)
    assume(case.valid)
    connection = case.fill()
    totals = defaultdict(lambda: [Fraction(0), Fraction(0)])
    for row in detail(connection, case, options="" if "period" in option else option):
        key = (row["model"], row["channel"], rules.period_of(row["converted_at"] * 10**6, "month" if "period" in option else None))
        totals[key][0] += Fraction(row["credit"])
        totals[key][1] += Fraction(row["value"] or 0)
    options = "; ".join(filter(None, [case.options, option]))
    arguments = ("touches(entity, ts, channel)", "conversions(entity, ts, value)", ", ".join(MODELS), options)
    summary = ask(connection, "attribution_summary", *arguments)
    connection.close()
    assert {(row["model"], row["channel"], row["period"]) for row in summary} == set(totals)
    for row in summary:
        wanted = totals[row["model"], row["channel"], row["period"]]
        assert close(row["conversions"], wanted[0]) and close(row["value"], wanted[1])


@given(journey_cases(), st.sampled_from(["1", "2", "'a'", "'ä'", "1.0", "'1'", "-5", "2.5", "'nobody'"]))
@settings(max_examples=80)
def test_a_condition_on_the_entity_still_learns_from_all_paths(case, literal):
    case = case._replace(has_value=True)
    assume(case.valid)
    connection = case.fill()
    pushed = detail(connection, case, f"WHERE entity = {literal}")
    everything = detail(connection, case)
    columns = list(everything[0]) if everything else ["entity"]
    harness.create(connection, "everything", columns, [tuple(row.values()) for row in everything])
    filtered = harness.rows_of(connection, f"SELECT * FROM everything WHERE entity = {literal}")
    connection.close()
    assert sorted(exactly(pushed)) == sorted(exactly(filtered))


@given(journey_cases(plain_labels=True))
@settings(max_examples=80)
def test_shapley_in_attribution_is_shapley_of_the_channels(case):
    """Both views agree; those of markov need not."""
    case = case._replace(has_value=True, min_paths=None)
    assume(case.valid)
    connection = case.fill()
    arguments = ("touches(entity, ts, channel)", "conversions(entity, ts, value)")
    deals = ask(connection, "attribution_summary", *arguments, "shapley", case.options)
    whole = {row["channel"]: row for row in ask(connection, "channel_effects", *arguments, case.options)}
    connection.close()
    for row in deals:
        assert close(row["conversions"], whole[row["channel"]]["shapley_conversions"])
        assert close(row["value"], whole[row["channel"]]["shapley_value"])
