"""The funnel family in hosts: views over it and under it, empty tables, groups and windows, many conditions, errors in mid-statement.

What every family must stand (closing, pools, guards, encodings, read-only files) is tested with the QUERIES of libsqlite.py.
"""

import sqlite3

import pytest

import harness
from libsqlite import DONE, ROW, Database, TABLES, create_file

STAGES = "'mql > sql > won'"
VIEWS = {
    "passes": f"SELECT * FROM funnel('events', {STAGES}, 'exits=lost')",
    "stages": f"SELECT * FROM funnel_summary('events', {STAGES}, 'by=label; as_of=1000')",
    "curve": "SELECT * FROM conversion_curve('subjects', 'step=1 min')",
    "levels": f"SELECT entity, funnel_stage(stage, ts, {STAGES}, '1 hour') AS level FROM events GROUP BY entity",
    "visits": "SELECT id, sessionize(ts, 60) OVER (PARTITION BY entity ORDER BY ts) AS session FROM events",
    "report": f"SELECT p.entity, p.stage, s.rate FROM funnel('events', {STAGES}) p JOIN funnel_summary('events', {STAGES}) s USING (stage_no)",
}


@pytest.fixture
def filled(db):
    db.executescript(TABLES)
    return db


def read(connection, schema=""):
    return {name: sorted(connection.execute(f"SELECT * FROM {schema}{name}").fetchall(), key=repr) for name in VIEWS}


################################ Views ###############################################


@pytest.mark.parametrize("temp", ["", "TEMP"])
def test_views_over_the_family(tmp_path, temp):
    path = create_file(tmp_path / "t.db")
    connection = harness.connect(path)
    for name, sql in VIEWS.items():
        connection.execute(f"CREATE {temp} VIEW {name} AS {sql}")
    made = read(connection)
    assert all(made.values())
    assert made == {name: sorted(connection.execute(sql).fetchall(), key=repr) for name, sql in VIEWS.items()}
    connection.execute("INSERT INTO events(entity, ts, stage, label) VALUES (77, 410, 'mql', 'new')")
    after = read(connection)
    assert {name for name in VIEWS if made[name] != after[name]} == set(VIEWS) - {"curve"}
    connection.close()
    if not temp:
        reader = harness.connect(f"file:{path}?mode=ro", uri=True)
        assert read(reader) == after
        reader.close()


def test_views_and_temp_views_under_the_family(filled):
    """A view has no rowid, so events have no ids; a temp view stands before the table of its name."""
    sql = f"SELECT * FROM funnel('{{}}', {STAGES}, 'exits=lost{{}}') ORDER BY entity, pass, stage_no"
    rows = harness.rows_of(filled, sql.format("events", ""))
    assert {row["event_id"] for row in rows} == {1, 2, 3, 4, 5, 7, 8, 9}
    filled.execute("CREATE VIEW log AS SELECT entity AS who, ts AS at, stage AS what, id AS nr FROM events")
    seen = harness.rows_of(filled, sql.format("log(who, at, what)", ""))
    assert seen == [dict(row, event_id=None, label=None) for row in rows]
    named = harness.rows_of(filled, sql.format("log(who, at, what)", "; event_id=nr"))
    assert named == [dict(row, label=None) for row in rows]
    filled.execute("CREATE TEMP VIEW events AS SELECT * FROM main.events WHERE entity = 1")
    assert {row["entity"] for row in harness.rows_of(filled, sql.format("events", ""))} == {1}
    assert harness.rows_of(filled, sql.format("main.events", "")) == rows
    filled.execute("CREATE TEMP VIEW subjects AS SELECT entity, ts, ts + 5 AS converted_at FROM main.subjects")
    assert filled.execute("SELECT days * 86400, converted FROM conversion_curve('subjects')").fetchall() == [(pytest.approx(5.0), 4)]
    assert filled.execute("SELECT sum(converted) FROM conversion_curve('main.subjects')").fetchone() == (2,)


def test_a_table_without_rowid(filled):
    filled.execute("CREATE TABLE plain(entity, nr, ts, stage, PRIMARY KEY(entity, nr)) WITHOUT ROWID")
    filled.execute("INSERT INTO plain SELECT entity, id, ts, stage FROM events WHERE entity IS NOT NULL")
    rows = filled.execute(f"SELECT entity, stage, event_id FROM funnel('plain', {STAGES})").fetchall()
    assert rows and all(row[2] is None for row in rows)
    named = filled.execute(f"SELECT entity, stage, event_id FROM funnel('plain', {STAGES}, 'event_id=nr')").fetchall()
    assert named == filled.execute(f"SELECT entity, stage, event_id FROM funnel('events', {STAGES})").fetchall()


