"""Resources as files: exported, downloaded, uploaded, looked into, imported.

Sources: 222301 to 222304, 269930, 269933 of the vendor's REST API. Rule: a conflict is an error that carries
the resources it is about, never a partial import that looks like a whole one.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from connector.client.answers import decode
from connector.client.wire import Wire, segment
from connector.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BINARY: Final = "application/octet-stream"


class ImportAction(IntEnum):
    """What an import does with one resource."""

    SKIP = 0
    IMPORT = 1
    REPLACE = 2


class Archives(Wire):
    """Operations on archives of resources; each is sealed with a password."""

    def export_resources(self, ids: Sequence[str], *, tenant: str, password: str) -> str:
        """Put resources into a file of KUMA's; return the file's id."""
        body = {"ids": list(ids), "tenantID": tenant, "password": password}
        return _id("POST /resources/export", self._ask("/resources/export", body), "fileID")

    def download(self, file: str) -> bytes:
        """Return a file of KUMA's."""
        return self._bytes(f"/{self._downloads}/{segment(file)}")

    def upload(self, content: bytes) -> str:
        """Give KUMA an archive of at most 64 MB; return the file's id."""
        found = self._send("POST", "/resources/upload", body=content, kind=_BINARY, read=decode)
        return _id("POST /resources/upload", found, "id")

    def contents(self, file: str, *, password: str) -> dict[str, Any]:
        """Return what is in an uploaded archive: ``folders``, and in v1 ``resources`` beside them."""
        return self._ask("/resources/toc", {"fileID": file, "password": password})

    def import_resources(
        self,
        file: str,
        *,
        tenant: str,
        password: str,
        actions: Mapping[str, ImportAction] | None = None,
    ) -> None:
        """Take the resources of an uploaded archive into a tenant.

        Raises ``ImportConflict`` where some are there already; say in ``actions``, by id, what to do with
        each, and call again.
        """
        chosen = {key: int(action) for key, action in (actions or {}).items()}
        body = {"fileID": file, "password": password, "tenantID": tenant, "actions": chosen}
        self._tell("/resources/import", body)

    @property
    def _downloads(self) -> str:
        return "download" if self._prefix.endswith("/v3") else "resources/download"


def _id(what: str, found: Any, key: str) -> str:
    value = found.get(key) if isinstance(found, dict) else None
    if not isinstance(value, str) or not value:
        raise BadAnswer(what, f"expected {key}")
    return value
