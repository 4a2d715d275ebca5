"""Alerts: search and close, in every API version that has them.

Sources: 222254 and 269916 (search), 222255 and 269917 (close).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from mock_kuma.actions import alerts as actions
from mock_kuma.api import gate, params, wireformat
from mock_kuma.api.route import vendor_route
from mock_kuma.domain import alerts as life
from mock_kuma.domain.problems import BadInput
from mock_kuma.journal import Served
from mock_kuma.store import alerts as store
from mock_kuma.store import directory
from mock_kuma.store import events as event_store

if TYPE_CHECKING:
    from mock_kuma.api.dialect import Dialect
    from mock_kuma.core import Core


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("alerts", __name__)

    @vendor_route(bp, dialect, "GET /alerts")
    def search() -> Response:
        world = gate.caller().world
        wanted = params.alert_filter(
            params.Params(request.query_string.decode("utf-8", "replace")),
            gate.scope("GET /alerts"),
        )
        with core.database.read() as connection:
            rows = store.page(connection, world.id, wanted, page_size=world.page_size)
            ids = [row.id for row in rows]
            events = event_store.of_alerts(connection, world.id, ids) if wanted.with_events else None
            names = directory.tenant_names(connection, world.id)
        body = wireformat.alerts(
            rows,
            dialect=dialect,
            tenant_names=names,
            events=events,
            with_affected=wanted.with_affected,
        )
        gate.arrival().served.extend(Served(row.id, row.version) for row in rows)
        return Response(body, mimetype="application/json")

    @vendor_route(bp, dialect, "POST /alerts/close")
    def close() -> Response:
        body = params.json_body(request.get_data())
        alert = params.text_field(body, "id")
        if alert is None:
            raise BadInput("id required")
        given = params.text_field(body, "reason")
        if given is None:
            raise BadInput("reason required")
        reason = life.reason(given)
        if reason is None:
            raise BadInput("invalid reason")
        world = gate.caller().world
        with core.database.write(world.id) as connection:
            actions.close(connection, world, gate.scope("POST /alerts/close"), alert=alert, reason=reason)
        return Response(status=204)

    return bp
