"""The system: saved as a whole, and set back.

Source: REST API, 5.9, from scripts and clients in every version.

The archive is a world's data; what a restore means for tokens is told in ``actions.system``. Rule: only a
General administrator comes in here.

GUESS: a restore answers 200 with an empty object; its clients take any success.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from mock_kuma import ids
from mock_kuma.actions import system as actions
from mock_kuma.api import gate
from mock_kuma.api.route import vendor_route
from mock_kuma.domain.problems import BadInput
from mock_kuma.store import system as store

if TYPE_CHECKING:
    from mock_kuma.api.dialect import Dialect
    from mock_kuma.core import Core


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("system", __name__)

    @vendor_route(bp, dialect, "GET /system/backup")
    def backup() -> Response:
        actions.check(gate.scope("GET /system/backup"))
        world = gate.caller().world
        key = _key(core)
        with core.database.read() as connection:
            content = actions.backup(connection, world, key=key)
        response = Response(content, mimetype="application/gzip")
        response.headers["Content-Disposition"] = 'attachment; filename="backup.tar.gz"'
        return response

    @vendor_route(bp, dialect, "POST /system/restore")
    def restore() -> Response:
        actions.check(gate.scope("POST /system/restore"))
        data = request.get_data()
        if not data:
            raise BadInput("request body required")
        world = gate.caller().world
        key = _key(core)
        with core.database.write() as connection:
            actions.restore(connection, world, data, key=key)
        return Response(b"{}", mimetype="application/json")

    return bp


def _key(core: Core) -> bytes:
    with core.database.write() as connection:
        return store.backup_key(connection, ids.new_token() + ids.new_token()).encode()
