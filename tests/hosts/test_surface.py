"""The surface: what attribution_help lists is registered, all of it and nothing else, under the types that it says."""

import contextlib
import re
import shutil
import sqlite3
import subprocess

import pytest

import harness

DETERMINISTIC, DIRECT_ONLY, INNOCUOUS = 0x800, 0x80000, 0x200000
PRIVATE = ("attribution_ingest", -1)  # how a relation is loaded; see test_guards.py
SETTINGS = {"attribution_memory_mb"}  # direct only, so that no schema changes them
SCALARS = SETTINGS | {"attribution_version", "email_domain", "logistic_predict", "period_of", "web_domain", "wilson_low", "wilson_high"}
FUNCTIONS = "SELECT name, narg, type, flags FROM pragma_function_list WHERE NOT builtin"
MODULES = "SELECT name FROM pragma_module_list WHERE name NOT LIKE 'pragma%'"


def plain():
    return sqlite3.connect(":memory:", isolation_level=None)


@pytest.fixture(scope="module")
def registered():
    """Functions (name, arguments) -> (type, flags), and modules, that loading adds to a connection."""
    connection = plain()
    before = [set(connection.execute(sql)) for sql in (FUNCTIONS, MODULES)]
    harness.add_extension(connection)
    added = [set(connection.execute(sql)) - old for sql, old in zip((FUNCTIONS, MODULES), before)]
    connection.close()
    return {row[:2]: row[2:] for row in added[0]}, {row[0] for row in added[1]}


def help_rows(connection, kind):
    return harness.rows_of(connection, "SELECT * FROM attribution_help WHERE kind = ?", kind)


def argument_counts(usage):
    """'f(a, b [, c [, d]]) …' -> {2, 3, 4}; 'f(a, …)' -> {-1}, any number; retention knows each, for groups without rows."""
    if usage.endswith("…)"):
        return set(range(-1, 128)) if usage.startswith("retention(") else {-1}
    inside = usage[usage.index("(") + 1 :]
    depth, end = 1, 0
    while depth:
        depth += {"(": 1, ")": -1}.get(inside[end], 0)
        end += 1
    inside = inside[: end - 1]
    required = inside.split("[")[0]
    least = len([name for name in required.split(",") if name.strip()])
    return set(range(least, least + inside.count("[") + 1))


def test_only_the_entry_points_are_exported():
    nm = shutil.which("nm") or pytest.skip("nm is not installed")
    path = f"{harness.extension_path()}.so".replace(".so.so", ".so")
    lines = subprocess.run([nm, "-D", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1] for line in lines.splitlines()}
    names = {name for name in names if not re.match(r"__asan|__odr_asan|__ubsan|__gcov|mangle_path$|_init$|_fini$", name)}
    assert names == {"sqlite3_attribution_init", "sqlite3_attribution_pool_init"}


def test_functions_are_those_of_the_help(db, registered):
    listed = {(row["name"], n) for row in help_rows(db, "function") for n in argument_counts(row["usage"])}
    assert listed | {PRIVATE} == set(registered[0])


def test_functions_are_what_their_usage_says(db, registered):
    """Pure and harmless, so that views and indexes may use them; OVER in the usage means a window function."""
    for row in help_rows(db, "function"):
        for n in argument_counts(row["usage"]):
            kind, flags = registered[0][row["name"], n]
            pure = bool(flags & DETERMINISTIC), bool(flags & INNOCUOUS), not flags & DIRECT_ONLY
            assert pure == (row["name"] not in SETTINGS,) * 3, row["name"]
            assert kind == ("w" if "OVER" in row["usage"] else "s" if row["name"] in SCALARS else "a"), row["name"]
    assert registered[0][PRIVATE][1] & DIRECT_ONLY and not registered[0][PRIVATE][1] & INNOCUOUS


def test_tables_are_those_of_the_help(db, registered):
    assert {row["name"] for row in help_rows(db, "table")} == registered[1]


def test_columns_are_those_of_the_help(db):
    """Visible columns with their declared types, and arguments as hidden columns, in the order of the help."""
    columns, arguments = help_rows(db, "column"), help_rows(db, "argument")
    for table in [row["name"] for row in help_rows(db, "table")]:
        info = db.execute("SELECT name, type, hidden FROM pragma_table_xinfo(?)", (table,)).fetchall()
        assert [row[:2] for row in info if not row[2]] == [(c["name"], c["usage"]) for c in columns if c["part_of"] == table]
        hidden = [f"arg_{a['name']}" for a in arguments if a["part_of"] == table]
        # For SQLite's OR alone, not for users; a forecast looks nothing up by entity.
        hidden += ["row_key"] * (any(row[0] == "entity" for row in info) and table != "pipeline_forecast")
        assert [row[0] for row in info if row[2]] == hidden
        assert all(row[1] for row in info if not row[2]), f"a column of {table} has no declared type"


def test_help_is_complete(db):
    rows = harness.rows_of(db, "SELECT rowid, * FROM attribution_help")
    assert len({row["rowid"] for row in rows}) == len(rows)
    assert {row["kind"] for row in rows} == {"function", "table", "argument", "column", "model", "option"}
    assert len({(row["kind"], row["name"], row["part_of"]) for row in rows}) == len(rows)
    for row in rows:
        assert row["name"] and row["help"], row
        assert row["usage"] or row["kind"] == "table", row
        assert row["example"] or row["kind"] not in ("function", "table"), row
        assert row["part_of"] or row["kind"] not in ("argument", "column", "option"), row


