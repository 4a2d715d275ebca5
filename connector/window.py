"""Which stretch of time a cycle reads, and how far it may say that it has read.

The mark is the newest ``lastSeen`` that was served, in seconds since 1970. Rule: it comes from the data, it
never lies beyond KUMA's own clock, since one alert from the future would hide all others until then, and it
goes back only where that clock was put back: what happens from then on is older than what was read.
"""

from __future__ import annotations


def start(mark: int | None, *, now: int, lookback: float, overlap: float) -> int:
    """Return the second that the window begins with, 1970 at the earliest; ``now`` is KUMA's time."""
    if mark is None:
        return max(0, now - int(lookback))
    # Inclusive, and some time before: what correlates late has an older time than what was served.
    return max(0, mark - int(overlap))


def advance(mark: int | None, *, newest: int | None, now: int) -> int | None:
    """Return the mark after a window was read whole; ``newest`` is None where nothing was served."""
    if newest is None:
        return mark
    reached = min(newest, now)
    return reached if mark is None else max(mark, reached)


def was_put_back(mark: int, *, now: int, overlap: float) -> bool:
    """Say whether KUMA's clock lies before the mark, by more than a window reads twice anyway."""
    return now + int(overlap) < mark
