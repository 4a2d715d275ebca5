"""Two workers beside one, and beside two servers that share nothing: what is the most that two could do.

All are asked for W2 in turn, a second each and many times, since the machine's speed changes from one second
to the next; the ratios are of neighbours. Rule: where two servers that share nothing miss the goal, too, it
is the cores that miss it.
"""

from __future__ import annotations

import os
import statistics
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.bench.load import CONNECTIONS, Shot, fire
from tests.bench.table import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.rates import Measured

GOAL: Final = 1.6
_TURNS: Final = 5  # in each round
_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One after the other: a server with one worker, one with two, two servers at once."""

    one: Shot
    two: Shot
    apart: tuple[Shot, ...]

    def ratio(self) -> float:
        """Return how many times as much two workers answer as one."""
        return self.two.per_second / self.one.per_second

    def most(self) -> float:
        """Return how many times as much two servers answer."""
        return sum(shot.per_second for shot in self.apart) / self.one.per_second


def measure(one: Measured, two: Measured, pair: Sequence[Measured], rounds: int) -> list[Turn]:
    """Ask in turn; each of ``pair`` gets half of the connections."""
    return [Turn(_shot(one), _shot(two), _apart(pair)) for _ in range(_TURNS * rounds)]


def _shot(server: Measured, connections: int = CONNECTIONS) -> Shot:
    with server.server.awake(), server.ask("W2") as ask:
        assert ask is not None
        url, cpu = server.server.url, server.server.cpu
        return fire(url, ask, seconds=_SECONDS, cpu=cpu, connections=connections)


def _apart(pair: Sequence[Measured]) -> tuple[Shot, ...]:
    with ThreadPoolExecutor(len(pair)) as pool:
        return tuple(pool.map(lambda server: _shot(server, CONNECTIONS // len(pair)), pair))


def row(turns: Sequence[Turn]) -> Row:
    """Judge."""
    ratio = statistics.median(turn.ratio() for turn in turns)
    rate = statistics.median(turn.two.per_second for turn in turns)
    result = f"{rate:,.0f} a second, {ratio:.2f} × one, the median of {len(turns)} turns"
    holds = ratio >= GOAL
    return Row("W2, two workers", f"{GOAL} × one worker", result, holds, "" if holds else _why(turns))


def _why(turns: Sequence[Turn]) -> str:
    cores = os.cpu_count() or 1
    most = statistics.median(turn.most() for turn in turns)
    one, two, apart, wrk = (
        statistics.median(found)
        for found in (
            [turn.one.cpu_us for turn in turns],
            [turn.two.cpu_us for turn in turns],
            [shot.cpu_us for turn in turns for shot in turn.apart],
            [turn.two.client_us for turn in turns],
        )
    )
    left = cores * 1_000_000 / GOAL / statistics.median(turn.one.per_second for turn in turns) - wrk
    words = (
        f"W2, two workers: two servers that share nothing, a store and four connections for each, answer"
        f" {most:.2f} × one. One worker takes {one:,.0f} µs of CPU for each request, two {two:,.0f}, two"
        f" servers {apart:,.0f}: of four connections fewer requests come together than of eight. The goal"
        f" leaves {left:,.0f}, since wrk takes {wrk:,.0f} of the same {cores} cores"
    )
    return f"{words}. So what two workers share is not the limit: the cores are" if most < GOAL else words
