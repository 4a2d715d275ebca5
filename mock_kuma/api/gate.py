"""What every vendor request passes before its route: version, header, token, API rights.

Source: REST API, 1.3 and 1.4. The order is 400, 403, 403 (REST API, 10). Rule: a route
behind the gate has a caller.

GUESS: an expired token is refused as an unknown one is; no page that was read says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from flask import g, request

from mock_kuma.domain.problems import AccessDenied

if TYPE_CHECKING:
    import msgspec

    from mock_kuma.domain.roles import Scope
    from mock_kuma.journal import Served
    from mock_kuma.world import Caller

#: Where the gateway leaves what it found out about the request.
ARRIVAL: Final = "mock_kuma.arrival"
# The scheme's letters may be of any case (RFC 9110, 11.1); the token is one word.
_BEARER: Final = re.compile(r"bearer +([^\s,]+) *", re.IGNORECASE)


@dataclass(slots=True)
class Arrival:
    """A request's way through the mock: who asks, what was served, why it was refused."""

    caller: Caller | None
    bearer: bool  # whether a token was sent at all
    revision: int | None = None  # of the data when it came
    served: list[Served] | msgspec.Raw = field(default_factory=list)  # encoded where the answer was kept
    reason: str | None = None
    operation: str | None = None  # the vendor's, once a route has taken the request

    def asks(self) -> Caller:
        """Return who asks; only behind the gate."""
        assert self.caller is not None  # noqa: S101 -- for the type checker; the gate has seen to it
        return self.caller


class InvalidHeader(Exception):
    """The authorization header is absent or malformed."""


class NoSuchVersion(Exception):
    """The release that the world imitates does not offer this API version."""


def credential(header: str | None) -> str | None:
    """Return the token of an authorization header, or None where there is none."""
    found = _BEARER.fullmatch(header or "")
    return None if found is None else found.group(1)


def arrival() -> Arrival:
    """Return what is known about the request at hand."""
    found = request.environ[ARRIVAL]
    assert isinstance(found, Arrival)  # noqa: S101 -- for the type checker; the gateway put it there
    return found


def caller() -> Caller:
    """Return who asks; only behind the gate."""
    return g.caller  # type: ignore[no-any-return] # flask.g has no types


def scope(operation: str) -> Scope:
    """Return the tenants in which the caller may do the operation."""
    return caller().scope(operation)


def admit(operation: str, version: str) -> None:
    """Let the request at hand pass, or raise why not."""
    g.caller = pass_through(arrival(), operation, version)


def pass_through(arrived: Arrival, operation: str, version: str) -> Caller:
    """Return the caller of a request that may pass, or raise why it may not."""
    arrived.operation = operation
    if not arrived.bearer:
        raise InvalidHeader
    who = arrived.caller
    if who is None:
        raise AccessDenied("the token is unknown")
    if who.disabled:
        raise AccessDenied(f"the token's owner {who.login} is disabled")
    if who.expires is not None and who.world.clock.now() >= who.expires:
        raise AccessDenied(f"the token of {who.login} has expired")
    if version not in who.world.release.api:
        raise NoSuchVersion
    if who.api_rights is not None and operation not in who.api_rights:
        raise AccessDenied(f"the API access rights of {who.login} do not include {operation}")
    return who


def refused(reason: str) -> None:
    """Leave the reason for the journal."""
    arrival().reason = reason
