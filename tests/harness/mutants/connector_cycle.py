"""Mutants of the reference connector whose cycle goes wrong: its order, what it leaves out, what it adds.

The rule that must stay true is that of `connector_reading`.
"""

from __future__ import annotations

from typing import Any


def marks_the_first_page(connector: Any) -> None:
    """Moves the mark with the first page, before the rest of the window was read."""
    deliver = connector.sync.Sync._deliver

    def early(self: Any, page: Any, counts: Any) -> Any:
        ids = deliver(self, page, counts)
        seen = [moment for moment in map(connector.models.last_seen, page) if moment]
        if seen:
            self.ledger.move_mark(connector.moments.second(max(seen)))
        return ids

    connector.sync.Sync._deliver = early


def marks_before_delivery(connector: Any) -> None:
    """Moves the mark when a page arrives, and keeps its alerts until the window was read whole."""
    understand = connector.sync.Sync._understand
    sweep = connector.sync.Sync._sweep
    deliver = connector.sync.Sync._deliver
    waiting: list[Any] = []

    def note(self: Any, page: Any, counts: Any) -> Any:
        seen = [moment for moment in map(connector.models.last_seen, page) if moment]
        if seen:
            self.ledger.move_mark(connector.moments.second(max(seen)))
        waiting.append(page)
        return [alert.id for alert in understand(self, page, counts)]

    def late(self: Any, counts: Any) -> Any:
        waiting.clear()
        connector.sync.Sync._deliver = note
        try:
            touched = sweep(self, counts)
        finally:
            connector.sync.Sync._deliver = deliver
        for page in waiting:
            deliver(self, page, counts)
        return touched

    connector.sync.Sync._sweep = late


def never_looks_by_id(connector: Any) -> None:
    """Learns only of what moves lastSeen."""
    connector.sync.Sync._reconcile = lambda _sync, _counts, _touched: None


def looks_at_open_ones_alone(connector: Any) -> None:
    """Asks for alerts of the open statuses, in which a closed one never is."""
    page = connector.client.Client.page
    statuses = [("status", status) for status in ("new", "assigned", "escalated")]
    connector.client.Client.page = lambda self, query: page(self, [*query, *statuses])


def echoes_closes(connector: Any) -> None:
    """Closes in KUMA whatever it finds closed there."""
    poll = connector.sync.Sync.poll

    def echoing(self: Any) -> Any:
        before = set(self.incidents.open_ids())
        counts = poll(self)
        for alert_id in before - set(self.incidents.open_ids()):
            self.closings.push(alert_id, "responded")
        return counts

    connector.sync.Sync.poll = echoing


def closes_another(connector: Any) -> None:
    """Closes the alert of another open incident, where there is one."""
    close = connector.sync.Sync.close

    def other(self: Any, alert_id: str, reason: str) -> None:
        others = [key for key in self.incidents.open_ids() if key != alert_id]
        close(self, (others or [alert_id])[0], reason)

    connector.sync.Sync.close = other


def closes_here_alone(connector: Any) -> None:
    """Closes the incident, and leaves KUMA to find out."""

    def local(self: Any, alert_id: str, reason: str) -> None:
        self.incidents.mark_closed(alert_id, reason=reason)

    connector.sync.Sync.close = local


def falls_over_an_empty_list(connector: Any) -> None:
    """Takes the newest alert of a list that has none."""
    sweep = connector.sync.Sync._sweep

    def indexing(self: Any, counts: Any) -> Any:
        touched = sweep(self, counts)
        if not touched:
            raise SystemExit("list index out of range")
        return touched

    connector.sync.Sync._sweep = indexing


def falls_over_no_events(connector: Any) -> None:
    """Takes the first event of an alert that has none."""
    alert = connector.models.alert

    def indexing(raw: Any, *, now: Any) -> Any:
        if raw.get("events") == []:
            raise SystemExit("list index out of range")
        return alert(raw, now=now)

    connector.models.alert = indexing


def looks_at_new_ones_alone(connector: Any) -> None:
    """Does not look again at an alert that somebody has begun to work on."""
    every = connector.incidents.Incidents.every

    def still_new(self: Any, *, but: Any = ()) -> list[str]:
        found = [one.alert_id for one in every(self) if one.alert["kuma_status"] == "new"]
        return [key for key in found if key not in but]

    connector.incidents.Incidents.open_ids = still_new


def looks_at_a_hundred(connector: Any) -> None:
    """Looks at as many open incidents as one request can ask for, always the same ones."""
    open_ids = connector.incidents.Incidents.open_ids
    connector.incidents.Incidents.open_ids = lambda self, *, but=(): [
        key for key in sorted(open_ids(self))[:100] if key not in but
    ]


def closes_first_and_forgets(connector: Any) -> None:
    """Closes the incident first; a failure is told, and neither undone nor tried again."""
    close = connector.sync.Sync.close

    def hasty(self: Any, alert_id: str, reason: str) -> None:
        try:
            close(self, alert_id, reason)
        except connector.errors.ConnectorError:
            self.outbox.take_out(alert_id)
            with self._store.begin() as connection:
                connector.incidents._write(connection, alert_id, status=connector.incidents.CLOSED)
            raise

    connector.sync.Sync.close = hasty
