"""What time it is in a world, in microseconds since the epoch.

The only module of the mock that reads the system's clock. A world's clock either stands still at an
instant, or runs at a constant distance from the system's. Rule: everybody else is handed the time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND = 1_000_000


def system_now() -> int:
    """Return the system's time."""
    return time.time_ns() // 1_000


@dataclass(frozen=True, slots=True)
class Clock:
    """A world's clock: ``frozen_at`` where it stands, else ``offset`` from the system's time."""

    frozen_at: int | None = None
    offset: int = 0

    def now(self) -> int:
        """Return the world's time."""
        return self.frozen_at if self.frozen_at is not None else system_now() + self.offset

    def advanced(self, microseconds: int) -> Clock:
        """Return this clock moved on; a clock that stands goes on standing."""
        if self.frozen_at is not None:
            return Clock(frozen_at=self.frozen_at + microseconds)
        return Clock(offset=self.offset + microseconds)

    @staticmethod
    def at(now: int, *, frozen: bool) -> Clock:
        """Return the clock that shows ``now``, standing still or running on from there."""
        return Clock(frozen_at=now) if frozen else Clock(offset=now - system_now())


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Ask again and again until the condition holds or the time is over; say whether it holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(0.01)
    return True


def sleep(milliseconds: int) -> None:
    """Hold the caller up; only a fault that delays an answer asks for it."""
    time.sleep(milliseconds / 1_000)
