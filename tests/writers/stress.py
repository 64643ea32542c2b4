"""Others write while readers ask with a warm cache: every answer is that of one commit. And readers that are killed leave the database as it was.

    stress.py SECONDS      every mode: a write-ahead log and a rollback journal, small tables and one that several connections of ours read

A story is an entity with two touches, a deal, its stages, its outcome and an open deal. Writers add stories and take them away, by whole transactions, and keep
their number in a table of its own; in between they write rubbish and roll it back, make the file anew by VACUUM, and write its log back. A reader asks one
statement for that number and for an answer, of each family in turn: the answer must be that of so many stories. Readers are threads of one process, each with its
connection, and processes; writers too.
"""

import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "props"))

import harness  # noqa: E402

TABLES = """
CREATE TABLE stories(n, total);
CREATE TABLE touches(id INTEGER PRIMARY KEY, entity, ts, channel);
CREATE TABLE conversions(id INTEGER PRIMARY KEY, entity, ts, value);
CREATE TABLE events(id INTEGER PRIMARY KEY, entity, ts, stage);
CREATE TABLE subjects(id INTEGER PRIMARY KEY, entity, ts, converted_at, closed_at);
CREATE TABLE open_deals(id INTEGER PRIMARY KEY, entity, ts, stage, value);
INSERT INTO stories VALUES (0, 0);
"""
ADD = """
INSERT INTO touches(entity, ts, channel) VALUES (:e, 100, 'a'), (:e, 200, 'b'), (:e, 250, NULL);
INSERT INTO conversions(entity, ts, value) VALUES (:e, 300, :v);
INSERT INTO events(entity, ts, stage) VALUES (:e, 100, 'mql'), (:e, 200, 'sql'), (:e, 300, 'won');
INSERT INTO subjects(entity, ts, converted_at) VALUES (:e, 100, 300);
INSERT INTO open_deals(entity, ts, stage, value) VALUES (:e, 250, 'sql', :v);
UPDATE stories SET n = n + 1, total = total + :v
"""
TAKE = """
UPDATE stories SET n = n - 1, total = total - (SELECT value FROM conversions WHERE entity = :e);
DELETE FROM touches WHERE entity = :e; DELETE FROM conversions WHERE entity = :e; DELETE FROM events WHERE entity = :e;
DELETE FROM subjects WHERE entity = :e; DELETE FROM open_deals WHERE entity = :e
"""
BOTH, STAGES = "'touches', 'conversions'", "'events', 'mql > sql > won'"
# What is asked of n stories worth total, and what it must be.
ASKED = [
    (f"SELECT sum(value), sum(credit), 0 FROM attribution({BOTH}, 'linear')", lambda n, total: (total, n, 0)),
    (f"SELECT count(*), sum(value), 0 FROM attribution({BOTH}, 'participation')", lambda n, total: (3 * n, 3 * total, 0)),
    (f"SELECT sum(value), sum(conversions), max(touches) FROM attribution_summary({BOTH}, 'time_decay')", lambda n, total: (total, n, n)),
    (f"SELECT sum(converted), sum(value), sum(path_length * converted) FROM journeys({BOTH})", lambda n, total: (n, total, 3 * n)),
    (f"SELECT count(*), sum(outcome = 'won'), 0 FROM funnel({STAGES})", lambda n, total: (3 * n, n, 0)),
    (f"SELECT sum(entered), max(entered), min(entered) FROM funnel_summary({STAGES})", lambda n, total: (3 * n, n, n)),
    ("SELECT sum(converted), max(at_risk), 0 FROM conversion_curve('subjects')", lambda n, total: (n, n, 0)),
    (f"SELECT sum(markov_value), sum(shapley_conversions), 0 FROM channel_effects({BOTH})", lambda n, total: (total, n, 0)),
    (f"SELECT sum(value), sum(credit), 0 FROM attribution({BOTH}, 'markov')", lambda n, total: (total, n, 0)),
    (f"SELECT sum(weight), 0, 0 FROM markov_transitions({BOTH}) WHERE to_state = '(conversion)'", lambda n, total: (n, 0, 0)),
    (f"SELECT count(*), sum(expected_value), 0 FROM pipeline_forecast('open_deals', {STAGES}, 'as_of=400')", lambda n, total: (n, total, 0)),
    (f"SELECT sum(deals), sum(expected_value), 0 FROM pipeline_forecast_summary('open_deals', {STAGES}, 'as_of=400')", lambda n, total: (n, total, 0)),
    (f"SELECT count(*), 0, 0 FROM attribution_audit({BOTH})", None),
    (f"SELECT count(*), 0, 0 FROM funnel_audit({STAGES})", None),
]
LARGE = 70_000  # touches of nobody else's, so that several connections read them


