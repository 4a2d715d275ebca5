"""The incidents of one XSOAR instance, with all else that it remembers between commands.

Decides what an incident is made of: the item that the script handed over, read by a mapping from fields to
places in its ``rawJSON``, as an incoming mapper does. Knows no script. Rule: each item becomes an incident
of its own, so that an alert that a script hands over twice is there twice.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

#: Where KUMA's alert has what the protocol asks for; a connector file may say otherwise.
PLACES: Final = {
    "alert_id": "id",
    "name": "name",
    "priority": "priority",
    "first_seen": "firstSeen",
    "last_seen": "lastSeen",
    "event_ids": "events.ID",
    "tenant_id": "tenantID",
    "overflow": "overflow",
    "assignee": "assignee",
    "kuma_status": "status",
    "close_reason": "closingReason",
    "assets": "affectedAssets.id",
    "accounts": "affectedAccounts.displayName",
    "dbotMirrorId": "dbotMirrorId",
    "dbotMirrorDirection": "dbotMirrorDirection",
}
#: What is told only where the feature is claimed.
_CLAIMED: Final = {
    "event_ids": "events",
    "assignee": "mirror",
    "kuma_status": "mirror",
    "close_reason": "mirror",
    "assets": "affected",
    "accounts": "affected",
}
_LISTS: Final = frozenset({"event_ids", "assets", "accounts"})
_INTERNAL: Final = frozenset({"dbotMirrorId", "dbotMirrorDirection"})
#: What an alert without an assignee or a closing reason has instead of one.
_EMPTY: Final = frozenset({"assignee", "close_reason"})


class XsoarIncident(msgspec.Struct):
    """One incident. ``raw`` is the alert as the script gave it last, ``direction`` In, Out, Both or empty."""

    id: str
    raw: dict[str, Any]
    status: str = "open"
    mirror_id: str = ""
    direction: str = ""
    close_reason: str = ""
    owner: str = ""
    notes: str = ""

    def mirrored(self, way: str) -> bool:
        """Whether changes travel ``In`` or ``Out``."""
        return bool(self.mirror_id) and self.direction in {way, "Both"}


class Memory(msgspec.Struct):
    """What survives a restart. ``mirrored_at`` is when the last whole mirroring began, RFC 3339."""

    number: int = 0
    mirrored_at: str = ""
    last_run: dict[str, Any] = {}
    last_mirror_run: dict[str, Any] = {}
    context: dict[str, Any] = {}
    incidents: list[XsoarIncident] = []

    def save(self, file: Path) -> None:
        """Write everything; a kill leaves the old file or the new one."""
        new = file.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(self))
        new.replace(file)

    def create(self, item: Mapping[str, Any], places: Mapping[str, str]) -> XsoarIncident:
        """Make an incident of an item of ``demisto.incidents``; raises ValueError where it is none."""
        raw = json.loads(item.get("rawJSON") or "{}")
        if not isinstance(raw, dict):
            raise ValueError("the rawJSON of an incident is not an object")  # noqa: TRY004 -- a bad value

        def given(field: str) -> str:
            return str(item.get(field) or place(raw, places[field]) or "")

        self.number += 1
        incident = XsoarIncident(
            str(self.number),
            raw,
            mirror_id=given("dbotMirrorId"),
            direction=given("dbotMirrorDirection"),
        )
        self.incidents.append(incident)
        return incident


def load(file: Path) -> Memory:
    """Return what is remembered, or a new instance's memory."""
    return msgspec.json.decode(file.read_bytes(), type=Memory) if file.exists() else Memory()


def place(value: Any, path: str) -> Any:
    """Return what stands at ``a.b``; of a list, what stands there in each of its items."""
    for key in path.split("."):
        if isinstance(value, list):
            value = [item[key] for item in value if isinstance(item, dict) and key in item]
        elif isinstance(value, dict):
            value = value.get(key)
        else:
            return None
    return value


def alert_of(incident: XsoarIncident, places: Mapping[str, str]) -> str:
    """Return the id of the alert that an incident stands for."""
    return str(place(incident.raw, places["alert_id"]) or incident.mirror_id)


def told(incident: XsoarIncident, places: Mapping[str, str], *, features: Iterable[str]) -> dict[str, Any]:
    """Return an incident as the protocol spells it, as far as the features go."""
    claimed = set(features)
    shown: dict[str, Any] = {"id": incident.id, "status": incident.status}
    for field, path in places.items():
        if field in _INTERNAL or _CLAIMED.get(field, field) not in {field, *claimed}:
            continue
        value = place(incident.raw, path)
        if field in _LISTS:
            shown[field] = list(value or [])
        elif value is not None or field in _EMPTY:
            shown[field] = "" if value is None else value
    shown["alert_id"] = alert_of(incident, places)
    if "edit" in claimed:
        shown |= {"owner": incident.owner, "notes": incident.notes}
    return shown
