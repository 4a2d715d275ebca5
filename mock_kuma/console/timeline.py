"""How many events there were when: the bars of a small picture.

Knows numbers only; the picture is drawn by the page's template, in the style sheet's colours. Rule: every
event that has a time inside the period is in exactly one bar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_BARS: Final = 60
#: The picture's own units.
WIDTH: Final = 960
HEIGHT: Final = 80
_GAP: Final = 2
_LOWEST: Final = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: where it stands, how many events it means, when it begins (microseconds)."""

    x: float
    y: float
    width: float
    height: float
    count: int
    since: int


def bars(times: Iterable[object], *, since: int, until: int) -> list[Bar]:
    """Return the bars of events at ``times``; all in milliseconds, what is no number is left out."""
    inside = [time for time in times if isinstance(time, int) and since <= time <= until]
    if not inside or until <= since:
        return []
    span = until - since + 1
    counts = [0] * min(_BARS, span)
    for time in inside:
        counts[(time - since) * len(counts) // span] += 1
    step, most = WIDTH / len(counts), max(counts)
    return [
        Bar(
            x=round(place * step, 2),
            y=round(HEIGHT - _height(count, most), 2),
            width=round(step - _GAP, 2),
            height=_height(count, most),
            count=count,
            since=(since + place * span // len(counts)) * 1_000,
        )
        for place, count in enumerate(counts)
        if count
    ]


def _height(count: int, most: int) -> float:
    return round(max(_LOWEST, count / most * HEIGHT), 2)
