"""An incident's life, and what a search for incidents asks for.

Source: REST API, 5.10, from a public client; creation 220361, processing 220419 and retention 222206 of the
help. Knows neither storage nor HTTP nor the time. Rule: an incident never leaves ``closed``, and a closed one
is not edited.

GUESS: everything that an answer has beyond the fields of the creation, and every refusal; the v3 document was
not readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta

from mock_kuma.domain.alerts import Priority
from mock_kuma.domain.filters import TimestampField
from mock_kuma.domain.problems import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mock_kuma.domain.patterns import Pattern
    from mock_kuma.domain.roles import Scope

MAX_NAME: Final = 128
MAX_DESCRIPTION: Final = 256
# GUESS: a larger type is refused; what is in one is not known.
MAX_TYPE: Final = 65_536
#: Alert priorities as an incident has them.
#: GUESS: 1 to 4, as events have them; the client's example is 1, which is low on any scale.
PRIORITIES: Final[Mapping[str, int]] = {
    Priority.LOW.value: 1,
    Priority.MEDIUM.value: 2,
    Priority.HIGH.value: 3,
    Priority.CRITICAL.value: 4,
}
_DIGITS: Final = 4


class Status(StrEnum):
    """Where an incident is."""

    OPEN = "open"
    ASSIGNED = "assigned"
    CLOSED = "closed"


class Resolution(IntEnum):
    """What a closed incident was."""

    NOT_CONFIRMED = 0
    CONFIRMED = 1


#: Where an incident may go from each status; assigned to another user it stays assigned.
MOVES: Final[Mapping[Status, frozenset[Status]]] = {
    Status.OPEN: frozenset({Status.ASSIGNED, Status.CLOSED}),
    Status.ASSIGNED: frozenset({Status.ASSIGNED, Status.CLOSED}),
    Status.CLOSED: frozenset(),
}


class Reference(msgspec.Struct, frozen=True):
    """An alert, asset or account that a new incident is linked to."""

    id: str


class Draft(msgspec.Struct, frozen=True):
    """A new incident in the client's spelling; what is absent is empty."""

    name: str = ""
    tenant: str = msgspec.field(default="", name="tenantID")
    description: str = ""
    type: dict[str, Any] = {}
    priority: Annotated[int, Meta(ge=1, le=4)] = PRIORITIES[Priority.LOW.value]
    assignee: str = msgspec.field(default="", name="assigneeId")
    alerts: list[Reference] = []
    assets: list[Reference] = []
    accounts: list[Reference] = []
    available_tenants: list[str] = msgspec.field(default_factory=list, name="availableTenants")


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """One search for incidents; times in microseconds, pages from 1."""

    scope: Scope
    page: int = 1
    ids: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    name: Pattern | None = None
    search: Pattern | None = None
    field: TimestampField = TimestampField.LAST_SEEN
    since: int | None = None
    until: int | None = None
    statuses: tuple[str, ...] = ()


def check(draft: Draft) -> None:
    """Raise unless a new incident has a name and a tenant, and nothing in it is too long (220361)."""
    if not draft.name:
        raise BadInput("name required")
    if not draft.tenant:
        raise BadInput("tenantID required")
    for name, text, most in (
        ("name", draft.name, MAX_NAME),
        ("description", draft.description, MAX_DESCRIPTION),
    ):
        # A NUL is what no PostgreSQL takes.
        if len(text) > most or "\0" in text:
            raise BadInput("invalid value", name)


def type_text(draft: Draft) -> str:
    """Return the type of a new incident as it is stored and sent."""
    try:
        text = msgspec.json.encode(draft.type).decode()
    except (OverflowError, RecursionError) as error:
        raise BadInput("invalid value", f"type: {error}") from error
    if len(text) > MAX_TYPE:
        raise BadInput("invalid value", "type")
    return text


def human_id(number: int) -> str:
    """Return the name by which the API knows an incident: ``INC-0001``."""
    return f"INC-{number:0{_DIGITS}d}"


def may_move(old: str, new: Status) -> bool:
    """Say whether an incident may go from one status to another."""
    return new in MOVES[Status(old)]


def highest(priorities: Iterable[str]) -> int | None:
    """Return the highest of the alerts' priorities as a number, or None where there is none."""
    return max((PRIORITIES[word] for word in priorities), default=None)
