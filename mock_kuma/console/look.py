"""Language and theme, chosen in the menu, and kept by the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, redirect, request

from mock_kuma.console import language
from mock_kuma.console.page import local

if TYPE_CHECKING:
    from flask import Request
    from werkzeug.wrappers import Response as AnyResponse

THEMES: Final = ("auto", "light", "dark")
COOKIE: Final = "mock_kuma_theme"
_YEAR: Final = 365 * 86_400


def blueprint() -> Blueprint:
    """Return the routes."""
    bp = Blueprint("look", __name__)

    @bp.post("/look")
    def choose() -> AnyResponse:
        response = redirect(local(request.form.get("back"), "/"), 303)
        for cookie, name, known in (
            (language.COOKIE, "language", tuple(language.LANGUAGES)),
            (COOKIE, "theme", THEMES),
        ):
            value = request.form.get(name, "")
            if value in known:
                response.set_cookie(cookie, value, max_age=_YEAR, httponly=True, samesite="Strict", path="/")
        return response

    return bp


def theme(request: Request) -> str:
    """Return the theme of a request; ``auto`` follows the browser."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]
