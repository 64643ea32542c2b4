"""Others commit while a statement reads: it sees one snapshot. A short part of tests/writers/stress.py, and what can be told without chance."""

import sqlite3
import sys
from pathlib import Path

import pytest

import harness

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "writers"))

import differential  # noqa: E402
import stress  # noqa: E402


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_every_family_after_each_commit(tmp_path, mode):
    """A writer's transaction, then every call twice, cold and warm: the answer of so many stories."""
    path = str(tmp_path / "t.db")
    stress.make(path, mode, False)
    connection, writer = harness.connect(path), sqlite3.connect(path, isolation_level=None)
    seen = set()
    for i in range(4):
        writer.execute("BEGIN")
        stress.run(writer, *((stress.ADD,) if i % 2 else (stress.TAKE,)), e=i + 100 * (i % 2), v=i)
        writer.execute("COMMIT")
        for sql, expected in stress.ASKED * 2:
            seen.add((i, stress.ask(connection, sql, expected)))
    assert seen == {(0, 19), (1, 20), (2, 19), (3, 20)}


@pytest.mark.parametrize("number", range(len(stress.ASKED)))
def test_a_commit_in_the_middle_of_a_statement(tmp_path, number):
    """With a write-ahead log others may commit while a relation is read, and between two relations: the statement answers as it began, the next one anew."""
    path = str(tmp_path / "t.db")
    stress.make(path, "wal", False)
    connection, writer = harness.connect(path), sqlite3.connect(path, isolation_level=None)
    due = [0]

    def see(ts):
        due[0] += 1
        if due[0] == 5:
            writer.execute("BEGIN")
            stress.run(writer, stress.ADD, e=1000, v=1)
            writer.execute("COMMIT")
        return ts

    connection.create_function("see", 1, see)
    for table, others in (("touches", "id, entity, channel"), ("events", "id, entity, stage")):
        connection.execute(f"CREATE TEMP VIEW {table} AS SELECT {others}, see(ts) AS ts FROM main.{table}")
    if "subjects" in stress.ASKED[number][0]:
        connection.execute("CREATE TEMP VIEW subjects AS SELECT id, entity, see(ts) AS ts, converted_at, closed_at FROM main.subjects")
    sql, expected = stress.ASKED[number]
    assert stress.ask(connection, sql, expected) == 20 and due[0] >= 5
    assert stress.ask(connection, sql, expected) == 21


def test_several_readers_keep_writers_out(tmp_path):
    """With a rollback journal nobody can commit while a statement has begun, our own connections or not."""
    path = str(tmp_path / "t.db")
    stress.make(path, "delete", True)
    connection, writer = harness.connect(path), sqlite3.connect(path, isolation_level=None, timeout=0)
    cursor = connection.execute("SELECT s.n, a.credit FROM stories AS s, attribution('touches', 'conversions', 'linear', 'threads=2') AS a")
    assert cursor.fetchone()[0] == 20
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        writer.execute("UPDATE stories SET n = n")
    cursor.close()
    writer.execute("UPDATE stories SET n = n")


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_threads_that_write_and_threads_that_read(tmp_path, mode):
    """A second of it, with processes of their own in make test-writers."""
    path = str(tmp_path / "t.db")
    stress.make(path, mode, False)
    commits, answers, _ = stress.together(path, 1, processes=False)
    assert commits > 0 and answers > 0


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_readers_that_are_killed(tmp_path, mode):
    path = str(tmp_path / "t.db")
    stress.make(path, mode, True)
    stress.kill_readers(path, 3)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_changes_by_everybody(seed):
    """A short run of make test-differential: after each operation the warm answers are the cold ones."""
    assert differential.run(40, seed) == 40
