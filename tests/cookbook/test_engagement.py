"""Questions 15 and 17 a second time: scores, shares and differences worked out in Python from the raw tables."""

import statistics
from collections import defaultdict
from datetime import datetime, timedelta

import pytest

import cookbook
import raw_crm
from figures import difference
from raw_crm import TODAY, cents, column, euro_cents, table

STARTED, ENDED = datetime(2024, 3, 1), datetime(2024, 6, 1)
CAMPAIGN = 89


def score(account, as_of, without=None):
    """Points, each worth half after every 30 days; what comes later does not exist yet."""
    return sum(t["points"] * 0.5 ** ((as_of - t["touched_at"]) / timedelta(days=30))
               for t in raw_crm.touches_by("account_id")[account] if t["touched_at"] <= as_of and t["campaign_id"] != without)


def percent(text):
    return float(text.rstrip(" %"))


# --- 15 -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def question_15():
    return cookbook.results(15)


@pytest.fixture(scope="module")
def segment():
    """Part -> account -> its scores (start, end, end without the ads, now)."""
    part_of = {t["account_id"]: "held out" if t["held_out"] else "reached"
               for t in table("campaign_targets") if t["campaign_id"] == CAMPAIGN}
    found = defaultdict(dict)
    for account in table("accounts"):
        if account["fit"] in ("moderate", "strong"):
            key = account["account_id"]
            found[part_of.get(key, "not a target")][key] = (
                score(key, STARTED), score(key, ENDED), score(key, ENDED, without=CAMPAIGN), score(key, TODAY))
    return found


def test_15_who_is_engaged_as_of_the_start_the_end_and_now(question_15, segment):
    assert {row["part"] for row in question_15[0]} == set(segment)
    for row in question_15[0]:
        scores = list(segment[row["part"]].values())
        counts = [sum(s[i] >= 20 for s in scores) for i in (0, 1, 3)]
        assert [row["engaged_at_start"], row["engaged_at_end"], row["engaged_now"]] == counts
        assert row["accounts"] == len(scores) and percent(row["share_now"]) == pytest.approx(100 * counts[2] / len(scores), abs=0.051)


def test_15_every_target_lies_in_the_segment_so_the_lot_was_drawn_within_it(segment):
    targets = {t["account_id"] for t in table("campaign_targets") if t["campaign_id"] == CAMPAIGN}
    assert targets == set(segment["reached"]) | set(segment["held out"])
    assert not any(t["campaign_id"] == CAMPAIGN for account in segment["held out"] for t in raw_crm.touches_by("account_id")[account])


def test_15_the_ten_most_engaged_and_their_open_deals(question_15, segment):
    names = {a["account_id"]: a["name"] for a in table("accounts")}
    ranked = sorted(((s[3], s[0], account) for part in segment.values() for account, s in part.items()), reverse=True)[:10]
    assert [row["name"] for row in question_15[1]] == [names[account] for _, _, account in ranked]
    for row, (now, start, account) in zip(question_15[1], ranked):
        deals = [d for d in table("deals") if d["account_id"] == account and d["status"] == "open"]
        assert (row["open_deals"], cents(row["open_pipeline"])) == (len(deals), sum(map(euro_cents, deals)))
        assert (float(row["now"]), float(row["at_start"])) == (pytest.approx(now, abs=0.051), pytest.approx(start, abs=0.051))


def test_15_the_difference_in_differences(question_15, segment):
    mean = {part: [statistics.fmean(s[i] for s in segment[part].values()) for i in range(4)] for part in ("reached", "held out")}
    mean["difference"] = [r - h for r, h in zip(mean["reached"], mean["held out"])]
    for row in question_15[2]:
        start, end, without, now = mean[row["part"]]
        is_ = [float(row[name]) for name in ("at_start", "at_end", "now", "change_by_end", "without_the_ads", "change_by_now")]
        assert is_ == pytest.approx([start, end, now, end - start, without - start, now - start], abs=0.0051)
    assert [row["part"] for row in question_15[2]] == ["reached", "held out", "difference"]


def test_15_the_interval_of_the_shares(question_15, segment):
    for row, i in zip(question_15[3], (0, 1, 2, 3)):
        counts = [(sum(s[i] >= 20 for s in segment[part].values()), len(segment[part])) for part in ("reached", "held out")]
        lift, low, high, p = difference(*counts[0], *counts[1])
        assert [float(row[name]) for name in ("percentage_points", "low", "high")] == pytest.approx(
            [100 * lift, 100 * low, 100 * high], abs=0.051)
        assert float(row["p_value"]) == pytest.approx(p, abs=0.00051)


@pytest.fixture(scope="module")
def pipeline():
    """Account -> [(deal, new, cents)]: not lost, no refund, created since the start or undecided at it."""
    found = defaultdict(list)
    for deal in table("deals"):
        undecided = deal["closed_at"] is None or deal["closed_at"] >= STARTED
        if deal["kind"] != "refund" and deal["status"] != "lost" and (deal["created_at"] >= STARTED or undecided):
            found[deal["account_id"]].append((deal["deal_id"], deal["created_at"] >= STARTED, euro_cents(deal)))
    return found


def new_and_existing(accounts, pipeline):
    """Each deal once."""
    deals = {deal for account in accounts for deal in pipeline[account]}
    return {new: sum(amount for _, is_new, amount in deals if is_new == new) for new in (True, False)}


def test_15_new_and_existing_pipeline_by_part(question_15, segment, pipeline):
    for row in question_15[4]:
        worth = new_and_existing(segment[row["part"]], pipeline)
        assert (cents(row["new"]), cents(row["existing"])) == (worth[True], worth[False])
        n = len(segment[row["part"]])
        assert cents(row["new_per_account"]) == pytest.approx(worth[True] / n, abs=0.51)
        assert cents(row["existing_per_account"]) == pytest.approx(worth[False] / n, abs=0.51)


