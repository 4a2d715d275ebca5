"""Events as rows: an alert's correlation events in order, base events beside them.

A correlation event's row keeps its base events twice: nested as they are sent with an alert, and as rows
of their own, so that the event search finds them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select

from mock_kuma.store import tables


def add(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Store events."""
    if rows:
        connection.execute(insert(tables.events), rows)


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
