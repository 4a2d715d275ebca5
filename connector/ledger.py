"""How far KUMA was read, and until when it asked us to keep still.

Rule: the mark is written after what it covers was delivered, never before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, insert, select

from connector.store import ledger as table

if TYPE_CHECKING:
    from connector.store import Store

_MARK: Final = "mark"
_NOT_BEFORE: Final = "not_before"


class Ledger:
    """Two numbers that survive a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def mark(self) -> int | None:
        """Return the second up to which everything was read, or None before the first whole window."""
        value = self._read(_MARK)
        return None if value is None else int(value)

    def move_mark(self, mark: int) -> None:
        """Remember that everything up to ``mark`` was read; another instance may be further already."""
        with self._store.begin() as connection:
            before = _value(connection, _MARK)
            if before is None or mark > before:
                _write(connection, _MARK, mark)

    def not_before(self) -> float | None:
        """Return the time (seconds since 1970, our clock) before which nothing may be sent, or None."""
        return self._read(_NOT_BEFORE)

    def keep_still(self, until: float) -> None:
        """Remember that KUMA asked to be left alone until then."""
        with self._store.begin() as connection:
            _write(connection, _NOT_BEFORE, until)

    def _read(self, name: str) -> float | None:
        with self._store.begin() as connection:
            return _value(connection, name)


def _value(connection: Connection, name: str) -> float | None:
    return connection.execute(select(table.c.value).where(table.c.name == name)).scalar()


def _write(connection: Connection, name: str, value: float) -> None:
    connection.execute(delete(table).where(table.c.name == name))
    connection.execute(insert(table).values(name=name, value=value))
