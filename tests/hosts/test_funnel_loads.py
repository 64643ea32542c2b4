"""How often the funnel family reads a relation, and that what it kept never shows: loads are counted by SQLite's own trace."""

import itertools

import pytest

import harness
from libsqlite import TABLES

STAGES = "mql > sql > won"
CALLS = [
    ("SELECT * FROM funnel(?, ?, ?)", ("events", STAGES, "exits=lost")),
    ("SELECT * FROM funnel(?, ?, ?)", ("events", STAGES, "order=any; as_of=200")),
    ("SELECT * FROM funnel(?, ?, ?)", ("events", "mql > won", "hold=label")),
    ("SELECT * FROM funnel(?, ?, ?)", ("events(entity, ts, stage)", STAGES, "")),
    ("SELECT * FROM funnel(?, ?, ?)", ("events(entity, ts, label, stage)", "ads > seo", "label=stage")),
    ("SELECT * FROM funnel(?, ?, ?)", ("events(label, ts, stage, entity)", STAGES, "")),
    ("SELECT * FROM funnel(?, ?, ?)", ("events", STAGES, "time_unit=ms")),
    ("SELECT * FROM funnel(?, ?, ?)", ("events", STAGES, "event_id=ts")),
    ("SELECT * FROM funnel_summary(?, ?, ?)", ("events", STAGES, "by=label")),
    ("SELECT * FROM funnel_summary(?, ?, ?)", ("events", STAGES, "hold=label; recycle=60")),
    ("SELECT * FROM conversion_curve(?, ?)", ("subjects", "by=label")),
    ("SELECT * FROM conversion_curve(?, ?)", ("subjects(entity, ts, converted_at)", "")),
    ("SELECT * FROM conversion_curve(?, ?)", ("subjects(entity, ts, closed_at, converted_at)", "")),
    ("SELECT * FROM conversion_curve(?, ?)", ("events(entity, ts, ts, ts, stage)", "by=label")),
    ("SELECT * FROM attribution(?, ?)", ("events(entity, ts, stage)", "subjects(entity, converted_at)")),
]


class Loads:
    """Counts the loads of a connection."""

    def __init__(self, connection):
        self.texts = []
        connection.set_trace_callback(lambda sql: self.texts.append(sql) if "attribution_ingest(" in sql and sql.startswith("--") else None)

    def new(self):
        count, self.texts[:] = len(self.texts), []
        return count


def connect():
    connection = harness.connect()
    connection.executescript(TABLES)
    return connection


@pytest.fixture
def counted():
    connection = connect()
    yield connection, Loads(connection)
    connection.close()


def test_one_load_serves_funnel_summary_and_repeats(counted):
    connection, loads = counted
    for number, options in enumerate(["", "", "exits=lost", "recycle=1 min; as_of=300", "order=strict; label=last; passes=first"]):
        connection.execute("SELECT * FROM funnel('events', ?, ?)", (STAGES, options)).fetchall()
        connection.execute("SELECT * FROM funnel_summary('events', 'mql > won', ?)", (options,)).fetchall()
        connection.execute("SELECT * FROM funnel('main.events(entity, ts, stage, label)', 'a > b') WHERE entity = 1").fetchall()
        assert loads.new() == (number == 0)
    for options in ("", "by=label", "step=60; confidence=0.5", "as_of=200"):
        connection.execute("SELECT * FROM conversion_curve('subjects', ?)", (options,)).fetchall()
        assert loads.new() == (options == "")


def test_one_load_serves_a_join_of_funnel_and_summary(counted):
    connection, loads = counted
    sql = f"""SELECT count(*) FROM funnel('events', '{STAGES}') f JOIN funnel_summary('events', '{STAGES}') s ON s.stage_no = f.stage_no
               WHERE f.entity IN (SELECT entity FROM funnel('events', '{STAGES}', 'exits=lost') WHERE outcome = 'exited')"""
    assert connection.execute(sql).fetchone()[0] > 0
    assert loads.new() == 1


@pytest.mark.parametrize("options", ["hold=label", "event_id=ts", "time_unit=us"])
def test_what_is_read_in_another_way_is_read_anew(counted, options):
    connection, loads = counted
    for text, expected in (("", 1), (options, 1), ("", 0), (options, 0)):
        connection.execute("SELECT * FROM funnel('events', ?, ?)", (STAGES, text)).fetchall()
        assert loads.new() == expected


