"""The statements of docs/logistic.md give what stands below them."""

import re

from test_docs import ROOT, shell

PAGE = (ROOT / "docs" / "logistic.md").read_text(encoding="utf-8")


def test_the_example():
    blocks = re.findall(r"```sql\n(.*?)```\n```text\n(.*?)```", PAGE, re.S)
    assert len(blocks) == 1
    for sql, text in blocks:
        assert shell(sql) == text.splitlines()
