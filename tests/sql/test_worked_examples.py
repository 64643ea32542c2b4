"""Vendors' documented examples, from the shared file of worked examples.

adobe: Adobe Analytics documentation, attribution models ($50 order); hockey: HockeyStack documentation,
attribution models ($10,000); marketo: Marketo Measure documentation, touchpoint positions (shares of 100).
"""

import csv
import re
from collections import defaultdict

import pytest

import harness

DAY = 86_400_000_000
MODELS = {
    "adobe": {name: name for name in ("j_shaped", "linear", "participation")} | {"time_decay_halflife7": "time_decay"},
    "hockey": {
        "first": "first_touch",
        "last": "last_touch",
        "linear": "linear",
        "position_40_20_40": "position_based(first=.4, last=.4)",
        "uniform": "participation",
    },
    "marketo": {name: name for name in ("u_shaped", "w_shaped", "full_path")},
}


@pytest.fixture
def examples(shared_data):
    """{(example, model): {touch: value}} of the shared file."""
    found = defaultdict(dict)
    with open(shared_data("oracles/worked_examples.csv"), encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["example"], row["model"]][row["touch"]] = row["value"]
    return found


def values_by_channel(connection, model, options=""):
    totals = defaultdict(float)
    for row in harness.attribution(connection, model, options):
        totals[row["channel"]] += row["value"]
    return dict(totals)


def assert_examples(connection, examples, example, options=""):
    checked = [model for name, model in examples if name == example and model in MODELS[example]]
    assert sorted(checked) == sorted(MODELS[example])
    for name in checked:
        wanted = {touch: float(value) for touch, value in examples[example, name].items()}
        actual = values_by_channel(connection, MODELS[example][name], options)
        assert actual == pytest.approx(wanted, abs=1e-9), name


def test_adobe(journeys_db, examples):
    """Paid search 9 days, social 6 days before; email and display on the day, a microsecond apart to order them."""
    touches = [(1, 0, "paid_search"), (1, 3 * DAY, "social"), (1, 9 * DAY - 1, "email"), (1, 9 * DAY, "display")]
    connection = journeys_db(touches, [(1, 9 * DAY, 50)])
    assert_examples(connection, examples, "adobe", "time_unit=us")


def test_hockey(journeys_db, examples):
    touches = [(1, 1, "Google Ads"), (1, 2, "Facebook Ads"), (1, 3, "Google Ads"), (1, 4, "SDR")]
    assert_examples(journeys_db(touches, [(1, 5, 10_000)]), examples, "hockey")


def test_marketo(journeys_db, examples):
    """Two people of one opportunity: the entity is the opportunity. A web visit without a form is no touch."""
    touches, dates = [], {}
    for text, position in examples["marketo", "positions"].items():
        label, date = re.fullmatch(r"(?:.*\.)?(\w+) (\d{4}-\d\d-\d\d) \([AB]\)", text).groups()
        dates[position] = date
        if not position.startswith("none"):
            touches.append(("opportunity", date, label))
    deal = ("opportunity", dates["CW"], 100, dates["LC"], dates["OC"])
    assert len(touches) == 5
    assert_examples(journeys_db(touches, [deal]), examples, "marketo")
