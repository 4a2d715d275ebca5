"""Which events the ClickHouse beside the store has not got yet: a queue that the database itself fills.

A trigger puts every new event into the queue in the transaction that stores it, whoever does that, and marks
a world of which events were deleted: of a marked world everything is told anew. A store that was never used
with ``serve --events`` has neither tables nor triggers and pays nothing. Knows no ClickHouse. Rule: an event
leaves the queue after ClickHouse has it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import (
    Column,
    Index,
    MetaData,
    Table,
    delete,
    exists,
    insert,
    or_,
    select,
    text,
)

from mock_kuma.store import tables
from mock_kuma.store.kinds import Integer, Text

if TYPE_CHECKING:
    from sqlalchemy import Connection, Exists

#: Its own, so that making, copying and deleting worlds knows nothing of it.
_metadata: Final = MetaData()
_queue: Final = Table(
    "event_queue",
    _metadata,
    # In the order in which a world's writers took their turns, and never given twice.
    Column("seq", Integer, primary_key=True),
    Column("world", Text, nullable=False),
    Column("id", Text, nullable=False),
    Index("event_queue_world", "world", "seq"),
    sqlite_autoincrement=True,
)
_marks: Final = Table("event_marks", _metadata, Column("world", Text, primary_key=True))
_target: Final = Table("event_target", _metadata, Column("name", Text, primary_key=True))

_TOLD: Final = "INSERT INTO event_queue (world, id) VALUES (NEW.world, NEW.id);"
_MARKED: Final = (
    "INSERT INTO event_marks (world) SELECT OLD.world"
    " WHERE NOT EXISTS (SELECT 1 FROM event_marks WHERE world = OLD.world);"
)


def _function(name: str, change: str, body: str) -> tuple[str, str]:
    """Return what makes a trigger on PostgreSQL: a function, and when it is called."""
    made = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
    called = f"CREATE OR REPLACE TRIGGER {name} AFTER {change} ON events FOR EACH ROW"
    return f"{made} AS $$ BEGIN {body} RETURN NULL; END $$", f"{called} EXECUTE FUNCTION {name}()"


_TRIGGERS: Final = {
    "sqlite": (
        f"CREATE TRIGGER IF NOT EXISTS events_told AFTER INSERT ON events BEGIN {_TOLD} END",
        f"CREATE TRIGGER IF NOT EXISTS events_gone AFTER DELETE ON events BEGIN {_MARKED} END",
    ),
    "postgresql": (
        *_function("events_told", "INSERT", _TOLD),
        *_function("events_gone", "DELETE", _MARKED),
    ),
}


class Waiting(NamedTuple):
    """An event that waits; without texts where it is gone again."""

    seq: int
    id: str
    timestamp: int | None
    tenant: str | None
    body: str | None
    nested: str | None


def create(connection: Connection) -> str:
    """Make tables and triggers where they are missing; return this store's own name in ClickHouse."""
    _metadata.create_all(connection)
    for command in _TRIGGERS[connection.dialect.name]:
        connection.execute(text(command))
    found: str | None = connection.execute(select(_target.c.name)).scalar_one_or_none()
    if found is None:
        found = f"mock_kuma_events_{secrets.token_hex(6)}"
        connection.execute(insert(_target).values(name=found))
    return found


def target(connection: Connection) -> str:
    """Return this store's own name in ClickHouse."""
    return str(connection.execute(select(_target.c.name)).scalar_one())


def mark_all(connection: Connection) -> None:
    """Let every world be told anew."""
    connection.execute(delete(_marks))
    connection.execute(insert(_marks).from_select(["world"], select(tables.worlds.c.id)))


def waits(connection: Connection, world: str) -> bool:
    """Tell whether ClickHouse lacks anything of the world."""
    queued = exists().where(_queue.c.world == world)
    return bool(connection.execute(select(or_(queued, _is_marked(world)))).scalar_one())


def is_marked(connection: Connection, world: str) -> bool:
    """Tell whether the world is to be told anew."""
    return bool(connection.execute(select(_is_marked(world))).scalar_one())


def _is_marked(world: str) -> Exists:
    return exists().where(_marks.c.world == world)


def gone(connection: Connection, most: int) -> list[str]:
    """Return some of the worlds that are marked and do not exist any more."""
    known = exists().where(tables.worlds.c.id == _marks.c.world)
    return list(connection.execute(select(_marks.c.world).where(~known).limit(most)).scalars())


def begin_anew(connection: Connection, world: str) -> None:
    """Let all events of the world wait, and none that is gone; the mark is done with."""
    connection.execute(delete(_queue).where(_queue.c.world == world))
    connection.execute(delete(_marks).where(_marks.c.world == world))
    rows = select(tables.events.c.world, tables.events.c.id).where(tables.events.c.world == world)
    connection.execute(insert(_queue).from_select(["world", "id"], rows))


def first(connection: Connection, world: str, count: int) -> list[Waiting]:
    """Return the events that wait longest."""
    event, waiting = tables.events.c, _queue.c
    both = _queue.outerjoin(tables.events, (event.world == waiting.world) & (event.id == waiting.id))
    query = (
        select(waiting.seq, waiting.id, event.timestamp, event.tenant, event.body, event.nested)
        .select_from(both)
        .where(waiting.world == world)
        .order_by(waiting.seq)
        .limit(count)
    )
    return [Waiting(*row) for row in connection.execute(query)]


def done(connection: Connection, world: str, last: int) -> None:
    """Let the events up to this one leave."""
    connection.execute(delete(_queue).where(_queue.c.world == world, _queue.c.seq <= last))
