"""A sample of make test-oom, and the proof that there is no other memory than SQLite's; see README.md."""

import subprocess
from pathlib import Path

import pytest

import harness
import oom

# All that the extension may call, besides SQLite through the table of functions it is given. None of these allocates; the one exception
# is pthread_create, which makes a thread's stack (and what the C library keeps with it).
CALLED = set("""
    clock_gettime floor fmax fmin frexp ldexp localeconv sqrt strtod sysconf
    memchr memcmp memcpy memmove memset snprintf vsnprintf sprintf strcat strchr strcmp strcpy strlen strncat strncmp strpbrk strstr strspn strcspn
    pthread_attr_destroy pthread_attr_init pthread_attr_setstacksize pthread_cond_destroy pthread_cond_init pthread_cond_signal
    pthread_cond_timedwait pthread_create pthread_join pthread_mutex_destroy pthread_mutex_init pthread_mutex_lock pthread_mutex_unlock
    pthread_sigmask sigfillset stack_chk_fail open read close
""".split())


def names(lines):
    """Functions as they are written in C: without version, a checked variant as the plain one, what is optional left out."""
    for line in lines:
        *_, kind, name = line.split()
        if kind == "U":
            yield name.split("@")[0].lstrip("_").removesuffix("_chk")


def test_every_allocation_is_one_of_sqlite():
    """Neither malloc nor anything that might call it is linked: every function that is called from outside is known."""
    path = harness.extension_path()
    path = path if Path(path).is_file() else f"{path}.so"
    listed = subprocess.run(["nm", "-D", "--undefined-only", path], capture_output=True, text=True, check=True).stdout
    called = set(names(listed.splitlines()))
    if any(name.startswith(("asan_", "tsan_", "gcov_")) or name == "getpid" for name in called):
        pytest.skip("what measures this build calls more than the extension does")
    assert "memcpy" in called and "pthread_create" in called, "nm lists no calls"
    assert called <= CALLED, f"does this allocate? {sorted(called - CALLED)}"


RUNS = dict(oom.runs(oom.BUILD / "fault", 2))


def test_the_program_finds_what_is_wrong(tmp_path):
    """A statement that differs from run to run: the rows are compared."""
    script = tmp_path / "random.sql"
    script.write_text("SELECT random();\n")
    text, well = oom.run(["-k", 2, "", script])
    assert not well and "two runs differ" in text and "afterwards: wrong rows" in text


def test_arguments_in_utf_16(tmp_path):
    """A copy of an argument that could not be converted was once taken for an empty text: options were lost, rows wrong."""
    tables, script = oom.small_tables(oom.BUILD / "fault", "UTF-16")[1], tmp_path / "funnel.sql"
    script.write_text("SELECT * FROM funnel('events', 'mql > sql > won', 'exits=lost; label=stage');\n")
    text, well = oom.run(["-s", tables, "", script])
    assert well and " 0 out of memory" not in text, text


@pytest.mark.parametrize("name", RUNS)
def test_memory_that_ends(name):
    text, well = oom.run(RUNS[name])
    assert well, text
    assert " 0 runs" not in text and " 0 out of memory" not in text, text
