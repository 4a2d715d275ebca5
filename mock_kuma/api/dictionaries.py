"""Dictionaries: the whole as CSV text, updated from a file, and (v3) row by row.

Sources: 234105, XDR 270073, and a public client (REST API, 5.4). That client's deletion of a row calls
``add_row`` without a body, by mistake; here ``add_row`` asks for its body and ``delete_row`` deletes.

GUESS: reading a dictionary is for those who may search resources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from flask import Blueprint, Response, request

from mock_kuma.actions import dictionaries as actions
from mock_kuma.api import gate, query
from mock_kuma.api.route import vendor_route
from mock_kuma.domain import dictionaries as rules
from mock_kuma.domain.problems import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_kuma.api.dialect import Dialect
    from mock_kuma.core import Core

_HAVE_ROWS: Final = frozenset({"v3"})
# The client's examples for v3 expect 204 where the page of the earlier versions has 200 with a list.
_SAY_NOTHING: Final = frozenset({"v3"})
_UPDATE: Final = "POST /dictionaries/update"


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("dictionaries", __name__)

    @vendor_route(bp, dialect, "GET /dictionaries")
    def content() -> Response:
        dictionary = query.required(query.query(), "dictionaryID")
        world = gate.caller().world
        with core.database.read() as connection:
            row = actions.find(connection, world, gate.scope("GET /dictionaries"), dictionary)
        table = rules.read(msgspec.json.decode(row.payload))
        return Response(rules.to_csv(table), content_type="text/plain; charset=utf-8")

    @vendor_route(bp, dialect, _UPDATE)
    def update() -> Response:
        asked = query.query()
        dictionary = query.required(asked, "dictionaryID")
        reload = query.flag(asked, "needReload")
        data = _file()
        return _changed(
            core, dialect, dictionary, lambda table: rules.from_csv(data, table.columns), reload=reload
        )

    if dialect.name in _HAVE_ROWS:
        _rows(bp, core, dialect)
    return bp


def _rows(bp: Blueprint, core: Core, dialect: Dialect) -> None:
    @vendor_route(bp, dialect, "POST /dictionaries/add_row")
    def add_row() -> Response:
        asked = query.query()
        dictionary, key = query.required(asked, "dictionaryID"), query.required(asked, "rowKey")
        overwrite, reload = query.flag(asked, "overwriteExist"), query.flag(asked, "needReload")
        values = query.body()
        return _changed(
            core,
            dialect,
            dictionary,
            lambda table: rules.with_row(table, key, values, overwrite=overwrite),
            reload=reload,
        )

    @vendor_route(bp, dialect, "POST /dictionaries/delete_row")
    def delete_row() -> Response:
        asked = query.query()
        dictionary, key = query.required(asked, "dictionaryID"), query.required(asked, "rowKey")
        reload = query.flag(asked, "needReload")
        return _changed(core, dialect, dictionary, actions.without_row(key), reload=reload)


def _changed(
    core: Core,
    dialect: Dialect,
    dictionary: str,
    edit: Callable[[rules.Table], list[list[str]]],
    *,
    reload: bool,
) -> Response:
    who = gate.caller()
    with core.database.write() as connection:
        row = actions.update(
            connection,
            who.world,
            dictionary,
            edit,
            scope=gate.scope(_UPDATE),
            own=gate.scope(f"{_UPDATE} (own)"),
            user=who.id,
        )
        failed = actions.failed_reloads(connection, who.world, row) if reload else []
    if dialect.name in _SAY_NOTHING:
        return Response(status=204)
    return Response(msgspec.json.encode({"servicesFailedToUpdate": failed}), mimetype="application/json")


def _file() -> bytes:
    if not request.content_length:
        raise BadInput("request body required")
    part = request.files.get("file")
    if part is not None:
        content: bytes = part.read()
        return content
    # A part without a file name is a field of the form.
    text = request.form.get("file")
    if text is None:
        raise BadInput("request body decode failed", "expected multipart/form-data with a part named file")
    return text.encode()
