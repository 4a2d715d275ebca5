"""How the alerts of a world fill: what its users have set, and its segmentation rules.

Contract: an addition to the control API. ``PUT filling`` and ``events_limit`` are for releases whose users
can set them (4.0); an earlier one answers 422. Rule: what is set counts for the next firing, not for the
past.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from flask import Blueprint, Response
from msgspec import Meta

from mock_kuma import worlds
from mock_kuma.control.answers import answer
from mock_kuma.control.request import Invalid, body
from mock_kuma.domain import filling as rules
from mock_kuma.domain.alerts import Status
from mock_kuma.store import filling as store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mock_kuma.core import Core
    from mock_kuma.world import World

_Text = Annotated[str, Meta(min_length=1, max_length=128)]
_Value = Annotated[str, Meta(max_length=16_384)] | int | float


class Filling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``PUT filling``: statuses that fill, and for how many hours from an alert's creation."""

    statuses: tuple[Status, ...] = (Status.NEW,)
    max_age_hours: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None  # the release's


class NewRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST segmentation-rules``; ``correlation_rule`` is an id or a name."""

    name: _Text
    correlation_rule: _Text
    selector: dict[str, _Value] = {}
    events_limit: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("filling", __name__)

    @bp.get("/worlds/<world_id>/filling")
    def read(world_id: str) -> Response:
        with core.database.read() as connection:
            return answer(_shown(connection, worlds.get(connection, world_id)))

    @bp.put("/worlds/<world_id>/filling")
    def put(world_id: str) -> Response:
        wanted = body(Filling)
        if Status.NEW not in wanted.statuses or Status.CLOSED in wanted.statuses:
            raise Invalid("statuses", "expected new, and perhaps assigned and escalated beside it")
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            _check_release(world, "statuses")
            hours = wanted.max_age_hours or rules.default_hours(world.release)
            assert hours is not None  # noqa: S101 -- for the type checker: such a release has one
            chosen = rules.Setting(frozenset(status.value for status in wanted.statuses), hours)
            store.choose(connection, world.id, chosen)
            return answer(_shown(connection, world))

    @bp.get("/worlds/<world_id>/segmentation-rules")
    def every_rule(world_id: str) -> Response:
        with core.database.read() as connection:
            world = worlds.get(connection, world_id)
            return answer({"rules": store.rules(connection, world.id)})

    @bp.post("/worlds/<world_id>/segmentation-rules")
    def add_rule(world_id: str) -> Response:
        wanted = body(NewRule)
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            if wanted.events_limit is not None:
                _check_release(world, "events_limit")
            rule = rules.SegmentationRule(
                id=worlds.next_id(connection, world, core.soc(world.seed), "segmentation rule"),
                name=wanted.name,
                correlation_rule=wanted.correlation_rule,
                selector=wanted.selector,
                events_limit=wanted.events_limit,
            )
            store.add_rule(connection, world.id, rule)
        return answer({"id": rule.id}, 201)

    return bp


def _check_release(world: World, path: str) -> None:
    if not world.release.filling_settings:
        raise Invalid(path, f"KUMA {world.release.name} has no such setting; 4.0 has")


def _shown(connection: Connection, world: World) -> dict[str, Any]:
    """Return what is in force; without a limit of age, its hours are null."""
    chosen = store.setting(connection, world.id)
    statuses = world.release.fills if chosen is None else chosen.statuses
    hours = rules.default_hours(world.release) if chosen is None else chosen.max_age_hours
    return {
        "statuses": [status.value for status in Status if status.value in statuses],
        "max_age_hours": hours,
    }
