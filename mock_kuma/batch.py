"""Requests that came at the same time, answered in two transactions: one that reads, one that writes.

It takes what is brief: one alert looked up, one closed. All else, and every request of a world that has
faults or an action due, is the gateway's. Rule: as there, what was done and the journal are committed before
anything is answered; both give the same answer to the same request.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from mock_kuma.api import alerts, gate, vendor
from mock_kuma.api.plain import Sent
from mock_kuma.gateway import dated, who
from mock_kuma.notes import Met
from mock_kuma.store import journal
from mock_kuma.store.database import StoreTrouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_kuma.api.plain import Reply
    from mock_kuma.core import Core
    from mock_kuma.incoming import Incoming
    from mock_kuma.notes import Note, Notes
    from mock_kuma.store.held import Held
    from mock_kuma.store.kept import Kept
    from mock_kuma.world import Caller, World


@dataclass(frozen=True, slots=True)
class _Inside:
    """A core whose data are those of the transaction that is held."""

    database: Held
    kept: Kept
    lasting: Kept


class Batch:
    """Answers several requests at once; one thread uses it."""

    def __init__(self, core: Core, held: Held, notes: Notes) -> None:
        self._held, self._notes = held, notes
        self._inside = _Inside(held, core.kept, core.lasting)
        self._views = vendor.plain_views(self._inside)

    def takes(self, method: str, path: str, query: str) -> bool:
        """Say whether such a request is brief."""
        return (method, path) in self._views and alerts.is_brief(method, query)

    def answer(self, requests: list[tuple[Incoming, float]]) -> list[Reply | None]:
        """Return the answers to requests, each with the time when it came; None: it is the gateway's."""
        try:
            found = self._answer(requests)
        except StoreTrouble:
            # Nothing was committed. The gateway tries each for itself, and says what is wrong.
            return [None] * len(requests)
        self._notes.tell_all(list(found.values()))
        return [found[place].reply if place in found else None for place in range(len(requests))]

    def _answer(self, requests: list[tuple[Incoming, float]]) -> dict[int, Note]:
        """Return the notes by the requests' places, in the order in which the journal has them."""
        found: dict[int, Note] = {}
        changes: dict[int, Met] = {}
        with self._held.reading() as revision:
            # Those who come together often are one client.
            known = cache(lambda token: who(self._inside, token, revision))
            for place, (request, started) in enumerate(requests):
                met = _meet(request, started, revision, known)
                if met is None:
                    continue
                if request.method == "POST":
                    changes[place] = met
                else:
                    found[place] = self._note(met)
        if not changes and not found:
            return found
        with self._held.writing():
            # After those that read: none of them has seen a change of this batch.
            for place, met in changes.items():
                found[place] = self._note(met)
            rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
            for note in found.values():
                rows[note.row.world].append(note.row.values())
            with self._held.glance() as lean:
                for world, exchanges in rows.items():
                    journal.add(lean, world, exchanges)
        return found

    def _note(self, met: Met) -> Note:
        request = met.request
        reply = self._views[request.method, request.path](met.arrival, Sent(request.query, request.data))
        reply.headers.append(dated(met.world))
        return self._notes.make(met, reply)


def _meet(
    request: Incoming,
    started: float,
    revision: int,
    known: Callable[[str | None], tuple[Caller | None, World]],
) -> Met | None:
    token = gate.credential(request.authorization)
    caller, world = known(token)
    if world.faults or world.is_due():
        return None
    arrival = gate.Arrival(caller, bearer=token is not None, revision=revision)
    return Met(world, request, arrival, token or "", started)
