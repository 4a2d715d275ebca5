"""Resources and their folders: searched in every version; in v3 also read, made, edited and reverted.

Sources: 222300 of the vendor's REST API; the rest from a public client. Rule: a payload is passed on as it
is, only its kind understands it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.client.wire import Wire, pairs, segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class Resources(Wire):
    """Operations on resources; ``kind`` is KUMA's word, such as ``correlationRule``."""

    def resources(
        self,
        *,
        ids: Sequence[str] = (),
        tenants: Sequence[str] = (),
        kinds: Sequence[str] = (),
        users: Sequence[str] = (),
        name: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield resources without their payloads; ``name`` is a pattern."""
        query = pairs(id=ids, tenantID=tenants, kind=kinds, userID=users, name=name)
        yield from self._pages("/resources", query)

    def resource(self, kind: str, resource: str) -> dict[str, Any]:
        """Return one resource with its payload (v3)."""
        return self._object(_path(kind, resource))

    def create_resource(self, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Make a resource of ``tenantID``, ``name`` and ``payload`` (v3); returns it whole."""
        return self._ask(_path(kind, "create"), dict(content), once=True)

    def validate_resource(self, kind: str, content: Mapping[str, Any]) -> None:
        """Raise ``Refused`` unless KUMA would take this content (v3)."""
        self._tell(_path(kind, "validate"), dict(content))

    def edit_resource(self, kind: str, resource: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Replace a resource's content (v3); returns it whole."""
        return self._ask(_path(kind, resource), dict(content), method="PUT")

    def history(self, kind: str, resource: str) -> list[dict[str, Any]]:
        """Return the versions of a resource, newest first (v3)."""
        return self._list(f"{_path(kind, resource)}/history")

    def former_resource(self, kind: str, resource: str, version: int) -> dict[str, Any]:
        """Return a resource as it was in a version (v3)."""
        return self._object(f"{_path(kind, resource)}/history/{version}")

    def revert_resource(self, kind: str, resource: str, version: int) -> None:
        """Set a resource back to a version, which becomes its newest (v3)."""
        self._send("POST", f"{_path(kind, resource)}/history/{version}", body=json.dumps({}).encode())

    def folders(
        self,
        *,
        tenants: Sequence[str] = (),
        kind: str | None = None,
        sub_kind: str | None = None,
        name: str | None = None,
        order: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield folders of resources (v3); ``order`` is a field or ``-field``."""
        query = pairs(tenantID=tenants, kind=kind, subKind=sub_kind, name=name, order=order)
        yield from self._slices("/folders", query)


def _path(kind: str, resource: str) -> str:
    return f"/resources/{segment(kind)}/{segment(resource)}"
