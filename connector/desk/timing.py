"""The schedule KUMA: when the connector collects alerts, and when the handler makes incidents of them.

Each has its own: on or off, every so many seconds or by a cron line. Read from TOML. Rule: a cron line is one
that the scheduler understands, told before it is stored.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from msgspec import Meta

from connector.desk.accounts import Wrong
from connector.desk.documents import fitted, table


class Job(StrEnum):
    """What runs on a schedule."""

    CONNECTOR = "connector"
    HANDLER = "handler"


class Kind(StrEnum):
    """How a schedule is told."""

    INTERVAL = "interval"
    CRON = "cron"


class Timing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One job's times; ``seconds`` and ``cron`` are both kept, ``kind`` says which counts."""

    on: bool = False
    kind: Kind = Kind.INTERVAL
    seconds: Annotated[int, Meta(ge=1, le=86_400)] = 10
    cron: str = "* * * * *"

    def trigger(self) -> Any:
        """Return what the scheduler takes."""
        if self.kind is Kind.CRON:
            return CronTrigger.from_crontab(self.cron, timezone="UTC")
        return IntervalTrigger(seconds=self.seconds, timezone="UTC")

    def next_after(self, moment: float) -> float | None:
        """Return when the run after one at ``moment`` is due, both in seconds since 1970; None: never."""
        last = datetime.fromtimestamp(moment, tz=UTC)
        due = self.trigger().get_next_fire_time(last, last)
        return None if due is None else float(due.timestamp())


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The times of both jobs."""

    connector: Timing = Timing()
    handler: Timing = Timing()

    def of(self, job: Job) -> Timing:
        """Return one job's times."""
        return self.connector if job is Job.CONNECTOR else self.handler

    def having(self, job: Job, timing: Timing) -> Schedule:
        """Return the schedule with one job's times replaced."""
        return msgspec.structs.replace(self, **{job.value: timing})


def read(text: str) -> Schedule:
    """Return the schedule of a TOML text; raises ``Wrong``."""
    schedule = fitted(table(text), Schedule)
    for job in Job:
        try:
            CronTrigger.from_crontab(schedule.of(job).cron, timezone="UTC")
        except ValueError as error:
            raise Wrong("cron", "This is no cron line: {why}", why=error) from error
    return schedule


def written(schedule: Schedule) -> str:
    """Return a schedule as a TOML text."""
    # A cron line that was understood has neither quotes nor backslashes.
    return "\n".join(
        f"[{job.value}]\non = {str(one.on).lower()}\n"
        f'kind = "{one.kind}"\nseconds = {one.seconds}\ncron = "{one.cron}"\n'
        for job, one in ((job, schedule.of(job)) for job in Job)
    )
