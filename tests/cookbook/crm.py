"""The demo's CRM read with plain Python, without the extension: the second way to the cookbook's numbers.

Times are datetimes, money is in whole cents of euros.
"""

import sqlite3
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

import cookbook

IDLE = timedelta(days=30)
TODAY = datetime(2024, 12, 31, 23, 59, 59)
STAGES = ["inquiry", "mql", "sal", "sql", "won"]
NOBODY = "(unattributed)"


@lru_cache(maxsize=None)
def rows(sql):
    """Rows of a statement as dicts, times as datetimes; no extension is loaded here."""
    connection = sqlite3.connect(f"file:{cookbook.DEMO}?mode=ro", uri=True)
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description]
    found = [dict(zip(names, row)) for row in cursor]
    connection.close()
    for row in found:
        for name, value in row.items():
            if value is not None and (name.endswith("_at") or name == "effective_from"):
                row[name] = datetime.fromisoformat(value)
    return found


@lru_cache(maxsize=None)
def deals():
    """Deals with 'cents' in euros: the cents of the deal at the rate of the closing month, or of today."""
    rates = {(row["currency"], row["month"]): Decimal(str(row["eur"])) for row in rows("SELECT * FROM fx_rates")}
    found = rows("SELECT * FROM deals ORDER BY deal_id")
    for deal in found:
        month = (deal["closed_at"] or TODAY).strftime("%Y-%m")
        exact = deal["amount_cents"] * rates[deal["currency"], month]
        deal["cents"] = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
        deal["sale"] = deal["refund_of"] or deal["deal_id"]
    return found


def won_deals():
    return [deal for deal in deals() if deal["status"] == "won"]


@lru_cache(maxsize=None)
def touches_by(column):
    """Touches of each account_id or contact_id, in order of time."""
    found = defaultdict(list)
    for touch in rows("SELECT * FROM touches ORDER BY touched_at, channel, touch_id"):
        if touch[column] is not None:
            found[touch[column]].append(touch)
    return found


@lru_cache(maxsize=None)
def leads():
    return {lead["lead_id"]: lead for lead in rows("SELECT * FROM leads")}


@lru_cache(maxsize=None)
def events():
    """The stage events of each lead, in order of time."""
    found = defaultdict(list)
    for event in rows("SELECT * FROM stage_events ORDER BY entered_at, event_id"):
        found[event["lead_id"]].append(event)
    return found


@lru_cache(maxsize=None)
def passes():
    """The passes of each lead under the rule that 30 days without progress close it, from its inquiry on.

    A pass is a dict: number, source, started_at, entered (stage -> time), stage (the furthest), outcome (opportunity,
    disqualified, idle, open) and ended_at. It ends as an opportunity at its sql. Every pass of the demo begins with an
    inquiry, which this asserts.
    """
    found = {}
    for lead, history in events().items():
        mine = found[lead] = []
        current = None
        for event in history:
            now, stage = event["entered_at"], event["stage"]
            if current and current["outcome"] == "open" and now > current["entered"][current["stage"]] + IDLE:
                close(current, "idle", current["entered"][current["stage"]] + IDLE)
            if stage == "inquiry":
                assert current is None or current["outcome"] != "open"
                current = {"lead": lead, "number": len(mine) + 1, "source": event["source"], "started_at": now,
                           "entered": {}, "outcome": "open", "ended_at": None}
                mine.append(current)
            elif current["outcome"] != "open":
                assert stage in ("recycled", "won", "lost")
                continue
            if stage in STAGES:
                current["entered"][stage] = now
                current["stage"] = stage
                if stage == "sql":
                    close(current, "opportunity", now)
            else:
                close(current, stage, now)
        last = current["entered"][current["stage"]]
        if current["outcome"] == "open" and newest() > last + IDLE:
            close(current, "idle", last + IDLE)
    return found


def close(a_pass, outcome, at):
    a_pass["outcome"] = outcome
    a_pass["ended_at"] = at


@lru_cache(maxsize=None)
def newest():
    """The latest time in stage_events: 'now' of the funnel functions without as_of."""
    return max(event["entered_at"] for history in events().values() for event in history)


def first_channel(touches, after=None, column="channel"):
    """The channel (or type) of the earliest touch, after a time if one is given."""
    for touch in touches:
        if after is None or touch["touched_at"] > after:
            return touch[column]
    return None


def pass_of_deal(deal):
    """The pass in which a deal's lead became its opportunity, and when the pass before it was closed."""
    before = None
    for one in passes()[deal["lead_id"]]:
        if one["outcome"] == "opportunity":
            assert one["entered"]["sql"] == deal["opp_created_at"]
            return one, before
        before = one["ended_at"]
    raise AssertionError(f"deal {deal['deal_id']} has no opportunity")


def cents(text):
    """The whole cents of a printed amount."""
    exact = Decimal(text.strip()) * 100
    assert exact == int(exact)
    return int(exact)


def number(text):
    """The number in a printed percentage."""
    return float(text.replace("%", "").replace("*", ""))


def one_decimal(value):
    """As SQLite prints it: a half is rounded up."""
    return f"{Decimal(repr(float(value))).quantize(Decimal('0.1'), ROUND_HALF_UP):>5}"


def printed_percent(part, whole):
    return f"{one_decimal(100 * part / whole)} %"
