"""Settings: custom fields of assets in every version; the extended event schema exported and imported in v3.

Sources: 244979 (v1) and 269939 (v2); a public client for the extended schema (REST API, 5.9), and the help's
294885 for who sees it. The custom fields are the main tenant's: a role elsewhere does not help.

GUESS: v3 has the roles of v2 for custom fields; an import answers 204 without a body, an export is what an
import takes; who has no role that sees the schema is refused, since it is no tenant's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response, request

from mock_kuma.actions import settings as actions
from mock_kuma.api import gate, params, sent
from mock_kuma.api.route import vendor_route
from mock_kuma.domain.problems import AccessDenied
from mock_kuma.domain.settings import ExtendedField, SettingNotFound
from mock_kuma.store import directory
from mock_kuma.store import settings as store

if TYPE_CHECKING:
    from mock_kuma.api.dialect import Dialect
    from mock_kuma.core import Core
    from mock_kuma.domain.roles import Scope

_VIEW: Final = "GET /settings/id/{id}"
#: Versions in which analysts see the custom fields, too.
_FOR_ANALYSTS: Final = frozenset({"v1"})
_HAVE_EXTENDED: Final = frozenset({"v3"})
_MICROSECONDS_A_MS: Final = 1_000


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("settings", __name__)

    @vendor_route(bp, dialect, _VIEW, path="/settings/id/<setting_id>")
    def view(setting_id: str) -> Response:
        world = gate.caller().world
        scope = gate.scope(f"{_VIEW} (v1)" if dialect.name in _FOR_ANALYSTS else _VIEW)
        with core.database.read() as connection:
            row = store.find(connection, world.id, setting_id)
            names = directory.tenant_names(connection, world.id)
        if row is None:
            raise SettingNotFound(setting_id)
        if not scope.covers(row.tenant):
            raise AccessDenied(f"no role in tenant {row.tenant} allows to see its settings")
        return _json(
            {
                "id": row.id,
                "tenantID": row.tenant,
                "tenantName": names.get(row.tenant, ""),
                "kind": row.kind,
                # GUESS: milliseconds, as the events' times are; the page says int64.
                "updatedAt": row.updated // _MICROSECONDS_A_MS,
                "createdAt": row.created // _MICROSECONDS_A_MS,
                "disabled": row.disabled,
                "customFields": store.fields_of(row),
            }
        )

    if dialect.name in _HAVE_EXTENDED:
        _extended(bp, core, dialect)
    return bp


def _extended(bp: Blueprint, core: Core, dialect: Dialect) -> None:
    @vendor_route(bp, dialect, "GET /settings/extendedFields/export")
    def export_extended() -> Response:
        _some_role(gate.scope("GET /settings/extendedFields/export"))
        with core.database.read() as connection:
            return _json(store.extended(connection, gate.caller().world.id))

    @vendor_route(bp, dialect, "POST /settings/extendedFields/import")
    def import_extended() -> Response:
        fields = sent.fitted(params.json_value(request.get_data()), list[ExtendedField])
        scope = _some_role(gate.scope("POST /settings/extendedFields/import"))
        with core.database.write() as connection:
            actions.take_extended(connection, gate.caller().world, scope, fields)
        return Response(status=204)


def _some_role(scope: Scope) -> Scope:
    if not scope.everywhere and not scope.tenants:
        raise AccessDenied("no role allows this with the extended event schema")
    return scope


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), mimetype="application/json")
