"""Scenarios: listed, told in a world at once or played in its own time; and what is still to happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from flask import Blueprint, Response
from msgspec import Meta

from mock_kuma import agenda, scenarios, worlds
from mock_kuma.control.answers import answer
from mock_kuma.control.request import Invalid, body
from mock_kuma.domain.moments import render_exact
from mock_kuma.scenarios.plan import length
from mock_kuma.store import agenda as store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mock_kuma.core import Core
    from mock_kuma.scenarios import Scenario
    from mock_kuma.world import World


class Play(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST scenarios``: with ``speed`` it begins now, without it has just ended."""

    scenario: str
    speed: Annotated[float, Meta(gt=0, le=1_000_000)] | None = None


def blueprint(core: Core, *, perform: agenda.Perform) -> Blueprint:
    """Return the routes; ``perform`` carries out an action in the transaction at hand."""
    bp = Blueprint("scenarios", __name__)

    @bp.get("/scenarios")
    def every() -> Response:
        return answer({"scenarios": [_shown(scenarios.named(name)) for name in scenarios.names()]})

    @bp.post("/worlds/<world_id>/scenarios")
    def play(world_id: str) -> Response:
        wanted = body(Play)
        scenario = shipped(wanted.scenario)
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            if wanted.speed is None:
                tell(core, connection, world, scenario, perform)
            else:
                soc = core.soc(world.seed)
                agenda.play(connection, world, soc, scenario, perform, speed=wanted.speed)
            return answer(_agenda(connection, world), 201)

    @bp.get("/worlds/<world_id>/agenda")
    def look(world_id: str) -> Response:
        with core.database.read() as connection:
            return answer(_agenda(connection, worlds.get(connection, world_id)))

    @bp.delete("/worlds/<world_id>/agenda")
    def clear(world_id: str) -> Response:
        with core.database.write() as connection:
            store.clear(connection, worlds.get(connection, world_id).id)
        return Response(status=204)

    return bp


def shipped(name: str) -> Scenario:
    """Return the scenario that a body names; only shipped ones, since a name is no path into our files."""
    try:
        return scenarios.named(name)
    except scenarios.NoSuchScenario as error:
        raise Invalid("scenario", f"expected one of {', '.join(scenarios.names())}") from error


def tell(
    core: Core, connection: Connection, world: World, scenario: Scenario, perform: agenda.Perform
) -> None:
    """Let a whole scenario have happened, so that its last action is at the world's time."""
    try:
        agenda.tell(connection, world, core.soc(world.seed), scenario, perform)
    except scenarios.WrongScenario as error:
        raise Invalid("scenario", str(error)) from error


def _shown(scenario: Scenario) -> dict[str, Any]:
    return {
        "name": scenario.name,
        "title": scenario.title,
        "about": scenario.about,
        "techniques": scenario.techniques,
        "seconds": length(scenario) / 1_000_000,
        "steps": [{"at": step.at, "kind": step.kinds[0], "say": step.say} for step in scenario.steps],
    }


def _agenda(connection: Connection, world: World) -> dict[str, Any]:
    return {
        "actions": [
            {
                "due": render_exact(row.due),
                "source": row.source,
                "method": row.method,
                "path": row.path,
                "problem": row.problem,
            }
            for row in store.every(connection, world.id)
        ]
    }
