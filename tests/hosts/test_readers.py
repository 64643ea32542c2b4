"""Large plain tables are read by several connections at once: when, when not, and always with the same answer.

What the user's own connection runs is seen by its trace: the SELECT that feeds a load is among it only where this connection read
the table itself.
"""

import gc
import os
import random
import sqlite3
import threading

import pytest

import harness
from libsqlite import HAS_READERS

ITSELF = not HAS_READERS  # whether the user's connection reads what several readers could
ROWS = 70_000  # enough for two threads
CREATE = "CREATE TABLE touches(id INTEGER PRIMARY KEY, entity, ts, channel TEXT); CREATE TABLE conversions(id INTEGER PRIMARY KEY, entity, ts, value);"
SUMMARY = "SELECT * FROM attribution_summary({touches!r}, {conversions!r}, 'first_touch, linear, time_decay, participation', {options!r})"
DETAIL = "SELECT * FROM attribution({touches!r}, {conversions!r}, 'linear, last_touch', {options!r})"


def uuid(i):
    text = f"{i * 2654435761 % 2**128 * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def rows_of(entity=lambda i: i * 7919 % 5003, time=lambda i: 1_700_000_000 + i * 61, channel=lambda i: f"channel {i * 31 % 13}", first=1):
    return [(first + i, entity(i), time(i), channel(i)) for i in range(ROWS)]


