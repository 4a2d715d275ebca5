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


def _cores(shot: Shot) -> str:
    return f"{shot.per_second * shot.cpu_us / 1_000_000:.2f}"


def measure(folder: Path, held: mock.Held) -> Limits:
    """Measure on the store of a mock that nobody asks any more: its alerts are closed one after the other."""
    ids = held.others
    found = {work: inside.measure(folder, ids, work) for work in ("W2", "W3")}
    return Limits(found, inside.shares(folder, ids))


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
