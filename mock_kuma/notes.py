"""What is written down of an exchange: its entry in the journal, its count, its line in the log.

Secrets are taken out first, whoever's they are. Rule: what is counted and told is committed; only the entry
is made before.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mock_kuma import faults, journal, logs
from mock_kuma.store import directory
from mock_kuma.store.exchanges import Exchange
from mock_kuma.store.revision import lasting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mock_kuma.api.gate import Arrival
    from mock_kuma.api.plain import Reply
    from mock_kuma.core import Core
    from mock_kuma.incoming import Incoming
    from mock_kuma.world import World

log = logging.getLogger("mock_kuma.gateway")
#: What a client never sees the answer of, whatever it is.
_UNSENT = frozenset({"reset", "empty", "silence", "commit-then-reset"})


class Met(NamedTuple):
    """A request that has an answer: the world that it is about, the token that it came with."""

    world: World
    request: Incoming
    arrival: Arrival
    credential: str
    started: float  # by time.perf_counter, in seconds
    fault: faults.Fault | None = None
    wait: int = 0  # milliseconds that the answer will be kept back


class Note(NamedTuple):
    """An exchange: its row in the journal, and what is counted and told afterwards."""

    row: Exchange
    met: Met
    reply: Reply
    exchange: journal.Exchange


class Notes:
    """Makes notes; it remembers the headers and paths that clients send again and again."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def make(self, met: Met, reply: Reply) -> Note:
        """Return the note of an exchange; ``met`` has come to ``reply``."""
        request, arrival, fault = met.request, met.arrival, met.fault
        stands, kept = lasting(arrival.revision), self._core.lasting
        redactor = journal.Redactor(met.credential, lambda digests: self._known(digests, stands))
        pairs = request.pairs
        raw, body, *values = redactor.texts(
            [request.query, request.body, *(text for pair in pairs for text in pair)]
        )
        path, headers, trace = kept.get(
            stands,
            ("told", met.credential, request.path, *request.headers),
            lambda: _told(redactor, request),
            lambda found: 2 * (len(found[0]) + len(bytes(found[1]))),
        )
        kind = None if fault is None else faults.kind(fault.action)
        exchange = journal.Exchange(
            method=request.method,
            path=path,
            query=journal.Query(raw, list(zip(values[::2], values[1::2], strict=True))),
            headers=headers,
            body=body or None,
            status=None if kind in _UNSENT else reply.status,
            fault=None if fault is None else {"id": fault.id, "kind": kind},
            reason=arrival.reason,
            served=arrival.served,
            duration_ms=round((time.perf_counter() - met.started) * 1_000 + met.wait, 3),
            user=None if arrival.caller is None else arrival.caller.login,
            trace=trace,
        )
        entry = msgspec.json.encode(exchange).decode()
        row = Exchange(met.world.id, met.world.clock.now(), request.method, path, entry)
        return Note(row, met, reply, exchange)

    def tell_all(self, together: list[Note]) -> None:
        """Count exchanges that were answered together, and log each."""
        if together:
            self._core.measures.together(len(together))
        for note in together:
            self.tell(note)

    def tell(self, note: Note) -> None:
        """Count an exchange and log it."""
        met, exchange = note.met, note.exchange
        self._core.measures.exchange(
            operation=met.arrival.operation,
            status=exchange.status,
            seconds=exchange.duration_ms / 1_000,
            fault=None if met.fault is None else faults.kind(met.fault.action),
        )
        if log.isEnabledFor(logging.INFO):
            _log(met.world, exchange)

    def _known(self, digests: Iterable[str], stands: int | None) -> set[str]:
        def is_known(digest: str) -> bool:
            with self._core.database.glance() as connection:
                return bool(directory.known_digests(connection, [digest]))

        return {
            digest
            for digest in digests
            if self._core.lasting.get(stands, ("known", digest), partial(is_known, digest))
        }


def _told(redactor: journal.Redactor, request: Incoming) -> tuple[str, msgspec.Raw, str | None]:
    """Return a request's path and headers as the journal has them, and the trace that they name."""
    (path,), plain = redactor.texts([request.path]), redactor.headers(request.headers)
    return path, msgspec.Raw(msgspec.json.encode(plain)), journal.trace(plain)


def _log(world: World, exchange: journal.Exchange) -> None:
    served = msgspec.json.decode(msgspec.json.encode(exchange.served), type=list[journal.Served])
    told = logs.fields(
        status=exchange.status,
        world=world.id,
        user=exchange.user,
        query=exchange.query.raw or None,
        reason=exchange.reason,
        served=[one.alert for one in served] or None,
        fault=exchange.fault,
        ms=exchange.duration_ms,
        trace=exchange.trace,
    )
    log.info("%s %s", exchange.method, exchange.path, extra=told)