CHANGES = ["INSERT INTO events(entity, ts, stage) VALUES (1, 160, 'won')", "UPDATE events SET ts = ts + 1", "DELETE FROM events WHERE id = 2",
           "ALTER TABLE events RENAME COLUMN label TO other", "CREATE TABLE another(x)", "CREATE TEMP TABLE events AS SELECT * FROM main.events WHERE entity = 1",
           "DROP TABLE events; CREATE TABLE events(entity, ts, stage)", "DELETE FROM events"]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(change):
    """A warm connection says what a connection that has never asked says after the same change."""
    found = []
    for warm in (True, False):
        connection = connect()
        loads = Loads(connection)
        calls = [(f"SELECT * FROM {function}('events', '{STAGES}', 'exits=lost')") for function in ("funnel", "funnel_summary")]
        if warm:
            for sql in calls:
                assert connection.execute(sql).fetchall()
            loads.new()
        connection.executescript(change)
        loads.new()
        found.append([connection.execute(sql).fetchall() for sql in calls])
        assert loads.new() == 1
        connection.close()
    assert found[0] == found[1]


def test_a_change_by_another_connection_is_seen(tmp_path):
    path = str(tmp_path / "t.db")
    connection, other = harness.connect(path), harness.connect(path)
    connection.executescript(TABLES)
    loads = Loads(connection)
    sql = f"SELECT * FROM funnel_summary('events', '{STAGES}')"
    before = connection.execute(sql).fetchall()
    assert connection.execute(sql).fetchall() == before and loads.new() == 1
    other.execute(CHANGES[0])
    after = connection.execute(sql).fetchall()
    assert after == other.execute(sql).fetchall() != before and loads.new() == 1
    connection.close()
    other.close()


def test_nothing_is_kept_inside_a_transaction(counted):
    connection, loads = counted
    sql = f"SELECT * FROM funnel('events', '{STAGES}')"
    before = connection.execute(sql).fetchall()
    connection.execute("BEGIN")
    connection.execute("DELETE FROM events WHERE entity = 1")
    loads.new()
    inside = connection.execute(sql).fetchall()
    assert inside != before and connection.execute(sql).fetchall() == inside and loads.new() == 2
    connection.execute("ROLLBACK")
    assert connection.execute(sql).fetchall() == before


def test_a_view_that_may_change_by_itself_is_read_each_time(counted):
    connection, loads = counted
    connection.execute("CREATE VIEW clocked AS SELECT entity, ts, stage FROM events WHERE ts < unixepoch() OR random() = 5")
    connection.execute("CREATE VIEW plain AS SELECT entity, ts, stage FROM events WHERE ts < 1000")
    for _ in range(3):
        connection.execute(f"SELECT * FROM funnel('clocked', '{STAGES}')").fetchall()
        assert loads.new() == 1
    for number in range(3):
        connection.execute(f"SELECT * FROM funnel('plain', '{STAGES}')").fetchall()
        assert loads.new() == (number == 0)


def test_one_entity_is_read_by_its_index_where_now_is_known(counted):
    """Without as_of, now is the latest time of the whole relation, which must be read for it."""
    connection, loads = counted
    connection.executescript("CREATE TABLE log(entity INTEGER, ts, stage); CREATE INDEX log_entity ON log(entity);"
                             "INSERT INTO log SELECT entity, ts, stage FROM events WHERE entity IN (1, 2, 9)")  # fmt: skip
    sql = "SELECT stage, outcome FROM funnel('log', ?, ?) WHERE entity = 1"
    loads.new()
    connection.execute(sql, (STAGES, "as_of=1000")).fetchall()
    assert "WHERE" in loads.texts[0] and "entity" in loads.texts[0].split("WHERE")[1]
    loads.new()
    connection.execute(sql, (STAGES, "")).fetchall()
    assert "WHERE" not in loads.texts[0]


################################ Warm and cold #######################################


@pytest.fixture(scope="module")
def cold():
    """The answer to each call on a connection that has not been asked anything else."""
    found = []
    for sql, arguments in CALLS:
        connection = connect()
        found.append(connection.execute(sql, arguments).fetchall())
        connection.close()
    assert all(found)
    return found


@pytest.mark.parametrize("first, second", itertools.permutations(range(len(CALLS)), 2))
def test_one_call_after_another(cold, first, second):
    connection = connect()
    connection.execute(*CALLS[first]).fetchall()
    assert connection.execute(*CALLS[second]).fetchall() == cold[second]
    connection.close()


@pytest.mark.parametrize("option", ["cache_mb=0", "cache_mb=1"])
def test_every_cache_size_gives_the_same(cold, option):
    connection = connect()
    for _ in range(2):
        for (sql, arguments), expected in zip(CALLS, cold):
            if "attribution" in sql:
                continue
            *rest, options = arguments
            assert connection.execute(sql, (*rest, "; ".join(filter(None, [options, option])))).fetchall() == expected
    connection.close()


def test_cache_mb_0_keeps_nothing(counted):
    connection, loads = counted
    for _ in range(3):
        connection.execute("SELECT * FROM funnel('events', ?, 'cache_mb=0')", (STAGES,)).fetchall()
        assert loads.new() == 1
