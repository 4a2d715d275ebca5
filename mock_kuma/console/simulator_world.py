"""One world in the simulator: alerts raised and fed, the clock, and its console seen as any of its users.

What was typed goes to the control API as it is, so that its refusals stand beside the fields. Rule: a value
that is no number is sent as text, for the API to refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response, redirect, request

from mock_kuma import worlds
from mock_kuma.console import door, shown
from mock_kuma.console.page import done, page
from mock_kuma.console.visitor import visitor
from mock_kuma.domain.alerts import Priority
from mock_kuma.domain.filters import AlertFilter
from mock_kuma.domain.problems import NotFound
from mock_kuma.domain.roles import Scope
from mock_kuma.store import alert_pages, directory
from mock_kuma.store import alerts as alert_store
from mock_kuma.world import grants

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from mock_kuma.console.control_client import Answer, Control
    from mock_kuma.console.visitor import Visitors
    from mock_kuma.core import Core

_REFUSED: Final = 422
_RECENT: Final = 20


def blueprint(core: Core, control: Control, visitors: Visitors) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("simulator_world", __name__)
    bp.before_request(door.simulator_only)

    @bp.get("/simulator/worlds/<world_id>")
    def show(world_id: str) -> Response:
        return _page(world_id)

    @bp.post("/simulator/worlds/<world_id>/alerts")
    def raise_alerts(world_id: str) -> AnyResponse:
        generate = _sent("count", "events") | {
            name: text for name in ("name", "tenant") if (text := request.form.get(name, "").strip())
        }
        if request.form.get("priority"):
            # Only a given alert has a priority of its own; what it leaves out is generated just the same.
            body: Any = {"alerts": [_given(generate)] * int(_whole(generate.get("count", 1)))}
        else:
            body = {"generate": generate}
        return _after(world_id, "raise", control("POST", f"/worlds/{world_id}/alerts", body))

    @bp.post("/simulator/worlds/<world_id>/alerts/json")
    def give(world_id: str) -> AnyResponse:
        try:
            alert = msgspec.json.decode(request.form.get("json", ""))
        except (msgspec.DecodeError, RecursionError) as error:
            return _page(world_id, form="json", errors={"json": str(error)}, status=_REFUSED)
        answer = control("POST", f"/worlds/{world_id}/alerts", {"alerts": [alert]})
        if not answer.is_good:
            path = answer.body["errors"][0]["path"] if answer.body["errors"] else ""
            wrong = f"{path.removeprefix('alerts[0].')}: {next(iter(answer.errors().values()))}".removeprefix(
                ": "
            )
            return _page(world_id, form="json", errors={"json": wrong}, status=_REFUSED)
        return _after(world_id, "json", answer)

    @bp.post("/simulator/worlds/<world_id>/feed")
    def feed(world_id: str) -> AnyResponse:
        alert = request.form.get("alert", "")
        with core.database.read() as connection:
            if alert_store.find(connection, world_id, alert) is None:
                return _page(world_id, form="feed", errors={"alert": "unknown"}, status=_REFUSED)
        body = {"generate": _sent("generate").get("generate", 1)}
        return _after(world_id, "feed", control("POST", f"/worlds/{world_id}/alerts/{alert}/events", body))

    @bp.post("/simulator/worlds/<world_id>/clock")
    def clock(world_id: str) -> AnyResponse:
        step = request.form.get("step", "")
        if step in {"freeze", "run"}:
            answer = control("PUT", f"/worlds/{world_id}/clock", {"frozen": step == "freeze"})
        elif step == "advance":
            seconds = _sent("seconds").get("seconds", 0)
            answer = control("POST", f"/worlds/{world_id}/clock/advance", {"seconds": seconds})
        else:
            now = request.form.get("now", "").strip()
            now = now if now.count(":") > 1 else f"{now}:00"
            body = {"now": f"{now.removesuffix('Z')}Z", "frozen": request.form.get("frozen") == "1"}
            answer = control("PUT", f"/worlds/{world_id}/clock", body)
        return _after(world_id, "clock", answer)

    @bp.post("/simulator/worlds/<world_id>/open")
    def open_console(world_id: str) -> AnyResponse:
        with core.database.read() as connection:
            user = directory.user(
                connection, worlds.get(connection, world_id).id, request.form.get("user", "")
            )
        if user is None or user.disabled:
            return _page(world_id, form="open", errors={"user": "unknown"}, status=_REFUSED)
        visitors.enter(visitor(), world=world_id, user=user.id)
        return redirect("/alerts", 303)

    def _after(world_id: str, form: str, answer: Answer) -> AnyResponse:
        if not answer.is_good:
            return _page(world_id, form=form, errors=answer.errors(), status=_REFUSED)
        return done(f"/simulator/worlds/{world_id}", f"simulator.done.{form}")

    def _page(
        world_id: str, *, form: str = "", errors: dict[str, str] | None = None, status: int = 200
    ) -> Response:
        known = control("GET", f"/worlds/{world_id}", None)
        if not known.is_good:
            raise NotFound("world", world_id)
        with core.database.read() as connection:
            world = worlds.get(connection, world_id)
            everything = AlertFilter(scope=Scope(everywhere=True, tenants=frozenset()))
            recent = alert_pages.page(connection, world_id, everything, page_size=_RECENT)
            users = [(row, grants(row.roles)) for row in directory.users(connection, world_id)]
            tenants = directory.tenant_names(connection, world_id)
        return page(
            "simulator_world.html",
            status=status,
            world=known.body,
            now=world.clock.now(),
            recent=recent,
            users=users,
            tenants=tenants,
            priorities=list(Priority),
            form=form,
            errors=errors or {},
            typed=request.form,
            example=shown.as_json({"name": "Brute force against VPN", "priority": "critical"}),
        )

    return bp


def _given(generate: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {"priority": request.form["priority"]}
    given |= {"tenantID": generate["tenant"]} if "tenant" in generate else {}
    given |= {"name": generate["name"]} if "name" in generate else {}
    return given | {"events": [{}] * _whole(generate.get("events", 1))}


def _whole(value: object) -> int:
    return min(value, 10_000) if isinstance(value, int) else 1


def _sent(*names: str) -> dict[str, Any]:
    """Return the form's numbers, those that were left empty left out."""
    texts = {name: request.form.get(name, "").strip() for name in names}
    return {
        name: int(text) if text.isascii() and text.isdigit() else text for name, text in texts.items() if text
    }
