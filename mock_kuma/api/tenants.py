"""Tenants: searched in every version, made in v3.

Sources: 222306 (v1) and 269935 (v2 and later) for the search; a public client (REST API, 5.7) and the help's
"Working with tenants" 221499 for what a new tenant may be. Only a General administrator makes one.

GUESS: the answer to a creation, every refusal, and that two tenants cannot have one name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta

from mock_kuma import worlds
from mock_kuma.api import gate, params, query, sent, wireformat
from mock_kuma.api.route import vendor_route
from mock_kuma.domain.problems import AccessDenied, BadInput, Conflict
from mock_kuma.store import directory

if TYPE_CHECKING:
    from mock_kuma.api.dialect import Dialect
    from mock_kuma.core import Core

_CAN_CREATE: Final = frozenset({"v3"})
_MAX_NAME: Final = 128
_MAX_DESCRIPTION: Final = 256
_OPERATION: Final = "POST /tenants/create"


class NewTenant(msgspec.Struct, frozen=True):
    """The body of ``POST /tenants/create``; without a limit of events a second there is none."""

    name: str = ""
    description: str = ""
    eps_limit: Annotated[int, Meta(ge=0, le=2**63 - 1)] = msgspec.field(default=0, name="epsLimit")


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("tenants", __name__)

    @vendor_route(bp, dialect, "GET /tenants")
    def search() -> Response:
        world = gate.caller().world
        wanted = params.tenant_filter(
            params.Params(request.query_string.decode("utf-8", "replace")),
            gate.scope("GET /tenants"),
        )
        with core.database.read() as connection:
            rows = directory.tenants(connection, world.id, wanted, page_size=world.page_size)
        body = msgspec.json.encode([wireformat.tenant(row) for row in rows])
        return Response(body, mimetype="application/json")

    if dialect.name in _CAN_CREATE:
        _creation(bp, core, dialect)
    return bp


def _creation(bp: Blueprint, core: Core, dialect: Dialect) -> None:
    @vendor_route(bp, dialect, _OPERATION)
    def create() -> Response:
        wanted = sent.body(NewTenant)
        query.required_fields(name=wanted.name)
        for name, text, most in (
            ("name", wanted.name, _MAX_NAME),
            ("description", wanted.description, _MAX_DESCRIPTION),
        ):
            # A NUL is what no PostgreSQL takes.
            if len(text) > most or "\0" in text:
                raise BadInput("invalid value", name)
        if not gate.scope(_OPERATION).everywhere:
            raise AccessDenied("only a General administrator makes tenants")
        world = gate.caller().world
        with core.database.write() as connection:
            if wanted.name in directory.tenant_names(connection, world.id).values():
                raise Conflict(wanted.name, "tenant already exists")
            made = worlds.next_id(connection, world, core.soc(world.seed), "tenant")
            worlds.add_tenant(
                connection,
                world,
                tenant=made,
                name=wanted.name,
                description=wanted.description,
                eps_limit=wanted.eps_limit,
            )
        return Response(msgspec.json.encode({"id": made}), mimetype="application/json")
