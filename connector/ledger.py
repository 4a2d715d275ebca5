"""How far KUMA was read, where a cycle ran out of time, and until when KUMA asked us to keep still.

Rule: the mark is written after what it covers was delivered, never before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, select

from connector.store import into
from connector.store import ledger as table

if TYPE_CHECKING:
    from connector.store import Store

_MARK: Final = "mark"
_NOT_BEFORE: Final = "not_before"
_START, _UNTIL, _NEWEST = "unfinished_start", "unfinished_until", "unfinished_newest"
_LOOKED_AT: Final = "looked_at"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A window that was read down to ``until`` when time was over; whole, it is worth the mark ``newest``."""

    start: int
    until: int
    newest: int


class Ledger:
    """A few numbers that survive a restart."""

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

    def forget_mark(self) -> None:
        """Let the next window begin as the first one does."""
        with self._store.begin() as connection:
            connection.execute(delete(table).where(table.c.name == _MARK))

    def unfinished(self) -> Unfinished | None:
        """Return the window in the middle of which the last cycle ran out of time, or None."""
        with self._store.begin() as connection:
            values = [_value(connection, name) for name in (_START, _UNTIL, _NEWEST)]
        numbers = [int(value) for value in values if value is not None]
        return Unfinished(*numbers) if len(numbers) == len(values) else None

    def put_off(self, rest: Unfinished | None) -> None:
        """Remember what the next cycle has to read first; None when it was read."""
        with self._store.begin() as connection:
            connection.execute(delete(table).where(table.c.name.in_((_START, _UNTIL, _NEWEST))))
            if rest is not None:
                for name, value in ((_START, rest.start), (_UNTIL, rest.until), (_NEWEST, rest.newest)):
                    _write(connection, name, value)

    def looked_at(self) -> int:
        """Return how many open incidents the last cycle could look at; 0 when it came to the end."""
        return int(self._read(_LOOKED_AT) or 0)

    def note_looked_at(self, count: int) -> None:
        """Remember it, so that the next cycle begins behind them."""
        with self._store.begin() as connection:
            _write(connection, _LOOKED_AT, count)

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
    # One statement: of two instances that delete and insert, one would fail.
    row = into(connection, table).values(name=name, value=value)
    connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
