"""Statements carried out by SQLite's driver itself, where every request passes.

SQLAlchemy writes a statement once; after that a request pays for SQLite alone, ten microseconds instead of a
hundred. Values go in and come out as SQLite has them: text, whole numbers, None; true is 1. Rule: statements
are made once and kept, since each is compiled when it is first seen; values stand in their parameters only.
"""

from __future__ import annotations

import sqlite3
from collections import deque, namedtuple
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy.exc import OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Engine


#: So many statements are known at once; whoever asks has fewer at hand.
_MOST: Final = 1_024


class Executes(Protocol):
    """What carries a statement out: a lean connection, or one of SQLAlchemy's."""

    def execute(self, statement: Any, parameters: Any, /) -> Iterable[Any]:
        """Carry a statement out, once for each mapping of a list; return its rows."""


@dataclass(slots=True)
class _Compiled:
    """A statement's text, its parameters in order, values that stand in it, and what makes its rows."""

    sql: str
    names: list[str]
    constants: dict[str, Any]
    row: Callable[[Iterable[Any]], Any] | None = None


class Lean:
    """A connection of the driver's, with the statements that were compiled so far."""

    def __init__(self, driver: Any, dialect: Any, compiled: dict[Any, _Compiled]) -> None:
        self._driver, self._dialect, self._compiled = driver, dialect, compiled

    def execute(self, statement: Any, parameters: Any, /) -> list[Any]:
        """Carry a statement out, once for each mapping of a list; return its rows."""
        # What an update sets is told by the values that it is given.
        key = (statement, *parameters) if statement.is_update else statement
        found = self._compiled.get(key)
        if found is None:
            if len(self._compiled) >= _MOST:
                self._compiled.clear()
            found = self._compiled[key] = self._compile(statement, parameters)
        if isinstance(parameters, list):
            rows = [[values[name] for name in found.names] for values in parameters]
            self._driver.executemany(found.sql, rows)
            return []
        values = [parameters[name] if name in parameters else found.constants[name] for name in found.names]
        cursor = self._driver.execute(found.sql, values)
        if cursor.description is None:
            return []
        if found.row is None:
            found.row = _maker([column[0] for column in cursor.description])
        return [found.row(row) for row in cursor]

    def _compile(self, statement: Any, parameters: Any) -> _Compiled:
        keys = list(parameters) if statement.is_update else None
        made = statement.compile(dialect=self._dialect, column_keys=keys)
        return _Compiled(str(made), list(made.positiontup), dict(made.params))

    def say(self, words: str) -> list[Any]:
        """Carry out what is no statement: BEGIN and its like."""
        rows: list[Any] = self._driver.execute(words).fetchall()
        return rows

    def changes(self) -> int:
        """Return how many rows this connection has changed so far."""
        return int(self._driver.total_changes)

    def undo(self) -> None:
        """Take back a transaction that is still open: SQLite itself ends some, where the disk is full."""
        if self._driver.in_transaction:
            self._driver.rollback()

    def close(self) -> None:
        """Close the connection."""
        self._driver.close()


def _maker(names: list[str]) -> Callable[[Iterable[Any]], Any]:
    row = namedtuple("Row", names, rename=True)  # type: ignore[misc] # noqa: PYI024 -- its fields are known now
    return row._make


class Transaction:
    """One transaction on a connection that is lent for it: committed at the end, or undone."""

    __slots__ = ("_begin", "_lean", "_leans")

    def __init__(self, leans: Leans, begin: str) -> None:
        self._leans, self._begin = leans, begin

    def __enter__(self) -> Lean:
        self._lean = self._leans.lend()
        try:
            self._lean.say(self._begin)
        except sqlite3.Error as error:
            self._leans.give_back(self._lean)
            # As whoever asks for a transaction knows it, whichever kind it is.
            raise OperationalError(None, None, error) from error
        return self._lean

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        try:
            if error is None:
                self._lean.say("COMMIT")
        except sqlite3.Error as failed:
            raise OperationalError(None, None, failed) from failed
        finally:
            self._lean.undo()
            self._leans.give_back(self._lean)
        if isinstance(error, sqlite3.Error):
            raise OperationalError(None, None, error) from error


class Leans:
    """Lean connections at hand, as many as there were threads at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: deque[Lean] = deque()
        self._compiled: dict[Any, _Compiled] = {}
        self._closed = False

    def transaction(self, begin: str) -> Transaction:
        """Run one transaction; ``begin`` is how SQLite is told so. Raises SQLAlchemy's OperationalError."""
        return Transaction(self, begin)

    def ask(self, words: str) -> Any:
        """Return the one value that SQLite answers to what is no statement, outside of any transaction."""
        lean = self.lend()
        try:
            return lean.say(words)[0][0]
        except sqlite3.Error as error:
            raise OperationalError(None, None, error) from error
        finally:
            self.give_back(lean)

    def lend(self) -> Lean:
        """Lend a connection."""
        try:
            return self._idle.pop()
        except IndexError:
            # Taken out of the pool for good: it is ours now, prepared like the others.
            fairy = self._engine.raw_connection()
            driver = fairy.driver_connection
            fairy.detach()
            return Lean(driver, self._engine.dialect, self._compiled)

    def give_back(self, lean: Lean) -> None:
        """Take a connection back; after ``close`` it is closed."""
        self._idle.append(lean)
        if self._closed:
            self.close()

    def close(self) -> None:
        """Close the connections: idle ones now, the others when they are given back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
