"""The data-driven family in hosts: views over it and under it, tables made from it, joins, empty relations, errors in mid-statement.

What every family must stand (closing, pools, guards, encodings, read-only files) is tested with the QUERIES of libsqlite.py.
"""

import re
import sqlite3

import pytest

import harness
from libsqlite import DONE, OK, ROW, Database, TABLES, create_file

CALLS = {
    "channel_effects": "channel_effects('touches', 'conversions')",
    "path_effects": "path_effects('account_paths')",
    "markov_transitions": "markov_transitions('touches', 'conversions')",
    "markov_orders": "markov_orders('touches', 'conversions')",
    "markov_effects": "markov_effects('channel_steps')",
    "shapley_effects": "shapley_effects('account_paths(path, conversions, value, nulls)')",
}
VIEWS = {
    **{name: f"SELECT * FROM {call}" for name, call in CALLS.items()},
    "models": "SELECT * FROM attribution('touches', 'conversions', 'markov, markov(2), shapley')",
    "sums": "SELECT * FROM attribution_summary('touches', 'conversions', 'markov, shapley')",
    "worth": "SELECT c.channel, c.removal_effect, p.shapley_value FROM channel_effects('touches', 'conversions') c"
             " LEFT JOIN path_effects('account_paths') p USING (channel)",
}  # fmt: skip
FROM_TOUCHES = {"channel_effects", "markov_transitions", "markov_orders", "models", "sums", "worth"}


@pytest.fixture
def filled(db):
    db.executescript(TABLES)
    return db


def create_views(connection, temp=""):
    for name, sql in VIEWS.items():
        connection.execute(f"CREATE {temp} VIEW view_{name} AS {sql}")


def read(connection):
    return {name: sorted(connection.execute(f"SELECT * FROM view_{name}").fetchall(), key=repr) for name in VIEWS}


################################ Views ###############################################


@pytest.mark.parametrize("temp", ["", "TEMP"])
def test_views_over_the_family(tmp_path, temp):
    path = create_file(tmp_path / "t.db")
    connection = harness.connect(path)
    create_views(connection, temp)
    made = read(connection)
    assert all(made.values())
    assert made == {name: sorted(connection.execute(sql).fetchall(), key=repr) for name, sql in VIEWS.items()}
    connection.execute("INSERT INTO touches(entity, ts, channel) VALUES (7, 0, 'new'), (9, 11, 'seo')")
    after = read(connection)
    assert {name for name in VIEWS if made[name] != after[name]} == FROM_TOUCHES
    connection.execute("UPDATE account_paths SET nulls = 7, value = value + 1 WHERE path = 'email'")
    connection.execute("UPDATE channel_steps SET weight = 5 WHERE from_state = 'email'")
    last = read(connection)
    assert {name for name in VIEWS if last[name] != after[name]} == {"path_effects", "markov_effects", "shapley_effects", "worth"}
    connection.close()
    if not temp:
        reader = harness.connect(f"file:{path}?mode=ro", uri=True)
        assert read(reader) == last
        reader.close()


def test_views_under_the_family(filled):
    """Columns of other names and in another order, a view instead of a table, a temp view before the table of its name."""
    expected = {name: filled.execute(sql).fetchall() for name, sql in VIEWS.items()}
    filled.execute("CREATE VIEW log AS SELECT channel AS what, ts AS at, entity AS who FROM touches")
    filled.execute('CREATE VIEW "lost & won" AS SELECT nulls AS lost, value AS worth, conversions AS won, path AS "a ""way""" FROM account_paths')
    log = "'log(who, at, what)', 'conversions'"
    assert filled.execute(f"SELECT * FROM channel_effects({log})").fetchall() == expected["channel_effects"]
    assert filled.execute(f"SELECT * FROM markov_transitions({log})").fetchall() == expected["markov_transitions"]
    for name in ("path_effects", "shapley_effects"):
        rows = filled.execute(f"SELECT * FROM {name}(?)", ('"lost & won"("a ""way""", won, worth, lost)',)).fetchall()
        assert rows == expected[name]
    filled.execute("CREATE TEMP VIEW account_paths AS SELECT * FROM main.account_paths WHERE path = 'email'")
    assert [row[0] for row in filled.execute("SELECT channel FROM path_effects('account_paths')")] == ["email"]
    assert filled.execute("SELECT * FROM path_effects('main.account_paths')").fetchall() == expected["path_effects"]


