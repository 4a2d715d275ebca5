"""The worker drawn: boxes in a lane for each line, numbered arrows between them.

Pure: positions in pixels. Rule: states keep the order of the template, so that a person finds them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from connector.desk.worker import State, Worker

WIDTH, HEIGHT = 150, 44
_STEP_X, _STEP_Y, _LEFT, _TOP = 215, 150, 90, 64


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
        height=_TOP + len(lanes) * _STEP_Y,
        lanes=[(line, _TOP + place * _STEP_Y - 44) for place, line in enumerate(lanes)],
        boxes=list(places.values()),
        arrows=arrows,
    )


_BEND: Final = 46


def _arrow(number: int, start: Box, end: Box, place: int) -> Arrow:
    middle = (start.x + WIDTH / 2, start.y + HEIGHT / 2)
    other = (end.x + WIDTH / 2, end.y + HEIGHT / 2)
    if start.y == end.y:
        # In one lane: above to the right, below to the left; farther apart, a higher bow.
        is_right = end.x > start.x
        side = -1 if is_right else 1
        edge = start.y if is_right else start.y + HEIGHT
        shift = 26 if is_right else -26
        x1, x2 = middle[0] + shift, other[0] - shift
        steps = abs(end.x - start.x) / _STEP_X
        bow = side * (_BEND if steps == 1 else _BEND + 10 * steps)
        top = edge + bow
        path = f"M{x1:.0f} {edge} C{x1:.0f} {top:.0f} {x2:.0f} {top:.0f} {x2:.0f} {edge}"
        return Arrow(number, path, (x1 + x2) / 2, edge + bow * 0.75)
    is_down = end.y > start.y
    lean = float(18 if is_down else -18) + place * 12
    x1, x2 = middle[0] + lean, other[0] + lean
    y1, y2 = float(start.y), float(end.y)
    y1, y2 = (y1 + HEIGHT, y2) if is_down else (y1, y2 + HEIGHT)
    if abs(start.x - end.x) > WIDTH and end.state.line == 0:
        x1, y1, x2, y2 = start.x + WIDTH, middle[1], end.x, other[1]
        path = f"M{x1:.0f} {y1:.0f} C{x2 - 60:.0f} {y1:.0f} {x2 - 60:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
        return Arrow(number, path, x1 + 24, y1)
    half = (y1 + y2) / 2
    path = f"M{x1:.0f} {y1:.0f} C{x1:.0f} {half:.0f} {x2:.0f} {half:.0f} {x2:.0f} {y2:.0f}"
    return Arrow(number, path, (x1 + x2) / 2, half)
