"""Signing in to the console: passwords, sessions, and patience with those who guess.

Passwords are kept as scrypt hashes, sessions as digests. Knows neither HTTP nor cookies. Rule: a wrong login
and a wrong password cannot be told apart, neither by the answer nor by the time that it takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from werkzeug.security import check_password_hash, generate_password_hash

from mock_kuma import ids
from mock_kuma.clock import SECOND
from mock_kuma.store import directory
from mock_kuma.store import sign_ins as store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

#: So long does a session last, in microseconds.
LASTS: Final = 12 * 3_600 * SECOND
#: Failures are counted over this time.
WINDOW: Final = 60 * SECOND
#: So many failures does one login have in that time, and one address.
MOST_OF_A_LOGIN: Final = 5
MOST_OF_AN_ADDRESS: Final = 30
_METHOD: Final = "scrypt:16384:8:1"
#: Compared with where there is nobody of that login: it takes as long, and no password fits.
_NOBODY: Final = "scrypt:16384:8:1$nobody$" + "0" * 128


@dataclass(frozen=True, slots=True)
class Session:
    """What a new session opens: a user's console, the simulator, or both."""

    world: str | None = None
    user: str | None = None
    control: str | None = None


def give_password(connection: Connection, world: str, user: str, password: str) -> None:
    """Give a user a password; the former one, and its sessions, stop working."""
    store.give_password(connection, world, user, generate_password_hash(password, method=_METHOD))


def user_of_password(connection: Connection, world: str, login: str, password: str) -> str | None:
    """Return the id of the world's user who has this login and password, or None."""
    found: str | None = None
    for row in directory.users(connection, world):
        if row.login == login:
            known = store.password_hash(connection, world, row.id)
            if known is not None and check_password_hash(known, password):
                return str(row.id)
            found = found or (row.id if known is not None else None)
    if found is None:
        check_password_hash(_NOBODY, password)
    return None


def enter(connection: Connection, session: Session, *, now: int) -> str:
    """Open a session and return its secret, which is told this once."""
    secret = ids.new_token()
    store.open_session(
        connection,
        digest=ids.digest(secret),
        world=session.world,
        user=session.user,
        control=session.control,
        now=now,
        expires=now + LASTS,
    )
    return secret


def must_wait(connection: Connection, *, login: str, address: str, now: int) -> bool:
    """Say whether a login or an address has failed too often to be heard now."""
    oldest = now - WINDOW
    return any(
        store.failures_since(connection, ids.digest(key), oldest) >= most
        for key, most in zip(_keys(login, address), (MOST_OF_A_LOGIN, MOST_OF_AN_ADDRESS), strict=True)
    )


def note_failure(connection: Connection, *, login: str, address: str, now: int) -> None:
    """Count a failure against the login and against the address."""
    for key in _keys(login, address):
        store.note_failure(connection, name=ids.new_token(), key=ids.digest(key), at=now, oldest=now - WINDOW)


def _keys(login: str, address: str) -> Sequence[str]:
    return (f"login {login}", f"address {address}")
