"""Active lists and context tables of a correlator: listed, imported, exported.

Sources: 222308, 222252, 269915 of the vendor's REST API; export and scan of v3 from a public client. Rule:
an import is sent as the text it is; its first line names the fields, unless the format is KUMA's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.client.wire import Wire, pairs, segment
from connector.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLAIN: Final = "text/plain; charset=utf-8"


class Lists(Wire):
    """Operations on active lists and context tables; the correlator is a service's id."""

    def active_lists(self, correlator: str) -> list[dict[str, Any]]:
        """Return the active lists: ``id``, ``name``, ``dir``, ``records``, ``walSize``."""
        return self._list("/activeLists", pairs(correlatorID=correlator))

    def import_active_list(
        self,
        correlator: str,
        text: str,
        *,
        format: str = "csv",  # noqa: A002 -- the vendor's word
        list_id: str | None = None,
        name: str | None = None,
        key_field: str | None = None,
        clear: bool = False,
    ) -> None:
        """Put records into a list, by its id or name; ``format`` is csv, tsv or internal.

        csv and tsv need ``key_field``, whose values are unique. ``clear`` empties the list before.
        """
        query = pairs(
            correlatorID=correlator,
            format=format,
            activeListID=list_id,
            activeListName=name,
            keyField=key_field,
        )
        self._import("/activeLists/import", query, text, clear=clear)

    def export_active_list(self, correlator: str, list_id: str) -> bytes:
        """Return a list in KUMA's own format, a JSON object a line (v3)."""
        path = f"/services/{segment(correlator)}/activeLists/export/{segment(list_id)}"
        file = self._object(path).get("id")
        if not isinstance(file, str):
            raise BadAnswer(f"GET {path}", "expected the id of a file")
        return self._bytes(f"/download/{segment(file)}")

    def scan_active_list(
        self,
        correlator: str,
        list_id: str,
        *,
        pattern: str | None = None,
        since: int | None = None,
        before: int | None = None,
        limit: int | None = None,
        sort: str | None = None,
    ) -> list[dict[str, Any]]:
        """Return records of a list (v3); times in nanoseconds since 1970, ``sort`` a field or ``-field``."""
        numbers = {"from": since, "exclude": before, "limit": limit}
        query = pairs(pattern=pattern, sort=sort)
        query += [(key, str(value)) for key, value in numbers.items() if value is not None]
        return self._list(f"/services/{segment(correlator)}/activeLists/scan/{segment(list_id)}", query)

    def context_tables(self, correlator: str) -> list[dict[str, Any]]:
        """Return the context tables, in the shape of active lists (v2 and later)."""
        return self._list("/contextTables", pairs(correlatorID=correlator))

    def import_context_table(
        self,
        correlator: str,
        text: str,
        *,
        format: str = "csv",  # noqa: A002 -- the vendor's word
        table_id: str | None = None,
        name: str | None = None,
        clear: bool = False,
    ) -> None:
        """Put records into a table, by its id or name; ``clear`` empties it before (v2 and later)."""
        query = pairs(correlatorID=correlator, format=format, contextTableID=table_id, contextTableName=name)
        self._import("/contextTables/import", query, text, clear=clear)

    def export_context_table(
        self, correlator: str, *, table_id: str | None = None, name: str | None = None
    ) -> bytes:
        """Return a table in KUMA's own format, a JSON object a line (v2 and later)."""
        query = pairs(correlatorID=correlator, contextTableID=table_id, contextTableName=name)
        return self._bytes("/contextTables/export", query)

    def _import(self, path: str, query: Sequence[tuple[str, str]], text: str, *, clear: bool) -> None:
        # A presence flag: its value is ignored, so that it is left out where it is not meant.
        flag = [("clear", "")] if clear else []
        self._send("POST", path, query=[*query, *flag], body=text.encode(), kind=_PLAIN)
