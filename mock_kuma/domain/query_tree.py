"""The two trees of a query: as it is written, and as it is meant.

Operators are functions in both, under ClickHouse's names for them (``a + 1`` is ``plus(a, 1)``). In the
first tree names are only names; in the second each expression has its type, aliases are gone, and what a
group computes is a slot. Knows no SQL text. Rule: equal expressions are equal values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from mock_kuma.domain.query_types import Type, float_text

if TYPE_CHECKING:
    from collections.abc import Iterator

Value: TypeAlias = int | float | str

_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        "\n": "\\n",
        "\t": "\\t",
        "\r": "\\r",
        "\0": "\\0",
        "\b": "\\b",
        "\f": "\\f",
    }
)


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or a text."""

    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    """A column or an alias."""

    text: str


@dataclass(frozen=True, slots=True)
class Star:
    """Every column."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function by the name that the client wrote, or an operator by the name of its function."""

    function: str
    arguments: tuple[Written, ...]
    operator: bool = False


Written: TypeAlias = Literal | Name | Star | Call


@dataclass(frozen=True, slots=True)
class Item:
    """One expression after SELECT."""

    written: Written
    alias: str | None


@dataclass(frozen=True, slots=True)
class Select:
    """A query as it is written; ``order`` says for each expression whether it is descending."""

    items: tuple[Item, ...]
    where: Written | None
    group: tuple[Written, ...]
    having: Written | None
    order: tuple[tuple[Written, bool], ...]
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that the query itself gives."""

    kind: Type
    value: Value


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the event."""

    kind: Type
    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """A function of the values of its arguments; after the first, those of ``in`` are constants."""

    kind: Type
    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A function of all the events of a group."""

    kind: Type
    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """A value of a finished group: its keys come first, its aggregates after them."""

    kind: Type
    index: int


Expression: TypeAlias = Constant | Column | Apply | Aggregate | Slot


@dataclass(frozen=True, slots=True)
class Output:
    """One key of the answer's objects; ``is_time`` is a column that holds milliseconds, as it is."""

    title: str
    expression: Expression
    is_time: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A query as it is meant.

    ``star`` puts every field of the event before the outputs. Where ``grouped``, outputs, ``having`` and
    ``order`` speak of slots; otherwise of the event.
    """

    star: bool
    outputs: tuple[Output, ...]
    where: Expression | None
    grouped: bool
    keys: tuple[Expression, ...]
    aggregates: tuple[Aggregate, ...]
    having: Expression | None
    order: tuple[tuple[Expression, bool], ...]
    limit: int
    offset: int
    columns: frozenset[str] = field(default_factory=frozenset)  # those that are read


def escaped(value: str) -> str:
    """Return a text as it stands between single quotes in ClickHouse's SQL."""
    return value.translate(_ESCAPES)


def title(written: Written) -> str:  # noqa: PLR0911 -- one line a kind of node
    """Return the name that ClickHouse gives to a column without an alias."""
    match written:
        case Name(text):
            return text
        case Star():
            return "*"
        case Literal(str() as value):
            return f"'{escaped(value)}'"
        case Literal(float() as value):
            text = float_text(value)
            return text if "." in text or "e" in text else f"{text}."
        case Literal(value):
            return str(value)
        case Call(("in" | "notIn") as function, (left, *items)) if len(items) > 1:
            return f"{function}({title(left)}, ({', '.join(title(one) for one in items)}))"
        case Call(function, arguments):
            return f"{function}({', '.join(title(one) for one in arguments)})"


def walk(expression: Expression) -> Iterator[Expression]:
    """Return the expression and everything below it."""
    yield expression
    if isinstance(expression, Apply | Aggregate):
        for argument in expression.arguments:
            yield from walk(argument)


def is_aggregated(expression: Expression) -> bool:
    """Tell whether the expression is about groups of events, not about one."""
    return any(isinstance(one, Aggregate) for one in walk(expression))
