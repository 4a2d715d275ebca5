"""Active lists, context tables and dictionaries that a test wants to be there, with their rows.

Contract: control API, "More stimuli". All three are given alike: columns of text, one of which is the key.
Rule: a list is a resource of a tenant; what is in it is on that tenant's paired correlators, or on the one
named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from flask import Blueprint, Response
from msgspec import Meta

from mock_kuma import worlds
from mock_kuma.actions import lists as actions
from mock_kuma.actions import resources as resource_actions
from mock_kuma.control.answers import answer
from mock_kuma.control.request import Invalid, body
from mock_kuma.domain import dictionaries, lists, resources
from mock_kuma.domain.problems import BadInput
from mock_kuma.domain.services import Kind
from mock_kuma.store import directory, services
from mock_kuma.store import resources as resource_store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mock_kuma.core import Core
    from mock_kuma.domain.resources import Content
    from mock_kuma.world import World

_Name = Annotated[str, Meta(min_length=1, max_length=resources.MAX_NAME)]
_DICTIONARY: Final = resources.DICTIONARY
_KINDS: Final = (*(kind.value for kind in lists.Kind), _DICTIONARY)
_DEFAULT_KEY: Final = "key"


class NewList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST lists``; ``key`` is the first column unless it is named.

    ``columns`` may be left out where rows are given; ``correlator`` is for active lists and context tables;
    ``user`` is whose list it is, nobody's if absent.
    """

    kind: str
    name: _Name
    id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    tenant: str | None = None
    user: str = ""
    description: Annotated[str, Meta(max_length=resources.MAX_DESCRIPTION)] = ""
    columns: list[_Name] = []
    key: _Name | None = None
    rows: Annotated[list[dict[str, str]], Meta(max_length=dictionaries.MAX_ROWS)] = []
    correlator: str | None = None


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("lists", __name__)

    @bp.post("/worlds/<world_id>/lists")
    def add(world_id: str) -> Response:
        wanted = body(NewList)
        if wanted.kind not in _KINDS:
            raise Invalid("kind", f"expected one of {', '.join(_KINDS)}")
        columns = _columns(wanted)
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            key = wanted.id or worlds.next_id(connection, world, core.soc(world.seed), wanted.kind)
            tenant = wanted.tenant or world.main_tenant
            if directory.tenant(connection, world.id, tenant) is None:
                raise Invalid("tenant", f"there is no tenant {tenant!r} in this world")
            content = _content(wanted, columns)
            if wanted.user and directory.user(connection, world.id, wanted.user) is None:
                raise Invalid("user", f"there is no user {wanted.user!r} in this world")
            draft = resource_actions.Draft(key, wanted.kind, tenant, content, user=wanted.user)
            resource_actions.create(connection, world, [draft])
            if wanted.kind != _DICTIONARY:
                _fill(connection, world, wanted, key, tenant, columns)
        return answer({"ids": [key]}, 201)

    return bp


def _columns(wanted: NewList) -> list[str]:
    """Return the columns, the key first, once every row fits them."""
    columns = list(wanted.columns) or list(dict.fromkeys(name for row in wanted.rows for name in row))
    columns = columns or [wanted.key or _DEFAULT_KEY, "value"]
    if len(set(columns)) != len(columns):
        raise Invalid("columns", "two columns have one name")
    key = wanted.key or columns[0]
    if key not in columns:
        raise Invalid("key", f"there is no column {key!r}")
    for place, row in enumerate(wanted.rows):
        unknown = next((name for name in row if name not in columns), None)
        if unknown is not None:
            raise Invalid(f"rows[{place}]", f"there is no column {unknown!r}")
        if not row.get(key):
            raise Invalid(f"rows[{place}]", f"the key column {key!r} is empty")
    return [key, *(name for name in columns if name != key)]


def _content(wanted: NewList, columns: list[str]) -> Content:
    payload: dict[str, Any] = {}
    if wanted.kind == _DICTIONARY:
        rows = [[row.get(name, "") for name in columns] for row in wanted.rows]
        payload = {"type": dictionaries.TABLE, "columns": columns, "rows": rows}
    elif wanted.kind == lists.Kind.CONTEXT_TABLE:
        payload = {"fields": [{"name": name, "key": name == columns[0]} for name in columns]}
    try:
        return resources.content(
            wanted.kind, name=wanted.name, description=wanted.description, payload=payload
        )
    except BadInput as error:
        raise Invalid("rows", str(error)) from error


def _fill(
    connection: Connection, world: World, wanted: NewList, key: str, tenant: str, columns: list[str]
) -> None:
    row = resource_store.find(connection, world.id, key)
    assert row is not None  # noqa: S101 -- for the type checker, it was made above
    paired = [
        one.id for one in services.of_tenant(connection, world.id, tenant) if _is_paired_correlator(one)
    ]
    if wanted.correlator is not None:
        service = services.find(connection, world.id, wanted.correlator)
        if service is None or not _is_paired_correlator(service):
            raise Invalid("correlator", f"there is no paired correlator {wanted.correlator!r} in this world")
        paired = [service.id]
    if wanted.rows and not paired:
        raise Invalid("rows", "no paired correlator of the tenant could hold them; add one or name one")
    records = _records(wanted, columns)
    for correlator in paired:
        actions.put(connection, world, correlator, row, records, clear=True)


def _records(wanted: NewList, columns: list[str]) -> list[lists.Record]:
    fields = lists.Fields(tuple(columns), (columns[0],))
    try:
        return lists.unique(
            (
                place,
                lists.record_of(row[columns[0]], {name: row[name] for name in columns[1:] if name in row})
                if wanted.kind == lists.Kind.ACTIVE_LIST
                else lists.context_record(lists.text_cells(row), fields, at=place),
            )
            for place, row in enumerate(wanted.rows, 1)
        )
    except BadInput as error:
        raise Invalid("rows", str(error.details)) from error


def _is_paired_correlator(service: Any) -> bool:
    return bool(service.kind == Kind.CORRELATOR and service.paired)
