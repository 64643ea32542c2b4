"""The documentation says what is true: every statement of the README's tour gives what stands below it, its numbers on
real data are the data's, the reference is the one that the extension's tables make, and every example in it runs."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import harness

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import make_reference  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")
TOUR = re.findall(r"```sql\n(.*?)```\n```text\n(.*?)```", README, re.S)
MODELS = "first_touch, last_touch, linear, position_based, time_decay"


def shell(sql):
    """What the sqlite3 shell prints on the demo database, in column mode; of an error only the extension's words."""
    command = [shutil.which("sqlite3") or pytest.skip("the sqlite3 shell is not installed"), "-readonly",
               "-cmd", f".load {harness.extension_path()}", "-cmd", ".mode column", "-cmd", ".headers on",
               str(ROOT / "build" / "demo.db")]
    result = subprocess.run(command, input=sql, capture_output=True, text=True)
    output = result.stdout + re.sub(r"^.*?(?=attribution\(\): )", "", result.stderr)
    return [line.rstrip() for line in output.splitlines()]


@pytest.mark.parametrize("sql, text", TOUR, ids=range(1, len(TOUR) + 1))
def test_a_statement_of_the_tour(sql, text):
    assert shell(sql) == text.splitlines()


def test_the_tour_has_all_statements_of_the_readme():
    assert len(TOUR) == README.count("```sql") >= 7


def test_the_reference_is_up_to_date(db):
    assert (ROOT / "docs" / "reference.md").read_text(encoding="utf-8") == make_reference.reference(db)


def test_every_example_of_the_reference_runs():
    connection = harness.connect(ROOT / "build" / "demo.db")
    rows = connection.execute("SELECT example FROM attribution_help WHERE example IS NOT NULL").fetchall()
    assert len(rows) >= 9
    for (example,) in rows:
        sql = example if example.startswith("SELECT") else f"SELECT * FROM {example}"
        assert connection.execute(sql).fetchone() is not None, example


def imported(tmp_path, **files):
    path = tmp_path / "real.db"
    program = shutil.which("sqlite3") or pytest.skip("the sqlite3 shell is not installed")
    commands = "\n".join(f'.import --csv "{file}" {table}' for table, file in files.items())
    subprocess.run([program, str(path)], input=commands, text=True, check=True)
    return harness.connect(path)


def test_the_web_journeys_of_the_readme(tmp_path, shared_data):
    connection = imported(tmp_path, web=shared_data("data/web_journeys/touches.csv"))
    connection.execute("CREATE VIEW sales AS SELECT customer_id, time FROM web WHERE conversion = '1'")
    customers, touches = connection.execute("SELECT count(DISTINCT customer_id), count(*) FROM web").fetchone()
    assert f"1,838 conversions of {customers:,} customers in {touches:,} ad touches" in README
    sql = """
      SELECT channel, model, conversions FROM attribution_summary('web(customer_id, time, channel)',
        'sales(customer_id, time)', ?)"""
    by_channel = {"total": dict.fromkeys(MODELS.split(", "), 0.0)}
    for channel, model, conversions in connection.execute(sql, (MODELS,)):
        by_channel.setdefault(channel, {})[model] = conversions
        by_channel["total"][model] += conversions
    for channel, credit in by_channel.items():
        cells = " | ".join(f"{credit[model]:.2f}" for model in MODELS.split(", "))
        assert f"| {channel} | {cells} |" in README


def test_the_leads_of_the_readme(tmp_path, shared_data):
    connection = imported(tmp_path, leads=shared_data("data/olist/marketing_qualified_leads.csv"),
                          deals=shared_data("data/olist/closed_deals.csv"))
    sql = """
      SELECT channel, conversions FROM attribution_summary('leads(mql_id, first_contact_date, origin)',
        'deals(mql_id, won_date)')"""
    credit = dict(connection.execute(sql).fetchall())
    said = dict((name, float(number)) for name, number in re.findall(
        r"([a-z()][a-z() ]*?) (\d+)(?:,|$)", README.split("842 deals: ")[1].split(", and 1")[0].replace("\n", " ")))
    unattributed = credit.pop("(unattributed)")
    assert unattributed == 1 and said == credit and sum(credit.values()) + unattributed == 842
