"""Which ids a world has already, for any table that has ``world`` and ``id``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, bindparam, select

#: So many values go into one IN list; databases limit them.
_CHUNK: Final = 500


def taken(connection: Connection, table: Table, world: str, ids: list[str]) -> str | None:
    """Return one of the ids that a row of this world has, or None."""
    for start in range(0, len(ids), _CHUNK):
        chunk = {f"id_{place}": one for place, one in enumerate(ids[start : start + _CHUNK])}
        asked = _among(table, len(chunk))
        found: str | None = connection.execute(asked, {"in_world": world, **chunk}).scalar()
        if found is not None:
            return found
    return None


@lru_cache(maxsize=64)
def _among(table: Table, count: int) -> Select[Any]:
    # A list of values of its own would be written anew for each time that it is asked.
    asked: list[Any] = [bindparam(f"id_{place}") for place in range(count)]
    place = (table.c.world == bindparam("in_world")) & table.c.id.in_(asked)
    return select(table.c.id).where(place).limit(1)
