"""The journal: read, waited for, exported, cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from flask import Blueprint, Response, request

from mock_kuma import worlds
from mock_kuma.clock import wait_until
from mock_kuma.control import export
from mock_kuma.control.answers import answer
from mock_kuma.control.request import Invalid, number
from mock_kuma.domain.moments import render_exact
from mock_kuma.store import journal as store

if TYPE_CHECKING:
    from mock_kuma.core import Core

_LONGEST_WAIT_MS = 600_000
_DEFAULT_WAIT_MS = 10_000
_LARGEST = 2**53
_FORMATS = ("json", "har", "jsonl")


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("journal", __name__)

    @bp.get("/worlds/<world_id>/journal")
    def read(world_id: str) -> Response:
        since = number("since", 0, most=_LARGEST)
        wait_for = number("wait_for", 0, most=1_000_000)
        timeout = number("timeout_ms", _DEFAULT_WAIT_MS, most=_LONGEST_WAIT_MS)
        form = request.args.get("format", "json")
        if form not in _FORMATS:
            raise Invalid("format", f"expected one of {', '.join(_FORMATS)}")
        method, path = request.args.get("method"), request.args.get("path")
        found: list[Any] = []

        def enough() -> bool:
            with core.database.read() as connection:
                world = worlds.get(connection, world_id)
                found[:] = store.read(
                    connection,
                    world.id,
                    since=since,
                    method=method and method.upper(),
                    path=path and (path.rstrip("/") or "/"),
                )
            return len(found) >= wait_for

        wait_until(enough, seconds=timeout / 1_000)
        with core.database.read() as connection:
            lost = store.lost(connection, world_id, since=since)
        exchanges = [_shown(row) for row in found]
        if form == "har":
            return answer(export.har(exchanges, lost=lost))
        if form == "jsonl":
            return Response(export.json_lines(exchanges, lost=lost), mimetype=export.JSON_LINES)
        told: dict[str, Any] = {"exchanges": exchanges}
        if lost:
            told["lost"] = lost
        return answer(told)

    @bp.delete("/worlds/<world_id>/journal")
    def clear(world_id: str) -> Response:
        with core.database.write() as connection:
            store.clear(connection, worlds.get(connection, world_id).id)
        return Response(status=204)

    return bp


def _shown(row: Any) -> dict[str, Any]:
    return {"seq": row.seq, "at": render_exact(row.at), **msgspec.json.decode(row.entry)}
