"""The user's own page: who he is, what he may, and his API token.

A token is shown in the answer that made it and never again; the store has its digest alone. Rule: a new
token ends the former one, and the page says so before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request

from mock_kuma import worlds
from mock_kuma.console import door, shown
from mock_kuma.console.page import done, page
from mock_kuma.console.visitor import caller
from mock_kuma.domain import moments
from mock_kuma.store import directory

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from mock_kuma.core import Core

_REFUSED: Final = 422


class BadExpiry(ValueError):
    """A token's expiry cannot be read, or is over; ``key`` names the message."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key

    def __str__(self) -> str:
        return f"no expiry of a token: {self.key}"


def expiry(now: int) -> int | None:
    """Return when the form's token expires, or None where it never does; raises ``BadExpiry``."""
    try:
        expires = shown.from_input(request.form.get("expires", ""))
    except moments.NotAMoment as error:
        raise BadExpiry("token.not_a_time") from error
    if expires is not None and expires <= now:
        raise BadExpiry("token.in_the_past")
    return expires


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("profile", __name__)
    bp.before_request(door.users_only)

    @bp.get("/profile")
    def show() -> Response:
        return _page()

    @bp.post("/profile/token")
    def generate() -> Response:
        who = caller()
        try:
            expires = expiry(who.world.clock.now())
        except BadExpiry as error:
            return _page(error=error.key, status=_REFUSED)
        with core.database.write() as connection:
            secret = worlds.give_token(connection, who.world, who.id, expires=expires)
        return _page(secret=secret)

    @bp.post("/profile/token/revoke")
    def revoke() -> AnyResponse:
        with core.database.write() as connection:
            directory.revoke_token(connection, caller().world.id, caller().id)
        return done("/profile", "token.done.revoked")

    def _page(*, secret: str = "", error: str = "", status: int = 200) -> Response:
        who = caller()
        with core.database.read() as connection:
            names = directory.tenant_names(connection, who.world.id)
            token = directory.token(connection, who.world.id, who.id)
        return page(
            "profile.html",
            status=status,
            who=who,
            names=names,
            token=token,
            now=who.world.clock.now(),
            secret=secret,
            error=error,
        )

    return bp
