"""Who may enter the console, as rows: password hashes, sessions, and sign-ins that failed.

A session is found by the digest of the secret in its cookie; the secret itself is nowhere, so that every
process knows a session and none can invent one. Rule: a session belongs to one user of one world, to the
holder of the control token, or to both; it goes with them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, delete, func, insert, select

from mock_kuma.store import tables
from mock_kuma.store.kinds import Text

passwords = Table(
    "passwords",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("user", Text, primary_key=True),
    Column("hash", Text, nullable=False),
)

sessions = Table(
    "sessions",
    tables.metadata,
    Column("digest", Text, primary_key=True),
    Column("world", Text),
    Column("user", Text),
    Column("control", Text),  # digest of the control token that opened the simulator; "" where there is none
    Column("expires", BigInteger, nullable=False),  # by the system's clock: it is about a real browser
    Index("sessions_user", "world", "user"),
)

failures = Table(
    "failed_sign_ins",
    tables.metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False),  # digest of the login or of the address
    Column("at", BigInteger, nullable=False),
    Index("failed_sign_ins_key", "key", "at"),
)


def give_password(connection: Connection, world: str, user: str, password_hash: str) -> None:
    """Store a user's password in place of the former one, and end the sessions that it opened."""
    place = (passwords.c.world == world) & (passwords.c.user == user)
    connection.execute(delete(passwords).where(place))
    connection.execute(insert(passwords).values(world=world, user=user, hash=password_hash))
    connection.execute(delete(sessions).where((sessions.c.world == world) & (sessions.c.user == user)))


def password_hash(connection: Connection, world: str, user: str) -> str | None:
    """Return the hash of a user's password, or None where the user has none."""
    place = (passwords.c.world == world) & (passwords.c.user == user)
    return connection.execute(select(passwords.c.hash).where(place)).scalar_one_or_none()


def open_session(
    connection: Connection,
    *,
    digest: str,
    world: str | None,
    user: str | None,
    control: str | None,
    now: int,
    expires: int,
) -> None:
    """Store a session, and forget those that are over."""
    connection.execute(delete(sessions).where(sessions.c.expires <= now))
    values = {"digest": digest, "world": world, "user": user, "control": control, "expires": expires}
    connection.execute(insert(sessions).values(values))


def session(connection: Connection, digest: str, *, now: int) -> Row[Any] | None:
    """Return a session that is not over, or None."""
    query = select(sessions).where(sessions.c.digest == digest, sessions.c.expires > now)
    return connection.execute(query).first()


def end_session(connection: Connection, digest: str) -> None:
    """Forget a session."""
    connection.execute(delete(sessions).where(sessions.c.digest == digest))


def note_failure(connection: Connection, *, name: str, key: str, at: int, oldest: int) -> None:
    """Remember a sign-in that failed, and forget those from before ``oldest``."""
    connection.execute(delete(failures).where(failures.c.at < oldest))
    connection.execute(insert(failures).values(id=name, key=key, at=at))


def failures_since(connection: Connection, key: str, oldest: int) -> int:
    """Return how many sign-ins of a login, or from an address, have failed since."""
    query = select(func.count()).select_from(failures)
    place = (failures.c.key == key) & (failures.c.at >= oldest)
    return int(connection.execute(query.where(place)).scalar_one())
