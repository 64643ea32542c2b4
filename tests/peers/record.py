"""Writes recorded.json: a sample of random groups with ClickHouse's answers, for test_recorded.py.

Needs the engine, which make test-peers installs. The file has one line for the groups of a batch and one for each
question: function, mode, our SQL, the first group asked, and the answers joined by a bar.
"""

import json
from collections import Counter
from pathlib import Path

from batches import batches, questions
from engine import Engine

RECORDED = Path(__file__).parent / "recorded.json"
SEED = "recorded"
GROUPS = 300


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def recorded_batch(peer, shape, source, groups):
    peer.load("batch", groups)
    lines = []
    for question in questions(source, shape, len(groups), Counter()):
        answers = "|".join(peer.ask("batch", question))
        lines.append(compact([question.function, question.mode, question.ours, question.first, answers]))
    return '{"groups":' + compact(groups) + ',\n"questions":[\n' + ",\n".join(lines) + "]}"


def main():
    with Engine() as peer:
        head = '{"engine":' + compact(f"ClickHouse {peer.version()}") + ',\n"batches":[\n'
        recorded = [recorded_batch(peer, *batch) for batch in batches(SEED, GROUPS)]
    RECORDED.write_text(head + ",\n".join(recorded) + "]}\n", encoding="utf-8")
    print(f"{RECORDED.name}: {RECORDED.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