def test_create_table_as_keeps_every_value(filled):
    for name, sql in VIEWS.items():
        filled.execute(f"CREATE TABLE copy_{name} AS {sql}")
        copy, rows = filled.execute(f"SELECT * FROM copy_{name} ORDER BY rowid").fetchall(), filled.execute(sql).fetchall()
        assert copy == rows
        assert [list(map(type, row)) for row in copy] == [list(map(type, row)) for row in rows]


@pytest.mark.parametrize("call", [f"funnel('events', {STAGES}, 'hold=label')", f"funnel_summary('events', {STAGES}, 'by=label; period=day')",
                                  "conversion_curve('subjects', 'by=label; period=day')"])  # fmt: skip
def test_columns_have_the_class_that_they_declare(filled, call):
    classes = {"TEXT": {"text", "null"}, "REAL": {"real", "null"}, "INTEGER": {"integer", "null"}}
    table = call.split("(")[0]
    columns = filled.execute("SELECT name, type FROM pragma_table_xinfo(?) WHERE NOT hidden", (table,)).fetchall()
    assert len(columns) > 8
    for name, declared in columns:
        found = {row[0] for row in filled.execute(f'SELECT DISTINCT typeof("{name}") FROM {call}')}
        assert found <= classes.get(declared, {"text", "integer", "real", "null"}), name


def test_insert_select_while_reading_the_same_table(filled):
    sql = f"SELECT entity, entered_at + 5000, 'seen ' || stage FROM funnel('events', {STAGES})"
    rows = filled.execute(sql).fetchall()
    filled.execute(f"INSERT INTO events(entity, ts, stage) {sql}")
    assert filled.execute("SELECT entity, ts, stage FROM events WHERE ts >= 5000 ORDER BY id").fetchall() == rows


################################ Nothing at all ######################################

EMPTY = {
    "window_funnel('1 day', ts, stage = 'a')": 0,
    "window_funnel_events('1 day', ts, stage = 'a')": "[]",
    "funnel_stage(stage, ts, 'a > b')": 0,
    "sequence_match('(?1)', ts, stage = 'a')": 0,
    "sequence_count('(?1)', ts, stage = 'a')": 0,
    "sequence_match_events('(?1)', ts, stage = 'a')": "[]",
    "sequence_next_node('forward', 'head', ts, stage, 1)": None,
    "retention(stage = 'a')": "[0]",
}


@pytest.mark.parametrize("call", EMPTY)
def test_aggregates_over_nothing(filled, call):
    """No rows at all; no groups; groups whose rows were all skipped."""
    assert filled.execute(f"SELECT {call} FROM events WHERE 0").fetchall() == [(EMPTY[call],)]
    assert filled.execute(f"SELECT {call} FROM events WHERE 0 GROUP BY entity").fetchall() == []
    if call.startswith("retention"):
        return
    for missing in ("NULL", "''"):
        assert filled.execute(f"SELECT {call.replace(' ts,', f' {missing},')} FROM events").fetchall() == [(EMPTY[call],)]
    rows = filled.execute(f"SELECT ts IS NULL, {call} FROM events WHERE entity = 9 GROUP BY ts IS NULL ORDER BY 1").fetchall()
    assert rows[1] == (1, EMPTY[call])


def test_aggregates_with_filter(filled):
    sql = "SELECT entity, retention(stage = 'mql', stage = 'won') FILTER (WHERE ts > 100) FROM events WHERE entity = 1"
    assert filled.execute(sql).fetchone() == (1, "[1,1]")
    assert filled.execute(sql.replace("100", "9999")).fetchone() == (1, "[0,0]")


@pytest.mark.parametrize("n", [1, 2, 64, 65, 125])
def test_retention_of_nothing_has_a_zero_for_each_condition(filled, n):
    assert filled.execute(f"SELECT retention({conditions(n)}) FROM events WHERE 0").fetchone() == ("[" + ",".join("0" * n) + "]",)


