"""What PostgreSQL needs to hold the mock as SQLite does: any text, and writers in turn.

Writers of one world queue, as they do on SQLite, and writers of different worlds pass each other; whoever
may touch all worlds waits for every other. The queue is the database's own advisory locks, so it holds
between servers on different machines, and nobody queues behind a process that is dead. A reader never waits.
Rule: what a writer has read under its lock, no other writer changes before it commits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event, func, literal, select, text

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

#: Any numbers that no other program on the same database takes.
_EVERYTHING: Final = 7_223_002
_ONE_WORLD: Final = 7_223_003
#: Connections of one process: a few more than a database of two to eight cores can keep busy at once. Three
#: servers of two workers and a console each stay under the hundred that PostgreSQL takes by default.
POOL: Final = 8
#: So long a server that does not answer is waited for, in seconds, unless the address says otherwise.
_CONNECT_SECONDS: Final = 10
#: What stands for U+0000, which no text of PostgreSQL can hold.
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def addressed(url: URL) -> URL:
    """Return the address with the driver that is installed, and with an end to waiting."""
    if "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": str(_CONNECT_SECONDS)})
    return url.set(drivername="postgresql+psycopg")


def prepare(engine: Engine) -> None:
    """Let every connection store any text that a client sends."""
    event.listen(engine, "connect", _take_any_text)


def lock(connection: Connection, world: str | None) -> None:
    """Wait until nobody else writes in the world, or in any where it is None, until the transaction ends."""
    if world is None:
        connection.execute(select(func.pg_advisory_xact_lock(literal(_EVERYTHING))))
    else:
        # Two worlds whose names give one number wait for each other, which costs time and no more.
        connection.execute(
            select(
                func.pg_advisory_xact_lock_shared(literal(_EVERYTHING)),
                func.pg_advisory_xact_lock(func.hashtextextended(world, _ONE_WORLD)),
            )
        )


def encoding(connection: Connection) -> str:
    """Return the encoding of the database."""
    return str(connection.execute(text("show server_encoding")).scalar_one())


def _take_any_text(connection: Any, _record: object) -> None:
    from psycopg.types.string import StrDumper  # noqa: PLC0415 -- the driver is an extra

    class AnyText(StrDumper):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", _REPLACEMENT))

    connection.adapters.register_dumper(str, AnyText)
