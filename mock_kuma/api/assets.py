"""Assets: search, import, delete, in every API version.

Sources: 222256 (search), 222258 and 269919 (import), 222296 and 269920 (delete). Rule: a request is refused
as a whole for what is wrong with it; what is wrong with one asset's state fails that asset alone.

GUESS: ``preview``, which a public client sends for speed, leaves the two long lists out, as null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response

from mock_kuma import worlds
from mock_kuma.actions import assets as actions
from mock_kuma.api import gate, sent, wireformat
from mock_kuma.api.query import query
from mock_kuma.api.route import vendor_route
from mock_kuma.domain import assets as rules
from mock_kuma.domain.problems import BadInput
from mock_kuma.store import assets as store
from mock_kuma.store import directory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Row

    from mock_kuma.api.dialect import Dialect
    from mock_kuma.api.params import Params
    from mock_kuma.core import Core
    from mock_kuma.domain.roles import Scope

_NOT_IN_PREVIEW: Final = ("software", "vulnerabilities")
#: Spellings of one key that versions differ in (REST API, 8, row 13).
_SPELLINGS: Final = {"descriptionURL": "descriptionUrl"}
#: Deeper than this an asset of the vendor's shape has nothing.
_DEPTH: Final = 4


class Import(msgspec.Struct, frozen=True):
    """The body of ``POST /assets/import``."""

    tenant: str | None = msgspec.field(default=None, name="tenantID")
    assets: list[Any] = []


class Delete(msgspec.Struct, frozen=True):
    """The body of ``POST /assets/delete``."""

    tenant: str | None = msgspec.field(default=None, name="tenantID")
    ids: list[str] = []
    fqdns: list[str] = []
    addresses: list[str] = msgspec.field(default_factory=list, name="ipAddresses")


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("assets", __name__)

    @vendor_route(bp, dialect, "GET /assets")
    def search() -> Response:
        world = gate.caller().world
        asked = query()
        wanted = asset_filter(asked, gate.scope("GET /assets"))
        with core.database.read() as connection:
            rows = store.page(connection, world.id, wanted, page_size=world.page_size)
            names = directory.tenant_names(connection, world.id)
        preview = asked.has("preview")
        return _json([_asset(row, dialect, names, preview=preview) for row in rows])

    @vendor_route(bp, dialect, "POST /assets/import")
    def bring_in() -> Response:
        wanted = sent.body(Import)
        world = gate.caller().world
        refusal = "import into shared tenant not allowed"
        tenant = _tenant(wanted.tenant, refusal)
        if not wanted.assets:
            raise BadInput("at least one asset required")
        new = [sent.fitted(_plain(raw), rules.Importable) for raw in wanted.assets]
        for index, asset in enumerate(new):
            rules.check(asset, index)
        with core.database.write() as connection:
            scope = gate.scope("POST /assets/import")
            actions.check_tenant(connection, world, scope, tenant, shared=refusal)
            soc = core.soc(world.seed)

            def new_id() -> str:
                return worlds.next_id(connection, world, soc, "asset")

            outcome = actions.bring_in(connection, world, tenant=tenant, assets=new, new_id=new_id)
        return _json(
            {
                "insertedIDs": {str(index): key for index, key in outcome.inserted.items()},
                "updatedCount": outcome.updated,
                "errors": outcome.errors,
            }
        )

    @vendor_route(bp, dialect, "POST /assets/delete")
    def delete() -> Response:
        wanted = sent.body(Delete)
        world = gate.caller().world
        refusal = "delete from shared tenant not allowed"
        tenant = _tenant(wanted.tenant, refusal)
        _check_marks(wanted)
        with core.database.write() as connection:
            scope = gate.scope("POST /assets/delete")
            actions.check_tenant(connection, world, scope, tenant, shared=refusal)
            count = actions.remove(
                connection,
                world,
                tenant=tenant,
                ids=wanted.ids,
                fqdns=wanted.fqdns,
                addresses=wanted.addresses,
            )
        return _json({"deletedCount": count})

    return bp


def asset_filter(asked: Params, scope: Scope) -> rules.AssetFilter:
    """Return the search for assets that a query asks for (222256)."""
    return rules.AssetFilter(
        scope=scope,
        page=asked.page(),
        ids=asked.every("id"),
        tenants=asked.every("tenantID"),
        name=asked.name(),
        fqdn=sent.pattern(asked, "fqdn"),
        ip=sent.pattern(asked, "ip"),
        mac=sent.pattern(asked, "mac"),
    )


def _asset(
    row: Row[Any], dialect: Dialect, tenant_names: Mapping[str, str], *, preview: bool
) -> dict[str, Any]:
    body = msgspec.json.decode(row.body)
    head = {"id": row.id, "tenantID": row.tenant, "tenantName": tenant_names.get(row.tenant, "")}
    if preview:
        body.update(dict.fromkeys(_NOT_IN_PREVIEW))
    return wireformat.asset({**head, **body}, dialect)


def _tenant(given: str | None, refusal: str) -> str:
    """Return the tenant of a body. Shared is refused before anything else is looked at."""
    if not given:
        raise BadInput("tenantID required")
    if given == worlds.SHARED_TENANT:
        raise BadInput(refusal)
    return given


def _check_marks(wanted: Delete) -> None:
    if not (wanted.ids or wanted.fqdns or wanted.addresses):
        raise BadInput("one of fields required", "ids, fqdns, ipAddresses")
    for index, name in enumerate(wanted.fqdns):
        if not rules.is_fqdn(name):
            raise BadInput("invalid value", f"fqdns[{index}]")
    for index, address in enumerate(wanted.addresses):
        if not rules.is_address(address):
            raise BadInput("invalid value", f"ipAddresses[{index}]")


def _plain(value: Any, depth: int = _DEPTH) -> Any:
    """Return a JSON value without nulls, which mean nothing here, and with one spelling of each key."""
    if depth == 0:
        return value
    if isinstance(value, dict):
        return {
            _SPELLINGS.get(name, name): _plain(one, depth - 1)
            for name, one in value.items()
            if one is not None
        }
    if isinstance(value, list):
        return [_plain(one, depth - 1) for one in value]
    return value


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), mimetype="application/json")
