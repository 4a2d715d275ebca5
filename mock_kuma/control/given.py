"""An alert and its events as a test may give them: any field, in the vendor's spelling.

Beyond the vendor's fields an alert takes two of ours, for connectors that must survive odd data:
``sent_as`` (fields to be sent with other values than the true ones) and ``omit`` (fields not to be sent).
Four more are for stories: alerts of one ``cast`` share hosts, accounts and addresses; ``lasted_ms`` says how
long before ``lastSeen`` it was first seen; ``event_count`` and ``base_events`` are how many to generate.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from mock_kuma.actions.drafts import Given
from mock_kuma.control.request import Invalid, moment
from mock_kuma.domain.alerts import Priority, Reason, Status

Event = dict[str, Any]
_Text = Annotated[str, Meta(min_length=1)]
_INT64: Final = 2**63
_YEAR_10000_MS: Final = 253_402_300_800_000


class GivenAlert(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An alert in the vendor's spelling; what is absent comes from the world's seed."""

    id: _Text | UnsetType = UNSET
    tenant: str | UnsetType = field(default=UNSET, name="tenantID")
    tenant_name: str | UnsetType = field(default=UNSET, name="tenantName")
    name: str | UnsetType = UNSET
    rule: _Text | UnsetType = field(default=UNSET, name="correlationRuleID")
    priority: Priority | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    first_seen: str | UnsetType = field(default=UNSET, name="firstSeen")
    last_seen: str | UnsetType = field(default=UNSET, name="lastSeen")
    assignee: str | UnsetType = UNSET
    closing_reason: Reason | UnsetType = field(default=UNSET, name="closingReason")
    overflow: bool | UnsetType = UNSET
    events: list[Event] | UnsetType | None = UNSET
    assets: list[dict[str, Any]] | UnsetType | None = field(default=UNSET, name="affectedAssets")
    accounts: list[dict[str, Any]] | UnsetType | None = field(default=UNSET, name="affectedAccounts")
    sent_as: dict[str, Any] = {}
    omit: list[str] = []
    cast: _Text | None = None
    lasted_ms: Annotated[int, Meta(ge=0)] | None = None
    event_count: Annotated[int, Meta(ge=0, le=100_000)] = 1
    base_events: Annotated[int, Meta(ge=1, le=1_000)] | None = None


_COLUMNS: Final = ("id", "name", "rule", "assignee", "overflow", "assets", "accounts")


def given_alert(alert: GivenAlert, names: dict[str, str], *, path: str) -> Given:
    """Return the draft of an alert; ``names`` are the world's tenants, ``path`` is for errors."""
    values: dict[str, Any] = {
        column: value for column in _COLUMNS if (value := getattr(alert, column)) is not UNSET
    }
    for column in ("priority", "status", "closing_reason"):
        word = getattr(alert, column)
        if word is not UNSET:
            values[column] = word.value
    if alert.status is Status.CLOSED:
        values.setdefault("closing_reason", Reason.RESPONDED.value)
    tenant = None if isinstance(alert.tenant, UnsetType) else alert.tenant
    if tenant is not None and tenant not in names:
        raise Invalid(f"{path}.tenantID", f"there is no tenant {tenant!r} in this world")
    sent_as = dict(alert.sent_as)
    if not isinstance(alert.tenant_name, UnsetType):
        sent_as.setdefault("tenantName", alert.tenant_name)
    if sent_as or alert.omit:
        deviation = {"set": sent_as, "omit": alert.omit}
        values["sent_as"] = msgspec.json.encode(deviation).decode()
    first = _moment(alert.first_seen, f"{path}.firstSeen")
    last = _moment(alert.last_seen, f"{path}.lastSeen")
    if first is not None and last is not None and first > last:
        raise Invalid(f"{path}.firstSeen", "firstSeen cannot be later than lastSeen")
    events: list[Event] | None = None
    if not isinstance(alert.events, UnsetType):
        events = check_events(alert.events or [], f"{path}.events")
    return Given(
        values=values,
        first_seen=first,
        last_seen=last,
        events=events,
        event_count=alert.event_count,
        lasted=None if alert.lasted_ms is None else alert.lasted_ms * 1_000,
        tenant=tenant,
        cast=alert.cast,
        base_events=alert.base_events,
    )


def check_events(events: list[Event], path: str) -> list[Event]:
    """Return the events, once those of their fields that the mock itself reads are sound."""
    for place, event in enumerate(events):
        _check_event(event, f"{path}[{place}]")
        base_events = event.get("BaseEvents")
        if base_events is None:
            continue
        if not isinstance(base_events, list):
            raise Invalid(f"{path}[{place}].BaseEvents", "expected a list of events")
        for base_place, base in enumerate(base_events):
            base_path = f"{path}[{place}].BaseEvents[{base_place}]"
            if not isinstance(base, dict):
                raise Invalid(base_path, "expected an event")
            _check_event(base, base_path)
    return events


def _check_event(event: Event, path: str) -> None:
    if "ID" in event and not (isinstance(event["ID"], str) and event["ID"]):
        raise Invalid(f"{path}.ID", "expected text")
    for name in ("Timestamp", "Type"):
        value = event.get(name, 0)
        end = _YEAR_10000_MS if name == "Timestamp" else _INT64
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < end:
            what = "milliseconds since 1970" if name == "Timestamp" else "a whole number"
            raise Invalid(f"{path}.{name}", f"expected {what}")


def _moment(text: str | UnsetType, path: str) -> int | None:
    return None if isinstance(text, UnsetType) else moment(text, path)
