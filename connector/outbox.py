"""Closings on their way to KUMA: written down first, sent again until KUMA confirms, never lost.

    pending   not confirmed: sent again in every cycle
    refused   KUMA said no: a person must look, nothing is sent any more

Rule: a closing leaves the box only when KUMA has confirmed that the alert is closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, update

from connector.store import into
from connector.store import outbox as table

if TYPE_CHECKING:
    from connector.store import Store

PENDING: Final = "pending"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Closing:
    """One closing that is not confirmed."""

    alert_id: str
    reason: str
    state: str
    error: str


class Outbox:
    """The closings of one connector instance."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, alert_id: str, reason: str) -> None:
        """Write a closing down; a later word on the same alert replaces an earlier one."""
        with self._store.begin() as connection:
            # One statement: of two instances that delete and insert, one would fail.
            word = {"reason": reason, "state": PENDING, "error": ""}
            row = into(connection, table).values(alert_id=alert_id, **word)
            connection.execute(row.on_conflict_do_update(index_elements=["alert_id"], set_=word))

    def pending(self) -> list[Closing]:
        """Return what is to be sent again."""
        query = select(table).where(table.c.state == PENDING).order_by(table.c.alert_id)
        with self._store.begin() as connection:
            return [
                Closing(row.alert_id, row.reason, row.state, row.error) for row in connection.execute(query)
            ]

    def of(self, alert_id: str) -> Closing | None:
        """Return the closing of an alert that KUMA has not confirmed, or None."""
        with self._store.begin() as connection:
            row = connection.execute(select(table).where(table.c.alert_id == alert_id)).first()
        return None if row is None else Closing(row.alert_id, row.reason, row.state, row.error)

    def refuse(self, alert_id: str, error: str) -> None:
        """Note that KUMA said no, and why."""
        with self._store.begin() as connection:
            place = table.c.alert_id == alert_id
            connection.execute(update(table).where(place).values(state=REFUSED, error=error))

    def take_out(self, alert_id: str) -> None:
        """Remove a closing that KUMA has confirmed."""
        with self._store.begin() as connection:
            connection.execute(delete(table).where(table.c.alert_id == alert_id))
