"""Evaluates expressions: each becomes a function of one event, or of one finished group.

An event is an object with its columns as attributes, a group a sequence that slots point into. Values are
int, float and str; conditions are 1 and 0, as in ClickHouse. Rule: a result is of the expression's type.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from mock_kuma.domain import query_patterns as patterns
from mock_kuma.domain.query_problems import SearchFailed
from mock_kuma.domain.query_tree import Apply, Column, Constant, Expression, Slot, walk
from mock_kuma.domain.query_types import (
    Type,
    float_remainder,
    float_text,
    quotient,
    remainder,
    wrap,
)
from mock_kuma.domain.query_work import Work

Evaluator: TypeAlias = Callable[[Any], Any]

_LOWEST: Final = -(1 << 63)
_HIGHEST: Final = (1 << 63) - 1
_ARITHMETIC: Final[Mapping[str, Callable[[Any, Any], Any]]] = MappingProxyType(
    {"plus": operator.add, "minus": operator.sub, "multiply": operator.mul}
)
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = MappingProxyType(
    {
        "equals": operator.eq,
        "notEquals": operator.ne,
        "less": operator.lt,
        "lessOrEquals": operator.le,
        "greater": operator.gt,
        "greaterOrEquals": operator.ge,
    }
)
_SEARCHES: Final = frozenset({"match", "extract", "replaceRegexpOne"})
_LIKES: Final = frozenset({"like", "ilike", "notLike", "notILike"})


def evaluator(expression: Expression, work: Work) -> Evaluator:
    """Return the function that evaluates the expression; what it makes is counted as work."""
    match expression:
        case Constant(_, value):
            return lambda _: value
        case Column(_, name):
            return operator.attrgetter(name)
        case Slot(_, index):
            return operator.itemgetter(index)
        case Apply(kind, function, arguments):
            made = [evaluator(argument, work) for argument in arguments]
            if function in _LIKES | _SEARCHES:
                return _searched(expression, made[0], work)
            return _apply(kind, function, arguments, made, work)
        case _:
            raise TypeError(f"{expression.function} is evaluated by its group")


def cost(expression: Expression) -> int:
    """Return how many steps one evaluation takes."""
    steps = 0
    for one in walk(expression):
        steps += 1
        if isinstance(one, Apply) and one.function in _SEARCHES:
            steps += patterns.cost(_text(one.arguments[1]))
    return steps


def fold(expression: Expression) -> Expression:
    """Return the constant that the expression is, where all its arguments are constants."""
    if not isinstance(expression, Apply):
        return expression
    if expression.function in _LIKES | _SEARCHES:
        _pattern(expression)  # one that does not compile is found before any event is read
    if not all(isinstance(argument, Constant) for argument in expression.arguments):
        return expression
    return Constant(expression.kind, evaluator(expression, Work())(None))


def text_of(kind: Type) -> Callable[[Any], str]:
    """Return how values of that type are written."""
    return float_text if kind is Type.FLOAT64 else str


def _text(expression: Expression) -> str:
    if not isinstance(expression, Constant):
        raise TypeError("patterns are constants")
    return str(expression.value)


def _pattern(search: Apply) -> Callable[[str], Any]:
    """Return the function of a text that a pattern makes."""
    pattern, *rest = [_text(one) for one in search.arguments[1:]]
    match search.function:
        case "match":
            return patterns.match(pattern)
        case "extract":
            return patterns.extract(pattern)
        case "replaceRegexpOne":
            return patterns.replace_one(pattern, rest[0])
        case function:
            return patterns.like(pattern, ignore_case=function in ("ilike", "notILike"))


def _searched(search: Apply, text: Evaluator, work: Work) -> Evaluator:
    function = _pattern(search)
    if search.kind is Type.UINT8:
        return _test(function, text, negated=search.function.startswith("not"))
    if search.function == "replaceRegexpOne":
        return lambda event: work.made(function(text(event)))
    return lambda event: function(text(event))


def _apply(
    kind: Type, function: str, arguments: Sequence[Expression], made: Sequence[Evaluator], work: Work
) -> Evaluator:
    if function in _COMPARISONS:
        return _comparison(_COMPARISONS[function], arguments, made)
    if function in _ARITHMETIC:
        return _arithmetic(kind, _ARITHMETIC[function], *made)
    if function in ("in", "notIn"):
        values = frozenset(one.value for one in arguments[1:] if isinstance(one, Constant))
        return _test(values.__contains__, made[0], negated=function == "notIn")
    if function in ("concat", "toString"):
        return _concat([text_of(argument.kind) for argument in arguments], made, work)
    if function == "replace":
        return _replace(_text(arguments[1]), _text(arguments[2]), made[0], work)
    return _OTHERS[function](kind, arguments, made)


def _test(test: Callable[[Any], bool], argument: Evaluator, *, negated: bool) -> Evaluator:
    if negated:
        return lambda event: 0 if test(argument(event)) else 1
    return lambda event: 1 if test(argument(event)) else 0


def _comparison(
    compare: Callable[[Any, Any], bool], arguments: Sequence[Expression], made: Sequence[Evaluator]
) -> Evaluator:
    left, right = made
    if isinstance(arguments[1], Constant):
        value = arguments[1].value
        return lambda event: 1 if compare(left(event), value) else 0
    return lambda event: 1 if compare(left(event), right(event)) else 0


def _arithmetic(
    kind: Type, function: Callable[[Any, Any], Any], left: Evaluator, right: Evaluator
) -> Evaluator:
    if kind is Type.FLOAT64:
        # Both become floats first, as in ClickHouse, and overflow is an infinity.
        return lambda event: function(float(left(event)), float(right(event)))

    def wrapped(event: Any) -> int:
        value: int = function(left(event), right(event))
        return value if kind is Type.INT64 and _LOWEST <= value <= _HIGHEST else wrap(value, kind)

    return wrapped


def _divide(_kind: Type, _arguments: Sequence[Expression], made: Sequence[Evaluator]) -> Evaluator:
    left, right = made
    return lambda event: quotient(left(event), right(event))


def _modulo(kind: Type, arguments: Sequence[Expression], made: Sequence[Evaluator]) -> Evaluator:
    left, right = made
    if kind is Type.FLOAT64:
        return lambda event: float_remainder(left(event), right(event))
    kinds = (arguments[0].kind, arguments[1].kind)

    def rest(event: Any) -> int:
        divisor = right(event)
        if divisor == 0:
            raise SearchFailed("Division by zero")
        return wrap(remainder(left(event), divisor, kinds), kind)

    return rest


def _negate(kind: Type, _arguments: Sequence[Expression], made: Sequence[Evaluator]) -> Evaluator:
    (argument,) = made
    if kind is Type.FLOAT64:
        return lambda event: -argument(event)
    return lambda event: wrap(-argument(event), kind)


def _and(_kind: Type, _arguments: Sequence[Expression], made: Sequence[Evaluator]) -> Evaluator:
    def both(event: Any) -> int:
        for one in made:  # not all(): it costs twice as much, and this runs for every event
            if not one(event):
                return 0
        return 1

    return both


def _or(_kind: Type, _arguments: Sequence[Expression], made: Sequence[Evaluator]) -> Evaluator:
    def either(event: Any) -> int:
        for one in made:
            if one(event):
                return 1
        return 0

    return either


def _not(_kind: Type, _arguments: Sequence[Expression], made: Sequence[Evaluator]) -> Evaluator:
    (argument,) = made
    return lambda event: 0 if argument(event) else 1


def _if(kind: Type, _arguments: Sequence[Expression], made: Sequence[Evaluator]) -> Evaluator:
    condition, positive, negative = made
    if kind is Type.FLOAT64:
        return lambda event: float(positive(event) if condition(event) else negative(event))
    return lambda event: positive(event) if condition(event) else negative(event)


def _lower(_kind: Type, _arguments: Sequence[Expression], made: Sequence[Evaluator]) -> Evaluator:
    # Bytes know only the letters of ASCII, and so do ClickHouse's lower and upper.
    (argument,) = made
    return lambda event: argument(event).encode().lower().decode()


def _upper(_kind: Type, _arguments: Sequence[Expression], made: Sequence[Evaluator]) -> Evaluator:
    (argument,) = made
    return lambda event: argument(event).encode().upper().decode()


def _concat(texts: Sequence[Callable[[Any], str]], made: Sequence[Evaluator], work: Work) -> Evaluator:
    parts = list(zip(texts, made, strict=True))
    return lambda event: work.made("".join([text(part(event)) for text, part in parts]))


def _replace(old: str, new: str, argument: Evaluator, work: Work) -> Evaluator:
    if not old:
        return argument
    return lambda event: work.made(argument(event).replace(old, new))


_OTHERS: Final[Mapping[str, Callable[[Type, Sequence[Expression], Sequence[Evaluator]], Evaluator]]] = (
    MappingProxyType(
        {
            "divide": _divide,
            "modulo": _modulo,
            "negate": _negate,
            "and": _and,
            "or": _or,
            "not": _not,
            "if": _if,
            "lower": _lower,
            "upper": _upper,
        }
    )
)
