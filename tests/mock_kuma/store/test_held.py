"""A transaction of several requests: what of it is kept, and what is undone."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from mock_kuma.store import tables
from mock_kuma.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mock_kuma.store.held import Held

_CLEAR = tables.journal.delete()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A store with a table of journal entries, which stand for whatever is changed."""
    opened = Database(f"sqlite:///{tmp_path}/store.db")
    opened.create()
    yield opened
    opened.close()


@pytest.fixture
def held(database: Database) -> Held:
    """What holds its transactions."""
    found = database.joint()
    assert found is not None
    return found


def write(held: Held, seq: int) -> None:
    """Write something, as part of a change."""
    with held.change("one") as lean:
        row = {"world": "one", "seq": seq, "at": 1, "method": "GET", "path": "/", "entry": "{}"}
        lean.execute(insert(tables.journal), [row])


def written(database: Database) -> list[int]:
    """What another connection sees."""
    with database.read() as connection:
        return [row.seq for row in connection.execute(tables.journal.select())]


def test_several_changes_are_one_transaction_and_are_counted_once(held: Held, database: Database) -> None:
    """Nobody sees any of them before its end; at the end the revision has moved on."""
    before = database.revision()

    with held.writing():
        write(held, 1)
        write(held, 2)
        seen = written(database)

    assert (seen, written(database)) == ([], [1, 2])
    assert database.revision() == (before or 0) + 1


def test_what_changes_nothing_counts_nothing(held: Held, database: Database) -> None:
    """The journal alone makes no kept answer stale."""
    before = database.revision()

    with held.writing(), held.glance() as lean:
        lean.execute(_CLEAR, {})

    assert database.revision() == before


def test_a_refusal_before_anything_was_written_harms_nobody(held: Held, database: Database) -> None:
    """The others of the transaction are kept."""
    with held.writing():
        write(held, 1)
        with pytest.raises(ValueError, match="refused"), held.change("one"):
            raise ValueError("refused")
        write(held, 2)

    assert written(database) == [1, 2]


def test_a_change_that_fails_halfway_undoes_them_all(held: Held, database: Database) -> None:
    """Whoever shares the transaction cannot go on with it, and nothing of it is kept."""

    def fail_halfway() -> None:
        with held.change("one") as lean:
            row = {"world": "one", "seq": 2, "at": 1, "method": "GET", "path": "/", "entry": "{}"}
            lean.execute(insert(tables.journal), [row])
            raise ValueError("a mistake")

    def go_on() -> None:
        with held.writing():
            write(held, 1)
            with pytest.raises(OperationalError):
                fail_halfway()
            write(held, 3)

    with pytest.raises(OperationalError, match="a mistake"):
        go_on()

    assert written(database) == []
    with held.writing():
        write(held, 4)
    assert written(database) == [4]


def test_what_sqlite_refuses_undoes_them_all(held: Held, database: Database) -> None:
    """It may have ended the transaction itself, as it does where the disk is full."""

    def go_on() -> None:
        with held.writing():
            write(held, 1)
            with held.change("one"):
                raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(OperationalError, match="disk is full") as raised:
        go_on()

    assert isinstance(raised.value.orig, sqlite3.OperationalError)
    assert written(database) == []
