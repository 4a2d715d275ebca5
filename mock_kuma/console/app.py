"""The pages' Flask application: who may see them is asked here, once, for every request.

The control API is an application of its own beside this one; the simulator's pages are clients of it.
Rule: no page without a session but the sign-in, no change without the form's token, no script or style but
our own files, and whatever is shown is escaped and made visible by the template engine itself.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, g, redirect, request
from markupsafe import Markup
from werkzeug.exceptions import Forbidden, HTTPException

from mock_kuma.console import (
    alert_changes,
    alerts,
    assets,
    door,
    events,
    language,
    look,
    profile,
    simulator,
    simulator_faults,
    simulator_journal,
    simulator_scenarios,
    simulator_world,
    tenants,
    users,
)
from mock_kuma.console.page import page, same
from mock_kuma.console.shown import visible
from mock_kuma.console.visitor import Visitors
from mock_kuma.domain.problems import AccessDenied, NotFound, Problem
from mock_kuma.store.database import StoreTrouble, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.wrappers import Response as AnyResponse

    from mock_kuma.console.control_client import Control
    from mock_kuma.core import Core

_MAX_FORM: Final = 4 * 1024 * 1024
#: ``data:`` is for the style sheet's own arrows and marks.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def build(
    core: Core,
    *,
    control: Control,
    control_digest: str | None,
    cookie: str,
    api: str,
    settle: Callable[[str], None],
) -> Flask:
    """Return the application.

    ``cookie`` is the session cookie's name: ports of one host share cookies, so each server has its own.
    ``api`` is the vendor API's URL, for the requests that are shown as curl. ``settle`` lets happen what has
    fallen due in a world, before anybody looks.
    """
    app = Flask("mock_kuma.console", static_folder="static")
    app.config["MAX_CONTENT_LENGTH"] = _MAX_FORM
    app.jinja_options = {"finalize": _finalize, "trim_blocks": True, "lstrip_blocks": True}
    visitors = Visitors(core, control_digest=control_digest, cookie=cookie)

    @app.before_request
    def admit() -> AnyResponse | None:
        g.language = language.choose(request)
        g.visitor = visitors.arrive(request)
        if request.method != "GET" and not _is_own_form():
            raise Forbidden("form")
        caller = g.visitor.caller
        if caller is not None and caller.world.is_due():
            settle(caller.world.id)
        return None

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.update(_HEADERS)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return visitors.leave(response)

    app.context_processor(_known_everywhere)
    for blueprint in (
        door.blueprint(core, visitors),
        look.blueprint(),
        alerts.blueprint(core),
        alert_changes.blueprint(core),
        events.blueprint(core),
        assets.blueprint(core),
        tenants.blueprint(core),
        users.blueprint(core),
        profile.blueprint(core),
        simulator.blueprint(control),
        simulator_world.blueprint(core, control, visitors),
        simulator_scenarios.blueprint(control),
        simulator_faults.blueprint(control),
        simulator_journal.blueprint(core, control, api=api),
    ):
        app.register_blueprint(blueprint)
    app.register_error_handler(door.SignInFirst, _to_sign_in)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(StoreTrouble, _store_trouble)
    return app


def _is_own_form() -> bool:
    # The cookie is SameSite=Strict already; the token also stops a neighbour on another port of this host.
    return hmac.compare_digest(request.form.get("csrf", "").encode(), g.visitor.csrf.encode())


def _finalize(value: object) -> object:
    """Return what an expression of a template puts into the page: escaped later, made visible here."""
    if value is None:
        return ""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _known_everywhere() -> dict[str, Any]:
    words = language.words(g.language)
    return {
        "t": words,
        "lang": g.language,
        "languages": language.LANGUAGES,
        "theme": look.theme(request),
        "visitor": g.visitor,
        "csrf": Markup('<input type="hidden" name="csrf" value="{}">').format(g.visitor.csrf),
        "here": same(),
        "same": same,
    }


def _to_sign_in(error: door.SignInFirst) -> AnyResponse:
    return redirect(error.where, 303)


def _problem(error: Problem) -> Response:
    status = 404 if isinstance(error, NotFound) else 403 if isinstance(error, AccessDenied) else 409
    return page("problem.html", status=status, problem=error, kind=type(error).__name__)


def _store_trouble(error: StoreTrouble) -> Response:
    # As plain as can be: a page would look the visitor up in the store.
    return Response(f"503: the store cannot be used: {words(error)}\n", 503, mimetype="text/plain")


def _http(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:  # noqa: PLR2004 -- a redirect is no error
        return error
    return page("problem.html", status=error.code, problem=None, kind=f"http.{error.code}")
