"""Every link of the README and of the pages leads to a file that is there; the README links ten questions."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "sql-examples").glob("*.md"))]


def links(page):
    return [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")) if "://" not in link]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    assert [link for link in links(page) if link and not (page.parent / link).exists()] == []


def test_the_readme_links_ten_questions():
    assert len({link for link in links(ROOT / "README.md") if re.fullmatch(r"sql-examples/\d\d-[a-z0-9-]+\.sql", link)}) == 10
