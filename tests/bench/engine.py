"""Other engines in a process of their own (clickhouse.js, duckdb.js), which times each statement.

One line of JSON goes in per statement, one comes out; the process ends when its Engine is closed.
"""
import json
import pathlib
import select
import subprocess

from common import BUILD, HERE

CLICKHOUSE = BUILD / "peers" / "package.json"  # as the Makefile installs them
DUCKDB = BUILD / "bench-npm" / "package.json"
# ClickHouse compiles a query when it has been asked some times; so it does at the first time, which does not count
COMPILED = "min_count_to_compile_expression = 0, min_count_to_compile_aggregate_expression = 0"
TOO_DIFFICULT = "exceeding max iterations"


class Failure(Exception):
    pass


class TooDifficult(Failure):
    """The engine gave a pattern up."""


class TookTooLong(Failure):
    """We gave the engine up; it has ended."""


class Engine:
    def __init__(self, script="clickhouse.js", package=CLICKHOUSE):
        self.process = subprocess.Popen(["node", str(HERE / script), str(package)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.kill()
        self.process.communicate()

    def ask(self, sql, limit=None):
        """The seconds inside the engine's process, and the rows; after more than limit seconds the engine is ended."""
        self.process.stdin.write(json.dumps(sql).encode() + b"\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], limit)[0]:
            self.process.kill()
            raise TookTooLong(sql)
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"the engine has ended at {sql}")
        answer = json.loads(line)
        if TOO_DIFFICULT in answer.get("error", ""):
            raise TooDifficult(answer["error"])
        if "error" in answer:
            raise Failure(answer["error"])
        return answer["seconds"], [row.split("\t") for row in answer["text"].splitlines()]
