"""Services: searched; in v3 also created, reloaded and restarted; and retroscans on them.

Sources: 222305 of the vendor's REST API; the rest from a public client. Rule: the colours of a status are
KUMA's and are passed on as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.wire import Wire, pairs, segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class Services(Wire):
    """Operations on services: collectors, correlators, storages, agents."""

    def services(
        self,
        *,
        ids: Sequence[str] = (),
        tenants: Sequence[str] = (),
        kinds: Sequence[str] = (),
        name: str | None = None,
        fqdn: str | None = None,
        paired: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """Yield services; ``name`` and ``fqdn`` are patterns, ``paired`` those that were started once."""
        query = pairs(id=ids, tenantID=tenants, kind=kinds, name=name, fqdn=fqdn)
        yield from self._pages("/services", [*query, *([("paired", "")] if paired else [])])

    def create_service(self, resource: str) -> dict[str, Any]:
        """Make a service of a resource such as a correlator (v3); returns what KUMA says of it."""
        return self._ask("/services/create", {"resourceID": resource}, once=True)

    def reload_service(self, service: str) -> None:
        """Let a service read its resources again (v3)."""
        self._tell(f"/services/{segment(service)}/reload", {})

    def restart_service(self, service: str) -> None:
        """Restart a service (v3). Sent once: a second try could restart it twice."""
        self._tell(f"/services/{segment(service)}/restart", {}, once=True)

    def create_task(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Start a task such as a retroscan (v3), given as KUMA's console sends it; returns its ``id``."""
        return self._ask("/tasks/create", dict(content), once=True)
