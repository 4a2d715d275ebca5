"""Who is in front of the browser: found by the session cookie, or nobody yet.

A visitor has a secret in a cookie before signing in, too, so that the sign-in form is protected like any
other; signing in gives a new one. Rule: what a session opens is looked up anew for each request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import g

from mock_kuma import ids
from mock_kuma.actions import sign_ins as actions
from mock_kuma.clock import SECOND, system_now
from mock_kuma.domain.roles import GENERAL_ADMINISTRATOR
from mock_kuma.store import directory
from mock_kuma.store import sign_ins as store
from mock_kuma.store import worlds as world_store
from mock_kuma.world import Caller, World

if TYPE_CHECKING:
    from flask import Request, Response

    from mock_kuma.core import Core
    from mock_kuma.domain.roles import Scope

_SECRET_LENGTH: Final = 32
#: What the session row has in place of a digest where the control API needs no token.
_OPEN: Final = ""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One browser: its secret, the user who signed in, and whether the simulator is open to it."""

    secret: str
    known: bool  # the browser has the cookie already
    caller: Caller | None = None
    simulates: bool = False

    @property
    def csrf(self) -> str:
        """The word that a form of this visitor must carry."""
        return ids.digest(f"form {self.secret}")

    @property
    def administers(self) -> bool:
        """Whether the user is a General administrator."""
        return self.caller is not None and any(
            grant.role == GENERAL_ADMINISTRATOR for grant in self.caller.grants
        )

    def may(self, operation: str) -> bool:
        """Say whether the user may do this anywhere at all."""
        if self.caller is None:
            return False
        scope = self.caller.scope(operation)
        return scope.everywhere or bool(scope.tenants)

    def roles(self) -> list[str]:
        """Return the names of the user's roles, each once."""
        return [] if self.caller is None else list(dict.fromkeys(one.role for one in self.caller.grants))


class Visitors:
    """Sees who comes, and hands out the cookies."""

    def __init__(self, core: Core, *, control_digest: str | None, cookie: str) -> None:
        self._core = core
        self.control_digest = control_digest
        self._cookie = cookie

    def arrive(self, request: Request) -> Visitor:
        """Return who sends a request."""
        secret = request.cookies.get(self._cookie, "")
        if len(secret) != _SECRET_LENGTH:
            return Visitor(ids.new_token(), known=False)
        with self._core.database.read() as connection:
            row = store.session(connection, ids.digest(secret), now=system_now())
            if row is None:
                return Visitor(secret, known=True)
            caller = None
            world = world_store.find(connection, row.world) if row.world else None
            user = directory.user(connection, row.world, row.user) if world is not None else None
            if world is not None and user is not None and not user.disabled:
                caller = Caller.of_user(World.of(world), user)
        simulates = row.control is not None and row.control == (self.control_digest or _OPEN)
        return Visitor(secret, known=True, caller=caller, simulates=simulates)

    def leave(self, response: Response) -> Response:
        """Give the browser the cookie that it has not got yet."""
        visitor: Visitor | None = g.get("visitor")
        if visitor is not None and not visitor.known:
            self._set(response, visitor.secret)
        return response

    def enter(
        self, visitor: Visitor, *, world: str | None = None, user: str | None = None, control: bool = False
    ) -> None:
        """Open a session for a visitor, beside what is open already; the secret changes."""
        before = visitor.caller
        if user is None and before is not None:
            world, user = before.world.id, before.id
        opens_simulator = control or visitor.simulates
        session = actions.Session(
            world=world,
            user=user,
            control=(self.control_digest or _OPEN) if opens_simulator else None,
        )
        with self._core.database.write() as connection:
            store.end_session(connection, ids.digest(visitor.secret))
            secret = actions.enter(connection, session, now=system_now())
        g.visitor = Visitor(secret, known=False)

    def end(self, visitor: Visitor) -> None:
        """Close everything that a visitor has open."""
        with self._core.database.write() as connection:
            store.end_session(connection, ids.digest(visitor.secret))
        g.visitor = Visitor(ids.new_token(), known=False)

    def _set(self, response: Response, secret: str) -> None:
        age = actions.LASTS // SECOND
        response.set_cookie(self._cookie, secret, max_age=age, httponly=True, samesite="Strict", path="/")


def visitor() -> Visitor:
    """Return who sends the request at hand."""
    return g.visitor  # type: ignore[no-any-return] # flask.g has no types


def caller() -> Caller:
    """Return the user who sends the request at hand; only behind the door."""
    found = visitor().caller
    assert found is not None  # noqa: S101 -- for the type checker; the door has asked
    return found


def scope(operation: str) -> Scope:
    """Return the tenants in which the user may do the operation."""
    return caller().scope(operation)
