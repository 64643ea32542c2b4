"""WHERE entity and joins on the entity of funnel() give what they give on a table of its rows; see test_join_on_entity.py."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from test_join_on_entity import KEYS, MIXED_TEXT, MIXED_TOUCHES, PROBES, STRICT_ANY, add_probe, check, conditions, create, joins, memberships, outcome, tables

RELATION = "touches(entity, ts, channel)"  # channels are numbered, as are times
CALLS = [f"funnel('{RELATION}', '0 > 1 > 2')", f"funnel('{RELATION}', '0 > 1 > 2 > 3', 'as_of=4; recycle=1')"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", [joins, memberships])
@given(tables(), st.sampled_from(sorted(PROBES)))
@settings(max_examples=60)
@example(STRICT_ANY, "i")
@example(MIXED_TOUCHES, "i")
@example(MIXED_TEXT, "t")
def test_joins(kind, call, described, column):
    connection = create(*described)
    add_probe(connection, described[3][2])
    check(connection, lambda source: kind(column, source), call)
    connection.close()


@pytest.mark.parametrize("call", CALLS)
@given(tables(), st.sampled_from(KEYS))
@settings(max_examples=60)
@example(MIXED_TOUCHES, 1)
@example(MIXED_TEXT, "2")
def test_conditions(call, described, key):
    connection = create(*described)
    check(connection, lambda source: conditions(key, source), call)
    connection.close()


@pytest.mark.parametrize("call", CALLS)
@given(tables(), st.sampled_from(KEYS))
@settings(max_examples=60)
@example(MIXED_TOUCHES, 1)
@example(MIXED_TEXT, "2")
def test_an_index_changes_nothing(call, described, key):
    strict, kinds, _, keys, view = described
    found = []
    for indexed in ([False, False], [True, False]):
        connection = create(strict, kinds, indexed, keys, view)
        found.append([outcome(connection, sql) for sql in conditions(key, call)])
        connection.close()
    assert found[0] == found[1]


def test_rows_of_one_entity_are_the_whole_s(db):
    """Now is the latest time of the whole relation, whichever entity is asked for, with an index and without."""
    db.execute("CREATE TABLE events(entity INTEGER, ts, stage)")
    db.executemany("INSERT INTO events VALUES (?, ?, ?)", [(n % 7, n * 10, f"s{n % 3}") for n in range(60)])
    for index in ("", "CREATE INDEX events_entity ON events(entity)"):
        db.executescript(index)
        for options in ("", "as_of=300", "recycle=40", "order=any; boomerang=on"):
            sql = "SELECT * FROM funnel('events', 's0 > s1 > s2', ?)"
            whole = db.execute(sql, (options,)).fetchall()
            for entity in (0, 3, 6, 99):
                db.execute("UPDATE events SET ts = ts WHERE 0")
                assert db.execute(f"{sql} WHERE entity = ?", (options, entity)).fetchall() == [row for row in whole if row[0] == entity]
            rows = db.execute(f"{sql} WHERE entity = 1 OR entity = 2 OR pass = 99", (options,)).fetchall()
            assert sorted(rows, key=repr) == sorted((row for row in whole if row[0] in (1, 2)), key=repr)
