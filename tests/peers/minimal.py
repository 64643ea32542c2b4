"""A group over which the two sides differ, made as small as can be and written as a statement for either."""

import engine
import ours
from question import differ

TABLE = "probe"
SKIPPED = (None, 0, None, None)  # a group of this row alone is an empty group


def answers(peer, connection, question, rows):
    """(ours, ClickHouse's) for one group."""
    peer.load(TABLE, [rows])
    ours.load(connection, TABLE, [rows])
    question = question._replace(first=0, last=0)
    return ours.ask(connection, TABLE, question)[0], peer.ask(TABLE, question)[0]


def without_needless_rows(peer, connection, question, group):
    """Rows are dropped one by one while the answers still differ."""
    smaller = True
    while smaller:
        smaller = False
        for i in range(len(group) if group != [SKIPPED] else 0):
            rest = group[:i] + group[i + 1 :] or [SKIPPED]
            if differ(*answers(peer, connection, question, rest)):
                group, smaller = rest, True
                break
    return group


def show(peer, connection, question, group):
    group = without_needless_rows(peer, connection, question, group)
    own, other = answers(peer, connection, question, group)
    group = sorted(group, key=lambda row: (row[0] or 0, row[1]))
    print(f"\n{question.function}, {question.mode}: ours {own}, ClickHouse {other}")
    print(f"  {our_statement(question, group)}")
    print(f"  {peers_statement(question, group)}", flush=True)


def our_statement(question, group):
    rows = ",".join("(%s)" % ",".join(map(engine.literal, row)) for row in group)
    return f"WITH r(ts, m, value, stage) AS (VALUES {rows}) SELECT {question.ours} FROM r;"


def peers_statement(question, group):
    rows = ", ".join(engine.row_literal(0, row) for row in group)
    values = f"values('{engine.COLUMNS}', {rows})"
    return engine.statement(question._replace(first=0, last=0), values).replace("\n", "") + ";"
