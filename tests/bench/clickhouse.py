"""ClickHouse, in a process of its own (clickhouse.js), which times each statement."""
import json
import pathlib
import select
import subprocess

from bench import BUILD

SCRIPT = pathlib.Path(__file__).resolve().with_name("clickhouse.js")
PACKAGE = BUILD / "peers" / "package.json"  # as the Makefile installs it
TOO_DIFFICULT = "exceeding max iterations"


class Failure(Exception):
    pass


class TooDifficult(Failure):
    """The engine gave a pattern up."""


class TookTooLong(Failure):
    """We gave the engine up; it has ended."""


class Engine:
    def __init__(self):
        self.process = subprocess.Popen(["node", str(SCRIPT), str(PACKAGE)], stdin=subprocess.PIPE,
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
