"""Why a small request is not answered sooner: its cost taken apart, each part measured by itself.

Parts: the HTTP server around an application that only answers, and the mock itself without a server. Rule:
what they leave over is told, too.
"""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.bench import inside, servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bench import mock
    from tests.bench.load import Shot

#: So many come together where eight connections ask one worker, which waits until no more come.
_TOGETHER: Final = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """Microseconds of processor time by workload and number of requests at once, and where they go."""

    inside: dict[str, dict[int, float]]
    shares: str
    together: tuple[float, float]  # how many came at once on average, with one worker and with two
    apart: tuple[float, float]  # of W2 on two servers: how many a second both, and what one of them costs

    def of(self, work: str, ours: Shot, empty: Shot, goal: float) -> str:
        """Tell what one worker's request is made of, and what a goal of so many a second leaves for each."""
        parts = self.inside[work]
        sizes = ", ".join(f"{cost:,.0f} with {size}" for size, cost in parts.items())
        rest = ours.cpu_us - empty.cpu_us - parts[_TOGETHER]
        words = (
            f"{work}: {ours.cpu_us:,.0f} µs of CPU for each; {empty.cpu_us:,.0f} in the HTTP server (an"
            f" application that only answers), {parts[_TOGETHER]:,.0f} in the mock without a server, eight at"
            f" once ({sizes}), {rest:,.0f} between them. One thread of Python does it:"
            f" {_cores(ours)} cores were busy. The goal leaves {1_000_000 / goal:,.0f} µs"
        )
        return f"{words}. In the mock: {self.shares}" if work == "W2" else words

    def of_two(self, one: Shot, two: Shot, goal: float) -> str:
        """Tell why a second worker does not do more, where the goal is so many a second."""
        cores = os.cpu_count() or 1
        left = cores * 1_000_000 / goal - two.client_us
        rate, cost = self.apart
        words = (
            f"W2: the goal leaves {left:,.0f} µs for each, since wrk takes {two.client_us:,.0f} of the"
            f" {cores} cores. One worker takes {one.cpu_us:,.0f}, with {self.together[0]:.1f} requests"
            f" answered together; of two each has four of the eight connections, answers"
            f" {self.together[1]:.1f} together, and takes {two.cpu_us:,.0f}. Two servers that share nothing,"
            f" with a store and four connections each, answer {rate:,.0f} a second,"
            f" {rate / one.per_second:.2f} × one, and take {cost:,.0f}"
        )
        if rate < goal:
            words += ": what two workers share is not the limit, the cores are"
        return words


def _cores(shot: Shot) -> str:
    return f"{shot.per_second * shot.cpu_us / 1_000_000:.2f}"


def measure(
    folder: Path, held: mock.Held, *, together: tuple[float, float], apart: tuple[float, float]
) -> Limits:
    """Measure on the store of a mock that nobody asks any more: its alerts are closed one after the other."""
    ids = held.others
    found = {work: inside.measure(folder, ids, work) for work in ("W2", "W3")}
    return Limits(found, inside.shares(folder, ids), together, apart)


@contextlib.contextmanager
def empty(folder: Path) -> Iterator[servers.Server]:
    """Run the HTTP server around an application that only answers."""
    folder.mkdir()
    port = servers.free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.bench.empty", str(port)]
    here = {"PYTHONPATH": os.pathsep.join(sys.path)}
    with servers.started(
        command, folder=folder, url=url, answers=servers.says(url), environment=here
    ) as found:
        yield found