def test_a_call_over_a_view_over_a_call(filled):
    """The rows of markov_transitions are what markov_effects reads; journeys() writes the paths that path_effects reads."""
    columns = "channel, removal_effect, removal_effect_value, markov_share, markov_conversions, markov_value"
    for order in range(1, 7):
        options = f"order={order}; gap=1 day"
        filled.execute("DROP VIEW IF EXISTS counted")
        filled.execute(f"CREATE TEMP VIEW counted AS SELECT * FROM markov_transitions('touches', 'conversions', '{options}')")
        rows = filled.execute("SELECT * FROM markov_effects('counted')").fetchall()
        assert rows == filled.execute(f"SELECT {columns} FROM channel_effects('touches', 'conversions', ?)", (options,)).fetchall()
    filled.execute("CREATE VIEW walked AS SELECT path, conversion_id IS NOT NULL AS conversions, value, conversion_id IS NULL AS nulls"
                   " FROM journeys('touches', 'conversions')")  # fmt: skip
    rows = filled.execute(f"SELECT {columns}, shapley_rate, paths FROM path_effects('walked')").fetchall()
    assert rows == filled.execute(f"SELECT {columns}, shapley_rate, paths FROM channel_effects('touches', 'conversions')").fetchall()


@pytest.mark.parametrize("name", VIEWS)
def test_create_table_as_keeps_every_value(filled, name):
    filled.execute(f"CREATE TABLE copy AS {VIEWS[name]}")
    copy, rows = filled.execute("SELECT * FROM copy ORDER BY rowid").fetchall(), filled.execute(VIEWS[name]).fetchall()
    assert copy == rows and rows
    assert [list(map(type, row)) for row in copy] == [list(map(type, row)) for row in rows]


@pytest.mark.parametrize("name", CALLS)
def test_columns_have_the_class_that_they_declare(filled, name):
    classes = {"TEXT": {"text", "null"}, "REAL": {"real", "null"}, "INTEGER": {"integer", "null"}}
    columns = filled.execute("SELECT name, type FROM pragma_table_xinfo(?) WHERE NOT hidden", (name,)).fetchall()
    assert len(columns) >= 4
    for column, declared in columns:
        found = {row[0] for row in filled.execute(f'SELECT DISTINCT typeof("{column}") FROM {CALLS[name]}')}
        assert found <= classes[declared], column


def test_insert_select_while_reading_the_same_table(filled):
    sql = "SELECT path || ' > ' || channel, shapley_conversions, 0, 1 FROM account_paths, path_effects('account_paths') WHERE path <> ''"
    rows = filled.execute(sql).fetchall()
    (last,) = filled.execute("SELECT max(id) FROM account_paths").fetchone()
    filled.execute(f"INSERT INTO account_paths(path, conversions, value, nulls) {sql}")
    assert filled.execute("SELECT path, conversions, value, nulls FROM account_paths WHERE id > ? ORDER BY id", (last,)).fetchall() == rows


################################ Queries #############################################


@pytest.mark.parametrize("name", CALLS)
def test_where_order_by_and_limit_are_sqlites(filled, name):
    rows = harness.rows_of(filled, f"SELECT * FROM {CALLS[name]}")
    for column in rows[0]:
        values = [row[column] for row in rows]
        for value in {value for value in values if value is not None}:
            found = harness.rows_of(filled, f'SELECT * FROM {CALLS[name]} WHERE "{column}" = ?', value)
            assert found == [row for row in rows if row[column] == value]
            either = harness.rows_of(filled, f'SELECT * FROM {CALLS[name]} WHERE "{column}" IN (?, ?) OR "{column}" IS NULL', value, value)
            assert either == [row for row in rows if row[column] in (value, None)]
        ordered = [row[0] for row in filled.execute(f'SELECT "{column}" FROM {CALLS[name]} ORDER BY 1 DESC')]
        assert ordered == sorted(values, key=lambda value: (value is not None, value), reverse=True)
    for n in range(len(rows) + 2):
        assert harness.rows_of(filled, f"SELECT * FROM {CALLS[name]} LIMIT {n} OFFSET 1") == rows[1 : n + 1]


