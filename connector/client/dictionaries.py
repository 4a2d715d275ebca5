"""Dictionaries: read and replaced as CSV; in v3 also row by row.

Source: 234105 of the vendor's REST API; rows from a public client. Rule: a dictionary's text is sent as the
one part of a form, whose boundary cannot occur in it.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from connector.client.answers import acknowledged, decode
from connector.client.wire import Wire, pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.transport import Response


class Dictionaries(Wire):
    """Operations on dictionaries."""

    def dictionary(self, dictionary: str) -> str:
        """Return a dictionary as CSV, its first line the names of the columns."""
        return self._bytes("/dictionaries", pairs(dictionaryID=dictionary)).decode("utf-8")

    def update_dictionary(self, dictionary: str, text: str, *, reload: bool = False) -> list[dict[str, Any]]:
        """Replace all rows by those of a CSV with the same columns.

        ``reload`` tells the services that use it; those that failed to are returned (``id``, ``err``).
        """
        content = text.encode()
        boundary = hashlib.sha256(content).hexdigest()
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="dictionary.csv"\r\n'
            "Content-Type: text/csv\r\n\r\n"
        )
        return self._change(
            "/dictionaries/update",
            pairs(dictionaryID=dictionary, needReload="1" if reload else "0"),
            head.encode() + content + f"\r\n--{boundary}--\r\n".encode(),
            f"multipart/form-data; boundary={boundary}",
        )

    def add_row(
        self,
        dictionary: str,
        key: str,
        values: Mapping[str, str],
        *,
        overwrite: bool = False,
        reload: bool = False,
    ) -> list[dict[str, Any]]:
        """Add a row, or with ``overwrite`` change it (v3); returns as ``update_dictionary`` does."""
        query = pairs(
            dictionaryID=dictionary,
            rowKey=key,
            overwriteExist="1" if overwrite else "0",
            needReload="1" if reload else "0",
        )
        body = json.dumps(dict(values)).encode()
        return self._change("/dictionaries/add_row", query, body, "application/json")

    def delete_row(self, dictionary: str, key: str, *, reload: bool = False) -> list[dict[str, Any]]:
        """Delete a row (v3); returns as ``update_dictionary`` does."""
        query = pairs(dictionaryID=dictionary, rowKey=key, needReload="1" if reload else "0")
        return self._change("/dictionaries/delete_row", query, b"", "application/json")

    def _change(
        self, path: str, query: list[tuple[str, str]], body: bytes, kind: str
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._send(
            "POST", path, query=query, body=body, kind=kind, read=_failed
        )
        return found


def _failed(what: str, response: Response) -> list[dict[str, Any]]:
    """Return the services that failed to reload; v3 answers nothing."""
    if not response.body.strip():
        acknowledged(what, response)
        return []
    found = decode(what, response)
    failed = found.get("servicesFailedToUpdate") if isinstance(found, dict) else None
    return failed or []
