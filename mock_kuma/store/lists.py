"""What is in the active lists and context tables of each correlator, record by record.

Which lists there are is told by the resources that define them; here is only what they hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Table,
    delete,
    func,
    insert,
    select,
)

from mock_kuma.domain.lists import Record
from mock_kuma.store import tables
from mock_kuma.store.kinds import Integer, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

records = Table(
    "list_records",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("correlator", Text, primary_key=True),
    Column("list", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("record", Text, nullable=False),  # JSON, the fields
    Column("count", Integer, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Index("list_records_updated", "world", "correlator", "list", "updated"),
)

_TEXT = func.sum(func.length(records.c.key) + func.length(records.c.record))
#: So many values go into one IN list; databases limit them.
_CHUNK = 500


def sizes(connection: Connection, world: str, correlator: str) -> dict[str, tuple[int, int]]:
    """Return for each list that holds something how many records and how many characters of text."""
    place = (records.c.world == world) & (records.c.correlator == correlator)
    counted = select(records.c.list, func.count(), _TEXT).where(place).group_by(records.c.list)
    return {name: (number, int(size)) for name, number, size in connection.execute(counted).all()}


def size(connection: Connection, world: str, correlator: str, list_id: str) -> tuple[int, int]:
    """Return how many records a list holds, and how many characters of text."""
    query = select(func.count(), _TEXT).where(*_place(world, correlator, list_id))
    number, text = connection.execute(query).one()
    return number, int(text or 0)


def put(
    connection: Connection,
    world: str,
    correlator: str,
    list_id: str,
    new: Sequence[Record],
    *,
    at: int,
    clear: bool,
) -> None:
    """Write records over those of the same keys; with ``clear`` nothing else stays."""
    place = _place(world, correlator, list_id)
    if clear:
        connection.execute(delete(records).where(*place))
    for start in range(0, len(new), _CHUNK):
        chunk = new[start : start + _CHUNK]
        if not clear:
            keys = [one.key for one in chunk]
            connection.execute(delete(records).where(*place, records.c.key.in_(keys)))
        connection.execute(
            insert(records),
            [
                {
                    "world": world,
                    "correlator": correlator,
                    "list": list_id,
                    "key": one.key,
                    "record": one.record,
                    "count": one.count,
                    "updated": at,
                }
                for one in chunk
            ],
        )


def read(
    connection: Connection,
    world: str,
    correlator: str,
    list_id: str,
    *,
    since: int | None = None,
    before: int | None = None,
) -> list[Record]:
    """Return a list's records by key; those changed at ``since`` or later and before ``before``."""
    query = select(records.c.key, records.c.record, records.c.count)
    query = query.where(*_place(world, correlator, list_id))
    if since is not None:
        query = query.where(records.c.updated >= since)
    if before is not None:
        query = query.where(records.c.updated < before)
    found = connection.execute(query.order_by(records.c.key)).all()
    return [Record(key, record, number) for key, record, number in found]


def _place(world: str, correlator: str, list_id: str) -> tuple[Any, ...]:
    columns = records.c
    return columns.world == world, columns.correlator == correlator, columns.list == list_id