@pytest.mark.parametrize("name", CALLS)
def test_joins_and_arguments_from_other_tables(filled, name):
    rows = filled.execute(f"SELECT * FROM {CALLS[name]}").fetchall()
    twice = filled.execute(f"SELECT a.*, b.* FROM {CALLS[name]} a JOIN {CALLS[name]} b ON a.rowid = b.rowid").fetchall()
    assert twice == [row + row for row in rows]
    arguments = re.findall(r"'([^']*)'", CALLS[name])
    marks = ", ".join(f"a{i}" for i in range(len(arguments)))
    filled.execute(f"CREATE TABLE asked({marks})")
    filled.executemany(f"INSERT INTO asked VALUES ({', '.join('?' * len(arguments))})", [arguments] * 2)
    assert filled.execute(f"SELECT t.* FROM asked, {name}({marks}) t").fetchall() == rows * 2


@pytest.mark.parametrize("name", CALLS)
def test_each_column_alone_is_that_of_all(filled, name):
    """What is worked out when it is read does not depend on what else is read, nor in which order."""
    rows = harness.rows_of(filled, f"SELECT * FROM {CALLS[name]}")
    columns = list(rows[0])
    for column in columns:
        assert [row[0] for row in filled.execute(f'SELECT "{column}" FROM {CALLS[name]}')] == [row[column] for row in rows]
    backwards = ", ".join(f'"{column}"' for column in reversed(columns))
    assert filled.execute(f"SELECT {backwards} FROM {CALLS[name]}").fetchall() == [tuple(reversed(tuple(row.values()))) for row in rows]
    assert filled.execute(f"SELECT count(*) FROM {CALLS[name]}").fetchone() == (len(rows),)


def test_two_cursors_of_one_statement_and_of_two(filled):
    """Each has paths and effects of its own, however their steps alternate."""
    sql = "SELECT * FROM path_effects('account_paths', ?)"
    expected = [filled.execute(sql, (options,)).fetchall() for options in ("order=1", "order=2; min_paths=5")]
    cursors = [filled.execute(sql, ("order=1",)), filled.execute(sql, ("order=2; min_paths=5",))]
    for k in (0, 1, 1, 0, 0):
        row = cursors[k].fetchone()
        assert row is None or row in expected[k]
    assert cursors[0].fetchall() == expected[0][3:]
    assert cursors[1].fetchall() == expected[1][2:]


################################ Nothing at all ######################################


def test_empty_relations(db):
    db.executescript("CREATE TABLE touches(entity, ts, channel); CREATE TABLE conversions(entity, ts, value);"
                     "CREATE TABLE account_paths(path, conversions, value, nulls);"
                     "CREATE TABLE channel_steps(from_state, to_state, weight, value)")  # fmt: skip
    for name, call in CALLS.items():
        assert db.execute(f"SELECT * FROM {call}").fetchall() == [], name
    for models in ("markov", "shapley"):
        assert db.execute("SELECT * FROM attribution('touches', 'conversions', ?)", (models,)).fetchall() == []
    db.execute("INSERT INTO account_paths VALUES (NULL, 0, NULL, 5), ('a > b', 0, 0, 0), ('', 0, '', 3), ('(unattributed)', NULL, NULL, 1)")
    db.execute("INSERT INTO channel_steps VALUES ('a', 'b', 0, NULL), ('(start)', '(null)', 4, NULL)")
    for name in ("path_effects", "shapley_effects", "markov_effects"):
        assert db.execute(f"SELECT * FROM {CALLS[name]}").fetchall() == [], name


