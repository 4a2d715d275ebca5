"""Faults of a world: what is set, how often each fired, one set, one lifted.

The form offers each kind with the values it needs; whatever else a fault can be is set by the control API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request

from mock_kuma.console import door, shown
from mock_kuma.console.page import done, page
from mock_kuma.domain.problems import NotFound
from mock_kuma.faults import WIRE_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response as AnyResponse

    from mock_kuma.console.control_client import Control
    from mock_kuma.core import Core

_REFUSED: Final = 422
#: Each kind of fault with what its form asks for; numbers are those of ``_NUMBERS``.
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "status": ("status", "message"),
    "delay": ("ms",),
    "garbage": (),
    "html": (),
    "redirect": ("location",),
    "reset": (),
    "empty": (),
    "silence": (),
    "truncate": ("bytes",),
    "trickle": ("bytes_per_second",),
    "commit-then-reset": (),
}
_NUMBERS: Final = frozenset({"status", "ms", "bytes", "bytes_per_second", "after", "times", "every"})
PATHS: Final = ("/api/v*/alerts", "/api/v*/alerts/close", "/api/v*/events", "/api/v*/users/whoami")


def blueprint(core: Core, control: Control) -> Blueprint:
    """Return the routes."""
    del core  # what the faults are, the control API tells
    bp = Blueprint("simulator_faults", __name__)
    bp.before_request(door.simulator_only)

    @bp.get("/simulator/worlds/<world_id>/faults")
    def table(world_id: str) -> Response:
        return _page(world_id)

    @bp.post("/simulator/worlds/<world_id>/faults")
    def add(world_id: str) -> AnyResponse:
        kind = request.form.get("kind", "")
        action = {"kind": kind} | _values(*KINDS.get(kind, ()))
        match = {name: text for name in ("method", "path") if (text := request.form.get(name, "").strip())}
        body = {"action": action, "match": match} | _values("after", "times", "every")
        answer = control("POST", f"/worlds/{world_id}/faults", body)
        if not answer.is_good:
            return _page(world_id, errors=answer.errors(), status=_REFUSED)
        return done(f"/simulator/worlds/{world_id}/faults", "simulator.done.fault")

    @bp.post("/simulator/worlds/<world_id>/faults/remove")
    def remove(world_id: str) -> AnyResponse:
        fault = request.form.get("fault", "")
        answer = control("DELETE", f"/worlds/{world_id}/faults" + (f"/{fault}" if fault else ""), None)
        if not answer.is_good:
            raise NotFound("fault", fault)
        return done(f"/simulator/worlds/{world_id}/faults", "simulator.done.lifted")

    def _page(world_id: str, *, errors: dict[str, str] | None = None, status: int = 200) -> Response:
        known = control("GET", f"/worlds/{world_id}", None)
        if not known.is_good:
            raise NotFound("world", world_id)
        return page(
            "simulator_faults.html",
            status=status,
            world=known.body,
            faults=control("GET", f"/worlds/{world_id}/faults", None).body["faults"],
            kinds=KINDS,
            wire_kinds=WIRE_KINDS,
            paths=PATHS,
            errors=errors or {},
            typed=request.form,
            as_json=shown.as_json,
        )

    return bp


def _values(*names: str) -> dict[str, Any]:
    """Return what was typed into these fields; what is no number goes as text, for the API to refuse."""
    found: dict[str, Any] = {}
    for name in names:
        text = request.form.get(name, "").strip()
        if text:
            is_number = name in _NUMBERS and text.isascii() and text.isdigit()
            found[name] = int(text) if is_number else text
    return found
