"""Worlds: made, listed, summarised, deleted."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from flask import Blueprint, Response
from msgspec import Meta

from mock_kuma import worlds
from mock_kuma.clock import Clock
from mock_kuma.control.answers import answer
from mock_kuma.control.clock import shown
from mock_kuma.control.request import Invalid, body, moment
from mock_kuma.domain.alerts import Status
from mock_kuma.domain.problems import Conflict
from mock_kuma.domain.releases import RELEASES
from mock_kuma.store import worlds as store
from mock_kuma.world import World

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mock_kuma.core import Core


class NewWorld(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST /worlds``."""

    seed: int | str | None = None
    scenario: str = "empty"
    kuma_version: str | None = None  # the server's
    clock: str = "system"
    page_size: Annotated[int, Meta(ge=1, le=10_000)] = 250


def blueprint(core: Core, *, kuma_version: str) -> Blueprint:
    """Return the routes; ``kuma_version`` is that of a world for which none is asked."""
    bp = Blueprint("worlds", __name__)

    @bp.post("/worlds")
    def make() -> Response:
        wanted = body(NewWorld)
        release = wanted.kuma_version or kuma_version
        if release not in RELEASES:
            raise Invalid("kuma_version", f"expected one of {', '.join(RELEASES)}")
        if wanted.scenario != "empty":
            raise Invalid("scenario", "expected one of empty")
        clock = Clock()
        if wanted.clock != "system":
            clock = Clock(frozen_at=moment(wanted.clock, "clock"))
        seed = str(secrets.randbelow(2**31) if wanted.seed is None else wanted.seed)
        with core.database.write() as connection:
            made = worlds.make(
                connection,
                core.soc(seed),
                seed=seed,
                kuma_version=release,
                clock=clock,
                page_size=wanted.page_size,
            )
        told = {"world": made.world.id, "token": made.token, "tenant": made.world.main_tenant}
        return answer(told, 201)

    @bp.get("/worlds")
    def every() -> Response:
        with core.database.read() as connection:
            found = [World.of(row) for row in store.every(connection)]
            return answer({"worlds": [summary(connection, world) for world in found]})

    @bp.get("/worlds/<world_id>")
    def one(world_id: str) -> Response:
        with core.database.read() as connection:
            return answer(summary(connection, worlds.get(connection, world_id)))

    @bp.delete("/worlds/<world_id>")
    def remove(world_id: str) -> Response:
        if world_id == worlds.DEFAULT:
            raise Conflict(world_id, "the default world lives as long as the server")
        with core.database.write() as connection:
            worlds.get(connection, world_id)
            store.remove(connection, world_id)
        return Response(status=204)

    return bp


def summary(connection: Connection, world: World) -> dict[str, Any]:
    """Return what is worth knowing of a world at a glance."""
    counts = store.statuses(connection, world.id)
    return {
        "world": world.id,
        "seed": int(world.seed) if world.seed.isdecimal() else world.seed,
        "kuma_version": world.release.name,
        "page_size": world.page_size,
        "tenant": world.main_tenant,
        "clock": shown(world.clock),
        "alerts": {status.value: counts.get(status.value, 0) for status in Status},
        "faults": world.faults,
    }
