"""What happens to alerts: raised, fed with new correlation data, changed by a KUMA user, looked at whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from flask import Blueprint, Response
from msgspec import UNSET, Meta, UnsetType

from mock_kuma import worlds
from mock_kuma.actions import alerts as actions
from mock_kuma.actions import drafts, firing
from mock_kuma.control import truth
from mock_kuma.control.answers import answer
from mock_kuma.control.given import Event, GivenAlert, check_events, given_alert
from mock_kuma.control.request import Invalid, body, moment
from mock_kuma.domain.alerts import Priority, Reason, Status
from mock_kuma.domain.problems import NotFound
from mock_kuma.store import alerts as alert_store
from mock_kuma.store import directory
from mock_kuma.store import worlds as world_store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mock_kuma.core import Core
    from mock_kuma.world import World

_Count = Annotated[int, Meta(ge=0, le=1_000_000)]


class Generate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Alerts to be generated: the newest at ``last_seen``, the others stepping back."""

    count: _Count
    events: Annotated[int, Meta(ge=0, le=100_000)] = 1
    first_seen: str | None = None
    last_seen: str | None = None
    spacing_ms: Annotated[int, Meta(ge=0)] = 1_000
    tenant: str | None = None
    status: Status = Status.NEW
    name: Annotated[str, Meta(min_length=1)] | None = None


class NewAlerts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST alerts``: given ones or generated ones."""

    alerts: list[GivenAlert] | UnsetType = UNSET
    generate: Generate | UnsetType = UNSET


class NewEvents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST alerts/{id}/events``."""

    events: list[Event] | UnsetType = UNSET
    generate: Annotated[int, Meta(ge=1, le=100_000)] | UnsetType = UNSET


class AlertChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``PATCH alerts/{id}``."""

    status: Status | None = None
    assignee: str | None = None
    priority: Priority | None = None
    closing_reason: Reason | None = None


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("stimuli", __name__)

    @bp.post("/worlds/<world_id>/alerts")
    def raise_alerts(world_id: str) -> Response:
        wanted = body(NewAlerts)
        with core.database.write(world_id) as connection:
            world = worlds.get(connection, world_id)
            names = directory.tenant_names(connection, world.id)
            given = _given(world, wanted, names)
            ready = drafts.complete(connection, world, core.soc(world.seed), given, names)
            ids = actions.raise_alerts(connection, world, ready)
        return answer({"ids": ids}, 201)

    @bp.post("/worlds/<world_id>/alerts/<alert_id>/events")
    def feed(world_id: str, alert_id: str) -> Response:
        wanted = body(NewEvents)
        if (wanted.events is UNSET) == (wanted.generate is UNSET):
            raise Invalid("body", 'expected either "events" or "generate"')
        with core.database.write(world_id) as connection:
            world = worlds.get(connection, world_id)
            row = alert_store.find(connection, world.id, alert_id)
            if row is None:
                raise NotFound("alert", alert_id)
            events = _new_events(core, connection, world, row, wanted)
            receipt = firing.ingest(connection, world, core.soc(world.seed), row, events)
        told: dict[str, Any] = {
            "alert": receipt.alert,
            "opened": receipt.opened,
            "event_ids": list(receipt.event_ids),
        }
        if receipt.overflow:
            told["overflow"] = True
        return answer(told, 201)

    @bp.patch("/worlds/<world_id>/alerts/<alert_id>")
    def change(world_id: str, alert_id: str) -> Response:
        wanted = body(AlertChange)
        with core.database.write(world_id) as connection:
            world = worlds.get(connection, world_id)
            actions.change(
                connection,
                world,
                alert=alert_id,
                status=wanted.status,
                assignee=wanted.assignee,
                priority=wanted.priority,
                closing_reason=wanted.closing_reason,
            )
            return answer(truth.alert(connection, world, alert_id))

    @bp.get("/worlds/<world_id>/alerts/<alert_id>")
    def look(world_id: str, alert_id: str) -> Response:
        with core.database.read() as connection:
            world = worlds.get(connection, world_id)
            return answer(truth.alert(connection, world, alert_id))

    return bp


def _given(world: World, wanted: NewAlerts, names: dict[str, str]) -> list[drafts.Given]:
    if (wanted.alerts is UNSET) == (wanted.generate is UNSET):
        raise Invalid("body", 'expected either "alerts" or "generate"')
    if not isinstance(wanted.alerts, UnsetType):
        return [
            given_alert(alert, names, path=f"alerts[{place}]") for place, alert in enumerate(wanted.alerts)
        ]
    assert not isinstance(wanted.generate, UnsetType)  # noqa: S101 -- for the type checker, asked above
    return _generated(world, wanted.generate, names)


def _generated(world: World, wanted: Generate, names: dict[str, str]) -> list[drafts.Given]:
    if wanted.tenant is not None and wanted.tenant not in names:
        raise Invalid("generate.tenant", f"there is no tenant {wanted.tenant!r} in this world")
    newest = world.clock.now() if wanted.last_seen is None else moment(wanted.last_seen, "generate.last_seen")
    first = None if wanted.first_seen is None else moment(wanted.first_seen, "generate.first_seen")
    values: dict[str, Any] = {"status": wanted.status.value}
    if wanted.status is Status.CLOSED:
        values["closing_reason"] = Reason.RESPONDED.value
    if wanted.name is not None:
        values["name"] = wanted.name
    return [
        drafts.Given(
            values=values,
            first_seen=None if first is None else min(first, last),
            last_seen=last,
            event_count=wanted.events,
            tenant=wanted.tenant,
        )
        for last in (newest - place * wanted.spacing_ms * 1_000 for place in range(wanted.count))
    ]


def _new_events(
    core: Core, connection: Connection, world: World, row: Any, wanted: NewEvents
) -> list[dict[str, Any]]:
    soc, now = core.soc(world.seed), world.clock.now() // 1_000
    given: list[dict[str, Any]] | None = None
    if isinstance(wanted.events, UnsetType):
        assert not isinstance(wanted.generate, UnsetType)  # noqa: S101 -- for the type checker
        stamps = drafts.following(row.last_seen // 1_000, now, wanted.generate)
    else:
        given = check_events(wanted.events, "events")
        stamps = drafts.following(row.last_seen // 1_000, now, len(given))
    first = world_store.draw(connection, world.id, "drawn_events", len(stamps))
    names = directory.tenant_names(connection, world.id)
    columns = dict(row._mapping)  # noqa: SLF001 -- the public name of a Row's columns by name
    return drafts.events_of(soc, columns, stamps, first=first, given=given, names=names)
