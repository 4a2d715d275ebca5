"""The journal of a world: each exchange on the vendor port, live, and one of them whole.

Everything a client sent is shown as it came, secrets left out by the journal itself. Rule: nothing that a
client sent becomes a link or runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response, request

from mock_kuma import worlds
from mock_kuma.console import curl, door
from mock_kuma.console.page import done, page
from mock_kuma.console.visitor import visitor
from mock_kuma.domain.problems import NotFound
from mock_kuma.store import alerts as alert_store
from mock_kuma.store import journal as store

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as AnyResponse

    from mock_kuma.console.control_client import Control
    from mock_kuma.core import Core

#: So many exchanges are on the page, the newest first.
_SHOWN: Final = 100
_BAD: Final = 400


def blueprint(core: Core, control: Control, *, api: str) -> Blueprint:
    """Return the routes; ``api`` is the vendor API's URL."""
    bp = Blueprint("simulator_journal", __name__)
    bp.before_request(door.simulator_only)

    @bp.get("/simulator/worlds/<world_id>/journal")
    def table(world_id: str) -> Response:
        text, only = request.args.get("text", "").strip(), request.args.get("only", "")
        with core.database.read() as connection:
            world = worlds.get(connection, world_id)
            found = [_entry(row) for row in store.latest(connection, world.id, text=text)]
            lost = store.lost(connection, world.id, since=0)
        wanted = [one for one in found if _is_wanted(one, only)][:_SHOWN]
        return page(
            "simulator_journal.html",
            world=control("GET", f"/worlds/{world_id}", None).body,
            exchanges=wanted,
            lost=lost,
            text=text,
            only=only,
        )

    @bp.get("/simulator/worlds/<world_id>/journal/<int:seq>")
    def one(world_id: str, seq: int) -> Response:
        with core.database.read() as connection:
            world = worlds.get(connection, world_id)
            row = store.one(connection, world.id, seq)
            if row is None:
                raise NotFound("exchange", str(seq))
            exchange = _entry(row)
            who = visitor().caller
            served = [_served(connection, world.id, one) for one in exchange["served"]]
        return page(
            "simulator_exchange.html",
            world=control("GET", f"/worlds/{world_id}", None).body,
            exchange=exchange,
            served=served,
            command=curl.command(exchange, api=api),
            is_here=who is not None and who.world.id == world.id,
        )

    @bp.post("/simulator/worlds/<world_id>/journal/clear")
    def clear(world_id: str) -> AnyResponse:
        control("DELETE", f"/worlds/{world_id}/journal", None)
        return done(f"/simulator/worlds/{world_id}/journal", "simulator.done.cleared")

    return bp


def _entry(row: Any) -> dict[str, Any]:
    return {"seq": row.seq, "at": row.at, **msgspec.json.decode(row.entry)}


def _is_wanted(exchange: dict[str, Any], only: str) -> bool:
    if only == "refused":
        return exchange["status"] is None or exchange["status"] >= _BAD
    if only == "fault":
        return exchange["fault"] is not None
    return only != "served" or bool(exchange["served"])


def _served(connection: Connection, world: str, shown: dict[str, Any]) -> dict[str, Any]:
    row = alert_store.find(connection, world, shown["alert"])
    return {
        "alert": shown["alert"],
        "version": shown["version"],
        "name": "" if row is None else row.name,
        "now": None if row is None else row.version,
    }
