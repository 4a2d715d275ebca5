"""An alert as the connector understands it: tolerant of everything but a missing id.

Unknown words are kept, nulls and missing fields are read as empty, events are kept whole. Numbers never pass
through a float. Rule: one odd alert says what is odd about it and leaves its neighbours alone.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector import moments

if TYPE_CHECKING:
    from datetime import datetime

CLOSED: Final = "closed"


class OddAlert(ValueError):
    """This element of a page cannot become an incident; ``why`` says what is missing."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return self.why


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert; ``events`` by id in the order they came, None where they were not asked for."""

    id: str
    tenant_id: str
    name: str
    priority: str
    status: str
    first_seen: str
    last_seen: str
    assignee: str
    closing_reason: str
    overflow: bool
    events: dict[str, dict[str, Any]] | None
    assets: list[str] | None
    accounts: list[str] | None
    tenant_name: str = ""
    #: Names of assets by id, as far as KUMA told them.
    asset_names: dict[str, str] | None = None
    #: Whether KUMA gave a time; otherwise ``first_seen`` and ``last_seen`` are the time at which it was read.
    dated: bool = True

    @property
    def is_closed(self) -> bool:
        """Say whether KUMA is done with it."""
        return self.status == CLOSED


def alert(raw: object, *, now: datetime) -> Alert:
    """Return the alert of a decoded JSON element; ``now`` stands in where no time can be read."""
    if not isinstance(raw, dict):
        raise OddAlert("it is no object")
    alert_id = raw.get("id")
    if not isinstance(alert_id, str) or not alert_id or not storable(alert_id):
        raise OddAlert("it has no usable id")
    given = moments.parse(raw.get("lastSeen")) or moments.parse(raw.get("firstSeen"))
    last = given or now
    first = moments.parse(raw.get("firstSeen")) or last
    return Alert(
        id=alert_id,
        tenant_id=_text(raw, "tenantID"),
        name=_text(raw, "name"),
        priority=_text(raw, "priority"),
        status=_text(raw, "status"),
        first_seen=_moment(first),
        last_seen=_moment(last),
        assignee=_text(raw, "assignee"),
        closing_reason=_text(raw, "closingReason"),
        overflow=raw.get("overflow") is True,
        events=_events(raw.get("events")),
        assets=_names(raw.get("affectedAssets"), "id"),
        accounts=_names(raw.get("affectedAccounts"), "displayName", "cn", "sAMAccountName"),
        tenant_name=_text(raw, "tenantName"),
        asset_names=_asset_names(raw.get("affectedAssets")),
        dated=given is not None,
    )


def last_seen(raw: object) -> datetime | None:
    """Return the time by which KUMA sorts an element, or None where it has none."""
    return moments.parse(raw.get("lastSeen")) if isinstance(raw, dict) else None


def storable(text: str) -> bool:
    """Say whether a text can be a key in a database: no lone surrogates, no NUL."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _text(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _events(value: object) -> dict[str, dict[str, Any]] | None:
    if not isinstance(value, list):
        return None
    return {_event_id(event): event for event in value if isinstance(event, dict)}


def _event_id(event: dict[str, Any]) -> str:
    given = event.get("ID")
    if isinstance(given, str) and given and storable(given):
        return given
    # An event without an id is known by its content, so that it is not taken twice.
    content = json.dumps(event, sort_keys=True)
    return "content-" + hashlib.sha256(content.encode()).hexdigest()[:32]


def _asset_names(value: object) -> dict[str, str] | None:
    if not isinstance(value, list):
        return None
    found: dict[str, str] = {}
    for one in value:
        if isinstance(one, dict) and isinstance(one.get("id"), str):
            # From v2 on an asset has several FQDNs, and its name may be empty.
            fqdn = one.get("fqdn")
            several = [one.get("name"), *(fqdn if isinstance(fqdn, list) else [fqdn])]
            name = next((name for name in several if isinstance(name, str) and name), None)
            if name is not None:
                found[one["id"]] = name
    return found


def _names(value: object, *keys: str) -> list[str] | None:
    if not isinstance(value, list):
        return None
    found = [
        next((one[key] for key in keys if isinstance(one.get(key), str) and one[key]), None)
        for one in value
        if isinstance(one, dict)
    ]
    return list(dict.fromkeys(name for name in found if name is not None))
