"""An incident's card: fields, history, related alert, the Response tab with its events, and what can be done.

A transaction of the worker is done here: its required fields are asked for, and closing goes to KUMA first.
Rule: an incident is closed when KUMA has confirmed it, not when somebody pressed a button.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request

from connector.desk import finding
from connector.desk.page import REFUSED, done, number, page, typed, user
from connector.errors import ConnectorError

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from connector.desk.engine import Engine
    from connector.desk.finding import Found
    from connector.desk.worker import Transaction

TABS: Final = ("overview", "response", "alert")
_COLUMNS: Final = (
    "Timestamp",
    "Name",
    "SourceAddress",
    "DestinationAddress",
    "SourceUserName",
    "DeviceHostName",
)
_LONGEST: Final = 4_000


def blueprint(engine: Engine) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("card", __name__)

    @bp.get("/incidents/<incident_id>")
    def show(incident_id: str) -> Response:
        return _card(engine, engine.finding.one(incident_id))

    @bp.post("/incidents/<incident_id>/move")
    def move(incident_id: str) -> AnyResponse:
        found = engine.finding.one(incident_id)
        way = _way(engine, found)
        if way is None:
            words = "Meanwhile the incident is in another state; look again."
            return _card(engine, found, errors={"move": words}, status=409)
        place, transaction = way
        errors = {
            f"{name}-{place}": "Fill in this field." for name in transaction.fields if not typed(name)
        } | {f"{name}-{place}": "Too long." for name in transaction.fields if len(typed(name)) > _LONGEST}
        if transaction.closes and typed("reason") not in engine.worker().reasons:
            errors[f"reason-{place}"] = "Choose a reason."
        if errors:
            return _card(engine, found, errors=errors, status=REFUSED, open_way=place)
        if transaction.closes:
            try:
                engine.close(found.alert_id, typed("reason"))
            except ConnectorError as error:
                engine.history.note(
                    found.alert_id, "closing failed", at=engine.clock(), who=user().login, why=str(error)
                )
                return _card(engine, found, errors={"move": str(error)}, status=502, open_way=place)
        _move(engine, found, transaction)
        return done(f"/incidents/{found.id}", "Done.")

    @bp.post("/incidents/<incident_id>/note")
    def note(incident_id: str) -> AnyResponse:
        found = engine.finding.one(incident_id)
        text = typed("comment")
        if not text or len(text) > _LONGEST:
            words = "Too long." if text else "Fill in this field."
            return _card(engine, found, errors={"comment": words}, status=REFUSED)
        engine.history.note(found.alert_id, "comment", at=engine.clock(), who=user().login, comment=text)
        return done(f"/incidents/{found.id}", "The comment was added.")

    return bp


def _way(engine: Engine, found: Found) -> tuple[int, Transaction] | None:
    """Return the transaction that was chosen, if the incident's state and the user's role still allow it."""
    worker = engine.worker()
    state = worker.state_of(found.local, is_closed=found.is_closed)
    ways = {str(place): (place, way) for place, way in worker.ways(state, user().role)}
    return ways.get(request.form.get("way", ""))


def _move(engine: Engine, found: Found, way: Transaction) -> None:
    login = user().login
    worker = engine.worker()
    before = worker.state_of(found.local, is_closed=found.is_closed)
    names = {state.id: state.name for state in worker.states}
    fields = {"state": way.to}
    fields |= {"owner": login} if way.takes else {}
    fields |= {"resolution": typed("resolution")} if "resolution" in way.fields else {}
    engine.incidents.edit(found.alert_id, fields)
    told = {name: typed(name) for name in (*way.fields, *(["reason"] if way.closes else []))}
    told = {"state": f"{before.name} → {names[way.to]}", **told}
    engine.history.note(found.alert_id, way.name, at=engine.clock(), who=login, **told)


def _card(
    engine: Engine,
    found: Found,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
    open_way: int | None = None,
) -> Response:
    worker = engine.worker()
    state = worker.state_of(found.local, is_closed=found.is_closed)
    tab = request.args.get("tab", "")
    tab = tab if tab in TABS else TABS[0]
    values: dict[str, Any] = {}
    if tab == "response":
        values = _events(engine, found)
    return page(
        "incident.html",
        status,
        incident=found,
        state=state,
        worker=worker,
        ways=worker.ways(state, user().role),
        open_way=open_way,
        fields=engine.handler().fields(found.alert),
        type=engine.handler().actions.type,
        history=engine.history.of(found.alert_id),
        closing=None if found.is_closed else engine.outbox.of(found.alert_id),
        reasons=list(worker.reasons),
        tab=tab,
        tabs=TABS,
        errors=errors or {},
        **values,
    )


def _events(engine: Engine, found: Found) -> dict[str, Any]:
    text = request.args.get("q", "").strip()[:_LONGEST]
    events, count = engine.finding.events(found.alert_id, page=number(), text=text)
    known = sorted({key for event in events for key in event if key != "BaseEvents"} | set(_COLUMNS))
    chosen = [key for key in request.args.getlist("column") if key in known]
    return {
        "events": events,
        "count": count,
        "pages": max(1, -(-count // finding.EVENTS)),
        "known": known,
        "columns": chosen or list(_COLUMNS),
        "raw": request.args.get("view") == "raw",
        "q": text,
    }
