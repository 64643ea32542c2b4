"""Random operations on several connections and files; after each, every warm connection answers as a cold one does.

    differential.py [STEPS [SEED]]

A connection is asked twice: first as it is, warm where it may keep what it has loaded, then by a twin of its answer: the same connection told to keep nothing
(cache_mb=0), inside the same transaction, so that what is not committed is in both. From time to time, and where nothing is uncommitted and no temp object of its own
hides a table, a new connection of the same files is asked too. Operations are those of one's own (rows, schema, savepoints, blobs, temp objects, ATTACH, backup, pragmas,
functions), those of another connection of the process, of one with a shared cache and of another process, and files that take each other's place. An operation that SQLite
refuses (a lock, a transaction in the way) is an operation, too.
"""

import contextlib
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "props")]

import harness  # noqa: E402

TABLES = """
CREATE TABLE IF NOT EXISTS touches(id INTEGER PRIMARY KEY, entity, ts, channel TEXT);
CREATE TABLE IF NOT EXISTS conversions(id INTEGER PRIMARY KEY, entity, ts, value);
CREATE TABLE IF NOT EXISTS events(id INTEGER PRIMARY KEY, entity, ts, stage TEXT);
CREATE TABLE IF NOT EXISTS keyed(entity, ts, channel TEXT, PRIMARY KEY(entity, ts)) WITHOUT ROWID;
"""
ROWS = """
INSERT INTO touches(entity, ts, channel) VALUES (1, 1, 'ads'), (1, 2, 'Ads'), (2, 3, 'email'), (3, 4, 'event'), (3, 5, 'ads');
INSERT INTO conversions(entity, ts, value) VALUES (1, 90, 10), (2, 91, 20), (3, 92, 30);
INSERT INTO events(entity, ts, stage) VALUES (1, 1, 'mql'), (1, 2, 'sql'), (2, 3, 'mql'), (3, 4, 'won');
INSERT INTO keyed VALUES (1, 1, 'k'), (2, 2, 'l');
"""
VIEWS = """
CREATE VIEW IF NOT EXISTS liked AS SELECT entity, ts, channel FROM touches WHERE channel LIKE 'A%';
CREATE VIEW IF NOT EXISTS upped AS SELECT entity, ts, upper(channel) AS channel FROM touches;
CREATE VIEW IF NOT EXISTS grouped AS SELECT entity, min(ts) AS ts, channel FROM touches GROUP BY entity, channel COLLATE folded;
CREATE VIEW IF NOT EXISTS hosted AS SELECT entity, ts, host(channel) AS channel FROM touches;
CREATE VIEW IF NOT EXISTS domained AS SELECT entity, ts, email_domain('x@' || channel || '.de') AS channel FROM touches;
"""
BOTH = "SELECT entity, conversion_id, touch_id, channel, position, credit FROM attribution('{}', '{}', 'linear, last_touch')"
CALLS = [
    BOTH.format("touches", "conversions"), BOTH.format("main.touches", "main.conversions"), BOTH.format("other.touches", "other.conversions"),
    BOTH.format("keyed", "conversions"), BOTH.format("liked", "conversions"), BOTH.format("upped", "conversions"), BOTH.format("grouped", "conversions"),
    BOTH.format("hosted", "conversions"), BOTH.format("domained", "conversions"), BOTH.format("touches", "conversions").replace("linear", "markov"),
    "SELECT * FROM attribution_summary('touches', 'conversions')", "SELECT * FROM journeys('touches', 'other.conversions')",
    "SELECT * FROM funnel('events', 'mql > sql > won')", "SELECT * FROM funnel_summary('events', 'mql > sql > won')",
    "SELECT id, touch_credit(ts, 'linear') OVER (PARTITION BY entity ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM touches",
    "SELECT * FROM framed",
]  # fmt: skip
FRAMES = ["OVER ()", "OVER (PARTITION BY entity ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"]
KEEP = "SELECT count(*) FROM attribution('\"(nobody)\"', 'x', 'linear', 'cache_mb={}')"
PROCESS = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)\ntry: c.executescript(sys.argv[2])\nexcept sqlite3.Error: pass"


class Wrong(Exception):
    pass


def keep(connection, megabytes):
    """The option counts although the call fails: there is no such relation."""
    with contextlib.suppress(sqlite3.Error):
        connection.execute(KEEP.format(megabytes)).fetchall()


def host(number):
    return lambda x: f"{x}{number}"


def folded(number):
    fold = (lambda x: x.lower()) if number % 2 else (lambda x: x)
    return lambda a, b: (fold(a) > fold(b)) - (fold(a) < fold(b))


def add_host(connection, number):
    connection.create_function("host", 1, host(number), deterministic=True)
    connection.create_collation("folded", folded(number))


