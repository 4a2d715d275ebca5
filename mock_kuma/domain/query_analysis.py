"""From what is written to what is meant: names, aliases, types, and what belongs to groups.

The rules are ClickHouse's: an alias hides a column everywhere but inside its own expression, it may be
used in every clause, and a number in GROUP BY or ORDER BY is the place of an item. Knows no SQL text and no
values. Rule: what leaves here can be evaluated for any event.
"""

from __future__ import annotations

from typing import Final

from mock_kuma.domain.query_columns import COLUMNS, TYPES, Kind
from mock_kuma.domain.query_evaluation import fold
from mock_kuma.domain.query_functions import apply
from mock_kuma.domain.query_problems import InvalidSql
from mock_kuma.domain.query_tree import (
    Aggregate,
    Apply,
    Call,
    Column,
    Constant,
    Expression,
    Literal,
    Name,
    Output,
    Query,
    Select,
    Slot,
    Star,
    Written,
    is_aggregated,
    title,
    walk,
)
from mock_kuma.domain.query_types import Type, is_number, of_integer

# GUESS: an expression that is deeper or larger, aliases put in, is refused; the vendor names no limit.
DEPTH: Final = 60
SIZE: Final = 20_000


def analyse(select: Select) -> Query:
    """Return the query as it is meant; raises ``InvalidSql``."""
    names = _Names(select)
    outputs = tuple(
        _output(item.alias or title(item.written), names.item(place))
        for place, item in enumerate(select.items)
        if not isinstance(item.written, Star)
    )
    star = len(outputs) < len(select.items)
    where = _filter(select.where, names, "WHERE")
    keys = tuple(names.placed(written, "GROUP BY") for written in select.group)
    having = _filter(select.having, names, "HAVING")
    order = tuple((names.placed(written, "ORDER BY"), down) for written, down in select.order)
    if any(one is not None and is_aggregated(one) for one in (where, *keys)):
        raise InvalidSql("aggregate functions are not allowed in WHERE and GROUP BY")
    later = [output.expression for output in outputs] + [one for one, _ in order]
    if having is not None:
        later.append(having)
    for key in (*keys, *(one for one, _ in order)):
        if key.kind is Type.NESTED:
            raise InvalidSql("lists and maps have no order and make no groups")
    group = _Group(keys)
    group.active = bool(select.group) or any(is_aggregated(one) for one in later)
    if group.active and star:
        raise InvalidSql("* is not under an aggregate function and not in GROUP BY")
    # Before the aggregates are counted: each of these may add some.
    shown = tuple(Output(one.title, group.slots(one.expression), one.is_time) for one in outputs)
    sifted = None if having is None else group.slots(having)
    sorted_by = tuple((group.slots(one), down) for one, down in order)
    return Query(
        star=star,
        outputs=shown,
        where=where,
        grouped=group.active,
        keys=keys,
        aggregates=tuple(group.aggregates),
        having=sifted,
        order=sorted_by,
        limit=select.limit,
        offset=select.offset,
        columns=frozenset(
            one.name
            for top in (*later, *keys, *(() if where is None else (where,)))
            for one in walk(top)
            if isinstance(one, Column)
        ),
    )


def _output(name: str, expression: Expression) -> Output:
    # GUESS: only a column as it is becomes RFC 3339; max(Timestamp) stays a number.
    is_time = isinstance(expression, Column) and COLUMNS[expression.name] is Kind.TIME
    return Output(name, expression, is_time)


def _filter(written: Written | None, names: _Names, clause: str) -> Expression | None:
    if written is None:
        return None
    expression = names.meant(written)
    if not is_number(expression.kind):
        raise InvalidSql(f"{clause} cannot filter by {expression.kind}")
    return expression


class _Names:
    """What every name and place of one query stands for."""

    def __init__(self, select: Select) -> None:
        self._items = [item.written for item in select.items]
        self._aliases: dict[str, Written] = {}
        self._left = SIZE
        for item in select.items:
            if item.alias is not None and self._aliases.setdefault(item.alias, item.written) != item.written:
                raise InvalidSql(f"several expressions have the alias {item.alias[:64]}")
        self._names = [item.alias for item in select.items]

    def item(self, place: int) -> Expression:
        """Return what the item after SELECT means."""
        name = self._names[place]
        return self.meant(self._items[place] if name is None else Name(name))

    def placed(self, written: Written, clause: str) -> Expression:
        """Return what an expression of GROUP BY or ORDER BY means, where a number is a place."""
        match written:
            case Literal(int() as place):
                if not 1 <= place <= len(self._items) or isinstance(self._items[place - 1], Star):
                    raise InvalidSql(f"{clause} {place} is no item of the query")
                return self.item(place - 1)
            case _:
                return self.meant(written)

    def meant(self, written: Written, *, within: frozenset[str] = frozenset(), depth: int = 0) -> Expression:
        """Return what it means; ``within`` are the aliases whose expressions it stands in."""
        self._left -= 1
        if depth > DEPTH or self._left < 0:
            raise InvalidSql("the query is too large")
        match written:
            case Literal(value):
                return _constant(value)
            case Name(text) if text in self._aliases and text not in within:
                return self.meant(self._aliases[text], within=within | {text}, depth=depth + 1)
            case Name(text) if text in COLUMNS:
                return Column(TYPES[COLUMNS[text]], text)
            case Name(text):
                raise InvalidSql(f"unknown column {text[:64]}")
            case Star():
                raise InvalidSql("* stands alone, or in count(*)")
            case Call(function, arguments, operator):
                meant = tuple(self.meant(one, within=within, depth=depth + 1) for one in arguments)
                return fold(apply(function, meant, operator=operator))


def _constant(value: float | str) -> Constant:
    if isinstance(value, str):
        return Constant(Type.STRING, value)
    return Constant(of_integer(value) if isinstance(value, int) else Type.FLOAT64, value)


class _Group:
    """Gives every key and every aggregate function of a query its slot in a finished group."""

    def __init__(self, keys: tuple[Expression, ...]) -> None:
        self.active = False
        self.aggregates: list[Aggregate] = []
        self._keys = keys

    def slots(self, expression: Expression) -> Expression:
        """Return the expression over slots; without groups it stays over the event."""
        if not self.active:
            return expression
        if expression in self._keys:
            return Slot(expression.kind, self._keys.index(expression))
        match expression:
            case Aggregate(kind):
                if expression not in self.aggregates:
                    self.aggregates.append(expression)
                return Slot(kind, len(self._keys) + self.aggregates.index(expression))
            case Apply(kind, function, arguments):
                return Apply(kind, function, tuple(self.slots(one) for one in arguments))
            case Column(_, name):
                raise InvalidSql(f"{name} is not under an aggregate function and not in GROUP BY")
            case _:
                return expression