def make(path, touches, before="", create=CREATE):
    """A file of these touches, and a conversion for each of some entities."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(before + create)
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO touches(id, entity, ts, channel) VALUES (?, ?, ?, ?)", touches)
    entities = sorted({repr(row[1]): row[1] for row in touches if row[1] is not None}.items())[:3000]
    late = max(row[2] for row in touches if isinstance(row[2], (int, float)))
    connection.executemany("INSERT INTO conversions(entity, ts, value) VALUES (?, ?, ?)", [(entity, late, 10.25 + i) for i, (_, entity) in enumerate(entities)])
    connection.execute("COMMIT")
    connection.close()


def traced(connection, sql):
    """The rows of a statement, and whether the connection has read the touches itself."""
    seen = []
    connection.set_trace_callback(seen.append)
    result = connection.execute(sql).fetchall()
    connection.set_trace_callback(None)
    loads = [text for text in seen if text.removeprefix("-- ").startswith("SELECT attribution_ingest(") and "touches" in text]
    return result, bool(loads)


def answers(connection, options, touches="touches", conversions="conversions"):
    """Both queries with so many threads, from a cache that is empty, and whether the connection has read the touches itself."""
    by_itself, result = [], []
    for query in (SUMMARY, DETAIL):
        rows, itself = traced(connection, query.format(touches=touches, conversions=conversions, options=options + "; cache_mb=0"))
        result.append(rows)
        by_itself.append(itself)
    assert by_itself[0] == by_itself[1]
    return result, by_itself[0]


SHAPES = {
    "integers": rows_of(),
    "negative ids": rows_of(first=-30_000),
    "ids far apart": [(i * 10**14, *row[1:]) for i, row in enumerate(rows_of())],
    "all ids but one together": [*rows_of()[:-1], (2**62, 5, 1_700_000_000, "last")],
    "text keys": rows_of(entity=lambda i: f"{i * 7919 % 5003:08x}-key"),
    "UUIDs": rows_of(entity=lambda i: uuid(i * 7919 % 5003)),
    "UUIDs, and one in capitals at the end": rows_of(entity=lambda i: uuid(i % 5003).upper() if i == ROWS - 3 else uuid(i % 5003)),
    "UUIDs, and numbers in the second half": rows_of(entity=lambda i: uuid(i % 999) if i < ROWS // 2 + 9 else i % 999),
    "empty keys": rows_of(entity=lambda i: "" if i % 11 == 0 else f"k{i % 999}"),
    "text keys from the middle on": rows_of(entity=lambda i: i % 999 if i < ROWS // 2 + 100 else f"k{i % 999}"),
    "keys far apart": rows_of(entity=lambda i: (i * 7919 % 5003) * 2**40),
    "keys a little far apart": rows_of(entity=lambda i: (i * 7919 % 5003) * 2**19),
    "keys far apart in the second half": rows_of(entity=lambda i: i % 5003 + (2**50 if i > ROWS // 2 else 0)),
    "reals and integers": rows_of(entity=lambda i: i % 500 + (0.5 if i % 3 == 0 else 0.0)),
    "fractions of seconds at the end": rows_of(time=lambda i: 1_700_000_000 + i * 61 + (0.25 if i > ROWS - 5 else 0)),
    "times far apart": rows_of(time=lambda i: i * 61 if i < ROWS // 2 else 200_000_000_000 + i),
    "times as text in the second half": rows_of(time=lambda i: i if i < ROWS // 2 else "2024-03-05 10:00:00"),
    "seventy thousand labels": rows_of(channel=lambda i: f"label {i}"),
    "nulls": rows_of(entity=lambda i: None if i % 5 == 0 else i % 999, time=lambda i: None if i % 7 == 0 else i, channel=lambda i: None if i % 3 == 0 else "a"),
    "numbers for labels": rows_of(channel=lambda i: i % 17 if i % 2 else f"{i % 17}.5"),
    "nothing in the first half": [*rows_of(entity=lambda i: None)[: ROWS // 2], *rows_of()[ROWS // 2 :]],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_answer_with_any_number_of_threads(tmp_path, shape):
    make(tmp_path / "t.db", SHAPES[shape])
    connection = harness.connect(tmp_path / "t.db")
    expected, itself = answers(connection, "threads=1")
    assert itself and len(expected[1]) > 1000
    for threads in (2, 3, 4):
        assert answers(connection, f"threads={threads}") == (expected, ITSELF), threads


def test_a_shuffled_table_and_a_sorted_one(tmp_path):
    shuffled = [row[1:] for row in rows_of()]
    random.Random(3).shuffle(shuffled)
    results = []
    for name, rows in (("a", rows_of()), ("b", [(i + 1, *row) for i, row in enumerate(shuffled)]), ("c", [(i + 1, *row) for i, row in enumerate(sorted(shuffled))])):
        make(tmp_path / f"{name}.db", rows)
        connection = harness.connect(tmp_path / f"{name}.db")
        for threads in (1, 2, 4):
            results.append(answers(connection, f"threads={threads}")[0][0])
    assert all(result == results[0] for result in results)


################################## Where it reads itself ################################


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("readers") / "t.db"
    make(path, rows_of())
    connection = harness.connect(path)
    expected, _ = answers(connection, "threads=1")
    connection.close()
    return path, expected


def copy_of(plain, tmp_path, script=""):
    path = tmp_path / "copy.db"
    path.write_bytes(plain[0].read_bytes())
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(script)
    connection.close()
    return path


def check(connection, expected, itself, **relations):
    """The same answer with one thread and with two, which has or has not been read by the connection itself."""
    assert answers(connection, "threads=1", **relations) == (expected, True)
    assert answers(connection, "threads=2", **relations) == (expected, itself)
    assert answers(connection, "threads=4", **relations) == (expected, itself)


@pytest.mark.parametrize("mode", ["delete", "truncate", "persist"])
def test_with_a_rollback_journal(plain, tmp_path, mode):
    connection = harness.connect(copy_of(plain, tmp_path, f"PRAGMA journal_mode={mode}"))
    check(connection, plain[1], ITSELF)


def test_read_only(plain):
    check(harness.connect(f"{plain[0].as_uri()}?mode=ro", uri=True), plain[1], ITSELF)


def test_an_attached_database(plain, tmp_path):
    connection = harness.connect(tmp_path / "empty.db")
    connection.execute("ATTACH ? AS other", (str(plain[0]),))
    check(connection, plain[1], ITSELF)
    check(connection, plain[1], ITSELF, touches="other.touches")


def test_an_index_that_covers(plain, tmp_path):
    check(harness.connect(copy_of(plain, tmp_path, "CREATE INDEX i ON touches(entity, ts, channel)")), plain[1], ITSELF)


REFUSED = {
    "a write-ahead log": "PRAGMA journal_mode=wal",
    "a view": "ALTER TABLE touches RENAME TO base; CREATE VIEW touches AS SELECT * FROM base",
    "a generated column": "ALTER TABLE touches RENAME COLUMN channel TO kept; ALTER TABLE touches ADD COLUMN channel AS (trim(kept))",
    "no rowid": "ALTER TABLE touches RENAME TO base; CREATE TABLE touches(id INTEGER PRIMARY KEY, entity, ts, channel TEXT) WITHOUT ROWID;"
    "INSERT INTO touches SELECT * FROM base; DROP TABLE base",
    "a column called rowid": "ALTER TABLE touches RENAME TO base; CREATE TABLE touches(rowid, entity, ts, channel TEXT);"
    "INSERT INTO touches SELECT * FROM base; DROP TABLE base",
}


@pytest.mark.parametrize("why", REFUSED)
def test_where_there_is_no_proof(plain, tmp_path, why):
    connection = harness.connect(copy_of(plain, tmp_path, REFUSED[why]))
    expected = plain[1]
    if why in ("a view", "no rowid"):  # such rows have no id
        at = [column[0] for column in connection.execute(DETAIL.format(touches="touches", conversions="conversions", options="")).description].index("touch_id")
        expected = [expected[0], [(*row[:at], None, *row[at + 1 :]) for row in expected[1]]]
    check(connection, expected, True)


def test_in_memory_and_in_temp(plain):
    for target in ("main", "temp"):
        connection = harness.connect(":memory:")
        connection.execute("ATTACH ? AS other", (str(plain[0]),))
        for table in ("touches", "conversions"):
            sql = connection.execute(f"SELECT sql FROM other.sqlite_schema WHERE name = '{table}'").fetchone()[0]
            connection.execute(sql.replace("CREATE TABLE ", f"CREATE TABLE {target}."))
            connection.execute(f"INSERT INTO {target}.{table} SELECT * FROM other.{table}")
        connection.commit()
        check(connection, plain[1], True)


def test_in_a_write_transaction(plain, tmp_path):
    connection = harness.connect(copy_of(plain, tmp_path))
    connection.execute("BEGIN")
    check(connection, plain[1], ITSELF)
    connection.execute("UPDATE touches SET channel = 'changed'")
    changed, itself = answers(connection, "threads=2")
    assert itself and {row[1] for row in changed[0]} == {"changed"}
    connection.execute("ROLLBACK")
    check(connection, plain[1], ITSELF)


def test_while_another_database_is_written(plain, tmp_path):
    """CREATE TABLE AS is a write transaction, but not in the database that is read."""
    connection = harness.connect(copy_of(plain, tmp_path))
    query = DETAIL.format(touches="main.touches", conversions="main.conversions", options="threads=2")
    assert traced(connection, f"CREATE TEMP TABLE result AS {query}") == ([], ITSELF)
    assert sorted(connection.execute("SELECT * FROM result")) == sorted(plain[1][1])
    assert traced(connection, f"CREATE TABLE main.result AS {query}") == ([], True)
    assert sorted(connection.execute("SELECT * FROM main.result")) == sorted(plain[1][1])


def test_uris_without_locks(plain):
    for parameter in ("immutable=1", "nolock=1"):
        check(harness.connect(f"{plain[0].as_uri()}?mode=ro&{parameter}", uri=True), plain[1], True)


def test_a_shared_cache(plain):
    check(harness.connect(f"{plain[0].as_uri()}?cache=shared", uri=True), plain[1], True)
    connection = harness.connect(plain[0])
    connection.execute("PRAGMA read_uncommitted = 1")
    check(connection, plain[1], True)


def test_an_exclusive_lock_of_its_own(plain, tmp_path):
    connection = harness.connect(copy_of(plain, tmp_path))
    connection.execute("PRAGMA locking_mode = exclusive")
    connection.execute("DELETE FROM conversions WHERE 0")
    check(connection, plain[1], True)


def test_what_an_authorizer_hides_stays_hidden(plain):
    def ignore(action, table, column, *_):
        return sqlite3.SQLITE_IGNORE if (action, table, column) == (sqlite3.SQLITE_READ, "touches", "channel") else sqlite3.SQLITE_OK

    connection = harness.connect(plain[0])
    connection.set_authorizer(ignore)
    for threads in (1, 2):
        (rows, _), itself = answers(connection, f"threads={threads}")
        assert itself and {row[1] for row in rows} == {"(none)"}

    def deny(action, table, column, *_):
        return sqlite3.SQLITE_DENY if (action, table, column) == (sqlite3.SQLITE_READ, "touches", "channel") else sqlite3.SQLITE_OK

    connection.set_authorizer(deny)
    for threads in (1, 2):
        with pytest.raises(sqlite3.DatabaseError, match="prohibited"):
            answers(connection, f"threads={threads}")


def test_small_tables_are_not_worth_a_connection(tmp_path):
    make(tmp_path / "t.db", rows_of()[:60_000])
    connection = harness.connect(tmp_path / "t.db")
    assert answers(connection, "threads=2")[1] is True


################################ Errors, interrupts, writers #############################


@pytest.mark.parametrize("bad", [[60_000], [10], [60_000, 40_000], [40_000, 10, 65_000]])
def test_the_first_bad_row_is_the_error(tmp_path, bad):
    rows = rows_of()
    for i in bad:
        rows[i] = (rows[i][0], rows[i][1], f"no time {i}", rows[i][3])
    make(tmp_path / "t.db", rows)
    connection = harness.connect(tmp_path / "t.db")
    messages = set()
    for threads in (1, 2, 3, 4):
        for _ in range(3):
            with pytest.raises(sqlite3.OperationalError) as error:
                answers(connection, f"threads={threads}")
            messages.add(str(error.value))
    assert len(messages) == 1 and f"'no time {min(bad)}'" in messages.pop()


def test_a_damaged_page_is_the_same_error(plain, tmp_path):
    path = copy_of(plain, tmp_path)
    content = bytearray(path.read_bytes())
    pages = [i for i in range(0, len(content), 4096) if content[i] == 13]  # leaves of tables
    middle = pages[len(pages) // 2]
    content[middle : middle + 8] = b"\xff" * 8
    path.write_bytes(content)
    connection = harness.connect(path)
    messages = set()
    for threads in (1, 2, 4):
        with pytest.raises(sqlite3.DatabaseError) as error:
            answers(connection, f"threads={threads}")
        messages.add(str(error.value))
    assert len(messages) == 1 and "malformed" in messages.pop()


def test_an_interrupt_while_others_read(plain):
    connection = harness.connect(plain[0], check_same_thread=False)
    heard = 0
    for i in range(60):
        timer = threading.Timer(0.0005 * (i % 40), connection.interrupt)
        timer.start()
        try:
            rows = connection.execute(SUMMARY.format(touches="touches", conversions="conversions", options="threads=2; cache_mb=0")).fetchall()
            assert rows == plain[1][0]
        except sqlite3.OperationalError as error:
            assert str(error) == "interrupted"
            heard += 1
        timer.join()
    assert heard > 5
    check(connection, plain[1], ITSELF)


def test_nobody_writes_meanwhile_and_all_see_one_snapshot(plain, tmp_path):
    """A writer adds a touch and a conversion in one transaction, again and again: what is read has as many of the one as of the other."""
    path = copy_of(plain, tmp_path)
    stop, written = threading.Event(), [0]

    def write():
        writer = sqlite3.connect(path, timeout=60, isolation_level=None)
        while not stop.is_set():
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("INSERT INTO touches(entity, ts, channel) VALUES (?, 1, 'written')", (f"w{written[0]}",))
            writer.execute("INSERT INTO conversions(entity, ts, value) VALUES (?, 2, 1)", (f"w{written[0]}",))
            writer.execute("COMMIT")
            written[0] += 1
        writer.close()

    thread = threading.Thread(target=write)
    thread.start()
    connection = harness.connect(path, timeout=60)
    before = {row[1]: row for row in plain[1][0] if row[0] == "participation"}
    try:
        for _ in range(15):
            rows = connection.execute(SUMMARY.format(touches="touches", conversions="conversions", options="threads=2; cache_mb=0")).fetchall()
            by_model = {row[0]: row for row in rows if row[1] == "written"}
            if not by_model:
                continue
            assert by_model["linear"][3] == by_model["linear"][6] <= written[0] + 1
            assert "(unattributed)" not in {row[1] for row in rows if row[0] == "linear"} - set(before)
            assert {row[1] for row in rows if row[0] == "participation"} == {"written", *before}
    finally:
        stop.set()
        thread.join()
    assert written[0] > 0


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc to count files and threads")
def test_no_file_and_no_thread_stays(plain):
    gc.collect()
    connection = harness.connect(plain[0])
    connection.execute("SELECT * FROM touches LIMIT 1").fetchall()
    before = [len(os.listdir(f"/proc/self/{kind}")) for kind in ("fd", "task")]
    for _ in range(5):
        assert answers(connection, "threads=4") == (plain[1], ITSELF)
    assert [len(os.listdir(f"/proc/self/{kind}")) for kind in ("fd", "task")] == before
    connection.close()
