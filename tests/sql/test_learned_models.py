"""The model markov learns from all journeys, once: what is kept must be what would be learned anew."""

import pytest

import harness

TOUCHES = [(1, 1, "a"), (1, 2, "b"), (1, 3, "a"), (2, 1, "a"), (2, 5, "c"), (3, 1, "b"), (4, 2, "c"), (4, 4, "b"), (5, 1, "a")]
CONVERSIONS = [(1, 9, 10), (2, 9, 1), (4, 9, 5)]
JOIN = "SELECT a.* FROM conversions AS d CROSS JOIN attribution('touches', 'conversions', ?, ?) AS a ON a.entity = d.entity"
WHOLE = "SELECT * FROM attribution('touches', 'conversions', ?, ?)"
MODELS = "markov, markov(2), linear, shapley"


def anew(db, models=MODELS, options=""):
    """The same question on a connection that has learned nothing."""
    other = harness.connect()
    db.backup(other)
    rows = other.execute(WHOLE, (models, options)).fetchall()
    other.close()
    return sorted(rows)


@pytest.mark.parametrize("options", ["", "lookback=2", "path=exposure", "cache_mb=0"])
def test_a_join_learns_from_all(journeys_db, options):
    """One entity at a time, each row is that of the whole question."""
    db = journeys_db(TOUCHES, CONVERSIONS)
    assert sorted(db.execute(JOIN, (MODELS, options)).fetchall()) == anew(db, options=options)
    for entity in range(1, 6):
        rows = db.execute(WHOLE + " WHERE entity = ?", (MODELS, options, entity)).fetchall()
        assert sorted(rows) == [row for row in anew(db, options=options) if row[1] == entity]


def test_orders_and_options_are_told_apart(journeys_db):
    db = journeys_db(TOUCHES, CONVERSIONS)
    for _ in range(2):
        for models in ("markov", "markov(2)", "markov(2), markov"):
            for options in ("", "lookback=2", "ignore=a", " ", "max_touches=1"):
                assert sorted(db.execute(WHOLE, (models, options)).fetchall()) == anew(db, models, options)


def test_more_than_is_kept(journeys_db):
    """Each option text is learned apart; after many, the first is learned again."""
    db = journeys_db(TOUCHES, CONVERSIONS)
    first = db.execute(WHOLE, ("markov", "")).fetchall()
    for n in range(1, 40):
        db.execute(WHOLE, ("markov", f"max_touches={n}")).fetchall()
    assert db.execute(WHOLE, ("markov", "")).fetchall() == first
    assert sorted(db.execute(WHOLE, ("markov", "max_touches=2")).fetchall()) == anew(db, "markov", "max_touches=2")


def test_a_change_is_learned(journeys_db):
    """Also inside a transaction, and after it was rolled back."""
    db = journeys_db(TOUCHES, CONVERSIONS)
    before = db.execute(WHOLE, ("markov", "")).fetchall()
    db.execute("BEGIN")
    db.execute("INSERT INTO touches VALUES (6, 1, 'a'), (7, 1, 'a')")
    changed = db.execute(WHOLE, ("markov", "")).fetchall()
    assert changed != before
    db.execute("ROLLBACK")
    assert db.execute(WHOLE, ("markov", "")).fetchall() == before
    db.execute("INSERT INTO touches VALUES (6, 1, 'a'), (7, 1, 'a')")
    assert db.execute(WHOLE, ("markov", "")).fetchall() == changed
    assert sorted(changed) == anew(db, "markov")


def test_relations_that_are_not_kept(journeys_db):
    """A view that may change by itself is loaded anew each time, and learned from anew."""
    db = journeys_db(TOUCHES, CONVERSIONS)
    db.execute("CREATE VIEW shifting AS SELECT entity, ts, channel FROM touches WHERE random() IS NOT NULL")
    sql = WHOLE.replace("'touches'", "'shifting(entity, ts, channel)'")
    for _ in range(3):
        rows = db.execute(sql, (MODELS, "")).fetchall()
        assert sorted(row[:5] + row[7:] for row in rows) == sorted(row[:5] + row[7:] for row in anew(db))


def test_conversions_are_told_apart(journeys_db):
    """What the same touches have learned from other conversions, kept or read anew each time, is another thing."""
    db = journeys_db(TOUCHES, CONVERSIONS)
    db.execute("CREATE TABLE others(entity, ts, value)")
    db.executemany("INSERT INTO others VALUES (?, ?, ?)", [(3, 9, 10), (5, 9, 1), (4, 3, 2)])
    db.execute("CREATE VIEW never_kept AS SELECT entity, ts + 0 * random() AS ts, value FROM others")
    other = harness.connect()
    db.backup(other)
    sql = "SELECT entity, channel, position, credit, value FROM attribution('touches', ?, 'markov')"
    alone = {name: harness.connect() for name in ("conversions", "others", "never_kept")}
    for connection in alone.values():
        db.backup(connection)
    expected = {name: connection.execute(sql, (name,)).fetchall() for name, connection in alone.items()}
    assert expected["conversions"] != expected["others"] == expected["never_kept"]
    for _ in range(2):
        for name in ("conversions", "others", "never_kept"):
            assert other.execute(sql, (name,)).fetchall() == expected[name]
