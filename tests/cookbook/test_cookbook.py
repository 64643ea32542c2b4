"""Every file of the cookbook prints what stands in sql-examples/expected/, and reads like one: a question, the analyst's
words, statements that fit a screen."""

import re
import sqlite3
import sys

import pytest

import cookbook

FILES = sorted(path for path in cookbook.EXAMPLES.glob("[0-9]*.sql"))
SCREEN_LINES, SCREEN_COLUMNS = 30, 120


def words(text):
    """Line by line, without the layout: newer shells put headings in the middle and numbers to the right."""
    return [" ".join(line.split()) for line in re.sub("--+", "--", text).splitlines()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_prints_what_is_expected(path):
    printed, expected = cookbook.printed(path), cookbook.expected_path(path).read_text(encoding="utf-8")
    if sqlite3.sqlite_version_info >= (3, 47):
        printed, expected = words(printed), words(expected)
    assert printed == expected


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_reads_like_a_cookbook(path):
    text = path.read_text(encoding="utf-8")
    number, words = path.stem.split("-", 1)
    assert re.match(rf"-- {int(number)}\. [A-Z].*\n--\n-- ", text), "write '-- N. The question?', an empty comment, the story"
    assert re.fullmatch(r"[a-z0-9-]+", words)
    assert all(len(line) <= SCREEN_COLUMNS for line in text.splitlines())
    found = list(cookbook.statements(path))
    assert found and all(statement.count("\n") <= SCREEN_LINES for statement in found)
    assert not re.search(r"'now'|current_(date|time|timestamp)|random\(", text, re.I), "it prints the same on every day"


def test_every_number_is_used_once_and_nothing_is_expected_without_its_file():
    assert len({path.name[:2] for path in FILES}) == len(FILES)
    assert {path.stem for path in FILES} == {path.stem for path in cookbook.EXPECTED.glob("*.out")}


def test_the_folder_page_lists_every_question():
    sys.path.insert(0, str(cookbook.harness.ROOT / "docs"))
    import make_cookbook

    assert (cookbook.EXAMPLES / "README.md").read_text(encoding="utf-8") == make_cookbook.cookbook()
