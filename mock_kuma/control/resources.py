"""Resources of any kind that a test wants to be there. Contract: control API, "More stimuli"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from flask import Blueprint, Response
from msgspec import Meta, field

from mock_kuma import worlds
from mock_kuma.actions import resources as actions
from mock_kuma.control.answers import answer
from mock_kuma.control.request import Invalid, body
from mock_kuma.domain import resources as rules
from mock_kuma.domain.problems import BadInput
from mock_kuma.store import directory

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mock_kuma.core import Core
    from mock_kuma.generate import Soc
    from mock_kuma.world import World

_Text = Annotated[str, Meta(min_length=1, max_length=rules.MAX_NAME)]


class NewResource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A resource; ``folder`` is the name of a folder below the root, made where it is missing.

    ``userID`` is whose resource it is, nobody's if absent.
    """

    kind: str
    name: _Text
    id: _Text | None = None
    tenant: str | None = field(default=None, name="tenantID")
    user: str = field(default="", name="userID")
    description: Annotated[str, Meta(max_length=rules.MAX_DESCRIPTION)] = ""
    folder: _Text | None = None
    payload: dict[str, Any] = {}


class NewResources(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST resources``."""

    resources: Annotated[list[NewResource], Meta(max_length=10_000)]


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("resources", __name__)

    @bp.post("/worlds/<world_id>/resources")
    def add(world_id: str) -> Response:
        wanted = body(NewResources).resources
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            soc = core.soc(world.seed)
            tenants = directory.tenant_names(connection, world.id)
            drafts = [
                _draft(connection, world, soc, one, tenants, path=f"resources[{place}]")
                for place, one in enumerate(wanted)
            ]
            ids = actions.create(connection, world, drafts)
        return answer({"ids": ids}, 201)

    return bp


def _draft(
    connection: Connection,
    world: World,
    soc: Soc,
    one: NewResource,
    tenants: dict[str, str],
    *,
    path: str,
) -> actions.Draft:
    tenant = one.tenant or world.main_tenant
    if tenant not in tenants:
        raise Invalid(f"{path}.tenantID", f"there is no tenant {tenant!r} in this world")
    if one.user and directory.user(connection, world.id, one.user) is None:
        raise Invalid(f"{path}.userID", f"there is no user {one.user!r} in this world")
    if one.kind not in rules.KINDS:
        raise Invalid(f"{path}.kind", f"expected one of {', '.join(sorted(rules.KINDS))}")
    try:
        content = rules.content(one.kind, name=one.name, description=one.description, payload=one.payload)
    except BadInput as error:
        raise Invalid(path, str(error)) from error
    key = one.id or worlds.next_id(connection, world, soc, one.kind)
    folder = ""
    if one.folder is not None:
        folder = actions.folder_named(
            connection,
            world,
            folder=worlds.next_id(connection, world, soc, "folder"),
            kind=one.kind,
            tenant_id=tenant,
            name=one.folder,
            user=one.user,
        )
    return actions.Draft(key, one.kind, tenant, content, folder, one.user)
