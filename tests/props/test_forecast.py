"""pipeline_forecast() and pipeline_forecast_summary() against the reference, and what they promise whatever the data."""

import random
from datetime import datetime, timedelta
from fractions import Fraction
from math import fsum, log, sqrt
from statistics import mean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from forecast_reference import fits
from forecast_tables import DAY, DEAL, PERIODS, Case, ask, cases, close, deals_of, dues_of, exactly, fill

CLOSE = DEAL.split(", ").index("expected_close")


def assert_deals(actual, wanted):
    """Rows of pipeline_forecast: as the reference has them, without a look at the bits of computed numbers."""
    assert [row[:4] for row in actual] == [tuple(row[:4]) for row in wanted]
    assert [row[11] for row in actual] == [row[11] for row in wanted]
    for this, that in zip(actual, wanted):
        for left, right in zip(this[4:CLOSE], that[4:CLOSE]):
            close(left, right)
        assert this[CLOSE] == (None if that[CLOSE] is None else that[CLOSE] // 1_000_000)


def assert_dues(actual, wanted, confidence):
    assert [row[:2] for row in actual] == [(due.period, due.deals) for due in wanted]
    for row, due in zip(actual, wanted):
        for left, right in zip(row[2:5], (due.pipeline, due.expected_deals, due.expected_value)):
            close(left, right)
        assert fits(due, row[5], row[6], confidence), (row, due)


# ---------------------------------------------------------------- against the reference


@given(cases(label=False))
@settings(max_examples=200)
def test_deals_equal_the_reference(case):
    assert_deals(ask(case)[0], case.reference().rows())


@given(cases(label=True))
@settings(max_examples=200)
def test_deals_with_labels_equal_the_reference(case):
    assert_deals(ask(case)[0], case.reference().rows())


@given(cases(), PERIODS)
@settings(max_examples=200)
def test_dues_equal_every_outcome_tried(case, period):
    assert_dues(ask(case, *period)[1], case.reference(*period).summary(), case.option("confidence") or "0.95")


@given(cases(deals=12, last=8, most_open=8, values=[1, 2, 4, 8, 16]))
def test_many_outcomes_equal_every_outcome_tried(case):
    """Of a history that knows little, so that the common error is large."""
    for confidence in ("0.5", "0.8", "0.95"):
        asked = case.adding(f"confidence={confidence}")
        assert_dues(ask(asked)[1], asked.reference().summary(), confidence)


@given(cases(last=9), st.sampled_from([9, 4_001, 13_000]))
def test_cells_are_as_large_as_it_takes(case, oldest):
    """One deal that opened long ago makes the cells of all: days, 2 days, 4 days."""
    case = case.without("recycle", "window").adding(f"as_of={(oldest + 9) * DAY}")
    case = case._replace(
        history=[(deal, ts + oldest * DAY, stage, label) for deal, ts, stage, label in case.history] + [(99, 0, "a", "x")],
        open_deals=[(deal, ts + oldest * DAY, *rest) for deal, ts, *rest in case.open_deals],
    )
    deals, dues = ask(case)
    assert_deals(deals, case.reference().rows())
    assert_dues(dues, case.reference().summary(), case.option("confidence") or "0.95")


@given(cases(label=False, last=60), st.sampled_from([60, 3_600]))
def test_minutes_and_hours_equal_the_reference(case, unit):
    """Half minutes and half hours: cells are minutes or hours, and halves of them are rounded."""
    shrunk = []
    for rows in (case.open_deals, case.history):
        shrunk.append([(row[0], row[1] // DAY * unit // 2, *row[2:]) for row in rows])
    case = case.without("recycle", "window").adding(f"as_of={40 * unit}")
    case = case._replace(open_deals=shrunk[0], history=shrunk[1])
    deals, dues = ask(case, "period=day")
    assert_deals(deals, case.reference().rows())
    assert_dues(dues, case.reference("period=day").summary(), case.option("confidence") or "0.95")


# ---------------------------------------------------------------- whatever the data


@given(cases(), PERIODS, st.randoms(use_true_random=False))
def test_order_of_rows_changes_no_bit(case, period, shuffler):
    """Nor does a deal that is listed twice."""
    twice = case._replace(open_deals=case.open_deals + [row[:3] + (0.1 + (row[3] or 0) / 3, *row[4:]) for row in case.open_deals])
    other = twice._replace(open_deals=list(twice.open_deals), history=list(twice.history))
    shuffler.shuffle(other.open_deals)
    shuffler.shuffle(other.history)
    for this, that in zip(ask(twice, *period), ask(other, *period)):
        assert sorted(exactly(this)) == sorted(exactly(that))
    assert exactly(ask(twice, *period)[1]) == exactly(ask(other, *period)[1])


@given(cases(), PERIODS)
def test_threads_change_no_bit(case, period):
    alone, together = (ask(case.adding(f"threads={n}"), *period) for n in (1, 2))
    assert exactly(alone[0]) == exactly(together[0]) and exactly(alone[1]) == exactly(together[1])


@given(cases(), PERIODS)
def test_deals_and_periods_add_up(case, period):
    """The deals, the row without period and the periods say the same of what is expected."""
    deals, (whole,) = ask(case)
    dues = ask(case, *period)[1]
    for column, parts in ((3, [row[6] for row in deals]), (4, [row[9] or 0 for row in deals])):
        close(fsum(parts), whole[column])
        close(fsum(row[column] for row in dues), whole[column])
    assert whole[1] == sum(row[6] > 0 for row in deals)
    close(fsum(row[5] or 0 for row in deals if row[6] > 0), whole[2])
    low, high = (fsum(bound(row[5] or 0, 0) for row in deals if row[6] > 0) for bound in (min, max))
    assert low - 1e-9 <= whole[5] <= whole[6] <= high + 1e-9
    names = [row[0] for row in dues]
    assert period == () or names == sorted(set(names))


@given(cases(), st.sampled_from([10, 1024, 0.125]))
def test_values_that_are_scaled_scale_the_answer(case, factor):
    scaled = case._replace(open_deals=[row[:3] + (row[3] and row[3] * factor, row[4]) for row in case.open_deals])
    for this, that in zip(ask(case)[1], ask(scaled)[1]):
        assert this[:2] == that[:2] and this[3] == that[3]
        for column in (2, 4, 5, 6):
            close(that[column], Fraction(this[column]) * Fraction(factor))


@given(cases(), st.integers(6, 30))
def test_as_of_sees_nothing_later(case, day):
    """The tables cut at that time give the same answer, to the last bit: bounds and intervals too."""
    case = case.adding(f"as_of={day * DAY}")
    cut = case._replace(**{
        name: [row for row in getattr(case, name) if row[1] <= day * DAY] for name in ("open_deals", "history")
    })  # fmt: skip
    answers = []
    for each in (case, cut):
        try:
            answers.append([exactly(rows) for rows in ask(each, "period=week")])
        except harness.sqlite3.OperationalError as error:
            answers.append(str(error))
    assert answers[0] == answers[1]


@given(st.lists(st.integers(0, 9), min_size=12, max_size=40), st.lists(st.integers(1, 99), min_size=1, max_size=8), st.booleans())
def test_what_is_certain_has_no_interval(ages, values, won):
    """Every deal of the history that is closed was won: low = high = value. All lost: nothing comes."""
    history = [(deal, 0, "a", "x") for deal in range(len(ages))]
    history += [(deal, (20 + age) * DAY, "won" if won else "lost", "x") for deal, age in enumerate(ages)]
    history += [(900, 40 * DAY, "other", "x")]
    case = Case([(100 + n, 38 * DAY, "a", value, "x") for n, value in enumerate(values)], history, "exits=lost,other", False, "a > won")
    deals, (whole,) = ask(case)
    assert {row[6] for row in deals} == {1.0 if won else 0.0}
    assert {row[8 if won else 7] for row in deals} == {1.0 if won else 0.0}
    total = float(sum(values)) if won else 0.0
    assert whole[1:] == (len(values) if won else 0, total, float(len(values)) * won, total, total, total)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.booleans()), min_size=10, max_size=60))
def test_who_all_won_is_certain_whoever_is_censored(spells):
    """None lost, the longest one won: 1, not but for a rounding, however many were lost from sight in between."""
    history = []
    for deal, (start, length, is_won) in enumerate(spells):
        history.append((deal, start * DAY, "a", "x"))
        if is_won and start + length <= 30:
            history.append((deal, (start + length) * DAY, "won", "x"))
    history += [(900, -DAY, "a", "x"), (900, 30 * DAY, "won", "x")]
    case = Case([(100, 30 * DAY, "a", 5, "x")], history, "exits=lost", False, "a > won")
    (deal,), (whole,) = ask(case)
    assert deal[6] == deal[8] == 1.0 and 0 < deal[7] < 1
    assert whole[3:] == (1.0, 5.0, 5.0, 5.0)


# ---------------------------------------------------------------- ways in and out


def text_time(form):
    return lambda ts: (datetime(2024, 1, 1) + timedelta(seconds=ts)).strftime(form)


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ", "seconds", "text seconds", "milliseconds", "real"])
@given(cases(), PERIODS)
@settings(max_examples=15)
def test_times_of_every_form_say_the_same(form, case, period):
    """The days of a case from 2024 on, written in another way; expected_close comes in the form of the deal's time."""
    start = 1_704_067_200
    write = {
        "seconds": lambda ts: start + ts, "text seconds": lambda ts: str(start + ts),
        "milliseconds": lambda ts: (start + ts) * 1000, "real": lambda ts: float(start + ts),
    }.get(form) or text_time(form)  # fmt: skip
    case = case.without("as_of").adding(f"as_of={text_time('%Y-%m-%d')(40 * DAY)}")
    plain, written = (
        case._replace(open_deals=[(row[0], how(row[1]), *row[2:]) for row in case.open_deals],
                      history=[(row[0], how(row[1]), *row[2:]) for row in case.history])
        for how in (lambda ts: start + ts, write)
    )  # fmt: skip
    if form == "milliseconds":
        written = written.adding("time_unit=ms")
    this, that = ask(plain, *period), ask(written, *period)
    assert exactly(this[1]) == exactly(that[1])
    hours = [row[CLOSE] % DAY for row in this[0] if row[CLOSE] is not None]
    if form == "%Y-%m-%d" and any(hours):
        return  # a date becomes a date with hours and minutes where it needs them: funnel.md has it
    for left, right in zip(this[0], that[0], strict=True):
        assert repr(left[:3]) == repr(right[:3]) and repr(left[4:CLOSE]) == repr(right[4:CLOSE])
        for column in (3, CLOSE):
            moment = left[column]
            wanted = None if moment is None else write(moment - start)
            assert repr(right[column]) == repr(wanted)


@given(cases(), PERIODS)
@settings(max_examples=30)
def test_views_and_repeats_change_no_bit(case, period):
    """A view has no rowids; the second call reads nothing again; a row written in between is seen."""
    connection = fill(case)
    cold = deals_of(connection, case), dues_of(connection, case, *period)
    warm = deals_of(connection, case), dues_of(connection, case, *period)
    connection.executescript("ALTER TABLE open_deals RENAME TO o; CREATE VIEW open_deals AS SELECT * FROM o;"
                             "ALTER TABLE events RENAME TO e; CREATE TEMP VIEW events AS SELECT DISTINCT * FROM e")  # fmt: skip
    viewed = deals_of(connection, case), dues_of(connection, case, *period)
    assert exactly(cold[0]) == exactly(warm[0]) == exactly(viewed[0])
    assert exactly(cold[1]) == exactly(warm[1]) == exactly(viewed[1])
    connection.execute("DELETE FROM o")
    assert deals_of(connection, case) == []
    connection.close()


PIPELINE = Case(
    [(100 + n, n % 40 * DAY, "ab"[n % 2], n, "xy"[n % 3 == 0]) for n in range(60)],
    [row for n in range(3_000) for row in (
        (n, n % 30 * DAY, "a", "xy"[n % 3 == 0]), (n, (n % 30 + n % 7 + 1) * DAY, "b", "x"),
        (n, (n % 30 + n % 11 + 9) * DAY, ("won", "lost")[n % 2], "x"))],
    "exits=lost", True,
)  # fmt: skip


def test_nothing_is_written(tmp_path):
    path = tmp_path / "pipeline.db"
    writer = harness.connect(path)
    writer.execute("BEGIN")
    fill(PIPELINE, writer).execute("COMMIT")
    wanted = deals_of(writer, PIPELINE), dues_of(writer, PIPELINE, "period=month")
    writer.close()
    before = path.read_bytes()
    reader = harness.connect(f"file:{path}?mode=ro", uri=True)
    assert (deals_of(reader, PIPELINE), dues_of(reader, PIPELINE, "period=month")) == wanted
    assert reader.total_changes == 0 and not reader.in_transaction
    reader.close()
    assert path.read_bytes() == before and [each.name for each in tmp_path.iterdir()] == ["pipeline.db"]


@pytest.mark.parametrize("ask_rows", [deals_of, lambda *case: dues_of(*case, "period=day")])
def test_a_progress_handler_stops_it_wherever_it_is(ask_rows):
    """One thread, so that the handler is asked as often each time; afterwards the answer is whole again."""
    connection, case = fill(PIPELINE), PIPELINE.adding("threads=1")
    wanted = ask_rows(connection, case)
    asked, stop_at = [0], [0]

    def progress():
        asked[0] += 1
        return asked[0] == stop_at[0]

    def again():
        connection.execute("UPDATE events SET ts = ts WHERE entity = 0")  # nothing comes from the cache
        asked[0] = 0
        return ask_rows(connection, case)

    connection.set_progress_handler(progress, 256)  # a heartbeat's operations
    assert again() == wanted
    total = asked[0]
    assert total > 50
    for stop_at[0] in {1, 2, total // 4, total // 2, total * 3 // 4, total - 2}:  # one more or less in each run
        connection.set_progress_handler(None, 0)
        connection.execute("UPDATE events SET ts = ts WHERE entity = 0")
        connection.set_progress_handler(progress, 256)
        asked[0] = 0
        with pytest.raises(harness.sqlite3.OperationalError, match="interrupted"):
            ask_rows(connection, case)
    connection.set_progress_handler(None, 0)
    assert ask_rows(connection, case) == wanted
    connection.close()


# ---------------------------------------------------------------- a process that is known

# Days in a stage are geometric: at any age the same share goes on and the same share is lost, next day.
ON, LOST = {"a": 0.03, "b": 0.04}, {"a": 0.02, "b": 0.03}
TRUTH = {"b": 4 / 7, "a": 3 / 5 * 4 / 7}
AGES = {"a": (0, 20, 60), "b": (0, 30)}
HORIZON, AS_OF = 600, "as_of=1971-08-24"


def simulate(random_numbers, deals):
    """Deals that begin in the first 300 days; as of day 600 hardly one is open."""
    rows = []
    for deal in range(deals):
        time = random_numbers.randrange(300)
        for stage, following in (("a", "b"), ("b", "won")):
            rows.append((deal, time * DAY, stage, None))
            time += 1
            while (draw := random_numbers.random()) >= ON[stage] + LOST[stage]:
                time += 1
            if draw >= ON[stage]:
                rows.append((deal, time * DAY, "lost", None))
                break
        else:
            rows.append((deal, time * DAY, "won", None))
    return [row for row in rows if row[1] <= HORIZON * DAY]


def forecast_of(random_numbers, deals):
    """{(stage, age): (probability, standard error)} by a history of so many deals."""
    asked = [(stage, age) for stage in AGES for age in AGES[stage]]
    case = Case([(10**6 + n, (HORIZON - age) * DAY, stage, 1, None) for n, (stage, age) in enumerate(asked)],
                simulate(random_numbers, deals), f"exits=lost; {AS_OF}", False, "a > b > won")  # fmt: skip
    connection = fill(case)
    rows = deals_of(connection, case)
    connection.close()
    return {key: (row[6], standard_error(row)) for key, row in zip(asked, rows)}


def standard_error(row):
    """Back from the bounds, which lie on the scale of log odds."""
    p, low, high = row[6:9]
    odds = [log(x / (1 - x)) for x in (low, high)]
    return (odds[1] - odds[0]) / (2 * 1.959963984540054) * p * (1 - p)


def test_a_long_history_finds_the_truth():
    for (stage, _), (probability, error) in forecast_of(random.Random(1), 20_000).items():
        assert 0 < error < 0.02
        assert abs(probability - TRUTH[stage]) < 4 * error


def test_the_jackknife_tells_the_spread_of_histories():
    """60 histories of 600 deals: how far their answers lie apart, and how far each says that they do."""
    source, found = random.Random(2), {}
    for _ in range(60):
        for key, answer in forecast_of(source, 600).items():
            found.setdefault(key, []).append(answer)
    for (stage, _), answers in found.items():
        probabilities, errors = zip(*answers)
        spread = stdev(probabilities)
        assert abs(mean(probabilities) - TRUTH[stage]) < 4 * spread / sqrt(60)
        assert 0.75 < sqrt(mean(error**2 for error in errors)) / spread < 1.25


def test_intervals_hold_as_often_as_they_say():
    """200 histories of 60 deals, each with 40 open deals of very different values, and what these brought in truth."""
    source, held = random.Random(3), {0.5: 0, 0.8: 0, 0.95: 0}
    for _ in range(200):
        history, open_deals, brought = simulate(source, 60), [], 0
        for n in range(40):
            stage, value = source.choice("ab"), round(source.lognormvariate(9, 1))
            open_deals.append((10**6 + n, (HORIZON - source.randrange(40)) * DAY, stage, value, None))
            brought += value * (source.random() < TRUTH[stage])
        case = Case(open_deals, history, f"exits=lost; {AS_OF}", False, "a > b > won")
        connection = fill(case)
        for confidence in held:
            (row,) = dues_of(connection, case, f"confidence={confidence}")
            held[confidence] += row[5] <= brought <= row[6]
        connection.close()
    for confidence, count in held.items():
        assert abs(count / 200 - confidence) < 3 * sqrt(confidence * (1 - confidence) / 200)
