"""make test-peers: the condition functions against ClickHouse, group by group over random groups.

PEERS_GROUPS is the least number of groups for each function and mode (default 100000), PEERS_SEED the seed (default 1).
Ends with 1 when an answer differs, 2 when a function and mode got too few groups or only ever one answer.
"""

import os
import sqlite3
import sys
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "props"))

import engine  # noqa: E402
import harness  # noqa: E402
import minimal  # noqa: E402
import order  # noqa: E402
import ours  # noqa: E402
from batches import batches, questions  # noqa: E402
from question import FAULT, INCOMPLETE, differ  # noqa: E402

NOT_COMPARED = {
    INCOMPLETE: "incomplete sequence_match_events of a pattern in which the engine's known fault can show",
    FAULT: "sequence_match_events, and the engine's own sequenceMatch says that what it found is no match",
}
SHOWN = 3  # differences shown in full for a function and mode


class Tally:
    """What was compared, what was left out and what differed, by function and mode."""

    def __init__(self):
        self.groups = Counter()
        self.answers = defaultdict(set)
        self.removed = Counter()
        self.failures = Counter()

    def count(self, question, answers):
        key = question.function, question.mode
        self.groups[key] += len(answers)
        for answer, reason in NOT_COMPARED.items():
            self.removed[reason] += answers.count(answer)
            self.groups[key] -= answers.count(answer)
        if len(self.answers[key]) < 2:
            self.answers[key].update(answer for answer in answers if answer not in NOT_COMPARED)

    def report(self):
        print(f"\n{'function':24}{'mode':56}{'groups':>10}{'differ':>8}")
        for key in self.groups:
            print(f"{key[0]:24}{key[1]:56}{self.groups[key]:10}{self.failures[key]:8}")
        print("\nnot compared, groups:")
        for reason, count in sorted(self.removed.items()):
            print(f"{count:10}  {reason}")

    def poor(self, wanted):
        """Functions and modes that were not really tried."""
        return [key for key in self.groups if self.groups[key] < wanted or len(self.answers[key]) < 2]


def ask_both(peer, connection, question):
    try:
        peer.send_question("batch", question)  # the engine works while we do
        mine = ours.ask(connection, "batch", question)
        theirs = peer.receive()
    except (sqlite3.Error, engine.Failure) as error:
        raise engine.Failure(f"{error}\n{question}") from error
    asked = question.last - question.first + 1
    if len(mine) != asked or len(theirs) != asked:
        raise engine.Failure(f"{asked} groups asked, {len(mine)} and {len(theirs)} answered: {question}")
    return mine, theirs


def compare(peer, connection, question, groups, tally):
    mine, theirs = ask_both(peer, connection, question)
    tally.count(question, theirs)
    for offset, (own, other) in enumerate(zip(mine, theirs)):
        if differ(own, other):
            tally.failures[question.function, question.mode] += 1
            if tally.failures[question.function, question.mode] <= SHOWN:
                minimal.show(peer, connection, question, groups[question.first + offset])


def main():
    seed, wanted = os.environ.get("PEERS_SEED", "1"), int(os.environ.get("PEERS_GROUPS", "100000"))
    tally = Tally()
    with engine.Engine() as peer, harness.connect() as connection:
        print(f"ClickHouse {peer.version()}, seed {seed}, {wanted} groups for each function and mode", flush=True)
        order.check(peer)
        for shape, source, groups in batches(seed, wanted):
            peer.load("batch", groups)
            ours.load(connection, "batch", groups)
            for question in questions(source, shape, len(groups), tally.removed):
                compare(peer, connection, question, groups, tally)
            print(f"{shape}: {sum(tally.failures.values())} differences so far", flush=True)
    tally.report()
    poor = tally.poor(wanted)
    for function, mode in poor:
        print(f"too few groups, or only ever one answer: {function}, {mode}")
    return 1 if tally.failures else 2 if poor else 0


if __name__ == "__main__":
    sys.exit(main())
