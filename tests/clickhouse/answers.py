"""Answers of the event search beside those of a real ClickHouse: ours, and whether two are the same."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from mock_kuma.domain import query as search
from mock_kuma.domain.query_run import newest_first

#: What is larger is a float, however it is written.
_LARGEST_INTEGER: Final = 2**64


def ours(held: list[dict[str, Any]], sql: str) -> list[dict[str, Any]] | None:
    """Return our rows, or None where we refuse."""
    try:
        parsed = search.parse(sql)
        stored = [(json.dumps(event), None) for event in held]
        if newest_first(parsed):
            stored.reverse()
        rows = search.run(parsed, stored, raw_timestamps=True, empty_fields=True)
    except search.QueryProblem:
        return None
    return [json.loads(json.dumps(row)) for row in rows]


def equal(mine: list[dict[str, Any]] | None, real: list[dict[str, Any]] | None, *, ordered: bool) -> bool:
    """Say whether two answers are the same; floats may differ in their last digit."""
    if mine is None or real is None:
        return mine is real
    if not ordered:
        mine, real = (sorted(rows, key=_key) for rows in (mine, real))
    return len(mine) == len(real) and all(_same(one, other) for one, other in zip(mine, real, strict=True))


def _key(row: dict[str, Any]) -> str:
    return json.dumps([round(value, 6) if isinstance(value, float) else value for value in row.values()])


def _same(mine: dict[str, Any], real: dict[str, Any]) -> bool:
    if list(mine) != list(real):
        return False
    return all(_equal_value(one, other) for one, other in zip(mine.values(), real.values(), strict=True))


def _equal_value(mine: Any, real: Any) -> bool:
    if mine == real or not (isinstance(mine, int | float) and isinstance(real, int | float)):
        return bool(mine == real)
    is_float = isinstance(mine, float) or isinstance(real, float) or abs(mine) > _LARGEST_INTEGER
    return is_float and math.isclose(mine, real, rel_tol=1e-12)
