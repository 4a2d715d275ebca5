"""Connectors: the package imported and exported, the connection to KUMA, its commands.

For administrators. Rule: the token goes in and never comes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from connector.desk import archive, commands, worker
from connector.desk.accounts import Wrong
from connector.desk.commands import Command, Exchange, Method
from connector.desk.documents import NAMES, shipped
from connector.desk.link import Link
from connector.desk.page import REFUSED, admins_only, done, page, typed
from connector.errors import ConnectorError
from connector.settings import API_VERSIONS

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from connector.desk.engine import Engine


def blueprint(engine: Engine) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("connectors", __name__)
    bp.before_request(admins_only)

    @bp.get("/connectors")
    def show() -> Response:
        return _page(engine)

    @bp.post("/connectors/connection")
    def connect() -> AnyResponse:
        version = typed("api_version")
        link = Link(
            url=typed("url"),
            api_version=version if version in API_VERSIONS else "v1",
            trusts_ca=not request.form.get("forget_ca"),
        )
        try:
            engine.connect(link, token=typed("token"), ca=typed("ca"))
        except Wrong as error:
            return _page(engine, wrong=error, status=REFUSED)
        return done("/connectors", "The connection was saved.")

    @bp.post("/connectors/test")
    def test() -> Response:
        tested = engine.test()
        return _page(engine, tested=tested, status=200 if tested.worked else 502)

    @bp.post("/connectors/import")
    def take_in() -> AnyResponse:
        file = request.files.get("archive")
        try:
            texts = archive.read(b"" if file is None else file.stream.read(archive.LARGEST + 1))
        except Wrong as error:
            return _page(engine, wrong=error, status=REFUSED)
        engine.documents.write(texts)
        engine.jobs.reschedule()
        return done("/connectors", "The package was imported.")

    @bp.get("/connectors/package.zip")
    def export() -> Response:
        return _zip({name: engine.documents.read(name) for name in NAMES})

    @bp.get("/connectors/shipped.zip")
    def original() -> Response:
        return _zip({name: shipped(name) for name in NAMES})

    _command_routes(bp, engine)
    return bp


def _command_routes(bp: Blueprint, engine: Engine) -> None:
    @bp.post("/connectors/commands")
    def save() -> AnyResponse:
        try:
            drafted = _drafted()
            commands.check(drafted)
            before = typed("before")
            every = [*(one for one in engine.commands().values() if one.name != before), drafted]
            text = commands.written(every)
            commands.read(text)
            worker.check(engine.worker(), every)
        except Wrong as error:
            return _page(engine, wrong=error, status=REFUSED)
        engine.documents.write({"commands": text})
        return done("/connectors", "The command was saved.")

    @bp.post("/connectors/commands/delete")
    def delete() -> AnyResponse:
        left = [one for one in engine.commands().values() if one.name != typed("command")]
        try:
            worker.check(engine.worker(), left)
        except Wrong as error:
            return _page(engine, wrong=error, chosen=typed("command"), status=REFUSED)
        engine.documents.write({"commands": commands.written(left)})
        return done("/connectors", "The command was deleted.")

    @bp.post("/connectors/commands/run")
    def run() -> Response:
        command = engine.commands().get(typed("command"))
        if command is None:
            raise NotFound
        if command.asks_alert and not typed("alert"):
            wrong = Wrong("alert", "This command needs the alert's ID.")
            return _page(engine, wrong=wrong, chosen=command.name, status=REFUSED)
        exchange: Exchange | None = None
        failed = ""
        try:
            transport, settings = engine.transport()
            try:
                exchange = commands.run(command, transport, settings, alert=typed("alert"))
            finally:
                transport.close()
        except ConnectorError as error:
            failed = str(error)
        return _page(engine, exchange=exchange, failed=failed, chosen=command.name)


def _drafted() -> Command:
    headers = {}
    for line in typed("headers").splitlines():
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise Wrong("headers", "One header a line, for example Accept: application/json")
        headers[name.strip()] = value.strip()
    if not typed("name"):
        raise Wrong("name", "Fill in this field.")
    if typed("method") not in set(Method):
        raise Wrong("method", "Choose a request type.")
    return Command(
        name=typed("name"),
        method=Method(typed("method")),
        path=typed("path"),
        headers=headers,
        content_type=typed("content_type") or "application/json",
        body=typed("body"),
    )


def _zip(texts: dict[str, str]) -> Response:
    response = Response(archive.build(texts), mimetype="application/zip")
    response.headers["Content-Disposition"] = 'attachment; filename="kuma-connector.zip"'
    return response


def _page(engine: Engine, *, wrong: Wrong | None = None, status: int = 200, **values: Any) -> Response:
    every = engine.commands()
    chosen = values.pop("chosen", "") or request.args.get("command", "")
    return page(
        "connectors.html",
        status,
        manifest=archive.manifest(engine.documents.read("manifest")),
        link=engine.link(),
        token_place=engine.vault.place,
        versions=API_VERSIONS,
        commands=list(every.values()),
        command=every.get(chosen),
        adding=bool(request.args.get("add")),
        methods=list(Method),
        wrong=wrong,
        **values,
    )
