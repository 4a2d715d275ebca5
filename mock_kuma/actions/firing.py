"""A correlation rule fires: KUMA's life cycle decides which alert takes the event.

One transaction, opened by the caller. Source: REST API, 7.1, 7.2 and 7.4. An alert that takes no more has a
successor, which the next firings go to; events that a segmentation rule takes have an alert of their own.
Rule: every event that is stored belongs to exactly one alert, and the alert's version counts each change.

GUESS: an alert that may be filled again stays unfilled once it has a successor; the page on filling (304498)
says so in its example, and something else beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mock_kuma.actions import events as event_actions
from mock_kuma.domain import alerts as life
from mock_kuma.domain import filling
from mock_kuma.store import alerts as alert_store
from mock_kuma.store import filling as filling_store
from mock_kuma.store import worlds as world_store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mock_kuma.domain.filling import Policy, SegmentationRule
    from mock_kuma.generate import Soc
    from mock_kuma.world import World


@dataclass(frozen=True, slots=True)
class Receipt:
    """Who took the events: ``alert`` is the one of the last event, ``opened`` says whether any is new."""

    alert: str
    opened: bool
    event_ids: tuple[str, ...]
    overflow: bool


@dataclass(slots=True)
class _Taker:
    """An alert while it takes events: its row, and what is to be written at the end."""

    row: dict[str, Any]
    is_new: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)
    stamps: list[int] = field(default_factory=list)
    overflows: bool = False

    def filling(self) -> life.Filling:
        """Return what decides about growth."""
        return life.Filling(
            status=self.row["status"],
            created=self.row["created"],
            overflow=self.row["overflow"],
            event_count=self.row["event_count"],
            event_bytes=self.row["event_bytes"],
        )


@dataclass(slots=True)
class _Firing:
    """One call: the alert that was named, and whoever takes events, the last one of each segment at hand."""

    connection: Connection
    world: World
    soc: Soc
    named: dict[str, Any]
    now: int
    takers: list[_Taker] = field(default_factory=list)
    last: dict[str | None, _Taker] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)


def ingest(
    connection: Connection, world: World, soc: Soc, alert: Any, events: list[dict[str, Any]]
) -> Receipt:
    """Let the alert's rule fire once for each event; ``alert`` is the row that the caller named."""
    named = dict(alert._mapping)  # noqa: SLF001 -- the public name of a Row's columns by name
    firing = _Firing(connection, world, soc, named, world.clock.now())
    policy = filling.policy(world.release, filling_store.setting(connection, world.id))
    rules = filling_store.rules(connection, world.id)
    # Where nothing comes, the receipt tells who would have taken it.
    taker = firing.last[named["segment"]] = _Taker(_end_of_chain(firing, named))
    firing.takers.append(taker)
    for event in events:
        rule = filling.segment(rules, event, rule=named["rule"], rule_name=_rule_name(named))
        limit = None if rule is None else rule.events_limit
        taker = _take(firing, event, rule, policy.limited(limit))
    _save(firing)
    return Receipt(
        alert=taker.row["id"],
        opened=any(one.is_new for one in firing.takers),
        event_ids=tuple(firing.ids),
        overflow=taker.row["overflow"],
    )


def _take(firing: _Firing, event: dict[str, Any], rule: SegmentationRule | None, policy: Policy) -> _Taker:
    taker = _at_hand(firing, rule)
    rows: list[dict[str, Any]] = []
    decision = life.Growth.OPENS
    if taker is not None:
        rows = _rows(firing, event, taker)
        coming = event_actions.size(rows)
        decision = life.growth(taker.filling(), policy=policy, now=firing.now, coming=coming)
        if decision is life.Growth.OVERFLOWS:
            taker.overflows = taker.overflows or not taker.row["overflow"]
            taker.row["overflow"] = True
            return taker
    if taker is None or decision is life.Growth.OPENS:
        taker = _open(firing, event, rule, before=taker)
        rows = _rows(firing, event, taker)
    taker.events.extend(rows)
    taker.stamps.append(event["Timestamp"])
    taker.row["event_count"] += 1
    taker.row["event_bytes"] += event_actions.size(rows)
    firing.ids.append(event["ID"])
    return taker


