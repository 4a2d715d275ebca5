"""The journal's writer: many requests share a commit, and none is answered before its own."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select

from mock_kuma.store import journal, tables
from mock_kuma.store.database import Database
from mock_kuma.store.exchanges import Exchange, Exchanges

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

THREADS, EACH = 8, 25


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A store with two worlds."""
    opened = Database(f"sqlite:///{tmp_path}/store.db")
    opened.create()
    with opened.write() as connection:
        for world in ("one", "two"):
            row = {"id": world, "seed": "1", "kuma_version": "3.2", "page_size": 250, "main_tenant": "m"}
            connection.execute(insert(tables.worlds).values(**row, created=1))
    yield opened
    opened.close()


class Counting:
    """A database that counts commits, and can hold one up or let it fail."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.commits = 0
        self.gate: threading.Event | None = None
        self.begun = threading.Event()
        self.fails = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.database, name)

    @contextmanager
    def append(self, worlds: Iterable[str]) -> Iterator[Any]:
        """Run the transaction of the journal."""
        self.begun.set()
        if self.gate is not None:
            assert self.gate.wait(10)
        with self.database.append(worlds) as connection:
            yield connection
            if self.fails:
                self.fails = False
                raise OSError("disk full")
        self.commits += 1


def exchange(world: str, path: str) -> Exchange:
    """An entry that its path tells apart."""
    return Exchange(world, 1, "GET", path, "{}")


def paths(database: Database, world: str) -> list[str]:
    """What another connection sees in a world's journal, in order."""
    with database.read() as connection:
        return [row.path for row in journal.read(connection, world, since=0, method=None, path=None)]


def test_an_exchange_is_committed_when_add_returns(database: Database) -> None:
    """With many threads at once each finds its own entry, seen from another connection."""
    exchanges = Exchanges(database)
    missing: list[str] = []

    def work(number: int) -> None:
        for place in range(EACH):
            mine, world = f"/{number}/{place}", ("one", "two")[place % 2]
            exchanges.add(exchange(world, mine))
            if mine not in paths(database, world):
                missing.append(mine)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert missing == []
    with database.read() as connection:
        rows = connection.execute(select(tables.journal.c.world, tables.journal.c.seq)).all()
    numbers = {world: sorted(row.seq for row in rows if row.world == world) for world in ("one", "two")}
    assert numbers["one"] + numbers["two"] == [*range(1, THREADS * 13 + 1), *range(1, THREADS * 12 + 1)]


def test_those_who_wait_share_one_commit(database: Database) -> None:
    """While one is being written, those behind it gather."""
    counting = Counting(database)
    counting.gate = threading.Event()
    exchanges = Exchanges(counting)
    threads = [
        threading.Thread(target=exchanges.add, args=(exchange("one", f"/{number}"),))
        for number in range(THREADS)
    ]
    threads[0].start()
    assert counting.begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(exchanges._waiting) < THREADS - 1:
        threading.Event().wait(0.001)
    counting.gate.set()
    for thread in threads:
        thread.join()

    assert (counting.commits, len(paths(database, "one"))) == (2, THREADS)


def test_a_commit_that_fails_is_told_and_tried_again_by_the_next(database: Database) -> None:
    """Nobody is answered for what was not committed, and nothing is written twice."""
    counting = Counting(database)
    exchanges = Exchanges(counting)
    counting.fails = True

    with pytest.raises(OSError, match="disk full"):
        exchanges.add(exchange("one", "/lost"))
    exchanges.add(exchange("one", "/kept"))

    assert paths(database, "one") == ["/kept"]


def test_a_world_that_is_gone_does_not_hold_up_the_others(database: Database) -> None:
    """An exchange of a deleted world is dropped."""
    exchanges = Exchanges(database)
    exchanges.add(exchange("gone", "/nowhere"))
    exchanges.add(exchange("one", "/here"))

    assert (paths(database, "gone"), paths(database, "one")) == ([], ["/here"])
