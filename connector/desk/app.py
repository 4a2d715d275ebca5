"""The desk's Flask application: who may see its pages is asked here, once, for every request.

Rule: no page without a session but the sign-in, no change without the form's word, no script or style but
our own files, and whatever is shown is escaped and made visible by the template engine itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Flask, g, request
from markupsafe import Markup
from werkzeug.exceptions import Forbidden, HTTPException

from connector import shapes
from connector.desk import (
    card,
    connectors,
    door,
    incidents,
    language,
    look,
    people,
    processing,
    workers,
)
from connector.desk.page import page, same
from connector.desk.shown import visible
from connector.errors import ConnectorError, UnknownIncident

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response
    from werkzeug.wrappers import Response as AnyResponse

    from connector.desk.engine import Engine

_MAX_FORM: Final = 12 * 1024 * 1024
_POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; "  # the style sheet's own arrows and marks are data: pictures
    "object-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def build(engine: Engine, *, secret: str) -> Flask:
    """Return the application; ``secret`` signs the sessions."""
    shapes.learn("connector")
    app = Flask("connector.desk", static_folder="static")
    app.config.update(
        MAX_CONTENT_LENGTH=_MAX_FORM,
        SECRET_KEY=secret,
        SESSION_COOKIE_NAME="kuma_desk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
    )
    app.jinja_options = {"finalize": _finalize, "trim_blocks": True, "lstrip_blocks": True}

    @app.before_request
    def admit() -> AnyResponse | None:
        g.language = language.choose(request)
        g.user = door.arrive(engine.accounts)
        if request.method not in {"GET", "HEAD"} and not door.is_own_form():
            raise Forbidden("form")
        return door.to_sign_in()

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.update(_HEADERS)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response

    app.context_processor(_known_everywhere)
    for blueprint in (
        door.blueprint(engine.accounts, engine.clock),
        look.blueprint(),
        incidents.blueprint(engine),
        card.blueprint(engine),
        connectors.blueprint(engine),
        processing.blueprint(engine),
        workers.blueprint(engine),
        people.blueprint(engine),
    ):
        app.register_blueprint(blueprint)
    app.register_error_handler(ConnectorError, _problem)
    app.register_error_handler(HTTPException, _http)
    return app


def _finalize(value: object) -> object:
    """Return what an expression of a template puts into the page: escaped later, made visible here."""
    if value is None:
        return ""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _known_everywhere() -> dict[str, Any]:
    return {
        "t": language.words(g.language),
        "lang": g.language,
        "languages": language.LANGUAGES,
        "theme": look.theme(request),
        "user": g.user,
        "csrf": Markup('<input type="hidden" name="csrf" value="{}">').format(door.form_word()),
        "done_messages": _DONE,
        "here": same(),
        "same": same,
    }


def _problem(error: ConnectorError) -> Response:
    if isinstance(error, UnknownIncident):
        return page("problem.html", 404, title="There is no such incident", hint="It may have been removed.")
    return page("problem.html", 502, title="This did not work", hint=str(error))


def _http(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:  # noqa: PLR2004 -- a redirect is no error
        return error
    title, hint = _TITLES.get((error.code, str(error.description)), _TITLES.get((error.code, ""), _OTHER))
    return page("problem.html", error.code, title=title, hint=hint)


_OTHER: Final = ("Something is wrong", "Go back and try again.")
_TITLES: Final[Mapping[tuple[int, str], tuple[str, str]]] = {
    (403, "form"): ("The form is too old", "Open the page again and repeat. Cookies must be allowed."),
    (403, "admins"): ("This is for administrators", "Ask an administrator, or sign in as another user."),
    (404, ""): ("There is no such page", "It may have been removed."),
    (413, ""): ("Too much at once", "Send less."),
}
#: What a page may be asked to say on top: nobody puts other words there by a link.
_DONE: Final = frozenset(
    {
        "Done.",
        "The comment was added.",
        "The connection was saved.",
        "The package was imported.",
        "The command was saved.",
        "The command was deleted.",
        "The handler was saved.",
        "The schedule was saved.",
        "The run was completed.",
        "It runs already; see the last runs.",
        "The run was made; see the last runs.",
        "The worker was saved.",
        "The shipped template is in force again.",
        "The user was added.",
        "The user was changed.",
    }
)
