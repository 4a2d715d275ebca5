"""Events: a search in SQL, and the storage clusters that can be searched.

Sources: 222297, 269922, 222298 of the vendor's REST API. Rule: the query is sent as it was written; KUMA says
what is wrong with it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.client.answers import decode
from connector.client.wire import Wire, pairs
from connector.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Events(Wire):
    """Operations on events."""

    def events(
        self,
        sql: str,
        *,
        since: str,
        until: str,
        cluster: str | None = None,
        raw_timestamps: bool = False,
        empty_fields: bool = False,
    ) -> list[dict[str, Any]]:
        """Return the rows of a SELECT over the table ``events``, at most 1000, with a LIMIT.

        ``since`` and ``until`` are RFC 3339, both included; ``cluster`` is needed where there are several.
        Times in the rows are RFC 3339, with ``raw_timestamps`` milliseconds since 1970.
        """
        body: dict[str, Any] = {
            "period": {"from": since, "to": until},
            "sql": sql,
            "rawTimestamps": raw_timestamps,
            "emptyFields": empty_fields,
        }
        if cluster is not None:
            body["clusterID"] = cluster
        found = self._send("POST", "/events", body=json.dumps(body).encode(), read=decode)
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise BadAnswer("POST /events", "expected a list of rows")
        return found

    def clusters(
        self, *, ids: Sequence[str] = (), tenants: Sequence[str] = (), name: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the storage clusters; ``name`` is a pattern."""
        yield from self._pages("/events/clusters", pairs(id=ids, tenantID=tenants, name=name))
