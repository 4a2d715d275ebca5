"""A world as a value: which installation a request is about, and who asks.

Rows become these values here and nowhere else. Rule: a bearer token belongs to exactly one world.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from mock_kuma.clock import Clock
from mock_kuma.domain import roles
from mock_kuma.domain.releases import RELEASES, Release
from mock_kuma.domain.roles import Grant, Scope

if TYPE_CHECKING:
    from sqlalchemy import Row

_GRANTS = msgspec.json.Decoder(list[Grant])
_RIGHTS = msgspec.json.Decoder(list[str])
_PREFIX: Final = re.compile(r"^([A-Z]+ )/api/v[\d.]+(?=/)")


@dataclass(frozen=True, slots=True)
class World:
    """One simulated installation, as it was when the request came."""

    id: str
    seed: str
    release: Release
    page_size: int
    main_tenant: str
    created: int
    clock: Clock
    faults: int
    due: int | None

    def is_due(self) -> bool:
        """Say whether an action of the agenda waits to be settled."""
        return self.due is not None and self.due <= self.clock.now()

    @staticmethod
    def of(row: Row[Any]) -> World:
        """Return the world of a row that has the columns of ``worlds``."""
        return World(
            id=row.id,
            seed=row.seed,
            release=RELEASES[row.kuma_version],
            page_size=row.page_size,
            main_tenant=row.main_tenant,
            created=row.created,
            clock=Clock(row.frozen_at, row.clock_offset),
            faults=row.faults,
            due=row.due,
        )


@dataclass(frozen=True, slots=True)
class Caller:
    """The user whose token a request carries, with the token's state."""

    world: World
    id: str
    name: str
    login: str
    email: str
    grants: tuple[Grant, ...]
    api_rights: frozenset[str] | None
    disabled: bool
    expires: int | None

    @staticmethod
    def of(row: Row[Any]) -> Caller:
        """Return the caller of a row that ``directory.bearer`` gave."""
        return Caller(
            world=World.of(row),
            id=row.user_id,
            name=row.user_name,
            login=row.login,
            email=row.email,
            grants=grants(row.roles),
            api_rights=None if row.api_rights is None else frozenset(rights(row.api_rights)),
            disabled=bool(row.disabled),
            expires=row.expires,
        )

    @staticmethod
    def of_user(world: World, row: Row[Any]) -> Caller:
        """Return the caller of a user's own row, who comes without a token."""
        return Caller(
            world=world,
            id=row.id,
            name=row.name,
            login=row.login,
            email=row.email,
            grants=grants(row.roles),
            api_rights=None if row.api_rights is None else frozenset(rights(row.api_rights)),
            disabled=row.disabled,
            expires=None,
        )

    def scope(self, operation: str) -> Scope:
        """Return the tenants in which the caller may do the operation."""
        return roles.scope(self.grants, operation, self.world.release.generation)


def grants(text: str) -> tuple[Grant, ...]:
    """Return the roles that a user's row holds."""
    return tuple(_GRANTS.decode(text))


def rights(text: str) -> list[str]:
    """Return the API access rights of a user's row, without the prefix that one page prints (264885)."""
    return [_PREFIX.sub(r"\1", right) for right in _RIGHTS.decode(text)]
