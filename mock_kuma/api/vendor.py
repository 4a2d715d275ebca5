"""The vendor port's Flask application: every API version's routes, and the error table behind them.

Only vendor routes live here; everything of ours is on the console port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from mock_kuma.api import (
    alert_operations,
    alerts,
    archives,
    assets,
    dictionaries,
    events,
    folders,
    gate,
    incidents,
    lists,
    plain,
    problems,
    reports,
    resources,
    services,
    settings,
    strictness,
    system,
    tasks,
    tenants,
    users,
)
from mock_kuma.api.dialect import DIALECTS
from mock_kuma.bounds import MAX_BODY

if TYPE_CHECKING:
    from mock_kuma.core import Core, Quick


def build(core: Core, *, strict: bool = False) -> Flask:
    """Return the application; a ``strict`` one answers 501 where it would have to guess."""
    app = Flask("mock_kuma.vendor", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    # Slashes are taken as they come: a redirect would lose bodies in some clients.
    app.url_map.merge_slashes = False
    for dialect in DIALECTS:
        for noun in (
            alerts,
            alert_operations,
            archives,
            assets,
            dictionaries,
            events,
            folders,
            incidents,
            lists,
            reports,
            resources,
            services,
            settings,
            system,
            tasks,
            tenants,
            users,
        ):
            blueprint = noun.blueprint(core, dialect)
            name = f"{dialect.name.replace('.', '_')}_{blueprint.name}"
            app.register_blueprint(blueprint, url_prefix=f"/api/{dialect.name}", name=name)
    for kind in plain.REFUSALS:
        app.register_error_handler(kind, _refused)
    app.register_error_handler(HTTPException, _http)
    if strict:
        strictness.refuse_guesses(app)
    return app


def plain_views(core: Quick) -> dict[tuple[str, str], plain.View]:
    """Return what is answered without the application, by method and path."""
    found: dict[tuple[str, str], plain.View] = {}
    for dialect in DIALECTS:
        found |= plain.table(alerts.views(core, dialect), dialect)
    return found


def respond(answer: problems.Answer) -> Response:
    """Return an error answer as the vendor sends it."""
    body = msgspec.json.encode(answer.body)
    return Response(body, status=answer.status, mimetype="application/json")


def _refused(error: Exception) -> Response:
    answer, why = plain.refusal(error)
    gate.refused(why)
    return respond(answer)


def _http(error: HTTPException) -> Response:
    gate.refused(error.description or error.name)
    if isinstance(error, NotFound):
        return respond(problems.NO_ROUTE)
    if isinstance(error, MethodNotAllowed):
        response = respond(problems.WRONG_METHOD)
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
        return response
    if isinstance(error, RequestEntityTooLarge):
        return respond(problems.TOO_LARGE)
    status = error.code or 500
    return respond(problems.Answer(status, problems.ErrorBody(error.name.lower())))
