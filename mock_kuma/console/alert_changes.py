"""What an analyst does with an alert: gives it to somebody, escalates, closes, comments.

The same actions as the API's, with the same refusals. Rule: the form's refusal is told on the card, beside
the field, and the alert is as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, request

from mock_kuma.actions import alert_operations, incidents
from mock_kuma.actions import alerts as actions
from mock_kuma.console import alerts, door
from mock_kuma.console.page import done
from mock_kuma.console.visitor import caller, scope
from mock_kuma.domain import alerts as life
from mock_kuma.domain.incidents import MAX_NAME, Draft, Reference
from mock_kuma.domain.problems import AccessDenied, NotFound, Problem

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from mock_kuma.core import Core

_MAX_COMMENT: Final = 4_000
_REFUSED: Final = 422


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("alert_changes", __name__)
    bp.before_request(door.users_only)

    @bp.post("/alerts/<alert_id>/assign")
    def assign(alert_id: str) -> AnyResponse:
        user, world = request.form.get("user", ""), caller().world
        try:
            with core.database.write() as connection:
                if user:
                    alert_operations.assign(connection, world, scope(alerts.ASSIGN), [alert_id], user)
                else:
                    actions.reach_open(connection, world, scope(alerts.ASSIGN), alert_id)
                    actions.change(connection, world, alert=alert_id, assignee="")
        except Problem as problem:
            return _again(core, alert_id, "assign", problem)
        return done(f"/alerts/{alert_id}", "alert.done.assigned" if user else "alert.done.unassigned")

    @bp.post("/alerts/<alert_id>/escalate")
    def escalate(alert_id: str) -> AnyResponse:
        world = caller().world
        try:
            with core.database.write() as connection:
                row = actions.reach_open(connection, world, scope(alerts.ESCALATE), alert_id)
                draft = Draft(
                    name=row.name[:MAX_NAME] or row.id,
                    tenant=row.tenant,
                    assignee=request.form.get("user", ""),
                    alerts=[Reference(row.id)],
                )
                incidents.create(connection, world, scope(alerts.ESCALATE), draft, calculate_priority=True)
        except Problem as problem:
            return _again(core, alert_id, "escalate", problem)
        return done(f"/alerts/{alert_id}", "alert.done.escalated")

    @bp.post("/alerts/<alert_id>/close")
    def close(alert_id: str) -> AnyResponse:
        reason = life.reason(request.form.get("reason", ""))
        if reason is None:
            return alerts.show(core, alert_id, errors={"close": ("choose", "")}, status=_REFUSED)
        try:
            with core.database.write() as connection:
                actions.close(connection, caller().world, scope(alerts.CLOSE), alert=alert_id, reason=reason)
        except Problem as problem:
            return _again(core, alert_id, "close", problem)
        return done(f"/alerts/{alert_id}", "alert.done.closed")

    @bp.post("/alerts/<alert_id>/comment")
    def comment(alert_id: str) -> AnyResponse:
        text = request.form.get("comment", "").replace("\r\n", "\n").strip()
        if not text or len(text) > _MAX_COMMENT or "\0" in text:
            wrong = ("too_long" if text else "required", "")
            return alerts.show(core, alert_id, errors={"comment": wrong}, status=_REFUSED)
        who = caller()
        try:
            with core.database.write() as connection:
                alert_operations.comment(
                    connection, who.world, scope(alerts.COMMENT), alert_id, user=who.name, text=text
                )
        except Problem as problem:
            return _again(core, alert_id, "comment", problem)
        return done(f"/alerts/{alert_id}", "alert.done.commented")

    return bp


def _again(core: Core, alert_id: str, form: str, problem: Problem) -> AnyResponse:
    """Return the card with what was refused; an alert that the user may not touch has no card."""
    if isinstance(problem, AccessDenied) or (isinstance(problem, NotFound) and problem.kind == "alert"):
        raise problem
    error = (type(problem).__name__, str(problem))
    return alerts.show(core, alert_id, errors={form: error}, status=_REFUSED)
