"""Prints docs/reference.md from the extension's own tables (attribution_help): `make reference`."""

import pathlib
import sqlite3
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

HEAD = """# Reference

Made by `make reference` from the extension's registration tables; `SELECT * FROM attribution_help` says the same.
What the names mean, to the last tie: [rules](rules.md), of the funnel family [funnel](funnel.md), of the data-driven one
[effects](effects.md), of the audits [audits](audits.md). A first tour: [README](../README.md).
"""


def cell(text):
    return (text or "").replace("|", "\\|")


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(map(cell, row)) + " |" for row in rows])


def select(connection, *conditions):
    sql = "SELECT name, usage, help, example, part_of FROM attribution_help WHERE " + " AND ".join(conditions)
    return connection.execute(sql).fetchall()


def functions(connection):
    parts = ["## Functions"]
    for name, usage, text, example, _ in select(connection, "kind = 'function'"):
        parts.append(f"### {name}\n`{usage}`\n\n{text[0].upper()}{text[1:]}.\n\n```sql\n{example};\n```")
    return parts


def tables(connection):
    parts = ["## Table-valued functions"]
    for name, _, text, example, _ in select(connection, "kind = 'table'"):
        arguments = select(connection, "kind = 'argument'", f"part_of = '{name}'")
        columns = select(connection, "kind = 'column'", f"part_of = '{name}'")
        usage = ", ".join(row[0] if row[1] == "required" else f"[{row[0]}]" for row in arguments)
        if not example.startswith("SELECT"):
            example = f"SELECT * FROM {example}"
        parts.append(f"### {name}\n`{name}{f'({usage})' if usage else ''}`\n\n{text[0].upper()}{text[1:]}.\n\n```sql\n{example};\n```")
        if arguments:
            parts.append(table(["argument", "", "meaning"], [(f"`{row[0]}`", row[1], row[2]) for row in arguments]))
        parts.append(table(["column", "type", "meaning"], [(f"`{row[0]}`", row[1], row[2]) for row in columns]))
    return parts


def reference(connection):
    parts = [HEAD.rstrip()] + functions(connection) + tables(connection)
    parts.append("`ANY BLOB` has BLOB affinity: values keep the class that they have in your tables, and SQLite converts nothing.")
    models = [(f"`{row[1]}`", row[2]) for row in select(connection, "kind = 'model'")]
    parts += ["## Models", "A list is separated by commas; `all` is every rule-based model that the relations can feed. Default: `linear`.",
              table(["model", "credit"], models)]
    options = [(f"`{row[1]}`", row[2], row[4]) for row in select(connection, "kind = 'option'")]
    parts += ["## Options", "`'name=value; name=value'`.", table(["option", "meaning", "for"], options)]
    return "\n\n".join(parts) + "\n"


def main():
    connection = sqlite3.connect(":memory:")
    connection.enable_load_extension(True)
    connection.load_extension(str(ROOT / "build" / "attribution"))
    sys.stdout.write(reference(connection))


if __name__ == "__main__":
    main()
