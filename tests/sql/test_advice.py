"""What docs/rules.md advises: deals without an entity, as_of in the evening, joining a result back."""


def test_a_deal_without_an_entity_is_in_no_total_unless_it_gets_one(journeys_db):
    db = journeys_db([(1, 10, "a")], [(1, 20, 50), (None, 15, 100), ("", 16, 7)])
    total = "SELECT sum(value), count(*) FROM attribution('touches', ?)"
    assert db.execute(total, ("conversions",)).fetchone() == (50, 1)
    db.execute("CREATE VIEW everybody AS SELECT coalesce(nullif(entity, ''), -rowid) AS entity, ts, value FROM conversions")
    assert db.execute(total, ("everybody",)).fetchone() == (157, 3)
    rows = db.execute("SELECT channel, value FROM attribution_summary('touches', 'everybody') ORDER BY channel").fetchall()
    assert rows == [("(unattributed)", 107), ("a", 50)]


def test_as_of_a_date_is_its_midnight(journeys_db):
    db = journeys_db([(1, "2024-06-27", "a")], [(1, "2024-06-28 10:00:00", 50)])
    count = "SELECT count(*) FROM attribution('touches', 'conversions', 'linear', ?)"
    found = [db.execute(count, (f"as_of={at}",)).fetchone()[0] for at in ("2024-06-28", "2024-06-28 23:59:59", "2024-06-28 10:00:00", "2024-06-29")]
    assert found == [0, 1, 1, 1]


def test_joined_back_by_an_id_that_has_no_affinity(journeys_db):
    """With + the id's column has none either, and SQLite may build an index of its own."""
    db = journeys_db([(n, 10, "a") for n in range(300)], [(n, 20, 1) for n in range(300)])
    sql = "SELECT count(value) FROM touches AS t LEFT JOIN (SELECT touch_id, value FROM attribution('touches', 'conversions')) AS c ON c.touch_id = {}t.rowid"
    plans = ["\n".join(row[3] for row in db.execute("EXPLAIN QUERY PLAN " + sql.format(plus))) for plus in ("", "+")]
    assert "AUTOMATIC" not in plans[0] and "AUTOMATIC" in plans[1]
    assert [db.execute(sql.format(plus)).fetchone() for plus in ("", "+")] == [(300,)] * 2
