"""A stop is heard wherever a statement is; how soon on large data, `make test-cancel` measures.

Nothing here looks at the clock on the wall. How much is done between two questions whether to go on is counted in basic blocks
(blocks.c), which are as many on a busy machine, and a call that forgets to ask in one of its loops has a number of them that
grows with the rows.
"""

import os
import pty
import select
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "hosts"), str(HERE.parent / "props")]

import harness  # noqa: E402
from calls import calls, setup as make_lists  # noqa: E402
from libsqlite import BEAT, DONE, INTERRUPT, ROW, Database, answers, create_file  # noqa: E402

ROWS = 100_000
DATABASE = harness.ROOT / "build" / "cancel" / f"touches-{ROWS}.db"
BLOCKS = harness.ROOT / "build" / "blocks" / "attribution"

# Blocks between two questions, where a heartbeat is due after 1024 rows' work; some rows are more work than others.
LIMIT = 110_000
LIMITS = {
    "markov order=5, warm": 180_000,
    "markov order=6, warm": 180_000,
    "funnel_audit": 250_000,
    "weighted_credit, one group": 1_000_000,  # a path of all rows is divided pass by pass
}


@pytest.fixture(scope="module")
def counting():
    """The benchmark's rows, and the extension that counts its blocks."""
    connection = sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True, isolation_level=None)
    connection.enable_load_extension(True)
    connection.execute("SELECT load_extension(?)", (str(BLOCKS),))
    connection.execute("SELECT load_extension(?, 'sqlite3_blocks_init')", (str(BLOCKS),))
    connection.execute("PRAGMA temp_store = 2")
    make_lists(connection, ROWS)
    yield connection
    connection.close()


CALLS = [(name, before, sql.replace("period=day; threads", "period=year; threads")) for name, before, sql in calls(ROWS) if "threads=2" not in name]


@pytest.mark.parametrize("name, before, sql", CALLS, ids=[call[0] for call in CALLS])
def test_no_loop_forgets_to_ask(counting, name, before, sql):
    for statement in before:
        counting.execute(statement).fetchall()
    counting.execute("SELECT blocks_start()").fetchall()
    counting.execute(sql).fetchall()
    blocks, asked, *places = counting.execute("SELECT blocks_stop()").fetchone()[0].split()
    assert int(asked) > 50
    if int(blocks) > LIMITS.get(name, LIMIT):
        command = ["addr2line", "-fse", f"{BLOCKS}.so", *places]
        pytest.fail(f"{blocks} blocks without a question, among them\n{subprocess.run(command, capture_output=True, text=True).stdout}")


################################ The end of a group ##################################

GROUPS = {
    "weighted_credit": "SELECT weighted_credit(value % 9, mark(value), 'time_decay') FROM rows",
    "touch_credit": "SELECT sum(c) FROM (SELECT touch_credit(mark(value), 'linear') OVER (ORDER BY value ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS c FROM rows)",
    "window_funnel": "SELECT window_funnel(5, mark(value * 7919 % 100003), value % 3 = 0, value % 3 = 1, value % 3 = 2) FROM rows",
    "sequence_match": "SELECT sequence_match('(?1)(?1)', mark(value), value % 2) FROM rows",
    "sequence_count": "SELECT sequence_count('(?1).*(?2)', mark(value), value % 2, value % 3) FROM rows",
    "sequence_next_node": "SELECT sequence_next_node('forward', 'head', mark(value * 7919 % 100003), value, 1, 1) FROM rows",
    "engagement_score": "SELECT engagement_score(1, mark(value), 1e6, 5) FROM rows",
    "auc": "SELECT auc(mark(value * 7919 % 100003), value % 2) FROM rows",
    "logistic_fit": "SELECT logistic_fit(value % 3 = 0, mark(value) * 1.5, value % 7) FROM rows",
}
GROUP_ROWS = 50_000


class Marked:
    """A connection with rows(value) and mark(value), which calls at_end() with the last row of a group."""

    def __init__(self):
        self.connection, self.seen, self.at_end = harness.connect(), 0, int
        self.connection.execute("CREATE TABLE rows(value)")
        self.connection.executemany("INSERT INTO rows VALUES (?)", [(n,) for n in range(GROUP_ROWS)])
        self.connection.create_function("mark", 1, self.mark)

    def mark(self, value):
        self.seen += 1
        if self.seen == GROUP_ROWS:
            self.at_end()
        return value

    def ask(self, sql):
        self.seen = 0
        return self.connection.execute(sql).fetchall()


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("how", ["handler", "interrupt"])
def test_the_end_of_a_group_is_stopped(name, how):
    """The handler is set with the last row: the statement that is running knows nothing of it, only our heartbeats ask."""
    marked, sql, asked = Marked(), GROUPS[name], []
    whole = marked.ask(sql)

    def progress():
        asked.append(1)
        if how == "interrupt":
            marked.connection.interrupt()
            return 0
        return 1

    marked.at_end = lambda: marked.connection.set_progress_handler(progress, BEAT)
    with pytest.raises(sqlite3.OperationalError, match="^interrupted$"):
        marked.ask(sql)
    assert 1 <= len(asked) < 5
    marked.connection.set_progress_handler(None, 0)
    marked.at_end = int
    assert marked.ask(sql) == whole
    marked.connection.close()


