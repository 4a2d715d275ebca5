"""The worker drawn: boxes in a lane for each line, numbered arrows between them.

Pure: positions in pixels. Rule: states keep the order of the template, so that a person finds them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from connector.desk.worker import State, Worker

WIDTH, HEIGHT = 150, 44
_STEP_X, _STEP_Y, _LEFT, _TOP = 215, 160, 90, 64
#: Below and above the lanes' boxes, where ways to what belongs to no line run together.
_RAIL_ABOVE, _RAIL_BELOW = 42, 36
_MARGIN = 8


@dataclass(frozen=True, slots=True)
class Box:
    """A state's place: its upper left corner."""

    state: State
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """A path from box to box, and where its number stands."""

    number: int
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Diagram:
    """Everything that is drawn."""

    width: int
    height: int
    lanes: list[tuple[int, int]]
    boxes: list[Box]
    arrows: list[Arrow]


def draw(worker: Worker) -> Diagram:
    """Return the picture of a worker."""
    lines = [line for line in (1, 2, 0) if any(state.line == line for state in worker.states)]
    # What belongs to no line stands to the right of the lanes, half way down.
    lanes = [line for line in lines if line] or [0]
    places: dict[str, Box] = {}
    columns = dict.fromkeys(lanes, 0)
    for state in worker.states:
        if state.line in columns:
            x = _LEFT + columns[state.line] * _STEP_X
            columns[state.line] += 1
            places[state.id] = Box(state, x, _TOP + lanes.index(state.line) * _STEP_Y)
    right = _LEFT + max(columns.values()) * _STEP_X
    outside = [state for state in worker.states if state.id not in places]
    for place, state in enumerate(outside):
        y = _TOP + (len(lanes) - 1) * _STEP_Y // 2 + place * (HEIGHT + 20)
        places[state.id] = Box(state, right, y)
    arrows = [
        _arrow(number, places[source], places[way.to], place)
        for number, way in enumerate(worker.transactions, start=1)
        for place, source in enumerate(way.sources)
        if source != way.to
    ]
    return Diagram(
        width=right + (WIDTH + 40 if outside else 0),
        height=len(lanes) * _STEP_Y + _MARGIN,
        lanes=[(line, _MARGIN + place * _STEP_Y) for place, line in enumerate(lanes)],
        boxes=list(places.values()),
        arrows=arrows,
    )


_BEND: Final = 46


def _arrow(number: int, start: Box, end: Box, place: int) -> Arrow:
    if end.state.line == 0 and start.state.line:
        return _by_rail(number, start, end)
    middle = start.x + WIDTH / 2
    other = end.x + WIDTH / 2
    if start.y == end.y:
        # In one lane: above to the right, below to the left; farther apart, a higher bow.
        is_right = end.x > start.x
        edge = start.y if is_right else start.y + HEIGHT
        shift = 26 if is_right else -26
        x1, x2 = middle + shift, other - shift
        bow = (-1 if is_right else 1) * (_BEND + 10 * (abs(end.x - start.x) / _STEP_X - 1))
        top = edge + bow
        path = f"M{x1:.0f} {edge} C{x1:.0f} {top:.0f} {x2:.0f} {top:.0f} {x2:.0f} {edge}"
        return Arrow(number, path, (x1 + x2) / 2, edge + bow * 0.75)
    is_down = end.y > start.y
    lean = (18 if is_down else -18) + place * 12
    x1, x2 = middle + lean, other + lean
    y1, y2 = (start.y + HEIGHT, end.y) if is_down else (start.y, end.y + HEIGHT)
    half = (y1 + y2) / 2
    path = f"M{x1:.0f} {y1} C{x1:.0f} {half:.0f} {x2:.0f} {half:.0f} {x2:.0f} {y2}"
    return Arrow(number, path, (x1 + x2) / 2, half)


def _by_rail(number: int, start: Box, end: Box) -> Arrow:
    """Lead around the other boxes: above those of the first lane, below those of the others."""
    x1, x2 = start.x + WIDTH - 16, end.x + WIDTH // 2
    is_above = start.y <= _TOP
    y1, rail = (
        (start.y, start.y - _RAIL_ABOVE) if is_above else (start.y + HEIGHT, start.y + HEIGHT + _RAIL_BELOW)
    )
    y2 = end.y if is_above else end.y + HEIGHT
    turn = 8 if is_above else -8
    path = f"M{x1} {y1} L{x1} {rail + turn} Q{x1} {rail} {x1 + 8} {rail} L{x2 - 8} {rail} "
    path += f"Q{x2} {rail} {x2} {rail + turn} L{x2} {y2}"
    return Arrow(number, path, x1, rail)