class World:
    def __init__(self, folder, seed):
        self.pick, self.folder, self.log, self.n = random.Random(seed), folder, [], 0
        self.files = [os.path.join(folder, f"{name}.db") for name in "abc"]
        for number, file in enumerate(self.files):
            self.make(file, ("wal", "delete", "truncate")[number])
        self.warm = [self.open(self.files[0]), self.open(f"file:{self.files[0]}?cache=shared"), self.open(":memory:")]
        self.warm[2].executescript(TABLES + ROWS + VIEWS)
        self.writer = sqlite3.connect(self.files[0], isolation_level=None, timeout=0)
        self.sharer = sqlite3.connect(f"file:{self.files[0]}?cache=shared", uri=True, isolation_level=None, timeout=0)

    def make(self, file, mode="delete"):
        connection = sqlite3.connect(file, isolation_level=None)
        connection.executescript(f"PRAGMA journal_mode = {mode}; PRAGMA synchronous = off;" + TABLES + ROWS + VIEWS)
        connection.close()

    def open(self, file):
        connection = harness.add_extension(sqlite3.connect(file, isolation_level=None, timeout=0, uri=True, cached_statements=self.pick.choice([0, 100])))
        connection.execute("PRAGMA synchronous = off")
        add_host(connection, 0)
        return connection

    def close(self):
        for connection in (*self.warm, self.writer, self.sharer):
            connection.close()

    # --- what may happen: each gives SQL, or does something and gives what it was ---

    def word(self):
        return self.pick.choice(["ads", "Ads", "ADS", "email", "mql", "sql", "won", "x"]) + self.pick.choice(["", "", "1", "2"])

    def rows(self):
        pick, schema = self.pick, self.pick.choice(["", "", "main.", "other.", "temp."])
        return pick.choice([
            f"INSERT INTO {schema}touches(entity, ts, channel) VALUES ({pick.randrange(1, 4)}, {pick.randrange(80)}, '{self.word()}')",
            f"UPDATE {schema}touches SET channel = '{self.word()}' WHERE id = {pick.randrange(1, 6)}",
            f"UPDATE {schema}touches SET ts = ts + 1",
            f"DELETE FROM {schema}touches WHERE id = {pick.randrange(1, 9)}",
            f"DELETE FROM {schema}touches",
            f"UPDATE {schema}events SET stage = '{pick.choice(['mql', 'sql', 'won'])}' WHERE id = {pick.randrange(1, 5)}",
            f"UPDATE {schema}conversions SET value = value + 1",
            f"INSERT OR REPLACE INTO {schema}keyed VALUES ({pick.randrange(1, 4)}, {pick.randrange(9)}, '{self.word()}')",
            f"DELETE FROM {schema}keyed WHERE ts = {pick.randrange(9)}",
        ])  # fmt: skip

    def schema(self):
        pick, frame = self.pick, self.pick.choice(FRAMES)
        return pick.choice([
            "DROP TABLE touches; " + TABLES.split(";")[0] + "; " + ROWS.split(";")[0],
            "CREATE TABLE made AS SELECT id, entity, ts, channel || 'm' AS channel FROM touches; DROP TABLE touches; ALTER TABLE made RENAME TO touches",
            "ALTER TABLE touches RENAME TO away; ALTER TABLE keyed RENAME TO keyed_away; ALTER TABLE away RENAME TO touches; ALTER TABLE keyed_away RENAME TO keyed",
            "ALTER TABLE touches ADD COLUMN c" + str(self.n),
            "CREATE INDEX IF NOT EXISTS i ON touches(entity); REINDEX", "DROP INDEX IF EXISTS i", "ANALYZE", "VACUUM", "PRAGMA incremental_vacuum",
            f"DROP VIEW IF EXISTS upped; CREATE VIEW upped AS SELECT entity, ts, lower(channel) || '{pick.randrange(3)}' AS channel FROM touches",
            f"CREATE TEMP TABLE touches AS SELECT * FROM main.touches WHERE id > {pick.randrange(4)}",
            f"CREATE TEMP VIEW touches AS SELECT id, entity, ts + {pick.randrange(4)} AS ts, channel FROM main.touches",
            f"CREATE TEMP TABLE events AS SELECT id, entity, ts, '{pick.choice(['mql', 'won'])}' AS stage FROM main.events",
            "DROP TABLE temp.touches", "DROP VIEW temp.touches", "DROP TABLE temp.events", "DROP VIEW temp.framed",
            f"CREATE TEMP VIEW framed AS SELECT id, touch_credit(ts, 'linear') {frame} FROM main.touches",
            f"DROP VIEW IF EXISTS other.framed; CREATE VIEW other.framed AS SELECT id, touch_credit(ts, 'linear') {frame} FROM touches",
            f"CREATE TEMP TRIGGER IF NOT EXISTS r AFTER INSERT ON main.touches BEGIN UPDATE conversions SET value = value + {pick.randrange(3)}; END",
            "DROP TRIGGER IF EXISTS temp.r",
            "PRAGMA writable_schema = on; UPDATE sqlite_schema SET sql = replace(sql, 'entity, ts, channel', 'ts, entity, channel') WHERE name = 'keyed'; PRAGMA writable_schema = reset",
        ])  # fmt: skip

    def transaction(self):
        return self.pick.choice(["BEGIN", "BEGIN IMMEDIATE", "COMMIT", "COMMIT", "ROLLBACK", "SAVEPOINT s", "ROLLBACK TO s", "RELEASE s"])

    def pragma(self):
        return "PRAGMA " + self.pick.choice([
            "temp_store = 1", "temp_store = 2", "journal_mode = delete", "journal_mode = wal", "journal_mode = memory", "wal_checkpoint(TRUNCATE)", "other.wal_checkpoint(RESTART)",
            "locking_mode = normal", "cache_size = 0", "cache_size = -2000", "case_sensitive_like = on", "case_sensitive_like = off", "reverse_unordered_selects = on",
            "reverse_unordered_selects = off", "read_uncommitted = on", "read_uncommitted = off", f"user_version = {self.n}", "other.journal_size_limit = 4096", "optimize", "shrink_memory",
        ])  # fmt: skip

    def attach(self):
        file = self.pick.choice([*self.files, ":memory:", *self.files])
        return self.pick.choice(["DETACH other", f"DETACH other; ATTACH '{file}' AS other", f"ATTACH '{file}' AS other", "ATTACH ':memory:' AS other; " + TABLES.replace("EXISTS ", "EXISTS other.")
                                 + ROWS.replace("INTO ", "INTO other.") + f"UPDATE other.touches SET channel = '{self.word()}'"])  # fmt: skip

    def of_python(self, connection):
        """What SQL cannot say."""
        kind = self.pick.choice(["blob", "backup", "backup_some", "function", "collation", "like", "deserialize"])
        if kind == "blob" and hasattr(connection, "blobopen"):
            with connection.blobopen("touches", "channel", self.pick.randrange(1, 6), name=self.pick.choice(["main", "main", "other"])) as blob:
                blob[0] = self.pick.choice(b"abcxyzABC")
                if self.pick.random() < 0.5:
                    self.check(connection, f"{kind} (open)")
        elif kind.startswith("backup"):
            with contextlib.closing(sqlite3.connect(self.pick.choice(self.files[1:]))) as source:
                self.tries = 0
                source.backup(connection, name=self.pick.choice(["main", "other"]), sleep=0, progress=self.give_up)
        elif kind == "function":
            connection.create_function("host", 1, host(self.n), deterministic=True)
        elif kind == "collation":
            connection.create_collation("folded", folded(self.n))
        elif kind == "like":
            name = self.pick.choice(["upper", "email_domain"])
            connection.create_function(name, 1, host(self.n), deterministic=True)
        elif kind == "deserialize" and connection is self.warm[2] and hasattr(connection, "deserialize"):
            if connection.in_transaction:
                return kind
            # SQLite 3.40 itself does not survive it where a table-valued function has been called before (test_changes.py), so into another name
            with contextlib.closing(sqlite3.connect(self.pick.choice(self.files[1:]))) as source:
                image = source.serialize()
            connection.execute("ATTACH ':memory:' AS image")
            try:
                connection.deserialize(image, name="image")
                self.ask_image(connection)
            finally:
                connection.execute("DETACH image")
        return kind

    def give_up(self, status, remaining, total):
        """Python's backup() tries for ever where the target is locked."""
        self.tries += 1
        if self.tries > 3:
            raise sqlite3.OperationalError("backup gives up")

    def ask_image(self, connection):
        call = BOTH.format("image.touches", "image.conversions")
        if outcome(connection, call) != self.cold(connection, call):
            raise Wrong("an image")

    def of_others(self):
        """A commit of another connection, of one that shares the cache, or of a process; or a file that takes the place of another."""
        script = self.pick.choice([self.rows, self.schema, self.pragma, self.transaction])().replace("temp.", "").replace("main.", "").replace("CREATE TEMP ", "CREATE ")
        who = self.pick.choice(["writer", "writer", "sharer", "sharer", "process", "third", "rename"])
        if who == "process":
            subprocess.run([sys.executable, "-c", PROCESS, self.pick.choice(self.files[:2]), script], check=True)
        elif who == "third":
            with contextlib.closing(sqlite3.connect(self.pick.choice(self.files[1:]), isolation_level=None, timeout=0)) as other, contextlib.suppress(sqlite3.Error):
                other.executescript(script)
        elif who == "rename":
            new = os.path.join(self.folder, f"new{self.n}.db")
            self.make(new)
            with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as other:
                other.execute(f"UPDATE touches SET channel = '{self.word()}'")
            if not os.path.exists(self.files[2] + "-wal") and not os.path.exists(self.files[2] + "-journal"):
                os.replace(new, self.files[2])
        else:
            with contextlib.suppress(sqlite3.Error):
                (self.writer if who == "writer" else self.sharer).executescript(script)
        return f"{who}: {script}"

    # --- what must hold ---

    def cold(self, connection, call):
        keep(connection, 0)
        found = outcome(connection, call)
        keep(connection, 64)
        return found

    def check(self, connection, what, calls=None):
        """Warm, then cold in the same view of things; twice, since the first may be the one that loads."""
        for call in calls or self.pick.sample(CALLS, 2):
            reading = not connection.in_transaction
            if reading:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("BEGIN")
            answers = [outcome(connection, call), outcome(connection, call)]
            expected = self.cold(connection, call)
            if reading and connection.in_transaction:
                connection.execute("ROLLBACK")
            again = outcome(connection, call)
            self.log.append(f"   asked {call}")
            for answer in answers:
                if answer != expected:
                    raise Wrong(f"{what}\n  {call}\n  warm {answer}\n  cold {expected}")
            if isinstance(again, str) != isinstance(expected, str) and "locked" not in str(again) + str(expected):
                raise Wrong(f"{what}\n  {call}\n  outside {again}\n  cold {expected}")

    def check_by_another(self, connection, file):
        """A new connection of the same file answers the same where nothing is one's own."""
        if connection.in_transaction or connection.execute("SELECT count(*) FROM sqlite_temp_schema").fetchone()[0]:
            return
        for call in (CALLS[1], BOTH.format("main.keyed", "main.conversions"), "SELECT * FROM funnel('main.events', 'mql > sql > won')"):
            with contextlib.closing(self.open(file)) as other:
                found, expected = outcome(connection, call), outcome(other, call)
            if found != expected and "locked" not in str(found) + str(expected):
                raise Wrong(f"another connection\n  {call}\n  warm {found}\n  new {expected}")

    def step(self):
        self.n += 1
        connection, calls = self.pick.choice(self.warm), self.pick.sample(CALLS, 3)
        for call in calls:
            outcome(connection, call)  # so that there is something to be seen through
        kind = self.pick.choice([self.rows, self.rows, self.rows, self.schema, self.schema, self.transaction, self.transaction, self.pragma, self.pragma, self.attach, self.attach, None, None, None, self.of_python, self.of_python, self.of_python])
        what = ""
        try:
            if kind is None:
                what = self.of_others()
            elif kind == self.of_python:
                what = self.of_python(connection)
            else:
                what = kind()
                for statement in what.split("; "):
                    connection.execute(statement).fetchall()
        except sqlite3.Error as error:
            what += f" -- {error}"
        self.log.append(f"{self.n}: connection {self.warm.index(connection)}: {what}")
        self.check(connection, what, calls)
        if self.n % 5 == 0:
            self.check(self.pick.choice(self.warm), what)
        if self.n % 7 == 0:
            self.check_by_another(self.warm[0], self.files[0])
        if self.n % 40 == 0:
            self.calm()

    def calm(self):
        """Ends what is open, so that locks do not stay for ever; and fills what has been emptied."""
        for connection in (*self.warm, self.writer, self.sharer):
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        for connection in (*self.warm, self.writer):
            with contextlib.suppress(sqlite3.Error):
                connection.executescript("PRAGMA locking_mode = normal;" + TABLES + VIEWS)
                if connection.execute("SELECT count(*) FROM touches").fetchone()[0] < 3:
                    connection.execute(ROWS.split(";")[0])


def outcome(connection, call):
    """The rows in an order of their own, or the message."""
    try:
        return sorted(map(repr, connection.execute(call)))
    except sqlite3.Error as error:
        return f"{type(error).__name__}: {error}"


def run(steps, seed):
    """How many answers were rows; a difference is Wrong, with all that had been done."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder, seed)
        try:
            for _ in range(steps):
                world.step()
        except Wrong:
            print("\n".join(world.log[-60:]), file=sys.stderr)
            raise
        finally:
            world.close()
    return world.n


if __name__ == "__main__":
    steps, first = int(sys.argv[1]) if len(sys.argv) > 1 else 3000, int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for seed in range(first, first + max(1, steps // 200)):
        run(min(steps, 200), seed)
        print(f"seed {seed}: every answer is the one of a connection that keeps nothing", flush=True)
