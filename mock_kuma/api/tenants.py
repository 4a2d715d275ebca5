"""Tenants: search. Sources: 222306 (v1), 269935 (v2 and later)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from flask import Blueprint, Response, request

from mock_kuma.api import gate, params, wireformat
from mock_kuma.api.route import vendor_route
from mock_kuma.store import directory

if TYPE_CHECKING:
    from mock_kuma.api.dialect import Dialect
    from mock_kuma.core import Core


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

    return bp
