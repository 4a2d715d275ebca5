"""Events as rows: an alert's correlation events in order, base events beside them.

A correlation event's row keeps its base events twice: nested as they are sent with an alert, and as rows
of their own, so that the event search finds them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select

from mock_kuma.store import tables

if TYPE_CHECKING:
    from collections.abc import Iterable


def add(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Store events."""
    if rows:
        connection.execute(insert(tables.events), rows)


def taken(connection: Connection, world: str, ids: Iterable[str]) -> str | None:
    """Return one of the ids that an event of this world has already, or None."""
    wanted = list(ids)
    table = tables.events
    for start in range(0, len(wanted), 500):
        place = (table.c.world == world) & table.c.id.in_(wanted[start : start + 500])
        found: str | None = connection.execute(select(table.c.id).where(place).limit(1)).scalar()
        if found is not None:
            return found
    return None


def of_alerts(connection: Connection, world: str, alerts: list[str]) -> dict[str, list[str]]:
    """Return the JSON texts of each alert's correlation events, in the order they came."""
    table = tables.events
    found: dict[str, list[str]] = {alert: [] for alert in alerts}
    if not alerts:
        return found
    query = (
        select(table.c.alert, table.c.body, table.c.nested)
        .where(table.c.world == world, table.c.alert.in_(alerts), table.c.parent.is_(None))
        .order_by(table.c.alert, table.c.place)
    )
    for alert, body, nested in connection.execute(query):
        found[alert].append(body if nested is None else f'{body[:-1]},"BaseEvents":{nested}}}')
    return found
