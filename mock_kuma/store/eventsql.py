"""Runs an event search over the stored events of one world.

The database gives the events of the period, by time, a few at a time, and skips what a simple condition on
its own columns excludes; everything else is evaluated here, so that answers are the same on every engine.
Rule: no part of a client's query reaches the database but as a bound value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import false, select

from mock_kuma.domain.query_run import newest_first, run
from mock_kuma.domain.query_tree import Apply, Column, Constant, Expression, Query
from mock_kuma.store.tables import events

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection

#: How many events are fetched at once.
_BATCH: Final = 500
_INTEGER: Final = 1 << 31
_BIG_INTEGER: Final = 1 << 63
_SIDES: Final = {
    "equals": "equals",
    "less": "greater",
    "lessOrEquals": "greaterOrEquals",
    "greater": "less",
    "greaterOrEquals": "lessOrEquals",
}


def search(
    connection: Connection,
    query: Query,
    *,
    world: str,
    tenants: Sequence[str] | None,
    period: tuple[int, int],
    raw_timestamps: bool,
    empty_fields: bool,
) -> list[dict[str, object]]:
    """Return the answer's objects; raises ``SearchFailed``.

    ``tenants`` are those that the user may see, None is all; ``period`` is first and last millisecond.
    """
    table = events.c
    # The id makes the order of events of one millisecond the same on every engine that sorts bytes.
    order = (table.timestamp.desc(), table.id.desc()) if newest_first(query) else (table.timestamp, table.id)
    statement = (
        select(table.body, table.nested)
        .where(table.world == world, table.timestamp.between(*period), *_narrowed(query.where))
        .order_by(*order)
    )
    if tenants is not None:
        statement = statement.where(table.tenant.in_(tenants) if tenants else false())
    options = {"stream_results": True, "yield_per": _BATCH}
    with connection.execute(statement, execution_options=options) as found:
        stored: Iterator[Any] = iter(found)
        return run(query, stored, raw_timestamps=raw_timestamps, empty_fields=empty_fields)


def _narrowed(where: Expression | None) -> list[ColumnElement[bool]]:
    """Return what the database can tell of the condition by itself; it lets no less pass."""
    match where:
        case Apply(_, "and", arguments):
            return [one for argument in arguments for one in _narrowed(argument)]
        case Apply(_, function, (Column(_, name), Constant(_, value))):
            return _compared(name, function, value)
        case Apply(_, function, (Constant(_, value), Column(_, name))) if function in _SIDES:
            return _compared(name, _SIDES[function], value)
        case Apply(_, "in", (Column(_, name), *values)):
            return _among(name, [one.value for one in values if isinstance(one, Constant)])
        case _:
            return []


def _compared(name: str, function: str, value: object) -> list[ColumnElement[bool]]:
    if function == "equals":
        return _among(name, [value])
    if name != "Timestamp" or not _is_integer(value, _BIG_INTEGER):
        return []
    compare = {
        "less": events.c.timestamp < value,
        "lessOrEquals": events.c.timestamp <= value,
        "greater": events.c.timestamp > value,
        "greaterOrEquals": events.c.timestamp >= value,
    }
    return [compare[function]] if function in compare else []


def _among(name: str, values: list[object]) -> list[ColumnElement[bool]]:
    if name == "ID" and all(isinstance(value, str) and "\0" not in value for value in values):
        return [events.c.id.in_(values)]
    if name == "Type" and all(_is_integer(value, _INTEGER) for value in values):
        return [events.c.type.in_(values)]
    if name == "Timestamp" and all(_is_integer(value, _BIG_INTEGER) for value in values):
        return [events.c.timestamp.in_(values)]
    return []


def _is_integer(value: object, bound: int) -> bool:
    """Tell whether a column of that size takes the value on every engine."""
    return isinstance(value, int) and -bound < value < bound
