"""Events as rows: an alert's correlation events in order, base events beside them.

A correlation event's row keeps its base events twice: nested as they are sent with an alert, and as rows
of their own, so that the event search finds them.
"""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, update

from mock_kuma.store import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mock_kuma.store.lean import Executes


def add(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Store events."""
    if rows:
        # What is sent with alerts goes first, so that it lies together: base events are many, and read alone.
        own_first = sorted(rows, key=lambda row: row["parent"] is not None)
        # By the driver itself, which takes two thirds of the time: a world may have millions.
        made = insert(tables.events).compile(dialect=connection.dialect, column_keys=list(rows[0]))
        values: Any = own_first
        if made.positiontup is not None:
            values = list(map(itemgetter(*made.positiontup), own_first))
        connection.exec_driver_sql(str(made), values)


def find(connection: Connection, world: str, event: str) -> Row[Any] | None:
    """Return the event's row, or None."""
    place = (tables.events.c.world == world) & (tables.events.c.id == event)
    return connection.execute(select(tables.events).where(place)).first()


def move(connection: Connection, world: str, event: str, *, alert_number: int | None, place: int) -> None:
    """Put an event, with the base events that are nested in it, into an alert, or into none."""
    table = tables.events
    moved = (table.c.world == world) & ((table.c.id == event) | (table.c.parent == event))
    connection.execute(update(table).where(moved).values(alert_number=alert_number, place=place))


def close_gap(connection: Connection, world: str, alert_number: int, place: int) -> None:
    """Move the events of an alert up that stand behind a place which has become free."""
    table = tables.events
    behind = (table.c.world == world) & (table.c.alert_number == alert_number) & (table.c.place > place)
    connection.execute(update(table).where(behind).values(place=table.c.place - 1))


class Numbered(Protocol):
    """An alert's row, as far as it tells whose events are meant."""

    @property
    def id(self) -> str:
        """Return its id, unique in its world."""

    @property
    def drawn(self) -> int:
        """Return its number, unique in its world."""


@lru_cache(maxsize=512)
def _of_alerts(count: int) -> Select[Any]:
    table = tables.events
    asked: list[Any] = [bindparam(f"number_{place}") for place in range(count)]
    return (
        select(table.c.alert_number, table.c.body, table.c.nested)
        .where(table.c.world == bindparam("name"), table.c.alert_number.in_(asked), table.c.parent.is_(None))
        .order_by(table.c.alert_number, table.c.place)
    )


def of_alerts(
    connection: Executes, world: str, alerts: Sequence[Numbered | Row[Any]]
) -> dict[str, list[str]]:
    """Return the JSON texts of each alert's correlation events by its id, in the order they came."""
    found: dict[str, list[str]] = {alert.id: [] for alert in alerts}
    if not alerts:
        return found
    values = {f"number_{place}": alert.drawn for place, alert in enumerate(alerts)}
    ids = {alert.drawn: alert.id for alert in alerts}
    for number, body, nested in connection.execute(_of_alerts(len(alerts)), {"name": world, **values}):
        found[ids[number]].append(body if nested is None else f'{body[:-1]},"BaseEvents":{nested}}}')
    return found
