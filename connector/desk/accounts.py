"""The desk's users: analysts of two lines and administrators; their passwords; who tries too often.

Rule: an unknown login takes as long to refuse as a wrong password, and there is always an administrator.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, update
from werkzeug.security import check_password_hash, generate_password_hash

from connector.desk.tables import failures, users

if TYPE_CHECKING:
    from sqlalchemy import Row

    from connector.store import Store

MIN_PASSWORD: Final = 10
#: So many failures within so many seconds, by login or by address, and the next try is not looked at.
TRIES: Final = 5
WINDOW_SECONDS: Final = 300.0
_LOGIN: Final = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_LONGEST: Final = 200
_METHOD: Final = "scrypt:16384:8:1"
#: What an unknown login is compared with: it takes as long, and no password fits.
_NOBODY: Final = "scrypt:16384:8:1$nobody$" + "0" * 128


class Role(StrEnum):
    """Who a user is at the desk."""

    LINE_1 = "line1"
    LINE_2 = "line2"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class User:
    """A user as pages see one; no password."""

    login: str
    name: str
    role: Role
    disabled: bool
    generation: int

    @property
    def administers(self) -> bool:
        """Whether the connector may be configured."""
        return self.role is Role.ADMIN


class Wrong(Exception):
    """What was typed cannot be taken: ``field``, and the words to put beside it."""

    def __init__(self, field: str, words: str, **values: object) -> None:
        super().__init__(field, words)
        self.field, self.words, self.values = field, words, values

    def __str__(self) -> str:
        return f"{self.field}: {self.words.format_map(self.values)}"


class Accounts:
    """The users of one desk."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def every(self) -> list[User]:
        """Return all users by login."""
        with self._store.begin() as connection:
            return [_user(row) for row in connection.execute(select(users).order_by(users.c.login))]

    def find(self, login: str) -> User | None:
        """Return a user, or None."""
        with self._store.begin() as connection:
            row = connection.execute(select(users).where(users.c.login == login)).first()
        return None if row is None else _user(row)

    def add(self, login: str, *, name: str, role: str, password: str) -> User:
        """Make a user; raises ``Wrong``."""
        if not _LOGIN.fullmatch(login):
            raise Wrong("login", "1 to 64 Latin letters, digits and . _ @ -")
        row = {"login": login, "name": _name(name) or login, "role": _role(role), "disabled": 0}
        row |= {"password": _hashed(password), "generation": 1}
        with self._store.begin() as connection:
            if connection.execute(select(users.c.login).where(users.c.login == login)).first():
                raise Wrong("login", "There is a user with this login already.")
            connection.execute(insert(users).values(row))
        return User(login, str(row["name"]), Role(role), disabled=False, generation=1)

    def change(self, login: str, *, name: str, role: str, disabled: bool, password: str = "") -> None:
        """Change a user, which ends the user's sessions; an empty password stays what it was."""
        values: dict[str, Any] = {
            "name": _name(name) or login,
            "role": _role(role),
            "disabled": int(disabled),
        }
        if password:
            values["password"] = _hashed(password)
        with self._store.begin() as connection:
            others = select(func.count()).select_from(users).where(users.c.login != login)
            others = others.where(users.c.role == Role.ADMIN.value, users.c.disabled == 0)
            is_last = connection.execute(others).scalar_one() == 0
            if is_last and (disabled or role != Role.ADMIN):
                raise Wrong("role", "The last administrator stays one.")
            values["generation"] = users.c.generation + 1
            connection.execute(update(users).where(users.c.login == login).values(values))

    def end_sessions(self, login: str) -> None:
        """Let no cookie of a user count any more, wherever it was kept."""
        with self._store.begin() as connection:
            values = {"generation": users.c.generation + 1}
            connection.execute(update(users).where(users.c.login == login).values(values))

    def must_wait(self, *, login: str, address: str, now: float) -> bool:
        """Say whether there were too many failures of this login or from this address."""
        with self._store.begin() as connection:
            connection.execute(delete(failures).where(failures.c.at < now - WINDOW_SECONDS))
            counts = [
                connection.execute(
                    select(func.count()).select_from(failures).where(failures.c.who == who)
                ).scalar_one()
                for who in (f"login {login}", f"address {address}")
            ]
        return counts[0] >= TRIES or counts[1] >= TRIES * 4

    def sign_in(self, login: str, password: str, *, address: str, now: float) -> User | None:
        """Return the user whose password this is; a failure is noted."""
        with self._store.begin() as connection:
            row = connection.execute(select(users).where(users.c.login == login)).first()
        # The same work for a login that nobody has: how long it takes tells nothing.
        known = _NOBODY if row is None else row.password
        is_right = check_password_hash(known, password[:_LONGEST])
        if row is not None and is_right and not row.disabled:
            return _user(row)
        with self._store.begin() as connection:
            for who in (f"login {login[:_LONGEST]}", f"address {address}"):
                connection.execute(insert(failures).values(who=who, at=now))
        return None


def _user(row: Row[Any]) -> User:
    return User(row.login, row.name, Role(row.role), disabled=bool(row.disabled), generation=row.generation)


def _name(text: str) -> str:
    if len(text) > _LONGEST or not text.isprintable():
        raise Wrong("name", "At most 200 characters that can be printed.")
    return text.strip()


def _role(text: str) -> str:
    if text not in set(Role):
        raise Wrong("role", "Choose a role.")
    return text


def _hashed(password: str) -> str:
    if not MIN_PASSWORD <= len(password) <= _LONGEST:
        raise Wrong("password", "At least {least} characters.", least=MIN_PASSWORD)
    return generate_password_hash(password, _METHOD)
