"""The installation: backup, settings that the API tells, reports.

Sources: a public client; 244979 and 269939 of the vendor's REST API for custom fields. Rule: a backup is
bytes that only KUMA understands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.client.wire import Wire, pairs, segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_GZIP: Final = "application/gzip"


class System(Wire):
    """Operations on the installation."""

    def backup(self) -> bytes:
        """Return a backup of the Core, a ``.tar.gz``."""
        return self._bytes("/system/backup")

    def restore(self, backup: bytes) -> None:
        """Set the Core back to a backup. Sent once: it restarts the Core."""
        self._send("POST", "/system/restore", body=backup, kind=_GZIP, once=True)

    def custom_fields(self, setting: str) -> dict[str, Any]:
        """Return the custom fields of assets: ``customFields`` of the setting with this id."""
        return self._object(f"/settings/id/{segment(setting)}")

    def extended_fields(self) -> list[dict[str, Any]]:
        """Return the fields of the extended event schema (v3)."""
        return self._list("/settings/extendedFields/export")

    def import_extended_fields(self, fields: Sequence[Mapping[str, Any]]) -> None:
        """Add fields of ``kind``, ``name``, ``description``, ``disabled`` to the event schema (v3)."""
        self._tell("/settings/extendedFields/import", [dict(one) for one in fields])

    def reports(
        self, *, tenants: Sequence[str] = (), name: str | None = None, order: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield generated reports (v3); ``name`` is a pattern, ``order`` a field or ``-field``."""
        yield from self._slices("/reports", pairs(tenantIDs=tenants, name=name, order=order))
