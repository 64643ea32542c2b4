"""What holds of funnel() and funnel_summary() whatever the data: order of rows, shards, as_of, sums."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

import harness
from funnel_strategies import cases
from funnel_tables import ROW, ask, ask_totals, by_key, fill
from reference_input import is_missing, parse_time
from strategies import HALF_DAY


def exactly(rows):
    """Rows to the bit and to the class."""
    return list(map(repr, rows))


@given(cases(explicit_ids=True, totals=True), st.randoms(use_true_random=False))
def test_order_of_rows_changes_no_bit(case, random):
    other = case._replace(events=list(case.events))
    random.shuffle(other.events)
    detail = case.without("by", "period", "confidence")
    rows = [by_key(ask(each._replace(options=detail.options), with_ids=True)) for each in (case, other)]
    assert exactly(rows[0]) == exactly(rows[1])
    totals = [ask_totals(each, with_ids=True) for each in (case, other)]
    assert exactly(totals[0]) == exactly(totals[1])


def latest(case):
    """Now without as_of: the latest time of an event that has an entity."""
    return max((parse_time(row[2]) for row in case.events if not (is_missing(row[1]) or is_missing(row[2]))), default=0)


def shards(case):
    """The events of two halves of the entities, both as of the time at which the whole is seen."""
    whole = case if case.option("as_of") else case.adding(f"as_of={latest(case) // 1_000_000}")
    halves = [[], []]
    for row in case.events:
        halves[isinstance(row[1], str) or row[1] == 1].append(row)
    return whole, [whole._replace(events=half) for half in halves]


@given(cases(explicit_ids=True))
def test_rows_of_two_shards_are_the_rows_of_the_whole(case):
    whole, parts = shards(case)
    union = [row for part in parts for row in ask(part, with_ids=True)]
    assert exactly(by_key(union)) == exactly(by_key(ask(case, with_ids=True)))
    assert exactly(by_key(union)) == exactly(by_key(ask(whole, with_ids=True)))


@given(cases(explicit_ids=True, totals=True))
def test_counts_of_two_shards_add_up(case):
    whole, parts = shards(case)
    counts = defaultdict(lambda: [0] * 5)
    for part in parts:
        for row in ask_totals(part, with_ids=True):
            counts[row[:4]] = [a + (b or 0) for a, b in zip(counts[row[:4]], row[4:9])]
    found = {row[:4]: [count or 0 for count in row[4:9]] for row in ask_totals(whole, with_ids=True)}
    assert dict(counts) == found


@given(cases(totals=True))
def test_everyone_who_entered_is_somewhere(case):
    """entered = advanced + exited + recycled + open, but on the last stage, after which nothing comes."""
    rows = ask_totals(case)
    last = max((row[0] for row in rows), default=0)
    for stage_no, *_, entered, advanced, exited, recycled, still_open in [row[:9] for row in rows]:
        if stage_no < last:
            assert entered == advanced + exited + recycled + still_open
        else:
            assert (advanced, exited, recycled, still_open) == (None,) * 4


@given(cases())
def test_a_stage_is_left_when_the_next_one_is_entered(case):
    """The rows of a pass join up, end with its outcome, and share its label, number and furthest stage."""
    passes = defaultdict(list)
    for row in ask(case):
        passes[row[0], row[1]].append(dict(zip(ROW.split(", "), row)))
    for rows in passes.values():
        rows.sort(key=lambda row: row["stage_no"])
        for row, following in zip(rows, rows[1:]):
            assert (row["outcome"], row["left_at"]) == ("advanced", following["entered_at"])
        assert rows[-1]["outcome"] in ("won", "exited", "recycled", "open")
        assert {row["furthest"] for row in rows} == {rows[-1]["stage_no"]}
        assert len({(row["pass_started_at"], row["held"]) for row in rows}) == 1


@given(cases(), st.sampled_from(["1", "2", "'a'", "'ä'", "1.0", "'1'", "-5", "2.5", "'nobody'"]))
def test_a_condition_on_the_entity_filters_the_rows(case, literal):
    """Also where now is the latest time of another entity."""
    connection = fill(case)
    call = (case.relation, case.stages, case.options)
    filtered = connection.execute(f"SELECT {ROW} FROM funnel(?, ?, ?) WHERE entity = {literal}", call).fetchall()
    harness.create(connection, "everything", ROW.replace(" ", "").split(","), ask(case))
    wanted = connection.execute(f"SELECT {ROW} FROM everything WHERE entity = {literal}").fetchall()
    connection.close()
    assert exactly(by_key(filtered)) == exactly(by_key(wanted))


@given(cases(totals=True), st.integers(0, 13))
def test_as_of_sees_nothing_later(case, half_day):
    """The table cut at that time gives the same answer, as of it, and by itself where its last event is then."""
    moment = half_day * HALF_DAY
    case = case.adding(f"as_of={moment}")
    cut = case._replace(events=[row for row in case.events if is_missing(row[2]) or row[2] <= moment])
    assert exactly(ask_totals(case)) == exactly(ask_totals(cut))
    if latest(cut) == moment * 1_000_000:
        assert exactly(ask_totals(case)) == exactly(ask_totals(cut.without("as_of")))
