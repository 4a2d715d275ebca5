"""Alerts that were collected and wait for the handler: one row an alert, as it was seen last.

The connector delivers here on its schedule, the handler makes incidents of it on its own. What comes while a
row waits is merged into it. Rule: a row leaves when its alert was delivered to the incidents, and only if
nothing came meanwhile; an alert that tells an incident nothing new is not put in.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from connector.incidents import Outcome, held_by, is_news, last_seen_of
from connector.models import Alert
from connector.store import inbox as table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.incidents import Incidents
    from connector.store import Store

#: So many alerts are handed over in one transaction: each may have megabytes of events.
_BATCH: Final = 50
_CHUNK: Final = 400
#: The advisory lock of PostgreSQL for putting alerts in: of two that merge at once, one would be lost.
_LOCK: Final = 7_223_002


@dataclass(frozen=True, slots=True)
class Waiting:
    """An alert in the box; ``mark`` is another one after each change."""

    alert: Alert
    mark: str


class Inbox:
    """The box of one database; takes what ``Incidents`` takes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def deliver(self, alerts: Sequence[Alert]) -> list[Outcome]:
        """Put alerts in, all of them in one transaction; say of each what it will do to its incident."""
        ids = [alert.id for alert in alerts]
        with self._store.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            # The box first: what is not in it any more is in the incidents by now.
            waiting = _waiting(connection, ids)
            held = held_by(connection, ids)
            outcomes = []
            for alert in alerts:
                before = waiting.get(alert.id)
                if before is None and is_news(connection, alert, held.get(alert.id)):
                    _put(connection, alert)
                    waiting[alert.id] = alert
                    outcomes.append(Outcome.UPDATED if alert.id in held else Outcome.CREATED)
                elif before is not None and (merged := _merged(before, alert)) != before:
                    _replace(connection, merged)
                    waiting[alert.id] = merged
                    outcomes.append(Outcome.UPDATED)
                else:
                    outcomes.append(Outcome.UNCHANGED)
            return outcomes

    def last_seen(self, alert_ids: Sequence[str]) -> dict[str, str]:
        """Return the ``lastSeen`` up to which each of these alerts was taken, here or as an incident."""
        with self._store.begin() as connection:
            waiting = _waiting(connection, alert_ids)
            return last_seen_of(connection, alert_ids) | {key: one.last_seen for key, one in waiting.items()}

    def count(self) -> int:
        """Return how many alerts wait."""
        with self._store.begin() as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())

    def hand_over(self, to: Incidents, *, beat: Callable[[], None]) -> list[Outcome]:
        """Deliver everything that waits, the oldest first; ``beat`` is called before each part of it."""
        outcomes: list[Outcome] = []
        while some := self._oldest():
            beat()
            outcomes += to.deliver([one.alert for one in some])
            self._take_out(some)
        return outcomes

    def _oldest(self) -> list[Waiting]:
        query = select(table).order_by(table.c.number, table.c.alert_id).limit(_BATCH)
        with self._store.begin() as connection:
            return [Waiting(_alert(row.alert), row.mark) for row in connection.execute(query)]

    def _take_out(self, some: Sequence[Waiting]) -> None:
        with self._store.begin() as connection:
            for one in some:
                unchanged = (table.c.alert_id == one.alert.id, table.c.mark == one.mark)
                connection.execute(delete(table).where(*unchanged))


def _put(connection: Connection, alert: Alert) -> None:
    number = connection.execute(select(func.coalesce(func.max(table.c.number), 0) + 1)).scalar_one()
    row = {"alert_id": alert.id, "number": number, "alert": _text(alert), "mark": uuid.uuid4().hex}
    connection.execute(insert(table).values(row))


def _replace(connection: Connection, alert: Alert) -> None:
    values = {"alert": _text(alert), "mark": uuid.uuid4().hex}
    connection.execute(update(table).where(table.c.alert_id == alert.id).values(values))


def _waiting(connection: Connection, alert_ids: Sequence[str]) -> dict[str, Alert]:
    found: dict[str, Alert] = {}
    for start in range(0, len(alert_ids), _CHUNK):
        query = select(table).where(table.c.alert_id.in_(alert_ids[start : start + _CHUNK]))
        found.update({row.alert_id: _alert(row.alert) for row in connection.execute(query)})
    return found


def _merged(before: Alert, now: Alert) -> Alert:
    """Return an alert as it is now, with what was known of it and was not asked for this time."""
    events = (
        None
        if before.events is None and now.events is None
        else {**(before.events or {}), **(now.events or {})}
    )
    if before.is_closed and not now.is_closed:
        return replace(before, events=events)  # nothing reopens an alert: this shows the past
    times = now if now.dated else before
    return replace(
        now,
        events=events,
        assets=before.assets if now.assets is None else now.assets,
        asset_names=before.asset_names if now.asset_names is None else now.asset_names,
        accounts=before.accounts if now.accounts is None else now.accounts,
        first_seen=times.first_seen,
        last_seen=times.last_seen,
        dated=times.dated,
    )


def _text(alert: Alert) -> str:
    # ASCII escapes keep any character, even half of one.
    return json.dumps({field.name: getattr(alert, field.name) for field in fields(alert)}, ensure_ascii=True)


def _alert(text: str) -> Alert:
    return Alert(**json.loads(text))
