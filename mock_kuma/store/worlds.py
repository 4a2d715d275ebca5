"""Worlds as rows: made, looked up, counted, deleted with everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from mock_kuma.store import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Everything that goes with a world, children first.
_CONTENTS = (
    tables.journal,
    tables.faults,
    tables.alert_history,
    tables.events,
    tables.alerts,
    tables.tokens,
    tables.users,
    tables.tenants,
)


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Store a new world."""
    connection.execute(insert(tables.worlds).values(values))


def find(connection: Connection, world: str) -> Row[Any] | None:
    """Return the world's row, or None."""
    return connection.execute(select(tables.worlds).where(tables.worlds.c.id == world)).first()


def every(connection: Connection) -> list[Row[Any]]:
    """Return all worlds, oldest first."""
    order = (tables.worlds.c.created, tables.worlds.c.id)
    return list(connection.execute(select(tables.worlds).order_by(*order)))


def statuses(connection: Connection, world: str) -> dict[str, int]:
    """Return how many alerts there are in each status."""
    counted = (
        select(tables.alerts.c.status, func.count())
        .where(tables.alerts.c.world == world)
        .group_by(tables.alerts.c.status)
    )
    return {status: count for status, count in connection.execute(counted).all()}  # noqa: C416 -- typed rows


def remove(connection: Connection, world: str) -> None:
    """Delete the world and all that is in it."""
    for table in _CONTENTS:
        connection.execute(delete(table).where(table.c.world == world))
    connection.execute(delete(tables.worlds).where(tables.worlds.c.id == world))


def set_clock(connection: Connection, world: str, *, frozen_at: int | None, clock_offset: int) -> None:
    """Store what the world's clock shows from now on."""
    connection.execute(
        update(tables.worlds)
        .where(tables.worlds.c.id == world)
        .values(frozen_at=frozen_at, clock_offset=clock_offset)
    )


def draw(connection: Connection, world: str, counter: str, count: int = 1) -> int:
    """Advance one of the world's counters and return its value before; 0 at first."""
    column = tables.worlds.c[counter]
    after: int = connection.execute(
        update(tables.worlds)
        .where(tables.worlds.c.id == world)
        .values({counter: column + count})
        .returning(column)
    ).scalar_one()
    return after - count
