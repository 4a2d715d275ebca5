"""What a resource is: a kind, a name, a tenant and a payload that only its kind understands.

Sources: REST API, 5.5; kinds and the outer shape from a public client. Folders are here, too, since they
hold nothing but resources. Rule: a payload that is stored is an object, bounded, and readable by whoever
serves its kind (dictionaries, context tables).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec

from mock_kuma.domain import dictionaries, lists
from mock_kuma.domain.problems import BadInput

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from mock_kuma.domain.patterns import Pattern
    from mock_kuma.domain.roles import Scope

DICTIONARY: Final = "dictionary"
KINDS: Final = frozenset(
    {
        "correlator", "storage", "activeList", "contextTable", "correlationRule", "enrichmentRule",
        "destination", "filter", "normalizer", "responseRule", "search", "emailTemplate", "collector",
        "agent", "eventRouter", "connector", "aggregationRule", DICTIONARY, "proxy", "dataMiningRule",
        "secret", "segmentationRule",
    }
)  # fmt: skip
# GUESS: the limits of names, descriptions and payloads; the vendor names none for the API.
MAX_NAME: Final = 128
MAX_DESCRIPTION: Final = 4_000
MAX_PAYLOAD: Final = 4 * 1024 * 1024
#: So many former versions of a resource are kept; a mock is no archive.
KEPT_VERSIONS: Final = 20
#: A word longer than any id names no other resource.
_LONGEST_ID: Final = 128


class Action(IntEnum):
    """What an import does with one resource (222302)."""

    SKIP = 0
    IMPORT = 1
    REPLACE = 2


@dataclass(frozen=True, slots=True)
class ResourceFilter:
    """One search for resources; pages from 1."""

    scope: Scope
    page: int = 1
    ids: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    name: Pattern | None = None


@dataclass(frozen=True, slots=True)
class FolderFilter:
    """One search for folders; ``order`` is a column of a folder."""

    scope: Scope
    limit: int
    offset: int = 0
    ids: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    subkinds: tuple[str, ...] = ()
    name: Pattern | None = None
    order: str = "name"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """What a user edits of a resource; ``payload`` is JSON text of an object."""

    name: str
    description: str
    payload: str


def root_folder(kind: str, tenant: str) -> str:
    """Return the id under which a kind's resources without a folder hang (seen in a public client)."""
    return f"{kind}-{tenant}"


def check_kind(kind: str) -> None:
    """Raise unless there are resources of the kind; the row is the sibling one of services."""
    if kind not in KINDS:
        raise BadInput("invalid kind", kind[:64])


def content(kind: str, *, name: str | None, description: str | None, payload: object) -> Content:
    """Return the content of a resource, once it is sound.

    GUESS: every row about a resource's content; the v3 pages were not readable.
    """
    if name is None:
        raise BadInput("name required")
    if len(name) > MAX_NAME or "\0" in name:
        raise BadInput("invalid value", "name")
    if description is not None and (len(description) > MAX_DESCRIPTION or "\0" in description):
        raise BadInput("invalid value", "description")
    if payload is None:
        raise BadInput("payload required")
    if not isinstance(payload, dict):
        raise BadInput("invalid value", "payload")
    if kind == DICTIONARY:
        dictionaries.read(payload)
    elif kind == lists.Kind.CONTEXT_TABLE:
        lists.fields_of(payload)
    return Content(name=name, description=description or "", payload=payload_text(payload))


def payload_text(payload: Mapping[str, Any]) -> str:
    """Return a payload as it is stored."""
    try:
        text = msgspec.json.encode(payload).decode()
    except (OverflowError, RecursionError, msgspec.ValidationError) as error:
        raise BadInput("invalid value", f"payload: {error}") from error
    if len(text) > MAX_PAYLOAD:
        raise BadInput("invalid value", f"payload: larger than {MAX_PAYLOAD} bytes")
    return text


def references(payload: str, known: Container[str]) -> list[str]:
    """Return the known resources that a payload names, anywhere in it, in order.

    GUESS: a resource depends on those whose ids stand in its payload; the vendor's page only shows ``deps``.
    """
    found: dict[str, None] = {}
    waiting: list[Any] = [msgspec.json.decode(payload)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if len(value) <= _LONGEST_ID and value in known:
                found[value] = None
        elif isinstance(value, dict):
            waiting.extend(reversed(value.values()))
        elif isinstance(value, list):
            waiting.extend(reversed(value))
    return list(found)