def test_a_handler_that_wants_many_operations_is_asked():
    """Each heartbeat is BEAT operations more of one statement, at the end of a group as in a table-valued function."""
    marked, asked = Marked(), [0]

    def progress():
        asked[0] += 1
        return 0

    marked.at_end = lambda: marked.connection.set_progress_handler(progress, 2_000)
    marked.ask(f"SELECT sequence_count('{'(?1).*' * 200}', mark(value), value % 2) FROM rows")
    assert asked[0] >= 3
    marked.connection.execute("CREATE VIEW listed AS SELECT 'c' || value % 71 || ' > d' || value % 1009 || ' > c' || value % 83 AS path, mark(1) AS conversions FROM rows")
    marked.connection.set_progress_handler(None, 0)
    marked.at_end = lambda: marked.connection.set_progress_handler(progress, BEAT)
    asked[0] = 0
    marked.ask("SELECT sum(removal_effect) FROM path_effects('listed', 'order=3')")
    assert asked[0] >= 3
    marked.connection.close()


################################ Statements beside each other ########################


def test_an_interrupt_stops_all_that_run_and_nothing_after(tmp_path):
    """Another statement is on a row: one of ours that begins then is stopped, too, as SQLite's own are; once none runs, all is whole."""
    path = create_file(tmp_path / "t.db")
    database, plain = Database(path), harness.connect(path)
    for sql in ("SELECT * FROM attribution('touches', 'conversions')", "SELECT auc(ts, points > 1) FROM touches"):
        whole = database.execute(sql)
        other, ours = database.prepare("SELECT id FROM touches"), database.prepare(sql)
        assert other.step() == ROW
        database.interrupt()
        assert ours.step() == INTERRUPT and database.message() == "interrupted"
        assert ours.reset() == INTERRUPT
        assert other.step() == INTERRUPT
        assert other.reset() == INTERRUPT
        assert ours.step() == ROW
        while (code := ours.step()) == ROW:
            pass
        assert code == DONE
        ours.finalize(), other.finalize()
        assert database.execute(sql) == whole
    assert answers(plain) == answers(harness.connect(path))
    assert database.open_statements() == [] and database.close() == 0


def test_an_interrupt_before_a_statement_begins(tmp_path):
    database = Database(create_file(tmp_path / "t.db"))
    sql = "SELECT * FROM attribution_summary('touches', 'conversions', 'all')"
    whole, statement = database.execute(sql), database.prepare(sql)
    database.interrupt()
    assert statement.rows() == whole
    assert statement.finalize() == 0 and database.close() == 0


################################ Ctrl-C in the shell #################################


class Shell:
    """sqlite3 on a terminal of its own."""

    def __init__(self, *arguments):
        self.shown = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="dumb", HOME="/nonexistent")
            os.execvp("sqlite3", ["sqlite3", *arguments])

    def write(self, text):
        os.write(self.terminal, text.encode())

    def seconds(self):
        """Of processor time."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def look(self, seconds):
        """Whether something more is shown in that time."""
        ready, _, _ = select.select([self.terminal], [], [], seconds)
        if ready:
            self.shown += os.read(self.terminal, 65536).decode(errors="replace")
        return bool(ready)

    def wait_for(self, text):
        """Until it has been shown; what was shown up to there."""
        while text not in self.shown:
            assert self.look(300), self.shown
        before, _, self.shown = self.shown.partition(text)
        return before

    def close(self):
        self.write("\n.quit\n")
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processor time of another process is read from /proc")
def test_ctrl_c_in_the_shell():
    """In a call that would go on for many seconds in our code alone; the shell goes on with the next statement."""
    shell = Shell("-readonly", str(DATABASE))
    extension = str(harness.extension_path()).removesuffix(".so")
    shell.write(f".load {extension}\nSELECT 'is ' || 'ready';\n")
    shell.wait_for("is ready")
    for pause in (0.5, 3):  # while it reads, and at the end of the group
        rows = f"touches, json_each('{list(range(20))}')"
        shell.write(f"SELECT 'an ' || 'answer', sequence_count(replace(printf('%.500c', 'x'), 'x', '(?1).*'), ts, touches.id > 0) FROM {rows};\n")
        start = shell.seconds()
        while shell.seconds() < start + pause:
            shell.look(0.02)
            assert "rror" not in shell.shown, shell.shown
        shell.write("\x03")
        stopped = shell.seconds()
        shell.write("SELECT 'it goes ' || 'on', count(*) > 0 FROM attribution_summary('touches(customer_id, ts, channel)', 'conversions(customer_id, ts, value)');\n")
        shown = shell.wait_for("it goes on")
        assert "nterrupt" in shown and "an answer" not in shown, shown
        assert shell.wait_for("\n").strip() in ("|1", "1"), shown
        # of processor time, the next statement among it; sanitizers are preloaded, and slow
        assert shell.seconds() - stopped < (60 if "LD_PRELOAD" in os.environ else 5)
    shell.close()
