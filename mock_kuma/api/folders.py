"""Folders of resources: searched (v3).

Source: a public client (REST API, 5.9); the vendor's page was not readable.

GUESS: a folder's fields are those of a table of contents, ``createdAt`` in milliseconds; roots are not
listed; the list is as long as any page unless ``limit`` says otherwise. GUESS: whoever may search resources
sees their folders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response

from mock_kuma.api import gate, query
from mock_kuma.api.route import vendor_route
from mock_kuma.domain.problems import BadInput
from mock_kuma.domain.resources import FolderFilter
from mock_kuma.store import directory
from mock_kuma.store import resources as store

if TYPE_CHECKING:
    from sqlalchemy import Row

    from mock_kuma.api.dialect import Dialect
    from mock_kuma.api.params import Params
    from mock_kuma.core import Core

_HAVE_FOLDERS: Final = frozenset({"v3"})
_LARGEST: Final = 10_000
_FARTHEST: Final = 2**31
#: The columns of an answer that are columns of the table, too.
_ORDERS: Final = {
    "id": "id",
    "tenantID": "tenant",
    "kind": "kind",
    "subKind": "subkind",
    "name": "name",
    "description": "description",
    "userID": "user",
    "parentID": "parent",
    "createdAt": "created",
}
_COLUMNS: Final = frozenset({*_ORDERS, "tenantName", "exportID"})


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("folders", __name__)
    if dialect.name not in _HAVE_FOLDERS:
        return bp

    @vendor_route(bp, dialect, "GET /folders")
    def search() -> Response:
        world = gate.caller().world
        asked = query.query()
        limit = query.whole(asked, "limit", most=_LARGEST)
        order = asked.first("order") or "name"
        column = _ORDERS.get(order.removeprefix("-"))
        if column is None:
            raise BadInput("invalid query parameter value", "order")
        wanted = FolderFilter(
            scope=gate.scope("GET /folders"),
            limit=world.page_size if limit is None else limit,
            offset=query.whole(asked, "offset", most=_FARTHEST) or 0,
            ids=asked.every("id"),
            tenants=(*asked.every("tenantID"), *asked.every("tenantIDs")),
            kinds=asked.every("kind"),
            subkinds=(*asked.every("subKind"), *asked.every("subkind")),
            name=asked.name(),
            order=column,
            descending=order.startswith("-"),
        )
        shown = _shown(asked)
        with core.database.read() as connection:
            rows = store.folder_page(connection, world.id, wanted)
            names = directory.tenant_names(connection, world.id)
        told = [_folder(row, names.get(row.tenant, "")) for row in rows]
        if shown:
            told = [{key: value for key, value in one.items() if key in shown} for one in told]
        return Response(msgspec.json.encode(told), mimetype="application/json")

    return bp


def _shown(asked: Params) -> frozenset[str]:
    """Return the columns that are asked for; none is all of them."""
    columns = frozenset(asked.every("column"))
    if not columns <= _COLUMNS:
        raise BadInput("invalid query parameter value", "column")
    return columns


def _folder(row: Row[Any], tenant_name: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "tenantID": row.tenant,
        "tenantName": tenant_name,
        "exportID": row.id,
        "kind": row.kind,
        "subKind": row.subkind,
        "name": row.name,
        "description": row.description,
        "userID": row.user,
        "parentID": row.parent,
        "createdAt": row.created // 1_000,
    }
