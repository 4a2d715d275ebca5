"""The table of fidelity is what the code and the tests say, and nothing in it is empty."""

from __future__ import annotations

import re

from tests.fidelity import README, replaced


def test_the_table_is_up_to_date() -> None:
    """Else: ``make fidelity``."""
    text = README.read_text(encoding="utf-8")

    assert replaced(text) == text


def test_nothing_in_the_table_is_empty() -> None:
    """Each operation has a mark for each version, a number of rows, and a test."""
    rows = re.findall(r"^\| `[A-Z]+ /.*$", README.read_text(encoding="utf-8"), re.MULTILINE)

    assert len(rows) > 60
    assert not [row for row in rows if re.search(r"\|\s*\|", row)]
