"""What the tests share to reach the extension: connecting, loading small tables, reading rows back.

ATTRIBUTION_SO names another build of the extension, ATTRIBUTION_SHARED another folder of shared test data.
"""

import os
import sqlite3
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOUCH_COLUMNS = ["id", "entity", "ts", "channel", "points"]
CONVERSION_COLUMNS = ["id", "entity", "ts", "value", "milestone1", "milestone2"]


def extension_path():
    return os.environ.get("ATTRIBUTION_SO", str(ROOT / "build" / "attribution"))


def shared_path(name):
    return Path(os.environ.get("ATTRIBUTION_SHARED", ROOT.parent / "shared")) / name


def add_extension(connection):
    connection.enable_load_extension(True)
    connection.load_extension(extension_path())  # since 3.54 any SELECT reads the schema, which may be damaged
    connection.enable_load_extension(False)
    return connection


def connect(database=":memory:", **options):
    """A connection with the extension, in autocommit mode so that transactions are the test's own."""
    return add_extension(sqlite3.connect(database, isolation_level=None, **options))


def create(connection, name, columns, rows):
    """A table without column types: values keep the class they have in Python."""
    placeholders = ", ".join("?" * len(columns))
    connection.execute(f"CREATE TABLE {name}({', '.join(columns)})")
    connection.executemany(f"INSERT INTO {name} VALUES({placeholders})", rows)


def add_journeys(connection, touches, conversions):
    """Tables touches and conversions from rows (entity, ts, ...) in the order of the standard columns, without id."""
    for name, rows, columns in (("touches", touches, TOUCH_COLUMNS), ("conversions", conversions, CONVERSION_COLUMNS)):
        width = max((len(row) for row in rows), default=3)
        create(connection, name, columns[1 : width + 1], rows)


def rows_of(connection, sql, *parameters):
    """All rows of a statement as dicts."""
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor]


def attribution(connection, models="linear", options="", touches="touches", conversions="conversions"):
    sql = "SELECT * FROM attribution(?, ?, ?, ?) ORDER BY model, entity, conversion_id, position, channel"
    return rows_of(connection, sql, touches, conversions, models, options)
