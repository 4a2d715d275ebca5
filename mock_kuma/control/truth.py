"""The whole truth about an alert: what it is, its events, its version, and what happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mock_kuma.domain.moments import render_exact
from mock_kuma.domain.problems import NotFound
from mock_kuma.store import alerts as store
from mock_kuma.store import directory
from mock_kuma.store import events as event_store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mock_kuma.world import World


def alert(connection: Connection, world: World, alert_id: str) -> dict[str, Any]:
    """Return the alert with the vendor's names for its fields, exact times, and ours for the rest.

    ``history`` has an entry a version: ``version``, ``at``, ``change`` (opened, grown, overflowed, changed,
    closed), and what the change brought: ``event_ids``, or the new values.
    """
    row = store.find(connection, world.id, alert_id)
    if row is None:
        raise NotFound("alert", alert_id)
    names = directory.tenant_names(connection, world.id)
    events = event_store.of_alerts(connection, world.id, [row])[row.id]
    return {
        "id": row.id,
        "tenantID": row.tenant,
        "tenantName": names.get(row.tenant, ""),
        "name": row.name,
        "correlationRuleID": row.rule,
        "priority": row.priority,
        "status": row.status,
        "firstSeen": render_exact(row.first_seen),
        "lastSeen": render_exact(row.last_seen),
        "assignee": row.assignee,
        "closingReason": row.closing_reason,
        "overflow": row.overflow,
        "affectedAssets": msgspec.Raw(row.assets.encode()),
        "affectedAccounts": msgspec.Raw(row.accounts.encode()),
        "events": [msgspec.Raw(text.encode()) for text in events],
        "version": row.version,
        "successor": row.successor,
        "history": [_entry(entry) for entry in store.history(connection, world.id, row.drawn)],
    }


_VENDOR = {"closing_reason": "closingReason", "last_seen": "lastSeen"}


def _entry(row: Any) -> dict[str, Any]:
    details = msgspec.json.decode(row.details)
    if "last_seen" in details:
        details["last_seen"] = render_exact(details["last_seen"])
    return {
        "version": row.version,
        "at": render_exact(row.at),
        "change": row.change,
        **{_VENDOR.get(name, name): value for name, value in details.items()},
    }
