"""What KUMA's side knows: alerts as they are, and exchanges as they crossed the wire.

Decides how the control API's answers are read, and which exchanges count as a list of alerts that
arrived whole. Judges nobody. Rule: these are the witnesses; nothing here comes from the connector.
"""

from __future__ import annotations

import datetime as dt  # noqa: TC003 -- msgspec reads it at run time
from typing import Any, Final

import msgspec
from msgspec import field

#: How the mock's journal shows where a secret stood.
REDACTED: Final = "[redacted]"
#: Faults after which the client has no complete answer.
_INCOMPLETE: Final = frozenset({"truncate", "reset", "empty", "silence", "commit-then-reset"})
_OK: Final = 200


class Change(msgspec.Struct, frozen=True):
    """One entry of an alert's history."""

    version: int
    at: dt.datetime
    change: str
    status: str | None = None
    event_ids: list[str] = []
    last_seen: dt.datetime | None = field(default=None, name="lastSeen")


class Truth(msgspec.Struct, frozen=True):
    """The whole truth about an alert."""

    id: str
    name: str
    status: str
    version: int
    priority: str
    assignee: str
    overflow: bool
    events: list[dict[str, Any]]
    history: list[Change]
    tenant: str = field(name="tenantID")
    first_seen: dt.datetime = field(name="firstSeen")
    last_seen: dt.datetime = field(name="lastSeen")
    closing_reason: str = field(name="closingReason")

    @property
    def event_ids(self) -> list[str]:
        """The ids of the alert's own events, base events not counted."""
        return [str(event["ID"]) for event in self.events]

    @property
    def base_event_ids(self) -> set[str]:
        """The ids of the events below the alert's events."""
        below = [base for event in self.events for base in event.get("BaseEvents") or []]
        return {str(base["ID"]) for base in below if isinstance(base, dict) and "ID" in base}

    @property
    def times_closed(self) -> int:
        """How often the alert was closed."""
        return sum(entry.change == "closed" for entry in self.history)


class Served(msgspec.Struct, frozen=True):
    """An alert in an answer, in the version that was shown."""

    alert: str
    version: int


class Query(msgspec.Struct, frozen=True):
    """A query string as sent and as understood."""

    raw: str
    pairs: list[tuple[str, str]]


class Exchange(msgspec.Struct, frozen=True):
    """One request to KUMA and its answer; ``status`` is None where no answer was sent."""

    seq: int
    at: dt.datetime
    method: str
    path: str
    query: Query
    headers: list[tuple[str, str]]
    status: int | None
    served: list[Served]
    duration_ms: float = 0.0
    body: str | None = None
    fault: dict[str, Any] | None = None
    reason: str | None = None

    @property
    def fault_kind(self) -> str | None:
        """The kind of the fault that fired on this request, or None."""
        return None if self.fault is None else str(self.fault.get("kind"))

    @property
    def arrived(self) -> bool:
        """Whether the client got a complete, successful answer."""
        return self.status == _OK and self.fault_kind not in _INCOMPLETE

    @property
    def is_list(self) -> bool:
        """Whether alerts were asked for."""
        return self.method == "GET" and self.path.rstrip("/").endswith("/alerts")

    @property
    def is_close(self) -> bool:
        """Whether an alert was to be closed."""
        return self.method == "POST" and self.path.rstrip("/").endswith("/alerts/close")


class Sighting(msgspec.Struct, frozen=True):
    """An alert that reached the connector: in which poll (0: outside of any), in which version."""

    poll: int
    version: int


def sightings(exchanges: list[tuple[int, Exchange]]) -> dict[str, list[Sighting]]:
    """Return what reached the connector, by alert, oldest first; pairs are (poll, exchange)."""
    seen: dict[str, list[Sighting]] = {}
    for poll, exchange in exchanges:
        if exchange.arrived:
            for served in exchange.served:
                seen.setdefault(served.alert, []).append(Sighting(poll, served.version))
    return seen
