"""Tenants, users and their tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from flask import Blueprint, Response
from msgspec import UNSET, Meta, UnsetType

from mock_kuma import worlds
from mock_kuma.actions import sign_ins
from mock_kuma.control.answers import answer
from mock_kuma.control.request import Invalid, body, moment
from mock_kuma.domain.problems import NotFound
from mock_kuma.domain.roles import ROLES
from mock_kuma.store import directory as store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mock_kuma.core import Core
    from mock_kuma.world import World

Name = Annotated[str, Meta(min_length=1)]
Password = Annotated[str, Meta(min_length=8, max_length=256)]
Right = Annotated[str, Meta(pattern=r"^(GET|POST|PUT|DELETE|PATCH) /\S+$")]


class NewTenant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST tenants``."""

    name: Name
    disabled: bool = False


class TenantChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``PATCH tenants/{id}``."""

    disabled: bool


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role in some tenants."""

    role: str
    tenants: list[str] = []


class NewUser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST users``; without ``api_rights`` every operation is allowed."""

    name: Name
    roles: list[Role]
    login: Name | None = None
    api_rights: list[Right] | None = None
    disabled: bool = False
    password: Password | None = None  # without one, nobody signs in to the console as this user by password


class UserChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``PATCH users/{id}``: what is absent stays."""

    name: Name | UnsetType = UNSET
    login: Name | UnsetType = UNSET
    roles: list[Role] | UnsetType = UNSET
    api_rights: list[Right] | UnsetType | None = UNSET
    disabled: bool | UnsetType = UNSET
    password: Password | UnsetType = UNSET


class NewToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST users/{id}/token``."""

    expires: str | None = None


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("directory", __name__)

    @bp.post("/worlds/<world_id>/tenants")
    def add_tenant(world_id: str) -> Response:
        wanted = body(NewTenant)
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            tenant = worlds.next_id(connection, world, core.soc(world.seed), "tenant")
            worlds.add_tenant(connection, world, tenant=tenant, name=wanted.name, disabled=wanted.disabled)
        return answer({"id": tenant}, 201)

    @bp.patch("/worlds/<world_id>/tenants/<tenant_id>")
    def change_tenant(world_id: str, tenant_id: str) -> Response:
        wanted = body(TenantChange)
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            values = {"disabled": wanted.disabled, "updated": world.clock.now()}
            if not store.change_tenant(connection, world.id, tenant_id, values):
                raise NotFound("tenant", tenant_id)
        return answer({"id": tenant_id, "disabled": wanted.disabled})

    @bp.post("/worlds/<world_id>/users")
    def add_user(world_id: str) -> Response:
        wanted = body(NewUser)
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            _check_roles(connection, world, wanted.roles)
            user = worlds.next_id(connection, world, core.soc(world.seed), "user")
            worlds.add_user(
                connection,
                world,
                user=user,
                name=wanted.name,
                login=wanted.login or wanted.name,
                grants=[msgspec.to_builtins(role) for role in wanted.roles],
                api_rights=wanted.api_rights,
                disabled=wanted.disabled,
            )
            if wanted.password is not None:
                sign_ins.give_password(connection, world.id, user, wanted.password)
        return answer({"id": user}, 201)

    @bp.patch("/worlds/<world_id>/users/<user_id>")
    def change_user(world_id: str, user_id: str) -> Response:
        wanted = body(UserChange)
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            values: dict[str, Any] = {}
            for name in ("name", "login", "disabled"):
                if getattr(wanted, name) is not UNSET:
                    values[name] = getattr(wanted, name)
            if wanted.roles is not UNSET:
                _check_roles(connection, world, wanted.roles)
                values["roles"] = msgspec.json.encode(wanted.roles).decode()
            if wanted.api_rights is not UNSET:
                rights = wanted.api_rights
                values["api_rights"] = None if rights is None else msgspec.json.encode(rights).decode()
            if store.user(connection, world.id, user_id) is None:
                raise NotFound("user", user_id)
            if values:
                store.change_user(connection, world.id, user_id, values)
            if not isinstance(wanted.password, UnsetType):
                sign_ins.give_password(connection, world.id, user_id, wanted.password)
            return answer(_shown(connection, world, user_id))

    @bp.post("/worlds/<world_id>/users/<user_id>/token")
    def give_token(world_id: str, user_id: str) -> Response:
        wanted = body(NewToken)
        expires = None if wanted.expires is None else moment(wanted.expires, "expires")
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            if store.user(connection, world.id, user_id) is None:
                raise NotFound("user", user_id)
            token = worlds.give_token(connection, world, user_id, expires=expires)
        return answer({"token": token}, 201)

    @bp.delete("/worlds/<world_id>/users/<user_id>/token")
    def revoke_token(world_id: str, user_id: str) -> Response:
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            if store.user(connection, world.id, user_id) is None:
                raise NotFound("user", user_id)
            if not store.revoke_token(connection, world.id, user_id):
                raise NotFound("token of user", user_id)
        return Response(status=204)

    @bp.get("/worlds/<world_id>/users")
    def every_user(world_id: str) -> Response:
        with core.database.read() as connection:
            world = worlds.get(connection, world_id)
            found = store.users(connection, world.id)
            return answer({"users": [_shown(connection, world, row.id) for row in found]})

    return bp


def _check_roles(connection: Connection, world: World, roles: list[Role]) -> None:
    known = ROLES[world.release.generation]
    tenants = store.tenant_names(connection, world.id)
    for place, role in enumerate(roles):
        if role.role not in known:
            raise Invalid(f"roles[{place}].role", f"expected one of {', '.join(known)}")
        wrong = next((tenant for tenant in role.tenants if tenant not in tenants), None)
        if wrong is not None:
            raise Invalid(f"roles[{place}].tenants", f"there is no tenant {wrong!r} in this world")


def _shown(connection: Connection, world: World, user_id: str) -> dict[str, Any]:
    row = store.user(connection, world.id, user_id)
    if row is None:
        raise NotFound("user", user_id)
    return {
        "id": row.id,
        "name": row.name,
        "login": row.login,
        "roles": msgspec.json.decode(row.roles),
        "api_rights": None if row.api_rights is None else msgspec.json.decode(row.api_rights),
        "disabled": row.disabled,
    }