def test_empty_tables(db):
    db.executescript("CREATE TABLE events(entity, ts, stage, label); CREATE TABLE subjects(entity, ts, converted_at)")
    for rows in ([], [(None, 1, "a", "x"), (1, None, "a", "x"), (1, "", "a", "x"), ("", 5, "b", "y")]):
        db.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", rows)
        assert db.execute("SELECT * FROM funnel('events', 'a > b')").fetchall() == []
        assert db.execute("SELECT * FROM funnel('events', 'a > b') WHERE entity = 1").fetchall() == []
        rows = db.execute("SELECT stage_no, stage, entered, rate, overall_rate, expected_rate FROM funnel_summary('events', 'a > b')").fetchall()
        assert rows == [(1, "a", 0, None, None, None), (2, "b", 0, None, None, None)]
        for options in ("by=label", "period=day"):
            assert db.execute("SELECT * FROM funnel_summary('events', 'a > b', ?)", (options,)).fetchall() == []
        for options in ("", "step=1 day", "as_of=5"):
            assert db.execute("SELECT * FROM conversion_curve('subjects', ?)", (options,)).fetchall() == []
    db.execute("INSERT INTO subjects VALUES (1, NULL, 5), (NULL, 1, 5), (2, '', 5)")
    assert db.execute("SELECT * FROM conversion_curve('subjects')").fetchall() == []


################################ Groups and windows ##################################


@pytest.mark.parametrize("call", EMPTY)
def test_group_by_gives_what_each_group_gives_alone(filled, call):
    call = call.replace("'a'", "'mql'").replace("'a > b'", "'mql > won'")
    grouped = dict(filled.execute(f"SELECT entity, {call} FROM events GROUP BY entity").fetchall())
    assert len(grouped) == 5
    for entity, value in grouped.items():
        assert filled.execute(f"SELECT {call} FROM events WHERE entity IS ?", (entity,)).fetchone() == (value,)
    assert filled.execute(f"SELECT count(*) FROM (SELECT {call} FROM events GROUP BY entity ORDER BY 1)").fetchone() == (5,)


@pytest.mark.parametrize("call", EMPTY)
def test_aggregates_are_no_window_functions(filled, call):
    with pytest.raises(sqlite3.OperationalError, match="may not be used as a window function"):
        filled.execute(f"SELECT {call} OVER (ORDER BY ts) FROM events").fetchall()


def test_several_aggregates_and_sessions_at_once(filled):
    sql = """
      SELECT entity, session, retention(stage = 'mql'), sequence_count('(?1)', ts, stage = 'mql'), count(*)
        FROM (SELECT *, sessionize(ts, 100) OVER (PARTITION BY entity ORDER BY ts) AS session,
                     sessionize(ts, 1000) OVER (PARTITION BY entity ORDER BY ts) AS long FROM events WHERE entity = 1)
       GROUP BY entity, session ORDER BY 1, 2"""
    assert filled.execute(sql).fetchall() == [(1, 1, "[1]", 1, 2), (1, 2, "[1]", 1, 2)]


def test_json_results_are_json(filled):
    """They keep their subtype, so that json functions take them for arrays and not for text."""
    for call in ("window_funnel_events('1 day', ts, stage = 'mql', stage = 'won')", "sequence_match_events('(?1)', ts, stage = 'mql')",
                 "retention(stage = 'mql')"):  # fmt: skip
        for where in ("entity = 1", "0"):
            (text,) = filled.execute(f"SELECT json_array({call}) FROM events WHERE {where}").fetchone()
            assert text.startswith("[[") and text.endswith("]]"), text


################################ 125 conditions ######################################


def conditions(n):
    return ", ".join(f"stage = 's{k}'" for k in range(1, n + 1))


def test_125_conditions(db):
    """127 arguments are what every SQLite takes; bit 64 of a set is no edge."""
    harness.create(db, "t", ["ts", "stage"], [(k, f"s{k}") for k in range(1, 126)])
    n = 125
    assert db.execute(f"SELECT window_funnel(200, ts, {conditions(n)}) FROM t").fetchone() == (n,)
    assert db.execute(f"SELECT window_funnel('200, strict_once, strict_order', ts, {conditions(n)}) FROM t").fetchone() == (n,)
    times = "[" + ",".join(str(k) for k in range(1, n + 1)) + "]"
    assert db.execute(f"SELECT window_funnel_events(200, ts, {conditions(n)}) FROM t").fetchone() == (times,)
    pattern = "".join(f"(?{k})" for k in range(1, n + 1))
    assert db.execute(f"SELECT sequence_match_events(?, ts, {conditions(n)}) FROM t", (pattern,)).fetchone() == (times,)
    assert db.execute(f"SELECT sequence_count('(?64)(?65)', ts, {conditions(n)}) FROM t").fetchone() == (1,)
    assert db.execute(f"SELECT retention({conditions(n)}) FROM t").fetchone() == ("[" + ",".join("1" * n) + "]",)
    sql = f"SELECT sequence_next_node('forward', 'head', ts, stage, 1, {conditions(122)}) FROM t"
    assert db.execute(sql).fetchone() == ("s123",)
    db.execute("DELETE FROM t WHERE ts = 65")
    assert db.execute(f"SELECT window_funnel(200, ts, {conditions(n)}) FROM t").fetchone() == (64,)


