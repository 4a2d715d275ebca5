"""Incidents (v3): searched, one by its id, made, given to a user, closed, commented, linked to alerts.

Source: REST API, 5.10, from a public client; the vendor's v3 document was not readable. Which versions have
incidents is told in the set below.

GUESS: the fields of an answer are those of the creation, with what the web interface shows beside them; a
change answers 204 without a body, the creation with the new id; statuses and period are refused as in the
search for alerts; ``timestampField`` and the order are those of alerts, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response

from mock_kuma.actions import incidents as actions
from mock_kuma.api import gate, query, sent
from mock_kuma.api.alert_operations import check_comment
from mock_kuma.api.route import vendor_route
from mock_kuma.domain import incidents as rules
from mock_kuma.domain.moments import render
from mock_kuma.domain.problems import BadInput
from mock_kuma.store import directory
from mock_kuma.store import incidents as store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Row

    from mock_kuma.api.dialect import Dialect
    from mock_kuma.api.params import Params
    from mock_kuma.core import Core
    from mock_kuma.domain.roles import Scope

_HAVE_INCIDENTS: Final = frozenset({"v3"})
_STATUSES: Final = frozenset(status.value for status in rules.Status)
_LIST: Final = msgspec.json.Decoder(list[str])


class Assignment(msgspec.Struct, frozen=True):
    """The body of ``POST /incidents/assign``; ``assignee`` is a user's id."""

    incidents: list[str] = msgspec.field(default_factory=list, name="incidentIDs")
    assignee: str = ""


class Closing(msgspec.Struct, frozen=True):
    """The body of ``POST /incidents/close``."""

    incidents: list[str] = msgspec.field(default_factory=list, name="incidentIDs")
    resolution: int | None = None


class Comment(msgspec.Struct, frozen=True):
    """The body of ``POST /incidents/comment``."""

    id: str = ""
    comment: str = ""


