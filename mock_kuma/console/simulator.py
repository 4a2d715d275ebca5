"""The simulator's front page: the worlds of this server, made and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request

from mock_kuma.console import door
from mock_kuma.console.page import done, page
from mock_kuma.domain.releases import RELEASES

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from mock_kuma.console.control_client import Control
    from mock_kuma.core import Core

_REFUSED: Final = 422


def blueprint(core: Core, control: Control) -> Blueprint:
    """Return the routes."""
    del core  # what the worlds are, the control API tells
    bp = Blueprint("simulator", __name__)
    bp.before_request(door.simulator_only)

    @bp.get("/simulator")
    def worlds() -> Response:
        return _page()

    @bp.post("/simulator/worlds")
    def make() -> Response:
        wanted: dict[str, Any] = {"kuma_version": request.form.get("kuma_version", "")}
        seed, clock = request.form.get("seed", "").strip(), request.form.get("clock", "").strip()
        if seed:
            wanted["seed"] = seed
        if clock:
            wanted["clock"] = clock if len(clock.split(":")) > 2 else f"{clock}:00"  # noqa: PLR2004 -- hh:mm:ss
            wanted["clock"] = f"{wanted['clock'].removesuffix('Z')}Z"
        answer = control("POST", "/worlds", wanted)
        if not answer.is_good:
            return _page(errors=answer.errors(), status=_REFUSED)
        return _page(made=answer.body)

    @bp.post("/simulator/worlds/<world_id>/delete")
    def remove(world_id: str) -> AnyResponse:
        answer = control("DELETE", f"/worlds/{world_id}", None)
        if not answer.is_good:
            return _page(errors=answer.errors(), status=_REFUSED)
        return done("/simulator", "simulator.done.deleted")

    def _page(*, made: Any = None, errors: dict[str, str] | None = None, status: int = 200) -> Response:
        return page(
            "simulator.html",
            status=status,
            worlds=control("GET", "/worlds", None).body["worlds"],
            releases=list(RELEASES),
            made=made,
            errors=errors or {},
        )

    return bp
