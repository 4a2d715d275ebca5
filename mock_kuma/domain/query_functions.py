"""The functions and operators of the search: what they take, and which type comes out.

Source: the event search's dialect (REST API, 4.1; UI help 228356), with the rules of a real ClickHouse.
Knows no values. Rule: a function that is not in these tables does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from mock_kuma.domain.query_problems import InvalidSql
from mock_kuma.domain.query_tree import Aggregate, Apply, Constant, Expression, Value, is_aggregated
from mock_kuma.domain.query_types import (
    Type,
    is_number,
    of_arithmetic,
    of_either,
    of_negation,
    of_sum,
)

Arguments: TypeAlias = tuple[Expression, ...]
Rule: TypeAlias = Callable[[str, Arguments], Expression]

_INTEGER: Final = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_FLOAT: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def _arithmetic(function: str, arguments: Arguments) -> Expression:
    left, right = _numbers(function, arguments, 2)
    return Apply(of_arithmetic(function, left.kind, right.kind), function, arguments)


def _negation(function: str, arguments: Arguments) -> Expression:
    (argument,) = _numbers(function, arguments, 1)
    return Apply(of_negation(argument.kind), function, arguments)


def _logic(function: str, arguments: Arguments) -> Expression:
    return Apply(Type.UINT8, function, _numbers(function, arguments, len(arguments)))


def _not(function: str, arguments: Arguments) -> Expression:
    return Apply(Type.UINT8, function, _numbers(function, arguments, 1))


def _comparison(function: str, arguments: Arguments) -> Expression:
    left, right = arguments
    # A text that the query gives is read as a number where a number stands on the other side.
    if is_number(left.kind) and isinstance(right, Constant) and isinstance(right.value, str):
        right = _as_number(right.value, left.kind)
    elif is_number(right.kind) and isinstance(left, Constant) and isinstance(left.value, str):
        left = _as_number(left.value, right.kind)
    both_texts = left.kind is right.kind is Type.STRING
    if not both_texts and not (is_number(left.kind) and is_number(right.kind)):
        raise _no_common_type(left, right)
    return Apply(Type.UINT8, function, (left, right))


def _membership(function: str, arguments: Arguments) -> Expression:
    left, *items = arguments
    values: list[Expression] = []
    for item in items:
        if not isinstance(item, Constant):
            raise InvalidSql("IN takes values, not columns")
        if is_number(left.kind) and isinstance(item.value, str):
            values.append(_as_number(item.value, left.kind))
        elif left.kind is item.kind or (is_number(left.kind) and is_number(item.kind)):
            values.append(item)
        else:
            raise _no_common_type(left, item)
    return Apply(Type.UINT8, function, (left, *values))


def _choice(function: str, arguments: Arguments) -> Expression:
    _count(function, arguments, 3)
    condition, positive, negative = arguments
    _condition(condition)
    kind = of_either(positive.kind, negative.kind)
    if kind is None or kind is Type.NESTED:
        raise _no_common_type(positive, negative)
    return Apply(kind, function, arguments)


def _concat(function: str, arguments: Arguments) -> Expression:
    if not arguments or any(argument.kind is Type.NESTED for argument in arguments):
        raise InvalidSql("concat takes texts and numbers")
    return Apply(Type.STRING, function, arguments)


def _to_string(function: str, arguments: Arguments) -> Expression:
    _count(function, arguments, 1)
    return _concat(function, arguments)


def _texts(count: int, kind: Type, *, constants: bool) -> Rule:
    """Return the rule of a function of texts; all after the first may have to be constants."""

    def rule(function: str, arguments: Arguments) -> Expression:
        _count(function, arguments, count)
        if any(argument.kind is not Type.STRING for argument in arguments):
            raise InvalidSql(f"{function} takes texts")
        if constants and not all(isinstance(argument, Constant) for argument in arguments[1:]):
            raise InvalidSql(f"the pattern of {function} must be a constant")
        return Apply(kind, function, arguments)

    return rule


def _counting(function: str, arguments: Arguments) -> Expression:
    if len(arguments) > 1:
        raise InvalidSql(f"{function} takes at most one argument")
    return Aggregate(Type.UINT64, function, ())  # nothing here is NULL, so what is counted does not matter


def _counting_if(function: str, arguments: Arguments) -> Expression:
    if len(arguments) not in (1, 2):
        raise InvalidSql(f"{function} takes a condition")
    _condition(arguments[-1])
    return Aggregate(Type.UINT64, function, arguments[-1:])


def _total(function: str, arguments: Arguments) -> Expression:
    (argument,) = _numbers(function, arguments, 1)
    return Aggregate(of_sum(argument.kind), function, arguments)


def _average(function: str, arguments: Arguments) -> Expression:
    return Aggregate(Type.FLOAT64, function, _numbers(function, arguments, 1))


def _pick(function: str, arguments: Arguments) -> Expression:
    _count(function, arguments, 1)
    if arguments[0].kind is Type.NESTED:
        raise InvalidSql(f"{function} takes texts and numbers")
    return Aggregate(arguments[0].kind, function, arguments)


OPERATORS: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        **dict.fromkeys(("plus", "minus", "multiply", "divide", "modulo"), _arithmetic),
        "negate": _negation,
        "and": _logic,
        "or": _logic,
        "not": _not,
        **dict.fromkeys(
            ("equals", "notEquals", "less", "lessOrEquals", "greater", "greaterOrEquals"), _comparison
        ),
        **dict.fromkeys(("in", "notIn"), _membership),
        **dict.fromkeys(("like", "notLike", "ilike", "notILike"), _texts(2, Type.UINT8, constants=True)),
    }
)

FUNCTIONS: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "if": _choice,
        "concat": _concat,
        "toString": _to_string,
        "lower": _texts(1, Type.STRING, constants=False),
        "upper": _texts(1, Type.STRING, constants=False),
        "replace": _texts(3, Type.STRING, constants=True),
        "match": _texts(2, Type.UINT8, constants=True),
        "extract": _texts(2, Type.STRING, constants=True),
        "replaceRegexpOne": _texts(3, Type.STRING, constants=True),
        "count": _counting,
        "countIf": _counting_if,
        "sum": _total,
        "avg": _average,
        "min": _pick,
        "max": _pick,
        "any": _pick,
    }
)

#: Those that standard SQL has too may be written in any case; the others only as they stand above.
_ANY_CASE: Final = frozenset(
    {"if", "concat", "lower", "upper", "replace", "extract", "count", "sum", "avg", "min", "max"}
)


def apply(function: str, arguments: Arguments, *, operator: bool) -> Expression:
    """Return the typed call; ``operator`` is one that the client wrote as an operator."""
    if operator:
        return OPERATORS[function](function, arguments)
    name = function.lower() if function.lower() in _ANY_CASE else function
    if name not in FUNCTIONS:
        raise InvalidSql(f"the function {function[:64]} is not allowed")
    call = FUNCTIONS[name](name, arguments)
    if isinstance(call, Aggregate) and any(is_aggregated(argument) for argument in arguments):
        raise InvalidSql(f"an aggregate function inside of {name}")
    return call


def _count(function: str, arguments: Arguments, count: int) -> None:
    if len(arguments) != count:
        raise InvalidSql(f"{function} takes {count} arguments, not {len(arguments)}")


def _numbers(function: str, arguments: Arguments, count: int) -> Arguments:
    _count(function, arguments, count)
    if not all(is_number(argument.kind) for argument in arguments):
        raise InvalidSql(f"{function} takes numbers")
    return arguments


def _condition(argument: Expression) -> None:
    if argument.kind is not Type.UINT8:
        raise InvalidSql(f"a condition is a UInt8, not {argument.kind}")


def _as_number(text: str, kind: Type) -> Constant:
    shape, read = (_FLOAT, float) if kind is Type.FLOAT64 else (_INTEGER, int)
    if not shape.fullmatch(text):
        raise InvalidSql(f"{text[:64]!r} is not a {kind}")
    value: Value = read(text)
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        raise InvalidSql(f"{text[:64]!r} is not a {kind}")
    return Constant(kind, value)


def _no_common_type(left: Expression, right: Expression) -> InvalidSql:
    return InvalidSql(f"there is no supertype for {left.kind} and {right.kind}")
