"""funnel() against the reference on random events: every option, every order, times of every form."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

import funnel_reference
from funnel_strategies import Case, cases
from funnel_tables import ask, assert_rows, by_key
from reference_input import EPOCH
from strategies import HALF_DAY, numbered


def assert_same(case, **options):
    actual = by_key(ask(case, **options))
    assert_rows(actual, by_key(funnel_reference.funnel(*case.calculated)))


@given(cases(orders=["ordered"]))
@settings(max_examples=350)
def test_ordered_funnels_equal_the_reference(case):
    assert_same(case)


@given(cases(orders=["strict"]))
@settings(max_examples=200)
def test_strict_funnels_equal_the_reference(case):
    assert_same(case)


@given(cases(orders=["any"]))
@settings(max_examples=200)
def test_funnels_of_any_order_equal_the_reference(case):
    assert_same(case)


@given(cases(explicit_ids=True))
def test_named_ids_equal_the_reference(case):
    """Ids of a CRM break ties as rowids do: numbers before text."""
    assert_same(case, with_ids=True)


@given(cases(last=4, most_events=30))
def test_events_at_few_instants_equal_the_reference(case):
    """Many events of an entity at one instant: the order of ties decides."""
    assert_same(case)


# ---------------------------------------------------------------- forms of times

TEXT_FORMS = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%SZ", "%Y-%m-%d %H:%M:%S.000"]
FORMS = [int, float] + [lambda seconds, form=form: text_time(seconds, form) for form in TEXT_FORMS]


def text_time(seconds, form):
    return (EPOCH + timedelta(seconds=seconds)).strftime(form)


@st.composite
def cases_of_forms(draw, forms):
    """Cases whose events have times of these forms; several of them are mixed."""
    case = draw(cases())
    events = []
    for id_, entity, ts, *rest in case.events:
        form = draw(st.sampled_from(forms))
        events.append((id_, entity, ts if ts is None or ts == "" else form(ts), *rest))
    return case._replace(events=events)


@given(st.sampled_from(FORMS).flatmap(lambda form: cases_of_forms([form])))
def test_times_have_the_form_of_their_events(case):
    assert_same(case)


@given(cases_of_forms([int, float, FORMS[2], FORMS[3]]))
@settings(max_examples=80)
def test_forms_of_one_relation_may_be_mixed(case):
    """Without two options that may share a deadline: the rules leave open whose form it then has."""
    assert_same(case.without("window"))


@given(st.sampled_from(["ms", "us"]), cases())
@settings(max_examples=60)
def test_other_units_of_numbers(unit, case):
    scale = {"ms": 1_000, "us": 1_000_000}[unit]
    events = [(id_, entity, ts * scale if ts else ts, *rest) for id_, entity, ts, *rest in case.events]
    case = case._replace(events=events).adding(f"time_unit={unit}")
    as_of = case.option("as_of")
    assert_same(case if as_of is None else case.adding(f"as_of={int(as_of) * scale}"))


@given(st.lists(st.tuples(st.integers(1, 2), st.integers(0, 9), st.sampled_from("abcx")), max_size=14), st.data())
def test_dates_are_midnights(rows, data):
    """A deadline of whole days after a date is a date; others have a time."""
    days = [(entity, text_time(day * 2 * HALF_DAY, "%Y-%m-%d"), stage, None, None) for entity, day, stage in rows]
    hours = data.draw(st.integers(0, 8)) * 12
    case = Case(numbered(data.draw, days, False), "a > b > c", f"recycle={hours} hours", False)
    assert_same(case)
