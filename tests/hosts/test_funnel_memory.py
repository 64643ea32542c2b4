"""Memory that ends in the middle of a statement: the answer is whole and right, or SQLITE_NOMEM, and the next one is as ever.

SQLite's hard heap limit is lowered to what is in use and a little more, in a process of its own, as the limit is the process's.
"""

import pytest

from libsqlite import run_script

SCRIPT = """
import ctypes, sys
from libsqlite import DONE, OK, ROW, Database, TABLES, lib

NOMEM = 7
limit, used = lib.sqlite3_hard_heap_limit64, lib.sqlite3_memory_used
limit.restype, limit.argtypes, used.restype = ctypes.c_int64, [ctypes.c_int64], ctypes.c_int64
database = Database()
for statement in TABLES.split(";")[:-1]:
    database.execute(statement)
database.execute("INSERT INTO events(entity, ts, stage, label) WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
                 " SELECT 3, i, iif(i % 3, iif(i % 2, 'mql', 'sql'), 'won'), 'label ' || i FROM n")
whole = database.execute(sys.argv[1])
assert whole
codes = []
for room in [*range(0, 4000, 40), *range(4000, 40000, 400), *range(40000, 400000, 4000), *range(400000, 1200000, 40000)]:
    database.execute("UPDATE events SET ts = ts WHERE id = 1")  # nothing comes from the cache
    statement, rows = database.prepare(sys.argv[1]), []
    limit(used() + room)
    while (code := statement.step()) == ROW:
        rows.append(statement.row())
    limit(0)
    statement.finalize()
    codes.append(code & 0xff)
    assert codes[-1] in (DONE, NOMEM), (room, code, database.message())
    assert rows == (whole if codes[-1] == DONE else whole[: len(rows)]), room
assert DONE in codes and NOMEM in codes, set(codes)
assert database.execute(sys.argv[1]) == whole
assert database.open_statements() == [] and database.close() == OK
print("done")
"""
STAGES = "stage = 'mql', stage = 'sql', stage = 'won'"
QUERIES = [
    "SELECT * FROM funnel('events', 'mql > sql > won', 'exits=lost; label=stage; hold=label')",
    "SELECT * FROM funnel_summary('events', 'mql > sql > won', 'by=label; period=day')",
    "SELECT * FROM conversion_curve('events(entity, ts, ts)')",
    f"SELECT window_funnel('400, strict_once', ts / 7 * 7, {STAGES}) FROM events",
    f"SELECT window_funnel_events(2, ts, {STAGES}) FROM events",
    f"SELECT window_funnel_events(400, ts, {', '.join(['stage > 0'] * 8)}) FROM events",  # the chains need more than the rows
    "SELECT funnel_stage(stage, ts, 'mql > sql > won', 5) FROM events",
    "SELECT funnel_stage(stage, ts, 'mql > sql > won', ts / 40, 'strict_increase') FROM events WHERE ts NOTNULL GROUP BY ts / 40",  # a window for each group
    f"SELECT sequence_match('(?1)(?t<=' || (ts / 40) || ')(?2)', ts, {STAGES}) FROM events WHERE ts NOTNULL GROUP BY ts / 40",
    f"SELECT sequence_count('(?1).*(?2)', ts, {STAGES}) FROM events",
    f"SELECT sequence_match_events('(?1).*(?t>100)(?2)(?2)(?2)', ts, {STAGES}) FROM events",
    "SELECT sequence_next_node('backward', 'tail', ts, label, 1, stage > '') FROM events WHERE entity = 3",
    "SELECT sum(s) FROM (SELECT sessionize(ts, 1) OVER (ORDER BY ts) AS s FROM events)",
    "SELECT engagement_score(ts, ts, 500, '1 min'), lift(stage = 'won', label > 'label 2'), auc(ts % 7, stage = 'won') FROM events GROUP BY entity",
]


@pytest.mark.parametrize("sql", QUERIES)
def test_memory_that_ends(sql):
    assert run_script(SCRIPT, sql) == "done\n"
