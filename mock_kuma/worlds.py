"""Worlds made and deleted, with the users, tenants and tokens that live in them.

Rule: ids inside a world come from its seed, secrets never do. A new world is what the control API's
contract says under "A new world".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from mock_kuma import ids
from mock_kuma.actions import first_resources
from mock_kuma.actions import services as service_actions
from mock_kuma.actions import settings as setting_actions
from mock_kuma.clock import Clock, system_now
from mock_kuma.domain.problems import NotFound
from mock_kuma.domain.roles import GENERAL_ADMINISTRATOR
from mock_kuma.store import directory
from mock_kuma.store import worlds as store
from mock_kuma.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from mock_kuma.domain.roles import Grant
    from mock_kuma.generate import Soc
    from mock_kuma.store.lean import Executes

DEFAULT: Final = "default"
#: The Shared tenant has the same id everywhere (kapi, constants.py).
SHARED_TENANT: Final = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class NewWorld:
    """What whoever makes a world gets: the token is told once and kept as a digest."""

    world: World
    token: str
    user: str


def make(
    connection: Connection,
    soc: Soc,
    *,
    seed: str,
    kuma_version: str,
    clock: Clock,
    page_size: int,
    name: str | None = None,
    token: str | None = None,
) -> NewWorld:
    """Make a world with a main tenant, the Shared tenant and a General administrator."""
    world_id = name or ids.new_name("world")
    main = soc.uuid("tenant", 0)
    store.add(
        connection,
        {
            "id": world_id,
            "seed": seed,
            "kuma_version": kuma_version,
            "page_size": page_size,
            "main_tenant": main,
            # By the system's clock: it orders worlds, whatever time it is in them.
            "created": system_now(),
            "frozen_at": clock.frozen_at,
            "clock_offset": clock.offset,
            "drawn_ids": 1,  # number 0 went to the main tenant and the administrator
        },
    )
    world = get(connection, world_id)
    tenants = [
        _tenant(world, tenant=main, name="Main", main=True),
        _tenant(world, tenant=SHARED_TENANT, name="Shared", shared=True),
    ]
    directory.add_tenants(connection, tenants)
    user = add_user(
        connection,
        world,
        user=soc.uuid("user", 0),
        name="admin",
        login="admin",
        grants=[{"role": GENERAL_ADMINISTRATOR, "tenants": [main]}],
        api_rights=None,
    )
    first_resources.add(connection, world, soc, user=user)
    service_actions.add_first(connection, world, soc)
    setting_actions.add_first(connection, world, soc)
    secret = _give_first_token(connection, world, user, expires=None, token=token)
    return NewWorld(world=world, token=secret, user=user)


def get(connection: Executes, world: str) -> World:
    """Return the world, or raise that there is none."""
    row = store.find(connection, world)
    if row is None:
        raise NotFound("world", world)
    return World.of(row)


def next_id(connection: Connection, world: World, soc: Soc, kind: str) -> str:
    """Return the next id of the world's own series for things of a kind."""
    return soc.uuid(kind, store.draw(connection, world.id, "drawn_ids"))


def add_tenant(
    connection: Connection,
    world: World,
    *,
    tenant: str,
    name: str,
    disabled: bool = False,
    description: str = "",
    eps_limit: int = 0,
) -> None:
    """Store a tenant."""
    row = _tenant(
        world, tenant=tenant, name=name, disabled=disabled, description=description, eps_limit=eps_limit
    )
    directory.add_tenants(connection, [row])


def _tenant(
    world: World,
    *,
    tenant: str,
    name: str,
    main: bool = False,
    shared: bool = False,
    disabled: bool = False,
    description: str = "",
    eps_limit: int = 0,
) -> dict[str, Any]:
    now = world.clock.now()
    return {
        "world": world.id,
        "id": tenant,
        "name": name,
        "description": description,
        "main": main,
        "shared": shared,
        "disabled": disabled,
        "eps_limit": eps_limit,
        "created": now,
        "updated": now,
    }


def add_user(
    connection: Connection,
    world: World,
    *,
    user: str,
    name: str,
    login: str,
    grants: Sequence[Grant] | Sequence[dict[str, Any]],
    api_rights: list[str] | None,
    disabled: bool = False,
) -> str:
    """Store a user and return the id."""
    directory.add_user(
        connection,
        {
            "world": world.id,
            "id": user,
            "name": name,
            "login": login,
            "email": f"{login}@example.com",
            "roles": msgspec.json.encode(grants).decode(),
            "api_rights": None if api_rights is None else msgspec.json.encode(api_rights).decode(),
            "disabled": disabled,
        },
    )
    return user


def give_token(
    connection: Connection,
    world: World,
    user: str,
    *,
    expires: int | None,
    token: str | None = None,
) -> str:
    """Give a user a new token, which is returned this once; the former one stops working."""
    directory.revoke_token(connection, world.id, user)
    return _give_first_token(connection, world, user, expires=expires, token=token)


def _give_first_token(
    connection: Connection, world: World, user: str, *, expires: int | None, token: str | None
) -> str:
    secret = token or ids.new_token()
    directory.give_token(connection, world.id, user, digest=ids.digest(secret), expires=expires)
    return secret
