"""Alerts as an analyst sees them: the table with its filters, and the card of one.

Who sees which alert is decided by the role matrix, as in the API. Rule: a filter that cannot be read is told
beside its field, and the others go on working.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response, request

from mock_kuma.actions import alerts as actions
from mock_kuma.console import door, shown
from mock_kuma.console.page import number, page
from mock_kuma.console.visitor import caller, scope, visitor
from mock_kuma.domain import moments
from mock_kuma.domain.alerts import Priority, Reason, Status
from mock_kuma.domain.filters import AlertFilter
from mock_kuma.domain.patterns import BadPattern, Pattern
from mock_kuma.store import alerts as store
from mock_kuma.store import directory
from mock_kuma.store import events as event_store
from mock_kuma.store import incidents as incident_store

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from mock_kuma.core import Core
    from mock_kuma.domain.roles import Scope
    from mock_kuma.world import World

_PAGE_SIZE: Final = 50
#: The open ones are what an analyst works on.
_OPEN: Final = ("new", "assigned", "escalated")
ASSIGN: Final = "POST /alerts/assign"
CLOSE: Final = "POST /alerts/close"
ESCALATE: Final = "POST /incidents/create"
COMMENT: Final = "POST /alerts/comment"


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("alerts", __name__)
    bp.before_request(door.users_only)

    @bp.get("/alerts")
    def table() -> Response:
        world, sees = caller().world, scope("GET /alerts")
        errors: dict[str, tuple[str, str]] = {}
        wanted = _filter(sees, errors)
        sort = _sort()
        descending = request.args.get("order", "desc") != "asc"
        with core.database.read() as connection:
            names = directory.tenant_names(connection, world.id)
            rows, total = store.table(
                connection,
                world.id,
                wanted,
                priorities=_among("priority", [word.value for word in Priority]),
                sort=sort,
                descending=descending,
                page_size=_PAGE_SIZE,
            )
            is_empty = not total and not any(store.summaries(connection, world.id, ()))
        return page(
            "alerts.html",
            rows=rows,
            total=total,
            number=wanted.page,
            pages=max(1, -(-total // _PAGE_SIZE)),
            tenants={key: name for key, name in names.items() if sees.covers(key)},
            names=names,
            sort=sort.value,
            descending=descending,
            sorts=[word.value for word in store.Sort],
            statuses=list(Status),
            priorities=list(reversed(Priority)),
            chosen=wanted,
            errors=errors,
            world_is_empty=is_empty,
        )

    @bp.get("/alerts/<alert_id>")
    def card(alert_id: str) -> Response:
        return show(core, alert_id)

    return bp


def show(core: Core, alert_id: str, *, errors: dict[str, Any] | None = None, status: int = 200) -> Response:
    """Return the card of an alert that the user may see; ``errors`` are those of a form on it."""
    world = caller().world
    with core.database.read() as connection:
        row = actions.reach(connection, world, scope("GET /alerts/id/{id}"), alert_id)
        names = directory.tenant_names(connection, world.id)
        texts = event_store.of_alerts(connection, world.id, [row])[row.id]
        history = store.history(connection, world.id, row.drawn)
        incident = incident_store.incident_of(connection, world.id, alert_id)
        people = _people(connection, world)
    return page(
        "alert.html",
        status=status,
        alert=row,
        names=names,
        events=[msgspec.json.decode(text) for text in texts],
        affected={
            "assets": msgspec.json.decode(row.assets) or [],
            "accounts": msgspec.json.decode(row.accounts) or [],
        },
        history=[(entry, _brought(entry)) for entry in reversed(history)],
        incident=incident,
        people=people,
        reasons=list(Reason),
        may={
            name: row.status != Status.CLOSED.value and scope(operation).covers(row.tenant)
            for name, operation in (("assign", ASSIGN), ("close", CLOSE), ("escalate", ESCALATE))
        },
        may_comment=scope(COMMENT).covers(row.tenant),
        errors=errors or {},
        typed=request.form,
    )


def _people(connection: Connection, world: World) -> list[Row[Any]]:
    """Return whom the user may give alerts to: everybody who may be found, else only himself."""
    rows = [row for row in directory.users(connection, world.id) if not row.disabled]
    return rows if visitor().may("GET /users") else [row for row in rows if row.id == caller().id]


def _brought(entry: Any) -> dict[str, Any]:
    """Return what a change brought, in words that a page can show."""
    details = msgspec.json.decode(entry.details)
    if "last_seen" in details:
        details["last_seen"] = shown.time(details["last_seen"])
    if "event_ids" in details:
        details["events"] = len(details.pop("event_ids"))
    return {name: value for name, value in details.items() if value not in ("", None)}


def _filter(sees: Scope, errors: dict[str, tuple[str, str]]) -> AlertFilter:
    chosen = _among("status", [word.value for word in Status])
    # Until somebody asks otherwise the closed ones are left out; a form sent without a status means all.
    statuses = chosen if chosen or "filtered" in request.args else _OPEN
    return AlertFilter(
        scope=sees,
        page=number(),
        tenants=tuple(one for one in request.args.getlist("tenant") if one),
        name=_name(errors),
        since=_moment("from", errors),
        until=_moment("to", errors),
        statuses=statuses,
    )


def _name(errors: dict[str, tuple[str, str]]) -> Pattern | None:
    text = request.args.get("name", "").strip()
    if not text:
        return None
    try:
        # Part of a name, as typed: an analyst looks for "(test)" and means just that.
        return Pattern(re.escape(text))
    except BadPattern as error:
        errors["name"] = ("BadPattern", str(error))
        return None


def _moment(name: str, errors: dict[str, tuple[str, str]]) -> int | None:
    try:
        return shown.from_input(request.args.get(name, ""))
    except moments.NotAMoment as error:
        errors[name] = ("NotAMoment", str(error))
        return None


def _among(name: str, known: list[str]) -> tuple[str, ...]:
    return tuple(word for word in request.args.getlist(name) if word in known)


def _sort() -> store.Sort:
    asked = request.args.get("sort", "")
    return next((word for word in store.Sort if word.value == asked), store.Sort.LAST_SEEN)
