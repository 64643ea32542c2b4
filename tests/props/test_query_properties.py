"""Conditions, orders and groups on the calls equal the same query over a plain table that holds all their rows.

Whatever of a condition or an order goes down into the call, the answer must not show it.
"""

from hypothesis import assume, given
from hypothesis import strategies as st

import harness
import strategies
from test_attribution_properties import fill, valid

HALF_DAY = strategies.HALF_DAY
literals = st.sampled_from(["1", "1.0", "'1'", "2", "'b'", "NULL", "''", "-5"])
moments = st.integers(0, 30).map(lambda n: str(n * HALF_DAY))
PLAIN_CONDITIONS = ["channel = 'ads'", "channel <> 'email'", "model = 'linear'", "credit = 1", "value > 0"]
comparisons = st.sampled_from(["=", "<", "<=", ">", ">=", "<>", "IS", "IS NOT"])


@st.composite
def conditions(draw):
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return f"entity {draw(comparisons)} {draw(literals)}"
    if kind == 1:
        return f"entity IN ({', '.join(draw(st.lists(literals, min_size=1, max_size=3)))})"
    if kind == 2:
        column = draw(st.sampled_from(["touched_at", "converted_at"]))
        return f"{column} {draw(comparisons)} {draw(st.one_of(moments, st.just('NULL')))}"
    if kind == 3:
        return f"{draw(moments)} {draw(st.sampled_from(['<', '>=']))} touched_at"
    if kind == 4:
        column = draw(st.sampled_from(["conversion_id", "touch_id", "position", "path_length"]))
        return f"{column} {draw(comparisons)} {draw(st.integers(0, 6))}"
    return draw(st.sampled_from(PLAIN_CONDITIONS))


ORDER_COLUMNS = ["model", "entity", "conversion_id", "converted_at", "touched_at", "channel", "position", "credit"]
order_terms = st.tuples(st.sampled_from(ORDER_COLUMNS), st.sampled_from(["", " DESC"]))
orders = st.lists(order_terms, min_size=1, max_size=3, unique_by=lambda term: term[0])


def both_tables(case):
    """A connection, and the FROM clauses of the call and of a table that holds its rows."""
    connection = fill(case)
    call = "attribution('{}', '{}', '{}', '{}')".format(
        case.touch_relation, case.conversion_relation, case.models, case.without("period").options
    )
    names = [column[0] for column in connection.execute(f"SELECT * FROM {call} LIMIT 0").description]
    harness.create(connection, "everything", names, connection.execute(f"SELECT * FROM {call}").fetchall())
    return connection, call, "everything"


@given(strategies.cases(), st.lists(conditions(), min_size=1, max_size=3), st.sampled_from([" AND ", " OR "]))
def test_conditions(case, parts, joint):
    assume(valid(case))
    connection, *sources = both_tables(case)
    condition = joint.join(parts)
    answers = [connection.execute(f"SELECT * FROM {source} WHERE {condition}").fetchall() for source in sources]
    connection.close()
    assert sorted(map(repr, answers[0])) == sorted(map(repr, answers[1]))


@given(strategies.cases(), orders, st.lists(conditions(), max_size=1))
def test_orders(case, order, parts):
    assume(valid(case))
    connection, *sources = both_tables(case)
    columns = ", ".join(column for column, _ in order)
    by = ", ".join(column + direction for column, direction in order)
    where = "".join(f" WHERE {part}" for part in parts)
    sql = f"SELECT {columns} FROM {{}}{where} ORDER BY {by}"
    answers = [connection.execute(sql.format(source)).fetchall() for source in sources]
    connection.close()
    assert answers[0] == answers[1]


@given(strategies.cases(), st.lists(st.sampled_from(ORDER_COLUMNS), min_size=1, max_size=2, unique=True))
def test_groups(case, columns):
    assume(valid(case))
    connection, *sources = both_tables(case)
    by = ", ".join(columns)
    sql = f"SELECT {by}, count(*), min(position), max(credit) FROM {{}} GROUP BY {by} ORDER BY {by}"
    distinct = f"SELECT count(*) FROM (SELECT DISTINCT {by} FROM {{}})"
    for query in (sql, distinct):
        answers = [connection.execute(query.format(source)).fetchall() for source in sources]
        assert answers[0] == answers[1]
    connection.close()
