"""Tenants that the user may see, with how many alerts wait in each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response

from mock_kuma.console import door
from mock_kuma.console.page import page
from mock_kuma.console.visitor import caller, scope
from mock_kuma.domain.alerts import Status
from mock_kuma.domain.filters import TenantFilter
from mock_kuma.store import alerts, directory

if TYPE_CHECKING:
    from mock_kuma.core import Core

#: All of them: the table has no pages.
_MOST: Final = 10_000


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("tenants", __name__)
    bp.before_request(door.users_only)

    @bp.get("/tenants")
    def table() -> Response:
        world, sees = caller().world, scope("GET /alerts")
        with core.database.read() as connection:
            rows = directory.tenants(
                connection, world.id, TenantFilter(scope=scope("GET /tenants")), page_size=_MOST
            )
            found = list(alerts.summaries(connection, world.id, ("tenant", "status")))
        counts = Counter((one["tenant"], one["status"]) for one in found if sees.covers(one["tenant"]))
        return page("tenants.html", tenants=rows, counts=counts, statuses=[word.value for word in Status])

    return bp
