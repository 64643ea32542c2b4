"""Two versions in one process, one of them a build of an earlier commit of this repository: ATTRIBUTION_EARLIER (make test-hosts).

tests/hosts/test_limits.py asks the same of a copy of the extension, in which nothing but the text of its version is another. Here the code
is another, too: what the two share by name, in the process or on a connection, would be taken for what it is not.
"""

import os

import pytest

from libsqlite import create_file, run_script
from test_limits import COPIES

EARLIER = os.environ["ATTRIBUTION_EARLIER"]

TOGETHER = """
import sqlite3, sys, threading
import harness, libsqlite

path, earlier = sys.argv[1:3]
FILES = [harness.extension_path(), earlier]

def open_with(files):
    connection = sqlite3.connect(path, isolation_level=None, timeout=60)
    connection.enable_load_extension(True)
    for file in files:
        connection.execute("SELECT load_extension(?, 'sqlite3_attribution_init')", (file,))
    return connection
"""


@pytest.mark.parametrize("pool", ["own", "copy"])
def test_each_connection_keeps_the_first_and_a_pool_its_own(tmp_path, pool):
    assert run_script(COPIES, create_file(tmp_path / "t.db"), EARLIER, pool) == "done\n"


def test_each_sees_what_is_written_through_the_other(tmp_path):
    """What one has kept does not outlive a commit through a connection that has the other."""
    script = TOGETHER + """
connections = [open_with(FILES), open_with(FILES[::-1])]
versions = {connection.execute("SELECT attribution_version()").fetchone() for connection in connections}
assert len(versions) == 2, versions
seen = [libsqlite.answers(connections[0])]
for i in range(4):
    connections[i % 2].execute("UPDATE touches SET channel = ? WHERE id = 2", (f"changed {i}",))
    found = [libsqlite.answers(connection) for connection in connections * 2]
    assert all(each == found[0] for each in found) and found[0] not in seen
    seen.append(found[0])
print("done")
"""
    assert run_script(script, create_file(tmp_path / "t.db"), EARLIER) == "done\n"


def test_both_at_once_on_threads(tmp_path):
    """Connections come and go, each with its own version, while others ask."""
    script = TOGETHER + """
expected, failed = libsqlite.answers(open_with(FILES)), []

def ask(files):
    try:
        for _ in range(15):
            connection = open_with(files)
            for _ in range(2):
                assert libsqlite.answers(connection) == expected
            connection.close()
    except BaseException as error:
        failed.append(repr(error))

threads = [threading.Thread(target=ask, args=(files,)) for files in (FILES, FILES[::-1], FILES[:1], FILES[1:])]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not failed, failed
print("done")
"""
    assert run_script(script, create_file(tmp_path / "t.db"), EARLIER) == "done\n"
