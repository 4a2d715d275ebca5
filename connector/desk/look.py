"""Language and theme, chosen in the menu; and the style sheet's files from their package.

The package ships a whole framework in several versions; only the files named here are served.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, redirect, request, send_file
from werkzeug.exceptions import NotFound

from connector.desk import language
from connector.desk.page import local

if TYPE_CHECKING:
    from flask import Request
    from werkzeug.wrappers import Response as AnyResponse

THEMES: Final = ("auto", "light", "dark")
COOKIE: Final = "kuma_desk_theme"
_FILES: Final = frozenset(
    {
        "css/bootstrap.min.css",
        "css/font/bootstrap-icons.min.css",
        "css/font/fonts/bootstrap-icons.woff",
        "css/font/fonts/bootstrap-icons.woff2",
    }
)
_DAY: Final = 86_400
_YEAR: Final = 365 * _DAY


def blueprint() -> Blueprint:
    """Return the routes."""
    bp = Blueprint("look", __name__)

    @bp.get("/vendor/<path:name>")
    def vendor(name: str) -> Response:
        if name not in _FILES:
            raise NotFound
        return send_file(_folder() / name, max_age=_DAY)

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


def _folder() -> Path:
    # Found, not imported: the package would load form libraries that nobody needs here.
    spec = find_spec("flask_bootstrap")
    assert spec is not None  # noqa: S101 -- for the type checker; it is a dependency
    assert spec.origin is not None  # noqa: S101 -- likewise
    return Path(spec.origin).parent / "static" / "bootstrap5"
