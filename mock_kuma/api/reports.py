"""Generated reports (v3): searched.

Source: a public client (REST API, 5.9); the vendor's v3 document was not readable.

GUESS: the fields of a report, ``createdAt`` and its like in milliseconds; of ``tenantIDs`` one is enough; the
list is as long as any page unless ``limit`` says otherwise, and goes by name unless ``order`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response

from mock_kuma.api import gate, query
from mock_kuma.api.route import vendor_route
from mock_kuma.domain.problems import BadInput
from mock_kuma.domain.reports import ReportFilter
from mock_kuma.store import directory
from mock_kuma.store import reports as store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Row

    from mock_kuma.api.dialect import Dialect
    from mock_kuma.core import Core

_HAVE_REPORTS: Final = frozenset({"v3"})
_LARGEST: Final = 10_000
_FARTHEST: Final = 2**31
_MICROSECONDS_A_MS: Final = 1_000
#: The columns of an answer that a list may be sorted by, as columns of the table.
_ORDERS: Final = {
    "id": "id",
    "name": "name",
    "userID": "user",
    "status": "status",
    "from": "since",
    "to": "until",
    "createdAt": "created",
    "updatedAt": "updated",
}
_COLUMNS: Final = frozenset({*_ORDERS, "tenantIDs", "tenantNames", "userName"})


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("reports", __name__)
    if dialect.name not in _HAVE_REPORTS:
        return bp

    @vendor_route(bp, dialect, "GET /reports")
    def search() -> Response:
        world, asked = gate.caller().world, query.query()
        limit = query.whole(asked, "limit", most=_LARGEST)
        order = asked.first("order") or "name"
        column = _ORDERS.get(order.removeprefix("-"))
        if column is None:
            raise BadInput("invalid query parameter value", "order")
        columns = frozenset(asked.every("column"))
        if not columns <= _COLUMNS:
            raise BadInput("invalid query parameter value", "column")
        wanted = ReportFilter(
            scope=gate.scope("GET /reports"),
            limit=world.page_size if limit is None else limit,
            offset=query.whole(asked, "offset", most=_FARTHEST) or 0,
            ids=asked.every("id"),
            tenants=(*asked.every("tenantIDs"), *asked.every("tenantID")),
            name=asked.name(),
            order=column,
            descending=order.startswith("-"),
        )
        with core.database.read() as connection:
            rows = store.search(connection, world.id, wanted)
            names = directory.tenant_names(connection, world.id)
            users = {row.id: row.name for row in directory.users(connection, world.id)}
        told = [_report(row, names, users) for row in rows]
        if columns:
            told = [{key: value for key, value in one.items() if key in columns} for one in told]
        return Response(msgspec.json.encode(told), mimetype="application/json")

    return bp


def _report(row: Row[Any], names: Mapping[str, str], users: Mapping[str, str]) -> dict[str, Any]:
    tenants = store.tenants_of(row)
    return {
        "id": row.id,
        "name": row.name,
        "tenantIDs": tenants,
        "tenantNames": [names.get(tenant, "") for tenant in tenants],
        "userID": row.user,
        "userName": users.get(row.user, ""),
        "status": row.status,
        "from": row.since // _MICROSECONDS_A_MS,
        "to": row.until // _MICROSECONDS_A_MS,
        "createdAt": row.created // _MICROSECONDS_A_MS,
        "updatedAt": row.updated // _MICROSECONDS_A_MS,
    }
