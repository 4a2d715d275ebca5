"""What changes an alert by hand: raised, changed by a KUMA user, closed through the API.

One transaction each, opened by the caller. Source: REST API, 3.4 and 7.3. Rule: nothing reopens a
closed alert, and every change counts the version up and is in the history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from mock_kuma.actions import assets as asset_actions
from mock_kuma.actions import events as event_actions
from mock_kuma.domain import alerts as life
from mock_kuma.domain.problems import (
    AccessDenied,
    AlertAlreadyClosed,
    Conflict,
    NotFound,
    TenantDisabled,
)
from mock_kuma.store import alerts as alert_store
from mock_kuma.store import ids as stored_ids
from mock_kuma.store import incidents as incident_store
from mock_kuma.store import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Row

    from mock_kuma.domain.roles import Scope
    from mock_kuma.store.lean import Executes
    from mock_kuma.world import World

#: An alert that is new or assigned again is in no incident.
_OUTSIDE: Final = frozenset({life.Status.NEW.value, life.Status.ASSIGNED.value})


def raise_alerts(
    connection: Connection,
    world: World,
    drafts: list[tuple[dict[str, Any], list[dict[str, Any]]]],
) -> list[str]:
    """Store new alerts, each a row without its counts and its complete events; return their ids."""
    ids = [row["id"] for row, _ in drafts]
    double = event_actions.repeated(ids) or stored_ids.taken(connection, tables.alerts, world.id, ids)
    if double is not None:
        raise Conflict(double, "an alert of this world has this id already")
    now = world.clock.now()
    event_rows: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for row, events in drafts:
        own = [
            event_actions.event_rows(world, event, alert_number=row["drawn"], place=place)
            for place, event in enumerate(events)
        ]
        event_rows.extend(line for lines in own for line in lines)
        row.update(
            world=world.id,
            version=1,
            event_count=len(own),
            event_bytes=sum(event_actions.size(lines) for lines in own),
            successor=None,
            created=now,
            updated=now,
        )
        details = {"event_ids": [lines[0]["id"] for lines in own], "last_seen": row["last_seen"]}
        notes.append(
            {
                "world": world.id,
                "alert_number": row["drawn"],
                "version": 1,
                "at": now,
                "change": "opened",
                "details": msgspec.json.encode(details).decode(),
            }
        )
    if drafts:
        alert_store.add(connection, [row for row, _ in drafts])
        event_actions.store(connection, world, event_rows)
        alert_store.note(connection, notes)
        asset_actions.meet(connection, world, (row for row, _ in drafts))
    return ids


def reach(connection: Executes, world: World, scope: Scope, alert: str) -> Row[Any]:
    """Return the alert's row, once the caller may touch it.

    The order of the refusals is inferred (REST API, 3.4): alert, tenant, role.
    """
    row = alert_store.find_with_tenant(connection, world.id, alert)
    if row is None:
        raise NotFound("alert", alert)
    if row.tenant_disabled:
        raise TenantDisabled(row.tenant)
    if not scope.covers(row.tenant):
        raise AccessDenied(f"no role in tenant {row.tenant} allows this with its alerts")
    return row


def reach_open(connection: Executes, world: World, scope: Scope, alert: str) -> Row[Any]:
    """Return the row of an alert that the caller may touch and that is not closed."""
    row = reach(connection, world, scope, alert)
    if row.status == life.Status.CLOSED:
        raise AlertAlreadyClosed(alert)
    return row


def close(connection: Executes, world: World, scope: Scope, *, alert: str, reason: life.Reason) -> None:
    """Close an alert as the API does."""
    row = reach_open(connection, world, scope, alert)
    values = {"status": life.Status.CLOSED.value, "closing_reason": reason.value}
    write(connection, world, row, values, change="closed")


def change(
    connection: Connection,
    world: World,
    *,
    alert: str,
    status: life.Status | None = None,
    assignee: str | None = None,
    priority: life.Priority | None = None,
    closing_reason: life.Reason | None = None,
) -> None:
    """Do what a KUMA user does in the console; what is None stays.

    Giving a new alert to somebody makes it assigned, and taking it away makes it new again.
    """
    row = alert_store.find(connection, world.id, alert)
    if row is None:
        raise NotFound("alert", alert)
    status = status or _status_by_assignee(row, assignee)
    values: dict[str, Any] = {}
    if status is not None:
        closes_again = status is life.Status.CLOSED and row.status == status
        if closes_again or not life.may_move(row.status, status):
            raise Conflict(alert, f"an alert cannot go from {row.status} to {status.value}")
        values["status"] = status.value
        if status is life.Status.CLOSED:
            # GUESS: the console always has a reason; where a test names none, it is the first of them.
            values["closing_reason"] = (closing_reason or life.Reason.RESPONDED).value
        if status is life.Status.NEW:
            values["assignee"] = ""
    if assignee is not None:
        values["assignee"] = assignee
    if priority is not None:
        values["priority"] = priority.value
    if closing_reason is not None and status is not life.Status.CLOSED:
        raise Conflict(alert, "only an alert that is being closed takes a closing reason")
    changed = {key: value for key, value in values.items() if value != row._mapping[key]}  # noqa: SLF001 -- the public name of a Row's columns by name
    if changed:
        _record(connection, world, row, changed)


def write(
    connection: Executes,
    world: World,
    row: Any,
    values: Mapping[str, Any],
    *,
    change: str,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write new values of an alert as its next version; ``details`` is what the history says instead."""
    after = {"version": row.version + 1, "updated": world.clock.now()}
    # Not the id: what an update sets is written in each index that has it, be it the same or not.
    alert_store.change(connection, world.id, row.id, {**values, **after})
    told = dict(values if details is None else details)
    event_actions.note(connection, world, {"drawn": row.drawn, **after}, change, told)


def _record(connection: Connection, world: World, row: Any, changed: dict[str, Any]) -> None:
    status = changed.get("status")
    if status in _OUTSIDE:
        incident_store.unlink(connection, world.id, [row.id])
    write(connection, world, row, changed, change="closed" if status == life.Status.CLOSED else "changed")


def _status_by_assignee(row: Any, assignee: str | None) -> life.Status | None:
    if assignee and row.status == life.Status.NEW:
        return life.Status.ASSIGNED
    if assignee == "" and row.status == life.Status.ASSIGNED:
        return life.Status.NEW
    return None
