#!/usr/bin/python3
"""Path lists made to be slow, in build/bench-effects-stress.db: the same rows each time."""
import random
import sqlite3

from common import BUILD

DATABASE = BUILD / "bench-effects-stress.db"
CHANNELS = 5_000
TAIL_PATHS = 10_000
LONG_PATHS, LONG_TOUCHES, LONG_CHANNELS = 100, 10_000, 12


def name(number):
    return f"channel {number:04}"


def tail(rng):
    """5,000 channels as campaigns are, few seen often and most seldom: paths of 1 to 9 touches, 30 % convert."""
    for _ in range(TAIL_PATHS):
        touches = []
        for _ in range(1 + int(rng.random() * 9)):
            spread = rng.random() if rng.random() < .1 else (CHANNELS ** rng.random() - 1) / (CHANNELS - 1)
            touches.append(int(spread * CHANNELS))
        yield touches, int(rng.random() < .3)


def ring(_):
    """5,000 channels, each followed by the next one or by the end: every effect is 2 / 5,000."""
    for number in range(CHANNELS):
        yield (number, (number + 1) % CHANNELS), 1
        yield (number, (number + 1) % CHANNELS), 0


def long(rng):
    """100 paths of 10,000 touches over 12 channels, every other one converting."""
    for number in range(LONG_PATHS):
        yield [int(rng.random() * LONG_CHANNELS) for _ in range(LONG_TOUCHES)], number % 2


TABLES = {"tail": tail, "ring": ring, "long": long}


def main():
    if DATABASE.exists():
        return
    unfinished = DATABASE.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    connection = sqlite3.connect(unfinished)
    for table, paths in TABLES.items():
        connection.execute(f"CREATE TABLE {table}(path TEXT, conversions INTEGER, value REAL, nulls INTEGER)")
        rows = ((" > ".join(map(name, touches)), won, won * 250, 1 - won) for touches, won in paths(random.Random(1)))
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    unfinished.rename(DATABASE)


if __name__ == "__main__":
    main()
