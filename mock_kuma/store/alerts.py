"""Alerts as rows: the console's table, one, a change with its history; the API has ``alert_pages``."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, case, func, insert, select, update

from mock_kuma.domain.alerts import Priority
from mock_kuma.domain.filters import TimestampField
from mock_kuma.store import tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mock_kuma.domain.filters import AlertFilter
    from mock_kuma.store.lean import Executes


class Sort(StrEnum):
    """What the console's table may be sorted by: columns."""

    LAST_SEEN = "last_seen"
    FIRST_SEEN = "first_seen"
    PRIORITY = "priority"
    NAME = "name"
    STATUS = "status"
    ASSIGNEE = "assignee"


_TIMES = {
    TimestampField.LAST_SEEN: tables.alerts.c.last_seen,
    TimestampField.FIRST_SEEN: tables.alerts.c.first_seen,
}


def table(
    connection: Connection,
    world: str,
    wanted: AlertFilter,
    *,
    priorities: tuple[str, ...],
    sort: Sort,
    descending: bool,
    page_size: int,
) -> tuple[list[Row[Any]], int]:
    """Return one page as the console sorts it, and how many alerts there are on all pages."""
    columns = tables.alerts.c
    query = _found(connection, world, wanted)
    if priorities:
        query = query.where(columns.priority.in_(priorities))
    total = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    key: ColumnElement[Any] = columns[sort.value]
    if sort is Sort.PRIORITY:
        key = case({word.value: rank for rank, word in enumerate(Priority)}, value=columns.priority, else_=-1)
    query = query.order_by(key.desc() if descending else key, columns.id)
    rows = connection.execute(query.limit(page_size).offset((wanted.page - 1) * page_size))
    return list(rows), int(total)


def _found(connection: Connection, world: str, wanted: AlertFilter) -> Select[Any]:
    table = tables.alerts
    time = _TIMES[wanted.field]
    query: Select[Any] = select(table).where(table.c.world == world)
    if not wanted.scope.everywhere:
        query = query.where(table.c.tenant.in_(wanted.scope.tenants))
    for column, values in (
        (table.c.id, wanted.ids),
        (table.c.tenant, wanted.tenants),
        (table.c.status, wanted.statuses),
    ):
        if values:
            query = query.where(column.in_(values))
    if wanted.name is not None:
        # Over distinct names: a world has many alerts and few rules.
        names = connection.execute(select(table.c.name).where(table.c.world == world).distinct())
        query = query.where(table.c.name.in_(wanted.name.among(names.scalars())))
    if wanted.since is not None:
        query = query.where(time >= wanted.since)
    if wanted.until is not None:
        query = query.where(time <= wanted.until)
    return query


# Made once, since each close asks them.
_PLACE: Final = (tables.alerts.c.world == bindparam("in_world")) & (tables.alerts.c.id == bindparam("of"))
_ONE: Final = select(tables.alerts).where(_PLACE)
_WITH_TENANT: Final = (
    select(tables.alerts, tables.tenants.c.disabled.label("tenant_disabled"))
    .join(
        tables.tenants,
        (tables.tenants.c.world == tables.alerts.c.world) & (tables.tenants.c.id == tables.alerts.c.tenant),
        isouter=True,
    )
    .where(_PLACE)
)
_CHANGE: Final = update(tables.alerts).where(_PLACE)
_NOTE: Final = insert(tables.alert_history)


def find(connection: Executes, world: str, alert: str) -> Row[Any] | None:
    """Return the alert's row, or None."""
    return next(iter(connection.execute(_ONE, {"in_world": world, "of": alert})), None)


def find_with_tenant(connection: Executes, world: str, alert: str) -> Row[Any] | None:
    """Return the alert's row, with ``tenant_disabled`` beside it, or None."""
    return next(iter(connection.execute(_WITH_TENANT, {"in_world": world, "of": alert})), None)


def newest_of_rule(
    connection: Connection, world: str, *, tenant: str, rule: str, segment: str | None
) -> Row[Any] | None:
    """Return the alert of a correlation rule (and segmentation rule) that was made last, or None."""
    table = tables.alerts
    place = (table.c.world == world) & (table.c.tenant == tenant) & (table.c.rule == rule)
    query = select(table).where(place, table.c.segment.is_not_distinct_from(segment))
    return connection.execute(query.order_by(table.c.drawn.desc()).limit(1)).first()


def summaries(connection: Connection, world: str, columns: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
    """Return these columns of all alerts of a world, and their ids."""
    table = tables.alerts
    query = select(table.c.id, *(table.c[name] for name in columns)).where(table.c.world == world)
    for row in connection.execute(query).mappings():
        yield {name: row[name] for name in ("id", *columns)}


def add(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Store new alerts."""
    connection.execute(insert(tables.alerts), rows)


def change(connection: Executes, world: str, alert: str, values: Mapping[str, Any]) -> None:
    """Write new values of an alert; the caller has counted its version up."""
    connection.execute(_CHANGE, {"in_world": world, "of": alert, **values})


def note(connection: Executes, rows: list[dict[str, Any]]) -> None:
    """Add entries to the history."""
    connection.execute(_NOTE, rows)


def history(connection: Connection, world: str, number: int) -> list[Row[Any]]:
    """Return what happened to the alert of a number, version by version."""
    table = tables.alert_history
    place = (table.c.world == world) & (table.c.alert_number == number)
    return list(connection.execute(select(table).where(place).order_by(table.c.version)))
