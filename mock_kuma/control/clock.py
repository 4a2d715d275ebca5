"""A world's clock: read, set, moved on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from flask import Blueprint, Response

from mock_kuma import agenda, worlds
from mock_kuma.clock import SECOND, Clock
from mock_kuma.control.answers import answer
from mock_kuma.control.request import Invalid, body, moment
from mock_kuma.domain.moments import render_exact
from mock_kuma.store import worlds as store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mock_kuma.core import Core

#: A clock is moved by at most a century.
_FARTHEST = 100 * 366 * 86_400


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``PUT clock``; without ``now`` the clock goes on from what it shows."""

    now: str | None = None
    frozen: bool = True


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST clock/advance``."""

    seconds: int | float


def blueprint(core: Core, *, perform: agenda.Perform) -> Blueprint:
    """Return the routes; what a moved clock makes due is settled before it answers."""
    bp = Blueprint("clock", __name__)

    @bp.get("/worlds/<world_id>/clock")
    def read(world_id: str) -> Response:
        with core.database.read() as connection:
            return answer(shown(worlds.get(connection, world_id).clock))

    @bp.put("/worlds/<world_id>/clock")
    def put(world_id: str) -> Response:
        wanted = body(Setting)
        with core.database.write() as connection:
            before = worlds.get(connection, world_id).clock
            now = before.now() if wanted.now is None else moment(wanted.now, "now")
            after = Clock.at(now, frozen=wanted.frozen)
            return answer(_store(connection, world_id, after, perform))

    @bp.post("/worlds/<world_id>/clock/advance")
    def advance(world_id: str) -> Response:
        seconds = body(Advance).seconds
        if not 0 <= seconds <= _FARTHEST:
            raise Invalid("seconds", f"expected 0 to {_FARTHEST}; PUT the clock to set it back")
        with core.database.write() as connection:
            before = worlds.get(connection, world_id).clock
            after = before.advanced(round(seconds * SECOND))
            return answer(_store(connection, world_id, after, perform))

    return bp


def shown(clock: Clock) -> dict[str, Any]:
    """Return the clock as the contract shows it."""
    return {"now": render_exact(clock.now()), "frozen": clock.frozen_at is not None}


def _store(connection: Connection, world_id: str, clock: Clock, perform: agenda.Perform) -> dict[str, Any]:
    store.set_clock(connection, world_id, frozen_at=clock.frozen_at, clock_offset=clock.offset)
    if worlds.get(connection, world_id).is_due():
        agenda.settle(connection, world_id, perform)
    return shown(worlds.get(connection, world_id).clock)
