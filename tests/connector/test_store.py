"""The database: opened where it was asked for, shared by two, and its failures told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from connector.errors import SettingsProblem, StoreTrouble
from connector.ledger import Ledger, Unfinished
from connector.store import Store, in_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_is_no_database_is_named_at_once(tmp_path: Path) -> None:
    """Nothing is overwritten."""
    (tmp_path / "connector.db").write_bytes(
        b"not a database at all, and long enough to look like a header...."
    )

    with pytest.raises(SettingsProblem, match="not a database"):
        Store(in_folder(tmp_path))

    assert (tmp_path / "connector.db").read_bytes().startswith(b"not a database")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A person must mend it."""
    (tmp_path / "file").touch()

    with pytest.raises(SettingsProblem, match="file/below"):
        in_folder(tmp_path / "file" / "below")


def test_a_failure_of_the_database_is_an_error_that_may_heal(tmp_path: Path) -> None:
    """And what the transaction did is undone."""
    store = Store(in_folder(tmp_path))
    Ledger(store).move_mark(5)

    def fail() -> None:
        with store.begin() as connection:
            connection.execute(text("delete from ledger"))
            connection.execute(text("select * from nowhere"))

    with pytest.raises(StoreTrouble, match="no such table"):
        fail()

    assert Ledger(store).mark() == 5
    store.close()


def test_the_mark_never_goes_back(tmp_path: Path) -> None:
    """Another instance may be further already."""
    with closing(Store(in_folder(tmp_path))) as store:
        ledger = Ledger(store)
        for mark in (5, 9, 7):
            ledger.move_mark(mark)

        assert ledger.mark() == 9


def test_what_was_put_off_is_remembered_until_it_was_read(tmp_path: Path) -> None:
    """By whoever opens the same folder."""
    rest = Unfinished(start=1, until=5, newest=9)
    with closing(Store(in_folder(tmp_path))) as store:
        Ledger(store).put_off(rest)

    with closing(Store(in_folder(tmp_path))) as store:
        ledger = Ledger(store)
        before = ledger.unfinished()
        ledger.put_off(None)
        after = ledger.unfinished()

    assert (before, after) == (rest, None)


def test_other_programs_can_read_while_it_is_open(tmp_path: Path) -> None:
    """It is an ordinary SQLite file."""
    store = Store(in_folder(tmp_path))
    Ledger(store).move_mark(5)

    connection = sqlite3.connect(tmp_path / "connector.db")
    rows = connection.execute("select name, value from ledger").fetchall()
    connection.close()
    store.close()

    assert rows == [("mark", 5.0)]
