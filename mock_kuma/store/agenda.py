"""What is still to happen in a world, as rows in the order of time.

The world's own row says when the first of them is due, so that a request in a world without an agenda asks
nothing more. Rule: an action that was settled is gone, unless it failed; then its row says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Row,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from mock_kuma.store import tables
from mock_kuma.store.kinds import Integer, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

agenda = Table(
    "agenda",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("due", BigInteger, nullable=False),
    Column("source", Text, nullable=False),  # which step of which scenario
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),  # relative to the world
    Column("body", Text, nullable=False),  # JSON
    Column("problem", Text),  # why it failed
    Index("agenda_due", "world", "due", "place"),
)


def add(connection: Connection, world: str, rows: Sequence[dict[str, Any]]) -> None:
    """Put actions on the world's agenda."""
    if rows:
        connection.execute(insert(agenda), [{"world": world, **row} for row in rows])
    note_next(connection, world)


def first(connection: Connection, world: str, *, until: int) -> Row[Any] | None:
    """Return the first action that is due by ``until``, or None."""
    query = select(agenda).where(agenda.c.world == world, agenda.c.problem.is_(None), agenda.c.due <= until)
    return connection.execute(query.order_by(agenda.c.due, agenda.c.place).limit(1)).first()


def done(connection: Connection, world: str, place: int) -> None:
    """Take a settled action off the agenda."""
    connection.execute(delete(agenda).where(agenda.c.world == world, agenda.c.place == place))


def failed(connection: Connection, world: str, place: int, problem: str) -> None:
    """Keep an action that failed, with the reason; it is not tried again."""
    where = (agenda.c.world == world) & (agenda.c.place == place)
    connection.execute(update(agenda).where(where).values(problem=problem))


def every(connection: Connection, world: str) -> list[Row[Any]]:
    """Return the agenda in the order of time, failed actions included."""
    query = select(agenda).where(agenda.c.world == world)
    return list(connection.execute(query.order_by(agenda.c.due, agenda.c.place)))


def clear(connection: Connection, world: str) -> None:
    """Take everything off the agenda."""
    connection.execute(delete(agenda).where(agenda.c.world == world))
    note_next(connection, world)


def hush(connection: Connection, world: str) -> None:
    """Let nothing look due until ``note_next``."""
    connection.execute(update(tables.worlds).where(tables.worlds.c.id == world).values(due=None))


def note_next(connection: Connection, world: str) -> None:
    """Write into the world's row when its next action is due."""
    waiting = (agenda.c.world == world) & agenda.c.problem.is_(None)
    soonest = select(func.min(agenda.c.due)).where(waiting).scalar_subquery()
    connection.execute(update(tables.worlds).where(tables.worlds.c.id == world).values(due=soonest))
