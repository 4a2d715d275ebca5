"""Expressions of a query, from sqlglot's nodes to our own tree; only nodes that are listed here pass.

Import it where ``query_syntax`` is imported. Knows neither columns nor types. Rule: a node, or a part of
a node, that nobody named here is ``invalid sql``.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from mock_kuma.domain.query_problems import InvalidSql
from mock_kuma.domain.query_tree import Call, Literal, Name, Written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_OPERATORS: Final[Mapping[type[exp.Expr], str]] = MappingProxyType(
    {
        exp.Add: "plus",
        exp.Sub: "minus",
        exp.Mul: "multiply",
        exp.Div: "divide",
        exp.Mod: "modulo",
        exp.EQ: "equals",
        exp.NEQ: "notEquals",
        exp.LT: "less",
        exp.LTE: "lessOrEquals",
        exp.GT: "greater",
        exp.GTE: "greaterOrEquals",
    }
)
_CHAINS: Final[Mapping[type[exp.Expr], str]] = MappingProxyType(
    {exp.And: "and", exp.Or: "or", exp.DPipe: "concat"}
)
_LIKES: Final[Mapping[type[exp.Expr], tuple[str, str]]] = MappingProxyType(
    {exp.Like: ("like", "notLike"), exp.ILike: ("ilike", "notILike")}
)
_RANKED: Final[tuple[type[exp.Expr], ...]] = (
    exp.EQ,
    exp.NEQ,
    exp.LT,
    exp.LTE,
    exp.GT,
    exp.GTE,
    exp.In,
    exp.Between,
    *_LIKES,
    exp.Not,
)
#: Parts of nodes that say how sqlglot would print them, and nothing about what they mean.
_PRINTING: Final = frozenset({"big_int", "safe", "typed", "coalesce", "nulls_first"})
#: The first integer that is too large for ClickHouse's widest type, and the first negative one.
_TOO_LARGE: Final = 1 << 64
_TOO_SMALL: Final = -(1 << 63) - 1


def parts(node: exp.Expr, *allowed: str) -> None:
    """Refuse a node that has other parts than these."""
    for name, part in node.args.items():
        if part and name not in allowed and name not in _PRINTING:
            raise InvalidSql(f"{name.strip('_').upper()} is not allowed here")


def written(node: exp.Expr) -> Written:
    """Return the expression; raises ``InvalidSql``."""
    read = _NODES.get(type(node))
    if read is None and isinstance(node, exp.Func):
        read = _function
    if read is None:
        raise InvalidSql(f"{_shown(node)} is not allowed here")
    return read(node)


def _shown(node: exp.Expr) -> str:
    return node.sql("clickhouse")[:64]


def _operand(node: exp.Expr) -> Written:
    # ClickHouse reads comparisons in a row from left to right, whatever they are; sqlglot ranks them.
    if isinstance(node, _RANKED):
        raise InvalidSql(f"brackets are needed around {_shown(node)}")
    return written(node)


def _brackets(node: exp.Expr) -> Written:
    parts(node, "this")
    return written(node.this)


def _column(node: exp.Expr) -> Written:
    parts(node, "this")
    return written(node.this) if isinstance(node.this, exp.Star) else Name(node.name)


def _literal(node: exp.Expr) -> Literal:
    text = node.name
    if node.is_string:
        return Literal(text)
    if text.isdecimal() and int(text) < _TOO_LARGE:
        return Literal(int(text))
    try:
        value = float(text)
    except ValueError as error:
        raise InvalidSql(f"{text[:64]} is no number") from error
    if math.isinf(value):
        raise InvalidSql(f"{text[:64]} is too large")
    return Literal(value)


def _negation(node: exp.Expr) -> Written:
    parts(node, "this")
    if isinstance(node.this, exp.Literal) and not node.this.is_string:
        match _literal(node.this):
            case Literal(int() as value) if -value > _TOO_SMALL:
                return Literal(-value)
            case Literal(int() | float() as value):
                return Literal(-float(value))
    return Call("negate", (_operand(node.this),), operator=True)


def _not(node: exp.Expr) -> Written:
    parts(node, "this")
    if node.meta.get("infix") and isinstance(node.this, exp.In | exp.Between):
        return _membership(node.this, negated=True)
    return Call("not", (written(node.this),), operator=True)


def _binary(node: exp.Expr) -> Written:
    if "clickhouse_name" in node.meta:
        raise InvalidSql(f"{_shown(node)} is an operator, not a function")
    parts(node, "this", "expression")
    return Call(_OPERATORS[type(node)], (_operand(node.this), _operand(node.expression)), operator=True)


def _like(node: exp.Expr) -> Written:
    parts(node, "this", "expression", "negate")
    function = _LIKES[type(node)][bool(node.args.get("negate"))]
    return Call(function, (_operand(node.this), _operand(node.expression)), operator=True)


def _chain(node: exp.Expr) -> Written:
    """Return ``a AND b AND c`` as one call; it may be longer than a stack is deep."""
    kind, function = type(node), _CHAINS[type(node)]
    links: list[exp.Expr] = []
    while type(node) is kind:
        parts(node, "this", "expression")
        links.append(node.expression)
        node = node.this
    read = _operand if kind is exp.DPipe else written
    arguments = tuple(read(one) for one in (node, *reversed(links)))
    return Call(function, arguments, operator=kind is not exp.DPipe)


def _membership(node: exp.Expr, *, negated: bool = False) -> Written:
    if isinstance(node, exp.Between):
        return _between(node, negated=negated)
    parts(node, "this", "expressions", "field")
    field = node.args.get("field")
    items = tuple(written(one) for one in ([field] if field is not None else node.expressions))
    if not items:
        raise InvalidSql("IN without values")
    return Call("notIn" if negated else "in", (_operand(node.this), *items), operator=True)


def _between(node: exp.Between, *, negated: bool) -> Written:
    parts(node, "this", "low", "high")
    this, low, high = (_operand(node.args[name]) for name in ("this", "low", "high"))
    lower, upper, both = ("less", "greater", "or") if negated else ("greaterOrEquals", "lessOrEquals", "and")
    ends = (Call(lower, (this, low), operator=True), Call(upper, (this, high), operator=True))
    return Call(both, ends, operator=True)


def _function(node: exp.Expr) -> Written:
    arguments: list[Any] = []
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        parts(node, "this", "expressions")
        spelled, arguments = str(node.this), node.expressions
    else:
        # The parser keeps a function's name as it was written, but for "if", which has a node of its own.
        spelled = "if" if isinstance(node, exp.If) else str(node.meta.get("clickhouse_name", ""))
        for name in node.arg_types:
            part = node.args.get(name)
            if part and name not in _PRINTING:
                arguments.extend(part if isinstance(part, list) else [part])
    if not spelled or not all(isinstance(one, exp.Expr) for one in arguments):
        raise InvalidSql(f"{_shown(node)} is not allowed here")
    if spelled.lower() == "count" and len(arguments) == 1 and isinstance(arguments[0], exp.Star):
        parts(arguments[0])
        arguments = []
    return Call(spelled, tuple(written(one) for one in arguments))


_NODES: Final[Mapping[type[exp.Expr], Callable[[Any], Written]]] = MappingProxyType(
    {
        exp.Paren: _brackets,
        exp.Column: _column,
        exp.Literal: _literal,
        exp.Neg: _negation,
        exp.Not: _not,
        exp.In: _membership,
        exp.Between: _membership,
        **dict.fromkeys(_OPERATORS, _binary),
        **dict.fromkeys(_LIKES, _like),
        **dict.fromkeys(_CHAINS, _chain),
    }
)
