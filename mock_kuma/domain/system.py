"""The file of a system backup: a .tar.gz that only the installation that made it takes back.

Source: REST API, 5.9: a binary .tar.gz, nothing more is documented. Behind the archive stands an empty gzip
member whose header carries an authentication code of everything before it, so that any ``tar`` opens the
file, while we check it before the first byte is unpacked. Rule: what a stranger has made or changed is
refused unread; whatever is unpacked was packed here.

GUESS: a backup goes back into an installation of the same release only, and not into another installation,
where KUMA would take it; a live server would settle the words of the refusal.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import io
import tarfile
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Final

import msgspec

from mock_kuma.domain.problems import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Changes whenever what is in a backup does.
FORMAT: Final = 1
_MANIFEST: Final = "backup.json"
_IN_MEMORY: Final = 16 * 1024 * 1024
# A gzip member (RFC 1952) with one extra subfield, "mk", of 32 bytes, and no data.
_SEAL_HEAD: Final = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff" + b"\x24\0" + b"mk\x20\0"
_SEAL_TAIL: Final = b"\x03\0" + b"\0" * 8
_SEAL_SIZE: Final = len(_SEAL_HEAD) + 32 + len(_SEAL_TAIL)


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says about itself; ``counters`` and ``main_tenant`` are the world's own."""

    format: int
    release: str
    created: str
    main_tenant: str
    counters: dict[str, int]
    tables: dict[str, list[str]]  # name -> columns, in the order of the rows


@dataclass(frozen=True, slots=True)
class TableRows:
    """A table's rows, each in the order of the columns."""

    name: str
    rows: Iterable[list[object]]


def pack(manifest: Manifest, tables: Iterable[TableRows], *, key: bytes) -> bytes:
    """Return the backup's file; the same contents give the same bytes."""
    file = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=file, mode="wb", mtime=0, filename="") as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        _add(archive, _MANIFEST, [msgspec.json.encode(manifest)])
        for table in tables:
            _add(archive, f"tables/{table.name}.jsonl", (msgspec.json.encode(row) for row in table.rows))
    packed_bytes = file.getvalue()
    return packed_bytes + _SEAL_HEAD + _code(packed_bytes, key) + _SEAL_TAIL


class Backup:
    """A backup that was checked; its rows are read as they are asked for."""

    def __init__(self, data: bytes, *, key: bytes) -> None:
        """Open a backup, or raise why it is none of ours."""
        packed, seal = data[:-_SEAL_SIZE], data[-_SEAL_SIZE:]
        if not hmac.compare_digest(seal, _SEAL_HEAD + _code(packed, key) + _SEAL_TAIL):
            raise refused("not a backup of this installation, or changed since it was made")
        # Kept open: rows are read as they are asked for, see ``close``.
        self._archive = tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz")  # noqa: SIM115 -- see above
        self.manifest = msgspec.json.decode(self._file(_MANIFEST).read(), type=Manifest)

    def rows(self, table: str) -> Iterator[list[object]]:
        """Return the rows of a table, one after the other."""
        decoder = msgspec.json.Decoder(list[object])
        for line in self._file(f"tables/{table}.jsonl"):
            yield decoder.decode(line)

    def close(self) -> None:
        """Let go of the file."""
        self._archive.close()

    def _file(self, name: str) -> IO[bytes]:
        file = self._archive.extractfile(name)
        assert file is not None  # noqa: S101 -- for the type checker; we packed regular files only
        return file


def refused(why: str) -> BadInput:
    """Return the refusal of a backup."""
    return BadInput("invalid backup", why)


def _add(archive: tarfile.TarFile, name: str, lines: Iterable[bytes]) -> None:
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as text:
        for line in lines:
            text.write(line + b"\n")
        entry = tarfile.TarInfo(name)
        entry.size = text.tell()
        entry.mode = 0o600
        text.seek(0)
        archive.addfile(entry, text)


def _code(packed: bytes, key: bytes) -> bytes:
    return hmac.digest(key, packed, hashlib.sha256)
