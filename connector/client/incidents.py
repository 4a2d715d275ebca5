"""KUMA's own incidents (v3): searched, made, given to a user, closed, commented, linked to alerts.

Source: a public client; the vendor's v3 document was not readable. Rule: an incident's id is its readable
name, such as ``INC-0001``. Not to be mixed up with the SOAR's incidents in ``connector.incidents``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.wire import Wire, pairs, segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class Incidents(Wire):
    """Operations on KUMA's incidents."""

    def incidents(
        self,
        *,
        ids: Sequence[str] = (),
        tenants: Sequence[str] = (),
        status: Sequence[str] = (),
        name: str | None = None,
        search: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield incidents, newest first; ``status`` is open, assigned or closed, two texts are patterns."""
        query = pairs(id=ids, tenantID=tenants, status=status, name=name, search=search, to=until)
        yield from self._pages("/incidents", [*query, *([("from", since)] if since else [])])

    def incident(self, incident: str) -> dict[str, Any]:
        """Return one incident with its comments."""
        return self._object(f"/incidents/id/{segment(incident)}")

    def create_incident(
        self, content: Mapping[str, Any], *, calculate_priority: bool = False
    ) -> dict[str, Any]:
        """Make an incident of ``name``, ``tenantID``, ``alerts`` and more; returns its ``id``."""
        flag = "true" if calculate_priority else "false"
        return self._ask(f"/incidents/create?calcPriority={flag}", dict(content), once=True)

    def assign_incidents(self, incidents: Sequence[str], *, user: str) -> None:
        """Give incidents to a user, by the user's id."""
        self._tell("/incidents/assign", {"incidentIDs": list(incidents), "assignee": user})

    def close_incidents(self, incidents: Sequence[str], *, confirmed: bool) -> None:
        """Close incidents as confirmed or not."""
        self._tell("/incidents/close", {"incidentIDs": list(incidents), "resolution": int(confirmed)})

    def comment_incident(self, incident: str, text: str) -> None:
        """Write a comment under an incident. Sent once: a second try could write it twice."""
        self._tell("/incidents/comment", {"id": incident, "comment": text}, once=True)

    def link_alerts(self, incident: str, alerts: Sequence[str]) -> None:
        """Link alerts to an incident."""
        self._tell("/incidents/link", {"incidentID": incident, "alertIDs": list(alerts)})

    def unlink_alerts(self, incident: str, alerts: Sequence[str]) -> None:
        """Take alerts from an incident."""
        self._tell("/incidents/unlink", {"incidentID": incident, "alertIDs": list(alerts)})
