"""Tasks of the task manager as rows: a new one, and all of a world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Connection, Row, Table, insert, select

from mock_kuma.store import tables
from mock_kuma.store.kinds import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

tasks = Table(
    "tasks",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("correlator", Text, nullable=False),
    Column("user", Text, nullable=False),  # who has made it
    Column("body", Text, nullable=False),  # JSON, the task as it was sent
    Column("created", BigInteger, nullable=False),
)


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Store a new task."""
    connection.execute(insert(tasks).values(values))


def every(connection: Connection, world: str) -> list[Row[Any]]:
    """Return the world's tasks, the oldest first."""
    query = select(tasks).where(tasks.c.world == world)
    return list(connection.execute(query.order_by(tasks.c.created, tasks.c.id)))
