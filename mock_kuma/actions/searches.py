"""Event searches: who answers one, the mock's own evaluator or a ClickHouse beside the store.

Knows no SQL; answers are the same whoever gives them. Rule: an event whose ingestion was answered is found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mock_kuma.store import eventsql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mock_kuma.core import Core
    from mock_kuma.domain.query_tree import Query


def search(
    core: Core,
    query: Query,
    *,
    world: str,
    tenants: Sequence[str] | None,
    period: tuple[int, int],
    raw_timestamps: bool,
    empty_fields: bool,
) -> list[dict[str, object]]:
    """Return the answer's objects; raises ``SearchFailed``.

    ``tenants`` are those that the user may see, None is all; ``period`` is first and last millisecond.
    """
    if core.clickhouse is not None:
        return core.clickhouse.search(
            query,
            world=world,
            tenants=tenants,
            period=period,
            raw_timestamps=raw_timestamps,
            empty_fields=empty_fields,
        )
    with core.database.read() as connection:
        return eventsql.search(
            connection,
            query,
            world=world,
            tenants=tenants,
            period=period,
            raw_timestamps=raw_timestamps,
            empty_fields=empty_fields,
        )
