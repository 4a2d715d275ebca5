"""What the SOAR holds: one incident for each alert, its events, and what analysts wrote.

Rule: KUMA's fields follow KUMA, events are only ever added, what an analyst wrote is never touched by KUMA,
and a closed incident never opens again. Delivering the same thing twice changes nothing.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, delete, func, select, update

from connector import listing
from connector.errors import UnknownIncident
from connector.models import storable
from connector.store import incident_events, incidents, into, unseen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Select

    from connector.models import Alert
    from connector.store import Store

OPEN: Final = "open"
CLOSED: Final = "closed"
_CHUNK: Final = 400
_ENCODER: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


class Outcome(StrEnum):
    """What delivering an alert did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as the SOAR shows it."""

    id: str
    alert_id: str
    status: str
    alert: Mapping[str, Any]
    local: Mapping[str, str]
    event_ids: tuple[str, ...]


class Incidents:
    """The incidents of one connector instance; new ones are of the type ``kind``, if that is given."""

    def __init__(self, store: Store, *, kind: str = "") -> None:
        self._store = store
        self._kind = kind

    def deliver(self, alerts: Sequence[Alert]) -> list[Outcome]:
        """Create or update an incident for each alert, all of them in one transaction."""
        with self._store.begin() as connection:
            held = held_by(connection, [alert.id for alert in alerts])
            # A first import is nothing but new alerts, so those are made all at once.
            created = _create(connection, [alert for alert in alerts if alert.id not in held], self._kind)
            outcomes = []
            changed = dict.fromkeys(created)
            for alert in alerts:
                if created.get(alert.id) is alert:
                    outcomes.append(Outcome.CREATED)
                    continue
                if alert.id in changed or alert.id not in held:
                    # Twice on the page, or another instance was faster.
                    held[alert.id] = _row(connection, alert.id)
                outcome = _update(connection, alert, held[alert.id])
                if outcome is Outcome.UPDATED:
                    changed[alert.id] = None
                outcomes.append(outcome)
            listing.follow(connection, list(changed))
            return outcomes

    def mark_closed(self, alert_id: str, *, reason: str | None) -> None:
        """Close an incident, since KUMA confirmed that its alert is closed."""
        with self._store.begin() as connection:
            row = _row(connection, alert_id)
            fields = json.loads(row.alert)
            fields["kuma_status"] = CLOSED
            if reason is not None:
                fields["close_reason"] = reason
            _write(connection, alert_id, status=CLOSED, alert=_json(fields), revision=row.revision + 1)
            listing.follow(connection, [alert_id])
            connection.execute(into(connection, unseen).on_conflict_do_nothing(), {"alert_id": alert_id})

    def note_seen(self, alert_ids: Sequence[str]) -> None:
        """Remember that KUMA has shown these alerts, or shows them no more."""
        with self._store.begin() as connection:
            connection.execute(delete(unseen).where(unseen.c.alert_id.in_(alert_ids)))

    def edit(self, alert_id: str, fields: Mapping[str, str]) -> None:
        """Write what an analyst wrote."""
        with self._store.begin() as connection:
            row = _row(connection, alert_id)
            local = {**json.loads(row.local), **fields}
            _write(connection, alert_id, local=_json(local), revision=row.revision + 1)
            listing.follow(connection, [alert_id])

    def status(self, alert_id: str) -> str:
        """Return whether the incident of an alert is open or closed."""
        with self._store.begin() as connection:
            return str(_row(connection, alert_id).status)

    def open_ids(self, *, but: Collection[str] = ()) -> list[str]:
        """Return the alerts of all open incidents, but for some; those never are in memory all at once."""
        query = select(incidents.c.alert_id).where(incidents.c.status == OPEN)
        with self._store.begin() as connection:
            found = connection.execution_options(yield_per=_CHUNK).execute(query).scalars()
            return [key for key in found if key not in but]

    def unseen_ids(self) -> list[str]:
        """Return the alerts that were closed from here and that KUMA has not shown since."""
        with self._store.begin() as connection:
            return list(connection.execute(select(unseen.c.alert_id)).scalars())

    def last_seen(self, alert_ids: Sequence[str]) -> dict[str, str]:
        """Return the ``lastSeen`` that each of these incidents holds."""
        with self._store.begin() as connection:
            return last_seen_of(connection, alert_ids)

    def every(self) -> Iterator[Incident]:
        """Yield all incidents, by alert id."""
        with self._store.begin() as connection:
            rows = connection.execute(select(incidents).order_by(incidents.c.alert_id)).all()
            place = (incident_events.c.alert_id, incident_events.c.place)
            columns = (incident_events.c.alert_id, incident_events.c.event_id)
            events: dict[str, list[str]] = {}
            for alert_id, event_id in connection.execute(select(*columns).order_by(*place)):
                events.setdefault(alert_id, []).append(event_id)
        for row in rows:
            yield Incident(
                id=row.id,
                alert_id=row.alert_id,
                status=row.status,
                alert=json.loads(row.alert),
                local=json.loads(row.local),
                event_ids=tuple(events.get(row.alert_id, ())),
            )


def fields_of(alert: Alert, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the incident's fields that follow the alert; what was not asked for stays as it was."""
    before = before or {}
    # Without a time of its own an alert keeps that of the first look, or it would change at every look.
    own = {"first_seen": alert.first_seen, "last_seen": alert.last_seen}
    times = before if before and not alert.dated else own
    return {
        "tenant_id": alert.tenant_id,
        "tenant_name": alert.tenant_name,
        "name": alert.name,
        "priority": alert.priority,
        "first_seen": times["first_seen"],
        "last_seen": times["last_seen"],
        "assignee": alert.assignee,
        "overflow": alert.overflow,
        "kuma_status": alert.status,
        "close_reason": alert.closing_reason,
        "assets": before.get("assets", []) if alert.assets is None else alert.assets,
        "asset_names": before.get("asset_names", {}) if alert.asset_names is None else alert.asset_names,
        "accounts": before.get("accounts", []) if alert.accounts is None else alert.accounts,
    }


