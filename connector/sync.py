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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector import models, moments, window
from connector.client import IDS_A_REQUEST, Client, flags
from connector.errors import AlreadyClosed, ConnectorError, RateLimited, Refused
from connector.incidents import CLOSED, Incidents, Outcome
from connector.ledger import Ledger
from connector.outbox import Closing, Outbox
from connector.paging import Sweep
from connector.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.settings import Settings

log = logging.getLogger("connector.sync")
#: What is kept of the deadline for telling how the cycle ended.
_ANSWER_SECONDS = 2.0


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
            seconds=settings.request_seconds,
        )
        Path(settings.state_dir).mkdir(parents=True, exist_ok=True)
        self._store = Store(f"sqlite:///{settings.state_dir}/connector.db")
        self.incidents = Incidents(self._store)
        self.ledger = Ledger(self._store)
        self.outbox = Outbox(self._store)

    def poll(self) -> Counts:
        """Run one complete cycle; raises where it could not be completed."""
        self._begin()
        counts = Counts()
        try:
            touched = self._sweep(counts)
            self._reconcile(counts, touched)
            self._push_waiting()
        except RateLimited as error:
            self.ledger.keep_still(self._clock() + error.seconds)
            raise
        log.info("cycle complete: %d created, %d updated, %d odd", counts.created, counts.updated, counts.odd)
        return counts

    def close(self, alert_id: str, reason: str) -> None:
        """Close an incident and its alert; returns when KUMA has confirmed it."""
        if self.incidents.status(alert_id) == CLOSED:
            log.info("closing %s: KUMA has closed it already", alert_id)
            return
        self._begin()
        self.outbox.put(alert_id, reason)
        try:
            self._push(alert_id, reason)
        except RateLimited as error:
            self.ledger.keep_still(self._clock() + error.seconds)
            raise

    def stop(self) -> None:
        """Give connections and files back."""
        self.client.disconnect()
        self._store.close()

    def _begin(self) -> None:
        until = self.ledger.not_before()
        wait = 0.0 if until is None else until - self._clock()
        if wait > 0:
            raise RateLimited("nothing was sent", 429, wait)
        seconds = max(0.5, self._settings.deadline_seconds - _ANSWER_SECONDS)
        self.client.until = self._monotonic() + seconds

    def _sweep(self, counts: Counts) -> set[str]:
        mark = self.ledger.mark()
        now = self.client.ask_time() if mark is None else self.client.now
        start = window.start(
            mark,
            now=now,
            lookback=self._settings.lookback_seconds,
            overlap=self._settings.overlap_seconds,
        )
        touched: set[str] = set()
        newest: int | None = None
        served_at: int | None = None
        sweep: Sweep | None = Sweep.of(start)
        while sweep is not None:
            page = self.client.page([*sweep.ask.query(), *flags(events=True, affected=True)])
            # The mark may not pass the moment at which the reading began.
            served_at = self.client.now if served_at is None else served_at
            ids = self._deliver(page, counts)
            touched.update(ids)
            seconds = [moments.second(seen) for seen in map(models.last_seen, page) if seen is not None]
            newest = max([*seconds, *([] if newest is None else [newest])], default=None)
            sweep = sweep.after(seconds, ids, size=len(page))
        reached = window.advance(mark, newest=newest, now=self.client.now if served_at is None else served_at)
        if reached is not None and reached != mark:
            self.ledger.move_mark(reached)
        return touched

    def _reconcile(self, counts: Counts, touched: set[str]) -> None:
        waiting = [alert for alert in self.incidents.open_ids() if alert not in touched]
        for start in range(0, len(waiting), IDS_A_REQUEST):
            ids = waiting[start : start + IDS_A_REQUEST]
            page = self.client.by_ids(ids, events=False)
            held = self.incidents.last_seen(ids)
            alerts = self._understand(page, counts)
            # Events are heavy, so they are asked for only where new ones must have come.
            grown = [alert.id for alert in alerts if alert.last_seen != held.get(alert.id)]
            self._count(counts, self.incidents.deliver([a for a in alerts if a.id not in set(grown)]))
            if grown:
                self._deliver(self.client.by_ids(grown, events=True), counts)

    def _deliver(self, page: Sequence[Any], counts: Counts) -> list[str]:
        alerts = self._understand(page, counts)
        self._count(counts, self.incidents.deliver(alerts))
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

    def _push_waiting(self) -> None:
        trouble: ConnectorError | None = None
        for closing in self.outbox.pending():
            try:
                self._push_again(closing)
            except RateLimited:
                raise
            except ConnectorError as error:
                # One closing that fails does not hold the others up; the cycle ends with the error.
                log.warning("closing %s: %s", closing.alert_id, error)
                trouble = error
        if trouble is not None:
            raise trouble

    def _push_again(self, closing: Closing) -> None:
        if self.incidents.status(closing.alert_id) == CLOSED:
            self.outbox.take_out(closing.alert_id)
        else:
            self._push(closing.alert_id, closing.reason)

    def _push(self, alert_id: str, reason: str) -> None:
        try:
            self.client.close(alert_id, reason)
        except AlreadyClosed:
            # By somebody else, or by us with the answer lost: either way it is closed.
            log.info("closing %s: it was closed already", alert_id)
            self._confirm(alert_id, reason=None)
        except Refused as error:
            self.outbox.refuse(alert_id, str(error))
            raise
        else:
            log.info("closing %s: done", alert_id)
            self._confirm(alert_id, reason=reason)

    def _confirm(self, alert_id: str, *, reason: str | None) -> None:
        self.incidents.mark_closed(alert_id, reason=reason)
        self.outbox.take_out(alert_id)