class Links(msgspec.Struct, frozen=True):
    """The body of ``POST /incidents/link`` and ``POST /incidents/unlink``."""

    incident: str = msgspec.field(default="", name="incidentID")
    alerts: list[str] = msgspec.field(default_factory=list, name="alertIDs")


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("incidents", __name__)
    if dialect.name not in _HAVE_INCIDENTS:
        return bp

    @vendor_route(bp, dialect, "GET /incidents")
    def search() -> Response:
        world = gate.caller().world
        wanted = incident_filter(query.query(), gate.scope("GET /incidents"))
        with core.database.read() as connection:
            names = directory.tenant_names(connection, world.id)
            rows = store.page(connection, world.id, wanted, page_size=world.page_size, tenant_names=names)
            alerts = store.alerts_of(connection, world.id, [row.id for row in rows])
        return _json([_incident(row, names, alerts[row.id]) for row in rows])

    @vendor_route(bp, dialect, "GET /incidents/id/{id}", path="/incidents/id/<incident_id>")
    def one(incident_id: str) -> Response:
        world = gate.caller().world
        with core.database.read() as connection:
            row = actions.reach(connection, world, gate.scope("GET /incidents/id/{id}"), incident_id)
            names = directory.tenant_names(connection, world.id)
            alerts = store.alerts_of(connection, world.id, [incident_id])[incident_id]
            comments = store.comments_of(connection, world.id, incident_id)
        told = [{"user": one.user, "comment": one.comment, "created": render(one.at)} for one in comments]
        return _json({**_incident(row, names, alerts), "comments": told})

    @vendor_route(bp, dialect, "POST /incidents/create")
    def create() -> Response:
        calculate = query.query().boolean("calcPriority")
        draft = _draft()
        with core.database.write() as connection:
            scope = gate.scope("POST /incidents/create")
            made = actions.create(connection, gate.caller().world, scope, draft, calculate_priority=calculate)
        return _json({"id": made})

    @vendor_route(bp, dialect, "POST /incidents/assign")
    def assign() -> Response:
        wanted = sent.body(Assignment)
        query.required_fields(incidentIDs=wanted.incidents, assignee=wanted.assignee)
        with core.database.write() as connection:
            scope = gate.scope("POST /incidents/assign")
            actions.assign(connection, gate.caller().world, scope, wanted.incidents, wanted.assignee)
        return Response(status=204)

    @vendor_route(bp, dialect, "POST /incidents/close")
    def close() -> Response:
        wanted = sent.body(Closing)
        query.required_fields(incidentIDs=wanted.incidents)
        if wanted.resolution is None:
            raise BadInput("resolution required")
        if wanted.resolution not in set(rules.Resolution):
            raise BadInput("invalid resolution")
        with core.database.write() as connection:
            scope = gate.scope("POST /incidents/close")
            resolution = rules.Resolution(wanted.resolution)
            actions.close(connection, gate.caller().world, scope, wanted.incidents, resolution)
        return Response(status=204)

    @vendor_route(bp, dialect, "POST /incidents/comment")
    def comment() -> Response:
        wanted = sent.body(Comment)
        query.required_fields(id=wanted.id, comment=wanted.comment)
        check_comment(wanted.comment)
        who = gate.caller()
        with core.database.write() as connection:
            scope = gate.scope("POST /incidents/comment")
            actions.comment(connection, who.world, scope, wanted.id, user=who.name, text=wanted.comment)
        return Response(status=204)

    @vendor_route(bp, dialect, "POST /incidents/link")
    def link() -> Response:
        wanted = _links()
        with core.database.write() as connection:
            scope = gate.scope("POST /incidents/link")
            actions.link(connection, gate.caller().world, scope, wanted.incident, wanted.alerts)
        return Response(status=204)

    @vendor_route(bp, dialect, "POST /incidents/unlink")
    def unlink() -> Response:
        wanted = _links()
        with core.database.write() as connection:
            scope = gate.scope("POST /incidents/unlink")
            actions.unlink(connection, gate.caller().world, scope, wanted.incident, wanted.alerts)
        return Response(status=204)

    return bp


def incident_filter(asked: Params, scope: Scope) -> rules.IncidentFilter:
    """Return the search for incidents that a query asks for."""
    page, statuses, period = asked.page(), asked.statuses(_STATUSES), asked.period()
    return rules.IncidentFilter(
        scope=scope,
        page=page,
        ids=asked.every("id"),
        tenants=asked.every("tenantID"),
        name=asked.name(),
        search=sent.pattern(asked, "search"),
        field=period.field,
        since=period.since,
        until=period.until,
        statuses=statuses,
    )


def _draft() -> rules.Draft:
    draft = sent.body(rules.Draft)
    rules.check(draft)
    return draft


def _links() -> Links:
    wanted = sent.body(Links)
    query.required_fields(incidentID=wanted.incident, alertIDs=wanted.alerts)
    return wanted


def _incident(row: Row[Any], tenant_names: Mapping[str, str], alerts: Sequence[Row[Any]]) -> dict[str, Any]:
    return {
        "id": row.id,
        "tenantID": row.tenant,
        "tenantName": tenant_names.get(row.tenant, ""),
        "name": row.name,
        "description": row.description,
        "type": msgspec.Raw(row.type.encode()),
        "priority": row.priority,
        "status": row.status,
        "resolution": row.resolution,
        "assigneeId": row.assignee_id,
        "assignee": row.assignee,
        "firstSeen": render(row.first_seen),
        "lastSeen": render(row.last_seen),
        "created": render(row.created),
        "updated": render(row.updated),
        "alerts": [{"id": one.id, "name": one.name, "status": one.status} for one in alerts],
        "assets": [{"id": one} for one in _LIST.decode(row.assets)],
        "accounts": [{"id": one} for one in _LIST.decode(row.accounts)],
        "availableTenants": msgspec.Raw(row.available_tenants.encode()),
    }


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), mimetype="application/json")