def _create(connection: Connection, alerts: Sequence[Alert], kind: str) -> dict[str, Alert]:
    """Make an incident for each alert that has none; return those that were made here, by the alert's id."""
    first = {alert.id: alert for alert in reversed(alerts)}
    if not first:
        return {}
    local = _json({"type": kind} if kind else {})
    rows = [
        {
            "alert_id": alert.id,
            "id": str(uuid.uuid4()),
            "status": CLOSED if alert.is_closed else OPEN,
            "alert": _json(fields_of(alert, None)),
            "local": local,
            "revision": 1,
        }
        for alert in first.values()
    ]
    # Asked for what was inserted: not every driver counts the rows of an insert.
    ours = into(connection, incidents).on_conflict_do_nothing().returning(incidents.c.alert_id)
    created = {key: first[key] for key in connection.execute(ours, rows).scalars()}
    events = [
        {"alert_id": alert.id, "event_id": key, "place": place, "body": _json(event)}
        for alert in created.values()
        for place, (key, event) in enumerate((alert.events or {}).items())
    ]
    if events:
        connection.execute(into(connection, incident_events).on_conflict_do_nothing(), events)
    return created


def _update(connection: Connection, alert: Alert, held: Any) -> Outcome:
    grown = _add_events(connection, alert)
    text, status = _followed(alert, held)
    if text == held.alert and status == held.status and not grown:
        return Outcome.UNCHANGED
    _write(connection, alert.id, status=status, alert=text, revision=held.revision + 1)
    return Outcome.UPDATED


def is_news(connection: Connection, alert: Alert, held: Any) -> bool:
    """Say whether delivering the alert would change anything; ``held`` is its incident's row, or None."""
    if held is None or _new_events(connection, alert):
        return True
    return _followed(alert, held) != (held.alert, held.status)


def last_seen_of(connection: Connection, alert_ids: Sequence[str]) -> dict[str, str]:
    """Return the ``lastSeen`` that each of these alerts' incidents holds."""
    held = held_by(connection, alert_ids)
    return {key: json.loads(row.alert)["last_seen"] for key, row in held.items()}


def _followed(alert: Alert, held: Any) -> tuple[str, str]:
    """Return an incident's fields and status when it has followed the alert."""
    # Nothing reopens an alert: a closed incident that is shown an open one is shown the past.
    is_past = held.status == CLOSED and not alert.is_closed
    text = held.alert if is_past else _json(fields_of(alert, json.loads(held.alert)))
    return text, CLOSED if alert.is_closed else str(held.status)


def _new_events(connection: Connection, alert: Alert) -> list[str]:
    if not alert.events:
        return []
    table = incident_events
    held = set(connection.execute(select(table.c.event_id).where(table.c.alert_id == alert.id)).scalars())
    return [key for key in alert.events if key not in held]


def _add_events(connection: Connection, alert: Alert) -> int:
    """Add the events that the incident does not hold yet; return how many."""
    new = _new_events(connection, alert)
    if not new or alert.events is None:
        return 0
    table = incident_events
    first = connection.execute(
        select(func.coalesce(func.max(table.c.place) + 1, 0)).where(table.c.alert_id == alert.id)
    ).scalar_one()
    rows = [
        {"alert_id": alert.id, "event_id": key, "place": first + place, "body": _json(alert.events[key])}
        for place, key in enumerate(new)
    ]
    connection.execute(into(connection, table).on_conflict_do_nothing(), rows)
    return len(rows)


def held_by(connection: Connection, alert_ids: Sequence[str]) -> dict[str, Any]:
    """Return the rows of these alerts' incidents, locked."""
    found: dict[str, Any] = {}
    for start in range(0, len(alert_ids), _CHUNK):
        wanted = incidents.c.alert_id.in_(alert_ids[start : start + _CHUNK])
        found.update({row.alert_id: row for row in connection.execute(_locked(wanted))})
    return found


def _locked(which: ColumnElement[bool]) -> Select[Any]:
    """Return the question for rows that are about to be changed; SQLite locks the whole database anyway."""
    # In one order, or two instances would wait for each other.
    return select(incidents).where(which).order_by(incidents.c.alert_id).with_for_update()


def _row(connection: Connection, alert_id: str) -> Any:
    if not storable(alert_id):
        raise UnknownIncident(alert_id)
    row = connection.execute(_locked(incidents.c.alert_id == alert_id)).first()
    if row is None:
        raise UnknownIncident(alert_id)
    return row


def _write(connection: Connection, alert_id: str, **values: Any) -> None:
    connection.execute(update(incidents).where(incidents.c.alert_id == alert_id).values(values))


def _json(value: object) -> str:
    return _ENCODER.encode(value)
