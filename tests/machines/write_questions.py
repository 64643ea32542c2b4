"""write_questions.py FOLDER: every question of tests/builds/questions.py as a file that host.c reads, in FOLDER/demo those that are
asked of the demo database, in FOLDER/memory the others; in FOLDER/large some of tables that several connections and threads share."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "builds"))

from questions import questions  # noqa: E402

ROWS = """CREATE TABLE {name} AS
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
  SELECT i AS id, i * 7919 % 30011 AS entity, i * 104729 % 31556952 AS ts, {columns} FROM n;"""
LARGE = [
    ROWS.format(name="touches", rows=300000, columns="'channel ' || (i * 31 % 17) AS channel"),
    ROWS.format(name="conversions", rows=90000, columns="i * 37 % 100000 / 100.0 AS value"),
    "SELECT * FROM attribution_summary('touches', 'conversions', 'linear, time_decay, position_based, markov, shapley', 'lookback=90 days; period=quarter')",
    "SELECT * FROM channel_effects('touches', 'conversions', 'order=2')",
    "SELECT * FROM funnel_summary('touches(entity, ts, channel)', 'channel 1 > channel 12 > channel 3', 'recycle=60 days')",
    "SELECT count(*), sum(value) FROM attribution('touches', 'conversions', 'time_decay', 'round=0.01')",
]


def write(folder, name, statements):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.sql").write_bytes(b"".join(statement.encode() + b"\0" for statement in statements))


root = Path(sys.argv[1])
for name, on_demo, script, statements in questions():
    write(root / ("demo" if on_demo else "memory"), name, ([script] if script else []) + list(statements))
write(root / "large", "large", LARGE)
