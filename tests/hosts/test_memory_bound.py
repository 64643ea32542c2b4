"""What a statement needs: bytes per row, and the bound on it, whose error names what to raise. A hundred thousand touches; make test-large has a thousand times as many."""

import ctypes
import os
import re
import sqlite3
from pathlib import Path

import pytest

import harness
from libsqlite import lib

TOUCHES = 100_000
BOTH = "'touches', 'conversions'"
STAGES = "'events', 'mql > sql > won'"
FRAME = "OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"
ROW = "channel > '', channel = 'c1'"

# Every kind of statement: bytes per touch (the last: the whole table is one group), at most, with room for what small blocks cost. In large tables it is less.
STORED = [
    (f"attribution({BOTH}, 'first_touch, linear')", 64),
    (f"attribution({BOTH}, 'linear') GROUP BY channel", 64),
    (f"attribution({BOTH}, 'markov(3), shapley')", 64),
    (f"attribution_summary({BOTH}, 'all', 'period=week')", 64),
    (f"journeys({BOTH})", 64),
    (f"channel_effects({BOTH})", 64),
    (f"markov_transitions({BOTH}, 'order=3')", 64),
    (f"markov_orders({BOTH})", 64),
    (f"attribution_audit({BOTH})", 64),
    (f"funnel({STAGES}, 'exits=lost')", 64),
    (f"funnel_summary({STAGES}, 'exits=lost; period=week')", 64),
    (f"funnel_audit({STAGES}, 'exits=lost')", 64),
    ("conversion_curve('events(id, ts, ts)')", 80),
    (f"pipeline_forecast('deals', {STAGES}, 'exits=lost')", 80),
    (f"pipeline_forecast_summary('deals', {STAGES}, 'exits=lost')", 96),
    ("path_effects('paths(path, conversions)')", 160),
    ("shapley_effects('paths(path, conversions)')", 160),
]
GROUPED = [
    ("weighted_credit(channel, ts, 'linear')", "", 128),
    ("first_touch(id, ts)", "OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)", 192),  # keeps what may be first once rows have left the frame
    ("last_touch(id, -ts)", "OVER (ORDER BY id ROWS BETWEEN 70000 PRECEDING AND CURRENT ROW)", 192),
    (f"window_funnel('9 days', ts, {ROW})", "", 64),
    (f"window_funnel_events('9 days', ts, {ROW})", "", 64),
    ("funnel_stage('mql', ts, 'mql > sql')", "", 64),
    (f"sequence_match('(?1).*(?2)', ts, {ROW})", "", 64),
    (f"sequence_count('(?1)(?2)', ts, {ROW})", "", 64),
    (f"sequence_match_events('(?1)(?2)', ts, {ROW})", "", 64),
    ("sequence_next_node('forward', 'head', ts, channel, 1, channel > '')", "", 96),
    ("auc(ts, channel = 'c1')", "", 48),
    ("engagement_score(id, ts, 100000, '9 days')", "", 48),
    ("logistic_fit(channel = 'c1', id % 7, id % 5)", "", 64),
    ("touch_credit(ts, 'linear')", FRAME, 192),
]
STATEMENTS = [(call.split("(")[0], f"SELECT * FROM {call}" if "GROUP" not in call else f"SELECT channel, sum(value) FROM {call}", most) for call, most in STORED]
STATEMENTS += [(call.split("(")[0], f"SELECT count(*), max(x), min(x) FROM (SELECT {call} {over} AS x FROM touches)", most) for call, over, most in GROUPED]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("memory") / "t.db"
    connection = sqlite3.connect(path)
    connection.executescript(f"""
        CREATE TABLE touches(id INTEGER PRIMARY KEY, entity, ts, channel);
        CREATE TABLE conversions(id INTEGER PRIMARY KEY, entity, ts, value);
        CREATE TABLE events(id INTEGER PRIMARY KEY, entity, ts, stage);
        CREATE TABLE deals(id INTEGER PRIMARY KEY, entity, ts, stage, value);
        CREATE TABLE paths(path, conversions);
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {TOUCHES - 1})
          INSERT INTO touches(entity, ts, channel) SELECT i * 7919 % 10007, i * 61, 'c' || (i * 31 % 13) FROM n;
        INSERT INTO conversions(entity, ts, value) SELECT DISTINCT entity, {TOUCHES} * 61, 10.25 FROM touches WHERE entity % 3 = 0;
        INSERT INTO events(entity, ts, stage) SELECT entity, ts, CASE id % 4 WHEN 0 THEN 'won' WHEN 1 THEN 'mql' WHEN 2 THEN 'sql' ELSE 'lost' END FROM touches;
        INSERT INTO deals(entity, ts, stage, value) SELECT id, ts, 'mql', 7 FROM touches WHERE id % 10 = 0;
        INSERT INTO paths SELECT 'c' || (id % 13) || ' > c' || (id / 13 % 13) || ' > c' || (id / 169 % 13) || ' > c' || (id / 2197 % 13) || ' > c' || (id % 7), 1 FROM touches WHERE id % 4 = 0;
    """)
    connection.close()
    return path


