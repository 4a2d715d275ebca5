"""Users of the desk: two lines of analysts and administrators. For administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from connector.desk.accounts import Role, Wrong
from connector.desk.page import REFUSED, admins_only, done, page, typed

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from connector.desk.engine import Engine


def blueprint(engine: Engine) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("people", __name__)
    bp.before_request(admins_only)

    @bp.get("/users")
    def show() -> Response:
        return _page(request.args.get("login", ""))

    @bp.post("/users")
    def save() -> AnyResponse:
        before, password = typed("before"), request.form.get("password", "")
        try:
            if not before:
                engine.accounts.add(typed("login"), name=typed("name"), role=typed("role"), password=password)
                return done("/users", "The user was added.")
            if engine.accounts.find(before) is None:
                raise NotFound
            engine.accounts.change(
                before,
                name=typed("name"),
                role=typed("role"),
                disabled=bool(request.form.get("disabled")),
                password=password,
            )
        except Wrong as error:
            return _page(before, wrong=error, status=REFUSED)
        return done("/users", "The user was changed.")

    def _page(login: str, *, wrong: Wrong | None = None, status: int = 200) -> Response:
        return page(
            "users.html",
            status,
            people=engine.accounts.every(),
            chosen=engine.accounts.find(login) if login else None,
            roles=list(Role),
            wrong=wrong,
        )

    return bp
