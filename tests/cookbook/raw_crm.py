"""The demo CRM as Python values, read table by table without the extension: what the cookbook's answers are worked out
from a second time. Money is whole cents, times are datetimes, credit is divided in exact fractions."""

import sqlite3
from collections import defaultdict
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache

import cookbook

TODAY = datetime(2024, 12, 31, 23, 59, 59)


@lru_cache(maxsize=None)
def table(name):
    """All rows of a table as dicts; text that looks like a time becomes one."""
    connection = sqlite3.connect(f"file:{cookbook.DEMO}?mode=ro", uri=True)
    cursor = connection.execute(f"SELECT * FROM {name}")
    names = [column[0] for column in cursor.description]
    rows = [{key: moment(value) if key.endswith("_at") else value for key, value in zip(names, row)} for row in cursor]
    connection.close()
    return rows


def moment(text):
    return None if text is None else datetime.strptime(text, "%Y-%m-%d %H:%M:%S")


@lru_cache(maxsize=None)
def by_id(name, key):
    return {row[key]: row for row in table(name)}


def half_up(number):
    """The nearest whole number, halves away from 0."""
    whole = int(abs(number) + Fraction(1, 2))
    return whole if number >= 0 else -whole


def euro_cents(deal):
    """At the rate of the month of the close, of the last month while open."""
    month = (deal["closed_at"] or TODAY).strftime("%Y-%m")
    rate = next(r["eur"] for r in rates()[deal["currency"]] if r["month"] == month)
    return half_up(deal["amount_cents"] * Fraction(str(rate)))


@lru_cache(maxsize=None)
def rates():
    found = defaultdict(list)
    for row in table("fx_rates"):
        found[row["currency"]].append(row)
    return found


@lru_cache(maxsize=None)
def touches_by(key):
    """Touches by account_id or contact_id, in order of (time, channel, id)."""
    found = defaultdict(list)
    for touch in table("touches"):
        if touch[key] is not None:
            found[touch[key]].append(touch)
    for touches in found.values():
        touches.sort(key=lambda t: (t["touched_at"], t["channel"], t["touch_id"]))
    return found


def path(touches, at, days=None):
    """The touches up to a time, and no more than so many days before it."""
    return [t for t in touches if t["touched_at"] <= at and (days is None or at - t["touched_at"] <= timedelta(days=days))]


def divided(cents, weights):
    """Cents in proportion to weights, by largest remainder; a refund mirrors the sale, ties go to the earlier one."""
    exact = [Fraction(abs(cents)) * Fraction(w) / sum(map(Fraction, weights)) for w in weights]
    parts = [int(e) for e in exact]
    spare = abs(cents) - sum(parts)
    for i in sorted(range(len(exact)), key=lambda i: (parts[i] - exact[i], i))[:spare]:
        parts[i] += 1
    return [p if cents >= 0 else -p for p in parts]


def credit(deals, touches_of, at_of, cents_of, days=None, weights_of=None):
    """(deal, touch or None, cents, share): equal parts, or by weights_of(deal, path); nobody's deal has touch None."""
    for deal in deals:
        touches = path(touches_of(deal), at_of(deal), days)
        weights = weights_of(deal, touches) if weights_of else [1] * len(touches)
        if not touches:
            yield deal, None, cents_of(deal), Fraction(1)
            continue
        for touch, weight, cents in zip(touches, weights, divided(cents_of(deal), weights)):
            yield deal, touch, cents, Fraction(weight, sum(weights))


def per_channel(credits):
    """Channel -> cents."""
    totals = defaultdict(int)
    for _, touch, cents, _ in credits:
        totals[touch["channel"] if touch else "(unattributed)"] += cents
    return dict(totals)


def cents(text):
    """What a cookbook file prints as euros, in cents; None where it prints none."""
    return None if text is None else round(100 * float(text))


def column(rows, key, value, read=cents):
    """One column of a result set, by another."""
    return {row[key]: read(row[value]) for row in rows}
