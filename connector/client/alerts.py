"""Alerts: searched, closed; in v3 also one by its id, given to a user, commented, linked to events.

Sources: alert search 222254 and 269916, close 222255 of the vendor's REST API; v3 from a public client.
Rule: a presence flag that is not wanted is left out, since KUMA ignores its value and reads true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.client.wire import Wire, pairs, segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REASONS: Final = ("responded", "incorrect data", "incorrect correlation rule")
#: So many ids go into one question; the address stays far below what servers take.
IDS_A_REQUEST: Final = 100
_NOBODY: Final = "00000000-0000-0000-0000-000000000000"


class Alerts(Wire):
    """Operations on alerts."""

    def page(self, query: Sequence[tuple[str, str]]) -> list[Any]:
        """Return one page of alerts as decoded JSON, newest first."""
        return self._list("/alerts", query)

    def alerts(
        self,
        *,
        status: Sequence[str] = (),
        name: str | None = None,
        since: str | None = None,
        until: str | None = None,
        tenants: Sequence[str] = (),
        by_first_seen: bool = False,
        with_events: bool = False,
        with_affected: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """Yield alerts page by page; for a list that moves while it is read see ``paging``.

        ``name`` is a pattern, ``since`` and ``until`` RFC 3339 times of ``lastSeen`` or ``firstSeen``.
        """
        query = [
            *pairs(status=status, name=name, to=until, tenantID=tenants),
            *(("from", value) for value in (since,) if value),
            *pairs(timestampField="firstSeen" if by_first_seen else None),
            *flags(events=with_events, affected=with_affected),
        ]
        yield from self._pages("/alerts", query)

    def by_ids(self, ids: Sequence[str], *, events: bool) -> list[Any]:
        """Return these alerts, in any order; those that KUMA does not show are missing."""
        query = [("id", alert) for alert in ids] + flags(events=events, affected=events)
        return self.page(query)

    def ask_time(self) -> int:
        """Return KUMA's time, from the header of a question that no alert answers."""
        self.by_ids([_NOBODY], events=False)
        return self.now

    def close(self, alert: str, reason: str) -> None:
        """Close an alert; raises ``AlreadyClosed`` where it was closed before."""
        self._tell("/alerts/close", {"id": alert, "reason": reason})

    def alert(self, alert: str) -> dict[str, Any]:
        """Return one alert with its events, assets and accounts (v3)."""
        return self._object(f"/alerts/id/{segment(alert)}")

    def assign_alerts(self, alerts: Sequence[str], *, user: str) -> None:
        """Give alerts to a user, by the user's id (v3)."""
        self._tell("/alerts/assign", {"ids": list(alerts), "userId": user})

    def comment_alert(self, alert: str, text: str) -> None:
        """Write a comment under an alert (v3). Sent once: a second try could write it twice."""
        self._tell("/alerts/comment", {"alertID": alert, "comment": text}, once=True)

    def link_event(self, alert: str, *, event: str, cluster: str, timestamp: int, comment: str = "") -> None:
        """Link an event of a storage cluster to an alert (v3); ``timestamp`` in milliseconds since 1970."""
        body = {"alertID": alert, "clusterID": cluster, "eventID": event}
        self._tell("/alerts/link-event", {**body, "eventTimestamp": timestamp, "comment": comment})

    def unlink_event(self, alert: str, *, event: str) -> None:
        """Take an event from an alert (v3)."""
        self._tell("/alerts/unlink-event", {"alertID": alert, "eventID": event})


def flags(*, events: bool, affected: bool) -> list[tuple[str, str]]:
    """Return presence flags. They are never sent with "false": KUMA ignores the value and reads true."""
    return [(name, "") for name, wanted in (("withEvents", events), ("withAffected", affected)) if wanted]
