"""The connector's database: what the SOAR holds, what is on its way, how far KUMA was read.

SQLAlchemy Core, SQLite in the state folder by default. The uniqueness of an alert's id is the database's own
rule, so that two connectors on one database never make two incidents. Rule: every change is one
transaction, and what is committed survives a kill.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateColumn

from connector.errors import SettingsProblem, StoreTrouble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.dialects import postgresql

metadata = MetaData()
#: The advisory lock under which tables are made; any number that nobody else's program takes.
_LOCK: Final = 7_223_001

# Texts of the other side are kept as JSON with ASCII escapes: any character is kept, even half of one.
incidents = Table(
    "incidents",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("status", Text, nullable=False),  # open, closed
    Column("alert", Text, nullable=False),  # JSON, the alert's fields as KUMA showed them last
    Column("local", Text, nullable=False),  # JSON, what an analyst wrote; KUMA never touches it
    Column("revision", Integer, nullable=False),
    Index("incidents_status", "status"),
)

incident_events = Table(
    "incident_events",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("body", Text, nullable=False),  # JSON, as received
    Index("incident_events_place", "alert_id", "place"),
)

#: What incidents are found by; see listing.py.
listing = Table(
    "listing",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("first_seen", Text, nullable=False),
    Column("last_seen", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("events", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Index("listing_last_seen", "last_seen", "alert_id"),
    Index("listing_revision", "revision"),
)

#: Alerts that the SOAR closed, until KUMA has shown once more how it holds them: others write there, too.
unseen = Table("unseen", metadata, Column("alert_id", Text, primary_key=True))

#: Closings that KUMA has not confirmed.
outbox = Table(
    "outbox",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),  # pending: to be tried again; refused: a person must look
    Column("error", Text, nullable=False, default=""),
)

ledger = Table(
    "ledger",
    metadata,
    Column("name", Text, primary_key=True),  # as ledger.py names them
    Column("value", Float, nullable=False),
)

#: Which instance may do what only one may do at a time, and until when (seconds since 1970).
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),  # empty: nobody
    Column("until", Float, nullable=False),
)

#: Alerts that were collected and wait to become incidents, each as it was seen last.
inbox = Table(
    "inbox",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("number", Integer, nullable=False),  # the order in which they came
    Column("alert", Text, nullable=False),  # JSON, as inbox.py writes it
    Column("mark", Text, nullable=False),  # another one after each change
    Index("inbox_number", "number"),
)


def into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an insert that can say what becomes of a row that is there: each database has one of its own."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert  # noqa: PLC0415 -- most have a file, and start sooner

        return insert(table)
    return sqlite.insert(table)


class Store:
    """The database of one connector instance: SQLite, or PostgreSQL by its URL."""

    def __init__(self, url: str | URL) -> None:
        try:
            self._engine = create_engine(url)
        except ImportError as error:
            raise SettingsProblem("PostgreSQL needs its driver: pip install 'mock-kuma[postgres]'") from error
        try:
            if make_url(url).get_backend_name() == "sqlite":
                event.listen(self._engine, "connect", _prepare)
                event.listen(self._engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
            with self._engine.begin() as connection:
                if connection.dialect.name == "postgresql":
                    # Two that begin at once would both find no tables, and both make them.
                    connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
                metadata.create_all(connection)
                _bring_up_to_date(connection)
        except SQLAlchemyError as error:
            self.close()
            raise SettingsProblem(f"cannot open the connector's database: {_short(error)}") from error

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Run one transaction."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StoreTrouble(_short(error)) from error

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def in_folder(folder: Path) -> URL:
    """Return the address of the database in a state folder, which is made if need be; any name is allowed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsProblem(f"cannot make the folder {folder}: {error.strerror or error}") from error
    return URL.create("sqlite", database=str(folder.absolute() / "connector.db"))


def _bring_up_to_date(connection: Connection) -> None:
    """Bring an earlier version's tables up to date: later columns have a default of the database's own."""
    inspector = inspect(connection)
    for known in metadata.sorted_tables:
        there = {column["name"] for column in inspector.get_columns(known.name)}
        for column in (column for column in known.columns if column.name not in there):
            told = CreateColumn(column).compile(dialect=connection.dialect)
            name = connection.dialect.identifier_preparer.format_table(known)
            connection.exec_driver_sql(f"ALTER TABLE {name} ADD COLUMN {told}")
        indexed = {index["name"] for index in inspector.get_indexes(known.name)}
        for index in known.indexes:
            if index.name not in indexed:
                index.create(connection)


def _prepare(connection: Any, _record: object) -> None:
    # The driver's own transactions begin too late; the engine says BEGIN itself.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "busy_timeout = 30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _short(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
