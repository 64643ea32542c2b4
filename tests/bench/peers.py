"""What other engines do in a process of their own: DuckDB and ClickHouse, with tables of their own, and the time of it.

They read the rows as text, written once from our database; loading is timed by itself. Each query is asked twice, and
the second time counts: ours are timed with the file in the page cache, too.
"""
import sqlite3
import subprocess
import sys

from common import BUILD, HERE, build_database
from engine import CLICKHOUSE, COMPILED, DUCKDB, Engine
from funnel_data import STAGES, make_file, paths

THREADS = (1, 2)
# ClickHouse's tables of touches: by time, as the log comes, and by customer, which a covering index is to us
CLICKHOUSE_ORDERS = {"time": "ts", "customer": "(customer_id, ts, channel)"}


def text_files(size):
    return {table: BUILD / f"bench-{size}-{table}.tsv" for table in ("touches", "conversions")}


def write_text(path, database, columns, table):
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    with path.open("w", encoding="ascii") as text:
        for row in connection.execute(f"SELECT {columns} FROM {table} ORDER BY id"):
            print(*row, sep="\t", file=text)
    connection.close()


def run_maker(program, size):
    """In a process of its own: what the benchmark ever used would count as the peak of those it starts."""
    subprocess.run([sys.executable, str(HERE / program), size], check=True)


def make_text_files(size):
    files, database = text_files(size), build_database(size)
    columns = {"touches": "customer_id, ts, channel", "conversions": "id, customer_id, ts, value"}
    for table, path in files.items():
        make_file(path, lambda unfinished, table=table: write_text(unfinished, database, columns[table], table))


def labels_of(database):
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    labels = [row[0] for row in connection.execute("SELECT DISTINCT channel FROM touches ORDER BY channel")]
    connection.close()
    return labels


def quoted(labels):
    return ", ".join(f"'{label}'" for label in labels)


def ask_all(engine, statements):
    return sum(engine.ask(sql)[0] for sql in statements)


def second_time(engine, sql):
    engine.ask(sql)
    return engine.ask(sql)


def numbers(rows):
    """Rows of texts: model, channel, numbers."""
    return [row[:2] + [float(cell) for cell in row[2:]] for row in rows]


def levels(rows):
    return [[int(cell) for cell in row] for row in rows]


def read_text(path, **columns):
    """DuckDB's call that reads a file of ours."""
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    return f"read_csv('{path}', delim = '\t', header = false, columns = {{{types}}})"


def measure_duckdb(size, labels):
    """Both jobs: five models, six stages. One database in memory, rows as the log comes, labels as an ENUM."""
    files, times, answers, funnel = text_files(size), {}, {}, {}
    touches = read_text(files["touches"], customer_id="INTEGER", ts="INTEGER", channel="channel")
    conversions = read_text(files["conversions"], id="INTEGER", customer_id="INTEGER", ts="INTEGER", value="DOUBLE")
    events = read_text(paths(size)["text"], entity="INTEGER", ts="INTEGER", stage="stage")
    with Engine("duckdb.js", DUCKDB) as engine:
        engine.ask(f"CREATE TYPE channel AS ENUM ({quoted(labels)})")
        engine.ask(f"CREATE TYPE stage AS ENUM ({quoted(STAGES)})")
        times["duckdb_load"] = ask_all(engine, (f"CREATE TABLE touches AS FROM {touches}",
                                                f"CREATE TABLE conversions AS FROM {conversions}"))
        times["duckdb_funnel_load"] = ask_all(engine, (f"CREATE TABLE events AS FROM {events}",))
        for threads in THREADS:
            engine.ask(f"SET threads = {threads}")
            models = second_time(engine, (HERE / "duckdb_models.sql").read_text())
            stages = second_time(engine, (HERE / "duckdb_funnel.sql").read_text())
            times[f"duckdb_{threads}"], answers[f"duckdb_{threads}"] = models[0], numbers(models[1])
            times[f"duckdb_funnel_{threads}"], funnel[f"duckdb_funnel_{threads}"] = stages[0], levels(stages[1])
        version = engine.ask("SELECT version()")[1][0][0].lstrip("v")
    return {"times": times, "models": answers, "levels": funnel, "versions": {"DuckDB": version}}


def measure_clickhouse(size, labels):
    """Five models. Labels as an Enum8, of which the query takes the numbers; as LowCardinality texts it is slower."""
    files, times, answers = text_files(size), {}, {}
    kind = "Enum8(" + ", ".join(f"'{label}' = {number}" for number, label in enumerate(labels)) + ")"
    columns = "customer_id UInt32, ts UInt32, channel {}"
    texts = columns.format("String")
    with Engine("clickhouse.js", CLICKHOUSE) as engine:
        conversions = "id UInt32, customer_id UInt32, ts UInt32, value Float64"
        engine.ask(f"CREATE TABLE conversions({conversions}) ENGINE = MergeTree ORDER BY (customer_id, ts)")
        shared = engine.ask(f"INSERT INTO conversions SELECT * "
                            f"FROM file('{files['conversions']}', 'TSV', '{conversions}')")[0]
        for order, key in CLICKHOUSE_ORDERS.items():
            table = f"touches_by_{order}"
            times[f"clickhouse_{order}_load"] = shared + ask_all(engine, (
                f"CREATE TABLE {table}({columns.format(kind)}) ENGINE = MergeTree ORDER BY {key}",
                f"INSERT INTO {table} SELECT * FROM file('{files['touches']}', 'TSV', '{texts}')",
                f"OPTIMIZE TABLE {table} FINAL"))
            for threads in THREADS:
                name = f"clickhouse_{order}_{threads}"
                sql = (HERE / "clickhouse_models.sql").read_text().replace("{touches}", table)
                sql = sql.replace("{channels}", f"[{quoted(labels)}]")
                sql += f" SETTINGS max_threads = {threads}, {COMPILED}"
                times[name], rows = second_time(engine, sql)
                answers[name] = numbers(rows)
        version = engine.ask("SELECT version()")[1][0][0]
    return {"times": times, "models": answers, "versions": {"ClickHouse": version}}


if __name__ == "__main__":
    make_text_files(sys.argv[1])
