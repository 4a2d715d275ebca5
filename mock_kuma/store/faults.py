"""Faults as rows, with how often each matched and fired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from mock_kuma.store import tables

if TYPE_CHECKING:
    from collections.abc import Mapping


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Store a new fault."""
    connection.execute(insert(tables.faults).values(values))
    _recount(connection, values["world"])


def every(connection: Connection, world: str) -> list[Row[Any]]:
    """Return the world's faults, oldest first."""
    table = tables.faults
    query = select(table).where(table.c.world == world).order_by(table.c.place)
    return list(connection.execute(query))


def find(connection: Connection, world: str, fault: str) -> Row[Any] | None:
    """Return the fault's row, or None."""
    table = tables.faults
    place = (table.c.world == world) & (table.c.id == fault)
    return connection.execute(select(table).where(place)).first()


def count(connection: Connection, world: str, fault: str, *, fired: bool) -> None:
    """Note that a request matched the fault, and whether it fired."""
    table = tables.faults
    place = (table.c.world == world) & (table.c.id == fault)
    values = {"matched": table.c.matched + 1, "fired": table.c.fired + int(fired)}
    connection.execute(update(table).where(place).values(values))


def remove(connection: Connection, world: str, fault: str | None = None) -> bool:
    """Delete one fault, or all of the world's; say whether there was any."""
    place = tables.faults.c.world == world
    if fault is not None:
        place &= tables.faults.c.id == fault
    removed = connection.execute(delete(tables.faults).where(place)).rowcount
    _recount(connection, world)
    return removed > 0


def _recount(connection: Connection, world: str) -> None:
    # The world's row says how many there are, so that a request in a world without faults asks nothing.
    number = select(func.count()).select_from(tables.faults).where(tables.faults.c.world == world)
    connection.execute(
        update(tables.worlds).where(tables.worlds.c.id == world).values(faults=number.scalar_subquery())
    )
