"""Worlds: made, listed, summarised, deleted."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta

from mock_kuma import agenda, ids, scenarios, snapshots, worlds
from mock_kuma.clock import Clock
from mock_kuma.control.answers import answer
from mock_kuma.control.clock import shown
from mock_kuma.control.request import Invalid, body, moment
from mock_kuma.control.scenarios import shipped, tell
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
    snapshot: str | None = None  # excludes all others


class Restore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST restore``."""

    snapshot: str


def blueprint(core: Core, *, kuma_version: str, perform: agenda.Perform) -> Blueprint:
    """Return the routes; ``kuma_version`` is that of a world for which none is asked."""
    bp = Blueprint("worlds", __name__)

    @bp.post("/worlds")
    def make() -> Response:
        wanted = body(NewWorld)
        if wanted.snapshot is not None:
            if wanted != NewWorld(snapshot=wanted.snapshot):
                raise Invalid("snapshot", "a world made from a snapshot takes no other field")
            with core.database.write() as connection:
                return _told(snapshots.start(connection, wanted.snapshot))
        release = wanted.kuma_version or kuma_version
        if release not in RELEASES:
            raise Invalid("kuma_version", f"expected one of {', '.join(RELEASES)}")
        scenario = None if wanted.scenario == scenarios.EMPTY else shipped(wanted.scenario)
        clock = Clock()
        if wanted.clock != "system":
            clock = Clock(frozen_at=moment(wanted.clock, "clock"))
        seed = str(secrets.randbelow(2**31) if wanted.seed is None else wanted.seed)
        name = ids.new_name("world")
        with core.database.write(name) as connection:
            made = worlds.make(
                connection,
                core.soc(seed),
                seed=seed,
                kuma_version=release,
                clock=clock,
                page_size=wanted.page_size,
                name=name,
            )
            if scenario is not None:
                tell(core, connection, made.world, scenario, perform)
        return _told(made)

    @bp.get("/worlds")
    def every() -> Response:
        with core.database.read() as connection:
            found = [World.of(row) for row in store.every(connection)]
        for world in found:
            if world.is_due():
                with core.database.write(world.id) as connection:
                    agenda.settle(connection, world.id, perform)
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

    @bp.post("/worlds/<world_id>/snapshots")
    def take(world_id: str) -> Response:
        with core.database.write() as connection:
            name = snapshots.take(connection, worlds.get(connection, world_id))
        return answer({"snapshot": name}, 201)

    @bp.delete("/snapshots/<snapshot>")
    def drop(snapshot: str) -> Response:
        with core.database.write() as connection:
            snapshots.remove(connection, snapshot)
        return Response(status=204)

    @bp.post("/worlds/<world_id>/restore")
    def restore(world_id: str) -> Response:
        wanted = body(Restore)
        with core.database.write() as connection:
            snapshots.restore(connection, worlds.get(connection, world_id), wanted.snapshot)
            return answer(summary(connection, worlds.get(connection, world_id)))

    @bp.get("/worlds/<world_id>/diff")
    def diff(world_id: str) -> Response:
        before = request.args.get("from")
        if not before:
            raise Invalid("from", "expected the world or snapshot to compare with")
        with core.database.read() as connection:
            return answer(snapshots.compare(connection, before, world_id))

    return bp


def _told(made: worlds.NewWorld) -> Response:
    told = {"world": made.world.id, "token": made.token, "tenant": made.world.main_tenant}
    return answer(told, 201)


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
