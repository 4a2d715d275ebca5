"""Events that belong to no alert, as a test wants them to be found. Contract: control API, "More stimuli"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response

from mock_kuma import worlds
from mock_kuma.actions import events as actions
from mock_kuma.control.answers import answer
from mock_kuma.control.given import Event, check_events
from mock_kuma.control.request import Invalid, body
from mock_kuma.store import directory
from mock_kuma.store import worlds as world_store

if TYPE_CHECKING:
    from mock_kuma.core import Core
    from mock_kuma.generate import Soc
    from mock_kuma.world import World

_BASE: Final = 1  # Type of a base event (event data model, 217941)


class NewEvents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST events``: base events unless ``Type`` says otherwise."""

    events: list[Event]


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("events", __name__)

    @bp.post("/worlds/<world_id>/events")
    def add(world_id: str) -> Response:
        given = check_events(body(NewEvents).events, "events")
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            names = directory.tenant_names(connection, world.id)
            first = world_store.draw(connection, world.id, "drawn_ids", len(given))
            soc = core.soc(world.seed)
            events = [
                _complete(event, world, soc, number, names, path=f"events[{number - first}]")
                for number, event in enumerate(given, first)
            ]
            rows = [
                row
                for event in events
                for row in actions.event_rows(world, event, alert_number=None, place=0)
            ]
            actions.store(connection, world, rows)
        return answer({"ids": [event["ID"] for event in events]}, 201)

    return bp


def _complete(
    event: Event, world: World, soc: Soc, number: int, names: dict[str, str], *, path: str
) -> dict[str, Any]:
    """Return the event with what every event has; its base events are of its tenant and time."""
    tenant = event.get("TenantID", world.main_tenant)
    if tenant not in names:
        raise Invalid(f"{path}.TenantID", f"there is no tenant {tenant!r} in this world")
    shared = {
        "Timestamp": event.get("Timestamp", world.clock.now() // 1_000),
        "TenantID": tenant,
        "TenantName": names[tenant],
    }
    whole = {"ID": soc.uuid("lone event", number), "Type": _BASE, **shared, **event}
    if whole.get("BaseEvents") is not None:
        whole["BaseEvents"] = [
            {"ID": soc.uuid(f"base event {whole['ID']}", place), "Type": _BASE, **shared, **base}
            for place, base in enumerate(whole["BaseEvents"])
        ]
    return whole
