"""The schedule KUMA: on or off, every so many seconds or by a cron line.

Read from TOML. Rule: a cron line is one that the scheduler understands, told before it is stored.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import msgspec
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from msgspec import Meta

from connector.desk.accounts import Wrong
from connector.desk.documents import fitted, table


class Kind(StrEnum):
    """How a schedule is told."""

    INTERVAL = "interval"
    CRON = "cron"


class Timing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A schedule; ``seconds`` and ``cron`` are both kept, ``kind`` says which counts."""

    on: bool = False
    kind: Kind = Kind.INTERVAL
    seconds: Annotated[int, Meta(ge=1, le=86_400)] = 10
    cron: str = "* * * * *"

    def trigger(self) -> Any:
        """Return what the scheduler takes."""
        if self.kind is Kind.CRON:
            return CronTrigger.from_crontab(self.cron, timezone="UTC")
        return IntervalTrigger(seconds=self.seconds, timezone="UTC")


def read(text: str) -> Timing:
    """Return the schedule of a TOML text; raises ``Wrong``."""
    timing = fitted(table(text), Timing)
    try:
        CronTrigger.from_crontab(timing.cron, timezone="UTC")
    except ValueError as error:
        raise Wrong("cron", "This is no cron line: {why}", why=error) from error
    return timing


def written(timing: Timing) -> str:
    """Return a schedule as a TOML text."""
    on = "true" if timing.on else "false"
    # A cron line that was understood has neither quotes nor backslashes.
    return f'on = {on}\nkind = "{timing.kind}"\nseconds = {timing.seconds}\ncron = "{timing.cron}"\n'
