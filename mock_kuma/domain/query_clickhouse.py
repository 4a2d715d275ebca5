"""A query as it is meant, written as ClickHouse's SQL: for a server that evaluates it in our stead.

Every step says its type, patterns and choices are spelled out where versions of ClickHouse differ, and what
an ORDER BY leaves open follows the events' time and id, so that the answer is the one that ``query_run``
gives. Knows no connection. Rule: of a client's text only names from our own tables and values pass, each
value escaped here.

GUESS: a division by zero is found in every branch of an ``if``, not only in the one that is taken.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from mock_kuma.domain import query_patterns as patterns
from mock_kuma.domain.query_answer import Answer
from mock_kuma.domain.query_run import newest_first
from mock_kuma.domain.query_tree import (
    Aggregate,
    Apply,
    Column,
    Constant,
    Expression,
    Query,
    Slot,
    escaped,
)
from mock_kuma.domain.query_types import Type
from mock_kuma.domain.query_work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

#: What every event has beside its columns: when it was, its id, the texts that it was stored as.
WHEN: Final = "at"
KEY: Final = "id"
BODY: Final = "body"
NESTED: Final = "nested"

_SAME: Final = frozenset(
    {"equals", "notEquals", "less", "lessOrEquals", "greater", "greaterOrEquals", "lower", "upper"}
)
_INTEGERS: Final = frozenset({"plus", "minus", "multiply", "negate", "modulo"})
_ORDER: Final = f"({WHEN}, {KEY})"


def statement(query: Query, source: str, condition: str) -> str:
    """Return the SELECT: of a table, and of its rows those that a condition of ours lets pass.

    An answer's row has the event's two texts where the query has a star, and then a value for each output.
    """
    where = [f"({condition})"]
    if query.where is not None:
        where.append(_true(query.where))
    if query.grouped:
        slots = [
            f"{_key(one) if place < len(query.keys) else written(one)} AS s{place}"
            for place, one in enumerate((*query.keys, *query.aggregates))
        ]
        keys = "".join(f"{', ' if place else ' GROUP BY '}s{place}" for place in range(len(query.keys)))
        inner = f"SELECT {', '.join([*slots, f'min({_ORDER}) AS came'])} FROM {source}"  # noqa: S608 -- see the rule
        source = f"({inner} WHERE {' AND '.join(where)}{keys})"
        where = []
    if query.having is not None:
        where.append(_true(query.having))
    sifted = f" WHERE {' AND '.join(where)}" if where else ""
    items = [BODY, NESTED] if query.star else []
    items += [f"{written(one.expression)} AS o{place}" for place, one in enumerate(query.outputs)]
    cut = f" LIMIT {query.offset}, {query.limit}"
    return f"SELECT {', '.join(items)} FROM {source}{sifted} ORDER BY {_order(query)}{cut}"  # noqa: S608 -- see the rule


def objects(
    query: Query, rows: Iterable[list[Any]], *, raw_timestamps: bool, empty_fields: bool
) -> list[dict[str, Any]]:
    """Return the answer's objects, of the rows that the statement gave."""
    outputs = [
        replace(one, expression=Slot(one.expression.kind, place)) for place, one in enumerate(query.outputs)
    ]
    nested = [place for place, one in enumerate(outputs) if one.expression.kind is Type.NESTED]
    answer = Answer(
        replace(query, outputs=tuple(outputs)),
        Work(),
        raw_timestamps=raw_timestamps,
        empty_fields=empty_fields,
    )
    made = []
    for row in rows:
        texts, values = (row[:2], row[2:]) if query.star else ([], row)
        for place in nested:
            values[place] = msgspec.json.decode(values[place])
        made.append(answer.of(values, *texts))
    return made


def text(value: str) -> str:
    """Return the literal of a text."""
    return f"'{escaped(value)}'"


def _order(query: Query) -> str:
    down = " DESC" if newest_first(query) else ""
    last = ["came"] if query.grouped else [f"{WHEN}{down}", f"{KEY}{down}"]
    # A constant orders nothing, and ClickHouse would take a number for a place.
    asked = [(one, fall) for one, fall in query.order if not isinstance(one, Constant)]
    return ", ".join([*(f"{written(one)}{' DESC' if fall else ''}" for one, fall in asked), *last])


def _key(expression: Expression) -> str:
    # A constant makes no group of its own unless it is taken for a column.
    made = written(expression)
    return f"materialize({made})" if isinstance(expression, Constant) else made


def _true(condition: Expression) -> str:
    made = written(condition)
    return made if condition.kind is Type.UINT8 else f"notEquals({made}, 0)"


def written(expression: Expression) -> str:
    """Return the expression in ClickHouse's words."""
    match expression:
        case Constant(kind, value):
            return _constant(kind, value)
        case Column(_, name):
            return f"`{name}`"
        case Slot(_, index):
            return f"s{index}"
        case Aggregate():
            return _aggregate(expression)
        case Apply(kind, function, arguments):
            return _apply(kind, function, arguments)


def _constant(kind: Type, value: Any) -> str:
    if kind is Type.STRING:
        return text(value)
    if kind is Type.FLOAT64:
        # By its bits: versions of ClickHouse read a decimal number with an error in the last place.
        return f"reinterpretAsFloat64(unhex('{struct.pack('<d', value).hex()}'))"
    return f"to{kind}({value})"


