"""Runs a query over events that pass one by one: filter, group, sort, cut.

Knows neither where events come from nor what the answer is for. Rule: whatever passes, only what the answer
needs is held, and ``Work`` ends what takes too long.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mock_kuma.domain.query_aggregates import State, maker
from mock_kuma.domain.query_answer import Answer
from mock_kuma.domain.query_evaluation import Evaluator, cost, evaluator
from mock_kuma.domain.query_rows import reader
from mock_kuma.domain.query_tree import Column, Expression
from mock_kuma.domain.query_types import Type
from mock_kuma.domain.query_work import EVENT, Work, refuse_many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mock_kuma.domain.query_tree import Query

    #: An event as it is stored: its JSON text, and that of its base events.
    Stored = tuple[str, str | None]
    #: A row, and what it was made of.
    Passed = tuple[Any, str, str | None]

_BATCH = 1_000


def run(
    query: Query,
    events: Iterable[Stored],
    *,
    raw_timestamps: bool,
    empty_fields: bool,
    work: Work | None = None,
) -> list[dict[str, Any]]:
    """Return the answer's objects; ``events`` are by time, from the newest where ``newest_first`` says so."""
    work = work or Work()
    answer = Answer(query, work, raw_timestamps=raw_timestamps, empty_fields=empty_fields)
    if query.limit == 0:
        return []
    passed = _filtered(query, events, work)
    if query.grouped:
        groups = ((group, "", None) for group in _groups(query, passed, work))
        passed = _having(query, groups, work)
    chosen = _sorted(query, passed, work) if _must_sort(query) else _cut(query, passed)
    return [answer.of(*one) for one in chosen]


def by_time(query: Query) -> bool:
    """Tell whether the first thing that the query sorts by is the events' time."""
    first = query.order[0][0] if query.order and not query.grouped else None
    return isinstance(first, Column) and first.name == "Timestamp"


def newest_first(query: Query) -> bool:
    """Tell whether the query wants its events from the newest to the oldest."""
    return by_time(query) and query.order[0][1]


def _must_sort(query: Query) -> bool:
    return len(query.order) > by_time(query)


def _filtered(query: Query, events: Iterable[Stored], work: Work) -> Iterator[Passed]:
    read = reader(query.columns)
    conditions = [one for one in (query.where, None if query.grouped else query.having) if one is not None]
    tests = [evaluator(one, work) for one in conditions]
    held = [*query.keys, *(one for aggregate in query.aggregates for one in aggregate.arguments)]
    every = EVENT + sum(cost(one) for one in conditions)
    each = sum(cost(one) for one in held)
    for body, nested in events:
        work.spend(every + len(body) // 64)
        row = read(body, nested)
        if all(test(row) for test in tests):
            work.spend(each)
            yield row, body, nested


def _groups(query: Query, passed: Iterable[Passed], work: Work) -> Iterator[list[Any]]:
    """Return the finished groups: the values of the keys, then those of the aggregate functions."""
    makers = [maker(one, work) for one in query.aggregates]
    keys = [(evaluator(key, work), key.kind is Type.FLOAT64) for key in query.keys]
    found: dict[tuple[Any, ...], tuple[list[Any], list[State]]] = {}
    for row, _, _ in passed:
        values = [value_of(row) for value_of, _ in keys]
        # NaN is one group, and so are 0 and -0, each its own: floats are told apart by their bits.
        mark = tuple(
            [value.hex() if is_float else value for value, (_, is_float) in zip(values, keys, strict=True)]
        )
        group = found.get(mark)
        if group is None:
            refuse_many(len(found) + 1)
            group = found[mark] = values, [make() for make in makers]
        for state in group[1]:
            state.add(row)
    if not found and not keys:
        yield [make().result() for make in makers]
    for values, states in found.values():
        yield values + [state.result() for state in states]


def _having(query: Query, groups: Iterable[Passed], work: Work) -> Iterator[Passed]:
    if query.having is None:
        yield from groups
        return
    test, each = evaluator(query.having, work), cost(query.having)
    for group in groups:
        work.spend(each)
        if test(group[0]):
            yield group


def _cut(query: Query, passed: Iterable[Passed]) -> Iterator[Passed]:
    """Return what LIMIT and OFFSET leave, and read no further."""
    end = query.offset + query.limit
    for place, one in enumerate(passed, 1):
        if place > query.offset:
            yield one
        if place == end:
            return


def _sorted(query: Query, passed: Iterable[Passed], work: Work) -> list[Passed]:
    """Return the first ones in order; equal ones stay as they came."""
    wanted = query.offset + query.limit
    refuse_many(wanted)
    orders = [_Order(one, work, down=down) for one, down in query.order]
    each = sum(cost(one) for one, _ in query.order)
    arrived_in_order = by_time(query)
    best: list[Passed] = []
    for one in passed:
        if arrived_in_order and len(best) >= wanted and not orders[0].ties(one, best[wanted - 1]):
            break
        work.spend(each)
        best.append(one if query.star else (one[0], "", None))
        if not arrived_in_order and len(best) >= wanted + wanted // 4 + _BATCH:
            best = _first(best, orders, wanted)
        elif arrived_in_order:
            refuse_many(len(best))
    return _first(best, orders, wanted)[query.offset :]


def _first(rows: list[Passed], orders: list[_Order], wanted: int) -> list[Passed]:
    # Sorting is stable: the last key first, each in its own direction.
    for order in reversed(orders):
        rows.sort(key=order.key, reverse=order.down)
    return rows[:wanted]


class _Order:
    """One expression of ORDER BY."""

    __slots__ = ("_value", "down", "key")

    def __init__(self, expression: Expression, work: Work, *, down: bool) -> None:
        self._value: Evaluator = evaluator(expression, work)
        self.down = down
        self.key: Callable[[Passed], Any] = (
            self._float_key if expression.kind is Type.FLOAT64 else self._plain_key
        )

    def ties(self, one: Passed, other: Passed) -> bool:
        """Tell whether the two are equal by this expression."""
        return bool(self._value(one[0]) == self._value(other[0]))

    def _plain_key(self, one: Passed) -> Any:
        return self._value(one[0])

    def _float_key(self, one: Passed) -> Any:
        # NaN is last in both directions.
        value = self._value(one[0])
        return (math.isnan(value) != self.down, 0.0 if math.isnan(value) else value)
