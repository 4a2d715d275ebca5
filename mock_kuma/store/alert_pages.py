"""Pages of the list of alerts, as statements made once for each shape of a question.

A page is found in an index alone (``tables.alerts``), in the list's own order, so that its cost does not grow
with the world: with several statuses, or with a name pattern, one walk for each, merged as they go. A pattern
is tried on distinct names, since a world has many alerts and few rules. Rule: only the page's rows are read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Column, ColumnElement, Select, bindparam, func, literal_column, select, union_all
from sqlalchemy.ext.compiler import compiles

from mock_kuma.domain.filters import TimestampField
from mock_kuma.store import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mock_kuma.domain.filters import AlertFilter
    from mock_kuma.store.lean import Executes

_COLUMNS: Final = tables.alerts.c
#: More walks than this are not merged: what matches so many names is found soon in the list itself.
_WALKS: Final = 48


class Shown(NamedTuple):
    """What an answer shows of an alert, and its number; times in microseconds, assets and accounts JSON."""

    id: str
    tenant: str
    name: str
    rule: str
    priority: str
    status: str
    first_seen: int
    last_seen: int
    assignee: str
    closing_reason: str
    overflow: bool
    assets: str
    accounts: str
    sent_as: str | None
    version: int
    drawn: int


_SHOWN: Final = [_COLUMNS[name] for name in Shown._fields]


class _Place(ColumnElement[str]):
    """Where a row of the alerts is: on SQLite its number there, which every index has, elsewhere its id.

    Neighbours in time have neighbouring numbers; their ids are strewn over an index that grows with a world.
    """

    inherit_cache = True


@compiles(_Place)
def _by_id(_place: _Place, _compiler: object, **_: object) -> str:
    return "alerts.id"


@compiles(_Place, "sqlite")
def _by_number(_place: _Place, _compiler: object, **_: object) -> str:
    return "alerts.rowid"


class _World(ColumnElement[str]):
    """The world of a row that its place has found already: on SQLite no index is looked for it."""

    inherit_cache = True


@compiles(_World)
def _by_world(_world: _World, _compiler: object, **_: object) -> str:
    return "alerts.world"


@compiles(_World, "sqlite")
def _in_no_index(_world: _World, _compiler: object, **_: object) -> str:
    return "+alerts.world"


class _Shape(NamedTuple):
    """What a question looks like: how many values each of its filters has."""

    field: TimestampField
    ids: int
    scope: int
    tenants: int
    statuses: int
    names: int
    since: bool
    until: bool


def page(connection: Executes, world: str, wanted: AlertFilter, *, page_size: int) -> list[Shown]:
    """Return one page, newest first by the chosen time, then by id (the vendor names no second key)."""
    names: Sequence[str] = ()
    if wanted.name is not None:
        names = wanted.name.among(_distinct_names(connection, world))
        if not names:
            return []
    if not (wanted.scope.everywhere or wanted.scope.tenants):
        return []
    scope: Sequence[str] = () if wanted.scope.everywhere else sorted(wanted.scope.tenants)
    values: dict[str, Any] = {
        "world": world,
        "since": wanted.since,
        "until": wanted.until,
        "size": page_size,
        "skipped": (wanted.page - 1) * page_size,
    }
    shape = _Shape(
        field=wanted.field,
        ids=_bind(values, "id", _rounded(wanted.ids)),
        scope=_bind(values, "scope", _rounded(scope)),
        tenants=_bind(values, "tenant", _rounded(wanted.tenants)),
        statuses=_bind(values, "status", tuple(dict.fromkeys(wanted.statuses))),
        names=_bind(values, "name", names if len(names) <= _WALKS else _rounded(names)),
        since=wanted.since is not None,
        until=wanted.until is not None,
    )
    return [Shown._make(row) for row in connection.execute(_statement(shape), values)]


def _bind(values: dict[str, Any], name: str, texts: Sequence[str]) -> int:
    """Put texts under numbered names; return how many there are."""
    for number, text in enumerate(texts):
        values[f"{name}_{number}"] = text
    return len(texts)


def _rounded(texts: Sequence[str]) -> Sequence[str]:
    # Up to a power of two by saying the last again, so that few statements do for lists of any length.
    if len(texts) <= 1:
        return texts
    lacking = (1 << (len(texts) - 1).bit_length()) - len(texts)
    return [*texts, *(texts[-1] for _ in range(lacking))]


def _distinct_names(connection: Executes, world: str) -> Iterable[str]:
    return (row[0] for row in connection.execute(_names(), {"world": world}))


@lru_cache(maxsize=1)
def _names() -> Select[Any]:
    # From one name to the next in the index, instead of past every alert.
    here = _COLUMNS.world == bindparam("world")
    first = select(func.min(_COLUMNS.name).label("name")).where(here).cte("names", recursive=True)
    following = select(func.min(_COLUMNS.name)).where(here, _COLUMNS.name > first.c.name).scalar_subquery()
    names = first.union_all(select(following).where(first.c.name.is_not(None)))
    return select(names.c.name).where(names.c.name.is_not(None))


@lru_cache(maxsize=256)
def _statement(shape: _Shape) -> Select[Any]:
    time: Column[int] = _COLUMNS[
        {TimestampField.LAST_SEEN: "last_seen", TimestampField.FIRST_SEEN: "first_seen"}[shape.field]
    ]
    if shape.ids:
        # By primary key: so few rows need no index to be in order.
        found = select(*_SHOWN).where(*_conditions(shape, time), _COLUMNS.id.in_(_binds("id", shape.ids)))
        found = found.order_by(time.desc(), _COLUMNS.id)
        return found.limit(bindparam("size")).offset(bindparam("skipped"))
    place = _Place().label("place")
    walks = [select(time.label("time"), _COLUMNS.id, place).where(*walk) for walk in _walks(shape, time)]
    if len(walks) == 1:
        order = walks[0].order_by(time.desc(), _COLUMNS.id)
        keys = order.limit(bindparam("size")).offset(bindparam("skipped")).subquery("keys")
    else:
        merged = union_all(*walks).order_by(literal_column("time").desc(), literal_column("id"))
        keys = merged.limit(bindparam("size")).offset(bindparam("skipped")).subquery("keys")
    # Not joined: what is in a list is looked up in the order of the places, so that a disk reads ahead.
    here = [_World() == bindparam("world"), _Place().in_(select(keys.c.place))]
    return select(*_SHOWN).where(*here).order_by(time.desc(), _COLUMNS.id)


def _walks(shape: _Shape, time: Column[int]) -> list[list[Any]]:
    """Return the conditions of each walk; what one of them takes, no other takes."""
    rest = _conditions(shape, time)
    by_time = shape.field is TimestampField.LAST_SEEN
    if by_time and shape.names and shape.names <= _WALKS:
        status = [_COLUMNS.status.in_(_binds("status", shape.statuses))] if shape.statuses else []
        return [[*rest, *status, _COLUMNS.name == name] for name in _binds("name", shape.names)]
    if shape.names:
        rest.append(_COLUMNS.name.in_(_binds("name", shape.names)))
    if by_time and shape.statuses:
        return [[*rest, _COLUMNS.status == status] for status in _binds("status", shape.statuses)]
    if shape.statuses:
        rest.append(_COLUMNS.status.in_(_binds("status", shape.statuses)))
    return [rest]


def _conditions(shape: _Shape, time: Column[int]) -> list[Any]:
    found: list[Any] = [_COLUMNS.world == bindparam("world")]
    if shape.scope:
        found.append(_COLUMNS.tenant.in_(_binds("scope", shape.scope)))
    if shape.tenants:
        found.append(_COLUMNS.tenant.in_(_binds("tenant", shape.tenants)))
    if shape.since:
        found.append(time >= bindparam("since"))
    if shape.until:
        found.append(time <= bindparam("until"))
    if shape.ids:
        if shape.statuses:
            found.append(_COLUMNS.status.in_(_binds("status", shape.statuses)))
        if shape.names:
            found.append(_COLUMNS.name.in_(_binds("name", shape.names)))
    return found


def _binds(name: str, count: int) -> list[Any]:
    return [bindparam(f"{name}_{number}") for number in range(count)]
