"""An alert's life: its words, where it may go from each status, when it still grows.

Source: alert life cycle 218046, alert filling 304498, close 222255 (REST API, 3.4 and 7). Knows
neither storage nor HTTP nor the time; all of it is handed in.
Rule: an alert never leaves ``closed``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mock_kuma.domain.filling import Policy


class Status(StrEnum):
    """The four words of the REST API; it never shows a fifth."""

    NEW = "new"
    ASSIGNED = "assigned"
    ESCALATED = "escalated"
    CLOSED = "closed"


class Priority(StrEnum):
    """The REST words for the internal 1 to 16."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Reason(StrEnum):
    """Why an alert was closed; lower case with spaces is the API's spelling."""

    RESPONDED = "responded"
    INCORRECT_DATA = "incorrect data"
    INCORRECT_RULE = "incorrect correlation rule"


#: The closing reason of an alert that was closed together with its incident; nobody can ask for it. GUESS:
#: the web interface shows such an alert as "Closed, incident closed"; a live server would tell the REST word.
INCIDENT_CLOSED: Final = "incident closed"

#: Where an alert may go from each status. An assignee may change without a change of status.
MOVES: Final[Mapping[Status, frozenset[Status]]] = {
    Status.NEW: frozenset({Status.ASSIGNED, Status.ESCALATED, Status.CLOSED}),
    # Back to new when the assignee is removed (seen in a production client; the status is inferred).
    Status.ASSIGNED: frozenset({Status.NEW, Status.ESCALATED, Status.CLOSED}),
    # GUESS: to assigned where somebody holds it; back to new by unlinking is documented (4.0).
    Status.ESCALATED: frozenset({Status.NEW, Status.ASSIGNED, Status.CLOSED}),
    Status.CLOSED: frozenset(),
}


class Growth(StrEnum):
    """What a rule's firing does to the alert it meets."""

    GROWS = "grows"
    OPENS = "opens"  # a new alert of the same name takes it
    OVERFLOWS = "overflows"  # nothing takes it; the alert is marked


@dataclass(frozen=True, slots=True)
class Filling:
    """What decides about growth: the alert's status, age and size as they are now."""

    status: str
    created: int
    overflow: bool
    event_count: int
    event_bytes: int


def reason(text: str) -> Reason | None:
    """Return the reason that the text names, or None.

    GUESS: upper and lower case are alike. The API pages print lower case and the R-Vision guide prints
    "Incorrect Data" for the same field (REST API, 3.5); a live server would settle it.
    """
    folded = text.casefold()
    return next((word for word in Reason if word.value == folded), None)


def may_move(old: str, new: Status) -> bool:
    """Say whether an alert may go from one status to another; staying is always allowed."""
    return old == new or (old in MOVES and new in MOVES[Status(old)])


def growth(alert: Filling, *, policy: Policy, now: int, coming: int) -> Growth:
    """Decide what happens to one more correlation event of ``coming`` bytes.

    Status and age are looked at first; then the limit: bytes (up to 3.4) or events (4.0).
    """
    if alert.status not in policy.statuses:
        return Growth.OPENS
    if policy.max_age is not None and now - alert.created > policy.max_age:
        return Growth.OPENS
    if policy.max_events is not None and alert.event_count >= policy.max_events:
        return Growth.OPENS
    if policy.max_bytes is not None and (alert.overflow or alert.event_bytes + coming > policy.max_bytes):
        return Growth.OVERFLOWS
    return Growth.GROWS


def last_seen(before: int, timestamps: Sequence[int]) -> int:
    """Return the time of the newest correlation event, in microseconds; it never goes back."""
    return max(before, *(stamp * 1_000 for stamp in timestamps)) if timestamps else before
