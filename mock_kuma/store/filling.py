"""How a world's alerts fill, as rows: the setting of its users, and its segmentation rules in their order.

Rule: a world without a row fills its alerts as its release does by default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Column, Connection, Row, Table, delete, func, insert, select

from mock_kuma.domain.filling import SegmentationRule, Setting
from mock_kuma.store import tables
from mock_kuma.store.kinds import Integer, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

alert_filling = Table(
    "alert_filling",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("statuses", Text, nullable=False),  # JSON ["new", ...]
    Column("max_age_hours", Integer, nullable=False),
)

segmentation_rules = Table(
    "segmentation_rules",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("place", Integer, nullable=False),  # the oldest first
    Column("name", Text, nullable=False),
    Column("correlation_rule", Text, nullable=False),
    Column("selector", Text, nullable=False),  # JSON {field: value}
    Column("events_limit", Integer),
)

_STATUSES = msgspec.json.Decoder(frozenset[str])
_SELECTOR = msgspec.json.Decoder(dict[str, str | int | float])


def setting(connection: Connection, world: str) -> Setting | None:
    """Return what the world's users have chosen, or None."""
    row = connection.execute(select(alert_filling).where(alert_filling.c.world == world)).first()
    return None if row is None else Setting(_STATUSES.decode(row.statuses), row.max_age_hours)


def choose(connection: Connection, world: str, chosen: Setting) -> None:
    """Store the users' choice in place of the former one."""
    connection.execute(delete(alert_filling).where(alert_filling.c.world == world))
    statuses = msgspec.json.encode(sorted(chosen.statuses)).decode()
    connection.execute(
        insert(alert_filling).values(world=world, statuses=statuses, max_age_hours=chosen.max_age_hours)
    )


def rules(connection: Connection, world: str) -> list[SegmentationRule]:
    """Return the world's segmentation rules, the oldest first."""
    table = segmentation_rules
    query = select(table).where(table.c.world == world).order_by(table.c.place)
    return [_rule(row) for row in connection.execute(query)]


def add_rule(connection: Connection, world: str, rule: SegmentationRule) -> None:
    """Store a new segmentation rule behind the others."""
    table = segmentation_rules
    count = select(func.count()).select_from(table).where(table.c.world == world)
    values: Mapping[str, Any] = {
        "world": world,
        "id": rule.id,
        "place": connection.execute(count).scalar_one(),
        "name": rule.name,
        "correlation_rule": rule.correlation_rule,
        "selector": msgspec.json.encode(rule.selector).decode(),
        "events_limit": rule.events_limit,
    }
    connection.execute(insert(table).values(values))


def _rule(row: Row[Any]) -> SegmentationRule:
    return SegmentationRule(
        id=row.id,
        name=row.name,
        correlation_rule=row.correlation_rule,
        selector=_SELECTOR.decode(row.selector),
        events_limit=row.events_limit,
    )
