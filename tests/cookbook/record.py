"""Writes sql-examples/expected/ anew from what the shell prints: look at the difference before you commit it.

python3 tests/cookbook/record.py [NUMBER ...]
"""

import sys

import cookbook

wanted = {int(number) for number in sys.argv[1:]}
cookbook.EXPECTED.mkdir(exist_ok=True)
for number, path in cookbook.examples().items():
    if not wanted or number in wanted:
        cookbook.expected_path(path).write_text(cookbook.printed(path), encoding="utf-8")