def connect(path):
    """A connection whose own cache of pages is small."""
    connection = harness.connect(path)
    connection.execute("PRAGMA cache_size = -200")
    return connection


def bound(connection, megabytes):
    assert connection.execute("SELECT attribution_memory_mb(?)", (megabytes,)).fetchone() == (megabytes,)


def allocated():
    lib.sqlite3_memory_used.restype = ctypes.c_int64
    return lib.sqlite3_memory_used()


def peak(run):
    lib.sqlite3_memory_highwater.restype, lib.sqlite3_memory_highwater.argtypes = ctypes.c_int64, [ctypes.c_int]
    lib.sqlite3_memory_highwater(1)
    before = allocated()
    run()
    return lib.sqlite3_memory_highwater(0) - before


@pytest.mark.parametrize("name, sql, most", STATEMENTS, ids=[sql for _, sql, _ in STATEMENTS])
def test_bytes_per_touch_and_the_error_that_says_what_to_raise(path, name, sql, most):
    """Lowered to a megabyte the bound is an error that names the statement that raises it; done as it says, again and again, the answer comes."""
    connection = connect(path)
    for table in ("touches", "conversions"):
        connection.execute(f"SELECT max(ts) FROM {table}").fetchall()
    expected = []
    needed = peak(lambda: expected.extend(connection.execute(sql)))
    assert expected and needed < TOUCHES * most, needed / TOUCHES
    connection.close()

    other, used, refused = connect(path), 1, 0
    other.execute("SELECT max(ts) FROM touches").fetchall()
    bound(other, 1)
    while True:
        before = allocated()
        try:
            assert other.execute(sql).fetchall() == expected
            break
        except sqlite3.OperationalError as error:
            found = re.fullmatch(rf"{name}\(\): more than {used} MB are needed, which is what statements of this connection may use; raise it: SELECT attribution_memory_mb\((\d+)\),"
                                 r" or read less: a view with fewer rows", str(error))  # fmt: skip
            assert found, str(error)
            assert allocated() - before < 1_000_000, "a statement that has failed keeps memory"
            used, refused = int(found[1]), refused + 1
            other.execute(f"SELECT attribution_memory_mb({used})").fetchall()
    assert refused or needed < 2**20
    assert used * 2**20 <= 4 * max(needed, 2**20)
    other.close()


PIECES = harness.ROOT / "build" / "pieces" / "attribution"


@pytest.mark.skipif("ATTRIBUTION_SO" in os.environ, reason="the build with small pieces is made of the usual one")
def test_more_than_one_block_can_hold_is_an_error_that_says_so(path):
    """A build whose allocator gives 200,000 bytes at most in one piece, where SQLite's gives 2 GB."""
    other = sqlite3.connect(path, isolation_level=None)
    other.enable_load_extension(True)
    other.load_extension(str(PIECES))
    usual, told = connect(path), 0
    for name, sql, _ in STATEMENTS:
        before = allocated()
        try:
            assert other.execute(sql).fetchall() == usual.execute(sql).fetchall()
        except sqlite3.OperationalError as error:
            assert str(error) == f"{name}(): more than 2 GB are needed in one piece, which SQLite never gives; read less: a view with fewer rows, or smaller groups"
            assert allocated() - before < 1_000_000, "a statement that has failed keeps memory"
            told += 1
    assert told > len(STATEMENTS) * 3 / 4
    assert other.execute("SELECT first_touch(id, ts) FROM touches WHERE id < 100").fetchall() == usual.execute("SELECT first_touch(id, ts) FROM touches WHERE id < 100").fetchall()
    other.close()
    usual.close()


def test_some_need_more_than_a_megabyte(path):
    """So that the test above has something to refuse."""
    connection = connect(path)
    bound(connection, 1)
    refused = 0
    for _, sql, _ in STATEMENTS:
        try:
            connection.execute(sql).fetchall()
        except sqlite3.OperationalError:
            refused += 1
    assert refused >= len(STATEMENTS) - 2, refused


@pytest.mark.parametrize("call", ["first_touch(id, ts)", "last_touch(id, -ts)"])
@pytest.mark.parametrize("over, moves", [("", False), ("OVER (ORDER BY id)", False), ("OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 3 FOLLOWING)", False),
                                         ("OVER (ORDER BY id ROWS BETWEEN 70000 PRECEDING AND CURRENT ROW)", True)])  # fmt: skip
def test_a_frame_that_no_row_leaves_keeps_one(path, call, over, moves):
    """A plain aggregate of 100 million rows would otherwise keep them all, as the earliest of them might leave a frame."""
    connection = connect(path)
    bound(connection, 1)
    sql = f"SELECT count(x), min(x), max(x) FROM (SELECT {call} {over} AS x FROM touches)"
    if moves:
        with pytest.raises(sqlite3.OperationalError, match="more than 1 MB"):
            connection.execute(sql).fetchall()
        bound(connection, 100)
        assert connection.execute(sql).fetchone() == (TOUCHES, 1, TOUCHES - 70_000)
        both = f"SELECT * FROM ({sql}), (SELECT {call} FROM touches)"  # one statement with either: none may be cut short
        assert connection.execute(both).fetchone() == (TOUCHES, 1, TOUCHES - 70_000, 1)
    else:
        assert connection.execute(sql).fetchone() == (TOUCHES if over else 1, 1, 1)


