"""SQLite's C interface through ctypes, for what Python's module hides: result codes of closing, open statements, configuration.

Also what the tests of this folder share: small tables in a file, the state of a file, scripts in a process of their own.
"""

import ctypes
import ctypes.util
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import harness

OK, ERROR, BUSY, INTERRUPT, MISUSE, ROW, DONE = 0, 1, 5, 9, 21, 100, 101
BEAT = 256  # operations of one heartbeat of the extension: a progress handler that is set to so many is asked at each
DBCONFIG_DEFENSIVE, DBCONFIG_TRUSTED_SCHEMA = 1010, 1017

lib = ctypes.CDLL("libsqlite3.so.0")
_pointer, _text, _int = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
for _name, _result, _arguments in [
    ("open_v2", _int, [_text, ctypes.POINTER(_pointer), _int, _text]),
    ("close", _int, [_pointer]),
    ("close_v2", _int, [_pointer]),
    ("enable_load_extension", _int, [_pointer, _int]),
    ("load_extension", _int, [_pointer, _text, _text, ctypes.POINTER(_text)]),
    ("prepare_v2", _int, [_pointer, _text, _int, ctypes.POINTER(_pointer), _pointer]),
    ("step", _int, [_pointer]),
    ("reset", _int, [_pointer]),
    ("finalize", _int, [_pointer]),
    ("next_stmt", _pointer, [_pointer, _pointer]),
    ("sql", _text, [_pointer]),
    ("column_count", _int, [_pointer]),
    ("column_text", _text, [_pointer, _int]),
    ("errmsg", _text, [_pointer]),
    ("interrupt", None, [_pointer]),
    ("limit", _int, [_pointer, _int, _int]),
]:
    _function = getattr(lib, f"sqlite3_{_name}")
    _function.restype, _function.argtypes = _result, _arguments

# A SQLite with assertions treats every file as if in a shared cache, and one without mutexes has no second thread: several readers
# leave both to the user's connection.
HAS_READERS = lib.sqlite3_threadsafe() and not lib.sqlite3_compileoption_used(b"DEBUG")


class Statement:
    def __init__(self, handle):
        self.handle = handle

    def step(self):
        return lib.sqlite3_step(self.handle)

    def row(self):
        texts = [lib.sqlite3_column_text(self.handle, i) for i in range(lib.sqlite3_column_count(self.handle))]
        return tuple(text and text.decode() for text in texts)

    def rows(self):
        """All rows from here on; the code of the last step must be DONE."""
        found = []
        while (code := self.step()) == ROW:
            found.append(self.row())
        assert code == DONE, code
        return found

    def reset(self):
        return lib.sqlite3_reset(self.handle)

    def finalize(self):
        return lib.sqlite3_finalize(self.handle)


class Database:
    """A connection of the C interface, with the extension loaded."""

    def __init__(self, path=":memory:", flags=6, extension=True):
        handle = ctypes.c_void_p()
        assert lib.sqlite3_open_v2(str(path).encode(), ctypes.byref(handle), flags, None) == OK
        self.handle = handle
        if extension:
            self.load()

    def load(self, path=None, entry=None):
        message = ctypes.c_char_p()
        lib.sqlite3_enable_load_extension(self.handle, 1)
        path = str(path or harness.extension_path()).encode()
        code = lib.sqlite3_load_extension(self.handle, path, entry and entry.encode(), ctypes.byref(message))
        assert code == OK, message.value

    def prepare(self, sql):
        handle = ctypes.c_void_p()
        code = lib.sqlite3_prepare_v2(self.handle, sql.encode(), -1, ctypes.byref(handle), None)
        assert code == OK, self.message()
        return Statement(handle)

    def execute(self, sql):
        statement = self.prepare(sql)
        rows = statement.rows()
        assert statement.finalize() == OK
        return rows

    def fails(self, sql):
        """The code and message with which a statement fails."""
        statement = self.prepare(sql)
        while statement.step() == ROW:
            pass
        message = self.message()
        return statement.finalize(), message

    def message(self):
        return lib.sqlite3_errmsg(self.handle).decode()

    def configure(self, option, value):
        config = lib.sqlite3_db_config  # variadic: without argtypes, integers go as int
        assert config(self.handle, ctypes.c_int(option), ctypes.c_int(value), None) == OK

    def interrupt(self):
        lib.sqlite3_interrupt(self.handle)

    def limit(self, number, value):
        """Sets a limit, returns the old one."""
        return lib.sqlite3_limit(self.handle, number, value)

    def open_statements(self):
        """The SQL of every statement that is not finalized."""
        found, handle = [], lib.sqlite3_next_stmt(self.handle, None)
        while handle:
            found.append(lib.sqlite3_sql(handle).decode())
            handle = lib.sqlite3_next_stmt(self.handle, handle)
        return found

    def close(self):
        return lib.sqlite3_close(self.handle)

    def close_v2(self):
        return lib.sqlite3_close_v2(self.handle)


