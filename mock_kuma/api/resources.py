"""Resources: searched in every version; since v3 created, read, edited and reverted, kind by kind.

Sources: 222300 to 222304, 269930 (REST API, 5.5); the search and all that v3 adds from public clients. The
shape of one resource is the one in which they send it back: fields of its own around a payload.

GUESS: creating, editing and reverting answer 200 with the whole resource; of the success codes only the 204
of ``validate`` was seen. GUESS: whoever may upload resources may edit them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response

from mock_kuma import worlds
from mock_kuma.actions import resources as actions
from mock_kuma.api import gate, params, query
from mock_kuma.api.route import vendor_route
from mock_kuma.domain import resources as rules
from mock_kuma.domain.moments import render
from mock_kuma.domain.problems import AccessDenied, BadInput, NotFound
from mock_kuma.store import directory
from mock_kuma.store import resources as store

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from mock_kuma.api.dialect import Dialect
    from mock_kuma.core import Core
    from mock_kuma.world import World

_EDITED_ONE_BY_ONE: Final = frozenset({"v3"})
_READ: Final = "GET /resources/{kind}/{id}"
_VERSION_DIGITS: Final = 9


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("resources", __name__)

    @vendor_route(bp, dialect, "GET /resources")
    def search() -> Response:
        asked = query.query()
        for kind in asked.every("kind"):
            rules.check_kind(kind)
        wanted = rules.ResourceFilter(
            scope=gate.scope("GET /resources"),
            page=asked.page(),
            ids=asked.every("id"),
            tenants=asked.every("tenantID"),
            kinds=asked.every("kind"),
            users=asked.every("userID"),
            name=asked.name(),
        )
        world = gate.caller().world
        with core.database.read() as connection:
            rows = store.page(connection, world.id, wanted, page_size=world.page_size)
            names = _names(connection, world)
        return _json([_listed(row, names) for row in rows])

    if dialect.name in _EDITED_ONE_BY_ONE:
        _writing(bp, core, dialect)
        _reading(bp, core, dialect)
    return bp


def _writing(bp: Blueprint, core: Core, dialect: Dialect) -> None:
    @vendor_route(bp, dialect, "POST /resources/{kind}/create", path="/resources/<kind>/create")
    def create(kind: str) -> Response:
        body = _body(kind)
        tenant = params.text_field(body, "tenantID")
        if tenant is None:
            raise BadInput("tenantID required")
        content = _content(kind, body)
        folder = params.text_field(body, "folderID") or ""
        if folder == rules.root_folder(kind, tenant):
            folder = ""
        who = gate.caller()
        world = who.world
        with core.database.write() as connection:
            key = worlds.next_id(connection, world, core.soc(world.seed), kind)
            draft = actions.Draft(key, kind, tenant, content, folder, who.id)
            actions.add(connection, world, gate.scope("POST /resources/{kind}/create"), draft)
            return _json(_whole(connection, world, key))

    @vendor_route(bp, dialect, "POST /resources/{kind}/validate", path="/resources/<kind>/validate")
    def validate(kind: str) -> Response:
        scope = gate.scope("POST /resources/{kind}/validate")
        if not scope.everywhere and not scope.tenants:
            raise AccessDenied("no role in any tenant allows to validate resources")
        _content(kind, _body(kind))
        return Response(status=204)

    @vendor_route(bp, dialect, "PUT /resources/{kind}/{id}", path="/resources/<kind>/<resource>")
    def put(kind: str, resource: str) -> Response:
        content = _content(kind, _body(kind))
        who = gate.caller()
        with core.database.write() as connection:
            scope = gate.scope("PUT /resources/{kind}/{id}")
            row = actions.resource(connection, who.world, scope, resource, kind=kind)
            actions.edit(connection, who.world, row, content, user=who.id)
            return _json(_whole(connection, who.world, resource))

    operation = "POST /resources/{kind}/{id}/history/{version}"
    path = "/resources/<kind>/<resource>/history/<version>"

    @vendor_route(bp, dialect, operation, path=path)
    def revert(kind: str, resource: str, version: str) -> Response:
        rules.check_kind(kind)
        number = _number(version)
        who = gate.caller()
        with core.database.write() as connection:
            row = actions.resource(connection, who.world, gate.scope(operation), resource, kind=kind)
            actions.revert(connection, who.world, row, number, user=who.id)
            return _json(_whole(connection, who.world, resource))


def _reading(bp: Blueprint, core: Core, dialect: Dialect) -> None:
    @vendor_route(bp, dialect, _READ, path="/resources/<kind>/<resource>")
    def get(kind: str, resource: str) -> Response:
        rules.check_kind(kind)
        world = gate.caller().world
        with core.database.read() as connection:
            actions.resource(connection, world, gate.scope(_READ), resource, kind=kind)
            return _json(_whole(connection, world, resource))

    listing = "GET /resources/{kind}/{id}/history"

    @vendor_route(bp, dialect, listing, path="/resources/<kind>/<resource>/history")
    def history(kind: str, resource: str) -> Response:
        rules.check_kind(kind)
        world = gate.caller().world
        with core.database.read() as connection:
            row = actions.resource(connection, world, gate.scope(listing), resource, kind=kind)
            rows = store.history(connection, world.id, row.id)
            names = _names(connection, world)
        # GUESS: the fields of a version in the list, newest first.
        return _json(
            [
                {
                    "version": one.version,
                    "name": one.name,
                    "description": one.description,
                    "userID": one.user,
                    "userName": names.users.get(one.user, ""),
                    "updated": render(one.at),
                }
                for one in rows
            ]
        )

    one_version = "GET /resources/{kind}/{id}/history/{version}"
    path = "/resources/<kind>/<resource>/history/<version>"

    @vendor_route(bp, dialect, one_version, path=path)
    def former(kind: str, resource: str, version: str) -> Response:
        rules.check_kind(kind)
        number = _number(version)
        world = gate.caller().world
        with core.database.read() as connection:
            row = actions.resource(connection, world, gate.scope(one_version), resource, kind=kind)
            then = actions.version(connection, world, row, number)
            told = _whole(connection, world, resource)
        changed = {
            "name": then.name,
            "description": then.description,
            "updated": render(then.at),
            "version": then.version,
            "payload": msgspec.Raw(then.payload.encode()),
        }
        return _json({**told, **changed})


class _Names:
    """The names of tenants and users, by their ids."""

    def __init__(self, tenants: dict[str, str], users: dict[str, str]) -> None:
        self.tenants = tenants
        self.users = users


def _names(connection: Connection, world: World) -> _Names:
    users = {row.id: row.name for row in directory.users(connection, world.id)}
    return _Names(directory.tenant_names(connection, world.id), users)


def _listed(row: Row[Any], names: _Names) -> dict[str, Any]:
    """Return a resource as the search shows it."""
    return {
        "id": row.id,
        "kind": row.kind,
        "name": row.name,
        "description": row.description,
        "tenantID": row.tenant,
        "tenantName": names.tenants.get(row.tenant, ""),
        "userID": row.user,
        "userName": names.users.get(row.user, ""),
        "created": render(row.created),
        "updated": render(row.updated),
    }


def _whole(connection: Connection, world: World, resource: str) -> dict[str, Any]:
    """Return a resource with its payload."""
    row = store.find(connection, world.id, resource)
    if row is None:
        raise NotFound("resource", resource)
    return {
        **_listed(row, _names(connection, world)),
        "exportID": row.id,
        "folderID": row.folder or rules.root_folder(row.kind, row.tenant),
        "version": row.version,
        "payload": msgspec.Raw(row.payload.encode()),
    }


def _body(kind: str) -> dict[str, Any]:
    rules.check_kind(kind)
    body = query.body()
    if (params.text_field(body, "kind") or kind) != kind:
        raise BadInput("invalid value", "kind")
    return body


def _content(kind: str, body: dict[str, Any]) -> rules.Content:
    return rules.content(
        kind,
        name=params.text_field(body, "name"),
        description=params.text_field(body, "description"),
        payload=body.get("payload"),
    )


def _number(version: str) -> int:
    if version.isascii() and version.isdigit() and len(version) <= _VERSION_DIGITS:
        return int(version)
    raise BadInput("invalid value", "version")


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), mimetype="application/json")
