"""A world's rows for a backup and out of one, whatever the nouns; and the key that seals backups.

Left out are tokens, the journal and faults, which are the test's and not the simulated system's, and files,
which a Core keeps for a while only. Rule: rows are written into the caller's world, never into another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, Connection, Table, delete, insert, select, update

from mock_kuma.store import tables
from mock_kuma.store.kinds import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

installation = Table(
    "installation",
    tables.metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

_BACKUP_KEY: Final = "backup_key"
_LEFT_OUT: Final = frozenset({"tokens", "journal", "faults", "files"})
#: Counters that never go back, so that no id is given twice.
COUNTERS: Final = ("drawn_alerts", "drawn_events", "drawn_ids")
_CHUNK: Final = 500


def backup_key(connection: Connection, new: str) -> str:
    """Return the installation's key for backups; the first time it becomes ``new``."""
    query = select(installation.c.value).where(installation.c.name == _BACKUP_KEY)
    found: str | None = connection.execute(query).scalar()
    if found is None:
        connection.execute(insert(installation).values(name=_BACKUP_KEY, value=new))
    return found or new


def saved() -> dict[str, list[str]]:
    """Return the tables of a backup with their columns; a table comes after those it refers to."""
    # Plain texts: SQLAlchemy has a class of its own for names.
    return {
        str(table.name): [str(column.name) for column in table.c if column.name != "world"]
        for table in tables.metadata.sorted_tables
        if "world" in table.c and table.name not in _LEFT_OUT
    }


def rows(connection: Connection, world: str, table: str, columns: list[str]) -> Iterator[list[object]]:
    """Return a table's rows of a world."""
    source = tables.metadata.tables[table]
    query = select(*(source.c[name] for name in columns)).where(source.c.world == world)
    for row in connection.execute(query.order_by(*source.primary_key.columns)):
        yield list(row)


def empty(connection: Connection, world: str) -> None:
    """Delete what a backup replaces."""
    for table in reversed(list(saved())):
        source = tables.metadata.tables[table]
        connection.execute(delete(source).where(source.c.world == world))


def fill(
    connection: Connection, world: str, table: str, columns: list[str], new: Iterable[list[object]]
) -> None:
    """Write a table's rows into a world."""
    target = tables.metadata.tables[table]
    chunk: list[dict[str, Any]] = []
    for row in new:
        chunk.append({"world": world, **dict(zip(columns, row, strict=True))})
        if len(chunk) == _CHUNK:
            connection.execute(insert(target), chunk)
            chunk = []
    if chunk:
        connection.execute(insert(target), chunk)


def counters(connection: Connection, world: str) -> dict[str, int]:
    """Return the world's counters."""
    query = select(*(tables.worlds.c[name] for name in COUNTERS)).where(tables.worlds.c.id == world)
    return dict(connection.execute(query).mappings().one())


def set_world(connection: Connection, world: str, values: Mapping[str, Any]) -> None:
    """Write the main tenant and the counters of a world."""
    connection.execute(update(tables.worlds).where(tables.worlds.c.id == world).values(values))


def bearers(connection: Connection, world: str) -> dict[str, str]:
    """Return the logins of the users who have a token, by their ids."""
    users, tokens = tables.users, tables.tokens
    query = (
        select(tokens.c.user, users.c.login)
        .join(users, (users.c.world == tokens.c.world) & (users.c.id == tokens.c.user))
        .where(tokens.c.world == world)
    )
    return {user: login for user, login in connection.execute(query).all()}  # noqa: C416 -- typed rows


def pass_token(connection: Connection, world: str, user: str, heir: str) -> None:
    """Give a user's token to another, who has none."""
    place = (tables.tokens.c.world == world) & (tables.tokens.c.user == user)
    connection.execute(update(tables.tokens).where(place).values(user=heir))
