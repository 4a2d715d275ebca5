"""Alerts in v3: one by its id, given to a user, commented, linked to events and unlinked from them.

Source: REST API, 3.3, from a public client; the vendor's v3 document was not readable. Which versions have
these operations is told in the set below.

GUESS: a missing field is refused in the words of closing an alert; a change answers 204 without a body, as
closing does; one alert comes with its events, assets and accounts, since its operation takes no flags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from flask import Blueprint, Response

from mock_kuma.actions import alert_operations as actions
from mock_kuma.actions import alerts as alert_actions
from mock_kuma.api import gate, query, sent, wireformat
from mock_kuma.api.route import vendor_route
from mock_kuma.domain.problems import BadInput
from mock_kuma.journal import Served
from mock_kuma.store import directory
from mock_kuma.store import events as event_store

if TYPE_CHECKING:
    from mock_kuma.api.dialect import Dialect
    from mock_kuma.core import Core

_HAVE_OPERATIONS: Final = frozenset({"v3"})
#: GUESS: longer comments are refused; descriptions of resources have this limit in the help.
MAX_COMMENT: Final = 4_000


class Assignment(msgspec.Struct, frozen=True):
    """The body of ``POST /alerts/assign``."""

    ids: list[str] = []
    user: str = msgspec.field(default="", name="userId")


class Comment(msgspec.Struct, frozen=True):
    """The body of ``POST /alerts/comment``."""

    alert: str = msgspec.field(default="", name="alertID")
    comment: str = ""


class Link(msgspec.Struct, frozen=True):
    """The body of ``POST /alerts/link-event``; the time in seconds or milliseconds."""

    alert: str = msgspec.field(default="", name="alertID")
    cluster: str = msgspec.field(default="", name="clusterID")
    event: str = msgspec.field(default="", name="eventID")
    timestamp: int | None = msgspec.field(default=None, name="eventTimestamp")
    comment: str = ""


class Unlink(msgspec.Struct, frozen=True):
    """The body of ``POST /alerts/unlink-event``."""

    alert: str = msgspec.field(default="", name="alertID")
    event: str = msgspec.field(default="", name="eventID")


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("alert_operations", __name__)
    if dialect.name not in _HAVE_OPERATIONS:
        return bp

    @vendor_route(bp, dialect, "GET /alerts/id/{id}", path="/alerts/id/<alert_id>")
    def one(alert_id: str) -> Response:
        world = gate.caller().world
        with core.database.read() as connection:
            row = alert_actions.reach(connection, world, gate.scope("GET /alerts/id/{id}"), alert_id)
            events = event_store.of_alerts(connection, world.id, [row])[row.id]
            names = directory.tenant_names(connection, world.id)
        shown = wireformat.alert(
            row,
            dialect=dialect,
            tenant_name=names.get(row.tenant, ""),
            events=events,
            with_affected=True,
        )
        gate.arrival().served = [Served(row.id, row.version)]
        return Response(msgspec.json.encode(shown), mimetype="application/json")

    @vendor_route(bp, dialect, "POST /alerts/assign")
    def assign() -> Response:
        wanted = sent.body(Assignment)
        query.required_fields(ids=wanted.ids, userId=wanted.user)
        with core.database.write() as connection:
            scope = gate.scope("POST /alerts/assign")
            actions.assign(connection, gate.caller().world, scope, wanted.ids, wanted.user)
        return Response(status=204)

    @vendor_route(bp, dialect, "POST /alerts/comment")
    def comment() -> Response:
        wanted = sent.body(Comment)
        query.required_fields(alertID=wanted.alert, comment=wanted.comment)
        check_comment(wanted.comment)
        who = gate.caller()
        with core.database.write() as connection:
            scope = gate.scope("POST /alerts/comment")
            actions.comment(connection, who.world, scope, wanted.alert, user=who.name, text=wanted.comment)
        return Response(status=204)

    @vendor_route(bp, dialect, "POST /alerts/link-event")
    def link_event() -> Response:
        wanted = sent.body(Link)
        query.required_fields(alertID=wanted.alert, clusterID=wanted.cluster, eventID=wanted.event)
        if wanted.timestamp is None:
            raise BadInput("eventTimestamp required")
        check_comment(wanted.comment)
        who = gate.caller()
        with core.database.write() as connection:
            actions.link_event(
                connection,
                who.world,
                gate.scope("POST /alerts/link-event"),
                wanted.alert,
                cluster=wanted.cluster,
                event=wanted.event,
                timestamp=wanted.timestamp,
                user=who.name,
                text=wanted.comment,
            )
        return Response(status=204)

    @vendor_route(bp, dialect, "POST /alerts/unlink-event")
    def unlink_event() -> Response:
        wanted = sent.body(Unlink)
        query.required_fields(alertID=wanted.alert, eventID=wanted.event)
        who = gate.caller()
        with core.database.write() as connection:
            scope = gate.scope("POST /alerts/unlink-event")
            actions.unlink_event(
                connection, who.world, scope, wanted.alert, event=wanted.event, user=who.name
            )
        return Response(status=204)

    return bp


def check_comment(text: str) -> None:
    """Raise unless a comment may be stored; a NUL is what no PostgreSQL takes."""
    if len(text) > MAX_COMMENT or "\0" in text:
        raise BadInput("invalid value", "comment")
