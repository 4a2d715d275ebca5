"""The sealed file of resources: opened with its password, and with nothing else."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
import pytest

from mock_kuma.domain import archives
from mock_kuma.domain.archives import Archive, Folder, Item
from mock_kuma.domain.problems import BadInput

SALT = bytes(range(16))
PAYLOAD = '{"a":[1,null,"я"]}'.encode()
ARCHIVE = Archive(
    release="3.2",
    tenant="t",
    tenant_name="Main",
    folders=[Folder("f", "filter", "Ours", "", 0)],
    resources=[Item("r", "filter", "Rule", "", "f", msgspec.Raw(PAYLOAD), [])],
)


def sealed(contents: bytes, password: str = "secret") -> bytes:
    """Return a file as somebody would make it who knows the format and the password."""
    cipher, nonce = archives._cipher(password, SALT)
    return b"MOCKKUMARES1" + SALT + bytes(cipher.encrypt(nonce, contents, b"MOCKKUMARES1"))


def plain(value: msgspec.Struct) -> dict[str, Any]:
    """Return a struct as an object."""
    return dict(msgspec.json.decode(msgspec.json.encode(value)))


def described(**changes: Any) -> bytes:
    """Return the archive's JSON with some fields changed, compressed."""
    return zlib.compress(msgspec.json.encode({**plain(ARCHIVE), **changes}))


def item(**changes: Any) -> dict[str, Any]:
    """Return the archive's resource with some fields changed."""
    return {**plain(ARCHIVE.resources[0]), **changes}


def test_a_file_is_opened_with_its_password() -> None:
    """And what was in it comes out."""
    file = archives.seal(ARCHIVE, password="пароль", salt=SALT)

    found = archives.open_file(file, password="пароль")

    assert (plain(found), found.resources[0].decoded()) == (plain(ARCHIVE), {"a": [1, None, "я"]})


def test_neither_password_nor_contents_can_be_changed() -> None:
    """One bit anywhere is enough."""
    file = archives.seal(ARCHIVE, password="secret", salt=SALT)
    spoiled = [bytes([*file[:at], file[at] ^ 1, *file[at + 1 :]]) for at in (0, 12, 30, len(file) - 1)]

    for data, password in [(file, "Secret"), (file[:-1], "secret"), *((one, "secret") for one in spoiled)]:
        with pytest.raises(BadInput, match="file decryption failed"):
            archives.open_file(data, password=password)


@pytest.mark.parametrize(
    "contents",
    [
        b"not compressed",
        zlib.compress(b"not JSON"),
        zlib.compress(b"[" * 100_000),
        zlib.compress(b"\xff"),
        zlib.compress(b" " * (archives.MAX_FILE + 1)),
        described()[:-3],
        described(more=1),
        described(resources=[item(), item()]),
        described(resources=[item(folder="none")]),
        described(resources=[item(kind="proxy")]),
        described(resources=[item(id="")]),
        described(resources=[item(id="a\nb")]),
        described(folders=[{"id": "f", "kind": "filter", "name": "x\0", "description": "", "created": 0}]),
        described(folders=[{"id": "f", "kind": "filter", "name": "x", "description": "", "created": -1}]),
        described(resources=[item(id=f"r{place}") for place in range(archives.MAX_RESOURCES + 1)]),
    ],
)
def test_contents_are_a_strangers_even_under_the_right_password(contents: bytes) -> None:
    """Damaged, too large, too deep, contradictory: refused, and never more than that."""
    with pytest.raises(BadInput, match="file decryption failed"):
        archives.open_file(sealed(contents), password="secret")


def test_what_is_larger_than_a_file_is_not_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendor's words for an upload that is too large."""
    monkeypatch.setattr(archives, "_MAX_CONTENTS", 100)

    with pytest.raises(BadInput, match="maximum file size is 64 MB"):
        archives.seal(ARCHIVE, password="secret", salt=SALT)


@pytest.mark.parametrize("payload", [b'{"a":"\xff"}', b"[" * 900, b'{"a":1e400}', b" " * 5_000_000 + b"{}"])
def test_a_payload_is_decoded_when_it_is_asked_for(payload: bytes) -> None:
    """So that one that cannot be is refused alone, and all of them together are never in memory."""
    one = Item("r", "filter", "Rule", "", "", msgspec.Raw(payload), [])

    with pytest.raises(BadInput, match="invalid value: payload"):
        one.decoded()
