"""One group of ten thousand, a hundred thousand, a million events, and what is asked of it: does time stay linear?"""
import sqlite3
import statistics

from common import EXTENSION, ROUNDS, stop, timed
from engine import Engine, TooDifficult, TookTooLong
from funnel_cases import CASES

SIZES = {"S": (10_000, 100_000), "L": (10_000, 100_000, 1_000_000)}
PEER_SIZES = (10_000, 100_000)
PEER_SECONDS = 20  # then the engine is given up
SHUFFLED = "x * (7919 + 270 * x) % {n}"  # every row once, as n is a power of ten


def rows_of(case, n, numbers):
    """SELECT of the rows, from a subquery of the numbers x = 0 .. n-1."""
    number = SHUFFLED if case.shuffled else "x"
    return f"SELECT {case.ts}, {case.m} FROM (SELECT {number} AS x FROM ({numbers})) AS i".replace("{n}", str(n))


class Ours:
    def __init__(self):
        self.connection = sqlite3.connect(":memory:")
        self.connection.enable_load_extension(True)
        self.connection.load_extension(str(EXTENSION))

    def measure(self, case, n):
        numbers = f"WITH RECURSIVE i(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM i WHERE x < {n - 1}) SELECT x FROM i"
        self.connection.executescript("DROP TABLE IF EXISTS visits; CREATE TABLE visits(ts INTEGER, m INTEGER);"
                                      f"INSERT INTO visits {rows_of(case, n, numbers)}")
        runs = [timed(self.connection, f"SELECT {case.ours} FROM visits") for _ in range(ROUNDS)]
        return statistics.median(seconds for seconds, _ in runs), runs[0][1][0][0]


class Peer:
    """The seconds and the answer, or why there is none: the engine's own limit, or ours."""

    def __init__(self):
        self.engine = Engine()
        self.given_up = set()

    def measure(self, case, n):
        if case.title in self.given_up:
            return "-", None
        try:
            return self.try_case(case, n)
        except TooDifficult:
            return "gives up", None
        except TookTooLong:
            self.given_up.add(case.title)
            self.engine.close()
            self.engine = Engine()
            return f"> {PEER_SECONDS} s", None

    def try_case(self, case, n):
        self.engine.ask("DROP TABLE IF EXISTS visits")
        self.engine.ask("CREATE TABLE visits(ts UInt32, m UInt32) ENGINE = Memory")
        self.engine.ask(f"INSERT INTO visits {rows_of(case, n, f'SELECT number AS x FROM numbers({n})')}")
        sql = f"SELECT {case.peer} FROM visits SETTINGS max_threads = 1"
        runs = [self.engine.ask(sql, PEER_SECONDS) for _ in range(ROUNDS)]
        return f"{statistics.median(seconds for seconds, _ in runs):.4f}", runs[0][1][0][0]


def check(case, n, answer, peers):
    if case.expected is not None and answer != case.expected:
        stop(1, f"{case.title}, {n} events: {answer} instead of {case.expected}")
    if case.compared and peers is not None and str(answer) != peers:
        stop(1, f"{case.title}, {n} events: {answer}, ClickHouse says {peers}")


def columns(texts, width):
    return "".join(f"{text:>{width}}" for text in texts)


def print_case(case, sizes, ours, peers):
    events = [seconds / n * 1e9 for n, seconds in zip(sizes, ours)]
    elements = [ns / case.elements for ns in events]
    print(f"{case.title:72}{case.elements:4} |{columns([f'{seconds:.4f}' for seconds in ours], 9)} |"
          f"{columns([f'{ns:.0f}' for ns in events], 7)} |{columns([f'{ns:.1f}' for ns in elements], 7)} |"
          f"{columns(peers, 10)}", flush=True)


def main(size, with_peer):
    sizes = SIZES[size]
    short = [f"{n // 1000} k" for n in sizes]
    print(f"One group of so many events; median of {ROUNDS}. Elements: of the pattern, or conditions.")
    print(f"{'':76} |{'seconds':>{9 * len(sizes)}} |{'ns/event':>{7 * len(sizes)}} |{'by element':>{7 * len(sizes)}} |"
          f"{'ClickHouse, s':>20}")
    print(f"{'':76} |{columns(short, 9)} |{columns(short, 7)} |{columns(short, 7)} |"
          f"{columns([f'{n // 1000} k' for n in PEER_SIZES], 10)}")
    ours, peer = Ours(), Peer() if with_peer else None
    for case in CASES:
        seconds, theirs = [], []
        for n in sizes:
            taken, answer = ours.measure(case, n)
            seconds.append(taken)
            if peer and case.peer and n in PEER_SIZES:
                text, peers_answer = peer.measure(case, n)
                theirs.append(text if case.compared else text + "*")
                check(case, n, answer, peers_answer)
            else:
                check(case, n, answer, None)
        print_case(case, sizes, seconds, theirs)
    if peer:
        peer.engine.close()
        print(f"gives up: ClickHouse ends at its limit of iterations. > {PEER_SECONDS} s: we ended it, and did not ask "
              "again. *: it means something else by this pattern.")
