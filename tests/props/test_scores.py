"""engagement_score, lift and auc on random data: sums in high precision, all pairs, R's prop.test() and wilcox.test(), what must
not matter and what must add up. email_domain and web_domain of addresses put together, and beside Python's own readers.

R is installed by `make test`; without it these tests fail.
"""

import csv
import json
import random
import re
import subprocess
from decimal import Decimal, localcontext
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness

LIFTS, RANKS = (Path(__file__).with_name(name) for name in ("scores_lift.R", "scores_auc.R"))
MISSING = [None, ""]
FADED = 1e-280  # far below what counts: after 1,000 half-lives nothing is left at all
COUNTS = ["treated", "treated_converted", "control", "control_converted"]


def value_of(columns, rows, call, where=""):
    connection = harness.connect()
    harness.create(connection, "t", columns, rows)
    try:
        return connection.execute(f"SELECT {call} FROM t {where}").fetchone()[0]
    finally:
        connection.close()


def by_r(script, folder, header, rows):
    """What a script makes of a table, as dicts."""
    source, target = folder / "rows.csv", folder / "figures.csv"
    with open(source, "w", encoding="ascii", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    subprocess.run(["Rscript", "--vanilla", script, source, target], check=True)
    with open(target, encoding="ascii", newline="") as file:
        return list(csv.DictReader(file))


############################### engagement_score ###############################

points = st.one_of(st.integers(-20, 100), st.floats(-1e6, 1e6), st.sampled_from(["1.5", " -2 ", None, ""]))
times = st.one_of(st.integers(0, 4000), st.floats(0, 4000).map(lambda t: round(t, 3)), st.sampled_from(["1970-01-01 00:10", None, ""]))
touches = st.lists(st.tuples(points, times), max_size=30)


def seconds_of(ts):
    return Decimal(600) if ts == "1970-01-01 00:10" else Decimal(repr(ts))


def decayed(rows, as_of, half_life):
    """The sum of points x 2^(-age / half_life), and the sum of the sizes of what is added, in 50 digits."""
    with localcontext() as context:
        context.prec = 50
        known = [(Decimal(str(p)), seconds_of(ts)) for p, ts in rows if p not in MISSING and ts not in MISSING]
        parts = [p * Decimal(2) ** -((as_of - ts) / Decimal(repr(half_life))) for p, ts in known if ts <= as_of]
        return float(sum(parts)), float(sum(map(abs, parts)))


@given(touches, st.integers(0, 4000), st.sampled_from([1, 0.5, 60, 600, 86400]))
def test_engagement_is_the_decayed_sum(rows, as_of, half_life):
    actual = value_of(["p", "ts"], rows, f"engagement_score(p, ts, {as_of}, {half_life})")
    wanted, size = decayed(rows, as_of, half_life)
    assert actual == pytest.approx(wanted, rel=0, abs=1e-12 * size + FADED)


@given(touches, st.integers(0, 4000), st.randoms(use_true_random=False))
def test_engagement_does_not_depend_on_the_order_of_rows(rows, as_of, shuffler):
    call = f"engagement_score(p, ts, {as_of}, 7)"
    wanted = value_of(["p", "ts"], rows, call)
    shuffler.shuffle(rows)
    assert value_of(["p", "ts"], rows, call).hex() == wanted.hex()


@given(touches, st.integers(0, 4000), st.integers(0, 30))
def test_two_halves_of_the_touches_add_up(rows, as_of, cut):
    parts = [value_of(["p", "ts"], part, f"engagement_score(p, ts, {as_of}, 60)") for part in (rows, rows[:cut], rows[cut:])]
    assert parts[0] == pytest.approx(parts[1] + parts[2], rel=1e-12, abs=1e-12 * decayed(rows, as_of, 60)[1] + FADED)


@given(touches, st.integers(0, 4000))
def test_without_new_touches_a_score_halves_in_a_half_life(rows, as_of):
    old = [row for row in rows if row[1] in MISSING or seconds_of(row[1]) <= as_of]
    now, later = [value_of(["p", "ts"], old, f"engagement_score(p, ts, {as_of + wait}, 600)") for wait in (0, 600)]
    assert later == pytest.approx(now / 2, rel=1e-12, abs=1e-12 * decayed(old, as_of, 600)[1] + FADED)


############################### lift ###############################

truths = st.sampled_from([0, 1, 1, 0, 2, "1", "0", 0.5, None, ""])
people = st.lists(st.tuples(truths, truths), max_size=40)


def is_true(value):
    return float(value) != 0


def lift_of(rows, arguments="t, c", where=""):
    return json.loads(value_of(["t", "c"], rows, f"lift({arguments})", where))


@given(people)
def test_lift_counts_what_plain_sql_counts(rows):
    known = [(is_true(t), is_true(c)) for t, c in rows if t not in MISSING and c not in MISSING]
    lift = lift_of(rows)
    wanted = [sum(t for t, c in known), sum(t and c for t, c in known), sum(not t for t, c in known), sum(not t and c for t, c in known)]
    assert [lift[name] for name in COUNTS] == wanted
    for group in ("treated", "control"):
        n, converted, rate = lift[group], lift[f"{group}_converted"], lift[f"{group}_rate"]
        assert rate == (converted / n if n else None)
    treated, control = lift["treated_rate"], lift["control_rate"]
    empty = treated is None or control is None
    assert lift["lift"] == (None if empty else treated - control)
    assert lift["relative"] == (None if empty or control == 0 else treated / control - 1)
    assert (lift["low"] is None) == (lift["high"] is None) == empty
    assert (lift["p_value"] is None) == (empty or len({c for _, c in known}) < 2)


@given(people, st.randoms(use_true_random=False))
def test_lift_does_not_depend_on_the_order_of_rows(rows, shuffler):
    wanted = value_of(["t", "c"], rows, "lift(t, c)")
    shuffler.shuffle(rows)
    assert value_of(["t", "c"], rows, "lift(t, c)") == wanted


@given(people)
def test_the_other_way_round_the_lift_turns_its_sign(rows):
    one, other = lift_of(rows), lift_of(rows, "CASE WHEN t <> '' THEN NOT t END, c")
    assert other["treated"] == one["control"] and other["p_value"] == one["p_value"]
    if one["lift"] is not None:
        assert [other["lift"], other["low"], other["high"]] == pytest.approx([-one["lift"], -one["high"], -one["low"]], abs=1e-15)


def random_trials(count=200):
    """Small and large groups, rates near each other and far apart, none and all of a group."""
    shuffler = random.Random(6)
    while count:
        sizes = [shuffler.choice([1, 2, 7, 30, 500, 20_000]) + shuffler.randrange(3) for _ in range(2)]
        rate = shuffler.choice([0, 0.002, 0.1, 0.5, 1])
        converted = [min(n, max(0, round(n * (rate + shuffler.choice([0, 0.001, -0.02, 0.2]))))) for n in sizes]
        if 0 < sum(converted) < sum(sizes):
            yield sizes[0], converted[0], sizes[1], converted[1], shuffler.choice([0.5, 0.8, 0.95, 0.99])
            count -= 1


def lift_of_counts(connection, treated, treated_converted, control, control_converted, confidence):
    sql = """
      WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < ?1 + ?3)
      SELECT lift(i <= ?1, iif(i <= ?1, i <= ?2, i <= ?1 + ?4), ?5) FROM n"""
    counts = (treated, treated_converted, control, control_converted)
    return json.loads(connection.execute(sql, (*counts, confidence)).fetchone()[0])


def test_lifts_equal_those_of_r(db, tmp_path):
    trials = [*random_trials(), (70, 56, 80, 48, 0.95), (1_000_000, 30_100, 1_000_000, 30_000, 0.95), (400_000, 4, 300_000, 1, 0.99)]
    for trial, wanted in zip(trials, by_r(LIFTS, tmp_path, (*COUNTS, "confidence"), trials), strict=True):
        actual = lift_of_counts(db, *trial)
        assert tuple(actual[name] for name in COUNTS) == trial[:4]
        for name in ("lift", "low", "high"):
            assert actual[name] == pytest.approx(float(wanted[name]), rel=1e-12, abs=1e-12), (trial, name)
        assert actual["p_value"] == pytest.approx(float(wanted["p_value"]), rel=1e-12, abs=1e-15), trial


############################### auc ###############################

scores = st.one_of(st.integers(-5, 5), st.floats(-1e9, 1e9), st.sampled_from([0.0, -0.0, "2", " 3.5 ", None, ""]))
scored = st.lists(st.tuples(scores, truths), max_size=40)


def known_scores(rows):
    """(score, whether it converted) of the rows that have both."""
    return [(float(s), is_true(c)) for s, c in rows if s not in MISSING and c not in MISSING]


def pairs_in_order(rows):
    """Twice the number of pairs in the right order, ties once, and the number of pairs."""
    known = known_scores(rows)
    pairs = [(high, low) for high, converted in known for low, other in known if converted and not other]
    return sum((high > low) + (high >= low) for high, low in pairs), len(pairs)


@given(scored)
def test_auc_is_the_share_of_pairs_in_the_right_order(rows):
    twice, pairs = pairs_in_order(rows)
    assert value_of(["s", "c"], rows, "auc(s, c)") == (twice / (2 * pairs) if pairs else None)


@given(scored)
def test_auc_equals_plain_sql(rows):
    connection = harness.connect()
    harness.create(connection, "t", ["s", "c"], rows)
    sql = """
      WITH k AS (SELECT CAST(s AS REAL) AS s, CAST(c AS REAL) <> 0 AS c FROM t WHERE s <> '' AND c <> '')
      SELECT avg((a.s > b.s) + 0.5 * (a.s = b.s)), (SELECT auc(s, c) FROM t) FROM k AS a, k AS b WHERE a.c AND NOT b.c"""
    wanted, actual = connection.execute(sql).fetchone()
    connection.close()
    assert actual == (None if wanted is None else pytest.approx(wanted, abs=1e-12))


@given(scored, st.randoms(use_true_random=False))
def test_auc_does_not_depend_on_the_order_of_rows(rows, shuffler):
    wanted = value_of(["s", "c"], rows, "auc(s, c)")
    shuffler.shuffle(rows)
    assert value_of(["s", "c"], rows, "auc(s, c)") == wanted


@given(scored)
def test_auc_of_the_opposite_and_of_the_same_order(rows):
    one, turned, stretched = [value_of(["s", "c"], rows, f"auc({score}, c)") for score in ("s", "CASE WHEN s <> '' THEN -s END", "CASE WHEN s <> '' THEN s * 8 END")]
    assert one == stretched
    assert turned == (None if one is None else pytest.approx(1 - one, abs=1e-15))


def random_rankings(count=100):
    """Lists of (score, converted): few and many rows, many ties or none."""
    shuffler = random.Random(7)
    for _ in range(count):
        size, different = shuffler.choice([2, 5, 40, 2000]), shuffler.choice([1, 3, 50, 10**9])
        rows = [(shuffler.randrange(different), shuffler.randrange(2)) for _ in range(size)]
        yield [*rows, (shuffler.randrange(different), 0), (shuffler.randrange(different), 1)]


def test_auc_equals_the_statistic_of_r(tmp_path):
    rankings = list(random_rankings())
    rows = [(number, *row) for number, ranking in enumerate(rankings) for row in ranking]
    for ranking, wanted in zip(rankings, by_r(RANKS, tmp_path, ("set", "score", "converted"), rows), strict=True):
        converted = sum(c for _, c in ranking)
        auc = float(wanted["statistic"]) / (converted * (len(ranking) - converted))
        assert value_of(["s", "c"], ranking, "auc(s, c)") == pytest.approx(auc, rel=1e-15)


############################### email_domain, web_domain ###############################

labels = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,8}[A-Za-z0-9])?", fullmatch=True)
endings = st.from_regex(r"[A-Za-z][A-Za-z0-9]{1,5}", fullmatch=True)
domains = st.builds(lambda parts, end: ".".join([*parts, end]), st.lists(labels, min_size=1, max_size=3), endings)
users = st.from_regex(r"[A-Za-z0-9.!#$%&'*+/=^_`{|}~-]{1,12}", fullmatch=True)
paths = st.from_regex(r"([/?#][A-Za-z0-9/?#@:.%&=-]{0,15})?", fullmatch=True)
DOMAIN = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.[a-z][a-z0-9_-]*")


