"""Where the token is kept: a keyring that works, none, and those that lie or break."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import keyring.errors
import pytest

from connector.desk.vault import SERVICE, Vault, system_ring
from connector.errors import SettingsProblem
from tests.connector.fake_kuma import TOKEN

if TYPE_CHECKING:
    from pathlib import Path


class MemoryRing:
    """A keyring that forgets when the test ends."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """Return what is kept."""
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        self.kept[service, username] = password


class LockedRing(MemoryRing):
    """A keyring that nobody unlocks."""

    def get_password(self, service: str, username: str) -> str | None:
        """Refuse."""
        raise keyring.errors.KeyringLocked("nobody unlocked it")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Refuse."""
        raise keyring.errors.KeyringLocked("nobody unlocked it")


class ForgetfulRing(MemoryRing):
    """A keyring that keeps nothing, and does not say so."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Forget at once."""


def texts(folder: Path) -> str:
    """Return all that lies in a folder."""
    return "".join(file.read_text(encoding="utf-8") for file in folder.iterdir())


def test_a_token_goes_into_the_keyring_where_there_is_one(tmp_path: Path) -> None:
    """No file holds it; another process finds it again."""
    ring = MemoryRing()

    Vault(tmp_path, find_ring=lambda: ring).write(TOKEN)

    again = Vault(tmp_path, find_ring=lambda: ring)
    assert [(service, token) for (service, _), token in ring.kept.items()] == [(SERVICE, TOKEN)]
    assert (again.place, again.read()) == ("keyring", TOKEN)
    assert TOKEN not in texts(tmp_path)


def test_without_a_keyring_a_token_goes_into_a_file_of_its_owner(tmp_path: Path) -> None:
    """Mode 600, even where a file was there before."""
    (tmp_path / "token").touch(0o644)

    Vault(tmp_path, find_ring=lambda: None).write(TOKEN)

    again = Vault(tmp_path, find_ring=lambda: None)
    assert (again.place, again.read()) == ("file", TOKEN)
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", [LockedRing, ForgetfulRing])
def test_a_keyring_that_does_not_keep_is_passed_by(
    tmp_path: Path, kind: type[MemoryRing], caplog: pytest.LogCaptureFixture
) -> None:
    """The token is in a file, and the log says why, without the token."""
    vault = Vault(tmp_path, find_ring=kind)

    vault.write(TOKEN)

    assert (vault.place, vault.read()) == ("file", TOKEN)
    assert "kept in a file" in caplog.text
    assert TOKEN not in caplog.text


def test_a_token_is_in_one_place_only(tmp_path: Path) -> None:
    """From the file to the keyring and back; one entry, however often it is replaced."""
    ring = MemoryRing()
    with_ring = Vault(tmp_path, find_ring=lambda: ring)

    places = []
    for vault in (Vault(tmp_path, find_ring=lambda: None), with_ring, with_ring):
        vault.write(TOKEN)
        places.append((vault.place, (tmp_path / "token").exists(), len(ring.kept)))

    assert places == [("file", True, 0), ("keyring", False, 1), ("keyring", False, 1)]


def test_a_keyring_that_is_locked_later_is_told_in_a_sentence(tmp_path: Path) -> None:
    """A person must unlock it, or enter the token again."""
    ring = MemoryRing()
    Vault(tmp_path, find_ring=lambda: ring).write(TOKEN)

    with pytest.raises(SettingsProblem, match="nobody unlocked it; unlock it, or enter") as locked:
        Vault(tmp_path, find_ring=LockedRing).read()
    with pytest.raises(SettingsProblem, match="no such entry any more"):
        Vault(tmp_path, find_ring=lambda: None).read()

    assert TOKEN not in str(locked.value)


def test_a_system_without_a_keyring_has_none() -> None:
    """The back end that refuses everything does not count."""
    assert system_ring() is None
