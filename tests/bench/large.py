"""A world of a million alerts with three million events, beside one of a thousand: ``make bench-large``.

Each alert has a correlation event with two base events. The questions are asked in turn in both worlds, one
at a time, each a little other than the last so that no answer is kept. Each is asked once more at once: what
that takes is no matter of the disk, since all that it needs has just been read. Rules: the first asking
counts; what was made is removed.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import httpx

from tests.bench import mock, shares
from tests.bench.table import Row

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench import servers

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
_PAGE_BYTES: Final = 4_096  # of SQLite's
_PLACES: Final = 200


@dataclass(slots=True)
class Asked:
    """What a question took: milliseconds at first and again; bytes from the disk and CPU seconds at first."""

    first: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    read: int = 0
    cpu: float = 0.0

    def p99(self) -> float:
        """Return the 99th percentile of the first askings."""
        return statistics.quantiles(self.first, n=100)[-1]

    def note(self, small: Asked, place: float) -> str:
        """Return where the time of a large world's answers went; ``place`` is the disk's, in milliseconds."""
        warm, warm_small = (statistics.quantiles(one.again, n=100)[-1] for one in (self, small))
        halves = statistics.median(self.again) / statistics.median(small.again)
        cpu, cpu_small = (one.cpu * 1_000 / len(one.first) for one in (self, small))
        cold = self.read / len(self.first) / 1_024
        return (
            f"{cold:,.0f} KB for each came from the disk, where 4 KB from anywhere take {place:.2f} ms; "
            f"CPU {cpu:.1f} ms, {cpu / cpu_small:.2f} × ({cpu_small:.1f} ms). Asked again, from memory: "
            f"p99 {warm:.1f} ms, {warm / warm_small:.2f} × ({warm_small:.1f} ms), medians {halves:.2f} ×"
        )


@dataclass(slots=True)
class World:
    """A filled world: its token, how many alerts, some ids, what its questions took."""

    token: str
    count: int
    ids: list[str]
    asked: defaultdict[str, Asked] = field(default_factory=lambda: defaultdict(Asked))


def rows(folder: Path, *, alerts: int = ALERTS) -> list[Row]:
    """Load, ask, judge."""
    with mock.running(folder / "large") as running:
        small = _world(running, SMALL)
        start, worked = time.perf_counter(), running.server.cpu()
        large = _world(running, alerts)
        loaded, cpu = time.perf_counter() - start, running.server.cpu() - worked
        with httpx.Client(base_url=running.server.url, timeout=600, trust_env=False) as http:
            for number in range(_ASKED):
                for world in (small, large):
                    for question, query in _questions(world, number).items():
                        if world is large or question != "deep":
                            _ask(http, running.server, world, question, query)
        resident = running.server.resident()
        place = _place(folder / "large" / "mock.db")
    what = f"{alerts:,} alerts with {3 * alerts:,} events"
    in_time = loaded < _LOADS_IN
    note = "" if in_time else f"load: one thread is busy for {cpu:,.0f} s of that; {shares.told('load')}"
    found = [Row(f"{what}: load", "under 10 minutes", f"{loaded:,.0f} s; {cpu:,.0f} s of CPU", in_time, note)]
    for question in ("first page", "by id", "by name pattern", "by period"):
        ours, theirs = large.asked[question], small.asked[question]
        p99, times = ours.p99(), ours.p99() / theirs.p99()
        half = statistics.median(ours.first) / statistics.median(theirs.first)
        result = f"p99 {p99:.1f} ms, {times:.2f} × ({theirs.p99():.1f} ms); medians {half:.2f} ×"
        goal = f"{_P99:g} × a world of {SMALL:,}"
        holds = times <= _P99
        note = "" if holds else f"{question}: {ours.note(theirs, place)}"
        found.append(Row(f"{what}: {question}", goal, result, holds, note))
    deep, first = (statistics.median(large.asked[name].first) for name in ("deep", "first page"))
    result = f"median {deep:.1f} ms, {deep / first:.2f} × ({first:.1f} ms)"
    found.append(Row(f"{what}: page {_DEEP_PAGE}", f"{_DEEP:g} × page 1", result, deep <= _DEEP * first))
    memory = f"{resident / 1024 / 1024:,.0f} MB in all processes"
    return [*found, Row(f"{what}: memory", "under 400 MB", memory, resident < _RESIDENT)]


def _world(running: mock.Mock, count: int) -> World:
    made = running.control("POST", "/worlds", {"seed": 5})

    def raised(first: int) -> list[str]:
        body = {"alerts": given(first, min(count, first + _BATCH))}
        told: list[str] = running.control("POST", f"/worlds/{made['world']}/alerts", body)["ids"]
        return told[:: max(1, len(told) // _IDS)]

    # Two at once: while the mock stores a thousand alerts, the next thousand are asked for.
    with ThreadPoolExecutor(2) as pool:
        ids = [one for some in pool.map(raised, range(0, count, _BATCH)) for one in some]
    return World(made["token"], count, ids)


def given(first: int, end: int) -> list[dict[str, object]]:
    """Return alerts to be raised, as the control API takes them; they come in this order."""
    alert = {"event_count": 1, "base_events": 2}
    return [{**alert, "lastSeen": _moment(place)} for place in range(first, end)]


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


def _ask(http: httpx.Client, server: servers.Server, world: World, question: str, query: str) -> None:
    asked = world.asked[question]
    cpu, read = server.spent()
    asked.first.append(_took(http, world.token, query, number=2 * len(asked.first)))
    cpu_after, read_after = server.spent()
    asked.cpu += cpu_after - cpu
    asked.read += read_after - read
    asked.again.append(_took(http, world.token, query, number=2 * len(asked.again) + 1))


def _took(http: httpx.Client, token: str, query: str, *, number: int) -> float:
    start = time.perf_counter()
    # An unknown parameter with a new value: the same question, and no answer that was kept.
    url = f"/api/v1/alerts/?{query}&asked={number}"
    answer = http.get(url, headers={"Authorization": f"Bearer {token}"})
    took = (time.perf_counter() - start) * 1_000
    answer.raise_for_status()
    assert answer.content.startswith(b'[{"id"'), query
    return took


def _place(file: Path) -> float:
    """Return the median milliseconds in which a page from anywhere in a file comes from the disk."""
    draw, took = random.Random(1), []
    with file.open("rb", buffering=0) as opened:
        pages = file.stat().st_size // _PAGE_BYTES
        for _ in range(_PLACES):
            place = draw.randrange(pages) * _PAGE_BYTES
            os.posix_fadvise(opened.fileno(), place, _PAGE_BYTES, os.POSIX_FADV_DONTNEED)
            start = time.perf_counter()
            os.pread(opened.fileno(), _PAGE_BYTES, place)
            took.append((time.perf_counter() - start) * 1_000)
    return statistics.median(took)
