"""New correlation data reaches an alert: the rule fires, and KUMA's life cycle decides who takes it.

One transaction, opened by the caller. Source: REST API, 7.1 and 7.2. Rule: every event that is stored
belongs to exactly one alert, and the alert's version counts each change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from mock_kuma.domain import alerts as life
from mock_kuma.domain.problems import Conflict
from mock_kuma.store import alerts as alert_store
from mock_kuma.store import events as event_store
from mock_kuma.store import ids as stored_ids
from mock_kuma.store import tables
from mock_kuma.store import worlds as world_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from mock_kuma.generate import Soc
    from mock_kuma.world import World

_CORRELATION = 3  # Type of a correlation event (event data model, 217941)
_BASE = 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """Who took the events: ``alert`` is the last that did, ``opened`` says whether it is a new one."""

    alert: str
    opened: bool
    event_ids: tuple[str, ...]
    overflow: bool


@dataclass(slots=True)
class _Taker:
    """An alert while it takes events: its row, and what is to be written at the end."""

    row: dict[str, Any]
    is_new: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)
    stamps: list[int] = field(default_factory=list)
    overflows: bool = False


def event_rows(world: World, event: dict[str, Any], *, alert: str | None, place: int) -> list[dict[str, Any]]:
    """Return the rows of an event: its own, and one for each base event nested in it."""
    base_events = event.get("BaseEvents")
    nested = base_events if isinstance(base_events, list) else []
    flat = {key: value for key, value in event.items() if key != "BaseEvents"}
    own = _row(world, flat, alert=alert, parent=None, place=place)
    if base_events is not None:
        own["nested"] = msgspec.json.encode(base_events).decode()
    children = [_row(world, child, alert=alert, parent=event["ID"], place=place) for child in nested]
    return [own, *children]


def _row(
    world: World, event: dict[str, Any], *, alert: str | None, parent: str | None, place: int
) -> dict[str, Any]:
    return {
        "world": world.id,
        "id": event["ID"],
        "alert": alert,
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
    return len(rows[0]["body"]) + len(rows[0]["nested"] or "")


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


def ingest(
    connection: Connection, world: World, soc: Soc, alert: Any, events: list[dict[str, Any]]
) -> Receipt:
    """Let the alert's rule fire once for each event; ``alert`` is the row that the caller named."""
    now = world.clock.now()
    takers = [_Taker(_latest(connection, world, alert))]
    for event in events:
        _take(connection, world, soc, takers, event, now)
    rows = [row for taker in takers for row in taker.events]
    for taker in takers:
        _save(connection, world, taker, now)
    if rows:
        store(connection, world, rows)
    last = takers[-1]
    return Receipt(
        alert=last.row["id"],
        opened=any(taker.is_new for taker in takers),
        event_ids=tuple(row["id"] for row in rows if row["parent"] is None),
        overflow=last.row["overflow"],
    )


def _latest(connection: Connection, world: World, alert: Any) -> dict[str, Any]:
    # After a freeze the first firing opens a new alert and the next ones go into that one.
    row = dict(alert._mapping)  # noqa: SLF001 -- the public name of a Row's columns by name
    while row["successor"] is not None and row["status"] not in world.release.fills:
        following = alert_store.find(connection, world.id, row["successor"])
        if following is None:
            break
        row = dict(following._mapping)  # noqa: SLF001 -- as above
    return row


def _take(
    connection: Connection,
    world: World,
    soc: Soc,
    takers: list[_Taker],
    event: dict[str, Any],
    now: int,
) -> None:
    taker = takers[-1]
    rows = event_rows(world, event, alert=taker.row["id"], place=taker.row["event_count"])
    decision = life.growth(
        life.Filling(
            status=taker.row["status"],
            created=taker.row["created"],
            overflow=taker.row["overflow"],
            event_count=taker.row["event_count"],
            event_bytes=taker.row["event_bytes"],
        ),
        release=world.release,
        now=now,
        coming=size(rows),
    )
    if decision is life.Growth.OVERFLOWS:
        taker.overflows = taker.overflows or not taker.row["overflow"]
        taker.row["overflow"] = True
        return
    if decision is life.Growth.OPENS:
        taker = _successor(connection, world, soc, taker, event, now)
        takers.append(taker)
        rows = event_rows(world, event, alert=taker.row["id"], place=0)
    taker.events.extend(rows)
    taker.stamps.append(event["Timestamp"])
    taker.row["event_count"] += 1
    taker.row["event_bytes"] += size(rows)


def _successor(
    connection: Connection,
    world: World,
    soc: Soc,
    before: _Taker,
    event: dict[str, Any],
    now: int,
) -> _Taker:
    drawn = world_store.draw(connection, world.id, "drawn_alerts")
    new_id = soc.alert(drawn).id
    before.row["successor"] = new_id
    if not before.is_new:
        alert_store.change(connection, world.id, before.row["id"], {"successor": new_id})
    moment = event["Timestamp"] * 1_000
    fresh = {
        "id": new_id,
        "status": life.Status.NEW.value,
        "first_seen": moment,
        "last_seen": moment,
        "assignee": "",
        "closing_reason": "",
        "overflow": False,
        "version": 1,
        "drawn": drawn,
        "event_count": 0,
        "event_bytes": 0,
        "successor": None,
        "sent_as": None,
        "created": now,
        "updated": now,
    }
    return _Taker({**before.row, **fresh}, is_new=True)


def _save(connection: Connection, world: World, taker: _Taker, now: int) -> None:
    row = taker.row
    if not taker.is_new and not taker.stamps and not taker.overflows:
        return
    row["last_seen"] = life.last_seen(row["last_seen"], taker.stamps)
    row["updated"] = now
    ids = [event["id"] for event in taker.events if event["parent"] is None]
    details: dict[str, Any] = {"event_ids": ids, "last_seen": row["last_seen"]}
    change = "overflowed" if taker.overflows else "grown"
    if taker.is_new:
        change = "opened"
        alert_store.add(connection, [row])
    else:
        row["version"] += 1
        alert_store.change(connection, world.id, row["id"], row)
    note(connection, world, row, change, details)


def note(
    connection: Connection, world: World, row: dict[str, Any], change: str, details: dict[str, Any]
) -> None:
    """Write the alert's version, as it is now, into its history."""
    entry = {
        "world": world.id,
        "alert": row["id"],
        "version": row["version"],
        "at": row["updated"],
        "change": change,
        "details": msgspec.json.encode(details).decode(),
    }
    alert_store.note(connection, [entry])
