"""The connector package: out and in again; of a hostile archive nothing is written, and a sentence told."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from typing import TYPE_CHECKING

import pytest

from connector.desk import archive
from connector.desk.accounts import Wrong
from connector.desk.documents import NAMES, shipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.desk.engine import Engine
    from tests.connector.desk.conftest import Browser

    Files = dict[str, bytes]


def zipped(change: Callable[[Files], object] = lambda _: None, *, mode: int = 0o100644) -> bytes:
    """Return a package whose files were changed; ``mode`` is that of the worker."""
    files = {f"{name}.toml": shipped(name).encode() for name in NAMES}
    change(files)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (mode if name == "worker.toml" else 0o100644) << 16
            made.writestr(member, content)
    return buffer.getvalue()


def having(**files: str) -> bytes:
    """Return a package with these files instead of its own."""
    return zipped(lambda own: own.update({f"{name}.toml": text.encode() for name, text in files.items()}))


def doubled() -> bytes:
    """Return a package with two workers: which one counts depends on who reads."""
    buffer = io.BytesIO(zipped())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with zipfile.ZipFile(buffer, "a") as made:
            made.writestr("worker.toml", "")
    return buffer.getvalue()


def broken() -> bytes:
    """Return a package whose first member is not what its checksum says."""
    data = bytearray(zipped())
    data[80] ^= 0xFF
    return bytes(data)


def encrypted() -> bytes:
    """Return a package whose members say that they are encrypted."""
    data = bytearray(zipped())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(signature, place + 4)
    return bytes(data)


def lying() -> bytes:
    """Return a package whose worker unpacks to more than it says."""
    data = bytearray(zipped(lambda files: files.update({"worker.toml": b"#" * 3_000_000})))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.find(signature)
        while place >= 0:
            if struct.unpack_from("<I", data, place + offset) == (3_000_000,):
                struct.pack_into("<I", data, place + offset, 2_000)
            place = data.find(signature, place + 4)
    return bytes(data)


COMMANDS, WORKER = shipped("commands"), shipped("worker")
LINE = 1 + COMMANDS.splitlines().index('body = \'{"id": "<Alert ID>", "reason": "responded"}\'')

HOSTILE = {
    "no file": (b"", "Choose a file."),
    "not a ZIP": (b"PK nonsense", "not a ZIP archive that can be read"),
    "cut": (zipped()[:-30], "not a ZIP archive that can be read"),
    "a broken member": (broken(), "not a ZIP archive that can be read"),
    "larger than an archive may be": (b"PK" + b"\0" * archive.LARGEST, "larger than 4 MB"),
    "a path out": (having(**{"../evil": ""}), "“../evil.toml” does not belong into a package"),
    "a path from the root": (having(**{"/etc/cron.d/evil": ""}), "does not belong into a package"),
    "a path of Windows": (having(**{"..\\evil": ""}), "does not belong into a package"),
    "a folder": (zipped(lambda files: files.update({"worker.toml/": b""})), "does not belong into a package"),
    "a stranger": (zipped(lambda files: files.update({"run.sh": b"rm"})), "“run.sh” does not belong"),
    "a link": (zipped(mode=0o120777), "“worker.toml” is a link"),
    "a bomb": (zipped(lambda f: f.update({"worker.toml": b"#" * 9_000_000})), "“worker.toml” is too large"),
    "a bomb that lies": (lying(), "not a ZIP archive that can be read"),
    "encrypted": (encrypted(), "is encrypted"),
    "a file twice": (doubled(), "A file is in the archive twice"),
    "a file missing": (zipped(lambda f: f.pop("handler.toml")), "“handler.toml” is missing"),
    "another kind": (having(manifest='name="x"\nversion="1"\nkind="other"'), "kind is “other”"),
    "a manifest that lacks": (having(manifest='name="x"\nversion="1"'), "missing required field `kind`"),
    "a manifest with more": (having(manifest=shipped("manifest") + "x = 1"), "unknown field `x`"),
    "not TOML": (having(commands="a = 1\nb = [["), "commands.toml: This is not TOML"),
    "not TOML, by its line": (having(worker="a = 1\n\nb = ="), "at line 3, column 5"),
    "not UTF-8": (zipped(lambda f: f.update({"commands.toml": b"\xff"})), "is not UTF-8 text"),
    "a wrong schedule": (having(schedule='[connector]\ncron = "x"'), "schedule.toml: This is no cron line"),
    "a wrong placeholder": (
        having(commands=COMMANDS.replace('"id": "<Alert ID>"', '"id": "<alert>"', 1)),
        f"commands.toml: line {LINE}: <alert> is not filled in by anything",
    ),
    "a command missing": (
        having(commands=COMMANDS.replace("(Responded)", "(Done)")),
        "closes with the command “Close incident (Responded)”, which there is not",
    ),
    "a reason that KUMA has not": (
        having(worker=WORKER.replace('"responded" =', '"because" =')),
        "worker.toml: KUMA closes for these reasons: responded, incorrect data",
    ),
}


def test_a_package_is_exported_and_imported(engine: Engine, admin: Browser) -> None:
    """What is in force goes out, and comes back as it was."""
    engine.documents.write({"worker": WORKER.replace('"Waiting"', '"On hold"')})
    data = admin.get("/connectors/package.zip").data
    engine.documents.write({"worker": WORKER})

    response = admin.send("/connectors/import", archive=(io.BytesIO(data), "package.zip"))

    assert response.status_code == 303
    assert "On hold" in admin.text("/workers")
    original = admin.get("/connectors/shipped.zip").data
    assert archive.read(original) == {name: shipped(name) for name in NAMES}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_with_a_sentence(name: str) -> None:
    """That says what is wrong with it, and where."""
    data, sentence = HOSTILE[name]

    with pytest.raises(Wrong) as refused:
        archive.read(data)

    assert refused.value.field == "archive"
    assert sentence in str(refused.value)


@pytest.mark.parametrize("name", ["a path out", "a bomb", "a wrong schedule"])
def test_nothing_of_a_refused_archive_is_written(engine: Engine, admin: Browser, name: str) -> None:
    """Neither a document nor a file; the sentence stands beside the field."""
    files = sorted(engine.folder.rglob("*"))

    response = admin.send("/connectors/import", archive=(io.BytesIO(HOSTILE[name][0]), "package.zip"))

    assert response.status_code == 422
    assert 'id="archive-wrong"' in response.text
    assert {one: engine.documents.read(one) for one in NAMES} == {one: shipped(one) for one in NAMES}
    assert sorted(engine.folder.rglob("*")) == files
