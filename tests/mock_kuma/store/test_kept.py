"""What is kept in memory, and when it is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert

from mock_kuma.store import tables
from mock_kuma.store.database import Database
from mock_kuma.store.kept import Kept
from mock_kuma.store.revision import lasting

if TYPE_CHECKING:
    from pathlib import Path


def test_a_value_is_made_once_while_the_revision_stands() -> None:
    """And anew at the next one."""
    kept, made = Kept(), []

    def make() -> int:
        made.append(1)
        return len(made)

    assert [kept.get(revision, "key", make) for revision in (1, 1, 2, 2, 1)] == [1, 1, 2, 2, 3]


def test_nothing_is_kept_where_there_is_no_revision() -> None:
    """A database that cannot tell when it changes is asked every time."""
    kept, made = Kept(), iter(range(5))

    assert [kept.get(None, "key", lambda: next(made)) for _ in range(3)] == [0, 1, 2]


def test_the_oldest_go_when_there_are_too_many() -> None:
    """And what is larger than all that is kept never comes in."""
    kept, made = Kept(most_bytes=10_000), iter(range(9))

    def get(key: str, size: int) -> int:
        return kept.get(1, key, lambda: next(made), lambda _: size)

    values = [get(key, 3_000) for key in ("a", "b", "c", "a", "b")]
    assert (values, [get("huge", 20_000) for _ in range(2)]) == ([0, 1, 2, 3, 4], [5, 6])


def test_every_write_is_a_new_revision_and_the_journal_is_none(tmp_path: Path) -> None:
    """Seen from another process's connection, too; what was undone changes nothing."""
    here, there = (Database(f"sqlite:///{tmp_path}/store.db") for _ in range(2))
    here.create()
    seen = [there.revision()]
    with here.write() as connection:
        row = {"id": "w", "seed": "1", "kuma_version": "3.2", "page_size": 1, "main_tenant": "m"}
        connection.execute(insert(tables.worlds).values(**row, created=1))
        seen.append(there.revision())
    seen.append(there.revision())
    with here.change("w"):
        pass
    seen.append(there.revision())
    with here.append(["w"]):
        pass
    seen.append(there.revision())
    here.close()
    there.close()

    assert seen == [256, 256, 512, 513, 513]  # the first is the tables'
    assert [lasting(revision) for revision in (256, 511, 512, 513)] == [1, 1, 2, 2]
