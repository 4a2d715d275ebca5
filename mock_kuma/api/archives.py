"""Resources as files: uploaded, looked into, imported, exported, downloaded.

Sources: 222300 to 222304, 269930, 269933, XDR 270066 to 270070 (REST API, 5.5); the shorter path of the
download from public clients of v3, and both paths answer in every version. Rule: a file is opened outside a
transaction, since its password takes a moment by design.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response, request

from mock_kuma import ids, worlds
from mock_kuma.actions import archives as actions
from mock_kuma.api import gate, params, query
from mock_kuma.api.route import vendor_route
from mock_kuma.domain import archives as rules
from mock_kuma.domain.problems import AccessDenied, BadInput, WrongState
from mock_kuma.domain.resources import Action
from mock_kuma.store import files as store
from mock_kuma.store import resources as resource_store

if TYPE_CHECKING:
    from mock_kuma.api.dialect import Dialect
    from mock_kuma.core import Core

#: Versions whose table of contents is flat lists (REST API, 5.5).
_FLAT: Final = frozenset({"v1"})
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DOWNLOADS: Final = (
    ("GET /resources/download/{id}", "/resources/download"),
    ("GET /download/{id}", "/download"),
)


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("archives", __name__)
    _incoming(bp, core, dialect)
    _outgoing(bp, core, dialect)
    for operation, path in _DOWNLOADS:
        _download(bp, core, dialect, operation, path)
    return bp


def _incoming(bp: Blueprint, core: Core, dialect: Dialect) -> None:
    @vendor_route(bp, dialect, "POST /resources/upload")
    def upload() -> Response:
        # By its announced length: a file beyond every bound is not read to be refused.
        if (request.content_length or 0) > rules.MAX_FILE:
            raise BadInput("maximum file size is 64 MB")
        scope = gate.scope("POST /resources/upload")
        if not scope.everywhere and not scope.tenants:
            raise AccessDenied("no role in any tenant allows to upload resources")
        content = request.get_data()
        if not content:
            raise BadInput("request body required")
        if len(content) > rules.MAX_FILE:
            raise BadInput("maximum file size is 64 MB")
        who = gate.caller()
        with core.database.write() as connection:
            file = worlds.next_id(connection, who.world, core.soc(who.world.seed), "file")
            values = {"id": file, "tenant": None, "user": who.id, "name": "resources", "content": content}
            store.add(connection, who.world.id, values)
        return _json({"id": file})

    @vendor_route(bp, dialect, "POST /resources/toc")
    def toc() -> Response:
        archive = _opened(core, "POST /resources/toc", query.body())
        return _json(rules.contents(archive, flat=dialect.name in _FLAT))

    @vendor_route(bp, dialect, "POST /resources/import")
    def import_resources() -> Response:
        body = query.body()
        tenant = params.text_field(body, "tenantID")
        if tenant is None:
            raise BadInput("tenantID required")
        chosen = _actions(body)
        archive = _opened(core, "POST /resources/import", body)
        who = gate.caller()
        world = who.world
        with core.database.write() as connection:
            conflicts = actions.take_in(
                connection,
                world,
                gate.scope("POST /resources/import"),
                archive,
                tenant=tenant,
                actions=chosen,
                user=who.id,
                new_id=lambda kind: worlds.next_id(connection, world, core.soc(world.seed), kind),
            )
        if conflicts:
            gate.refused(f"{len(conflicts)} resources of the archive are here already")
            return _json({"conflicts": conflicts}, status=409)
        return Response(status=204)


def _outgoing(bp: Blueprint, core: Core, dialect: Dialect) -> None:
    @vendor_route(bp, dialect, "POST /resources/export")
    def export() -> Response:
        body = query.body()
        wanted = _ids(body)
        password = rules.check_password(params.text_field(body, "password"))
        tenant = params.text_field(body, "tenantID")
        if tenant is None:
            raise BadInput("tenantID required")
        who = gate.caller()
        world = who.world
        with core.database.read() as connection:
            scope = gate.scope("POST /resources/export")
            archive = actions.collect(connection, world, scope, ids=wanted, tenant=tenant)
        # A token is 16 random bytes in hex, which is what a salt needs.
        content = rules.seal(archive, password=password, salt=bytes.fromhex(ids.new_token()))
        if len(content) > rules.MAX_FILE:
            raise BadInput("maximum file size is 64 MB")
        with core.database.write() as connection:
            file = worlds.next_id(connection, world, core.soc(world.seed), "file")
            values = {"id": file, "tenant": tenant, "user": who.id, "name": "resources", "content": content}
            store.add(connection, world.id, values)
        return _json({"fileID": file})


def _download(bp: Blueprint, core: Core, dialect: Dialect, operation: str, path: str) -> None:
    name = path.strip("/").replace("/", "_")

    def nothing() -> Response:
        raise BadInput("route parameter required", "id")

    def download(file_id: str) -> Response:
        if not _UUID.fullmatch(file_id):
            raise BadInput("id is not a valid UUID")
        who = gate.caller()
        with core.database.read() as connection:
            # GUESS: what is there and no regular file is a folder.
            if resource_store.folder(connection, who.world.id, file_id) is not None:
                raise WrongState("not regular file")
            row = actions.file(connection, who.world, gate.scope(operation), file_id, user=who.id)
        response = Response(row.content, mimetype="application/octet-stream")
        response.headers["Content-Disposition"] = f'attachment; filename="{file_id}"'
        return response

    # Two paths of one operation: their views need names of their own.
    nothing.__name__, download.__name__ = f"{name}_nothing", name
    vendor_route(bp, dialect, operation, path=path)(nothing)
    vendor_route(bp, dialect, operation, path=f"{path}/<file_id>")(download)


def _opened(core: Core, operation: str, body: dict[str, Any]) -> rules.Archive:
    """Return the archive of the uploaded file that a body names."""
    file = params.text_field(body, "fileID")
    if file is None:
        raise BadInput("fileID required")
    password = rules.check_password(params.text_field(body, "password"))
    who = gate.caller()
    with core.database.read() as connection:
        row = actions.file(connection, who.world, gate.scope(operation), file, user=who.id)
    return rules.open_file(row.content, password=password)


def _actions(body: dict[str, Any]) -> dict[str, Action]:
    given = body.get("actions") or {}
    if not isinstance(given, dict):
        raise BadInput("invalid value", "actions")
    for key, number in given.items():
        if isinstance(number, bool) or number not in list(Action):
            raise BadInput("invalid value", f"actions.{key}")
    return {key: Action(number) for key, number in given.items()}


def _ids(body: dict[str, Any]) -> list[str]:
    given = body.get("ids")
    if not given:
        raise BadInput("ids required")
    if not isinstance(given, list):
        raise BadInput("invalid value", "ids")
    wrong = next((place for place, one in enumerate(given) if not isinstance(one, str) or not one), None)
    if wrong is not None:
        raise BadInput("invalid value", f"ids[{wrong}]")
    if len(given) > rules.MAX_RESOURCES:
        raise BadInput("invalid value", f"ids: more than {rules.MAX_RESOURCES}")
    return given


def _json(body: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status=status, mimetype="application/json")
