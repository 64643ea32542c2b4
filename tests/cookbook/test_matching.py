"""Forms matched to accounts, a second way: sets in Python that each rule narrows, as the question says it."""

import collections
import datetime
import re

import pytest

import cookbook
import harness


@pytest.fixture(scope="module")
def demo():
    return cookbook.open_demo()


def site(text):
    found = re.fullmatch(r"https?://(?:www\.)?([^/]+)/.*", text or "")
    return found and found[1]


@pytest.fixture(scope="module")
def matched(demo):
    """form -> (rule that decided or None, accounts left, accounts found)"""
    accounts = {account: (name.lower(), domain) for account, name, domain in demo.execute("SELECT account_id, name, domain FROM accounts")}
    junk = {domain for (domain,) in demo.execute("SELECT domain FROM junk_domains")}
    deals, touches, found = collections.defaultdict(list), collections.defaultdict(list), {}
    for account, opened, closed in demo.execute("SELECT account_id, opp_created_at, closed_at FROM deals"):
        deals[account].append((opened, closed or "9999"))
    for account, time in demo.execute("SELECT account_id, touched_at FROM touches WHERE type = 'marketing'"):
        touches[account].append(time)
    for form, email, company, website, at in demo.execute("SELECT * FROM form_fills"):
        mail, web = email.lower().split("@")[1], site(website)
        name = re.sub(r" ltd\.$", "", (company or "?").lower())
        week_ago = str(datetime.datetime.fromisoformat(at) - datetime.timedelta(days=7))
        rules = [
            lambda a: accounts[a][1] == mail and mail not in junk,
            lambda a: accounts[a][1] == web and web not in junk,
            lambda a: accounts[a][0] == name,
            lambda a: accounts[a][0].startswith(name + " "),
            lambda a: any(opened <= at < closed for opened, closed in deals[a]),
            lambda a: any(week_ago <= time <= at for time in touches[a]),
        ]
        left = {a for a in accounts if any(rule(a) for rule in rules[:4])}
        all_found, decided = len(left), None
        for number, rule in enumerate(rules, 1):
            fits = {a for a in left if rule(a)}
            left = fits or left
            if fits and len(left) == 1:
                decided = number
                break
        found[form] = (decided, left, all_found)
    return found


def test_29_every_form_has_one_outcome(matched):
    expected = collections.Counter()
    for rule, left, _ in matched.values():
        outcome = "unmatched" if not left else "tie" if len(left) > 1 else "proposal" if rule >= 5 else "match"
        expected[outcome, rule] += 1
    rows = cookbook.results(29)[0]
    assert {(row["outcome"], row["rule"]): row["forms"] for row in rows} == expected
    assert sum(row["forms"] for row in rows) == len(matched)
    for row in rows:
        assert row["percent"] == f"{100 * row['forms'] / len(matched):.1f} %"


def test_29_examples_ties_and_unmatched(demo, matched):
    _, examples, ties, unmatched, junk = cookbook.results(29)
    names = dict(demo.execute("SELECT account_id, name FROM accounts"))
    assert [row["rule"] for row in examples] == [1, 2, 3, 5, 6]
    for row in examples:
        rule, left, all_found = matched[row["form_id"]]
        assert (row["rule"], {row["account"]}, row["n_found"]) == (rule, {names[a] for a in left}, all_found)
    tied = [form for form, (_, left, _) in matched.items() if len(left) > 1]
    assert [row["form_id"] for row in ties] == tied[:10]
    for row in ties:
        _, left, all_found = matched[row["form_id"]]
        shown = [row["first_one"], row["second_one"], row["third_one"]]
        assert [name for name in shown if name] == sorted(names[a] for a in left)[:3]
        assert (row["n_left"], row["n_found"]) == (len(left), all_found)
    lost = [form for form, (_, left, _) in matched.items() if not left]
    assert [row["form_id"] for row in unmatched] == lost[:5] and {row["unmatched"] for row in unmatched} == {len(lost)}
    emails = dict(demo.execute("SELECT form_id, email FROM form_fills"))
    for row in junk:
        rules = [matched[form] for form, email in emails.items() if email.endswith("@" + row["junk_domain"])]
        counts = collections.Counter(rule for rule, left, _ in rules if len(left) == 1)
        assert [row[name] for name in ("forms", "by_website", "by_company", "proposals", "ties")] == [
            len(rules), counts[2], counts[3], counts[5] + counts[6], sum(len(left) > 1 for _, left, _ in rules)]


def test_29_matches_are_right_and_proposals_are_not_matches(demo, matched):
    """The demo hides who really sent the form: the contact's id stands in the address, or the address is the contact's."""
    owners = dict(demo.execute("SELECT contact_id, account_id FROM contacts"))
    by_email = dict(demo.execute("SELECT email, account_id FROM contacts"))
    by_domain = dict(demo.execute("SELECT domain, account_id FROM accounts"))
    right = collections.Counter()
    for form, email in demo.execute("SELECT form_id, email FROM form_fills"):
        rule, left, _ = matched[form]
        name, domain = email.lower().split("@")
        if domain.startswith("unknown") or len(left) != 1:
            continue
        digits = re.search(r"\d+", name)
        truth = by_domain[domain] if name == "info" else owners[int(digits[0])] if digits else by_email[email.lower()]
        right[rule, left == {truth}] += 1
    assert not any(right[rule, False] for rule in (1, 2, 3))
    assert (right[5, True] + right[6, True], right[5, False] + right[6, False]) == (1, 25)  # as the file says


def test_29_an_account_with_a_junk_domain_gets_nothing(demo):
    """In a copy, one account has the domain that everybody's free mail has: not one form may go to it."""
    copy = harness.connect()
    demo.backup(copy)
    copy.execute("UPDATE accounts SET domain = 'freemail.example' WHERE account_id = 1")
    assert cookbook.results(29, copy)[4] == cookbook.results(29)[4]
    copy.execute("DELETE FROM junk_domains")
    for table in ("forms", "found", "left_over"):
        copy.execute(f"DROP TABLE temp.{table}")
    assert {(row["outcome"], row["rule"]): row["forms"] for row in cookbook.results(29, copy)[0]}["match", 1] > 150
