"""Faults: set, listed, lifted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from flask import Blueprint, Response
from msgspec import Meta

from mock_kuma import ids, worlds
from mock_kuma.control.answers import answer
from mock_kuma.control.request import body
from mock_kuma.domain.problems import Conflict, NotFound
from mock_kuma.faults import WIRE_KINDS, Action, Fault, Match, kind
from mock_kuma.store import faults as store
from mock_kuma.store import worlds as world_store

if TYPE_CHECKING:
    from mock_kuma.core import Core


class NewFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST faults``."""

    action: Action
    match: Match = Match()
    after: Annotated[int, Meta(ge=0)] = 0
    times: Annotated[int, Meta(ge=1)] | None = None
    every: Annotated[int, Meta(ge=1)] = 1


def blueprint(core: Core, *, wire: bool) -> Blueprint:
    """Return the routes; ``wire`` says whether the listener for transport faults is there."""
    bp = Blueprint("faults", __name__)

    @bp.post("/worlds/<world_id>/faults")
    def add(world_id: str) -> Response:
        wanted = body(NewFault)
        name = kind(wanted.action)
        if name in WIRE_KINDS and not wire:
            why = "a fault of this kind needs the wire listener; start the server with --wire"
            raise Conflict(name, why)
        fault = ids.new_name("fault")
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            store.add(
                connection,
                {
                    "world": world.id,
                    "id": fault,
                    "place": world_store.draw(connection, world.id, "fault_seq"),
                    "match": msgspec.json.encode(wanted.match).decode(),
                    "action": msgspec.json.encode(wanted.action).decode(),
                    "after": wanted.after,
                    "times": wanted.times,
                    "every": wanted.every,
                },
            )
        return answer({"id": fault}, 201)

    @bp.get("/worlds/<world_id>/faults")
    def every(world_id: str) -> Response:
        with core.database.read() as connection:
            world = worlds.get(connection, world_id)
            found = [shown(Fault.of(row)) for row in store.every(connection, world.id)]
        return answer({"faults": found})

    @bp.get("/worlds/<world_id>/faults/<fault_id>")
    def one(world_id: str, fault_id: str) -> Response:
        with core.database.read() as connection:
            world = worlds.get(connection, world_id)
            row = store.find(connection, world.id, fault_id)
        if row is None:
            raise NotFound("fault", fault_id)
        return answer(shown(Fault.of(row)))

    @bp.delete("/worlds/<world_id>/faults")
    def remove_all(world_id: str) -> Response:
        with core.database.write() as connection:
            store.remove(connection, worlds.get(connection, world_id).id)
        return Response(status=204)

    @bp.delete("/worlds/<world_id>/faults/<fault_id>")
    def remove(world_id: str, fault_id: str) -> Response:
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            if not store.remove(connection, world.id, fault_id):
                raise NotFound("fault", fault_id)
        return Response(status=204)

    return bp


def shown(fault: Fault) -> dict[str, Any]:
    """Return a fault with its counters."""
    return {
        "id": fault.id,
        "match": fault.match,
        "action": fault.action,
        "after": fault.after,
        "times": fault.times,
        "every": fault.every,
        "matched": fault.matched,
        "fired": fault.fired,
    }
