"""sqlite3_attribution_pool_init: every later connection of the process has the extension, with nothing more to do.

It is permanent, so each test runs in a process of its own.
"""

import pytest

from libsqlite import create_file, lib, run_script

START = """
import gc, sqlite3, sys, threading
from concurrent.futures import ThreadPoolExecutor
import harness, libsqlite

path = sys.argv[1]
earlier = sqlite3.connect(path)
first = sqlite3.connect(":memory:")
first.enable_load_extension(True)
first.execute("SELECT load_extension(?, 'sqlite3_attribution_pool_init')", (harness.extension_path(),))

def has(connection):
    try:
        return connection.execute("SELECT attribution_version()").fetchone()[0].startswith("sqlite-attribution")
    except sqlite3.OperationalError:
        return False
"""


def run(tmp_path, script):
    assert run_script(START + script, create_file(tmp_path / "t.db")) == "done\n"


def test_later_connections_have_it(tmp_path):
    run(tmp_path, """
assert has(first)
assert not has(earlier)
for target in (":memory:", path, "", f"file:{path}?mode=ro"):
    later = sqlite3.connect(target, uri=True)
    assert has(later), target
    later.close()
print("done")
""")


def test_opening_reads_nothing(tmp_path):
    """A connection that opens has no busy timeout and no key yet: the extension must not look into the file. A SELECT does in SQLite 3.54."""
    run(tmp_path, """
def has(connection):
    return ("attribution",) in connection.execute("PRAGMA module_list").fetchall()

earlier.execute("PRAGMA locking_mode = EXCLUSIVE")
earlier.execute("BEGIN EXCLUSIVE")
later = sqlite3.connect(path, timeout=0)
assert has(later)
try:
    later.execute("SELECT * FROM touches")
    sys.exit("the file should be locked")
except sqlite3.OperationalError as error:
    assert str(error) == "database is locked", error
sealed = path + ".sealed"
with open(sealed, "wb") as file:
    file.write(b"not a database, or one that waits for its key" * 100)
connection = sqlite3.connect(sealed)
assert has(connection)
connection.enable_load_extension(True)
connection.load_extension(harness.extension_path())
print("done")
""")


def test_it_outlives_the_connection_that_loaded_it(tmp_path):
    run(tmp_path, """
first.close()
del first
gc.collect()
later = sqlite3.connect(path)
assert has(later) and len(libsqlite.answers(later)[0]) > 5
later.close()
print("done")
""")


def test_loading_again_and_both_ways(tmp_path):
    run(tmp_path, """
later = sqlite3.connect(path)
expected = libsqlite.answers(later)
for connection in (first, later):
    connection.enable_load_extension(True)
    for entry in ("sqlite3_attribution_pool_init", "sqlite3_attribution_init"):
        connection.execute("SELECT load_extension(?, ?)", (harness.extension_path(), entry))
assert libsqlite.answers(later) == expected
count = "SELECT count(*) FROM pragma_module_list WHERE name = 'attribution'"
assert sqlite3.connect(path).execute(count).fetchone() == (1,)
print("done")
""")


THREADS = pytest.mark.skipif(not lib.sqlite3_threadsafe(), reason="this SQLite has no mutexes: it is for one thread in the process")


@THREADS
def test_a_pool_of_threads(tmp_path):
    """Each thread has a connection of its own, opens and closes it again and again, and gets the one answer."""
    run(tmp_path, """
expected = libsqlite.answers(sqlite3.connect(path))
barrier = threading.Barrier(8)

def work(n):
    barrier.wait()
    for round in range(25):
        connection = sqlite3.connect(path)
        for _ in range(3):
            assert libsqlite.answers(connection) == expected
        if round % 2:
            cursor = connection.execute("SELECT * FROM attribution('touches', 'conversions')")
            cursor.fetchone()
        connection.close()
    return n

with ThreadPoolExecutor(8) as pool:
    assert list(pool.map(work, range(8))) == list(range(8))
print("done")
""")


@THREADS
def test_a_pool_of_threads_that_share_connections_in_turn(tmp_path):
    """A connection moves from thread to thread, as pools of web servers do it; its cache goes with it."""
    run(tmp_path, """
import queue
expected = libsqlite.answers(sqlite3.connect(path))
free = queue.Queue()
for _ in range(3):
    free.put(sqlite3.connect(path, check_same_thread=False))

def work(n):
    for _ in range(30):
        connection = free.get()
        assert libsqlite.answers(connection) == expected
        free.put(connection)

with ThreadPoolExecutor(8) as pool:
    list(pool.map(work, range(8)))
while not free.empty():
    free.get().close()
print("done")
""")


def test_a_writer_beside_a_pool_of_readers(tmp_path):
    """Every answer is that of one committed state: the sum of value is the sum that the conversions had then."""
    run(tmp_path, """
writer = sqlite3.connect(path, isolation_level=None)
writer.execute("PRAGMA journal_mode = WAL")
stop = threading.Event()

def read(n):
    connection = sqlite3.connect(path)
    totals = set()
    while not stop.is_set():
        rows = connection.execute("SELECT round(sum(value), 6), count(DISTINCT conversion_id) FROM attribution('touches', 'conversions')"
                                  " WHERE entity = 1").fetchall()
        totals.add(rows[0])
    connection.close()
    return totals

with ThreadPoolExecutor(4) as pool:
    readers = [pool.submit(read, n) for n in range(4)]
    legal = {(150.5, 2)}
    for n in range(60):
        writer.execute("BEGIN")
        writer.execute("INSERT INTO conversions(entity, ts, value) VALUES (1, 500, 1), (1, 500, 1)")
        writer.execute("COMMIT")
        legal.add((150.5 + 2 * (n + 1), 2 + 2 * (n + 1)))
    stop.set()
    for reader in readers:
        assert reader.result() <= legal, reader.result() - legal
final = sqlite3.connect(path).execute("SELECT round(sum(value), 6) FROM attribution('touches', 'conversions') WHERE entity = 1").fetchone()
assert final == (270.5,)
print("done")
""")
