"""Which ids a world has already, for any table that has ``world`` and ``id``."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, Table, select

#: So many values go into one IN list; databases limit them.
_CHUNK: Final = 500


def taken(connection: Connection, table: Table, world: str, ids: list[str]) -> str | None:
    """Return one of the ids that a row of this world has, or None."""
    for start in range(0, len(ids), _CHUNK):
        place = (table.c.world == world) & table.c.id.in_(ids[start : start + _CHUNK])
        found: str | None = connection.execute(select(table.c.id).where(place).limit(1)).scalar()
        if found is not None:
            return found
    return None
