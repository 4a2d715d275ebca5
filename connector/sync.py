"""One cycle between KUMA and the SOAR, and one closing.

Plan the window, sweep it newest first, deliver each page before it is remembered, move the mark when the
whole window was read; then look by id at open incidents that the sweep did not touch (status, assignee and
closing do not move ``lastSeen``); then send the closings that wait. Rule: whatever fails, what was delivered
stays delivered, and the next cycle reads the rest.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connector import models, moments, retry, window
from connector.client import IDS_A_REQUEST, Client, flags
from connector.closings import Closings
from connector.errors import ConnectorError, OutOfTime, RateLimited, TooLarge
from connector.incidents import CLOSED, Incidents, Outcome
from connector.lease import Lease
from connector.ledger import Ledger, Unfinished
from connector.outbox import Outbox
from connector.paging import Ask, Sweep
from connector.store import Store, in_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.closings import Send
    from connector.inbox import Inbox
    from connector.settings import Settings

log = logging.getLogger("connector.sync")
#: What is kept of the deadline for telling how the cycle ended.
_ANSWER_SECONDS = 2.0
#: How much longer than its requests a cycle may take: for what the last of them brought.
_LEASE_SECONDS = 60.0
#: The lease that a cycle needs.
CYCLE = "cycle"


@dataclass(slots=True)
class Counts:
    """What a cycle did."""

    created: int = 0
    updated: int = 0
    odd: int = 0


class Sync:
    """One connector instance: its settings, its KUMA, its state."""

    def __init__(
        self,
        settings: Settings,
        *,
        client: Client | None = None,
        incidents: Callable[[Store], Incidents] = Incidents,
        place: Callable[[Store], Inbox] | None = None,
        send: Send | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._clock = clock
        self.client = client or Client(
            settings.url,
            token=settings.token,
            ca_file=settings.ca_file,
            version=settings.api_version,
            seconds=settings.request_seconds,
        )
        self._store = Store(settings.database or in_folder(settings.state_dir))
        self.incidents = incidents(self._store)
        #: Where alerts are delivered: to the incidents at once, or to a box that a handler empties.
        self.place: Incidents | Inbox = self.incidents if place is None else place(self._store)
        self.ledger = Ledger(self._store)
        self.outbox = Outbox(self._store)
        self.closings = Closings(
            self.outbox, incidents=self.incidents, send=send or self.client.close, learn=self._learn
        )
        self._lease = Lease(self._store, CYCLE, clock=clock)

    def poll(self) -> Counts:
        """Run one complete cycle; raises where it could not be completed, ``Busy`` while another one runs."""
        with self._lease.held(self._settings.deadline_seconds + _LEASE_SECONDS):
            return self._cycle()

    def _cycle(self) -> Counts:
        self._begin()
        counts = Counts()
        try:
            touched = self._sweep(counts)
            self._reconcile(counts, touched)
            self.closings.push_waiting()
        except RateLimited as error:
            self._keep_still(error)
            raise
        log.info("cycle complete: %d created, %d updated, %d odd", counts.created, counts.updated, counts.odd)
        return counts

    def close(self, alert_id: str, reason: str) -> None:
        """Close an incident and its alert; returns when KUMA has confirmed it."""
        if self.incidents.status(alert_id) == CLOSED:
            log.info("closing %r: KUMA has closed it already", alert_id)
            return
        # Written down before anything can go wrong: what KUMA does not hear now, it hears in a later cycle.
        self.outbox.put(alert_id, reason)
        self._begin()
        try:
            self.closings.push(alert_id, reason)
        except RateLimited as error:
            self._keep_still(error)
            raise

    def stop(self) -> None:
        """Give connections and files back."""
        self.client.disconnect()
        self._store.close()

    def _begin(self) -> None:
        until = self.ledger.not_before()
        wait = 0.0 if until is None else until - self._clock()
        # Nobody was asked to wait longer than that: our clock was put back since.
        if 0 < wait <= retry.LONGEST_WAIT_SECONDS:
            raise RateLimited("nothing was sent", 429, wait)
        seconds = max(0.5, self._settings.deadline_seconds - _ANSWER_SECONDS)
        self.client.until = self._monotonic() + seconds

    def _keep_still(self, error: RateLimited) -> None:
        self.ledger.keep_still(self._clock() + error.seconds)

    def _sweep(self, counts: Counts) -> set[str]:
        rest = self.ledger.unfinished()
        touched: set[str] = set()
        if rest is not None:
            log.info("reading on from %s, where time was over", moments.end(rest.until))
            sweep = Sweep(Ask(rest.start, rest.until), rest.start)
            touched = self._read(sweep, counts, newest=rest.newest)
        mark = self.ledger.mark()
        now = self.client.ask_time() if mark is None else self.client.now
        start = window.start(
            mark,
            now=now,
            lookback=self._settings.lookback_seconds,
            overlap=self._settings.overlap_seconds,
        )
        touched |= self._read(Sweep.of(start), counts)
        overlap = self._settings.overlap_seconds
        if mark is not None and window.was_put_back(mark, now=self.client.now, overlap=overlap):
            log.warning(
                "KUMA's clock was put back before %s; reading as at the first time", moments.end(mark)
            )
            self.ledger.forget_mark()
            touched |= self._sweep(counts)
        return touched

    def _read(self, first: Sweep, counts: Counts, *, newest: int | None = None) -> set[str]:
        """Read a window to its end and move the mark; return the alerts that it touched.

        ``newest`` is what a reading that goes on has served before.
        """
        touched: set[str] = set()
        # The mark may not pass the moment at which the reading began.
        served_at = newest
        sweep: Sweep | None = first
        while sweep is not None:
            try:
                page = self._page(sweep.ask, counts)
            except OutOfTime:
                self._put_off(sweep, newest=newest, served_at=served_at)
                raise
            served_at = self.client.now if served_at is None else served_at
            ids = self._deliver(page, counts)
            touched.update(ids)
            seconds = [moments.second(seen) for seen in map(models.last_seen, page) if seen is not None]
            newest = max([*seconds, *([] if newest is None else [newest])], default=None)
            sweep = sweep.after(seconds, ids, size=len(page))
        mark = self.ledger.mark()
        reached = window.advance(mark, newest=newest, now=self.client.now if served_at is None else served_at)
        # Where nothing was ever served, the next window begins where this one did, however late it comes.
        reached = first.start if reached is None else reached
        if reached != mark:
            self.ledger.move_mark(reached)
        self.ledger.put_off(None)
        return touched

    def _put_off(self, sweep: Sweep, *, newest: int | None, served_at: int | None) -> None:
        if sweep.ask.until is None or newest is None or served_at is None:
            return  # not one page was read: the next cycle begins anew
        reached = min(newest, served_at)
        self.ledger.put_off(Unfinished(start=sweep.start, until=sweep.ask.until, newest=reached))

    def _page(self, ask: Ask, counts: Counts) -> list[Any]:
        try:
            return self.client.page([*ask.query(), *flags(events=True, affected=True)])
        except TooLarge as error:
            log.info("%s; reading its alerts a few at a time", error)
        page = self.client.page(ask.query())
        self._deliver_by_id([alert.id for alert in self._understand(page, Counts())], counts)
        return page

    def _deliver_by_id(self, ids: Sequence[str], counts: Counts) -> None:
        """Deliver alerts with their events, as many at a time as can be held."""
        for start in range(0, len(ids), IDS_A_REQUEST):
            some = ids[start : start + IDS_A_REQUEST]
            try:
                self._deliver(self.client.by_ids(some, events=True), counts)
            except TooLarge as error:
                if len(some) == 1:
                    counts.odd += 1
                    log.warning("the events of alert %r stay unread: %s", some[0], error)
                    continue
                half = len(some) // 2
                self._deliver_by_id(some[:half], counts)
                self._deliver_by_id(some[half:], counts)

    def _reconcile(self, counts: Counts, touched: set[str]) -> None:
        waiting = sorted({*self.incidents.open_ids(but=touched), *self.incidents.unseen_ids()} - touched)
        before = self.ledger.looked_at()
        first = before % len(waiting) if waiting else 0
        waiting = waiting[first:] + waiting[:first]
        for start in range(0, len(waiting), IDS_A_REQUEST):
            try:
                self._look_at(waiting[start : start + IDS_A_REQUEST], counts)
            except OutOfTime:
                # The next cycle begins with these, or the last ones would never be looked at.
                self.ledger.note_looked_at(first + start)
                raise
        if before:
            self.ledger.note_looked_at(0)

    def _look_at(self, ids: Sequence[str], counts: Counts) -> None:
        page = self.client.by_ids(ids, events=False)
        held = self.place.last_seen(ids)
        alerts = self._understand(page, counts)
        if hidden := len(set(ids) - {alert.id for alert in alerts}):
            log.warning(
                "%d incidents: KUMA shows their alerts no more; does the token miss a tenant?", hidden
            )
        # Events are heavy, so they are asked for only where new ones must have come.
        grown = [alert.id for alert in alerts if alert.dated and alert.last_seen != held.get(alert.id)]
        self._count(counts, self.place.deliver([a for a in alerts if a.id not in set(grown)]))
        self._deliver_by_id(grown, counts)
        self.incidents.note_seen(ids)

    def _deliver(self, page: Sequence[Any], counts: Counts) -> list[str]:
        alerts = self._understand(page, counts)
        self._count(counts, self.place.deliver(alerts))
        return [alert.id for alert in alerts]

    def _understand(self, page: Sequence[Any], counts: Counts) -> list[models.Alert]:
        now = datetime.fromtimestamp(self.client.now, tz=UTC)
        alerts = []
        for place, raw in enumerate(page):
            try:
                alerts.append(models.alert(raw, now=now))
            except models.OddAlert as error:
                counts.odd += 1
                log.warning("element %d of a page cannot become an incident: %s", place, error)
        return alerts

    @staticmethod
    def _count(counts: Counts, outcomes: Sequence[Outcome]) -> None:
        counts.created += outcomes.count(Outcome.CREATED)
        counts.updated += outcomes.count(Outcome.UPDATED)

    def _learn(self, alert_id: str) -> None:
        """Learn why an alert was closed; it is closed whether or not that can be learnt."""
        try:
            page = self.client.by_ids([alert_id], events=False)
            self.incidents.deliver(self._understand(page, Counts()))
        except RateLimited as error:
            self._keep_still(error)
        except ConnectorError as error:
            log.warning("closing %r: the reason that KUMA holds is not known: %s", alert_id, error)
