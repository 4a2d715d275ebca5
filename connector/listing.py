"""The narrow table by which incidents are found: what lists sort and filter by, in columns of its own.

Follows the incidents within their own transactions. Rule: every incident has its row here, and the row says
what the incident says; nothing else is kept here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from connector.store import incident_events, incidents, into
from connector.store import listing as table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from connector.store import Store

_CHUNK: Final = 400


def follow(connection: Connection, alert_ids: Sequence[str]) -> None:
    """Bring the rows of these alerts' incidents up to date."""
    for start in range(0, len(alert_ids), _CHUNK):
        some = alert_ids[start : start + _CHUNK]
        counting = select(incident_events.c.alert_id, func.count()).where(
            incident_events.c.alert_id.in_(some)
        )
        counts = {row[0]: row[1] for row in connection.execute(counting.group_by(incident_events.c.alert_id))}
        found = connection.execute(select(incidents).where(incidents.c.alert_id.in_(some)))
        rows = [{**row_of(row), "events": counts.get(row.alert_id, 0)} for row in found]
        insert = into(connection, table)
        if rows:
            changed = {name: insert.excluded[name] for name in rows[0] if name != "alert_id"}
            connection.execute(insert.on_conflict_do_update(index_elements=["alert_id"], set_=changed), rows)


def complete(store: Store) -> None:
    """Give a row to each incident that an earlier version left without one."""
    while True:
        query = select(incidents.c.alert_id).where(incidents.c.alert_id.not_in(select(table.c.alert_id)))
        with store.begin() as connection:
            missing = connection.execute(query.limit(_CHUNK * 10)).scalars().all()
            if not missing:
                return
            follow(connection, missing)


def row_of(incident: Any) -> dict[str, Any]:
    """Return what is listed of an incident's row, without the number of its events."""
    alert: Mapping[str, Any] = json.loads(incident.alert)
    local: Mapping[str, Any] = json.loads(incident.local)
    told = [
        incident.id,
        incident.alert_id,
        alert.get("name"),
        alert.get("assignee"),
        alert.get("tenant_name"),
    ]
    told += [*alert.get("assets", []), *alert.get("asset_names", {}).values(), *alert.get("accounts", [])]
    told += [local.get("owner"), local.get("notes")]
    return {
        "alert_id": incident.alert_id,
        "status": incident.status,
        "revision": incident.revision,
        "name": plain(alert.get("name")).casefold(),
        "priority": plain(alert.get("priority")),
        "first_seen": plain(alert.get("first_seen")),
        "last_seen": plain(alert.get("last_seen")),
        "state": plain(local.get("state")),
        "owner": plain(local.get("owner")),
        "words": "\n".join(plain(word) for word in told if word).casefold(),
    }


def plain(value: object) -> str:
    """Return a text that any database keeps: without halves of signs, and without NUL."""
    text = value if isinstance(value, str) else ""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode().replace("\0", "")
