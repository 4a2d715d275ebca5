"""Opens the database: SQLite in WAL mode by default, anything SQLAlchemy reaches by URL.

A reader never waits for a writer. A writer announces itself at once (BEGIN IMMEDIATE), so that two
processes queue instead of failing halfway. Rule: what is committed survives the death of every process.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from mock_kuma.store import (  # noqa: F401 -- their tables
    agenda,
    assets,
    files,
    filling,
    incidents,
    lists,
    reports,
    resources,
    services,
    settings,
    sign_ins,
    system,
    tasks,
)
from mock_kuma.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

#: How long a writer waits for its turn before it gives up, in milliseconds.
BUSY_MS = 30_000
WRITES = {"mock_kuma_writes": True}


#: What a store raises that cannot do its work: no room, no server, not writable.
StoreTrouble = SQLAlchemyError


def words(error: StoreTrouble) -> str:
    """Return in the driver's own words what is wrong with the store; no statement and no data."""
    return str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]


class Data(Protocol):
    """The two ways in, whoever opens the transaction."""

    def read(self) -> AbstractContextManager[Connection]:
        """Open a consistent view of the data."""

    def write(self) -> AbstractContextManager[Connection]:
        """Run one transaction."""

    def close(self) -> None:
        """Give back what is held."""


class Database:
    """One engine, handed around; ``read`` and ``write`` are the only ways in."""

    def __init__(self, url: str) -> None:
        self.url = url
        sqlite = make_url(url).get_backend_name() == "sqlite"
        # Threads that sleep out a delay hold no connection, so a small pool serves many clients.
        self.engine: Engine = create_engine(url, pool_size=16, max_overflow=48)
        if sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._reads = self.engine
        self._writes = self.engine.execution_options(**WRITES)

    def create(self) -> None:
        """Make the tables where they are missing."""
        metadata.create_all(self.engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a consistent view of the data."""
        with self._reads.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one transaction: committed as a whole at the end, or not at all."""
        with self._writes.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


class Within:
    """The data inside a transaction that somebody else has opened; what fails here is undone alone."""

    def __init__(self) -> None:
        self._open: ContextVar[Connection] = ContextVar("the transaction at hand")

    @contextmanager
    def held(self, connection: Connection) -> Iterator[None]:
        """Let this thread's reading and writing happen in the transaction."""
        before = self._open.set(connection)
        try:
            yield
        finally:
            self._open.reset(before)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Look at the data as the transaction has left them so far."""
        yield self._open.get()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Write in the transaction; it is committed by whoever opened it."""
        connection = self._open.get()
        with connection.begin_nested():
            yield connection

    def close(self) -> None:
        """Do nothing: whoever opened the transaction ends it."""


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transaction handling begins too late for a consistent read; we say BEGIN ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        # A commit is in the file when it returns; a dying process loses nothing. Only a power
        # cut could take the last moments, and a mock does not promise to outlive that.
        "synchronous = NORMAL",
        f"busy_timeout = {BUSY_MS}",
        "foreign_keys = ON",
        "temp_store = MEMORY",
        "mmap_size = 268435456",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("mock_kuma_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
