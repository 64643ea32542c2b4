"""The made-up log of a funnel of six stages: build/bench-funnel-S.db or -L.db, with a covering index, and as text.

Every entity has a story: it comes at some time within half a year, mostly at the first stage, and then goes on, skips a
stage, repeats one, falls back or stays away, some days later each time. The table is all stories in the order of
time, so an entity's rows lie all over it. The same size gives the same rows. The last stories are cut off at the end.
"""
import math
import random
import shutil
import sqlite3
import sys

from common import BUILD

STAGES = ("visit", "signup", "trial", "quote", "order", "renewal")
ENTITIES = {"S": 100_000, "L": 1_000_000}
DAY = 86400
START, SPAN = 1704067200, 182 * DAY  # 2024-01-01 00:00:00 UTC, seconds
MEAN_DELAY = 4 * DAY
# how often, after an event: one stage on, two on, the same again, one back; otherwise the story ends
ON, SKIP, AGAIN, BACK = 0.52, 0.04, 0.21, 0.03
SEED = 20240229


def stories(entities):
    """(seconds since START, entity, stage) of all entities, each packed in one integer to be sorted quickly."""
    uniform = random.Random(SEED).random  # the one method whose numbers are the same in every Python
    last = len(STAGES) - 1
    for entity in range(1, entities + 1):
        seconds = int(uniform() * SPAN)
        stage = 0 if uniform() < 0.94 else 1
        while seconds < SPAN:
            yield seconds << 32 | entity << 8 | stage
            draw = uniform()
            if draw < ON:
                stage += 1
            elif draw < ON + SKIP:
                stage += 2
            elif draw >= ON + SKIP + AGAIN + BACK:
                break
            elif draw >= ON + SKIP + AGAIN:
                stage = max(stage - 1, 0)
            if stage > last:
                break
            seconds += int(-math.log(1 - uniform()) * MEAN_DELAY)


def rows(entities):
    for packed in sorted(stories(entities)):
        yield START + (packed >> 32), packed >> 8 & 0xFFFFFF, STAGES[packed & 0xFF]


def write_log(path, entities):
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("CREATE TABLE events(id INTEGER PRIMARY KEY, entity INTEGER, ts INTEGER, stage TEXT)")
    connection.executemany("INSERT INTO events(ts, entity, stage) VALUES (?, ?, ?)", rows(entities))
    connection.commit()
    connection.close()


def add_index(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE INDEX events_by_entity ON events(entity, ts, stage)")
    connection.close()


def write_text(path, table):
    connection = sqlite3.connect(table)
    with path.open("w", encoding="ascii") as text:
        for row in connection.execute("SELECT entity, ts, stage FROM events ORDER BY id"):
            print(*row, sep="\t", file=text)
    connection.close()


def make_file(path, make):
    """Makes a file unless it is there, under another name until it is whole."""
    if not path.exists():
        print(f"making {path.name} ...", file=sys.stderr)
        unfinished = path.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        make(unfinished)
        unfinished.rename(path)


def paths(size):
    """The log without an index, the same with one on (entity, ts, stage), and as text without the ids."""
    return {
        "table": BUILD / f"bench-funnel-{size}.db",
        "index": BUILD / f"bench-funnel-{size}-index.db",
        "text": BUILD / f"bench-funnel-{size}.tsv",
    }


def make_files(size):
    files = paths(size)

    def copy_with_index(path):
        shutil.copyfile(files["table"], path)
        add_index(path)

    BUILD.mkdir(exist_ok=True)
    make_file(files["table"], lambda path: write_log(path, ENTITIES[size]))
    make_file(files["index"], copy_with_index)
    make_file(files["text"], lambda path: write_text(path, files["table"]))


if __name__ == "__main__":
    make_files(sys.argv[1])
