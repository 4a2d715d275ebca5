"""The console port's Flask application: the control API, behind the control token.

Contract: control API, version 1. Codes: 401 token, 404 unknown, 400 broken JSON, 422 wrong field,
409 conflict. Rule: nothing here is reachable on the vendor port.
"""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING, Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from mock_kuma import agenda, ids, logs
from mock_kuma.api.gate import credential
from mock_kuma.control import (
    PREFIX,
    assets,
    clock,
    directory,
    events,
    faults,
    filling,
    health,
    journal,
    lists,
    openapi,
    reports,
    resources,
    scenarios,
    services,
    settings,
    stimuli,
    worlds,
)
from mock_kuma.control.answers import answer
from mock_kuma.control.request import BrokenJson, Invalid
from mock_kuma.domain.problems import Conflict, NotFound, Problem
from mock_kuma.store import worlds as store
from mock_kuma.store.database import StoreTrouble, words
from mock_kuma.world import World

if TYPE_CHECKING:
    from mock_kuma.core import Core

log = logging.getLogger("mock_kuma.control")
#: Groups of routes that tell what is public anyway; all others need the token, unknown ones included.
OPEN_PAGES: Final = frozenset({"documents"})
#: Large enough for a hundred thousand given alerts.
MAX_BODY = 256 * 1024 * 1024


def build(
    core: Core, *, token_digest: str | None, wire: bool, kuma_version: str, perform: agenda.Perform
) -> Flask:
    """Return the application; without a token's digest the control API is open (loopback only).

    ``perform`` carries out an action of a world's agenda; what is due is settled before a route looks.
    """
    app = Flask("mock_kuma.console", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.url_map.strict_slashes = False

    def authorize() -> Response | None:
        if token_digest is None or request.endpoint in health.OPEN or request.blueprint in OPEN_PAGES:
            return None
        sent = credential(request.headers.get("Authorization")) or ""
        if hmac.compare_digest(ids.digest(sent), token_digest):
            return None
        message = "the control token is missing or wrong; send Authorization: Bearer <control token>"
        response = answer({"message": message, "errors": []}, 401)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    def settle() -> None:
        world_id = (request.view_args or {}).get("world_id")
        if world_id is None:
            return
        with core.database.read() as connection:
            row = store.find(connection, world_id)
        if row is not None and World.of(row).is_due():
            with core.database.write(row.id) as connection:
                agenda.settle(connection, row.id, perform)

    def tell(response: Response) -> Response:
        if log.isEnabledFor(logging.INFO):
            log.info("%s %s", request.method, request.path, extra=logs.fields(status=response.status_code))
        return response

    app.before_request(authorize)
    app.after_request(tell)
    app.before_request(settle)
    for noun in (
        worlds.blueprint(core, kuma_version=kuma_version, perform=perform),
        clock.blueprint(core, perform=perform),
        directory.blueprint(core),
        scenarios.blueprint(core, perform=perform),
        stimuli.blueprint(core),
        lists.blueprint(core),
        resources.blueprint(core),
        services.blueprint(core),
        assets.blueprint(core),
        events.blueprint(core),
        filling.blueprint(core),
        reports.blueprint(core),
        settings.blueprint(core),
        faults.blueprint(core, wire=wire),
        journal.blueprint(core),
        openapi.blueprint(),
    ):
        app.register_blueprint(noun, url_prefix=PREFIX)
    app.register_blueprint(health.blueprint(core))
    app.register_error_handler(BrokenJson, _broken)
    app.register_error_handler(Invalid, _invalid)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(StoreTrouble, _store_trouble)
    return app


def _broken(error: BrokenJson) -> Response:
    return answer({"message": f"the body is not JSON: {error}", "errors": []}, 400)


def _invalid(error: Invalid) -> Response:
    found = {"path": error.path, "problem": error.problem}
    return answer({"message": f"{error.path}: {error.problem}", "errors": [found]}, 422)


def _problem(error: Problem) -> Response:
    status = 404 if isinstance(error, NotFound) else 409 if isinstance(error, Conflict) else 422
    return answer({"message": str(error), "errors": []}, status)


def _store_trouble(error: StoreTrouble) -> Response:
    log.error("the store cannot be used", extra=logs.fields(why=words(error)))
    return answer({"message": f"the store cannot be used: {words(error)}", "errors": []}, 503)


def _http(error: HTTPException) -> Response:
    message = error.description or error.name
    return answer({"message": message, "errors": []}, error.code or 500)
