"""Services that a test wants to be there, and what happens to them on their servers.

Contract: control API, "More stimuli". Rule: a storage made here is a cluster of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from flask import Blueprint, Response
from msgspec import Meta

from mock_kuma import worlds
from mock_kuma.actions import services as actions
from mock_kuma.api.services import service as shown
from mock_kuma.control.answers import answer
from mock_kuma.control.request import Invalid, body
from mock_kuma.domain.services import Kind, Status  # noqa: TC001 -- read at run time, to decode bodies
from mock_kuma.store import directory
from mock_kuma.store import services as store

if TYPE_CHECKING:
    from mock_kuma.core import Core

_Text = Annotated[str, Meta(min_length=1, max_length=255)]


class NewService(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST services``; green if it is paired, grey if not, unless ``status`` says."""

    kind: Kind
    name: _Text
    id: _Text | None = None
    tenant: str | None = None
    paired: bool = True
    status: Status | None = None
    fqdn: _Text | None = None
    warning: str = ""


class ServiceChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``PATCH services/{id}``: what is absent stays."""

    status: Status | None = None
    paired: bool | None = None
    warning: str | None = None


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("services", __name__)

    @bp.post("/worlds/<world_id>/services")
    def add(world_id: str) -> Response:
        wanted = body(NewService)
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            tenant = wanted.tenant or world.main_tenant
            if directory.tenant(connection, world.id, tenant) is None:
                raise Invalid("tenant", f"there is no tenant {tenant!r} in this world")
            soc = core.soc(world.seed)
            draft = actions.Draft(
                id=wanted.id or worlds.next_id(connection, world, soc, "service"),
                resource=worlds.next_id(connection, world, soc, wanted.kind.value),
                kind=wanted.kind,
                name=wanted.name,
                tenant=tenant,
                paired=wanted.paired,
                status=wanted.status,
                fqdn=wanted.fqdn,
                warning=wanted.warning,
            )
            actions.add(connection, world, draft)
        return answer({"ids": [draft.id]}, 201)

    @bp.patch("/worlds/<world_id>/services/<service_id>")
    def change(world_id: str, service_id: str) -> Response:
        wanted = body(ServiceChange)
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            changed = actions.Change(status=wanted.status, paired=wanted.paired, warning=wanted.warning)
            actions.change(connection, world, service_id, changed)
            row: Any = store.find(connection, world.id, service_id)
            names = directory.tenant_names(connection, world.id)
        return answer(shown(row, world, tenant_name=names.get(row.tenant, "")))

    return bp
