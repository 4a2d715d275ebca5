"""Files on the Core as rows: uploaded archives, exported ones, exported lists; bounded for each world.

Rule: a world's files never hold more than their bounds; the oldest make way, and never the one just added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    Row,
    Table,
    delete,
    insert,
    select,
)

from mock_kuma.store import tables
from mock_kuma.store.kinds import Integer, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

files = Table(
    "files",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("place", Integer, nullable=False),  # the order they came in
    Column("tenant", Text),  # NULL is an upload, which is its user's
    Column("user", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

# GUESS: a Core keeps such files for a while; here it is so many, of so many bytes together.
MAX_FILES: Final = 64
MAX_BYTES: Final = 256 * 1024 * 1024


def add(connection: Connection, world: str, values: Mapping[str, Any]) -> None:
    """Store a new file, and delete the oldest ones that no longer fit."""
    kept = list(_newest(connection, world))
    place = kept[0].place + 1 if kept else 0
    size = len(values["content"])
    connection.execute(insert(files).values(world=world, place=place, size=size, **values))
    number, total = 1, size
    for row in kept:
        number, total = number + 1, total + row.size
        if number > MAX_FILES or total > MAX_BYTES:
            connection.execute(delete(files).where(files.c.world == world, files.c.place <= row.place))
            return


def find(connection: Connection, world: str, file: str) -> Row[Any] | None:
    """Return the file's row, or None."""
    place = (files.c.world == world) & (files.c.id == file)
    return connection.execute(select(files).where(place)).first()


def _newest(connection: Connection, world: str) -> list[Row[Any]]:
    query = select(files.c.place, files.c.size).where(files.c.world == world)
    return list(connection.execute(query.order_by(files.c.place.desc())))
