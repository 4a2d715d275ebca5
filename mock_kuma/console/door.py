"""The door: signing in as a user or with the control token, and out again.

A user comes with login and password, or with the API token, which names the world by itself; the holder of
the control token opens the simulator. Rule: who fails too often waits, and nobody learns what was wrong.
"""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request

from mock_kuma import ids, logs
from mock_kuma.actions import sign_ins as actions
from mock_kuma.clock import system_now
from mock_kuma.console.page import local, page
from mock_kuma.console.visitor import visitor
from mock_kuma.store import directory
from mock_kuma.store import worlds as world_store
from mock_kuma.world import Caller
from mock_kuma.worlds import DEFAULT

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from mock_kuma.console.visitor import Visitors
    from mock_kuma.core import Core

log = logging.getLogger("mock_kuma.console")
WAYS: Final = ("password", "token", "control")
_TOO_MANY: Final = 429
_REFUSED: Final = 422


class SignInFirst(Exception):
    """The page needs a session that the visitor has not got; ``where`` leads to the form."""

    def __init__(self, way: str) -> None:
        super().__init__(way)
        back = request.full_path.rstrip("?") if request.method == "GET" else ""
        self.where = "/sign-in?" + urlencode({"with": way, "next": back})

    def __str__(self) -> str:
        return f"sign in first: {self.where}"


def users_only() -> None:
    """Let signed-in users pass."""
    if visitor().caller is None:
        raise SignInFirst("password")


def simulator_only() -> None:
    """Let holders of the control token pass."""
    if not visitor().simulates:
        raise SignInFirst("control")


def blueprint(core: Core, visitors: Visitors) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("door", __name__)

    @bp.get("/")
    def home() -> AnyResponse:
        if visitor().caller is None and visitor().simulates:
            return redirect("/simulator", 303)
        return redirect("/alerts", 303)

    @bp.get("/sign-in")
    def form() -> Response:
        return _form(request.args.get("with", ""))

    @bp.post("/sign-in")
    def sign_in() -> AnyResponse:
        way = request.form.get("with", "")
        address, now = request.remote_addr or "", system_now()
        # Without a login the address is all that failures can be counted by.
        who = f"password {_typed('world')} {_typed('login')}" if way == "password" else f"{way} {address}"
        with core.database.read() as connection:
            if actions.must_wait(connection, login=who, address=address, now=now):
                log.info("sign-in not heard: too many failures", extra=logs.fields(way=way, address=address))
                return _form(way, error="sign_in.wait", status=_TOO_MANY)
        missing = [name for name in _needed(way) if not request.form.get(name)]
        if missing:
            return _form(way, missing=missing, status=_REFUSED)
        if way == "control":
            if _holds_control():
                visitors.enter(visitor(), control=True)
                return redirect(local(request.form.get("next"), "/simulator"), 303)
        else:
            found = _by_password() if way == "password" else _by_token()
            if found is not None:
                visitors.enter(visitor(), world=found[0], user=found[1])
                return redirect(local(request.form.get("next"), "/alerts"), 303)
        log.info("sign-in refused", extra=logs.fields(way=way, address=address))
        with core.database.write() as connection:
            actions.note_failure(connection, login=who, address=address, now=now)
        return _form(way, error=f"sign_in.wrong_{way}", status=_REFUSED)

    @bp.post("/sign-out")
    def sign_out() -> AnyResponse:
        visitors.end(visitor())
        return redirect("/sign-in", 303)

    def _form(way: str, error: str = "", missing: list[str] | None = None, status: int = 200) -> Response:
        return page(
            "sign_in.html",
            status=status,
            way=way if way in WAYS else WAYS[0],
            error=error,
            missing=missing or [],
            world=_typed("world") or DEFAULT,
            login=_typed("login"),
            next=request.values.get("next", ""),
            open_control=visitors.control_digest is None,
        )

    def _needed(way: str) -> tuple[str, ...]:
        if way == "password":
            return ("login", "password")
        if way == "token":
            return ("token",)
        return () if visitors.control_digest is None else ("control",)

    def _holds_control() -> bool:
        wanted = visitors.control_digest
        return wanted is None or hmac.compare_digest(ids.digest(_typed("control")), wanted)

    def _by_password() -> tuple[str, str] | None:
        with core.database.read() as connection:
            world = _typed("world") or DEFAULT
            row = world_store.find(connection, world)
            if row is None or row.kept:
                world = ""  # nobody lives there, which must not be answered sooner
            password = request.form.get("password", "")
            user = actions.user_of_password(connection, world, _typed("login"), password)
            found = None if user is None else directory.user(connection, world, user)
        return None if found is None or found.disabled else (world, str(found.id))

    def _by_token() -> tuple[str, str] | None:
        with core.database.read() as connection:
            row = directory.bearer(connection, ids.digest(_typed("token")))
        if row is None or row.disabled:
            return None
        who = Caller.of(row)
        expired = who.expires is not None and who.world.clock.now() >= who.expires
        return None if expired else (who.world.id, who.id)

    return bp


def _typed(name: str) -> str:
    return request.form.get(name, "").strip()
