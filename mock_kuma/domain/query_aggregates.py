"""Aggregate functions: what is kept of a group while its events pass, and what comes out at its end.

Results are ClickHouse's: an empty group sums to 0 and averages to NaN, minimum and maximum pass over NaN,
sums of integers wrap in 64 bits. Knows nothing of types but these. Rule: an event is seen once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Protocol

from mock_kuma.domain.query_evaluation import Evaluator, evaluator
from mock_kuma.domain.query_types import Type, of_sum, quotient, wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_kuma.domain.query_tree import Aggregate
    from mock_kuma.domain.query_work import Work


class State(Protocol):
    """What one aggregate function keeps of one group."""

    def add(self, event: Any) -> None:
        """Take one event in."""

    def result(self) -> Any:
        """Return the function's value for the events so far."""


class _Count:
    __slots__ = ("_count",)

    def __init__(self) -> None:
        self._count = 0

    def add(self, _event: Any) -> None:
        self._count += 1

    def result(self) -> int:
        return self._count


class _CountIf:
    __slots__ = ("_condition", "_count")

    def __init__(self, condition: Evaluator) -> None:
        self._condition = condition
        self._count = 0

    def add(self, event: Any) -> None:
        if self._condition(event):
            self._count += 1

    def result(self) -> int:
        return self._count


class _Sum:
    __slots__ = ("_argument", "_kind", "_total")

    def __init__(self, argument: Evaluator, kind: Type) -> None:
        self._argument = argument
        self._kind = kind
        self._total: Any = 0.0 if kind is Type.FLOAT64 else 0

    def add(self, event: Any) -> None:
        self._total += self._argument(event)

    def result(self) -> Any:
        return self._total if self._kind is Type.FLOAT64 else wrap(self._total, self._kind)


class _Average:
    __slots__ = ("_count", "_sum")

    def __init__(self, argument: Evaluator, kind: Type) -> None:
        self._sum = _Sum(argument, kind)
        self._count = 0

    def add(self, event: Any) -> None:
        self._sum.add(event)
        self._count += 1

    def result(self) -> float:
        return quotient(self._sum.result(), self._count)


class _Extreme:
    __slots__ = ("_argument", "_best", "_empty", "_largest")

    def __init__(self, argument: Evaluator, empty: Any, *, largest: bool) -> None:
        self._argument = argument
        self._empty = empty
        self._largest = largest
        self._best: Any = None

    def add(self, event: Any) -> None:
        value = self._argument(event)
        best = self._best
        # NaN is neither above nor below, so a first NaN has to be put aside by hand.
        if best is None or (value > best if self._largest else value < best) or _is_nan(best):
            self._best = value

    def result(self) -> Any:
        return self._empty if self._best is None else self._best


class _Any:
    __slots__ = ("_argument", "_empty", "_first")

    def __init__(self, argument: Evaluator, empty: Any) -> None:
        self._argument = argument
        self._empty = empty
        self._first: Any = None

    def add(self, event: Any) -> None:
        if self._first is None:
            self._first = self._argument(event)

    def result(self) -> Any:
        return self._empty if self._first is None else self._first


_EMPTY: Final = {Type.STRING: "", Type.FLOAT64: 0.0}


def maker(aggregate: Aggregate, work: Work) -> Callable[[], State]:
    """Return what makes the state of this function for a new group."""
    if aggregate.function == "count":
        return _Count
    (expression,) = aggregate.arguments
    argument = evaluator(expression, work)
    kind = expression.kind
    empty = _EMPTY.get(kind, 0)
    match aggregate.function:
        case "countIf":
            return lambda: _CountIf(argument)
        case "sum":
            return lambda: _Sum(argument, aggregate.kind)
        case "avg":
            return lambda: _Average(argument, of_sum(kind))
        case "any":
            return lambda: _Any(argument, empty)
        case _:
            largest = aggregate.function == "max"
            return lambda: _Extreme(argument, empty, largest=largest)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
