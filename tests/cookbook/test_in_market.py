"""Accounts in market, a second way: Python over raw rows, an own logistic regression, pairs counted one by one."""

import collections
import datetime

import pytest

import cookbook
from figures import difference, fit, pairs, probability

EVENINGS = {"learn": "2024-07-04 23:59:59", "test": "2024-10-02 23:59:59", "today": "2024-12-31 23:59:59"}
DEGREE = {"weak": 0, "moderate": 1, "strong": 2}


def at(text):
    return datetime.datetime.fromisoformat(text)


def days(number):
    return datetime.timedelta(days=number)


@pytest.fixture(scope="module")
def known():
    """role -> {account: dict}"""
    demo = cookbook.open_demo()
    touches, stages, wins = (collections.defaultdict(list) for _ in range(3))
    degree = {contact: DEGREE[fit_] for contact, fit_ in demo.execute("SELECT contact_id, fit FROM contacts")}
    for account, contact, time, points, kind in demo.execute("SELECT account_id, contact_id, touched_at, points, type FROM touches"):
        if kind == "marketing":
            touches[account].append((at(time), points, degree.get(contact)))
    for account, start, end, stage in demo.execute("SELECT * FROM account_stages"):
        stages[account].append((start, end or "9999", stage))
    for account, time in demo.execute("SELECT account_id, closed_at FROM deals WHERE status = 'won' AND kind <> 'refund'"):
        wins[account].append(at(time))

    def engagement(account, evening):
        return sum(points * 2 ** (-(evening - time) / days(30)) for time, points, _ in touches[account] if time <= evening)

    found = {}
    for role, text in EVENINGS.items():
        evening, rows = at(text), {}
        for account, name, fit_ in demo.execute("SELECT account_id, name, fit FROM accounts").fetchall():
            now = engagement(account, evening)
            stage = [stage for start, end, stage in stages[account] if start <= text[:10] < end]
            seen = [n for time, _, n in touches[account] if evening - days(90) <= time <= evening]
            row = {"name": name, "fit": DEGREE[fit_], "engagement": now, "momentum": now - engagement(account, evening - days(30)),
                   "stage": stage[0] if stage else "none", "won": any(evening < t <= evening + days(90) for t in wins[account])}
            row["tests"] = [row["fit"] >= 1, max(seen, default=-1) == 2, now >= 30, row["stage"] in ("Decision", "Purchase")]
            rows[account] = row
        found[role] = rows
    return found


@pytest.fixture(scope="module")
def rated(known):
    """role -> {account: (probability without, with the stage)}"""
    def x(row, with_stage):
        return (1, row["fit"], row["engagement"], row["momentum"]) + ((row["stage"] == "Decision",) if with_stage else ())

    models = [fit([(int(row["won"]), x(row, with_stage)) for row in known["learn"].values()])[0] for with_stage in (False, True)]
    return {role: {account: tuple(probability(model, x(row, n)) for n, model in enumerate(models)) for account, row in rows.items()}
            for role, rows in known.items()}


def test_16_test_after_test(known):
    for row, rows in zip(cookbook.results(16)[0], known.values()):
        expected = [sum(all(r["tests"][:n]) for r in rows.values()) for n in range(5)]
        assert [row[name] for name in ("accounts", "fit", "and_people", "and_engaged", "and_buying_stage")] == expected


def test_16_the_rule_judged(known):
    rows = list(known["test"].values())
    picks = [lambda r, n=n: r["tests"][n] for n in range(4)] + [lambda r: all(r["tests"])]
    for got, pick in zip(cookbook.results(16)[1], picks):
        inside, others = [r["won"] for r in rows if pick(r)], [r["won"] for r in rows if not pick(r)]
        assert (got["accounts"], got["won"], got["others_won"]) == (len(inside), sum(inside), sum(others))
        expected = difference(sum(inside), len(inside), sum(others), len(others))
        assert [float(got[name]) for name in ("lift", "low", "high")] == pytest.approx([100 * v for v in expected[:3]], abs=0.051)
        assert got["rate"].strip() == f"{100 * sum(inside) / len(inside):.1f} %"
        assert got["others_rate"].strip() == f"{100 * sum(others) / len(others):.1f} %"


def test_16_rule_and_models(known, rated):
    rows = known["test"]
    named = {account for account, row in rows.items() if all(row["tests"])}
    winners = {account for account, row in rows.items() if row["won"]}
    orders = [{account: float(account in named) for account in rows}] + [
        {account: rated["test"][account][n] for account in rows} for n in (0, 1)]
    for got, order in zip(cookbook.results(16)[2], orders):
        top = set(sorted(rows, key=lambda account: (-order[account], account))[: len(named)])
        assert (got["named"], got["won"]) == (len(named), len(top & winners))
        assert got["rate"].strip() == f"{100 * len(top & winners) / len(named):.1f} %"
        assert got["found"].strip() == f"{100 * len(top & winners) / len(winners):.1f} %"
        assert got["auc"] == f"{pairs([(order[account], account in winners) for account in rows]):.3f}"


def test_16_the_accounts_of_today(known, rated):
    rows = {account: row for account, row in known["today"].items() if all(row["tests"])}
    expected = sorted(rows, key=lambda account: -rated["today"][account][1])[:15]
    by_stage, got = cookbook.results(16)[3:]
    assert [row["account_id"] for row in got] == expected
    for row in got:
        truth = rows[row["account_id"]]
        assert (row["name"], row["stage"], DEGREE[row["fit"]]) == (truth["name"], truth["stage"], truth["fit"])
        assert float(row["engagement"]) == pytest.approx(truth["engagement"], abs=0.051)
        assert float(row["momentum"]) == pytest.approx(truth["momentum"], abs=0.051)
        assert float(row["probability"][:-2]) == pytest.approx(100 * rated["today"][row["account_id"]][1], abs=0.051)
    in_talks = {account for (account,) in cookbook.open_demo().execute("SELECT account_id FROM deals WHERE status = 'open'")}
    for row in by_stage:
        inside = {account for account, truth in rows.items() if truth["stage"] == row["stage"]}
        assert (row["accounts"], row["with_open_deal"], row["without"]) == (
            len(inside), len(inside & in_talks), len(inside - in_talks))
        assert row["expected_to_win"] == f"{sum(rated['today'][account][1] for account in inside):.1f}"
    assert sum(row["accounts"] for row in by_stage) == len(rows)
