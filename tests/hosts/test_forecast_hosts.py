"""The forecast where memory ends and statements are interrupted between rows; see test_funnel_memory.py, and tests/props/test_forecast.py
for interrupts while it works."""

import sqlite3

import pytest

from libsqlite import INTERRUPT, ROW, Database, create_file, run_script
from test_funnel_memory import SCRIPT as MEMORY
from test_interrupt import NUMBERS

CALL = "('o(deal, ts, stage, value{0})', 'h(entity, ts, stage{0})', 'mql > sql > won', 'exits=lost{1}')"
STATEMENTS = [
    "SELECT * FROM pipeline_forecast" + CALL.format("", ""),
    "SELECT * FROM pipeline_forecast" + CALL.format(", label", "; recycle=40 s"),
    "SELECT * FROM pipeline_forecast_summary" + CALL.format("", ""),
    "SELECT * FROM pipeline_forecast_summary" + CALL.format(", label", "; period=day; threads=1"),
]

# The script gives events 400 rows more; here they are open deals and the passes of 97 deals.
VIEWS = """
for sql in ("CREATE VIEW o AS SELECT ts AS deal, ts % 300 AS ts, iif(ts % 2, 'mql', 'sql') AS stage, ts AS value, label FROM events WHERE ts NOTNULL",
            "CREATE VIEW h AS SELECT ts % 97 AS entity, ts, iif(stage IN ('mql', 'sql', 'won'), stage, 'lost') AS stage, label"
            " FROM events WHERE ts NOTNULL UNION ALL SELECT 99, 5, 'lost', 'x'"):
    database.execute(sql)
whole = database.execute(sys.argv[1])
"""


@pytest.mark.parametrize("sql", STATEMENTS)
def test_memory_that_ends(sql):
    script = MEMORY.replace("whole = database.execute(sys.argv[1])\n", VIEWS)
    script = script.replace("range(40000, 400000, 4000)", "range(40000, 2000000, 20000)")  # an interval takes half a megabyte
    assert run_script(script, sql) == "done\n"


@pytest.fixture
def large(tmp_path):
    """30,000 events of 5,003 deals, and 3,000 open ones."""
    path = create_file(tmp_path / "t.db")
    connection = sqlite3.connect(path, isolation_level=None)
    stages = "CASE value % 5 WHEN 0 THEN 'won' WHEN 1 THEN 'lost' WHEN 2 THEN 'sql' ELSE 'mql' END"
    connection.execute("CREATE TABLE h(entity, ts, stage, label)")
    connection.execute("CREATE TABLE o(deal, ts, stage, value, label)")
    connection.execute(f"INSERT INTO h SELECT value * 7919 % 5003, value * 3600, {stages}, 'l' || value % 3 FROM {NUMBERS.format(30000)}")
    connection.execute(f"INSERT INTO o SELECT value, value * 36000, 'mql', value % 977, 'l' || value % 4 FROM {NUMBERS.format(3000)}")
    connection.close()
    return path


@pytest.mark.parametrize("sql", [STATEMENTS[0], STATEMENTS[3]])
def test_an_interrupt_between_two_rows(large, sql):
    database = Database(large)
    whole = database.execute(sql)
    statement = database.prepare(sql)
    assert statement.step() == ROW
    database.interrupt()
    assert statement.step() == INTERRUPT
    assert database.message() == "interrupted"
    assert statement.finalize() == INTERRUPT
    assert database.execute(sql) == whole
    assert database.open_statements() == [] and database.close() == 0
