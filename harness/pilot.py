"""What is learnt once a run about how a connector begins its first sweep.

Faults between two pages must be set without knowing a connector's design: one asks for the time first,
another reads status by status. So one poll is watched in a scene of its own. Judges nothing. Rule: only
counts of requests are learnt, and a connector that never gets a full page counts as getting it at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.scene import APART_MS, Scene
from harness.world import ago

if TYPE_CHECKING:
    from harness.company import Run

_PAGE = 250


def lists_to_first_page(run: Run) -> int:
    """Return how many lists a first poll asks for, up to and with the first one that fills a page."""
    with run.learning:
        if "first page" not in run.learned:
            run.learned["first page"] = _watched(run)
        return run.learned["first page"]


def _watched(run: Run) -> int:
    with Scene(run, name="pilot") as scene:
        scene.world.generate(_PAGE + 1, last_seen=ago(minutes=5), spacing_ms=APART_MS)
        scene.poll()
        lists = [exchange for _, exchange in scene.exchanges if exchange.is_list]
    full = (place for place, exchange in enumerate(lists, 1) if len(exchange.served) >= _PAGE)
    return next(full, 1)