def test_a_value_column_without_rows(db):
    """Of conversions that have a value column, but no rows, the value is 0; it is not unknown."""
    db.executescript("CREATE TABLE touches(entity, ts, channel); CREATE TABLE conversions(entity, ts, value);"
                     "CREATE TABLE plain(entity, ts); CREATE TABLE list(path, conversions, value, nulls);"
                     "INSERT INTO touches VALUES (1, 1, 'a'); INSERT INTO list VALUES ('a', 0, NULL, 1)")  # fmt: skip
    columns = "removal_effect, removal_effect_value, markov_value, shapley_value"
    known = db.execute(f"SELECT {columns} FROM path_effects('list')").fetchall()
    assert known == [(None, 0, 0, 0)]
    assert db.execute(f"SELECT {columns} FROM channel_effects('touches', 'conversions')").fetchall() == known
    assert db.execute(f"SELECT {columns} FROM channel_effects('touches', 'plain')").fetchall() == [(None,) * 4]


################################ Errors ##############################################

HOUSE = re.compile(r"[a-z_]+\(\): .+; .+", re.DOTALL)  # name(): what is wrong (got X); what to write instead


def refused(connection, sql, *parameters):
    with pytest.raises(sqlite3.DatabaseError) as caught:
        connection.execute(sql, parameters).fetchall()
    return str(caught.value)


@pytest.mark.parametrize("name", CALLS)
def test_misspelt_names_suggest_the_nearest(filled, name):
    arguments = re.findall(r"'([^']*)'", CALLS[name])
    marks = ", ".join("?" * len(arguments))
    for i, argument in enumerate(arguments):
        relation = argument.split("(")[0]
        wrong = [*arguments]
        wrong[i] = argument.replace(relation, relation[:2] + relation[3:], 1)
        text = refused(filled, f"SELECT * FROM {name}({marks})", *wrong)
        assert text.startswith(f"{name}(): no such table or view: ") and f"did you mean {relation}?" in text and HOUSE.fullmatch(text)
    known = {row[0] for row in filled.execute("SELECT name FROM attribution_help WHERE kind = 'option' AND part_of LIKE '%' || ? || '%'", (name,))}
    for option in known:
        text = refused(filled, f"SELECT * FROM {name}({marks}, ?)", *arguments, f"{option}x=1")
        assert text.startswith(f"{name}(): unknown option '{option}x'; did you mean {option}?"), text
    text = refused(filled, f"SELECT * FROM {name}({marks}, 'window=5')", *arguments)
    assert text.startswith(f"{name}(): ") and "funnel()" in text and HOUSE.fullmatch(text)
    assert "no such column" in refused(filled, f"SELECT chanel FROM {CALLS[name]}")


@pytest.mark.parametrize("name", CALLS)
def test_too_many_arguments(filled, name):
    n = filled.execute("SELECT count(*) FROM attribution_help WHERE kind = 'argument' AND part_of = ?", (name,)).fetchone()[0]
    assert "too many arguments" in refused(filled, f"SELECT * FROM {name}({', '.join(['NULL'] * (n + 1))})")
    assert filled.execute(f"SELECT * FROM {CALLS[name]}").fetchall()


ERRORS = [
    "channel_effects('touches', 'conversions', 'order=7')",
    "channel_effects('touches', 'conversions', 'separator=|')",
    "channel_effects('bad', 'conversions')",
    "path_effects('account_paths', 'min_paths=-1')",
    "path_effects('account_paths(path, conversions, path)')",
    "path_effects('blobs')",
    "path_effects('negative')",
    "path_effects('failing')",
    "markov_transitions('arrows', 'conversions')",
    "markov_orders('touches', 'conversions', 'order=1')",
    "markov_effects('loop')",
    "markov_effects('channel_steps(to_state, from_state, weight)')",
    "markov_effects('account_paths')",
    "shapley_effects('account_paths')",
    "shapley_effects('touches(entity, ts)', 'order=1')",
    "shapley_effects(NULL)",
    "attribution('touches', 'conversions', 'markov(9)')",
    "attribution('touches', 'conversions', 'markow')",
    "attribution('touches', 'conversions', 'shapley(1)')",
]
BAD = """
CREATE VIEW bad AS SELECT entity, 'soon' AS ts, channel FROM touches;
CREATE VIEW blobs AS SELECT x'00' AS path, 1 AS conversions;
CREATE VIEW negative AS SELECT 'a' AS path, -1 AS conversions;
CREATE VIEW failing AS SELECT 'a' AS path, json_extract('{', '$') AS conversions;
CREATE VIEW arrows AS SELECT entity, ts, channel || ' > x' AS channel FROM touches;
CREATE VIEW loop AS SELECT '(start)' AS from_state, 'a' AS to_state, 1 AS weight;
"""