class Wrong(Exception):
    pass


def make(path, mode, large, stories=20):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.executescript(TABLES)
    connection.execute("BEGIN")
    for i in range(stories):
        run(connection, ADD, e=i, v=10 + i % 7)
    if large:
        connection.executemany("INSERT INTO touches(entity, ts, channel) VALUES (?, ?, 'c')", ((-i % 9973 - 1, i) for i in range(LARGE)))
    connection.execute("COMMIT")
    connection.close()


def run(connection, script, **values):
    for statement in script.split(";"):
        connection.execute(statement, {name: value for name, value in values.items() if f":{name}" in statement})


def again(function):
    """As often as the database is busy: a VACUUM or a change of the schema may be in the way."""
    while True:
        try:
            return function()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) and "schema has changed" not in str(error):
                raise


def write_once(connection, pick, vacuum):
    """One transaction of a writer: mostly a story more or less, sometimes something that changes nothing."""
    connection.execute("BEGIN IMMEDIATE")
    here = [row[0] for row in connection.execute("SELECT entity FROM conversions")]
    if len(here) < 5 or len(here) < 60 and pick.random() < 0.5:
        run(connection, ADD, e=pick.randrange(10**9), v=pick.randrange(1, 100))
    else:
        run(connection, TAKE, e=pick.choice(here))
    kind = pick.randrange(8)
    if kind == 0:
        connection.execute("DELETE FROM touches")
        connection.execute("ROLLBACK")
        return
    if kind == 1:
        connection.execute("SAVEPOINT s")
        connection.execute("UPDATE touches SET channel = 'rubbish'")
        connection.execute("ROLLBACK TO s")
    if kind == 2:
        connection.execute("CREATE TABLE another(x)")
        connection.execute("DROP TABLE another")
    if kind == 3:
        connection.execute("CREATE TABLE kept AS SELECT * FROM subjects")
        connection.execute("DROP TABLE subjects")
        connection.execute("ALTER TABLE kept RENAME TO subjects")
    connection.execute("COMMIT")
    if kind == 4:
        connection.execute("PRAGMA busy_timeout = 100")  # not until nobody reads
        connection.execute(f"PRAGMA wal_checkpoint({pick.choice(['PASSIVE', 'RESTART', 'TRUNCATE'])})").fetchall()
        connection.execute("PRAGMA busy_timeout = 20000")
    if kind == 5 and vacuum:
        connection.execute("VACUUM")


def write(path, seed, until, vacuum=True):
    connection, pick, n = sqlite3.connect(path, timeout=20, isolation_level=None, check_same_thread=False), random.Random(seed), 0

    def once():
        try:
            write_once(connection, pick, vacuum)
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    while time.monotonic() < until:
        again(once)
        n += 1
        time.sleep(pick.random() * 0.01)
    connection.close()
    return n


def ask(connection, sql, expected):
    """One statement for the number of stories and an answer; n."""
    *found, n, total = connection.execute(f"SELECT a.*, s.* FROM ({sql}) AS a, stories AS s").fetchone()
    if expected and any(abs((a or 0) - b) > 1e-6 for a, b in zip(found, expected(n, total))):
        raise Wrong(f"{sql}: {found} of {n} stories worth {total}, not {expected(n, total)}")
    return n


