"""The connector's and the handler's runs: on the schedule, or now; what each did is written down.

Rule: a job never runs twice at once, here or in another instance on the same database; a run that was missed,
because the last one took too long or nothing was running, is made up once.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler

from connector.desk.timing import Job
from connector.errors import Busy, ConnectorError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.desk.history import History
    from connector.desk.timing import Schedule

    #: Does a job's work; returns how many it made, and how many it changed.
    Work = Callable[[], tuple[int, int]]

log = logging.getLogger("connector.desk")


class Jobs:
    """The two jobs of one desk."""

    def __init__(
        self,
        work: Mapping[Job, Work],
        *,
        schedule: Callable[[], Schedule],
        history: History,
        clock: Callable[[], float],
    ) -> None:
        self._work = work
        self._schedule = schedule
        self._history = history
        self._clock = clock
        self._scheduler = BackgroundScheduler(timezone="UTC")

    def run(self, job: Job, *, by: str) -> str:
        """Run a job now, and write down what it did; return what went wrong, or nothing.

        ``by`` is a login, or empty for the schedule. Raises ``Busy`` where the job runs already.
        """
        started, problem, made, changed = self._clock(), "", 0, 0
        try:
            made, changed = self._work[job]()
        except Busy:
            raise
        except ConnectorError as error:
            problem = str(error)
        seconds = max(0.0, self._clock() - started)
        self._history.note_run(
            job=job.value,
            started=started,
            seconds=seconds,
            by=by,
            created=made,
            updated=changed,
            problem=problem,
        )
        return problem

    def start(self) -> None:
        """Begin to run by the schedule."""
        self._scheduler.start()
        self._plan(catch_up=True)

    def reschedule(self) -> None:
        """Follow the schedule as it is now; before ``start`` there is nothing to follow it."""
        if self._scheduler.running:
            self._plan(catch_up=False)

    def next_run(self, job: Job) -> float | None:
        """Return when the schedule runs a job next, in seconds since 1970; None where it is off."""
        found = self._scheduler.get_job(job.value) if self._scheduler.running else None
        return None if found is None else float(found.next_run_time.timestamp())

    def stop(self) -> None:
        """End the schedule; a run that goes on is waited for."""
        if self._scheduler.running:
            self._scheduler.shutdown()

    def _plan(self, *, catch_up: bool) -> None:
        self._scheduler.remove_all_jobs()
        schedule = self._schedule()
        for job in Job:
            if not schedule.of(job).on:
                continue
            at_once = {"next_run_time": datetime.now(tz=UTC)} if catch_up and self._has_missed(job) else {}
            self._scheduler.add_job(
                self._run_by_schedule,
                schedule.of(job).trigger(),
                args=[job],
                id=job.value,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
                **at_once,
            )

    def _has_missed(self, job: Job) -> bool:
        """Say whether a run was due since the last one, while nothing was there to run it."""
        last = self._history.last_run(job.value)
        due = None if last is None else self._schedule().of(job).next_after(last)
        return due is not None and due <= self._clock()

    def _run_by_schedule(self, job: Job) -> None:
        try:
            self.run(job, by="")
        except Busy as error:
            log.info("the schedule's run of the %s is left out: %s", job.value, error)
