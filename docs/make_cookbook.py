"""Prints sql-examples/README.md: the questions, as the files' own first lines put them. `make reference` writes it down."""

from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1] / "sql-examples"
HEAD = """# Cookbook

The questions of a revenue team, each one file to run on the demo database:

```sh
make build/demo.db
sqlite3 -cmd '.load build/attribution' -readonly build/demo.db '.read sql-examples/22-explain-this-deal.sql'
```

A file opens with the question and the rules that the answer keeps to; what it prints stands in [expected](expected).
To ask your own data, make views with the columns that a file reads: `.schema` in the demo database explains each of them, `SELECT * FROM readme`
the whole. No file writes anything.

| | question |
|---|---|
"""
TAIL = """
The same questions on real leads: [leads of a marketplace](olist/leads-of-a-marketplace.sql). [demo](demo) is the program that makes the demo
database.
"""


def cookbook():
    text = HEAD
    for path in sorted(EXAMPLES.glob("[0-9][0-9]-*.sql")):
        number, question = path.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("-- ").split(". ", 1)
        text += f"| {number} | [{question}]({path.name}) |\n"
    return text + TAIL


if __name__ == "__main__":
    print(cookbook(), end="")
