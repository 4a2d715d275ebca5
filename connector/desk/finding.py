"""Incidents found: filtered, sorted, a page at a time; and the events of one.

Reads only. The database filters, sorts and pages by the narrow table of ``connector.listing``. Rule: a list
says how many there are in all.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, func, select

from connector.errors import UnknownIncident
from connector.incidents import CLOSED
from connector.listing import plain
from connector.models import storable
from connector.store import incident_events, incidents, listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

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
        fits = _fits(wanted, worker)
        key = _key(wanted.sort, worker)
        order = [column.desc() if wanted.descending else column.asc() for column in (key, listing.c.alert_id)]
        page = select(listing.c.alert_id).where(*fits).order_by(*order)
        counting = select(func.count()).select_from(listing)
        with self._store.begin() as connection:
            ids = connection.execute(page.limit(PAGE).offset((wanted.page - 1) * PAGE)).scalars().all()
            total = connection.execute(counting).scalar_one()
            count = connection.execute(counting.where(*fits)).scalar_one() if fits else total
        found = self.by_alerts(ids)
        return [found[alert] for alert in ids if alert in found], count, total

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
        query = select(func.count(), func.coalesce(func.sum(listing.c.revision), 0)).select_from(listing)
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

    def _read(self, alerts: Sequence[str]) -> list[Found]:
        query = select(incidents, func.coalesce(listing.c.events, 0).label("events"))
        query = query.outerjoin(listing, listing.c.alert_id == incidents.c.alert_id)
        with self._store.begin() as connection:
            return [
                Found(
                    id=row.id,
                    alert_id=row.alert_id,
                    status=row.status,
                    alert=json.loads(row.alert),
                    local=json.loads(row.local),
                    revision=row.revision,
                    events=row.events,
                )
                for row in connection.execute(query.where(incidents.c.alert_id.in_(alerts)))
            ]


def _fits(wanted: Wanted, worker: Worker) -> list[ColumnElement[bool]]:
    state = _state(worker)
    conditions: list[ColumnElement[bool]] = []
    if wanted.states:
        conditions.append(state.in_(wanted.states))
    if wanted.priorities:
        conditions.append(listing.c.priority.in_(wanted.priorities))
    if wanted.line:
        conditions.append(state.in_([one.id for one in worker.states if one.line == wanted.line]))
    if wanted.owner:
        conditions.append(listing.c.owner == wanted.owner)
    if wanted.text:
        conditions.append(listing.c.words.contains(plain(wanted.text).casefold(), autoescape=True))
    return conditions


def _state(worker: Worker) -> ColumnElement[str]:
    """Return the id of an incident's state, as ``Worker.state_of`` says it."""
    known = [state.id for state in worker.states if not state.final]
    return case(
        (listing.c.status == CLOSED, worker.final.id),
        (listing.c.state.in_(known), listing.c.state),
        else_=worker.first.id,
    )


def _key(sort: str, worker: Worker) -> ColumnElement[Any]:
    """Return what to sort by; descending begins with the worst, and with the first state."""
    ranks: dict[str, tuple[ColumnElement[str], dict[str, int]]] = {
        "priority": (listing.c.priority, {word: -place for place, word in enumerate(PRIORITIES)}),
        "state": (_state(worker), {state.id: -place for place, state in enumerate(worker.states)}),
        "line": (_state(worker), {state.id: state.line for state in worker.states}),
    }
    if sort in ranks:
        value, rank = ranks[sort]
        return case(*((value == word, number) for word, number in rank.items()), else_=-len(rank))
    return listing.c[sort]
