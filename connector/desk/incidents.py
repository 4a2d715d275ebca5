"""All incidents (2 lines): the list, and the word by which a page learns that something changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, redirect, request

from connector.desk import finding
from connector.desk.finding import Wanted
from connector.desk.page import number, page, user

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from connector.desk.engine import Engine

_LONGEST = 200


def blueprint(engine: Engine) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("incidents", __name__)

    @bp.get("/")
    def home() -> AnyResponse:
        return redirect("/incidents", 303)

    @bp.get("/incidents")
    def listed() -> Response:
        worker = engine.worker()
        wanted = _wanted()
        rows, count, total = engine.finding.search(wanted, worker)
        return page(
            "incidents.html",
            rows=[(row, worker.state_of(row.local, is_closed=row.is_closed)) for row in rows],
            count=count,
            total=total,
            pages=max(1, -(-count // finding.PAGE)),
            wanted=wanted,
            worker=worker,
            priorities=finding.PRIORITIES,
            type=engine.handler().actions.type,
            is_set=bool(engine.link().url) and bool(engine.vault.place),
            schedule=engine.schedule(),
            waiting=engine.inbox.count(),
        )

    @bp.get("/live")
    def live() -> Response:
        latest = engine.history.latest(with_runs="runs" in request.args)
        return jsonify(version=f"{engine.finding.version()}.{latest}")

    return bp


def _wanted() -> Wanted:
    sort = request.args.get("sort", "last_seen")
    line = request.args.get("line", "")
    return Wanted(
        text=request.args.get("q", "").strip()[:_LONGEST],
        states=tuple(request.args.getlist("state")),
        priorities=tuple(request.args.getlist("priority")),
        line=int(line) if line in {"1", "2"} else 0,
        owner=user().login if request.args.get("mine") else "",
        sort=sort if sort in finding.SORTS else "last_seen",
        descending=request.args.get("order", "desc") != "asc",
        page=number(),
    )
