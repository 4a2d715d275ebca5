"""The connector package as a ZIP archive: made, and read with everything in it distrusted.

Rule: an archive is understood as a whole or refused with a sentence; nothing is unpacked to a folder.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

import msgspec

from connector.desk import commands, handler, timing, worker
from connector.desk.accounts import Wrong
from connector.desk.documents import NAMES, fitted, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KIND: Final = "kuma-connector-package"
LARGEST: Final = 4 * 1024 * 1024
_LARGEST_FILE: Final = 256 * 1024
#: The high half of a member's attributes says what it was on Unix: these bits, a link.
_TYPE, _LINK = 0o170000, 0o120000
_ENCRYPTED: Final = 0x1
#: A date for all members, so that the same package is the same bytes.
_DATE: Final = (2026, 1, 1, 0, 0, 0)


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a package says of itself."""

    name: str
    version: str
    kind: str
    description: str = ""


def manifest(text: str) -> Manifest:
    """Return the manifest of a TOML text; raises ``Wrong``."""
    found = fitted(table(text), Manifest)
    if found.kind != KIND:
        raise Wrong("text", "kind is “{kind}”, expected “{wanted}”", kind=found.kind[:64], wanted=KIND)
    return found


#: How each document is understood.
READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "manifest": manifest,
    "commands": commands.read,
    "handler": handler.read,
    "schedule": timing.read,
    "worker": worker.read,
}


def build(texts: Mapping[str, str]) -> bytes:
    """Return the archive of a package's documents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in NAMES:
            member = zipfile.ZipInfo(f"{name}.toml", _DATE)
            member.external_attr = 0o100644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, texts[name])
    return buffer.getvalue()


def read(data: bytes) -> dict[str, str]:
    """Return the documents of an archive, each understood; raises ``Wrong`` for the field ``archive``."""
    if not data:
        raise Wrong("archive", "Choose a file.")
    if len(data) > LARGEST:
        raise Wrong("archive", "The archive is larger than {most} MB.", most=LARGEST // 1024**2)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            texts = {name: _member(archive, name) for name in _checked(archive)}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Wrong("archive", "This is not a ZIP archive that can be read.") from error
    for name in NAMES:
        try:
            READERS[name](texts[name])
        except Wrong as error:
            why = error.words.format_map(error.values)
            raise Wrong("archive", "{name}.toml: {why}", name=name, why=why) from error
    try:
        worker.check(worker.read(texts["worker"]), commands.read(texts["commands"]))
    except Wrong as error:
        why = error.words.format_map(error.values)
        raise Wrong("archive", "{name}.toml: {why}", name="worker", why=why) from error
    return texts


def _checked(archive: zipfile.ZipFile) -> list[str]:
    expected = {f"{name}.toml": name for name in NAMES}
    members = archive.infolist()
    for member in members:
        name = member.filename
        if name not in expected:
            raise Wrong("archive", "“{name}” does not belong into a package.", name=name[:100])
        if member.flag_bits & _ENCRYPTED:
            raise Wrong("archive", "“{name}” is encrypted.", name=name)
        if (member.external_attr >> 16) & _TYPE == _LINK:
            raise Wrong("archive", "“{name}” is a link.", name=name)
        if member.file_size > _LARGEST_FILE:
            raise Wrong("archive", "“{name}” is too large.", name=name)
    missing = [name for name in expected if name not in {member.filename for member in members}]
    if missing:
        raise Wrong("archive", "“{name}” is missing: this is not a KUMA connector package.", name=missing[0])
    if len(members) != len(expected):
        raise Wrong("archive", "A file is in the archive twice.")
    return list(NAMES)


def _member(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(f"{name}.toml") as file:
        # The size that an archive announces may be a lie: no more is unpacked than what is allowed.
        content = file.read(_LARGEST_FILE + 1)
    if len(content) > _LARGEST_FILE:
        raise Wrong("archive", "“{name}” is too large.", name=f"{name}.toml")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Wrong("archive", "“{name}” is not UTF-8 text.", name=f"{name}.toml") from error