def _rows(firing: _Firing, event: dict[str, Any], taker: _Taker) -> list[dict[str, Any]]:
    return event_actions.event_rows(
        firing.world, event, alert_number=taker.row["drawn"], place=taker.row["event_count"]
    )


def _at_hand(firing: _Firing, rule: SegmentationRule | None) -> _Taker | None:
    """Return the alert that a segment's next event meets, or None where it has none yet."""
    segment = None if rule is None else rule.id
    if segment not in firing.last:
        row = alert_store.newest_of_rule(
            firing.connection,
            firing.world.id,
            tenant=firing.named["tenant"],
            rule=firing.named["rule"],
            segment=segment,
        )
        if row is None:
            return None
        taker = _Taker(dict(row._mapping))  # noqa: SLF001 -- the public name of a Row's columns by name
        firing.takers.append(taker)
        firing.last[segment] = taker
    return firing.last[segment]


def _end_of_chain(firing: _Firing, row: dict[str, Any]) -> dict[str, Any]:
    # After a freeze the first firing opens a new alert and the next ones go into that one.
    while row["successor"] is not None:
        following = alert_store.find(firing.connection, firing.world.id, row["successor"])
        if following is None:
            break
        row = dict(following._mapping)  # noqa: SLF001 -- as above
    return row


def _open(
    firing: _Firing, event: dict[str, Any], rule: SegmentationRule | None, *, before: _Taker | None
) -> _Taker:
    drawn = world_store.draw(firing.connection, firing.world.id, "drawn_alerts")
    new_id = firing.soc.alert(drawn).id
    if before is not None:
        before.row["successor"] = new_id
        if not before.is_new:
            alert_store.change(firing.connection, firing.world.id, before.row["id"], {"successor": new_id})
    moment = event["Timestamp"] * 1_000
    rule_name = _rule_name(firing.named)
    fresh = {
        "id": new_id,
        "name": rule_name if rule is None else rule.name,
        "rule_name": None if rule is None else rule_name,
        "segment": None if rule is None else rule.id,
        "status": life.Status.NEW.value,
        "first_seen": moment,
        "last_seen": moment,
        "assignee": "",
        "closing_reason": "",
        "overflow": False,
        "version": 1,
        "drawn": drawn,
        "event_count": 0,
        "event_bytes": 0,
        "successor": None,
        "sent_as": None,
        "created": firing.now,
        "updated": firing.now,
    }
    taker = _Taker({**firing.named, **fresh}, is_new=True)
    firing.takers.append(taker)
    firing.last[fresh["segment"]] = taker
    return taker


def _rule_name(row: dict[str, Any]) -> str:
    return str(row["rule_name"] or row["name"])


def _save(firing: _Firing) -> None:
    # The alerts first: an event refers to its alert.
    for taker in firing.takers:
        _save_alert(firing, taker)
    rows = [row for taker in firing.takers for row in taker.events]
    if rows:
        event_actions.store(firing.connection, firing.world, rows)


def _save_alert(firing: _Firing, taker: _Taker) -> None:
    row, connection, world = taker.row, firing.connection, firing.world
    if not taker.is_new and not taker.stamps and not taker.overflows:
        return
    row["last_seen"] = life.last_seen(row["last_seen"], taker.stamps)
    row["updated"] = firing.now
    ids = [event["id"] for event in taker.events if event["parent"] is None]
    details: dict[str, Any] = {"event_ids": ids, "last_seen": row["last_seen"]}
    change = "overflowed" if taker.overflows else "grown"
    if taker.is_new:
        change = "opened"
        alert_store.add(connection, [row])
    else:
        row["version"] += 1
        alert_store.change(connection, world.id, row["id"], row)
    event_actions.note(connection, world, row, change, details)
