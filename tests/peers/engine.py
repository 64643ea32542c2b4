"""ClickHouse, in a process of its own (engine.js): tables of rows, and the answers of one question for all groups.

PEERS_ENGINE names another folder in which npm has installed it.
"""

import json
import os
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
INSTALLED = Path(os.environ.get("PEERS_ENGINE", HERE.parents[1] / "build" / "peers"))
COLUMNS = "g UInt32, ts UInt32, keep UInt8, m UInt32, value Nullable(String), stage Nullable(String)"

# Ties are ordered by condition sets, never by arrival: the engine is fed rows in that order, in one thread. Its
# planner would drop a sort whose order no clause asks for.
ORDERED = """SELECT * FROM {table} WHERE g BETWEEN {first} AND {last}
 ORDER BY g, ts, arrayFilter(k -> bitTest(m, k), range({conditions}))"""
# Arrays keep the order of rows, which a join need not.
FOUND = """SELECT g, t, row.1 AS ts, row.2 AS keep, row.3 AS m FROM
 (SELECT g, {found} AS t, groupArray((ts, keep, m)) AS rows FROM ({source}) GROUP BY g) ARRAY JOIN rows AS row"""
SETTINGS = "max_threads = 1, query_plan_remove_redundant_sorting = 0, allow_experimental_funnel_functions = 1"


class Failure(Exception):
    pass


def literal(value):
    if value is None:
        return "NULL"
    return "'" + value + "'" if isinstance(value, str) else str(value)


def row_literal(group, row):
    ts, mask, value, stage = row
    return "(%s)" % ",".join(map(literal, (group, ts or 0, 1 if ts else 0, mask, value, stage)))


def statement(question, table):
    source = ORDERED.format(table=table, **question._asdict())
    if question.found:
        source = FOUND.format(found=question.found, source=source)
    return f"SELECT {question.peer} FROM ({source}) GROUP BY g ORDER BY g SETTINGS {SETTINGS}"


class Engine:
    """Statements are sent ahead and answered in turn, so that both sides of a comparison can run at one time."""

    def __init__(self):
        package = INSTALLED / "package.json"
        if not package.is_file():
            raise Failure("the engine is not installed: run make test-peers")
        self.process = subprocess.Popen(
            ["node", str(HERE / "engine.js"), str(package)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()  # an answer that nobody waits for any more must not hold it up
        self.process.wait()

    def send(self, sql):
        self.process.stdin.write(json.dumps(sql) + "\n")
        self.process.stdin.flush()

    def receive(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failure("the engine has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise Failure(answer["error"])
        return answer["text"].splitlines()

    def run(self, sql):
        self.send(sql)
        return self.receive()

    def version(self):
        return self.run("SELECT version()")[0]

    def load(self, table, groups):
        rows = [row_literal(number, row) for number, group in enumerate(groups) for row in group]
        self.run(f"DROP TABLE IF EXISTS {table}")
        self.run(f"CREATE TABLE {table} ({COLUMNS}) ENGINE = Memory")
        self.run(f"INSERT INTO {table} VALUES " + ",".join(rows))

    def send_question(self, table, question):
        self.send(statement(question, table))

    def ask(self, table, question):
        self.send_question(table, question)
        return self.receive()