def read(path, seed, until):
    connection, pick, seen, n = harness.connect(path, timeout=20, check_same_thread=False), random.Random(seed), set(), 0
    while time.monotonic() < until:
        sql, expected = pick.choice(ASKED)
        for _ in range(pick.randrange(1, 4)):  # warm when nobody has written in between
            seen.add(again(lambda: ask(connection, sql, expected)))
            n += 1
        if pick.random() < 0.1:  # two statements of one transaction see the same
            connection.execute("BEGIN")
            if len({again(lambda: ask(connection, *pick.choice(ASKED))) for _ in range(3)}) != 1:
                raise Wrong("a transaction that sees two commits")
            connection.execute("COMMIT")
    connection.close()
    return n, len(seen)


def start(role, path, seed, seconds):
    return subprocess.Popen([sys.executable, __file__, role, path, str(seed), str(seconds)], stdout=subprocess.PIPE, text=True)


def together(path, seconds, processes=True):
    """Two writers and four readers, half of them processes. Returns how many commits and answers, and from how many states at most."""
    until, results, failures = time.monotonic() + seconds, {}, []
    others = [start(role, path, seed, seconds) for role, seed in (("write", 1), ("read", 2), ("read", 3)) if processes]

    def thread(name, function, *arguments):
        def work():
            try:
                results[name] = function(path, *arguments, until)
            except Exception as error:  # noqa: BLE001: whatever it is fails the run
                failures.append(error)

        return threading.Thread(target=work)

    threads = [thread("writer", write, 4), thread("reader 1", read, 5), thread("reader 2", read, 6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    outputs = [process.communicate()[0].split() for process in others]
    if failures or any(process.returncode for process in others):
        raise Wrong(failures or "a process failed")
    reads = [results["reader 1"], results["reader 2"], *[tuple(map(int, words)) for words in outputs[1:]]]
    return results["writer"] + sum(int(words[0]) for words in outputs[:1]), sum(n for n, _ in reads), max(states for _, states in reads)


################################### Readers that are killed #############################


def content(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def kill_readers(path, times, seed=1):
    """A reader that asks all calls over and over is killed at some moment, so many times: the file stays as it is, no journal stays beside it, and the
    next writer waits for nobody."""
    pick, before = random.Random(seed), content(path)
    for _ in range(times):
        process = subprocess.Popen([sys.executable, __file__, "loop", path], stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        time.sleep(pick.random() * 0.3)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        if content(path) != before or os.path.exists(path + "-journal"):
            raise Wrong("a reader that was killed has changed the database")
        log = path + "-wal"
        if os.path.exists(log) and os.path.getsize(log):
            raise Wrong("a reader that was killed has written a log")
        writer = sqlite3.connect(path, timeout=0, isolation_level=None)
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("UPDATE stories SET n = n")
        writer.execute("ROLLBACK")
        if writer.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise Wrong("the database is damaged")
        writer.close()


def loop(path):
    connection = harness.connect(path)
    print("asking", flush=True)
    while True:
        for sql, expected in ASKED:
            ask(connection, sql, expected)
        connection.execute("SELECT count(*) FROM attribution('touches', 'conversions', 'linear', 'cache_mb=0')").fetchall()
        connection.execute("SELECT count(*) FROM attribution('touches', 'conversions', 'linear', 'cache_mb=64')").fetchall()


def main(seconds):
    for mode in ("wal", "delete"):
        for large in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "t.db")
                make(path, mode, large)
                commits, answers, states = together(path, seconds / 4)
                print(f"{mode}, {'large' if large else 'small'}: {commits} commits, {answers} answers, one reader from {states} numbers of stories: all whole", flush=True)
                path = os.path.join(folder, "killed.db")
                make(path, mode, large)
                kill_readers(path, max(3, int(seconds / 4)))
                print(f"{mode}, {'large' if large else 'small'}: {max(3, int(seconds / 4))} readers killed, the file unchanged", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "loop":
        loop(sys.argv[2])
    elif sys.argv[1] in ("read", "write"):
        result = {"read": read, "write": write}[sys.argv[1]](sys.argv[2], int(sys.argv[3]), time.monotonic() + float(sys.argv[4]))
        print(*result if isinstance(result, tuple) else [result])
    else:
        main(float(sys.argv[1]))