@pytest.fixture(scope="module")
def domain_of():
    """Function: email_domain(text) or web_domain(text)."""
    connection = harness.connect()
    yield lambda function, text: connection.execute(f"SELECT {function}(?)", (text,)).fetchone()[0]
    connection.close()


@given(users, domains, st.sampled_from(["{}", " {}\n", "<{}>", "Jane Doe <{}>", '"Doe, Jane" <{}>', "mailto:{}", "MAILTO:{}?cc=a@b.org", "{}."]))
def test_the_domain_of_an_email(domain_of, user, domain, form):
    address = f"{user}@{domain}"
    assert domain_of("email_domain", form.format(address)) == domain.lower()
    if "mailto" not in form.lower() and not form.endswith("."):
        assert parseaddr(form.format(address))[1].rpartition("@")[2].lower() == domain.lower()


def without_www(host):
    rest = host[4:] if host.startswith("www.") else host
    return rest if "." in rest else host


@given(st.sampled_from(["", "//", "http://", "HTTPS://", "ftp://"]), st.sampled_from(["", "jane@", "jane:p@ss@"]), st.sampled_from(["", "www.", "WWW."]),
       domains, st.sampled_from(["", ":", ":80", ":65535"]), paths)  # fmt: skip
def test_the_domain_of_a_web_address(domain_of, scheme, user, www, domain, port, path):
    text = f"{scheme}{user}{www}{domain}{port}{path}"
    wanted = without_www((www + domain).lower())
    assert domain_of("web_domain", text) == domain_of("web_domain", f" {text}\t") == wanted
    if scheme:
        assert without_www(urlsplit(text).hostname) == wanted


@given(st.text(alphabet="aZ1.-_@:/<>?#, \\\"[]w", max_size=30))
def test_what_comes_out_is_a_domain_of_the_text(domain_of, text):
    for function in ("email_domain", "web_domain"):
        domain = domain_of(function, text)
        assert domain is None or (DOMAIN.fullmatch(domain) and domain in text.lower()), (function, text)
