"""What was read before must not show: the same call gives the same answer with a warm cache and with a cold one."""

import itertools

import pytest

import harness
from libsqlite import TABLES

# All columns are numbers, so that each may be taken for an entity, a time, a value or a milestone.
NUMBERS = """
CREATE TABLE touches(id INTEGER PRIMARY KEY, entity, ts, channel, points);
CREATE TABLE conversions(id INTEGER PRIMARY KEY, entity, ts, milestone1);
CREATE TABLE valued(id INTEGER PRIMARY KEY, entity, ts, value, milestone1);
INSERT INTO touches(entity, ts, channel, points) VALUES (1, 100, 5, 1), (1, 200, 6, 2), (1, 300, 5, 4), (2, 100, 7, 1);
INSERT INTO conversions(entity, ts, milestone1) VALUES (1, 400, 250), (2, 400, 150);
INSERT INTO valued(entity, ts, value, milestone1) VALUES (1, 400, 250, 100), (2, 400, 150, 120);
"""
CALLS = [
    ("touches", "conversions", "linear", ""),
    ("touches", "conversions", "milestone(1)", ""),
    ("touches", "conversions(entity, ts, milestone1)", "linear", ""),
    ("touches", "conversions(entity, ts)", "linear", ""),
    ("touches", "valued", "all", ""),
    ("touches", "valued(entity, ts, value)", "linear", ""),
    ("touches", "valued(entity, ts, milestone1, value)", "milestone(1)", ""),
    ("touches(entity, ts, channel)", "valued", "linear", ""),
    ("touches(entity, ts, points)", "valued", "linear", ""),
    ("touches(entity, ts, points, channel)", "valued", "points", ""),
    ("touches(channel, ts, entity)", "valued", "linear", ""),
    ("touches", "valued", "linear", "time_unit=ms"),
    ("touches", "valued", "linear", "touch_id=ts"),
    ("touches", "valued", "linear", "conversion_id=value; touch_id=channel"),
    ("valued(entity, ts, value)", "touches(entity, ts, points)", "linear", ""),
    ("main.touches", "main.valued", "linear", "as_of=300"),
]


def connect():
    connection = harness.connect()
    connection.executescript(NUMBERS)
    return connection


def ask(connection, call):
    return connection.execute("SELECT * FROM attribution(?, ?, ?, ?)", call).fetchall()


@pytest.fixture(scope="module")
def cold():
    """The answer to each call on a connection that has not been asked anything else."""
    found = []
    for call in CALLS:
        connection = connect()
        found.append(ask(connection, call))
        connection.close()
    return found


@pytest.mark.parametrize("first, second", itertools.permutations(range(len(CALLS)), 2))
def test_one_call_after_another(cold, first, second):
    connection = connect()
    ask(connection, CALLS[first])
    assert ask(connection, CALLS[second]) == cold[second]
    connection.close()


@pytest.mark.parametrize("option", ["", "cache_mb=0", "cache_mb=1"])
def test_every_cache_size_gives_the_same(cold, option):
    connection = connect()
    for _ in range(2):
        for call, expected in zip(CALLS, cold):
            options = "; ".join(filter(None, [call[3], option]))
            assert ask(connection, (*call[:3], options)) == expected
    connection.close()


ROWS = "SELECT * FROM attribution('touches', 'conversions', 'linear') ORDER BY conversion_id, position"
CHANGES = [
    "UPDATE touches SET channel = 'other' WHERE id = 2",
    "DELETE FROM touches WHERE id = 1",
    "INSERT INTO touches(entity, ts, channel) VALUES (1, 150, 'new')",
    "UPDATE conversions SET value = value + 1",
    "DELETE FROM conversions",  # the truncate optimisation counts no changes on some versions
    "DROP TABLE touches; CREATE TABLE touches(id INTEGER PRIMARY KEY, entity, ts, channel); INSERT INTO touches VALUES (1, 1, 1, 'x')",
    "ALTER TABLE touches RENAME COLUMN channel TO was; ALTER TABLE touches RENAME COLUMN points TO channel",
    "ALTER TABLE touches RENAME TO old; CREATE VIEW touches AS SELECT id, entity, ts + 50 AS ts, channel FROM old",
    "CREATE TEMP TABLE touches AS SELECT * FROM main.touches WHERE id > 2",
    "CREATE TEMP VIEW conversions AS SELECT * FROM main.conversions WHERE id > 1",
    "BEGIN; DELETE FROM touches WHERE id = 1",
    "BEGIN; DELETE FROM touches WHERE id = 1; ROLLBACK",
    "SAVEPOINT s; DELETE FROM touches WHERE id = 1; ROLLBACK TO s",
    "PRAGMA writable_schema = ON; PRAGMA writable_schema = OFF",
    "VACUUM",
    "ANALYZE",
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", ["memory", "file", "wal"])
def test_a_change_is_seen(tmp_path, change, kind):
    """A warm connection says what a connection that has never asked says after the same change."""
    found = []
    for name in ("warm", "cold"):
        connection = harness.connect(":memory:" if kind == "memory" else str(tmp_path / f"{name}.db"))
        connection.execute(f"PRAGMA journal_mode = {'wal' if kind == 'wal' else 'delete'}")
        connection.executescript(TABLES)
        if name == "warm":
            assert connection.execute(ROWS).fetchall() == connection.execute(ROWS).fetchall() != []
        for statement in change.split("; "):
            connection.execute(statement)
        found.append(connection.execute(ROWS).fetchall())
        connection.close()
    assert found[0] == found[1]


@pytest.mark.parametrize("change", CHANGES[:5])
def test_a_change_by_another_connection_is_seen(tmp_path, change):
    path = str(tmp_path / "t.db")
    connection, other = harness.connect(path), harness.connect(path)
    connection.executescript(TABLES)
    before = connection.execute(ROWS).fetchall()
    other.execute(change)
    after = connection.execute(ROWS).fetchall()
    assert after == other.execute(ROWS).fetchall() != before
    connection.close()
    other.close()


def test_a_rollback_is_seen_after_asking_inside_the_transaction(tmp_path):
    connection = harness.connect(str(tmp_path / "t.db"))
    connection.executescript(TABLES)
    before = connection.execute(ROWS).fetchall()
    connection.execute("BEGIN")
    connection.execute("DELETE FROM touches WHERE id = 1")
    inside = connection.execute(ROWS).fetchall()
    assert inside != before
    connection.execute("ROLLBACK")
    assert connection.execute(ROWS).fetchall() == before
    connection.close()
