"""The door: signing in with login and password, and out again.

The session is a signed cookie that names the user and the user's generation. Rule: who fails too often
waits, nobody learns what was wrong, and each request looks the user up anew.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, g, redirect, request, session

from connector.desk.page import REFUSED, local, page, typed

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response as AnyResponse

    from connector.desk.accounts import Accounts, User

_TOO_MANY: Final = 429
_OPEN: Final = frozenset({"door.form", "door.enter", "look.choose", "static"})


def blueprint(accounts: Accounts, clock: Callable[[], float]) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("door", __name__)

    @bp.get("/sign-in")
    def form() -> AnyResponse:
        if g.user is not None:
            return redirect("/incidents", 303)
        return _form()

    @bp.post("/sign-in")
    def enter() -> AnyResponse:
        login, password = typed("login"), request.form.get("password", "")
        missing = {
            name: "Fill in this field." for name in ("login", "password") if not request.form.get(name)
        }
        if missing:
            return _form(errors=missing, status=REFUSED)
        address, now = request.remote_addr or "", clock()
        if accounts.must_wait(login=login, address=address, now=now):
            return _form(error="Too many attempts. Wait five minutes, then try again.", status=_TOO_MANY)
        user = accounts.sign_in(login, password, address=address, now=now)
        if user is None:
            return _form(error="Login or password is wrong, or the user is disabled.", status=REFUSED)
        # A new session: what was planted before signing in opens nothing.
        session.clear()
        session.update(user=user.login, generation=user.generation)
        return redirect(local(request.form.get("next"), "/incidents"), 303)

    @bp.post("/sign-out")
    def leave() -> AnyResponse:
        if g.user is not None:
            accounts.end_sessions(g.user.login)
        session.clear()
        return redirect("/sign-in", 303)

    def _form(error: str = "", errors: dict[str, str] | None = None, status: int = 200) -> Response:
        next_page = request.values.get("next", "")
        return page(
            "sign_in.html", status, error=error, errors=errors or {}, login=typed("login"), next=next_page
        )

    return bp


def arrive(accounts: Accounts) -> User | None:
    """Return the user of the request's session, if it still counts."""
    login = session.get("user")
    found = accounts.find(login) if isinstance(login, str) else None
    if found is None or found.disabled or found.generation != session.get("generation"):
        return None
    return found


def to_sign_in() -> AnyResponse | None:
    """Return where a visitor without a session is sent, or None where the page is open to all."""
    if g.user is not None or request.endpoint in _OPEN:
        return None
    back = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect("/sign-in?" + urlencode({"next": back}), 303)


def form_word() -> str:
    """Return the word that every form of this browser must carry."""
    if "form" not in session:
        session["form"] = secrets.token_hex(16)
    return str(session["form"])


def is_own_form() -> bool:
    """Say whether the request carries it; ports of one host share cookies, so SameSite is not enough."""
    return hmac.compare_digest(request.form.get("csrf", "").encode(), form_word().encode())
