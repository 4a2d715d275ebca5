"""Events on their way into the store: an event's rows, its size, and the history of the alert that has it.

Who takes an event is decided elsewhere (``actions.firing``). Source: REST API, 6.4. Rule: an event's ID is
there once in a world, and a base event is a row of its own beside the one that it is nested in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mock_kuma.domain.problems import Conflict
from mock_kuma.store import alerts as alert_store
from mock_kuma.store import events as event_store
from mock_kuma.store import ids as stored_ids
from mock_kuma.store import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from mock_kuma.store.lean import Executes
    from mock_kuma.world import World

_CORRELATION = 3  # Type of a correlation event (event data model, 217941)
_BASE = 1


def event_rows(
    world: World, event: dict[str, Any], *, alert_number: int | None, place: int
) -> list[dict[str, Any]]:
    """Return the rows of an event: its own, and one for each base event nested in it."""
    base_events = event.get("BaseEvents")
    nested = base_events if isinstance(base_events, list) else []
    flat = {key: value for key, value in event.items() if key != "BaseEvents"}
    own = _row(world, flat, alert_number=alert_number, parent=None, place=place)
    if base_events is not None:
        own["nested"] = msgspec.json.encode(base_events).decode()
    children = [
        _row(world, child, alert_number=alert_number, parent=event["ID"], place=place) for child in nested
    ]
    return [own, *children]


def _row(
    world: World, event: dict[str, Any], *, alert_number: int | None, parent: str | None, place: int
) -> dict[str, Any]:
    return {
        "world": world.id,
        "id": event["ID"],
        "alert_number": alert_number,
        "parent": parent,
        "place": place,
        "timestamp": event["Timestamp"],
        "type": event.get("Type", _BASE if parent else _CORRELATION),
        "tenant": event["TenantID"],
        "body": msgspec.json.encode(event).decode(),
        "nested": None,
    }


def size(rows: Sequence[dict[str, Any]]) -> int:
    """Return how many bytes an event's rows take in an answer."""
    return weight(rows[0]["body"], rows[0]["nested"])


def weight(body: str, nested: str | None) -> int:
    """Return how many bytes an event takes, with the base events that are nested in it."""
    return len(body.encode()) + len((nested or "").encode())


def store(connection: Connection, world: World, rows: list[dict[str, Any]]) -> None:
    """Store event rows; an id that the world has already is a conflict."""
    ids = [row["id"] for row in rows]
    double = repeated(ids) or stored_ids.taken(connection, tables.events, world.id, ids)
    if double is not None:
        raise Conflict(double, "an event of this world has this ID already")
    event_store.add(connection, rows)


def repeated(ids: Sequence[str]) -> str | None:
    """Return an id that is there twice, or None."""
    seen: set[str] = set()
    for key in ids:
        if key in seen:
            return key
        seen.add(key)
    return None


def note(
    connection: Executes, world: World, row: dict[str, Any], change: str, details: dict[str, Any]
) -> None:
    """Write the alert's version, as it is now, into its history."""
    entry = {
        "world": world.id,
        "alert_number": row["drawn"],
        "version": row["version"],
        "at": row["updated"],
        "change": change,
        "details": msgspec.json.encode(details).decode(),
    }
    alert_store.note(connection, [entry])
