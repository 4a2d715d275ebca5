"""Services: search in every version; made, reloaded and restarted in v3.

Sources: 222305 and XDR 270071 (search); a public client for what v3 adds. Which versions have an operation is
told in the set below.

GUESS: the rights write the variable part of a path in braces, and the v3 operations are for whoever may
search; ``apiPort`` and ``version`` are texts, as the fields of the page that are known are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response

from mock_kuma import worlds
from mock_kuma.actions import services as actions
from mock_kuma.api import gate, sent
from mock_kuma.api.query import query
from mock_kuma.api.route import vendor_route
from mock_kuma.domain.moments import render
from mock_kuma.domain.problems import BadInput
from mock_kuma.domain.services import Kind, ServiceFilter, uptime
from mock_kuma.store import directory
from mock_kuma.store import services as store

if TYPE_CHECKING:
    from sqlalchemy import Row

    from mock_kuma.api.dialect import Dialect
    from mock_kuma.api.params import Params
    from mock_kuma.core import Core
    from mock_kuma.domain.roles import Scope
    from mock_kuma.world import World

_CAN_CHANGE: Final = frozenset({"v3"})
_KINDS: Final = frozenset(kind.value for kind in Kind)


class NewService(msgspec.Struct, frozen=True):
    """The body of ``POST /services/create``."""

    resource: str | None = msgspec.field(default=None, name="resourceID")


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("services", __name__)

    @vendor_route(bp, dialect, "GET /services")
    def search() -> Response:
        world = gate.caller().world
        wanted = service_filter(query(), gate.scope("GET /services"))
        with core.database.read() as connection:
            rows = store.page(connection, world.id, wanted, page_size=world.page_size)
            names = directory.tenant_names(connection, world.id)
        return _json([service(row, world, tenant_name=names.get(row.tenant, "")) for row in rows])

    if dialect.name in _CAN_CHANGE:
        _changes(bp, core, dialect)
    return bp


def _changes(bp: Blueprint, core: Core, dialect: Dialect) -> None:
    @vendor_route(bp, dialect, "POST /services/create")
    def create() -> Response:
        wanted = sent.body(NewService)
        if not wanted.resource:
            raise BadInput("resourceID required")
        world = gate.caller().world
        with core.database.write() as connection:
            made = worlds.next_id(connection, world, core.soc(world.seed), "service")
            scope = gate.scope("POST /services/create")
            actions.create(connection, world, scope, service=made, resource=wanted.resource)
        # GUESS: the answer; the client shows no example.
        return _json({"id": made})

    @vendor_route(bp, dialect, "POST /services/{id}/reload", path="/services/<service_id>/reload")
    def reload(service_id: str) -> Response:
        world = gate.caller().world
        with core.database.write() as connection:
            actions.reload(connection, world, gate.scope("POST /services/{id}/reload"), service_id)
        # GUESS: no answer to show, as after closing an alert.
        return Response(status=204)

    @vendor_route(bp, dialect, "POST /services/{id}/restart", path="/services/<service_id>/restart")
    def restart(service_id: str) -> Response:
        world = gate.caller().world
        with core.database.write() as connection:
            actions.restart(connection, world, gate.scope("POST /services/{id}/restart"), service_id)
        return Response(status=204)


def service_filter(asked: Params, scope: Scope) -> ServiceFilter:
    """Return the search for services that a query asks for (222305)."""
    page = asked.page()
    kinds = asked.every("kind")
    wrong = next((kind for kind in kinds if kind not in _KINDS), None)
    if wrong is not None:
        raise BadInput("invalid kind", wrong)
    return ServiceFilter(
        scope=scope,
        page=page,
        ids=asked.every("id"),
        tenants=asked.every("tenantID"),
        name=asked.name(),
        fqdn=sent.pattern(asked, "fqdn"),
        kinds=kinds,
        paired_only=asked.has("paired"),
    )


def service(row: Row[Any], world: World, *, tenant_name: str) -> dict[str, Any]:
    """Return one service (222305)."""
    return {
        "id": row.id,
        "tenantID": row.tenant,
        "tenantName": tenant_name,
        "resourceID": row.resource,
        "kind": row.kind,
        "name": row.name,
        "address": row.address,
        "fqdn": row.fqdn,
        "status": row.status,
        "warning": row.warning,
        "apiPort": "" if row.api_port is None else str(row.api_port),
        "uptime": uptime(row.started, world.clock.now()),
        "version": world.release.name if row.paired else "",
        "created": render(row.created),
        "updated": render(row.updated),
    }


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), mimetype="application/json")
