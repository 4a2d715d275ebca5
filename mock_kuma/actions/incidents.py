"""What changes incidents: made, given to a user, closed, commented, linked to alerts and unlinked from them.

One transaction each, opened by the caller. Source: REST API, 5.10 and 7.3; the help's 220361 and 220419. An
alert that is linked is escalated, one that is unlinked is new again, and closing an incident closes its
alerts. Rule: a call that names several things changes all of them or none.

GUESS: the order of the refusals is that of closing an alert (thing, tenant, role, state); an alert is linked
to one incident at most, as the web interface offers no others; an incident takes alerts of every tenant in
which the caller may do this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mock_kuma.actions import alert_operations
from mock_kuma.actions import alerts as alert_actions
from mock_kuma.domain import alerts as life
from mock_kuma.domain import incidents as rules
from mock_kuma.domain.problems import AccessDenied, NotFound, TenantDisabled, WrongState
from mock_kuma.store import assets, directory
from mock_kuma.store import incidents as store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from mock_kuma.domain.roles import Scope
    from mock_kuma.world import World


def create(
    connection: Connection, world: World, scope: Scope, draft: rules.Draft, *, calculate_priority: bool
) -> str:
    """Make an incident and return its human id; its priority may be that of its gravest alert."""
    tenant = directory.tenant(connection, world.id, draft.tenant)
    if tenant is None:
        raise NotFound("tenant", draft.tenant)
    _check(scope, tenant)
    assignee = alert_operations.assignee(connection, world, draft.assignee) if draft.assignee else None
    _check_known(connection, world, draft)
    alerts = _unlinked(connection, world, scope, [one.id for one in draft.alerts])
    calculated = rules.highest(row.priority for row in alerts) if calculate_priority else None
    number = store.next_number(connection, world.id)
    incident = rules.human_id(number)
    now = world.clock.now()
    status = rules.Status.OPEN if assignee is None else rules.Status.ASSIGNED
    store.add(
        connection,
        {
            "world": world.id,
            "id": incident,
            "number": number,
            "tenant": draft.tenant,
            "name": draft.name,
            "description": draft.description,
            "type": rules.type_text(draft),
            "priority": draft.priority if calculated is None else calculated,
            "status": status.value,
            "resolution": None,
            "assignee_id": "" if assignee is None else assignee.id,
            "assignee": "" if assignee is None else assignee.name,
            "assets": _json([one.id for one in draft.assets]),
            "accounts": _json([one.id for one in draft.accounts]),
            "available_tenants": _json(draft.available_tenants),
            "created": now,
            "updated": now,
        },
    )
    _escalate(connection, world, incident, alerts)
    return incident


def assign(connection: Connection, world: World, scope: Scope, incidents: Sequence[str], user: str) -> None:
    """Give incidents to a user; an open one becomes assigned."""
    assignee = alert_operations.assignee(connection, world, user)
    values = {
        "assignee_id": assignee.id,
        "assignee": assignee.name,
        "status": rules.Status.ASSIGNED.value,
    }
    for row in _all(connection, world, scope, incidents, rules.Status.ASSIGNED):
        _write(connection, world, row, values)


def close(
    connection: Connection,
    world: World,
    scope: Scope,
    incidents: Sequence[str],
    resolution: rules.Resolution,
) -> None:
    """Close incidents, and those of their alerts that are open."""
    values = {"status": rules.Status.CLOSED.value, "resolution": resolution.value}
    closed = {"status": life.Status.CLOSED.value, "closing_reason": life.INCIDENT_CLOSED}
    rows = _all(connection, world, scope, incidents, rules.Status.CLOSED)
    linked = store.alerts_of(connection, world.id, [row.id for row in rows])
    for row in rows:
        _write(connection, world, row, values)
        for alert in linked[row.id]:
            if alert.status != life.Status.CLOSED:
                details = {**closed, "incident": row.id}
                alert_actions.write(connection, world, alert, closed, change="closed", details=details)


def comment(
    connection: Connection, world: World, scope: Scope, incident: str, *, user: str, text: str
) -> None:
    """Say something about an incident.

    GUESS: a closed one, too; a comment does not edit it.
    """
    row = reach(connection, world, scope, incident)
    now = world.clock.now()
    store.comment(connection, world.id, row.id, {"at": now, "user": user, "comment": text})
    _write(connection, world, row, {})


def link(connection: Connection, world: World, scope: Scope, incident: str, alerts: Sequence[str]) -> None:
    """Link alerts to an incident; they become escalated."""
    row = _reach_open(connection, world, scope, incident)
    _escalate(connection, world, row.id, _unlinked(connection, world, scope, alerts))
    _write(connection, world, row, {})


def unlink(connection: Connection, world: World, scope: Scope, incident: str, alerts: Sequence[str]) -> None:
    """Take alerts out of an incident; those that are open become new and nobody's.

    GUESS: documented of 4.0, and taken for the releases before it.
    """
    row = _reach_open(connection, world, scope, incident)
    found = [alert_actions.reach(connection, world, scope, alert) for alert in dict.fromkeys(alerts)]
    for alert in found:
        if store.incident_of(connection, world.id, alert.id) != row.id:
            # GUESS: an alert of another incident is none of this one's.
            raise NotFound("alert", alert.id)
    store.unlink(connection, world.id, [alert.id for alert in found])
    for alert in found:
        if alert.status != life.Status.CLOSED:
            values = {"status": life.Status.NEW.value, "assignee": ""}
            details = {**values, "incident": ""}
            alert_actions.write(connection, world, alert, values, change="changed", details=details)
    _write(connection, world, row, {})


def reach(connection: Connection, world: World, scope: Scope, incident: str) -> Row[Any]:
    """Return the incident's row, once the caller may touch it."""
    row = store.find(connection, world.id, incident)
    if row is None:
        raise NotFound("incident", incident)
    _check(scope, directory.tenant(connection, world.id, row.tenant))
    return row


