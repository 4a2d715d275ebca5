"""A world of a million alerts with three million events, beside one of a thousand: ``make bench-large``.

Each alert has a correlation event with two base events. The questions are asked in turn in both worlds, one
at a time, each a little other than the last so that no answer is kept. Rule: what was made is removed.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import httpx

from tests.bench import mock
from tests.bench.table import Row

if TYPE_CHECKING:
    from pathlib import Path

ALERTS: Final = 1_000_000
SMALL: Final = 1_000
_BATCH: Final = 1_000
#: So many, that a 99th percentile is no matter of the few requests which empty SQLite's log into its file.
_ASKED: Final = 1_000
_IDS: Final = 200  # of each batch
_FIRST: Final = 1_767_225_600  # 2026-01-01, in seconds; alerts come twenty seconds apart
_STEP: Final = 20
_LOADS_IN: Final = 600
_P99: Final = 2.0
_DEEP: Final = 3.0
_RESIDENT: Final = 400 * 1024 * 1024
_DEEP_PAGE: Final = 100


@dataclass(slots=True)
class World:
    """A filled world: its token, how many alerts, some ids; by question milliseconds, bytes from the disk."""

    token: str
    count: int
    ids: list[str]
    took: dict[str, list[float]] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)

    def p99(self, question: str) -> float:
        """Return the 99th percentile of a question."""
        return statistics.quantiles(self.took[question], n=100)[-1]


def rows(folder: Path, *, alerts: int = ALERTS) -> list[Row]:
    """Load, ask, judge."""
    with mock.running(folder / "large") as running:
        small = _world(running, SMALL)
        start = time.perf_counter()
        large = _world(running, alerts)
        loaded = time.perf_counter() - start
        with httpx.Client(base_url=running.server.url, timeout=600, trust_env=False) as http:
            for number in range(_ASKED):
                for world in (small, large):
                    for question, query in _questions(world, number).items():
                        if world is large or question != "deep":
                            before = running.server.read()
                            _ask(http, world, question, query)
                            read = running.server.read() - before
                            world.read[question] = world.read.get(question, 0) + read
        resident = running.server.resident()
    what = f"{alerts:,} alerts with {3 * alerts:,} events"
    found = [Row(f"{what}: load", "under 10 minutes", f"{loaded:,.0f} s", loaded < _LOADS_IN)]
    for question in ("first page", "by id", "by name pattern", "by period"):
        ours, theirs = large.p99(question), small.p99(question)
        half = statistics.median(large.took[question]) / statistics.median(small.took[question])
        result = f"p99 {ours:.1f} ms, {ours / theirs:.2f} × ({theirs:.1f} ms); medians {half:.2f} ×"
        cold = large.read[question] / _ASKED / 1024
        note = f"{question}: {cold:,.0f} KB for each came from the disk, the rest was in memory"
        holds = ours <= _P99 * theirs
        goal = f"{_P99:g} × a world of {SMALL:,}"
        found.append(Row(f"{what}: {question}", goal, result, holds, "" if holds else note))
    deep, first = (statistics.median(large.took[name]) for name in ("deep", "first page"))
    result = f"median {deep:.1f} ms, {deep / first:.2f} × ({first:.1f} ms)"
    found.append(Row(f"{what}: page {_DEEP_PAGE}", f"{_DEEP:g} × page 1", result, deep <= _DEEP * first))
    memory = f"{resident / 1024 / 1024:,.0f} MB in all processes"
    return [*found, Row(f"{what}: memory", "under 400 MB", memory, resident < _RESIDENT)]


def _world(running: mock.Mock, count: int) -> World:
    made = running.control("POST", "/worlds", {"seed": 5})
    ids: list[str] = []
    for first in range(0, count, _BATCH):
        given = [
            {"event_count": 1, "base_events": 2, "lastSeen": _moment(place)}
            for place in range(first, min(count, first + _BATCH))
        ]
        told = running.control("POST", f"/worlds/{made['world']}/alerts", {"alerts": given})
        ids += told["ids"][:: max(1, len(given) // _IDS)]
    return World(made["token"], count, ids)


def _moment(place: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(_FIRST + place * _STEP))


def _questions(world: World, number: int) -> dict[str, str]:
    # Half a page around some moment: 125 alerts in either world.
    middle = (number * 7_919) % (world.count - 125)
    return {
        "first page": "withEvents",
        "by id": f"withEvents&id={world.ids[(number * 31) % len(world.ids)]}",
        # One that fills a page in the small world, too.
        "by name pattern": "withEvents&name=o",
        "by period": f"withEvents&from={_moment(middle)}&to={_moment(middle + 124)}",
        "deep": f"withEvents&page={_DEEP_PAGE}",
    }


def _ask(http: httpx.Client, world: World, question: str, query: str) -> None:
    start = time.perf_counter()
    # An unknown parameter with a new value: the same question, and no answer that was kept.
    url = f"/api/v1/alerts/?{query}&asked={len(world.took.get(question, ()))}"
    answer = http.get(url, headers={"Authorization": f"Bearer {world.token}"})
    took = (time.perf_counter() - start) * 1_000
    answer.raise_for_status()
    assert answer.content.startswith(b'[{"id"'), question
    world.took.setdefault(question, []).append(took)
