"""Connections of SQLite's driver are closed with the database, those in use a moment later."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from mock_kuma.store.database import Database

if TYPE_CHECKING:
    from pathlib import Path


def test_a_connection_in_use_at_the_close_is_closed_when_it_is_given_back(tmp_path: Path) -> None:
    """A request that still runs finishes its transaction."""
    database = Database(f"sqlite:///{tmp_path}/store.db")
    database.create()

    with database._leans.transaction("BEGIN") as lean:  # type: ignore[union-attr] # it is SQLite
        database.close()
        rows = lean.say("SELECT 1")

    assert rows == [(1,)]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        lean.say("SELECT 1")
