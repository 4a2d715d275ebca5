"""A page made of a template, and the little that all forms share.

Rule: a form that was refused comes back with what was typed and the words beside the field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Response, g, make_response, redirect, render_template, request
from werkzeug.exceptions import Forbidden

from connector.desk import shown

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from connector.desk.accounts import User

REFUSED: Final = 422
_LARGEST_PAGE: Final = 1_000_000


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page."""
    values.setdefault("errors", {})
    return make_response(render_template(template, shown=shown, **values), status)


def done(where: str, what: str) -> AnyResponse:
    """Send the browser to a page that says what was done; ``what`` is a message."""
    mark = "&" if "?" in where else "?"
    return redirect(f"{where}{mark}{urlencode({'done': what})}", 303)


def number(name: str = "page") -> int:
    """Return a page's number from the query; whatever is none is the first."""
    text = request.args.get(name, "")
    if text.isascii() and text.isdigit() and len(text) < len(str(_LARGEST_PAGE)):
        return max(1, int(text))
    return 1


def same(**changes: object) -> str:
    """Return the address of the page at hand with some parameters of its query changed; None removes one."""
    pairs = [(key, value) for key, value in request.args.items(multi=True) if key not in {*changes, "done"}]
    pairs += [(key, str(value)) for key, value in changes.items() if value is not None]
    return f"{request.path}?{urlencode(pairs)}" if pairs else request.path


def local(where: str | None, default: str) -> str:
    """Return an address inside this desk; whatever leads elsewhere is the default."""
    if where is None or not where.startswith("/") or where.startswith(("//", "/\\")):
        return default
    return default if any(not character.isprintable() for character in where) else where


def user() -> User:
    """Return who signed in; only behind the door."""
    found: User = g.user
    return found


def admins_only() -> None:
    """Let administrators pass."""
    if not user().administers:
        raise Forbidden("admins")


def typed(name: str) -> str:
    """Return what was typed into a field, line ends as they are on this side."""
    return request.form.get(name, "").replace("\r\n", "\n").strip()
