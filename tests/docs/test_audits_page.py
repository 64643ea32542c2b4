"""docs/audits.md lists every finding with its severity, and each of them is found by a statement here."""

import re
from pathlib import Path

import pytest

import harness

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "audits.md").read_text(encoding="utf-8")
LISTED = {row[0]: row[1:] for row in re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]+) \|", PAGE, re.M)}
KINDS = dict(re.findall(r'= \{"(\w+)", AT_(\w+)\}', (ROOT / "ext" / "core" / "findings.c").read_text(encoding="utf-8")))
NOW = 1_700_000_000
LONG = "x" * 65_536
TABLES = {
    "touches(id, entity, ts, channel, points)": [
        (1, 1, NOW, "ads", 0), (1, 1, NOW + 1, "Ads", None), (None, 1, NOW, "ads", -1), (4, None, NOW, "ads", 1), (5, 1, None, "ads", 1),
        (6, 1, "soon", "ads", 1), (7, 1, "20240131", "ads", 1), (8, 1, NOW * 1000, "ads", 1), (9, LONG, NOW, "ads", 1), (10, 1, NOW, b"x", 1),
        (11, 1, NOW, "ads", "many"), (b"x", 1, NOW, "ads", 1), (13, 1, NOW, None, 1), (14, 1, 20240131, "ads", 1), (15, 1, 5, "ads", 1),
        (16, 1, "2100-01-01", "ads", 1), (17, "2 ", NOW, "ads", 1), (18, 3, NOW, "ads", 1), (19, 9, NOW, "ads", 1),
    ],
    "conversions(id, entity, ts, value, milestone1, milestone2)": [
        (1, 1, NOW + 10, 5, NOW, NOW + 1), (2, 2, NOW + 10, None, NOW + 11, None), (3, 3, NOW - 10, -5, NOW - 11, NOW - 12),
        (4, 3, NOW + 10**6, 1, None, None), (5, 1, NOW, "x", "x", None), (6, 7, NOW, 1, None, None),
    ],
    "plain(entity, ts, channel)": [("1", NOW, "ads")],
    "events(id, entity, ts, stage)": [
        (1, 1, NOW, "a"), (2, 1, NOW + 1, "a"), (3, 1, NOW + 1, "b"), (4, 1, NOW + 2, "a"), (5, 1, NOW + 20, "c"), (6, 1, NOW + 21, "c"),
        (7, 2, NOW, "c"), (8, 3, NOW, "lost"), (9, 3, NOW, "A"), (10, 3, NOW, "lots"), (11, 4, NOW, "a"), (12, "4 ", NOW, "a"),
    ],
}  # fmt: skip
CALLS = [
    "attribution_audit('touches(entity, ts, channel, points)', 'conversions(entity, ts, value, milestone1, milestone2)', 'lookback=1 day; touch_id=id')",
    "attribution_audit('plain', 'conversions')",
    "funnel_audit('events', 'a > b > c', 'exits=lost,gone')",
    "funnel_audit('events', 'a > b? [3] > c', 'recycle=10')",
    "funnel_audit('late', 'a > b? [3] > c')",
    "funnel_audit('late', 'a > b', 'exclude_drop=c')",
]


@pytest.fixture(scope="module")
def found():
    connection = harness.connect()
    for name, rows in TABLES.items():
        table, columns = name[:-1].split("(")
        harness.create(connection, table, columns.split(", "), rows)
    connection.execute(f"CREATE VIEW late AS SELECT 1 AS entity, {NOW} AS ts, 'a' AS stage UNION ALL SELECT 1, {NOW + 9}, 'b' UNION ALL SELECT 1, {NOW + 10}, 'c' UNION ALL SELECT 2, {NOW}, 'a' UNION ALL SELECT 2, {NOW + 1}, 'c'")
    return [row for call in CALLS for row in connection.execute(f"SELECT finding, severity, relation, detail FROM {call}")]


def test_the_page_lists_what_the_code_knows():
    assert {name: severity.lower() for name, severity in KINDS.items()} == {name: row[0] for name, row in LISTED.items()}
    assert len(re.findall(r"^\| `", PAGE, re.M)) == len(LISTED) == len(KINDS) > 40


@pytest.mark.parametrize("name", sorted(LISTED))
def test_a_finding_is_found_as_the_page_says(found, name):
    severity, relations = LISTED[name]
    rows = [row for row in found if row[0] == name]
    assert rows, "no statement finds it"
    for _, own_severity, relation, detail in rows:
        assert own_severity == severity and detail
        assert relations == "any" or relation in relations or (relations == "the one to cast" and relation == "touches")


def test_the_statements_of_the_page_run():
    connection = harness.connect(ROOT / "build" / "demo.db")
    (block,) = re.findall(r"```sql\n(.*?)```", PAGE, re.S)
    for sql in block.split(";\n")[:-1]:
        assert connection.execute(sql).fetchone() is not None