def test_result_columns_keep_their_declared_types(db):
    """What a driver sees of a statement's columns (in CREATE TABLE AS, here) follows from the declared types."""
    db.executescript("CREATE TABLE touches(entity, ts, channel); CREATE TABLE conversions(entity, ts, value)")
    for table in ("attribution", "attribution_summary", "journeys", "channel_effects", "markov_transitions", "markov_orders",
                  "attribution_audit"):
        db.execute(f"CREATE TABLE copy AS SELECT * FROM {table}('touches', 'conversions')")
        names = [row[0] for row in db.execute("SELECT name FROM pragma_table_xinfo(?) WHERE NOT hidden", (table,))]
        assert [row[1] for row in db.execute("PRAGMA table_info(copy)")] == names
        db.execute("DROP TABLE copy")


def fill_pipeline(db):
    db.executescript("CREATE TABLE open_deals(entity, ts, stage, value); CREATE TABLE history(entity, ts, stage);"
                     "INSERT INTO history VALUES (1, 0, 'a'), (1, 9, 'won');"
                     "INSERT INTO open_deals VALUES (2, 5, 'a', 7), (3, 6, 'a', 8), (4, 7, 'a', 9), ('x', 7, 'a', 10)")  # fmt: skip


def test_result_columns_of_a_forecast_keep_their_declared_types(db):
    fill_pipeline(db)
    for table, rows in (("pipeline_forecast", 4), ("pipeline_forecast_summary", 1)):
        db.execute(f"CREATE TABLE copy AS SELECT * FROM {table}('open_deals', 'history', 'a > won')")
        declared = db.execute("SELECT name, type FROM pragma_table_xinfo(?) WHERE NOT hidden", (table,)).fetchall()
        assert [row[1] for row in db.execute("PRAGMA table_info(copy)")] == [name for name, _ in declared]
        assert db.execute("SELECT count(*) FROM copy").fetchone() == (rows,)
        for name, kind in declared:
            stored = {row[0] for row in db.execute(f"SELECT typeof({name}) FROM copy")}
            assert stored <= {kind.lower(), "null"} or name in ("entity", "entered_at", "expected_close"), name
        db.execute("DROP TABLE copy")


def test_conditions_on_a_forecast(db):
    """Its rows are SQLite's to filter, join and sort."""
    fill_pipeline(db)
    call = "pipeline_forecast('open_deals', 'history', 'a > won')"
    for condition, found in [("entity = 3", [3]), ("entity = '3'", []), ("entity = 2 OR entity = 4", [2, 4]), ("entity IN (4, 'x')", [4, "x"]),
                             ("entity = 2 OR value > 8", [2, 4, "x"]), ("entity IN (SELECT entity FROM open_deals WHERE ts = 7)", [4, "x"]),
                             ("stage = 'a' AND value < 8", [2]), ("entity IS NULL", [])]:  # fmt: skip
        assert [row[0] for row in db.execute(f"SELECT entity FROM {call} WHERE {condition}")] == found, condition
    joined = db.execute(f"SELECT f.entity, o.value FROM open_deals AS o JOIN {call} AS f USING (entity) ORDER BY o.value DESC").fetchall()
    assert joined == [("x", 10), (4, 9), (3, 8), (2, 7)]


@pytest.mark.parametrize("table", ["attribution", "attribution_summary", "journeys", "attribution_help", "channel_effects", "path_effects",
                                   "markov_transitions", "markov_orders", "markov_effects", "shapley_effects", "pipeline_forecast",
                                   "pipeline_forecast_summary", "attribution_audit", "funnel_audit"])  # fmt: skip
def test_tables_are_eponymous_only(db, table):
    """Nothing of ours can get into a schema, where a host without the extension could not drop it."""
    with pytest.raises(sqlite3.OperationalError, match=f"no such module: {table}"):
        db.execute(f"CREATE VIRTUAL TABLE mine USING {table}(touches)")
    assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


@pytest.mark.parametrize("table", ["attribution", "attribution_summary", "journeys", "attribution_help", "channel_effects", "path_effects",
                                   "markov_transitions", "markov_orders", "markov_effects", "shapley_effects", "pipeline_forecast",
                                   "pipeline_forecast_summary", "attribution_audit", "funnel_audit"])  # fmt: skip
def test_tables_cannot_be_written_or_dropped(db, table):
    """SQLite 3.34 says nothing to DROP and ALTER of such a table, and does nothing."""
    columns = db.execute("SELECT * FROM pragma_table_xinfo(?)", (table,)).fetchall()
    for sql in (f"INSERT INTO {table} DEFAULT VALUES", f"DELETE FROM {table}", f"CREATE INDEX i ON {table}(1)"):
        with pytest.raises(sqlite3.OperationalError):
            db.execute(sql)
    for sql in (f"DROP TABLE {table}", f"ALTER TABLE {table} RENAME TO mine"):
        with contextlib.nullcontext() if sqlite3.sqlite_version_info < (3, 35) else pytest.raises(sqlite3.OperationalError):
            db.execute(sql)
    assert db.execute("SELECT count(*) FROM attribution_help").fetchone()[0] > 0
    assert db.execute("SELECT * FROM pragma_table_xinfo(?)", (table,)).fetchall() == columns != []
    assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_version(db):
    version = db.execute("SELECT attribution_version()").fetchone()[0]
    assert re.fullmatch(r"sqlite-attribution \d+\.\d+\.\d+ \(C11, built against SQLite \d+\.\d+\.\d+\)", version)
