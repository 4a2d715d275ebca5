"""The journal's writer: exchanges of many requests at once, committed by whoever of them comes first.

A request hands its exchange over and waits for its turn; whoever has the turn commits all that wait, so that
a busy server commits once for several requests. Rule: ``add`` returns when the exchange is committed.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mock_kuma.store import journal

if TYPE_CHECKING:
    from mock_kuma.store.database import Data


@dataclass(slots=True)
class Exchange:
    """One request's entry; ``at`` in microseconds, ``entry`` the JSON of the whole exchange."""

    world: str
    at: int
    method: str
    path: str
    entry: str
    done: bool = False

    def values(self) -> dict[str, Any]:
        """Return the columns of its row but the world and the number."""
        return {"at": self.at, "method": self.method, "path": self.path, "entry": self.entry}


class Exchanges:
    """What waits to be written."""

    def __init__(self, database: Data) -> None:
        self._database = database
        self._waiting: deque[Exchange] = deque()
        self._turn = threading.Lock()

    def add(self, exchange: Exchange) -> None:
        """Append an exchange to its world's journal; nothing where the world is gone."""
        self._waiting.append(exchange)
        with self._turn:
            if not exchange.done:
                # All that came before the turn; this one among them, since nobody else takes from the queue.
                batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
                try:
                    self._write(batch)
                finally:
                    # After a failure each of the others tries for itself, and learns of its own.
                    self._waiting.extend(one for one in batch if not one.done and one is not exchange)

    def _write(self, batch: list[Exchange]) -> None:
        by_world: defaultdict[str, list[Exchange]] = defaultdict(list)
        for exchange in batch:
            by_world[exchange.world].append(exchange)
        with self._database.append(by_world) as connection:
            for world, exchanges in by_world.items():
                journal.add(connection, world, [one.values() for one in exchanges])
        for exchange in batch:
            exchange.done = True
