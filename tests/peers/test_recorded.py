"""The condition functions against what ClickHouse answered when recorded.json was written; README.md says how."""

import json
from collections import Counter
from pathlib import Path

import harness
import ours
import pytest
from families import NEXT_NODES, window_modes
from question import FAULT, Question, differ

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text(encoding="utf-8"))
FUNCTIONS = ["window_funnel", "funnel_stage", "sequence_match", "sequence_count", "sequence_match_events"]
FUNCTIONS += ["sequence_next_node", "retention"]
LEAST = 300  # groups compared for each function and mode


def recorded_questions():
    """(batch, Question, answers)"""
    for number, batch in enumerate(RECORDED["batches"]):
        for function, mode, sql, first, text in batch["questions"]:
            answers = text.split("|")
            yield number, Question(function, mode, sql, "", 0, first, first + len(answers) - 1), answers


@pytest.fixture(scope="module")
def loaded():
    connection = harness.connect()
    for number, batch in enumerate(RECORDED["batches"]):
        ours.load(connection, f"batch{number}", batch["groups"])
    yield connection
    connection.close()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_answers_are_clickhouses(loaded, function):
    different = []
    for number, question, answers in recorded_questions():
        if question.function == function:
            mine = ours.ask(loaded, f"batch{number}", question)
            assert len(mine) == len(answers), question.ours
            for group, (own, other) in enumerate(zip(mine, answers), question.first):
                if differ(own, other):
                    different.append((question.ours, RECORDED["batches"][number]["groups"][group], own, other))
    assert different[:3] == []


def test_the_sample_has_enough_of_every_function_and_mode():
    groups = Counter()
    for _, question, answers in recorded_questions():
        groups[question.function, question.mode] += len(answers) - answers.count(FAULT)
    assert {function for function, _ in groups} == set(FUNCTIONS)
    assert len(groups) == 2 * len(list(window_modes())) + 3 * 2 + len(NEXT_NODES) + 1
    assert min(groups.values()) >= LEAST
