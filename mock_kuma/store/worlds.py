"""Worlds as rows: made, looked up, counted, deleted with everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Row, Table, bindparam, delete, func, insert, literal, select, update

from mock_kuma.store import sign_ins, tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_kuma.store.lean import Executes


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Store a new world."""
    connection.execute(insert(tables.worlds), values)


_ONE: Final = select(tables.worlds).where(tables.worlds.c.id == bindparam("name"))


def find(connection: Executes, world: str) -> Row[Any] | None:
    """Return the world's row, or None."""
    return next(iter(connection.execute(_ONE, {"name": world})), None)


def every(connection: Connection) -> list[Row[Any]]:
    """Return all worlds, oldest first, without snapshots."""
    order = (tables.worlds.c.created, tables.worlds.c.id)
    query = select(tables.worlds).where(tables.worlds.c.kept.is_(False))
    return list(connection.execute(query.order_by(*order)))


def number(connection: Connection) -> int:
    """Return how many worlds there are, without snapshots."""
    query = select(func.count()).select_from(tables.worlds).where(tables.worlds.c.kept.is_(False))
    return int(connection.execute(query).scalar_one())


def statuses(connection: Connection, world: str) -> dict[str, int]:
    """Return how many alerts there are in each status."""
    counted = (
        select(tables.alerts.c.status, func.count())
        .where(tables.alerts.c.world == world)
        .group_by(tables.alerts.c.status)
    )
    return {status: count for status, count in connection.execute(counted).all()}  # noqa: C416 -- typed rows


def copy(connection: Connection, source: str, target: str, *, kept: bool) -> None:
    """Copy a world under another name, without tokens, journal and faults."""
    own = {"id": target, "kept": kept, "journal_cleared": 0, "fault_seq": 0, "faults": 0}
    _copy_rows(connection, tables.worlds, "id", source, own)
    _copy_contents(connection, source, target)


def overwrite(connection: Connection, source: str, target: str) -> None:
    """Set a world's contents, clock and counters to another's; its tokens, journal and faults stay."""
    for table in reversed(_copied()):
        connection.execute(delete(table).where(table.c.world == target))
    _copy_contents(connection, source, target)
    columns = [
        tables.worlds.c[name]
        for name in (
            "frozen_at",
            "clock_offset",
            "drawn_alerts",
            "drawn_events",
            "drawn_ids",
            "agenda_seq",
            "due",
        )
    ]
    values = connection.execute(select(*columns).where(tables.worlds.c.id == source)).one()
    connection.execute(
        update(tables.worlds).where(tables.worlds.c.id == target).values(dict(values._mapping))  # noqa: SLF001 -- the public name of a Row's columns by name
    )


def _copied() -> list[Table]:
    left_out = {tables.tokens, tables.journal, tables.faults, sign_ins.sessions}
    return [table for table in tables.metadata.sorted_tables if "world" in table.c and table not in left_out]


def _copy_contents(connection: Connection, source: str, target: str) -> None:
    for table in _copied():
        _copy_rows(connection, table, "world", source, {"world": target})


def _copy_rows(connection: Connection, table: Table, key: str, source: str, own: dict[str, Any]) -> None:
    columns = [
        literal(own[column.name], column.type).label(column.name) if column.name in own else column
        for column in table.c
    ]
    rows = select(*columns).where(table.c[key] == source)
    connection.execute(insert(table).from_select([column.name for column in table.c], rows))


def remove(connection: Connection, world: str) -> None:
    """Delete the world and all that is in it."""
    for table in reversed(tables.metadata.sorted_tables):
        if "world" in table.c:
            connection.execute(delete(table).where(table.c.world == world))
    connection.execute(delete(tables.worlds).where(tables.worlds.c.id == world))


def set_clock(connection: Connection, world: str, *, frozen_at: int | None, clock_offset: int) -> None:
    """Store what the world's clock shows from now on."""
    connection.execute(
        update(tables.worlds)
        .where(tables.worlds.c.id == world)
        .values(frozen_at=frozen_at, clock_offset=clock_offset)
    )


def draw(connection: Connection, world: str, counter: str, count: int = 1) -> int:
    """Advance one of the world's counters and return its value before; 0 at first."""
    column = tables.worlds.c[counter]
    after: int = connection.execute(
        update(tables.worlds)
        .where(tables.worlds.c.id == world)
        .values({counter: column + count})
        .returning(column)
    ).scalar_one()
    return after - count
