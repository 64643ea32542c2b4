"""Fixtures of all tests: connections with the extension loaded, small tables, shared data; the Hypothesis profile.

ATTRIBUTION_HOST names the folder of another SQLite (make test-hosts): without it in use no test runs.
"""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent / "props"))  # harness and reference, for tests of every folder

import harness  # noqa: E402

# Derandomised: a run is the same everywhere, and a failure can be repeated from the report alone.
settings.register_profile(
    "deterministic",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("deterministic")


def pytest_configure():
    """The library that this process has loaded and the shell that it would start are those of ATTRIBUTION_HOST, <version>/<flavour>."""
    host = os.environ.get("ATTRIBUTION_HOST")
    if not host:
        return
    maps = Path("/proc/self/maps").read_text(encoding="utf-8")
    libraries = {line.split()[-1] for line in maps.splitlines() if "libsqlite3" in line}
    shell = subprocess.run([shutil.which("sqlite3"), "-version"], capture_output=True, text=True, check=True).stdout.split()[0]
    found = (sqlite3.sqlite_version, shell, libraries, shutil.which("sqlite3"))
    version = Path(host).parent.name
    if found != (version, version, {str(Path(host, "libsqlite3.so.0"))}, str(Path(host, "sqlite3"))):
        raise pytest.UsageError(f"asked for {host}, found {found}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A SQLite of the least options has no JSON before 3.38, and never FTS5, R*Trees and dbstat: a test that asks for them cannot pass there."""
    report = (yield).get_result()
    missing = re.search(r"no such (?:module|function|table): ((?:fts5|rtree|json|dbstat)\w*)", str(call.excinfo.value)) if call.excinfo else None
    if missing and os.environ.get("ATTRIBUTION_HOST", "").endswith("/minimal"):
        report.outcome = "skipped"
        report.longrepr = (*item.reportinfo()[:2], f"this SQLite is built without {missing[1]}")


@pytest.fixture
def db():
    """An in-memory database with the extension loaded."""
    connection = harness.connect()
    yield connection
    connection.close()


@pytest.fixture
def journeys_db(db):
    """Function: fill touches and conversions from rows in the order of the standard columns; returns the connection."""

    def fill(touches, conversions):
        harness.add_journeys(db, touches, conversions)
        return db

    return fill


@pytest.fixture
def shared_data():
    """Function: the path of a file of shared test data; the test is skipped with its name where it is missing."""

    def find(name):
        path = harness.shared_path(name)
        if not path.is_file():
            pytest.skip(f"shared test data is missing: {path} (set ATTRIBUTION_SHARED to its folder)")
        return path

    return find


@pytest.fixture
def imported(tmp_path, shared_data):
    """Function: import {table: file of shared data} with the shell; a connection with the extension."""

    def import_files(**files):
        shell = shutil.which("sqlite3") or pytest.skip("the sqlite3 shell is not installed")
        path = tmp_path / "import.db"
        commands = [f'.import --csv "{shared_data(name)}" {table}' for table, name in files.items()]
        subprocess.run([shell, str(path)], input="\n".join(commands), text=True, check=True)
        return harness.connect(path)

    return import_files
