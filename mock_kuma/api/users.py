"""Users: who am I. Sources: 222307 (v1), 269936 (v2 and later)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from flask import Blueprint, Response

from mock_kuma.api import gate
from mock_kuma.api.dialect import Whoami
from mock_kuma.api.route import vendor_route
from mock_kuma.domain.roles import GENERAL_ADMINISTRATOR, ROLES
from mock_kuma.store import directory

if TYPE_CHECKING:
    from mock_kuma.api.dialect import Dialect
    from mock_kuma.core import Core
    from mock_kuma.world import Caller


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("users", __name__)

    @vendor_route(bp, dialect, "GET /users/whoami")
    def whoami() -> Response:
        who = gate.caller()
        with core.database.read() as connection:
            names = directory.tenant_names(connection, who.world.id)
        answer: dict[str, Any] = {
            "id": who.id,
            "name": who.name,
            "login": who.login,
            "email": who.email,
        }
        if dialect.whoami is Whoami.TENANTS:
            answer["tenants"] = _by_tenant(who, names)
        else:
            answer["roles"] = _by_role(who, names)
        return Response(msgspec.json.encode(answer), mimetype="application/json")

    return bp


def _by_tenant(who: Caller, names: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"id": tenant, "name": names[tenant], "role": role}
        for role, tenants in _grants(who, names)
        for tenant in tenants
    ]


def _by_role(who: Caller, names: dict[str, str]) -> list[dict[str, Any]]:
    ids = ROLES[who.world.release.generation]
    return [
        {
            "id": ids[role],
            "name": role,
            "tenants": [{"id": tenant, "name": names[tenant]} for tenant in tenants],
        }
        for role, tenants in _grants(who, names)
    ]


def _grants(who: Caller, names: dict[str, str]) -> list[tuple[str, list[str]]]:
    # GUESS: the General administrator, who may act everywhere, is shown with every tenant.
    return [
        (
            grant.role,
            sorted(names, key=names.__getitem__)
            if grant.role == GENERAL_ADMINISTRATOR
            else [tenant for tenant in grant.tenants if tenant in names],
        )
        for grant in who.grants
    ]