def _apply(kind: Type, function: str, arguments: Sequence[Expression]) -> str:
    if function in _SPELLED:
        return _SPELLED[function](kind, arguments)
    made = [written(one) for one in arguments]
    if function in _SAME:
        return f"{function}({', '.join(made)})"
    if function in _INTEGERS and kind is not Type.FLOAT64:
        return f"to{kind}({function}({', '.join(made)}))"
    return f"{function}({', '.join(f'toFloat64({one})' for one in made)})"


def _modulo(kind: Type, arguments: Sequence[Expression]) -> str:
    left, right = (written(one) for one in arguments)
    if kind is not Type.FLOAT64:
        return f"to{kind}(modulo({left}, {right}))"
    # Old versions take the remainder of integers, whatever they are given.
    left, right = f"toFloat64({left})", f"toFloat64({right})"
    rest = f"minus({left}, multiply(trunc(divide({left}, {right})), {right}))"
    return f"if(and(isFinite({left}), isFinite({right}), notEquals({right}, 0)), {rest}, nan)"


def _logic(function: str) -> Callable[[Type, Sequence[Expression]], str]:
    return lambda _, arguments: f"{function}({', '.join(_true(one) for one in arguments)})"


def _choice(kind: Type, arguments: Sequence[Expression]) -> str:
    condition, *values = (written(one) for one in arguments)
    if kind is not Type.STRING:
        values = [f"to{kind}({one})" for one in values]
    return f"if({condition}, {', '.join(values)})"


def _membership(_kind: Type, arguments: Sequence[Expression]) -> str:
    left, *values = (written(one) for one in arguments)
    same = [f"equals({left}, {value})" for value in values]
    return f"or({', '.join(same)})" if len(same) > 1 else same[0]


def _concat(_kind: Type, arguments: Sequence[Expression]) -> str:
    made = [written(one) if one.kind is Type.STRING else f"toString({written(one)})" for one in arguments]
    return f"concat({', '.join(made)})" if len(made) > 1 else made[0]


def _replace(_kind: Type, arguments: Sequence[Expression]) -> str:
    old = patterns_of(arguments)[0]
    subject, *rest = (written(one) for one in arguments)
    return f"replaceAll({subject}, {', '.join(rest)})" if old else subject


def _like(function: str) -> Callable[[Type, Sequence[Expression]], str]:
    def spelled(_kind: Type, arguments: Sequence[Expression]) -> str:
        subject, (pattern,) = written(arguments[0]), patterns_of(arguments)
        shape = patterns.like_shape(pattern, ignore_case="ilike" in function.lower())
        if shape.contained is not None:
            search = "positionCaseInsensitiveUTF8" if shape.ignore_case else "position"
            made = f"greater({search}({subject}, {text(shape.contained)}), 0)" if shape.contained else "1"
        else:
            made = f"match({subject}, {_pattern(shape.pattern)})"
        return f"not({made})" if function.startswith("not") else made

    return spelled


def _search(function: str) -> Callable[[Type, Sequence[Expression]], str]:
    def spelled(_kind: Type, arguments: Sequence[Expression]) -> str:
        subject, (pattern, *rest) = written(arguments[0]), patterns_of(arguments)
        if function == "replaceRegexpOne" and patterns.is_plain(pattern):
            return f"replaceOne({subject}, {text(pattern)}, {text(rest[0])})" if pattern else subject
        return f"{function}({', '.join([subject, _pattern(pattern), *map(text, rest)])})"

    return spelled


def _pattern(pattern: str) -> str:
    # Old versions look for a pattern's letters as they stand, even under (?i), but not inside of a group.
    return text(f"(?:{pattern})" if "(?" in pattern else pattern)


def patterns_of(arguments: Sequence[Expression]) -> list[str]:
    """Return the texts that follow a function's first argument."""
    return [str(one.value) for one in arguments[1:] if isinstance(one, Constant)]


_SPELLED: Final[Mapping[str, Callable[[Type, Sequence[Expression]], str]]] = MappingProxyType(
    {
        "modulo": _modulo,
        "if": _choice,
        "concat": _concat,
        "toString": _concat,
        "replace": _replace,
        **{name: _logic(name) for name in ("and", "or", "not")},
        **{name: _like(name) for name in ("like", "notLike", "ilike", "notILike")},
        **{name: _search(name) for name in ("match", "extract", "replaceRegexpOne")},
        "in": _membership,
        "notIn": lambda kind, arguments: f"not({_membership(kind, arguments)})",
    }
)


def _aggregate(aggregate: Aggregate) -> str:
    made = [written(one) for one in aggregate.arguments]
    match aggregate.function:
        case "count":
            return "count()"
        case "any":
            # The first by time; which one comes first to a server is chance.
            return f"argMin({made[0]}, {_ORDER})"
        case ("min" | "max") as function if aggregate.kind is Type.FLOAT64:
            # Passes over NaN, which old versions keep where it comes first.
            value, real = made[0], f"equals(isNaN({made[0]}), 0)"
            empty = "if(greater(count(), 0), nan, toFloat64(0))"
            return f"if(greater(countIf({real}), 0), {function}If({value}, {real}), {empty})"
        case function:
            return f"{function}({made[0]})"
