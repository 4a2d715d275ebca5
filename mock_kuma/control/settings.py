"""Custom fields of assets as a test wants them, and the tasks that clients have made.

Contract: additions to the control API. Rule: a world has one setting of custom fields, whose id the vendor
API wants to be told and only the web interface shows; here it is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from flask import Blueprint, Response
from msgspec import Meta

from mock_kuma import worlds
from mock_kuma.control.answers import answer
from mock_kuma.control.request import Invalid, body
from mock_kuma.domain.moments import render_exact
from mock_kuma.domain.settings import CustomField
from mock_kuma.store import settings as store
from mock_kuma.store import tasks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mock_kuma.core import Core
    from mock_kuma.world import World

_Text = Annotated[str, Meta(min_length=1, max_length=128)]


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One custom field: a text with a default value, and a mask that its values match."""

    name: _Text
    id: _Text | None = None
    default: str = ""
    mask: str = ""


class Fields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``PUT custom-fields``: all of them."""

    fields: list[Field]


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("settings", __name__)

    @bp.get("/worlds/<world_id>/custom-fields")
    def read(world_id: str) -> Response:
        with core.database.read() as connection:
            return answer(_shown(connection, worlds.get(connection, world_id)))

    @bp.put("/worlds/<world_id>/custom-fields")
    def put(world_id: str) -> Response:
        wanted = body(Fields)
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            soc = core.soc(world.seed)
            fields = [
                CustomField(
                    id=one.id or worlds.next_id(connection, world, soc, "custom field"),
                    name=one.name,
                    default=one.default,
                    mask=one.mask,
                )
                for one in wanted.fields
            ]
            if len({field.id for field in fields}) < len(fields):
                raise Invalid("fields", "two fields have one id")
            store.set_fields(connection, world.id, fields, now=world.clock.now())
            return answer(_shown(connection, world))

    @bp.get("/worlds/<world_id>/tasks")
    def every_task(world_id: str) -> Response:
        with core.database.read() as connection:
            world = worlds.get(connection, world_id)
            return answer(
                {
                    "tasks": [
                        {
                            "id": row.id,
                            "kind": row.kind,
                            "correlator": row.correlator,
                            "user": row.user,
                            "created": render_exact(row.created),
                            "body": msgspec.Raw(row.body.encode()),
                        }
                        for row in tasks.every(connection, world.id)
                    ]
                }
            )

    return bp


def _shown(connection: Connection, world: World) -> dict[str, Any]:
    row = store.of_world(connection, world.id)
    return {"id": row.id, "fields": store.fields_of(row)}
