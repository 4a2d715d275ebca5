"""What was planned happens: the actions of a world's agenda, each at its own time, in order.

Nothing moves by itself: whoever is about to look at a world settles first what has fallen due. An action
finds the clock standing at its due time, however late it is settled, so that a story told slowly, quickly or
after the fact leaves the same data. Rule: settling is one transaction; nobody sees the clock in between.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from mock_kuma import logs, worlds
from mock_kuma.clock import Clock
from mock_kuma.faults import Step
from mock_kuma.scenarios.plan import length, plan
from mock_kuma.store import agenda as store
from mock_kuma.store import worlds as world_store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from mock_kuma.generate import Soc
    from mock_kuma.scenarios import Scenario
    from mock_kuma.scenarios.plan import Action
    from mock_kuma.world import World

    #: Carries out one control action of a world in the transaction at hand; returns what went wrong, or None.
    Perform = Callable[[Connection, str, Step], str | None]


log = logging.getLogger("mock_kuma.agenda")


class ActionFailed(Exception):
    """An action was refused: ``place`` is its number on the agenda, ``problem`` says why."""

    def __init__(self, place: int, problem: str) -> None:
        super().__init__(place, problem)
        self.place, self.problem = place, problem

    def __str__(self) -> str:
        return f"action {self.place}: {self.problem}"


def tell(connection: Connection, world: World, soc: Soc, scenario: Scenario, perform: Perform) -> None:
    """Let a whole scenario have happened, its last action now.

    Raises WrongScenario with the step's line; what the steps before it did is the caller's to undo.
    """
    start = max(0, world.clock.now() - length(scenario))
    first, actions = _planned(connection, world, soc, scenario, start=start, speed=1.0)
    try:
        settle(connection, world.id, perform, strict=True)
    except ActionFailed as error:
        raise scenario.wrong(actions[error.place - first].step, error.problem) from error


def play(
    connection: Connection, world: World, soc: Soc, scenario: Scenario, perform: Perform, *, speed: float
) -> None:
    """Let a scenario begin now, ``speed`` times as fast as it is written."""
    _planned(connection, world, soc, scenario, start=world.clock.now(), speed=speed)
    settle(connection, world.id, perform)


def _planned(
    connection: Connection, world: World, soc: Soc, scenario: Scenario, *, start: int, speed: float
) -> tuple[int, Sequence[Action]]:
    # The number keeps the ids of a second telling apart from those of the first.
    number = world_store.draw(connection, world.id, "agenda_seq")
    actions = plan(scenario, soc, play=number)
    first = world_store.draw(connection, world.id, "agenda_seq", len(actions))
    rows = [
        {
            "place": place,
            "due": start + round(action.at / speed),
            "source": action.source,
            "method": action.method,
            "path": action.path,
            "body": msgspec.json.encode(action.body).decode(),
        }
        for place, action in enumerate(actions, first)
    ]
    store.add(connection, world.id, rows)
    return first, actions


def settle(connection: Connection, world_id: str, perform: Perform, *, strict: bool = False) -> None:
    """Carry out what is due by the world's clock, in order; a writing transaction must be open.

    An action that fails stays on the agenda with its problem, and the others go on; ``strict``: ActionFailed.
    """
    # Taken first, so that on every database a second settler waits here and then finds nothing left.
    world_store.draw(connection, world_id, "agenda_seq", 0)
    store.hush(connection, world_id)  # the actions come through the control API, which would settle anew
    clock = worlds.get(connection, world_id).clock
    while (row := store.first(connection, world_id, until=clock.now())) is not None:
        _set(connection, world_id, Clock(frozen_at=row.due))
        step = Step(row.method, row.path, msgspec.json.decode(row.body))
        problem = perform(connection, world_id, step)
        # An action may move the clock itself; the world's own clock is moved as far.
        clock = clock.advanced(worlds.get(connection, world_id).clock.now() - row.due)
        if problem is None:
            store.done(connection, world_id, row.place)
        elif strict:
            raise ActionFailed(row.place, problem)
        else:
            told = logs.fields(world=world_id, source=row.source, problem=problem)
            log.warning("an action of the agenda failed", extra=told)
            store.failed(connection, world_id, row.place, problem)
    _set(connection, world_id, clock)
    store.note_next(connection, world_id)


def _set(connection: Connection, world: str, clock: Clock) -> None:
    world_store.set_clock(connection, world, frozen_at=clock.frozen_at, clock_offset=clock.offset)
