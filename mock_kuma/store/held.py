"""Transactions of several requests at once, on SQLite: whatever a view opens is a part of them.

A transaction costs more than what most requests do in it. Rule: what was changed is counted
in the same transaction; a change that fails halfway undoes all of it, and each can be tried for itself.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

from mock_kuma.store.revision import count, seen_by

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from mock_kuma.store.lean import Lean, Leans
    from mock_kuma.store.turn import Turn


class Held:
    """The data inside of the transaction that is held; one thread uses it."""

    def __init__(self, leans: Leans, turn: Turn) -> None:
        self._leans, self._turn = leans, turn
        self._lean: Lean | None = None
        self._changed = False
        self._failure: OperationalError | None = None

    @contextmanager
    def reading(self) -> Iterator[int]:
        """Hold a consistent view of the data; its revision comes with it."""
        with self._leans.transaction("BEGIN") as lean, self._holding(lean):
            yield seen_by(lean)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold a transaction that writes; what it changes of alerts is counted at its end."""
        with self._turn, self._leans.transaction("BEGIN IMMEDIATE") as lean, self._holding(lean):
            yield
            if self._changed:
                self._at_hand().say(count(seen_by(lean), alerts_alone=True))

    @contextmanager
    def _holding(self, lean: Lean) -> Iterator[None]:
        self._lean, self._changed, self._failure = lean, False, None
        try:
            yield
        finally:
            self._lean = None

    def glance(self) -> AbstractContextManager[Lean]:
        """Look at the data as the transaction sees them, or write in it what is no alert."""
        return nullcontext(self._at_hand())

    @contextmanager
    def change(self, world: str) -> Iterator[Lean]:  # noqa: ARG002 -- SQLite has one writer for all worlds
        """Change alerts in the transaction; what is refused before anything was written leaves no trace."""
        lean = self._at_hand()
        before = lean.changes()
        try:
            yield lean
        except Exception as error:
            # Half a change, or a transaction that SQLite may have ended itself: nobody shall go on with it.
            if isinstance(error, sqlite3.Error) or lean.changes() != before:
                self._failure = OperationalError(None, None, error)
                raise self._failure from error
            raise
        self._changed = True

    def _at_hand(self) -> Lean:
        if self._failure is not None:
            raise self._failure
        assert self._lean is not None  # noqa: S101 -- for the type checker: views are called while it is held
        return self._lean
