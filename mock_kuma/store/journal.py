"""The journal as rows: one exchange each, numbered by the world, bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from mock_kuma.store import tables

if TYPE_CHECKING:
    from mock_kuma.store.lean import Executes

#: A world's journal keeps this many exchanges; older ones are dropped and counted as lost.
KEPT = 20_000
SWEEP = 256


# Made once, since making a statement takes longer than carrying it out.
_NEWEST: Final = (
    select(func.max(tables.journal.c.seq))
    .where(tables.journal.c.world == bindparam("name"))
    .scalar_subquery()
)
_LAST: Final = select(tables.worlds.c.journal_cleared, _NEWEST.label("newest")).where(
    tables.worlds.c.id == bindparam("name")
)
_ADD: Final = insert(tables.journal)
_FORGET: Final = delete(tables.journal).where(
    tables.journal.c.world == bindparam("name"), tables.journal.c.seq <= bindparam("until")
)


def add(connection: Executes, world: str, rows: list[dict[str, Any]]) -> None:
    """Append exchanges (at, method, path, entry) to a world's journal; nothing where the world is gone."""
    last = _last(connection, world)
    if last is None:
        return
    first, last = last + 1, last + len(rows)
    connection.execute(_ADD, [{"world": world, "seq": seq, **row} for seq, row in enumerate(rows, first)])
    if last > KEPT and last // SWEEP > (first - 1) // SWEEP:
        connection.execute(_FORGET, {"name": world, "until": last - KEPT})


def _last(connection: Executes, world: str) -> int | None:
    """Return the number of a world's last exchange, None where the world is gone."""
    for cleared, newest in connection.execute(_LAST, {"name": world}):
        return int(max(cleared, newest or 0))
    return None


def read(
    connection: Connection, world: str, *, since: int, method: str | None, path: str | None
) -> list[Row[Any]]:
    """Return the exchanges after ``since``, oldest first; ``path`` without a trailing slash."""
    table = tables.journal
    query = select(table).where(table.c.world == world, table.c.seq > since)
    if method is not None:
        query = query.where(table.c.method == method)
    if path is not None:
        query = query.where(table.c.path.in_([path, path + "/"]))
    return list(connection.execute(query.order_by(table.c.seq)))


def lost(connection: Connection, world: str, *, since: int) -> int:
    """Return how many exchanges after ``since`` were dropped to keep the journal bounded."""
    table = tables.journal
    kept = select(func.min(table.c.seq)).where(table.c.world == world).scalar_subquery()
    query = select(kept, tables.worlds.c.journal_cleared).where(tables.worlds.c.id == world)
    oldest, cleared = connection.execute(query).one()
    return 0 if oldest is None else max(0, oldest - 1 - max(since, cleared))


def clear(connection: Connection, world: str) -> None:
    """Delete the world's exchanges; the numbers go on."""
    last = _last(connection, world)
    connection.execute(delete(tables.journal).where(tables.journal.c.world == world))
    connection.execute(update(tables.worlds).where(tables.worlds.c.id == world).values(journal_cleared=last))


def latest(connection: Connection, world: str, *, text: str, most: int = 1_000) -> list[Row[Any]]:
    """Return the newest exchanges, newest first, whose entry has ``text`` somewhere in it."""
    table = tables.journal
    query = select(table).where(table.c.world == world)
    if text:
        query = query.where(table.c.entry.contains(text, autoescape=True))
    return list(connection.execute(query.order_by(table.c.seq.desc()).limit(most)))


def one(connection: Connection, world: str, seq: int) -> Row[Any] | None:
    """Return the exchange of a number, or None."""
    table = tables.journal
    return connection.execute(select(table).where(table.c.world == world, table.c.seq == seq)).first()


def length(connection: Connection) -> int:
    """Return how many exchanges all worlds together keep."""
    return int(connection.execute(select(func.count()).select_from(tables.journal)).scalar_one())
