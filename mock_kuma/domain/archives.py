"""The file in which resources leave a KUMA and enter another: one archive, sealed with a password.

Sources: REST API, 5.5: an encrypted file of at most 64 MB. The vendor's own format is not public, so its
files are strangers here, and ours are strangers there. A file is magic, salt, and AES-GCM over compressed
JSON; key and nonce come from password and salt through scrypt. Rule: what cannot be opened is one refusal,
whether the password, the bytes or the contents are wrong, and nothing in a file can make reading it cost
more than its bounds.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta

from mock_kuma.domain.problems import BadInput
from mock_kuma.domain.resources import MAX_PAYLOAD, root_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The largest upload that the vendor documents, in bytes.
MAX_FILE: Final = 64 * 1024 * 1024
SALT_SIZE: Final = 16
#: Contents are no larger than a file may be, however well they are compressed.
_MAX_CONTENTS: Final = MAX_FILE
# GUESS: an archive holds so many resources; the vendor names no limit.
MAX_RESOURCES: Final = 10_000
_MAX_PASSWORD: Final = 1_024
_MAGIC: Final = b"MOCKKUMARES1"
_KEY_SIZE, _NONCE_SIZE = 32, 12

_Id = Annotated[str, Meta(max_length=128, pattern=r"\A[^\x00-\x1f]+\Z")]
_Text = Annotated[str, Meta(max_length=4_000, pattern=r"\A[^\x00]*\Z")]


class Folder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A folder that holds a resource of the archive."""

    id: _Id
    kind: str
    name: _Text
    description: _Text
    created: Annotated[int, Meta(ge=0, lt=2**62)]


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A resource; ``folder`` is "" for the root."""

    id: _Id
    kind: str
    name: str
    description: str
    folder: str
    # JSON text, decoded one at a time: together they could become far more than their bytes.
    payload: msgspec.Raw
    deps: list[_Id]

    def decoded(self) -> Any:
        """Return the payload, whatever it is."""
        if len(memoryview(self.payload)) > MAX_PAYLOAD:
            raise BadInput("invalid value", f"payload: larger than {MAX_PAYLOAD} bytes")
        try:
            return msgspec.json.decode(self.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadInput("invalid value", f"payload: {error}") from error


class Archive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file contains: the release and tenant that it comes from, folders, resources."""

    release: str
    tenant: str
    tenant_name: str
    folders: Annotated[list[Folder], Meta(max_length=MAX_RESOURCES)]
    resources: Annotated[list[Item], Meta(max_length=MAX_RESOURCES)]


def seal(archive: Archive, *, password: str, salt: bytes) -> bytes:
    """Return the file of an archive; ``salt`` must be random and never used again."""
    contents = msgspec.json.encode(archive)
    if len(contents) > _MAX_CONTENTS:
        raise BadInput("maximum file size is 64 MB")
    cipher, nonce = _cipher(password, salt)
    sealed: bytes = cipher.encrypt(nonce, zlib.compress(contents), _MAGIC)
    return _MAGIC + salt + sealed


def open_file(data: bytes, *, password: str) -> Archive:
    """Return the archive of a file.

    GUESS: a wrong password and a file that is none are 400 "file decryption failed"; no row of the pages
    tells.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 -- slow to import, and rarely needed

    head = len(_MAGIC) + SALT_SIZE
    if not data.startswith(_MAGIC) or len(data) <= head:
        raise _sealed("not a file that this KUMA has exported")
    cipher, nonce = _cipher(password, data[len(_MAGIC) : head])
    try:
        packed = cipher.decrypt(nonce, data[head:], _MAGIC)
    except InvalidTag as error:
        raise _sealed("wrong password or damaged file") from error
    return _unpack(packed)


def _unpack(packed: bytes) -> Archive:
    # Whoever knows the password can seal anything: the contents are a stranger's still.
    inflater = zlib.decompressobj()
    try:
        contents = inflater.decompress(packed, _MAX_CONTENTS + 1)
        if len(contents) > _MAX_CONTENTS or not inflater.eof:
            raise _sealed("the contents are larger than they may be, or cut off")
        archive = msgspec.json.decode(contents, type=Archive)
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _sealed(f"the contents are damaged: {error}") from error
    folders = {folder.id: folder.kind for folder in archive.folders}
    if len({item.id for item in archive.resources}) != len(archive.resources):
        raise _sealed("two resources have one id")
    if any(item.folder and folders.get(item.folder) != item.kind for item in archive.resources):
        raise _sealed("a resource is in a folder of another kind, or in none")
    return archive


def check_password(password: str | None) -> str:
    """Return the password, or raise that one is needed."""
    if password is None:
        raise BadInput("password required")
    if len(password) > _MAX_PASSWORD:
        raise BadInput("invalid value", "password")
    return password


def contents(archive: Archive, *, flat: bool) -> Mapping[str, Any]:
    """Return an archive's table of contents: v1 has flat lists, later versions resources inside folders.

    GUESS: the elements of v1's lists are those of later versions; a resource without a folder is shown in
    the root, which a public client knows by this id and no name; ``userID`` stays empty, users do not travel.
    """
    folders = {folder.id: _folder(archive, folder) for folder in archive.folders}
    for item in archive.resources:
        if not item.folder:
            root = root_folder(item.kind, archive.tenant)
            folders.setdefault(root, _folder(archive, Folder(root, item.kind, "", "", 0)))
    told = [
        (item.folder or root_folder(item.kind, archive.tenant), _item(item)) for item in archive.resources
    ]
    if flat:
        return {
            "version": archive.release,
            "assetCategories": [],
            "folders": list(folders.values()),
            "resources": [{**item, "folderID": folder} for folder, item in told],
        }
    inside: dict[str, list[dict[str, Any]]] = {key: [] for key in folders}
    for place, shown in told:
        inside[place].append(shown)
    return {"folders": [{**folder, "resources": inside[key]} for key, folder in folders.items()]}


def _item(item: Item) -> dict[str, Any]:
    return {"id": item.id, "kind": item.kind, "name": item.name, "deps": item.deps}


def _folder(archive: Archive, folder: Folder) -> dict[str, Any]:
    return {
        "id": folder.id,
        "tenantID": archive.tenant,
        "tenantName": archive.tenant_name,
        "exportID": folder.id,
        "kind": "resource",
        "subKind": folder.kind,
        "name": folder.name,
        "description": folder.description,
        "userID": "",
        "parentID": "",
        "createdAt": folder.created // 1_000,
    }


def _cipher(password: str, salt: bytes) -> tuple[Any, bytes]:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 -- slow to import

    # 16 MB and some hundredths of a second: the figures are fixed, a file cannot ask for more.
    secret = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1, dklen=_KEY_SIZE + _NONCE_SIZE)
    return AESGCM(secret[:_KEY_SIZE]), secret[_KEY_SIZE:]


def _sealed(why: str) -> BadInput:
    return BadInput("file decryption failed", why)
