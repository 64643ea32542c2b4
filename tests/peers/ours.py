"""Our side: tables of rows in SQLite, and the answers of one question for all groups."""

NULL = "\\N"  # as ClickHouse writes it
COLUMNS = "g INTEGER, i INTEGER, ts, m INTEGER, value TEXT, stage TEXT"


def load(connection, table, groups):
    """Rows of a group stay in the order given, which must not matter."""
    connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.execute(f"CREATE TABLE {table}({COLUMNS}, PRIMARY KEY(g, i)) WITHOUT ROWID")
    rows = [(number, i, *row) for number, group in enumerate(groups) for i, row in enumerate(group)]
    connection.execute("BEGIN")
    connection.executemany(f"INSERT INTO {table} VALUES(?, ?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")


def statement(question, source):
    return f"SELECT CAST({question.ours} AS TEXT) FROM {source} GROUP BY g ORDER BY g"


def ask(connection, table, question):
    source = f"{table} WHERE g BETWEEN {question.first} AND {question.last}"
    return [NULL if text is None else text for (text,) in connection.execute(statement(question, source))]
