"""entity = … read as one entity alone: keys of every class ('' is none), and the rowid as the key. The whole answer, filtered by SQLite, is the yardstick."""

import sqlite3

import pytest

import harness

KEYS = [1, 2.5, "a", b"a", b"\x00\x01", "1", b""]


@pytest.fixture
def keyed(db):
    harness.add_journeys(db, [(key, ts, f"c{ts}") for key in KEYS for ts in (1, 2, 3)], [(key, 4, 10.0 * (i + 1)) for i, key in enumerate(KEYS)])
    db.execute("CREATE INDEX by_entity ON touches(entity)")
    db.execute("CREATE INDEX conversions_by_entity ON conversions(entity)")
    return db


@pytest.mark.parametrize("key", [*KEYS, None, "", b"absent", 3], ids=repr)
def test_a_key_of_any_class(keyed, key):
    sql = "SELECT entity, channel, credit, value FROM attribution('touches', 'conversions', 'linear') WHERE {}entity = ? ORDER BY channel"
    rows = keyed.execute(sql.format(""), (key,)).fetchall()
    assert rows == keyed.execute(sql.format("+"), (key,)).fetchall()
    assert len(rows) == (3 if key in KEYS else 0)


def test_the_rowid_as_key(keyed):
    sql = "SELECT entity, position, credit FROM attribution('touches(rowid, ts, channel)', 'conversions(rowid, ts, value)', 'linear') WHERE {}entity = {} ORDER BY 1, 2"
    whole = keyed.execute(sql.format("+", 3)).fetchall()
    assert whole and keyed.execute(sql.format("", 3)).fetchall() == whole
    assert keyed.execute(sql.format("", "'3'")).fetchall() == keyed.execute(sql.format("+", "'3'")).fetchall()


@pytest.mark.parametrize("name", ["oid", "_ROWID_"])
def test_the_rowid_by_its_other_names(keyed, name):
    sql = f"SELECT entity, touch_id, credit FROM attribution('touches({name}, ts, channel)', 'conversions({name}, ts)', 'linear', 'touch_id={name}') WHERE {{}}entity = 3"
    whole = keyed.execute(sql.format("+")).fetchall()
    assert whole == [(3, 3, 1.0)] and keyed.execute(sql.format("")).fetchall() == whole


@pytest.mark.parametrize("declared", ["VARCHAR(9)", "CLOB", "NATIVE CHARACTER(70)", "TEXT", "BIGINT", "DOUBLE", "NUMERIC", "BLOB", ""])
def test_a_key_column_of_any_declared_type(db, declared):
    """Searched by an index or not, the same rows: what a value is compared as follows from the type."""
    db.execute(f"CREATE TABLE touches(entity {declared}, ts, channel)")
    db.execute(f"CREATE TABLE conversions(entity {declared}, ts, value)")
    db.execute("CREATE INDEX by_entity ON touches(entity)")
    db.execute("CREATE INDEX conversions_by_entity ON conversions(entity)")
    for key in KEYS:
        db.execute("INSERT INTO touches VALUES (?, 1, 'c')", (key,))
        db.execute("INSERT INTO conversions VALUES (?, 2, 10)", (key,))
    sql = "SELECT entity, typeof(entity), credit, value FROM attribution('touches', 'conversions', 'linear') WHERE {}entity = ? ORDER BY 1, 2"
    for key in [*KEYS, None, "2.5", 1.0]:
        assert db.execute(sql.format(""), (key,)).fetchall() == db.execute(sql.format("+"), (key,)).fetchall(), key
    assert len(db.execute(sql.format(""), ("a",)).fetchall()) == 1


@pytest.mark.parametrize("model", ["5", "NULL", "x'00'"])
def test_a_model_that_is_not_text(db, model):
    with pytest.raises(sqlite3.OperationalError, match=r"^weighted_credit\(\): model is not text \(got .*\); write a model such as 'linear'$"):
        db.execute(f"SELECT weighted_credit('a', 1, {model})").fetchone()
