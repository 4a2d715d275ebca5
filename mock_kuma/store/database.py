"""Opens the database: SQLite in WAL mode by default, or PostgreSQL by its URL.

A reader never waits for a writer. A writer announces itself at once (BEGIN IMMEDIATE, a lock), so that two
processes queue instead of failing halfway; on SQLite they queue before that (``store/turn``). Rule: what is
committed survives the death of every process.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
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
    postgres,
    reports,
    resources,
    services,
    settings,
    sign_ins,
    system,
    tasks,
)
from mock_kuma.store.held import Held
from mock_kuma.store.lean import Leans
from mock_kuma.store.revision import REVISION, count, seen_by
from mock_kuma.store.tables import metadata
from mock_kuma.store.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    from mock_kuma.store.lean import Executes

#: How long a writer waits for its turn before it gives up, in milliseconds.
BUSY_MS = 30_000
WRITES = {"mock_kuma_writes": True}
#: What a store raises that cannot do its work: no room, no server, not writable.
StoreTrouble = SQLAlchemyError


def words(error: StoreTrouble) -> str:
    """Return in the driver's own words what is wrong with the store; no statement and no data."""
    return str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]


class Brief(Protocol):
    """The ways in for what every request does, of statements that were made once."""

    def glance(self) -> AbstractContextManager[Executes]:
        """Open a consistent view of the data."""

    def change(self, world: str) -> AbstractContextManager[Executes]:
        """Run one transaction in a world; it changes alerts alone."""


class Data(Brief, Protocol):
    """All ways in, whoever opens the transaction."""

    def read(self) -> AbstractContextManager[Connection]:
        """Open a consistent view of the data."""

    def write(self, world: str | None = None) -> AbstractContextManager[Connection]:
        """Run one transaction; where a world is named, it writes in that world only."""

    def append(self, worlds: Iterable[str]) -> AbstractContextManager[Executes]:
        """Run one transaction in these worlds that changes nothing of what answers are made of."""

    def revision(self) -> int | None:
        """Return a number that changes with every ``write``, or None where there is none."""

    def joint(self) -> Held | None:
        """Return what holds a transaction for several requests, or None where nothing does."""

    def close(self) -> None:
        """Give back what is held."""


class NotUnicode(Exception):
    """The database keeps texts in an encoding that lacks most characters."""

    def __init__(self, encoding: str) -> None:
        super().__init__(encoding)
        self.encoding = encoding

    def __str__(self) -> str:
        return f"its encoding is {self.encoding}; make the database with ENCODING 'UTF8' TEMPLATE template0"


class Database:
    """One engine, handed around; its methods are the only ways in."""

    def __init__(self, url: str) -> None:
        self.url = url
        address = make_url(url)
        self._postgres = address.get_backend_name() == "postgresql"
        # Threads that sleep out a delay hold no connection, so a small pool serves many clients.
        if self._postgres:
            self.engine: Engine = create_engine(
                postgres.addressed(address), pool_size=postgres.POOL, max_overflow=0
            )
            postgres.prepare(self.engine)
            reads: Engine = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        else:
            self.engine = create_engine(address, pool_size=16, max_overflow=48)
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
            reads = self.engine
        self._reads = reads
        self._writes = self.engine.execution_options(**WRITES)
        self._turn = None if self._postgres else Turn(_file(address.database))
        self._leans = None if self._postgres else Leans(self.engine)

    def create(self) -> None:
        """Make the tables where they are missing. Raises NotUnicode."""
        with self.write() as connection:
            if self._postgres and (encoding := postgres.encoding(connection)) != "UTF8":
                raise NotUnicode(encoding)
            metadata.create_all(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a consistent view of the data."""
        with self._reads.connect() as connection:
            yield connection

    @contextmanager
    def write(self, world: str | None = None) -> Iterator[Connection]:
        """Run one transaction: committed as a whole at the end, or not at all."""
        with self._turn or nullcontext(), self._writes.begin() as connection:
            if self._postgres:
                postgres.lock(connection, world)
            yield connection
            if not self._postgres:
                number = connection.exec_driver_sql(REVISION).scalar_one()
                connection.exec_driver_sql(count(number, alerts_alone=False))

    def glance(self) -> AbstractContextManager[Executes]:
        """Open a consistent view of the data for statements that were made once."""
        return self.read() if self._leans is None else self._leans.transaction("BEGIN")

    @contextmanager
    def change(self, world: str) -> Iterator[Executes]:
        """Run one transaction of statements that were made once; it changes alerts alone."""
        if self._leans is None or self._turn is None:
            with self.write(world) as connection:
                yield connection
        else:
            with self._turn, self._leans.transaction("BEGIN IMMEDIATE") as lean:
                yield lean
                lean.say(count(seen_by(lean), alerts_alone=True))

    @contextmanager
    def append(self, worlds: Iterable[str]) -> Iterator[Executes]:
        """Run one transaction that changes nothing of what answers are made of: the journal's."""
        if self._leans is None or self._turn is None:
            with self._writes.begin() as connection:
                # In one order everywhere, so that no two wait for each other.
                for world in sorted(worlds):
                    postgres.lock(connection, world)
                yield connection
        else:
            with self._turn, self._leans.transaction("BEGIN IMMEDIATE") as lean:
                yield lean

    def revision(self) -> int | None:
        """Return a number that changes with every ``write`` of any process, or None but on SQLite."""
        if self._leans is None:
            return None
        return int(self._leans.ask(REVISION))

    def joint(self) -> Held | None:
        """Return what holds a transaction for several requests, or None but on SQLite."""
        return None if self._leans is None or self._turn is None else Held(self._leans, self._turn)

    def close(self) -> None:
        """Give every connection back."""
        if self._leans is not None:
            self._leans.close()
        if self._turn is not None:
            self._turn.close()
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
    def write(self, world: str | None = None) -> Iterator[Connection]:  # noqa: ARG002 -- locked already
        """Write in the transaction; it is committed by whoever opened it."""
        connection = self._open.get()
        with connection.begin_nested():
            yield connection

    @contextmanager
    def glance(self) -> Iterator[Executes]:
        """Look at the data as ``read`` does."""
        yield self._open.get()

    @contextmanager
    def change(self, world: str) -> Iterator[Executes]:  # noqa: ARG002 -- locked already
        """Write as ``write`` does."""
        with self.write() as connection:
            yield connection

    @contextmanager
    def append(self, worlds: Iterable[str]) -> Iterator[Executes]:  # noqa: ARG002 -- locked already
        """Write as ``write`` does."""
        with self.write() as connection:
            yield connection

    def revision(self) -> None:
        """Return none: what the transaction has done is not committed."""

    def joint(self) -> None:
        """Return none: the transaction at hand is somebody else's."""

    def close(self) -> None:
        """Do nothing: whoever opened the transaction ends it."""


def _file(database: str | None) -> str | None:
    # SQLAlchemy's name of a database without a file is None, "" or ":memory:", or it is a URI.
    return None if not database or database.startswith((":", "file:")) else database


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
        # What is committed moves into the file itself, and that to the disk, every 32 MB instead of every 4.
        "wal_autocheckpoint = 8192",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("mock_kuma_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
