"""What a test gives, completed from the world's seed: whole alerts and whole events.

What is given stays as given; the rest comes from the generated organisation, so that the same seed and the
same calls give the same bytes. Contract: "Spelling", "Generate" and "Growth" of the control API.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from mock_kuma.domain.alerts import Status
from mock_kuma.store import worlds as world_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from mock_kuma.generate import Soc
    from mock_kuma.world import World

Draft = tuple[dict[str, Any], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Given:
    """An alert as a test wants it; None is "from the seed". Times in microseconds."""

    values: dict[str, Any] = field(default_factory=dict)  # columns of the alert's row
    first_seen: int | None = None
    last_seen: int | None = None
    lasted: int | None = None  # how long before last_seen it was first seen, where that is not given
    events: list[dict[str, Any]] | None = None  # given events, each to be completed
    event_count: int = 1  # how many to generate where none are given
    tenant: str | None = None
    cast: str | None = None  # a story: its alerts share hosts, accounts and addresses
    base_events: int | None = None  # how many in each generated event


def complete(
    connection: Connection, world: World, soc: Soc, given: Sequence[Given], names: dict[str, str]
) -> list[Draft]:
    """Return an alert's row and its events for each; ``names`` are the tenants' by id."""
    first_alert = world_store.draw(connection, world.id, "drawn_alerts", len(given))
    counts = [one.event_count if one.events is None else len(one.events) for one in given]
    first_event = world_store.draw(connection, world.id, "drawn_events", sum(counts))
    drafts: list[Draft] = []
    for place, (one, count) in enumerate(zip(given, counts, strict=True)):
        drafts.append(_draft(world, soc, one, first_alert + place, first_event, count, names))
        first_event += count
    return drafts


def _draft(
    world: World,
    soc: Soc,
    given: Given,
    drawn: int,
    first_event: int,
    count: int,
    names: dict[str, str],
) -> Draft:
    cast = None if given.cast is None else soc.cast_number(given.cast)
    seeded = soc.alert(drawn, name=given.values.get("name"), cast=cast)
    stamps = [event["Timestamp"] for event in given.events or () if "Timestamp" in event]
    now = world.clock.now()
    last = given.last_seen
    if last is None:
        last = max(stamps) * 1_000 if stamps else max(now, given.first_seen or now)
    first = given.first_seen
    if first is None and given.lasted is not None:
        first = max(0, last - given.lasted)
    if first is None:
        first = min(last, min(stamps) * 1_000) if stamps else last
    tenant = given.tenant or world.main_tenant
    row = {
        "id": seeded.id,
        "tenant": tenant,
        "name": seeded.name,
        "rule": seeded.correlation_rule_id,
        "priority": seeded.priority,
        "status": Status.NEW.value,
        "first_seen": first,
        "last_seen": last,
        "assignee": "",
        "closing_reason": "",
        "overflow": False,
        "assets": seeded.affected_assets,
        "accounts": seeded.affected_accounts,
        "sent_as": None,
        "drawn": drawn,
        "cast_of": cast,
        **given.values,
    }
    identity = {"tenantID": tenant, "tenantName": names.get(tenant, "")}
    row["assets"] = _json(
        [{**one, **identity} for one in row["assets"]] if "assets" not in given.values else row["assets"]
    )
    row["accounts"] = _json(row["accounts"])
    timestamps = spread(first // 1_000, last // 1_000, count)
    events = events_of(
        soc,
        row,
        timestamps,
        first=first_event,
        given=given.events,
        names=names,
        base_events=given.base_events,
    )
    return row, events


def events_of(
    soc: Soc,
    row: dict[str, Any],
    timestamps: Sequence[int],
    *,
    first: int,
    given: list[dict[str, Any]] | None,
    names: dict[str, str],
    base_events: int | None = None,
) -> list[dict[str, Any]]:
    """Return complete correlation events of an alert's row, at these times (ms) unless given."""
    shared = {"TenantID": row["tenant"], "TenantName": names.get(row["tenant"], "")}
    # An alert of a segmentation rule is named after that one.
    rule_name = row.get("rule_name") or row["name"]
    identity = {**shared, "CorrelationRuleID": row["rule"], "CorrelationRuleName": rule_name}
    number = row["drawn"] if row["cast_of"] is None else row["cast_of"]
    generated = soc.events(
        rule_name, row["rule"], n=number, first=first, timestamps=timestamps, base_events=base_events
    )
    events = [
        {**event, **identity, **(given[place] if given is not None else {})}
        for place, event in enumerate(generated)
    ]
    for event in events:
        event["BaseEvents"] = [
            {
                "ID": base["ID"] if "ID" in base else soc.uuid(f"base event {event['ID']}", place),
                "Timestamp": event["Timestamp"],
                "Type": 1,
                **shared,
                **base,
            }
            for place, base in enumerate(event.get("BaseEvents") or ())
        ]
    return events


def spread(first: int, last: int, count: int) -> list[int]:
    """Return ``count`` times from first to last, evenly, the newest at the end (all in ms)."""
    if count == 1:
        return [last]
    return [first + (last - first) * place // (count - 1) for place in range(count)]


def following(last_seen: int, now: int, count: int) -> list[int]:
    """Return times for new data: after ``last_seen``, not after ``now``, the newest at ``now`` (ms)."""
    start = max(last_seen + 1, now - count + 1)
    return [min(start + place, now) for place in range(count)]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
