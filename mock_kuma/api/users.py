"""Users: who am I in every version; searched, and one by its id, in v3.

Sources: 222307 (v1) and 269936 (v2 and later) for the first; a public client for the others (REST API, 5.8).

GUESS: a user in a list is shown as that user sees himself in v3, with ``disabled``, and with those tenants
only in which the caller may search users; a user whom the caller may not see is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response

from mock_kuma.api import gate, query, sent
from mock_kuma.api.dialect import Whoami
from mock_kuma.api.route import vendor_route
from mock_kuma.domain.problems import AccessDenied, BadInput, NotFound
from mock_kuma.domain.roles import GENERAL_ADMINISTRATOR, ROLES
from mock_kuma.domain.users import SORTS, User, UserFilter, found
from mock_kuma.store import directory
from mock_kuma.world import grants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Row

    from mock_kuma.api.dialect import Dialect
    from mock_kuma.api.params import Params
    from mock_kuma.core import Core
    from mock_kuma.domain.roles import Scope
    from mock_kuma.world import Caller, World

_CAN_SEARCH: Final = frozenset({"v3"})
# GUESS: the largest page that a client may ask for.
_LARGEST: Final = 10_000


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
            answer["roles"] = _by_role(who, ROLES[who.world.release.generation], names)
        return _json(answer)

    if dialect.name in _CAN_SEARCH:
        _searches(bp, core, dialect)
    return bp


def _searches(bp: Blueprint, core: Core, dialect: Dialect) -> None:
    @vendor_route(bp, dialect, "GET /users")
    def search() -> Response:
        world = gate.caller().world
        wanted = user_filter(query.query(), world, gate.scope("GET /users"))
        with core.database.read() as connection:
            users = [_user(row) for row in directory.users(connection, world.id)]
            names = directory.tenant_names(connection, world.id)
        role_ids = ROLES[world.release.generation]
        page = found(users, wanted, role_ids=role_ids)
        return _json([_shown(user, wanted.scope, role_ids, names) for user in page])

    @vendor_route(bp, dialect, "GET /users/id/{id}", path="/users/id/<user_id>")
    def one(user_id: str) -> Response:
        world, scope = gate.caller().world, gate.scope("GET /users/id/{id}")
        with core.database.read() as connection:
            row = directory.user(connection, world.id, user_id)
            names = directory.tenant_names(connection, world.id)
        if row is None:
            raise NotFound("user", user_id)
        user = _user(row)
        if not user.is_seen(scope):
            raise AccessDenied(f"no role allows to see user {user_id}")
        return _json(_shown(user, scope, ROLES[world.release.generation], names))


def user_filter(asked: Params, world: World, scope: Scope) -> UserFilter:
    """Return the search for users that a query asks for."""
    page = asked.page()
    sort = asked.first("sort") or "name"
    if sort.removeprefix("-") not in SORTS:
        raise BadInput("invalid query parameter value", "sort")
    size = query.whole(asked, "size", most=_LARGEST)
    if size == 0:
        raise BadInput("invalid query parameter value", "size")
    return UserFilter(
        scope=scope,
        page=page,
        size=size or world.page_size,
        pattern=sent.pattern(asked, "pattern"),
        name=asked.name(),
        login=sent.pattern(asked, "login"),
        email=sent.pattern(asked, "email"),
        roles=asked.every("role"),
        tenants=asked.every("tenant"),
        exclude_disabled=asked.boolean("excludeDisabled"),
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
    )


def _user(row: Row[Any]) -> User:
    return User(
        id=row.id,
        name=row.name,
        login=row.login,
        email=row.email,
        disabled=row.disabled,
        grants=grants(row.roles),
    )


def _shown(user: User, scope: Scope, role_ids: Mapping[str, str], names: dict[str, str]) -> dict[str, Any]:
    seen = {tenant: name for tenant, name in names.items() if scope.covers(tenant)}
    return {
        "id": user.id,
        "name": user.name,
        "login": user.login,
        "email": user.email,
        "disabled": user.disabled,
        # Nobody learns of a role in a tenant that is none of his.
        "roles": [one for one in _by_role(user, role_ids, seen) if one["tenants"]],
    }


def _by_tenant(who: Caller, names: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"id": tenant, "name": names[tenant], "role": role}
        for role, tenants in _grants(who, names)
        for tenant in tenants
    ]


def _by_role(who: Caller | User, role_ids: Mapping[str, str], names: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "id": role_ids[role],
            "name": role,
            "tenants": [{"id": tenant, "name": names[tenant]} for tenant in tenants],
        }
        for role, tenants in _grants(who, names)
    ]


def _grants(who: Caller | User, names: dict[str, str]) -> list[tuple[str, list[str]]]:
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


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), mimetype="application/json")
