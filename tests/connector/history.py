"""A generated history of a KUMA and two connectors on one database, with faults and kills; how it ends.

Some of the connectors deliver to the incidents at once, others to the inbox that a handler empties later.
Only one may run a cycle at a time, but for a lease that ran out under a cycle: then two are at it.

A history is one number: it decides what happens, in which order, and what fails. When everything is quiet
again, nothing may be lost (an alert or event that the SOAR does not hold), doubled, or stale (a field or
status that is not KUMA's), no closing forgotten, and no word of an analyst overwritten.
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn

import httpx
from sqlalchemy import select, update

from connector.client import REASONS
from connector.errors import Busy, ConnectorError
from connector.inbox import Inbox
from connector.lease import Lease
from connector.store import Store, in_folder, leases, outbox
from tests.connector.fake_kuma import Clock, FakeKuma, connect, text
from tests.connector.troubles import Killed, TroubledKuma, deadly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import URL

    from connector.sync import Sync

STEPS: Final = 30
#: What correlates late is at most this much older than now; the connector's overlap is 600 s.
LATE_SECONDS: Final = 300
#: So many cycles after the last trouble everything must be right.
QUIET_CYCLES: Final = 3


@dataclass
class History:
    """One history while it happens."""

    number: int
    folder: Path
    database: URL | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.number)
        self.kuma = TroubledKuma(page_size=250)
        self.clock = Clock()
        #: Which instances collect into the inbox: none, both, or one of them.
        self.collecting = ((False, False), (True, True), (True, False))[self.number % 3]
        self.syncs = [self._connect(0), self._connect(1)]
        #: What an analyst was told is stored, and which closings were acknowledged as written down.
        self.notes: dict[str, set[str]] = {}
        self.closings: set[str] = set()
        self.identity: dict[str, str] = {}

    def run(self) -> list[str]:
        """Let it happen; return what is wrong at its end, in sentences."""
        for _ in range(STEPS):
            steps = (self._raise, self._grow, self._change, self._close_there, self._note, self._close_here)
            self.kuma.now += self.chance.randint(0, 200)
            self.clock.now += 60
            self.chance.choice(steps)()
            self._plan()
            self._survive(lambda sync: sync.poll())
            if self.chance.random() < 0.5:
                self._survive(_handle)
        self.kuma.heal()
        self._run_out()
        for _ in range(QUIET_CYCLES):
            self.clock.now += 4_000
            for sync in self.syncs:
                sync.poll()
                _handle(sync)
        wrong = self._wrong()
        for sync in self.syncs:
            sync.stop()
        return wrong

    def _raise(self) -> None:
        for _ in range(self.chance.randint(1, 4)):
            self.kuma.add(f"a{len(self.kuma.alerts):03}", self._moment())
            self.counts["alerts"] += 1

    def _grow(self) -> None:
        for key in self._some("new", "assigned", "escalated"):
            self.kuma.grow(key, self._moment())

    def _change(self) -> None:
        for key in self._some("new", "assigned"):
            self.kuma.alerts[key].status = self.chance.choice(["assigned", "escalated"])
            self.kuma.alerts[key].assignee = self.chance.choice(["Иванова", "Smith", ""])

    def _close_there(self) -> None:
        for key in self._some("new", "assigned", "escalated"):
            self.kuma.alerts[key].status = "closed"

    def _note(self) -> None:
        for incident in self._incidents():
            said = f"note {self.chance.random()}"
            told = self._survive(partial(_write_note, alert_id=incident.alert_id, said=said))
            # Without an answer, either word may be the one that is stored.
            self.notes[incident.alert_id] = {said} | (
                set() if told else self.notes.get(incident.alert_id, {""})
            )

    def _close_here(self) -> None:
        for incident in self._incidents():
            self._plan()
            reason = self.chance.choice(REASONS)
            self._survive(partial(_close, alert_id=incident.alert_id, reason=reason))
            with self._open_store() as store, store.begin() as connection:
                found = connection.execute(select(outbox.c.alert_id)).scalars()
                self.closings.update(found)

    def _plan(self) -> None:
        """Decide what becomes of the next requests."""
        faults = (
            lambda _: httpx.Response(503),
            lambda _: httpx.Response(500, json={"message": "internal"}),
            lambda _: httpx.Response(429, headers={"Retry-After": "7"}),
            lambda _: httpx.Response(200, content=b'[{"id": "cut'),
            lambda _: httpx.Response(200, html="<html>log in</html>"),
            lambda _: httpx.Response(403, json={"message": "access denied"}),
            lambda _: httpx.Response(302, headers={"Location": "https://elsewhere.example.com"}),
            self._lose_request,
            self._lose_answer,
            self._die_before,
            self._die_after,
            self._other_instance,
            self._move_meanwhile,
        )
        for _ in range(self.chance.randint(0, 4)):
            calm = [lambda _: None] * self.chance.randint(0, 2)
            self.kuma.plan += [*calm, self.chance.choice(faults)]

    def _lose_request(self, _request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    def _lose_answer(self, request: httpx.Request) -> httpx.Response:
        FakeKuma.handle(self.kuma, request)
        raise httpx.ReadError("lost")

    def _die_before(self, _request: httpx.Request) -> httpx.Response:
        self.syncs[0]._store.begin = _dead  # type: ignore[method-assign] # the dead do nothing any more
        raise Killed

    def _die_after(self, request: httpx.Request) -> httpx.Response:
        FakeKuma.handle(self.kuma, request)
        return self._die_before(request)

    def _other_instance(self, _request: httpx.Request) -> None:
        plan, self.kuma.plan = self.kuma.plan, []
        if self.chance.random() < 0.7:
            self._run_out()
        try:
            self.syncs[1].poll()
            if self.chance.random() < 0.5:
                _handle(self.syncs[1])
            self.counts["cycles inside a cycle"] += 1
        except Busy:
            self.counts["cycles kept apart"] += 1
        except ConnectorError:
            self.counts["failed"] += 1
        self.kuma.plan = plan

    def _run_out(self) -> None:
        """Let every lease come to its end."""
        with self._open_store() as store, store.begin() as connection:
            connection.execute(update(leases).values(until=0.0))

    def _move_meanwhile(self, _request: httpx.Request) -> None:
        self.chance.choice((self._raise, self._grow, self._close_there))()

    def _survive(self, act: Callable[[Sync], object]) -> bool:
        """Let the first instance act, perhaps to its death; say whether it did all of it."""
        at = self.chance.randint(1, 12) if self.chance.random() < 0.2 else 0
        try:
            with deadly(at, after=self.chance.random() < 0.5) if at else contextlib.nullcontext():
                act(self.syncs[0])
        except Busy:
            self.counts["kept waiting by a lease"] += 1
            return False
        except ConnectorError:
            self.counts["failed"] += 1
            return False
        except Killed:
            self.counts["kills"] += 1
            self.syncs[0].stop()
            self.syncs[0] = self._connect(0)
            return False
        self.counts["done"] += 1
        return True

    def _wrong(self) -> list[str]:
        found = list(self.syncs[0].incidents.every())
        held = {incident.alert_id: incident for incident in found}
        with self._open_store() as store, store.begin() as connection:
            refused = set(
                connection.execute(select(outbox.c.alert_id).where(outbox.c.state == "refused")).scalars()
            )
        wrong = [f"doubled: {len(found)} incidents"] if len(found) != len(self.kuma.alerts) else []
        wrong += [f"pending: {closing}" for closing in self.syncs[0].outbox.pending()]
        wrong += ["waiting in the inbox"] if Inbox(self.syncs[0]._store).count() else []
        for key, alert in self.kuma.alerts.items():
            if key not in held:
                wrong.append(f"lost: {key}")
                continue
            one = held[key]
            is_closed = alert.status == "closed"
            right: dict[str, Any] = {
                "events": sorted(alert.events),
                "state": "closed" if is_closed else "open",
                "assignee": alert.assignee,
                "last seen": text(alert.seen),
                "KUMA's status": alert.status,
            }
            shown = {
                "events": sorted(one.event_ids),
                "state": one.status,
                "assignee": one.alert["assignee"],
                "last seen": one.alert["last_seen"],
                "KUMA's status": one.alert["kuma_status"],
            }
            wrong += [
                f"stale: {key} {name} {shown[name]}, not {right[name]}"
                for name in right
                if shown[name] != right[name]
            ]
            if key in self.closings and not is_closed and key not in refused:
                wrong.append(f"lost closing: {key}")
            if one.local.get("notes", "") not in self.notes.get(key, {""}):
                wrong.append(f"overwritten: the note of {key}")
            if self.identity.setdefault(key, one.id) != one.id:
                wrong.append(f"doubled: {key} has another number")
        return wrong

    def _incidents(self) -> list[Any]:
        found = list(self.syncs[1].incidents.every())
        for incident in found:
            self.identity.setdefault(incident.alert_id, incident.id)
        return self.chance.sample(found, min(len(found), 2))

    def _some(self, *statuses: str) -> list[str]:
        keys = [key for key, alert in self.kuma.alerts.items() if alert.status in statuses]
        return self.chance.sample(keys, min(len(keys), self.chance.randint(1, 3)))

    def _moment(self) -> float:
        return self.kuma.now - self.chance.choice([0, 0, self.chance.randint(0, LATE_SECONDS)])

    def _connect(self, instance: int) -> Sync:
        place = Inbox if self.collecting[instance] else None
        return connect(self.kuma, self.folder, clock=self.clock, place=place, database=self.database)

    @contextlib.contextmanager
    def _open_store(self) -> Iterator[Store]:
        store = Store(self.database or in_folder(self.folder))
        yield store
        store.close()


def _dead() -> NoReturn:
    raise Killed


def _handle(sync: Sync) -> None:
    lease = Lease(sync._store, "handler", clock=sync._clock)
    with lease.held(120):
        Inbox(sync._store).hand_over(sync.incidents, beat=lambda: lease.take(120))


def _write_note(sync: Sync, *, alert_id: str, said: str) -> None:
    sync.incidents.edit(alert_id, {"notes": said})


def _close(sync: Sync, *, alert_id: str, reason: str) -> None:
    sync.close(alert_id, reason)
