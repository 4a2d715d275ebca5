"""Assets: the hosts that KUMA knows, searched by name, FQDN, IP or MAC address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response, request

from mock_kuma.console import door
from mock_kuma.console.page import number, page
from mock_kuma.console.visitor import caller, scope
from mock_kuma.domain.assets import AssetFilter
from mock_kuma.domain.patterns import BadPattern, Pattern
from mock_kuma.store import assets as store
from mock_kuma.store import directory

if TYPE_CHECKING:
    from mock_kuma.core import Core

_PAGE_SIZE: Final = 50
#: What a search may look at; each is a field of ``AssetFilter``.
FIELDS: Final = ("name", "fqdn", "ip", "mac")


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("assets", __name__)
    bp.before_request(door.users_only)

    @bp.get("/assets")
    def table() -> Response:
        world, sees = caller().world, scope("GET /assets")
        field = request.args.get("field", "")
        field = field if field in FIELDS else FIELDS[0]
        text, errors = request.args.get("text", "").strip(), {}
        asked: dict[str, Any] = {"tenants": tuple(one for one in request.args.getlist("tenant") if one)}
        if text:
            try:
                # Part of a name or an address, as typed.
                asked[field] = Pattern(re.escape(text))
            except BadPattern as error:
                errors["text"] = str(error)
        wanted = AssetFilter(scope=sees, page=number(), **asked)
        with core.database.read() as connection:
            names = directory.tenant_names(connection, world.id)
            # The vendor's search has no total: whether there is a next page, its first asset tells.
            rows = store.page(connection, world.id, wanted, page_size=_PAGE_SIZE)
            after = AssetFilter(scope=sees, page=number() * _PAGE_SIZE + 1, **asked)
            is_last = not store.page(connection, world.id, after, page_size=1)
        return page(
            "assets.html",
            assets=[(row, msgspec.json.decode(row.body)) for row in rows],
            names=names,
            tenants={key: name for key, name in names.items() if sees.covers(key)},
            fields=FIELDS,
            field=field,
            text=text,
            errors=errors,
            number=wanted.page,
            pages=wanted.page if is_last else None,
            filtered=bool(text or asked["tenants"]),
        )

    return bp
