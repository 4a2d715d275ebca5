"""Alerts: search and close, in every API version that has them.

Sources: 222254 and 269916 (search), 222255 and 269917 (close).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from flask import Blueprint

from mock_kuma.actions import alerts as actions
from mock_kuma.api import params, plain, wireformat
from mock_kuma.api.plain import Reply, Sent
from mock_kuma.domain import alerts as life
from mock_kuma.domain.problems import BadInput
from mock_kuma.journal import Served
from mock_kuma.store import alert_pages as store
from mock_kuma.store import directory
from mock_kuma.store import events as event_store
from mock_kuma.store.revision import lasting

if TYPE_CHECKING:
    from mock_kuma.api.dialect import Dialect
    from mock_kuma.api.gate import Arrival
    from mock_kuma.core import Core, Quick
    from mock_kuma.domain.roles import Scope
    from mock_kuma.world import World


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("alerts", __name__)
    plain.routes(bp, dialect, views(core, dialect))
    return bp


def is_brief(method: str, query: str) -> bool:
    """Say whether a request is about one alert at most: it closes one, or looks one up by its id."""
    if method == "POST":
        return True
    try:
        names = [name for name, _ in params.pairs(query)]
    except ValueError:
        return False
    return names.count("id") == 1 and "name" not in names


def views(core: Quick, dialect: Dialect) -> dict[str, plain.View]:
    """Return the views of one API version by their operations."""

    def search(arrival: Arrival, sent: Sent) -> Reply:
        caller = arrival.asks()
        world, scope = caller.world, caller.scope("GET /alerts")
        # Connectors ask the same question again and again: the answer holds until the data change.
        body, arrival.served = core.kept.get(
            arrival.revision,
            (world.id, dialect.name, scope, sent.query),
            lambda: answered(world, scope, sent.query, lasting(arrival.revision)),
            lambda page: len(page[0]) + len(bytes(page[1])),
        )
        return Reply.json(body)

    def answered(world: World, scope: Scope, query: str, stands: int | None) -> tuple[bytes, msgspec.Raw]:
        wanted = params.alert_filter(params.Params(query), scope)
        with core.database.glance() as connection:
            rows = store.page(connection, world.id, wanted, page_size=world.page_size)
            events = event_store.of_alerts(connection, world.id, rows) if wanted.with_events else None
            names = core.lasting.get(
                stands, ("tenants", world.id), lambda: directory.tenant_names(connection, world.id)
            )
        body = wireformat.alerts(
            rows,
            dialect=dialect,
            tenant_names=names,
            events=events,
            with_affected=wanted.with_affected,
        )
        return body, msgspec.Raw(msgspec.json.encode([Served(row.id, row.version) for row in rows]))

    def close(arrival: Arrival, sent: Sent) -> Reply:
        body = params.json_body(sent.body)
        alert = params.text_field(body, "id")
        if alert is None:
            raise BadInput("id required")
        given = params.text_field(body, "reason")
        if given is None:
            raise BadInput("reason required")
        reason = life.reason(given)
        if reason is None:
            raise BadInput("invalid reason")
        caller = arrival.asks()
        world, scope = caller.world, caller.scope("POST /alerts/close")
        with core.database.change(world.id) as connection:
            actions.close(connection, world, scope, alert=alert, reason=reason)
        return Reply.nothing()

    return {"GET /alerts": search, "POST /alerts/close": close}