@pytest.mark.parametrize("call", ERRORS)
def test_errors_follow_the_house_rule_and_leave_nothing(tmp_path, call):
    database = Database(create_file(tmp_path / "t.db", ""))
    for statement in BAD.strip().split(";\n"):
        database.execute(statement)
    code, message = database.fails(f"SELECT * FROM {call}")
    assert code not in (OK, ROW, DONE)
    assert message.startswith(call.split("(")[0] + "(): "), message
    if "failing" not in call:
        assert HOUSE.fullmatch(message), message
    assert database.open_statements() == []
    assert database.execute(f"SELECT count(*) FROM {CALLS['channel_effects']}") == [("4",)]
    assert database.close() == OK


def many_channels(connection, n):
    rows = [(f"c{k:02} > c{(k + 1) % n:02}", 1, k, 1) for k in range(n)]
    connection.executemany("INSERT INTO account_paths(path, conversions, value, nulls) VALUES (?, ?, ?, ?)", rows)


def test_a_column_that_is_too_much_in_mid_statement(tmp_path):
    """Rows before are right, the message says what to do, the statement can be run again, and once there are fewer channels it answers."""
    connection = harness.connect(create_file(tmp_path / "t.db"))
    connection.execute("DELETE FROM account_paths")
    many_channels(connection, 21)
    connection.close()
    database = Database(tmp_path / "t.db")
    for name in ("path_effects", "shapley_effects"):
        call = CALLS[name]
        others = database.execute(f"SELECT channel, shapley_conversions, paths FROM {call}")
        assert len(others) == 21
        statement = database.prepare(f"SELECT channel, iif(channel = 'c03', shapley_rate, 5.5) FROM {call}")
        for _ in range(3):
            assert [(statement.step(), statement.row()) for _ in range(3)] == [(ROW, (f"c{k:02}", "5.5")) for k in range(3)]
            assert statement.step() not in (ROW, DONE)
            message = database.message()
            assert message.startswith(f"{name}(): shapley_rate ") and "(got 21)" in message and "min_paths=" in message
            assert HOUSE.fullmatch(message)
            statement.reset()
            assert database.execute(f"SELECT channel, shapley_conversions, paths FROM {call}") == others
        database.execute("UPDATE account_paths SET path = 'c00' WHERE path LIKE '%c20%'")
        assert len(statement.rows()) == 20
        statement.finalize()
        database.execute("UPDATE account_paths SET path = 'c00 > c20' WHERE path = 'c00'")
    for sql in ("SELECT max(shapley_rate) FROM {}", "SELECT channel FROM {} ORDER BY shapley_rate", "SELECT 1 FROM {} WHERE shapley_rate > 0"):
        code, message = database.fails(sql.format(CALLS["path_effects"]))
        assert code not in (OK, ROW, DONE) and "min_paths=" in message
    assert len(database.execute("SELECT shapley_rate FROM path_effects('account_paths', 'min_paths=1e9')")) == 1
    assert database.open_statements() == [] and database.close() == OK


def test_effects_that_cannot_be_told_apart_in_mid_statement(db):
    """A chain is made when its first column is read; the shares that need none are answered."""
    n, order = 65535, 6
    db.execute("CREATE TABLE list(path, conversions)")
    db.executemany("INSERT INTO list VALUES (?, 1)", ((f"c{k}",) for k in range(n)))
    call = f"path_effects('list', 'order={order}')"
    assert db.execute(f"SELECT count(*), sum(shapley_conversions) FROM {call}").fetchone() == (n, n)
    for _ in range(2):
        text = refused(db, f"SELECT removal_effect FROM {call}")
        assert text.startswith(f"path_effects(): {n} channels are too many at this order") and "min_paths=" in text
    assert db.execute(f"SELECT count(*) FROM {call}").fetchone() == (n,)
