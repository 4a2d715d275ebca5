"""Where the desk keeps KUMA's token: in the system's keyring where there is one, else in a file of mode 600.

Beside a token in the keyring lies a file that names its entry, so that nobody is asked to unlock the keyring
for a page. Rule: the token is in one place, a keyring is believed when it gives back what was put in, and
nothing here puts the token into a message.
"""

from __future__ import annotations

import importlib
import logging
import os
import secrets
from typing import TYPE_CHECKING, Any, Final, Protocol

from keyring.errors import KeyringError

from connector.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

log = logging.getLogger("connector.desk")

SERVICE: Final = "kuma-connector"
_FILE: Final = "token"
_ENTRY: Final = "token-in-keyring"
_OWN: Final = 0o600
#: What a keyring may raise: its own errors, and those of the bus or the system behind it.
_TROUBLE: Final = (KeyringError, OSError, RuntimeError)


class Ring(Protocol):
    """A keyring."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return what is kept under a name, or None."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""


def system_ring() -> Ring | None:
    """Return the system's keyring, or None where there is none that is worth more than a file."""
    # Imported when it is asked for: looking for back ends takes a while, and most commands need none.
    ring: Any = importlib.import_module("keyring").get_keyring()
    # A back end says of itself how good it is: below 1 come plain files, and those that keep nothing.
    return ring if ring.priority >= 1 else None


class Vault:
    """The token of one desk."""

    def __init__(self, folder: Path, *, find_ring: Callable[[], Ring | None] = system_ring) -> None:
        self._file, self._entry = folder / _FILE, folder / _ENTRY
        self._find_ring = find_ring

    @property
    def place(self) -> str:
        """Where the token is: ``keyring``, ``file``, or nothing before it was set."""
        return "file" if self._file.exists() else "keyring" if self._entry.exists() else ""

    def read(self) -> str:
        """Return the token; raises ``SettingsProblem`` where it cannot be had."""
        if self._file.exists():
            return self._file.read_text(encoding="utf-8").strip()
        why = "it has no such entry any more"
        try:
            ring = self._find_ring()
            token = None if ring is None else ring.get_password(SERVICE, self._entry.read_text().strip())
        except _TROUBLE as error:
            token, why = None, str(error) or type(error).__name__
        if token is None:
            raise SettingsProblem(
                f"the system's keyring does not give the token: {why}; unlock it, or enter the token again"
            )
        return token

    def write(self, token: str) -> None:
        """Keep a token in place of the one before."""
        name = self._entry.read_text().strip() if self._entry.exists() else secrets.token_hex(8)
        if self._put(name, token):
            write_own(self._entry, name)
            self._file.unlink(missing_ok=True)
        else:
            write_own(self._file, token)
            self._entry.unlink(missing_ok=True)

    def _put(self, name: str, token: str) -> bool:
        try:
            ring = self._find_ring()
            if ring is None:
                return False
            ring.set_password(SERVICE, name, token)
            if ring.get_password(SERVICE, name) == token:
                return True
            log.warning("the system's keyring did not keep the token; it is kept in a file")
        except _TROUBLE as error:
            log.warning("the system's keyring takes no token (%s); it is kept in a file", error)
        return False


def write_own(path: Path, text: str) -> None:
    """Write a file that only its owner reads."""
    # Made with its mode, not given one later: in between, others could read it.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWN)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, _OWN)
        file.write(text)
