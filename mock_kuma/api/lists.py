"""Active lists and context tables of a correlator: listed, imported, exported, scanned.

Sources: 222308, 222252 and 269915 (active lists), XDR 270080 (context tables), a public client for what v3
adds. Which versions have an operation is told in the two sets below.

GUESS: API access rights write the variable parts of a path in braces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response, request

from mock_kuma import worlds
from mock_kuma.actions import lists as actions
from mock_kuma.api import gate, query
from mock_kuma.api.route import vendor_route
from mock_kuma.domain import lists as rules
from mock_kuma.domain.problems import BadInput
from mock_kuma.store import files as file_store
from mock_kuma.store import lists as store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mock_kuma.api.dialect import Dialect
    from mock_kuma.api.params import Params
    from mock_kuma.core import Core

_HAVE_CONTEXT_TABLES: Final = frozenset({"v2", "v2.1", "v2.2", "v3"})
_HAVE_FILES_OF_LISTS: Final = frozenset({"v3"})
_FOLDERS: Final = {rules.Kind.ACTIVE_LIST: "activeLists", rules.Kind.CONTEXT_TABLE: "contextTables"}
_BYTES: Final = "application/octet-stream"


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("lists", __name__)

    @vendor_route(bp, dialect, "GET /activeLists")
    def active_lists() -> Response:
        return _listed(core, rules.Kind.ACTIVE_LIST, "GET /activeLists")

    @vendor_route(bp, dialect, "POST /activeLists/import")
    def import_active_list() -> Response:
        return _imported(core, rules.Kind.ACTIVE_LIST, "POST /activeLists/import")

    if dialect.name in _HAVE_CONTEXT_TABLES:
        _context_tables(bp, core, dialect)
    if dialect.name in _HAVE_FILES_OF_LISTS:
        _files_of_lists(bp, core, dialect)
    return bp


def _context_tables(bp: Blueprint, core: Core, dialect: Dialect) -> None:
    kind = rules.Kind.CONTEXT_TABLE

    @vendor_route(bp, dialect, "GET /contextTables")
    def context_tables() -> Response:
        return _listed(core, kind, "GET /contextTables")

    @vendor_route(bp, dialect, "POST /contextTables/import")
    def import_context_table() -> Response:
        return _imported(core, kind, "POST /contextTables/import")

    @vendor_route(bp, dialect, "GET /contextTables/export")
    def export_context_table() -> Response:
        asked = query.query()
        service = query.required(asked, "correlatorID")
        key, name = _which(asked, kind)
        world = gate.caller().world
        with core.database.read() as connection:
            scope = gate.scope("GET /contextTables/export")
            place = actions.correlator(connection, world, scope, service)
            row = actions.one(connection, world, place, kind, key=key, name=name)
            text = rules.internal(kind, store.read(connection, world.id, service, row.id))
        return Response(text, mimetype=_BYTES)


def _files_of_lists(bp: Blueprint, core: Core, dialect: Dialect) -> None:
    kind = rules.Kind.ACTIVE_LIST
    export = "GET /services/{id}/activeLists/export/{id}"
    scan = "GET /services/{id}/activeLists/scan/{id}"

    @vendor_route(bp, dialect, export, path="/services/<service>/activeLists/export/<list_id>")
    def export_active_list(service: str, list_id: str) -> Response:
        who = gate.caller()
        world = who.world
        with core.database.write() as connection:
            place = actions.correlator(connection, world, gate.scope(export), service)
            row = actions.one(connection, world, place, kind, key=list_id, name=None)
            text = rules.internal(kind, store.read(connection, world.id, service, row.id))
            file = worlds.next_id(connection, world, core.soc(world.seed), "file")
            values = {"id": file, "tenant": place.tenant, "user": who.id, "name": row.name}
            file_store.add(connection, world.id, {**values, "content": text.encode()})
        return Response(msgspec.json.encode({"id": file}), mimetype="application/json")

    @vendor_route(bp, dialect, scan, path="/services/<service>/activeLists/scan/<list_id>")
    def scan_active_list(service: str, list_id: str) -> Response:
        asked = query.query()
        since, before = query.whole(asked, "from"), query.whole(asked, "exclude")
        limit = query.whole(asked, "limit")
        world = gate.caller().world
        with core.database.read() as connection:
            place = actions.correlator(connection, world, gate.scope(scan), service)
            row = actions.one(connection, world, place, kind, key=list_id, name=None)
            found = store.read(
                connection,
                world.id,
                service,
                row.id,
                # Nanoseconds to microseconds; the first instant that is not before.
                since=None if since is None else -(-since // 1_000),
                before=None if before is None else -(-before // 1_000),
            )
        rows = _scanned(found, pattern=asked.first("pattern"), sort=asked.first("sort"))
        return _json(rows[: world.page_size if limit is None else limit])


def _listed(core: Core, kind: rules.Kind, operation: str) -> Response:
    service = query.required(query.query(), "correlatorID")
    world = gate.caller().world
    with core.database.read() as connection:
        place = actions.correlator(connection, world, gate.scope(operation), service)
        rows = actions.of_correlator(connection, world, place, kind)
        sizes = store.sizes(connection, world.id, service)
    return _json(
        [
            {
                "id": row.id,
                "name": row.name,
                # GUESS: where a correlator keeps it, and that the log is as long as what is in the list.
                "dir": f"/opt/kaspersky/kuma/correlator/{service}/{_FOLDERS[kind]}/{row.id}",
                "records": sizes.get(row.id, (0, 0))[0],
                "walSize": sizes.get(row.id, (0, 0))[1],
            }
            for row in rows
        ]
    )


def _imported(core: Core, kind: rules.Kind, operation: str) -> Response:
    asked = query.query()
    service = query.required(asked, "correlatorID")
    key, name = _which(asked, kind)
    format = _format(asked)  # noqa: A001 -- the vendor's word
    key_field = ""
    if kind is rules.Kind.ACTIVE_LIST and format is not rules.Format.INTERNAL:
        key_field = query.required(asked, "keyField")
    data = request.get_data()
    if not data.strip():
        raise BadInput("request body required")
    world = gate.caller().world
    with core.database.write() as connection:
        place = actions.correlator(connection, world, gate.scope(operation), service)
        row = actions.one(connection, world, place, kind, key=key, name=name)
        if kind is rules.Kind.ACTIVE_LIST:
            records = rules.active_records(data, format=format, key_field=key_field)
        else:
            records = rules.context_records(data, format=format, fields=actions.fields(row))
        actions.put(connection, world, service, row, records, clear=asked.has("clear"))
    return Response(status=204)


def _scanned(
    records: Sequence[rules.Record], *, pattern: str | None, sort: str | None
) -> list[dict[str, str]]:
    """Return the fields of records, without their keys, as a public client's words have it.

    GUESS: ``from`` is inclusive and ``exclude`` the first time that is left out, ``pattern`` is looked for
    in the key in any case, a page is as long as any other, and without ``sort`` the key is the order.
    """
    if pattern is not None:
        records = [one for one in records if pattern.casefold() in one.key.casefold()]
    rows: list[dict[str, str]] = [msgspec.json.decode(one.record) for one in records]
    if sort is not None:
        column = sort.removeprefix("-")
        rows.sort(key=lambda row: row.get(column, ""), reverse=sort.startswith("-"))
    return rows


def _which(asked: Params, kind: rules.Kind) -> tuple[str | None, str | None]:
    key, name = asked.first(f"{kind.value}ID"), asked.first(f"{kind.value}Name")
    if key is None and name is None:
        raise BadInput("one of query parameters required", f"{kind.value}ID, {kind.value}Name")
    return key, name


def _format(asked: Params) -> rules.Format:
    text = query.required(asked, "format")
    if text not in {known.value for known in rules.Format}:
        raise BadInput("invalid query parameter value", "format")
    return rules.Format(text)


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), mimetype="application/json")
