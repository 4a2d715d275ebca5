"""What the desk keeps beside the incidents: users, sign-in failures, history, documents, runs.

In the connector's database, so that one transaction and one backup cover all of it. Rule: no row holds a
password or a token that can be read.
"""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, Table, Text

from connector.store import metadata

users = Table(
    "desk_users",
    metadata,
    Column("login", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),  # line1, line2, admin
    Column("password", Text, nullable=False),  # a salted hash
    Column("disabled", Integer, nullable=False, default=0),
    Column("generation", Integer, nullable=False, default=1),  # counts up to end all sessions
)

#: Sign-ins that failed, for as long as they count.
failures = Table(
    "desk_failures",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("who", Text, nullable=False),
    Column("at", Float, nullable=False),
    Index("desk_failures_who", "who", "at"),
)

history = Table(
    "desk_history",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("alert_id", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("who", Text, nullable=False),  # a login; empty for the connector
    Column("what", Text, nullable=False),
    Column("details", Text, nullable=False),  # JSON, texts by name
    Index("desk_history_alert", "alert_id", "number"),
)

#: The parts of the connector package as they are edited, TOML each.
documents = Table(
    "desk_documents",
    metadata,
    Column("name", Text, primary_key=True),
    Column("text", Text, nullable=False),
)

runs = Table(
    "desk_runs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("started", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("by", Text, nullable=False),  # a login; empty for the schedule
    Column("created", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("problem", Text, nullable=False),  # empty where the run was completed
    Column("job", Text, nullable=False, server_default="connector"),  # connector, handler
)
