"""Users: who sees whom, and what a search for users asks for.

Source: REST API, 5.8, from a public client; the vendor's v3 document was not readable. Knows neither storage
nor HTTP. Rule: nobody learns of a role in a tenant that is none of his.

GUESS: a user is seen by whoever may search users in a tenant in which that user has a role; General
administrators are seen by all of them. GUESS: ``pattern`` looks at name, login and email, as the client says,
and an unknown ``sort`` is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mock_kuma.domain.roles import GENERAL_ADMINISTRATOR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mock_kuma.domain.patterns import Pattern
    from mock_kuma.domain.roles import Grant, Scope

#: What a list of users may be sorted by.
SORTS: Final = frozenset({"id", "name", "login", "email"})


@dataclass(frozen=True, slots=True)
class User:
    """One user of an installation."""

    id: str
    name: str
    login: str
    email: str
    disabled: bool
    grants: tuple[Grant, ...]

    def is_seen(self, scope: Scope) -> bool:
        """Say whether somebody with this scope may know of the user."""
        if scope.everywhere:
            return True
        return any(
            bool(scope.tenants)
            if grant.role == GENERAL_ADMINISTRATOR
            else not scope.tenants.isdisjoint(grant.tenants)
            for grant in self.grants
        )


@dataclass(frozen=True, slots=True)
class UserFilter:
    """One search for users; pages from 1."""

    scope: Scope
    page: int
    size: int
    pattern: Pattern | None = None
    name: Pattern | None = None
    login: Pattern | None = None
    email: Pattern | None = None
    roles: tuple[str, ...] = ()  # ids
    tenants: tuple[str, ...] = ()
    exclude_disabled: bool = False
    sort: str = "name"
    descending: bool = False


def found(users: Sequence[User], wanted: UserFilter, *, role_ids: Mapping[str, str]) -> list[User]:
    """Return one page of the users that a search asks for; ``role_ids`` are the release's, by role name."""
    matching = [
        user
        for user in users
        if user.is_seen(wanted.scope)
        and not (wanted.exclude_disabled and user.disabled)
        and _has_role(user, wanted, role_ids)
    ]
    for pattern, names in (
        (wanted.pattern, ("name", "login", "email")),
        (wanted.name, ("name",)),
        (wanted.login, ("login",)),
        (wanted.email, ("email",)),
    ):
        if pattern is not None:
            texts = {user.id: {getattr(user, name) for name in names} for user in matching}
            fits = set(pattern.among(set().union(*texts.values())))
            matching = [user for user in matching if not fits.isdisjoint(texts[user.id])]
    # By id first, so that equal users keep their places in both directions.
    matching.sort(key=lambda user: user.id)
    matching.sort(key=lambda user: str(getattr(user, wanted.sort)), reverse=wanted.descending)
    start = (wanted.page - 1) * wanted.size
    return matching[start : start + wanted.size]


def _has_role(user: User, wanted: UserFilter, role_ids: Mapping[str, str]) -> bool:
    """Say whether one of the user's roles, in one of the tenants, is asked for."""
    return (not wanted.roles and not wanted.tenants) or any(
        (not wanted.roles or role_ids[grant.role] in wanted.roles)
        and (not wanted.tenants or not set(wanted.tenants).isdisjoint(_tenants(grant, wanted)))
        for grant in user.grants
    )


def _tenants(grant: Grant, wanted: UserFilter) -> set[str]:
    # A General administrator is in every tenant; tenants that the caller may not see are passed over.
    everywhere = grant.role == GENERAL_ADMINISTRATOR
    held = wanted.tenants if everywhere else grant.tenants
    return {tenant for tenant in held if wanted.scope.covers(tenant)}
