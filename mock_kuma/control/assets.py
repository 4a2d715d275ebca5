"""Assets that a test wants to be there. Contract: control API, "More stimuli".

They are given in the vendor's spelling, ``fqdn`` as a list; an asset with ``ksc`` is one that was imported
from Kaspersky Security Center.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from flask import Blueprint, Response
from msgspec import UNSET, Meta, UnsetType, field

from mock_kuma import worlds
from mock_kuma.actions import assets as actions
from mock_kuma.control.answers import answer
from mock_kuma.control.request import Invalid, body, moment
from mock_kuma.domain import assets as rules
from mock_kuma.store import directory

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mock_kuma.core import Core
    from mock_kuma.generate import Soc
    from mock_kuma.world import World

_Text = Annotated[str, Meta(min_length=1)]


class System(rules.System, frozen=True, forbid_unknown_fields=True):
    """An operating system, strictly read."""


class Software(rules.Software, frozen=True, forbid_unknown_fields=True):
    """A program, strictly read."""


class Vulnerability(rules.Vulnerability, frozen=True, forbid_unknown_fields=True):
    """A vulnerability, strictly read."""


class Ksc(rules.Ksc, frozen=True, forbid_unknown_fields=True):
    """What Kaspersky Security Center knows, strictly read."""


class Risk(rules.Risk, frozen=True, forbid_unknown_fields=True):
    """What KICS for Networks has found, strictly read."""


class CustomField(rules.CustomField, frozen=True, forbid_unknown_fields=True):
    """A custom field, strictly read."""


class GivenAsset(rules.Asset, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An asset in the vendor's spelling; the id comes from the world's seed, the times from its clock."""

    id: _Text | UnsetType = UNSET
    tenant: str | UnsetType = field(default=UNSET, name="tenantID")
    fqdn: list[_Text] | UnsetType = UNSET
    os: System | UnsetType | None = UNSET
    software: list[Software] | UnsetType = UNSET  # type: ignore[assignment] # a list of a strict subclass
    vulnerabilities: list[Vulnerability] | UnsetType = UNSET  # type: ignore[assignment] # likewise
    ksc: Ksc | UnsetType | None = UNSET
    kics_vulns: list[Risk] | UnsetType = field(default=UNSET, name="kicsVulns")  # type: ignore[assignment] # likewise
    custom_fields: list[CustomField] | UnsetType = field(default=UNSET, name="customFields")  # type: ignore[assignment] # likewise


class NewAssets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST assets``."""

    assets: list[GivenAsset]


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("assets", __name__)

    @bp.post("/worlds/<world_id>/assets")
    def add(world_id: str) -> Response:
        wanted = body(NewAssets).assets
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            soc = core.soc(world.seed)
            names = directory.tenant_names(connection, world.id)
            given = [
                _whole(connection, world, soc, one, names, path=f"assets[{place}]")
                for place, one in enumerate(wanted)
            ]
            ids = actions.give(connection, world, given)
        return answer({"ids": ids}, 201)

    return bp


def _whole(
    connection: Connection, world: World, soc: Soc, one: GivenAsset, names: dict[str, str], *, path: str
) -> tuple[str, dict[str, Any]]:
    tenant = world.main_tenant if isinstance(one.tenant, UnsetType) else one.tenant
    if tenant not in names:
        raise Invalid(f"{path}.tenantID", f"there is no tenant {tenant!r} in this world")
    for name in ("created", "updated"):
        text = getattr(one, name)
        if not isinstance(text, UnsetType):
            moment(text, f"{path}.{name}")
    whole = rules.whole(one)
    whole.pop("tenantID", None)
    whole["id"] = whole["id"] or worlds.next_id(connection, world, soc, "asset")
    return tenant, whole