def test_15_every_deal_counts_once_across_campaigns(question_15, segment, pipeline):
    members = {account for part in segment.values() for account in part}
    responded = defaultdict(set)
    for t in table("touches"):
        if t["account_id"] in members and t["points"] > 0 and STARTED <= t["touched_at"] < ENDED:
            responded[t["campaign_id"]].add(t["account_id"])
    names = raw_crm.by_id("campaigns", "campaign_id")
    worth = {names[c]["name"]: new_and_existing(accounts, pipeline) for c, accounts in responded.items()}
    rows = {row["campaign"]: row for row in question_15[5]}
    best = sorted(worth, key=lambda name: -worth[name][True])[:6]
    assert list(rows) == best + ["all campaigns, added up", "each deal once"]
    for name in best:
        assert (cents(rows[name]["new"]), cents(rows[name]["existing"])) == (worth[name][True], worth[name][False])
    once = new_and_existing(set().union(*responded.values()), pipeline)
    assert (cents(rows["each deal once"]["new"]), cents(rows["each deal once"]["existing"])) == (once[True], once[False])
    added = rows["all campaigns, added up"]
    assert cents(added["new"]) == sum(w[True] for w in worth.values()) > once[True]
    assert cents(added["existing"]) == sum(w[False] for w in worth.values())
    assert {row["accounts"] for row in question_15[5][-2:]} == {len(set().union(*responded.values()))}


# --- 17 -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def question_17():
    return cookbook.results(17)


@pytest.fixture(scope="module")
def deals():
    """Every new business deal with its part and segment."""
    segments = {a["account_id"]: a["segment"] for a in table("accounts")}
    found = []
    for deal in table("deals"):
        if deal["kind"] == "new business":
            before = raw_crm.path(raw_crm.touches_by("account_id")[deal["account_id"]], deal["created_at"])
            part = "no touch" if not before else "engaged" if score(deal["account_id"], deal["created_at"]) >= 60 else "not engaged"
            found.append({**deal, "part": part, "segment": segments[deal["account_id"]], "cents": euro_cents(deal)})
    return found


def having(deals, **values):
    return [d for d in deals if all(d[key] == value for key, value in values.items())]


def test_17_no_deal_is_decided_before_it_is_created(deals):
    assert all(d["closed_at"] is None or d["closed_at"] > d["created_at"] for d in deals)


def test_17_win_rate_and_deal_size(question_17, deals):
    assert {row["part"] for row in question_17[0]} == {d["part"] for d in deals}
    for row in question_17[0]:
        mine = having(deals, part=row["part"])
        won, lost, open_ = (having(mine, status=s) for s in ("won", "lost", "open"))
        assert (row["deals"], row["won"], row["lost"], row["open"]) == (len(mine), len(won), len(lost), len(open_))
        assert percent(row["win_rate"]) == pytest.approx(100 * len(won) / (len(won) + len(lost)), abs=0.051)
        assert cents(row["average_won"]) == pytest.approx(statistics.fmean(d["cents"] for d in won), abs=0.51)


def test_17_the_lift_and_its_interval(question_17, deals):
    decided = [d for d in deals if d["status"] != "open"]
    assert [row["segment"] for row in question_17[1]] == ["enterprise", "mid-market", "smb", "all segments",
                                                          "all, with deals without a touch"]
    for row in question_17[1]:
        mine = having(decided, segment=row["segment"]) if row["segment"] in ("enterprise", "mid-market", "smb") else decided
        if "without a touch" not in row["segment"]:
            mine = [d for d in mine if d["part"] != "no touch"]
        engaged, others = having(mine, part="engaged"), [d for d in mine if d["part"] != "engaged"]
        lift, low, high, p = difference(len(having(engaged, status="won")), len(engaged), len(having(others, status="won")), len(others))
        assert (row["engaged"], row["not_engaged"]) == (len(engaged), len(others))
        assert [float(row[name]) for name in ("lift", "low", "high")] == pytest.approx([100 * lift, 100 * low, 100 * high], abs=0.051)
        assert float(row["p_value"]) == pytest.approx(p, abs=0.00051)


def test_17_size_and_velocity_within_segments(question_17, deals):
    assert len(question_17[2]) == 6
    for row in question_17[2]:
        mine = having(deals, part=row["part"], segment=row["segment"])
        won, lost = having(mine, status="won"), having(mine, status="lost")
        days = [(d["closed_at"] - d["created_at"]) / timedelta(days=1) for d in won]
        size, median = statistics.fmean(d["cents"] for d in won), statistics.median(days)
        assert row["won"] == len(won) and cents(row["average_won"]) == pytest.approx(size, abs=0.51)
        assert row["average_days"] == pytest.approx(statistics.fmean(days), abs=0.051)
        assert row["median_days"] == pytest.approx(median, abs=0.051)
        assert row["p90_days"] == pytest.approx(statistics.quantiles(days, n=10, method="inclusive")[8], abs=0.051)
        rate = len(won) / (len(won) + len(lost))
        assert cents(row["euros_per_day"]) == pytest.approx(rate * size / median, abs=0.51)


def test_17_the_first_look_and_the_fair_comparison_tell_what_the_comments_say(question_17, deals):
    """Half as much again at first sight; within a segment no more than a tenth."""
    first = column(question_17[0], "part", "average_won")
    assert 1.4 < first["engaged"] / first["not engaged"] < 1.6
    for segment in ("enterprise", "mid-market", "smb"):
        engaged, others = (next(cents(r["average_won"]) for r in question_17[2] if r["segment"] == segment and r["part"] == part)
                           for part in ("engaged", "not engaged"))
        assert 0.9 < engaged / others < 1.1