def test_more_arguments_than_sqlite_takes(filled):
    with pytest.raises(sqlite3.OperationalError, match="too many arguments on function retention"):
        filled.execute(f"SELECT retention({conditions(1001)}) FROM events")


################################ Errors in mid-statement #############################

FAILING = {
    "window_funnel('1 day', {}, stage = 'mql')": "ts is no time",
    "window_funnel_events('1 day', {}, stage = 'mql')": "ts is no time",
    "funnel_stage(stage, {}, 'mql > sql')": "ts is no time",
    "sequence_match('(?1)', {}, stage = 'mql')": "ts is no time",
    "sequence_count('(?1)', {}, stage = 'mql')": "ts is no time",
    "sequence_match_events('(?1)', {}, stage = 'mql')": "ts is no time",
    "sequence_next_node('forward', 'head', {}, stage, 1)": "ts is no time",
    "retention(iif({} = 'soon', 'x', stage = 'mql'))": "condition 1 is no truth value",
}


@pytest.mark.parametrize("call", FAILING)
def test_groups_before_an_error_are_right(tmp_path, call):
    """Of three groups the second fails: the first has been answered as if it were alone, and the third not at all."""
    database = Database(create_file(tmp_path / "t.db"))
    ts = "iif(entity = 2, 'soon', ts)"
    alone = database.execute(f"SELECT entity, {call.format('ts')} FROM events WHERE entity = 1")
    statement = database.prepare(f"SELECT entity, {call.format(ts)} FROM events WHERE entity IN (1, 2, 9) GROUP BY entity")
    assert statement.step() == ROW
    assert [statement.row()] == alone
    assert statement.step() not in (ROW, DONE)
    assert FAILING[call] in database.message()
    statement.finalize()
    assert database.open_statements() == [] and database.close() == 0


def test_partitions_before_an_error_are_right(tmp_path):
    database = Database(create_file(tmp_path / "t.db"))
    statement = database.prepare("SELECT entity, sessionize(iif(entity = 9, 'soon', ts), 60) OVER (PARTITION BY entity ORDER BY ts)"
                                 " FROM events WHERE entity IN (1, 9)")  # fmt: skip
    rows = []
    while (code := statement.step()) == ROW:
        rows.append(statement.row())
    assert code != DONE and "sessionize(): ts is no time (got 'soon')" in database.message()
    assert rows == [("1", "1"), ("1", "1"), ("1", "2"), ("1", "3")][: len(rows)]
    statement.finalize()
    assert database.open_statements() == [] and database.close() == 0


@pytest.mark.parametrize("sql", [
    "SELECT * FROM funnel('evnts', 'mql > won')",
    "SELECT * FROM funnel('events', 'mql > won?')",
    "SELECT * FROM funnel('bad', 'mql > won')",
    "SELECT * FROM funnel('events', 'mql > won', 'hold=nothing')",
    "SELECT * FROM funnel_summary('failing', 'mql > won')",
    "SELECT * FROM funnel_summary('events', 'mql > won', 'by=nothing')",
    "SELECT * FROM conversion_curve('events')",
    "SELECT * FROM conversion_curve('subjects', 'step=0')",
    "SELECT window_funnel('1 day, strict', ts, 1) FROM events",
    "SELECT sequence_match('(?2)', ts, 1) FROM events",
    "SELECT sequence_next_node('forward', 'tail', ts, stage, 1) FROM events",
    "SELECT sessionize(ts, 60) OVER () FROM events",
    "SELECT wilson_low(5, 4)",
])  # fmt: skip
def test_close_after_an_error(tmp_path, sql):
    database = Database(create_file(tmp_path / "t.db"))
    database.execute("CREATE VIEW bad AS SELECT entity, 'no time' AS ts, stage FROM events")
    database.execute("CREATE VIEW failing AS SELECT entity, ts, json_extract('{', '$') AS stage FROM events")
    code, message = database.fails(sql)
    assert code not in (0, ROW, DONE) and "(): " in message
    assert database.open_statements() == []
    assert database.close() == 0
