"""Scenarios: told in a world at once, or played there with a speed; and what is still to happen.

Times are the world's own: a played story goes on as its clock does. Rule: the page invents nothing; stories
and agenda are the control API's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request

from mock_kuma.console import door
from mock_kuma.console.page import done, page
from mock_kuma.domain.problems import NotFound

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from mock_kuma.console.control_client import Control

_REFUSED: Final = 422
#: Speeds to choose from: the story's own, and so many times faster.
SPEEDS: Final = (1, 10, 60, 600, 3_600)
_USUAL: Final = 60


def blueprint(control: Control) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("simulator_scenarios", __name__)
    bp.before_request(door.simulator_only)

    @bp.get("/simulator/worlds/<world_id>/scenarios")
    def table(world_id: str) -> Response:
        return _page(world_id)

    @bp.post("/simulator/worlds/<world_id>/scenarios")
    def play(world_id: str) -> AnyResponse:
        body: dict[str, Any] = {"scenario": request.form.get("scenario", "")}
        plays = request.form.get("how") == "play"
        if plays:
            speed = request.form.get("speed", "")
            body["speed"] = int(speed) if speed.isascii() and speed.isdigit() else speed
        answer = control("POST", f"/worlds/{world_id}/scenarios", body)
        if not answer.is_good:
            return _page(world_id, errors=answer.errors(), status=_REFUSED)
        what = "simulator.done.played" if plays else "simulator.done.told"
        return done(f"/simulator/worlds/{world_id}/scenarios", what)

    @bp.post("/simulator/worlds/<world_id>/scenarios/stop")
    def stop(world_id: str) -> AnyResponse:
        control("DELETE", f"/worlds/{world_id}/agenda", None)
        return done(f"/simulator/worlds/{world_id}/scenarios", "simulator.done.stopped")

    def _page(world_id: str, *, errors: dict[str, str] | None = None, status: int = 200) -> Response:
        known = control("GET", f"/worlds/{world_id}", None)
        if not known.is_good:
            raise NotFound("world", world_id)
        return page(
            "simulator_scenarios.html",
            status=status,
            world=known.body,
            scenarios=control("GET", "/scenarios", None).body["scenarios"],
            agenda=[
                {**one, "step": _step(one["source"])}
                for one in control("GET", f"/worlds/{world_id}/agenda", None).body["actions"]
            ],
            speeds=SPEEDS,
            usual=_USUAL,
            errors=errors or {},
            typed=request.form,
        )

    return bp


def _step(source: str) -> tuple[str, str]:
    """Return the story that an action belongs to, and the number of its step."""
    story, _, number = source.rpartition(", step ")
    return story, number