def test_what_is_kept_does_not_count(path):
    """It has a bound of its own, cache_mb: under a bound that would not let it load, a relation that has been kept is used."""
    sql = f"SELECT sum(value) FROM attribution_summary({BOTH}, 'linear')"
    connection = connect(path)
    expected = connection.execute(sql).fetchall()
    bound(connection, 1)
    assert connection.execute(sql).fetchall() == expected
    connection.execute("SELECT count(*) FROM attribution('deals(entity, ts, stage)', 'deals(entity, ts)', 'linear', 'cache_mb=0; as_of=0')").fetchall()
    with pytest.raises(sqlite3.OperationalError, match="more than 1 MB"):
        connection.execute(sql).fetchall()


def test_statements_that_run_at_once_share_the_bound(path):
    sql = "SELECT * FROM attribution('touches', 'conversions', 'linear', 'cache_mb=0')"
    connection = connect(path)
    bound(connection, 7)
    assert len(connection.execute(sql).fetchall()) > 10_000
    cursors = [connection.execute(sql)]
    with pytest.raises(sqlite3.OperationalError, match="more than 7 MB"):
        for _ in range(10):
            cursors.append(connection.execute(sql))
    cursors.clear()
    assert len(connection.execute(sql).fetchall()) > 10_000
    assert connect(path).execute(sql).fetchone()


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_whichever_thread_is_refused(path, threads):
    connection = connect(path)
    bound(connection, 1)
    messages = set()
    for _ in range(5):
        with pytest.raises(sqlite3.OperationalError) as error:
            connection.execute(f"SELECT * FROM attribution({BOTH}, 'linear', 'threads={threads}')").fetchall()
        messages.add(str(error.value))
    assert len(messages) == 1 and "more than 1 MB" in messages.pop()


def memory():
    """Bytes that the machine has, or the control groups of this process leave it."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, kinds, group = line.split(":", 2)
        mount, name = ("/sys/fs/cgroup", "memory.max") if not kinds else ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        if not kinds or "memory" in kinds.split(","):
            folder = Path(mount + group)
            files = [above / name for above in [folder, *folder.parents] if above.is_relative_to(mount)]
            found += [int(file.read_text()) for file in files if file.exists() and file.read_text().strip() != "max"]
    return min(found)


def test_a_bound_below_what_is_in_use(path):
    """Whoever has its memory keeps it; whoever asks for more is told."""
    connection = connect(path)
    sql = "SELECT count(*) FROM attribution('touches', 'conversions', 'linear', 'cache_mb=0')"
    open_rows = connection.execute("SELECT * FROM attribution('touches', 'conversions', 'linear', 'cache_mb=0')")
    rows = [open_rows.fetchone()]
    bound(connection, 1)
    with pytest.raises(sqlite3.OperationalError, match=r"more than 1 MB are needed"):
        connection.execute(sql).fetchall()
    rows += open_rows.fetchall()
    bound(connection, 100)
    assert connection.execute(sql).fetchone() == (len(rows),)
    connection.close()


def test_the_bound_at_first_and_none():
    """Three quarters of the memory; core's test_machine.c has control groups of its own."""
    machine = memory() // 2**20
    connection = harness.connect()
    assert connection.execute("SELECT attribution_memory_mb()").fetchone() == (machine // 4 * 3,)
    bound(connection, 0)
    assert connection.execute("SELECT attribution_memory_mb()").fetchone() == (0,)
    harness.add_journeys(connection, [(1, 1, "a")], [(1, 2, 3)])
    assert connection.execute(f"SELECT count(*) FROM attribution({BOTH})").fetchone() == (1,)


@pytest.mark.parametrize("value", [-1, 1.5, "8000", "all", None, b"8", 10**9])
def test_what_is_no_number_of_megabytes(db, value):
    before = db.execute("SELECT attribution_memory_mb()").fetchone()
    with pytest.raises(sqlite3.OperationalError, match=r"attribution_memory_mb\(\): memory is a number of megabytes \(got .*\); write one such as 8000"):
        db.execute("SELECT attribution_memory_mb(?)", (value,))
    assert db.execute("SELECT attribution_memory_mb()").fetchone() == before


def test_no_view_and_no_trigger_raises_it(db):
    db.executescript("CREATE VIEW v AS SELECT attribution_memory_mb(0) AS x; CREATE TABLE t(x);"
                     "CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO t SELECT attribution_memory_mb(0); END")  # fmt: skip
    bound(db, 5)
    for sql in ("SELECT x FROM v", "INSERT INTO t VALUES (1)"):
        with pytest.raises(sqlite3.OperationalError, match="unsafe use"):
            db.execute(sql).fetchall()
    assert db.execute("SELECT attribution_memory_mb()").fetchone() == (5,)