TABLES = """
CREATE TABLE touches(id INTEGER PRIMARY KEY, entity, ts, channel, points);
CREATE TABLE conversions(id INTEGER PRIMARY KEY, entity, ts, value);
INSERT INTO touches(entity, ts, channel, points) VALUES
  (1, 100, 'ads', 1), (1, 200, 'email', 2), (1, 300, 'ads', 3), (2, 100, 'seo', 1), ('b', 50, 'email', 1), (9, 10, 'ads', 1);
INSERT INTO conversions(entity, ts, value) VALUES (1, 250, 100.0), (1, 400, 50.5), (2, 400, 30), ('b', 60, 12.5), (7, 1, 8);
CREATE TABLE events(id INTEGER PRIMARY KEY, entity, ts, stage, label);
CREATE TABLE subjects(id INTEGER PRIMARY KEY, entity, ts, converted_at, closed_at, label);
INSERT INTO events(entity, ts, stage, label) VALUES
  (1, 100, 'mql', 'ads'), (1, 150, 'sql', 'email'), (1, 300, 'won', 'email'), (1, 400, 'mql', 'seo'), (2, 120, 'sql', NULL),
  (2, 200, 'lost', 'seo'), ('b', 50, 'mql', 'ads'), ('b', 50, 'won', 'ads'), (9, 390, 'mql', 'seo'), (9, NULL, 'sql', 'seo'), (NULL, 1, 'mql', 'x');
INSERT INTO subjects(entity, ts, converted_at, closed_at, label) VALUES
  (1, 100, 300, NULL, 'ads'), (2, 120, NULL, 200, 'seo'), ('b', 50, 50, NULL, 'ads'), (9, 390, NULL, NULL, 'seo');
CREATE TABLE account_paths(id INTEGER PRIMARY KEY, path, conversions, value, nulls);
CREATE TABLE channel_steps(id INTEGER PRIMARY KEY, from_state, to_state, weight, value);
INSERT INTO account_paths(path, conversions, value, nulls) VALUES
  ('ads > email > ads', 3, 120.5, 1), ('email', 1, 20, 4), ('seo > ads', 2, NULL, 2), ('', 1, 8, 0), ('seo > seo > email', 0, NULL, 3);
INSERT INTO channel_steps(from_state, to_state, weight, value) VALUES
  ('(start)', 'ads', 4, NULL), ('(start)', 'seo', 2, NULL), ('(start)', '(conversion)', 1, 8), ('ads', 'email', 3, NULL),
  ('email', 'ads', 1, NULL), ('seo', 'ads', 1, NULL), ('ads', '(conversion)', 2, 150), ('ads', '(null)', 1, NULL),
  ('email', '(null)', 2, NULL), ('seo', '(conversion)', 1, 30.5);
"""
CALL = "attribution('touches', 'conversions', 'linear, last_touch')"
QUERIES = [
    f"SELECT * FROM {CALL} ORDER BY model, conversion_id, position",
    "SELECT * FROM attribution_summary('touches', 'conversions', 'all')",
    "SELECT * FROM journeys('touches', 'conversions') ORDER BY entity, conversion_id, started_at",
    "SELECT entity, weighted_credit(channel, ts, 'linear') FROM touches GROUP BY entity ORDER BY entity",
    "SELECT entity, first_touch(channel, ts), last_touch(channel, ts) FROM touches GROUP BY entity ORDER BY entity",
    "SELECT id, touch_credit(ts, 'linear') OVER (PARTITION BY entity ORDER BY ts ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"
    " FROM touches ORDER BY id",
    "SELECT * FROM funnel('events', 'mql > sql > won', 'exits=lost; label=stage') ORDER BY entity, pass, stage_no",
    "SELECT * FROM funnel_summary('events', 'mql > sql > won', 'recycle=2 min; by=label; period=day')",
    "SELECT * FROM conversion_curve('subjects', 'by=label')",
    "SELECT entity, window_funnel('5 min, strict_once', ts, stage = 'mql', stage = 'sql', stage = 'won'),"
    " window_funnel_events('1 hour', ts, stage = 'mql', stage = 'won'), funnel_stage(stage, ts, 'mql > sql > won', 60) FROM events"
    " GROUP BY entity ORDER BY entity",
    "SELECT entity, sequence_match('(?1).*(?t<=300)(?2)', ts, stage = 'mql', stage = 'won'), sequence_count('(?1)', ts, stage = 'mql'),"
    " sequence_match_events('(?1)(?2)', ts, stage = 'mql', stage = 'sql'), sequence_next_node('forward', 'first_match', ts, label, 1, stage = 'mql'),"
    " retention(stage = 'mql', stage = 'won') FROM events GROUP BY entity ORDER BY entity",
    "SELECT id, sessionize(ts, 60) OVER (PARTITION BY entity ORDER BY ts) FROM events ORDER BY id",
    "SELECT channel, removal_effect, removal_effect_value, markov_share, markov_conversions, markov_value, shapley_conversions, shapley_value,"
    " paths FROM channel_effects('touches', 'conversions', 'order=2; min_paths=2')",
    "SELECT * FROM path_effects('account_paths', 'order=auto; min_paths=4')",
    "SELECT * FROM markov_transitions('touches', 'conversions', 'order=2; gap=1 day')",
    "SELECT * FROM markov_orders('touches', 'conversions')",
    "SELECT * FROM markov_effects('channel_steps')",
    "SELECT * FROM shapley_effects('account_paths(path, conversions, value, nulls)')",
    "SELECT * FROM attribution('touches', 'conversions', 'markov, markov(2), shapley') ORDER BY model, conversion_id, position",
    "SELECT * FROM attribution_summary('touches', 'conversions', 'markov, shapley', 'period=month')",
    "SELECT entity, weighted_credit(channel, ts, 'shapley') FROM touches GROUP BY entity ORDER BY entity",
    "SELECT id, logistic_predict((SELECT logistic_fit('ridge=1', stage = 'won', ts, id) FROM events), ts, id) FROM events ORDER BY id",
    "SELECT * FROM attribution_audit('touches', 'conversions', 'lookback=2 min')",
    "SELECT * FROM funnel_audit('events', 'mql > sql > won', 'exits=lost; recycle=2 min')",
]


def answers(connection):
    """What every family says of TABLES, through any connection with execute()."""
    return [[tuple(row) for row in connection.execute(sql)] for sql in QUERIES]


def create_file(path, before=""):
    """TABLES in a new file; returns its path as text."""
    connection = harness.connect(str(path))
    connection.executescript(before + TABLES)
    connection.close()
    return str(path)


def state_of(folder):
    """Names and contents of all files of a folder."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(Path(folder).iterdir())}


def run_script(script, *arguments):
    """Runs Python in a process of its own, where a crash or a permanent registration does no harm; returns what it prints."""
    paths = [str(Path(__file__).parent), str(harness.ROOT / "tests" / "props")]
    # MALLOC_PERTURB_: what glibc gives is not zero, so that what reads it uninitialised does not get away with it
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(paths), ATTRIBUTION_SO=str(harness.extension_path()), MALLOC_PERTURB_="165")
    command = [sys.executable, "-c", script, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=harness.ROOT)
    assert result.returncode == 0, f"ended with {result.returncode}\n{result.stdout}\n{result.stderr[-4000:]}"
    return result.stdout
