"""The tables, one per noun; every row belongs to a world.

Times are microseconds since the epoch (UTC), except an event's ``timestamp``, which is milliseconds as
the vendor has it. Columns hold what is filtered or sorted; the rest is JSON text stored as it
will be sent. Nothing here knows HTTP. Rule: a row without its world does not exist.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    MetaData,
    Table,
    text,
)

from mock_kuma.store.kinds import Integer, Text

metadata = MetaData()


def _world() -> Column[str]:
    return Column("world", Text, primary_key=True)


worlds = Table(
    "worlds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("seed", Text, nullable=False),
    Column("kuma_version", Text, nullable=False),
    Column("page_size", Integer, nullable=False),
    Column("main_tenant", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    # Exactly one of the two: a frozen instant, or a distance from the system's clock.
    Column("frozen_at", BigInteger),
    Column("clock_offset", BigInteger, nullable=False, default=0),
    # Counters that make ids and fault order the world's own.
    Column("drawn_alerts", Integer, nullable=False, default=0),
    Column("drawn_events", Integer, nullable=False, default=0),
    Column("drawn_ids", Integer, nullable=False, default=0),
    Column("journal_cleared", Integer, nullable=False, default=0),  # the last number that was there then
    Column("fault_seq", Integer, nullable=False, default=0),
    Column("faults", Integer, nullable=False, default=0),
    Column("agenda_seq", Integer, nullable=False, default=0),
    Column("due", BigInteger),  # when the first action of the agenda is due
    Column("kept", Boolean, nullable=False, default=False),  # a snapshot, which nobody can enter
)

tenants = Table(
    "tenants",
    metadata,
    _world(),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("main", Boolean, nullable=False, default=False),
    Column("shared", Boolean, nullable=False, default=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("eps_limit", BigInteger, nullable=False, default=0),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
)

users = Table(
    "users",
    metadata,
    _world(),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("login", Text, nullable=False),
    Column("email", Text, nullable=False, default=""),
    Column("roles", Text, nullable=False),  # JSON [{"role", "tenants": [id]}]
    Column("api_rights", Text),  # JSON ["GET /alerts", ...]; NULL is all of them
    Column("disabled", Boolean, nullable=False, default=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of the token; the token itself is nowhere
    Column("world", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("expires", BigInteger),
    Index("tokens_user", "world", "user", unique=True),  # one token a user (REST API, 1.2)
)

alerts = Table(
    "alerts",
    metadata,
    _world(),
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("assignee", Text, nullable=False, default=""),
    Column("closing_reason", Text, nullable=False, default=""),
    Column("overflow", Boolean, nullable=False, default=False),
    Column("assets", Text, nullable=False, default="[]"),  # JSON, affected assets
    Column("accounts", Text, nullable=False, default="[]"),  # JSON, affected accounts
    Column("sent_as", Text),  # JSON {"set": {...}, "omit": [...]}: deviations asked for by a test
    Column("version", Integer, nullable=False, default=1),
    Column("drawn", Integer, nullable=False),  # its number in the generated SOC, and of it alone
    Column("cast_of", Integer),  # the number whose hosts and accounts it has, where that is not its own
    Column("event_count", Integer, nullable=False, default=0),
    Column("event_bytes", BigInteger, nullable=False, default=0),
    Column("successor", Text),  # the alert that the rule's next firing opened
    Column("segment", Text),  # the segmentation rule whose events it takes
    Column("rule_name", Text),  # the correlation rule's name where the alert has another
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    # In the order of the list from its end, newest last, with all that a search asks for: a page is found in
    # the index alone, and only its own rows are looked up. New alerts come at an end, which halves no page.
    Index("alerts_last_seen", "world", "last_seen", text("id DESC"), "name", "tenant"),
    Index("alerts_first_seen", "world", "first_seen", text("id DESC"), "status", "name", "tenant"),
    Index("alerts_status", "world", "status", "last_seen", text("id DESC"), "name", "tenant"),
    Index("alerts_name", "world", "name", "last_seen", text("id DESC"), "status", "tenant"),
    Index("alerts_rule", "world", "rule", "tenant", "drawn"),
)

alert_history = Table(
    "alert_history",
    metadata,
    _world(),
    # As in ``events``: who closes alerts in their order writes in one place here.
    Column("alert_number", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("change", Text, nullable=False),  # opened, grown, overflowed, changed, closed, commented, ...
    Column("details", Text, nullable=False),  # JSON: what became what, or which events came
    sqlite_with_rowid=False,
)

events = Table(
    "events",
    metadata,
    _world(),
    Column("id", Text, primary_key=True),
    # Its alert's ``drawn``: unlike their ids, the numbers of neighbouring alerts are neighbours in an index.
    Column("alert_number", Integer),
    Column("parent", Text),  # the correlation event whose base event this is
    Column("place", Integer, nullable=False, default=0),  # order inside the alert
    Column("timestamp", BigInteger, nullable=False),  # milliseconds
    Column("type", Integer, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON, flat, without BaseEvents
    Column("nested", Text),  # JSON, BaseEvents as sent
    # What is sent with an alert are its events without a parent, in order; their base events are many more.
    Index("events_alert", "world", "alert_number", "parent", "place"),
    Index("events_time", "world", "timestamp"),
)

faults = Table(
    "faults",
    metadata,
    _world(),
    Column("id", Text, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("match", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("after", Integer, nullable=False, default=0),
    Column("times", Integer),
    Column("every", Integer, nullable=False, default=1),
    Column("matched", Integer, nullable=False, default=0),
    Column("fired", Integer, nullable=False, default=0),
)

journal = Table(
    "journal",
    metadata,
    _world(),
    Column("seq", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("entry", Text, nullable=False),  # JSON of the whole exchange, secrets already redacted
)
