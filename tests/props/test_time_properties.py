"""Times of every form on one scale: what comes back is the instant that went in, in the form that it had."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

import harness
from reference_input import EPOCH, format_time, parse_time

DAYS = st.integers(-300_000, 2_900_000)  # years 1148 to 9909
SECONDS = st.integers(0, 86_399)
OFFSETS = st.sampled_from(["", "Z", "+00:00", "-00:00", "+02:00", "-09:30", "+14:00"])
TEXT_FORMS = ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]


@st.composite
def text_times(draw):
    moment = EPOCH + timedelta(days=draw(DAYS), seconds=draw(SECONDS))
    form = draw(st.sampled_from(TEXT_FORMS))
    text = moment.strftime(form)
    if form.endswith("%S"):
        text += draw(st.sampled_from(["", ".5", ".25", ".125", ".000", ".123456", ".999999", ".010"]))
    return text + (draw(OFFSETS) if "%H" in form else "")


@st.composite
def number_times(draw):
    seconds = draw(DAYS) * 86_400 + draw(SECONDS)
    # Fractions that a double holds at any of these times
    return draw(st.sampled_from([seconds, float(seconds), seconds + 0.5, seconds + 0.125]))


times = st.one_of(text_times(), number_times())


def round_trip(values, options=""):
    """touched_at of touches with these times, in the order of the touches."""
    connection = harness.connect()
    harness.create(connection, "touches", ["entity", "ts", "channel"], [(1, value, "a") for value in values])
    harness.create(connection, "conversions", ["entity", "ts"], [(1, "9999-12-31")])
    sql = "SELECT touched_at FROM attribution('touches', 'conversions', 'linear', ?) ORDER BY touch_id"
    rows = connection.execute(sql, (options,)).fetchall()
    connection.close()
    return [row[0] for row in rows]


def same(actual, wanted):
    assert [(type(value), value) for value in actual] == [(type(value), value) for value in wanted]


@given(st.lists(times, min_size=1, max_size=8))
def test_times_come_back_in_their_form(values):
    same(round_trip(values), [format_time(parse_time(value), value) for value in values])


@given(st.lists(st.integers(-10**12, 10**14), min_size=1, max_size=8), st.sampled_from(["ms", "us"]))
def test_other_units_of_numbers(values, unit):
    same(round_trip(values, f"time_unit={unit}"), values)


@given(st.lists(times, min_size=2, max_size=8))
def test_order_is_that_of_the_instants(values):
    """Whatever the class and the text of a time, positions follow the instants."""
    connection = harness.connect()
    harness.create(connection, "touches", ["entity", "ts", "channel"], [(1, value, "a") for value in values])
    harness.create(connection, "conversions", ["entity", "ts"], [(1, "9999-12-31")])
    rows = connection.execute("SELECT touch_id FROM attribution('touches', 'conversions') ORDER BY position").fetchall()
    connection.close()
    instants = [parse_time(values[touch_id - 1]) for (touch_id,) in rows]
    assert instants == sorted(instants)


@given(text_times(), st.integers(-10**9, 10**9))
def test_seconds_to_convert_are_the_difference(text, seconds):
    """From a TEXT time to a number of seconds later or, when that is earlier, to no path at all."""
    connection = harness.connect()
    started = parse_time(text)
    end = started // 1_000_000 + seconds
    harness.create(connection, "touches", ["entity", "ts", "channel"], [(1, text, "a")])
    harness.create(connection, "conversions", ["entity", "ts"], [(1, min(end, 253_402_300_799))])
    sql = "SELECT seconds_to_convert FROM journeys('touches', 'conversions') WHERE converted"
    (actual,) = connection.execute(sql).fetchone()
    connection.close()
    gone = min(end, 253_402_300_799) * 1_000_000 - started
    assert actual == (None if gone < 0 else gone / 1_000_000)
