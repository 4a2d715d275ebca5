"""Incidents found: filtered, sorted, a page at a time; and the events of one.

Reads only. Rows are filtered here and not by the database, whose JSON differs from one to the other. Rule:
a list says how many there are in all.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from connector.errors import UnknownIncident
from connector.incidents import CLOSED
from connector.models import storable
from connector.store import incident_events, incidents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.desk.worker import Worker
    from connector.store import Store

PAGE: Final = 50
EVENTS: Final = 100
SORTS: Final = ("priority", "name", "state", "line", "last_seen", "first_seen", "events", "owner")
PRIORITIES: Final = ("critical", "high", "medium", "low")
_CHUNK: Final = 400


@dataclass(frozen=True, slots=True)
class Found:
    """An incident as lists and the card show it."""

    id: str
    alert_id: str
    status: str
    alert: dict[str, Any]
    local: dict[str, Any]
    revision: int
    events: int

    @property
    def is_closed(self) -> bool:
        """Whether KUMA confirmed that its alert is closed."""
        return self.status == CLOSED

    @property
    def number(self) -> str:
        """A short name for people: the beginning of the id."""
        return self.id[:8].upper()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search: everything that is given must fit; ``line`` is 1 or 2, and 0 for any."""

    text: str = ""
    states: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    line: int = 0
    owner: str = ""
    sort: str = "last_seen"
    descending: bool = True
    page: int = 1


class Finding:
    """Reads the incidents of one desk."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def search(self, wanted: Wanted, worker: Worker) -> tuple[list[Found], int, int]:
        """Return a page of incidents, how many fit, and how many there are."""
        every = self._read(None)
        fitting = [one for one in every if _fits(one, wanted, worker)]
        fitting.sort(key=lambda one: one.alert_id)
        fitting.sort(key=lambda one: _key(one, wanted.sort, worker), reverse=wanted.descending)
        start = (wanted.page - 1) * PAGE
        return fitting[start : start + PAGE], len(fitting), len(every)

    def one(self, incident_id: str) -> Found:
        """Return an incident by its own id; raises ``UnknownIncident``."""
        alert = None
        if storable(incident_id):
            query = select(incidents.c.alert_id).where(incidents.c.id == incident_id)
            with self._store.begin() as connection:
                alert = connection.execute(query).scalar()
        if alert is None:
            raise UnknownIncident(incident_id)
        return self.by_alerts([alert])[alert]

    def by_alerts(self, alerts: Sequence[str]) -> dict[str, Found]:
        """Return the incidents of these alerts, by alert; alerts without one are missing."""
        found: dict[str, Found] = {}
        for start in range(0, len(alerts), _CHUNK):
            found.update({one.alert_id: one for one in self._read(alerts[start : start + _CHUNK])})
        return found

    def version(self) -> str:
        """Return a text that changes whenever an incident does."""
        query = select(func.count(), func.coalesce(func.sum(incidents.c.revision), 0)).select_from(incidents)
        with self._store.begin() as connection:
            count, revisions = connection.execute(query).one()
        return f"{count}.{revisions}"

    def events(self, alert_id: str, *, page: int, text: str = "") -> tuple[list[dict[str, Any]], int]:
        """Return a page of an incident's events in the order they came, and how many fit the text."""
        fits = [incident_events.c.alert_id == alert_id]
        if text:
            # Stored with ASCII escapes: a text of another script is looked for as it is stored.
            fits.append(incident_events.c.body.icontains(json.dumps(text)[1:-1], autoescape=True))
        query = select(incident_events.c.body).where(*fits).order_by(incident_events.c.place)
        with self._store.begin() as connection:
            count = connection.execute(
                select(func.count()).select_from(incident_events).where(*fits)
            ).scalar_one()
            bodies = connection.execute(query.limit(EVENTS).offset((page - 1) * EVENTS)).scalars()
            return [json.loads(body) for body in bodies], int(count)

    def _read(self, alerts: Iterable[str] | None) -> list[Found]:
        columns = (incident_events.c.alert_id, func.count())
        counting = select(*columns).group_by(incident_events.c.alert_id)
        query = select(incidents)
        if alerts is not None:
            wanted = list(alerts)
            counting = counting.where(incident_events.c.alert_id.in_(wanted))
            query = query.where(incidents.c.alert_id.in_(wanted))
        with self._store.begin() as connection:
            counts: dict[str, int] = {row[0]: row[1] for row in connection.execute(counting)}
            rows = connection.execute(query).all()
        return [
            Found(
                id=row.id,
                alert_id=row.alert_id,
                status=row.status,
                alert=json.loads(row.alert),
                local=json.loads(row.local),
                revision=row.revision,
                events=counts.get(row.alert_id, 0),
            )
            for row in rows
        ]


def _fits(one: Found, wanted: Wanted, worker: Worker) -> bool:
    state = worker.state_of(one.local, is_closed=one.is_closed)
    return (
        (not wanted.states or state.id in wanted.states)
        and (not wanted.priorities or one.alert.get("priority") in wanted.priorities)
        and (not wanted.line or state.line == wanted.line)
        and (not wanted.owner or one.local.get("owner") == wanted.owner)
        and (not wanted.text or _has(one, wanted.text.casefold()))
    )


def _has(one: Found, text: str) -> bool:
    alert: Mapping[str, Any] = one.alert
    words = [one.id, one.alert_id, alert.get("name"), alert.get("assignee"), one.local.get("owner")]
    words += [*alert.get("assets", []), *alert.get("accounts", []), one.local.get("notes")]
    return any(text in str(word).casefold() for word in words if word)


def _key(one: Found, sort: str, worker: Worker) -> Any:
    state = worker.state_of(one.local, is_closed=one.is_closed)
    priority = one.alert.get("priority")
    keys: dict[str, Any] = {
        "priority": -PRIORITIES.index(priority) if priority in PRIORITIES else -len(PRIORITIES),
        "state": -worker.states.index(state),
        "line": state.line,
        "events": one.events,
        "owner": str(one.local.get("owner", "")).casefold(),
        "name": str(one.alert.get("name", "")).casefold(),
    }
    return keys.get(sort, str(one.alert.get(sort, "")))
