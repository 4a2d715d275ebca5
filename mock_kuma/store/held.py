"""Transactions of several requests at once, on SQLite: whatever a view opens is a part of them.

A transaction's beginning and end cost more than what most requests do in it. Rule: a change that fails is
undone alone, and what was changed is counted in the same transaction; where SQLite fails, all of it fails.
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
        """Change alerts in the transaction, wholly or not at all."""
        lean = self._at_hand()
        try:
            lean.say("SAVEPOINT one")
            try:
                yield lean
            except Exception:
                lean.say("ROLLBACK TO one")
                raise
            finally:
                lean.say("RELEASE one")
        except sqlite3.Error as error:
            # SQLite may have ended the transaction itself: nothing more may be written as if it went on.
            self._failure = OperationalError(None, None, error)
            raise self._failure from error
        self._changed = True

    def _at_hand(self) -> Lean:
        if self._failure is not None:
            raise self._failure
        assert self._lean is not None  # noqa: S101 -- for the type checker: views are called while it is held
        return self._lean
