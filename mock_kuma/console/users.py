"""Users: who is there, and what a General administrator does for them.

Others see those whom the API's search would show them, and change nobody. Rule: nobody takes his own
administration away, so that a world always has somebody who can sign in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response, request

from mock_kuma import worlds
from mock_kuma.actions import sign_ins
from mock_kuma.console import door
from mock_kuma.console.page import done, page
from mock_kuma.console.profile import BadExpiry, expiry
from mock_kuma.console.visitor import caller, scope, visitor
from mock_kuma.domain.problems import AccessDenied, NotFound
from mock_kuma.domain.roles import MATRIX
from mock_kuma.domain.users import User
from mock_kuma.store import directory
from mock_kuma.world import grants, rights

if TYPE_CHECKING:
    from sqlalchemy import Row
    from werkzeug.wrappers import Response as AnyResponse

    from mock_kuma.core import Core

_REFUSED: Final = 422
#: What an API access right may be about; the matrix has some operations in variants, which are no rights.
OPERATIONS: Final = tuple(one for one in MATRIX if not one.endswith(")"))
_SHORTEST: Final = 8
_LONGEST: Final = 256


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("users", __name__)
    bp.before_request(door.users_only)

    @bp.get("/users")
    def table() -> Response:
        world, sees = caller().world, scope("GET /users")
        with core.database.read() as connection:
            rows = [row for row in directory.users(connection, world.id) if _user(row).is_seen(sees)]
            names = directory.tenant_names(connection, world.id)
            tokens = directory.token_expiries(connection, world.id)
        return page(
            "users.html",
            users=[(row, grants(row.roles), _rights(row)) for row in rows],
            names=names,
            tokens=tokens,
            now=world.clock.now(),
        )

    @bp.get("/users/<user_id>")
    def card(user_id: str) -> Response:
        return _card(user_id)

    @bp.post("/users/<user_id>/token")
    def give_token(user_id: str) -> Response:
        row, world = _administered(user_id), caller().world
        try:
            expires = expiry(world.clock.now())
        except BadExpiry as error:
            return _card(user_id, errors={"expires": error.key}, status=_REFUSED)
        with core.database.write() as connection:
            secret = worlds.give_token(connection, world, row.id, expires=expires)
        return _card(user_id, secret=secret)

    @bp.post("/users/<user_id>/token/revoke")
    def revoke(user_id: str) -> AnyResponse:
        row = _administered(user_id)
        with core.database.write() as connection:
            directory.revoke_token(connection, caller().world.id, row.id)
        return done(f"/users/{row.id}", "token.done.revoked")

    @bp.post("/users/<user_id>/rights")
    def set_rights(user_id: str) -> AnyResponse:
        row = _administered(user_id)
        everything = request.form.get("all") == "1"
        chosen = [one for one in OPERATIONS if one in request.form.getlist("right")]
        kept = [one for one in _rights(row) or [] if one not in OPERATIONS]
        text = None if everything else msgspec.json.encode([*chosen, *kept]).decode()
        _change(row.id, {"api_rights": text})
        return done(f"/users/{row.id}", "users.done.rights")

    @bp.post("/users/<user_id>/state")
    def set_state(user_id: str) -> AnyResponse:
        row = _administered(user_id)
        disabled = request.form.get("disabled") == "1"
        if disabled and row.id == caller().id:
            return _card(user_id, errors={"state": "users.not_yourself"}, status=_REFUSED)
        _change(row.id, {"disabled": disabled})
        return done(f"/users/{row.id}", "users.done.disabled" if disabled else "users.done.enabled")

    @bp.post("/users/<user_id>/password")
    def set_password(user_id: str) -> AnyResponse:
        row = _administered(user_id)
        password = request.form.get("password", "")
        if not _SHORTEST <= len(password) <= _LONGEST:
            return _card(user_id, errors={"password": "users.password_length"}, status=_REFUSED)
        with core.database.write() as connection:
            sign_ins.give_password(connection, caller().world.id, row.id, password)
        return done(f"/users/{row.id}", "users.done.password")

    def _seen(user_id: str) -> Row[Any]:
        with core.database.read() as connection:
            row = directory.user(connection, caller().world.id, user_id)
        if row is None or not _user(row).is_seen(scope("GET /users")):
            raise NotFound("user", user_id)
        return row

    def _administered(user_id: str) -> Row[Any]:
        if not visitor().administers:
            raise AccessDenied("users are administered by a General administrator")
        return _seen(user_id)

    def _change(user_id: str, values: dict[str, Any]) -> None:
        with core.database.write() as connection:
            directory.change_user(connection, caller().world.id, user_id, values)

    def _card(
        user_id: str, *, secret: str = "", errors: dict[str, str] | None = None, status: int = 200
    ) -> Response:
        row, world = _seen(user_id), caller().world
        with core.database.read() as connection:
            names = directory.tenant_names(connection, world.id)
            token = directory.token(connection, world.id, row.id)
        return page(
            "user.html",
            status=status,
            user=row,
            grants=grants(row.roles),
            rights=_rights(row),
            operations=OPERATIONS,
            names=names,
            token=token,
            now=world.clock.now(),
            secret=secret,
            errors=errors or {},
        )

    return bp


def _user(row: Any) -> User:
    return User(row.id, row.name, row.login, row.email, disabled=row.disabled, grants=grants(row.roles))


def _rights(row: Any) -> list[str] | None:
    return None if row.api_rights is None else rights(row.api_rights)