def _check(scope: Scope, tenant: Row[Any] | None) -> None:
    if tenant is None:
        return
    if tenant.disabled:
        raise TenantDisabled(tenant.id)
    if not scope.covers(tenant.id):
        raise AccessDenied(f"no role in tenant {tenant.id} allows this with its incidents")


def _check_known(connection: Connection, world: World, draft: rules.Draft) -> None:
    # Accounts are known from the alerts alone, so that an account's id is taken as it comes.
    names = directory.tenant_names(connection, world.id)
    unknown = next((tenant for tenant in draft.available_tenants if tenant not in names), None)
    if unknown is not None:
        raise NotFound("tenant", unknown)
    ids = [one.id for one in draft.assets]
    there = assets.known(connection, world.id, ids)
    missing = next((asset for asset in ids if asset not in there), None)
    if missing is not None:
        raise NotFound("asset", missing)


def _all(
    connection: Connection, world: World, scope: Scope, incidents: Sequence[str], to: rules.Status
) -> list[Row[Any]]:
    """Return the rows of the incidents, once each may go to the status."""
    rows = [reach(connection, world, scope, incident) for incident in dict.fromkeys(incidents)]
    if not all(rules.may_move(row.status, to) for row in rows):
        raise WrongState("incident already closed")
    return rows


def _reach_open(connection: Connection, world: World, scope: Scope, incident: str) -> Row[Any]:
    row = reach(connection, world, scope, incident)
    if row.status == rules.Status.CLOSED:
        raise WrongState("incident already closed")
    return row


def _unlinked(connection: Connection, world: World, scope: Scope, alerts: Sequence[str]) -> list[Row[Any]]:
    """Return the rows of alerts that may be linked."""
    found = [alert_actions.reach_open(connection, world, scope, alert) for alert in dict.fromkeys(alerts)]
    for row in found:
        if store.incident_of(connection, world.id, row.id) is not None:
            raise WrongState("alert already linked to incident")
    return found


def _escalate(connection: Connection, world: World, incident: str, alerts: Sequence[Row[Any]]) -> None:
    store.link(connection, world.id, incident, [row.id for row in alerts])
    values = {"status": life.Status.ESCALATED.value}
    for row in alerts:
        details = {**values, "incident": incident}
        alert_actions.write(connection, world, row, values, change="changed", details=details)


def _write(connection: Connection, world: World, row: Row[Any], values: dict[str, Any]) -> None:
    store.change(connection, world.id, row.id, {**values, "updated": world.clock.now()})


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
