"""The event search answers as a real ClickHouse did: three hundred recorded queries over thirty events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clickhouse.answers import equal, ours

RECORDED = json.loads(
    (Path(__file__).parents[3] / "fixtures" / "clickhouse.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("asked", RECORDED["queries"], ids=lambda asked: asked["sql"][:80])
def test_the_answer_is_clickhouses(asked: dict[str, Any]) -> None:
    """Rows, names and order; floats to twelve digits."""
    rows = ours(RECORDED["events"], asked["sql"])

    assert equal(rows, asked["rows"], ordered=asked["ordered"]), rows


def test_a_wrong_answer_is_told_from_a_right_one() -> None:
    """Another value, another order where there is one, a missing row, a refusal."""
    rows = [{"a": 1}, {"a": 2}]

    assert equal(rows, rows[::-1], ordered=False)
    assert not equal(rows, rows[::-1], ordered=True)
    assert not equal(rows, [{"a": 1}, {"a": 2.5}], ordered=True)
    assert not equal(rows, rows[:1], ordered=False)
    assert not equal(None, rows, ordered=False)
