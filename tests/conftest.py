"""Fixtures of all tests: connections with the extension loaded, small tables, shared data; the Hypothesis profile."""

import shutil
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
