"""Delivering alerts to the incidents under the handler's actions, with a history of what changed.

Rule: what the incidents do is theirs (``connector.incidents``); this decides which alerts reach them, and
tells afterwards what was new.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from connector.desk.finding import Finding
from connector.desk.handler import Actions
from connector.incidents import CLOSED, Incidents, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.desk.history import History
    from connector.models import Alert
    from connector.store import Store

#: Fields whose change is told, by their names on the card.
_TOLD: Final[Mapping[str, str]] = {
    "name": "name",
    "priority": "priority",
    "kuma_status": "status",
    "assignee": "assignee",
    "close_reason": "closingReason",
}


class Delivery(Incidents):
    """The incidents of one desk."""

    def __init__(
        self,
        store: Store,
        *,
        history: History,
        clock: Callable[[], float],
        actions: Actions | None = None,
    ) -> None:
        actions = actions or Actions()
        super().__init__(store, kind=actions.type)
        self._finding = Finding(store)
        self._history = history
        self._clock = clock
        self._actions = actions

    def deliver(self, alerts: Sequence[Alert]) -> list[Outcome]:
        """Create or update an incident for each alert that the handler takes; tell what changed."""
        before = self._finding.by_alerts([alert.id for alert in alerts])
        taken = [self._as_taken(alert) for alert in alerts if self._takes(alert, before)]
        outcomes = super().deliver(taken)
        changed = [alert.id for alert, o in zip(taken, outcomes, strict=True) if o is not Outcome.UNCHANGED]
        after = self._finding.by_alerts(changed)
        entries: list[tuple[str, str, Mapping[str, str]]] = []
        for alert_id in dict.fromkeys(changed):
            old, new = before.get(alert_id), after[alert_id]
            if old is None:
                entries.append((alert_id, "created", {"events": str(new.events)}))
                continue
            if new.events > old.events:
                entries.append((alert_id, "events", {"added": str(new.events - old.events)}))
            changes = _changes(old.alert, new.alert)
            if changes:
                entries.append((alert_id, "updated", changes))
            if new.status == CLOSED != old.status:
                entries.append((alert_id, "closed in KUMA", {}))
        self._history.note_all(entries, at=self._clock())
        return outcomes

    def mark_closed(self, alert_id: str, *, reason: str | None) -> None:
        """Close an incident, since KUMA confirmed that its alert is closed; note it, however late it came."""
        super().mark_closed(alert_id, reason=reason)
        details = {} if reason is None else {"reason": reason}
        self._history.note(alert_id, "closed in KUMA", at=self._clock(), **details)

    def _takes(self, alert: Alert, before: Mapping[str, Any]) -> bool:
        return self._actions.update if alert.id in before else self._actions.create

    def _as_taken(self, alert: Alert) -> Alert:
        # Without the action an alert that is closed in KUMA leaves its incident where analysts have it.
        is_kept = alert.is_closed and not self._actions.close
        return replace(alert, status="closed in KUMA") if is_kept else alert


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    return {
        told: f"{old.get(name) or '–'} → {new.get(name) or '–'}"
        for name, told in _TOLD.items()
        if old.get(name) != new.get(name)
    }
