"""W1, W2 and W3: the mock beside its peers, round by round in turn, and the medians of the rounds.

All servers are there during the whole measurement; one at a time is asked, and the others stand still, so
that what the machine does besides meets all alike. Rule: a peer that cannot be measured stays in the table
with the reason.
"""

from __future__ import annotations

import contextlib
import statistics
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import httpx

from mock_kuma.clock import wait_until
from tests.bench import install, limits, mock, servers, workers
from tests.bench.load import Ask, Failed, Shot, TooSlow, fire
from tests.bench.peers import OWN, PEERS, Peer
from tests.bench.table import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

WORKS: Final = {
    "W1": f"W1: a page of {mock.PAGE} alerts with {mock.EVENTS} events each, 2.5 MB, status filter",
    "W2": f"W2: one alert by id, {mock.HELD:,} held, asked as KUMA's clients do: the list, filtered",
    OWN: "one alert by a path of the peer's own",
    "W3": "W3: close one alert, committed before it is answered",
}
#: Seconds for a server that answers nothing in the time that the others have.
_PATIENCE: Final = 30.0
_EMPTY: Final = "uvicorn, empty"
#: What is no peer.
_NO_PEERS: Final = ("mock-kuma", "nginx", _EMPTY)
#: How the goals read: so many times the best of some peers.
_TIMES_BEST_W1, _OF_NGINX_W1, _TIMES_BEST_W2, _TIMES_BEST_W3 = 10, 0.5, 10, 5


@dataclass(slots=True)
class Measured:
    """One server with its figures; ``ask`` opens what a workload needs for one round."""

    name: str
    note: str
    server: servers.Server
    keeps_state: bool
    ask: Callable[[str], AbstractContextManager[Ask | None]]
    answers: Callable[[], bool]
    shots: dict[str, list[Shot]] = field(default_factory=dict)

    def median(self) -> dict[str, Shot]:
        """Return the median shot of each workload."""
        return {work: _median(shots) for work, shots in self.shots.items() if shots}


@dataclass(slots=True)
class Rates:
    """What a run found: servers by name, and the peers that could not be measured with the reason."""

    measured: list[Measured]
    missing: dict[str, str]
    limits: limits.Limits
    turns: list[workers.Turn]

    def table(self) -> list[tuple[str, str, dict[str, Shot], float]]:
        """Return the figures as the table wants them."""
        found = [(one.name, one.note, one.median(), one.server.started) for one in self.measured]
        return found + [(name, f"not measured: {why}", {}, 0.0) for name, why in self.missing.items()]


def measure(folder: Path, *, rounds: int, seconds: float, peers: bool, works: set[str]) -> Rates:
    """Start everything, measure it in turn, stop everything."""
    missing: dict[str, str] = {}
    with contextlib.ExitStack() as held:
        one = held.enter_context(mock.running(folder / "one", "--workers", "1"))
        data = mock.fill(one, folder)
        two = held.enter_context(mock.running(folder / "two", "--workers", "2"))
        mock.fill(two, folder / "two")
        pair = [_lonely(held, folder / name) for name in ("left", "right")] if "W2" in works else []
        empty = held.enter_context(limits.empty(folder / "empty"))
        measured = [
            _ours(one, "mock-kuma", data),
            _ours(two, "mock-kuma, two workers", data),
            _empty(empty, data),
        ]
        for peer in PEERS if peers else ():
            try:
                measured.append(held.enter_context(_theirs(peer, folder / peer.program, data)))
            except (install.NotInstalled, servers.DidNotStart, httpx.HTTPError) as error:
                missing[peer.name] = str(error)
        for server in (*measured, *pair):
            server.server.pause()
        for number in range(rounds):
            # Every other round the other way about, so that nobody always comes after the same.
            for server in measured if number % 2 == 0 else measured[::-1]:
                for work in WORKS:
                    if work.split()[0] in works:
                        _shoot(server, work, seconds, missing)
        turns = workers.measure(measured[0], measured[1], pair, rounds) if pair else []
    return Rates(measured, missing, limits.measure(folder / "one", data), turns)


def _lonely(held: contextlib.ExitStack, folder: Path) -> Measured:
    """Return a server with one worker and a store of its own."""
    running = held.enter_context(mock.running(folder, "--workers", "1"))
    return _ours(running, folder.name, mock.fill(running, folder))


def _shoot(server: Measured, work: str, seconds: float, missing: dict[str, str]) -> None:
    if f"{server.name}, {work}" in missing:
        return  # it would only take as long again
    with server.server.awake(), server.ask(work) as ask:
        if ask is None:
            return
        # What the shot before has left to do is not this one's burden.
        wait_until(server.answers, seconds=60)
        try:
            try:
                shot = fire(server.server.url, ask, seconds=seconds, cpu=server.server.cpu)
            except TooSlow:
                shot = fire(server.server.url, ask, seconds=_PATIENCE, cpu=server.server.cpu)
        except (Failed, TooSlow) as error:
            missing[f"{server.name}, {work}"] = str(error)
            return
    server.shots.setdefault(work, []).append(shot)


def _ours(running: mock.Mock, name: str, data: mock.Held) -> Measured:
    asks = {"W1": mock.page(), "W2": mock.one(data)}

    @contextlib.contextmanager
    def ask(work: str) -> Iterator[Ask | None]:
        if work == "W3":
            with mock.closing(running, data) as one:
                yield one
        else:
            yield asks.get(work)

    return Measured(
        name, "token, journal, on disk", running.server, True, ask, servers.says(running.server.url)
    )


def _empty(server: servers.Server, data: mock.Held) -> Measured:
    asks = {"W2": mock.one(data), "W3": mock.close(data, _EMPTY)}

    @contextlib.contextmanager
    def ask(work: str) -> Iterator[Ask | None]:
        yield asks.get(work)

    note = "the limit: the mock's HTTP server, an application that only answers"
    return Measured(_EMPTY, note, server, False, ask, servers.says(server.url))


@contextlib.contextmanager
def _theirs(peer: Peer, folder: Path, data: mock.Held) -> Iterator[Measured]:
    program = install.program(peer.program, peer.source)
    folder.mkdir()
    port = servers.free_port()
    plan = peer.plan(program, port, folder, data)

    @contextlib.contextmanager
    def ask(work: str) -> Iterator[Ask | None]:
        yield plan.asks.get(work)

    url = f"http://127.0.0.1:{port}"
    answers = servers.says(url + plan.probe)
    with servers.started(plan.command, folder=folder, url=url, answers=answers) as server:
        plan.fill(url)
        yield Measured(peer.name, peer.note, server, peer.keeps_state, ask, answers)


def _median(shots: list[Shot]) -> Shot:
    middle = {
        name: statistics.median(getattr(shot, name) for shot in shots)
        for name in ("per_second", "p50_ms", "p99_ms", "cpu_us", "client_us")
    }
    return Shot(**middle)


def rows(rates: Rates) -> list[Row]:
    """Judge the figures by the goals."""
    figures = {one.name: one.median() for one in rates.measured}
    ours, nginx = figures["mock-kuma"], figures.get("nginx", {})
    peers = [one for one in rates.measured if not one.name.startswith(_NO_PEERS)]
    note = f"not every peer was measured: {', '.join(rates.missing)}" if rates.missing else ""
    keeping = [one for one in peers if one.keeps_state]
    canned = [one for one in peers if not one.keeps_state]
    found = []
    for work, goals in (
        ("W1", [(_TIMES_BEST_W1, "the best peer", peers)]),
        (
            "W2",
            [
                (_TIMES_BEST_W2, "the best peer that keeps state", keeping),
                (1, "the best that answers canned text", canned),
            ],
        ),
        ("W3", [(_TIMES_BEST_W3, "the best peer that keeps state", keeping)]),
    ):
        if work not in ours:
            continue
        rate = ours[work].per_second
        for times, whose, which in goals:
            best, name = max(((figures[one.name][work].per_second, one.name) for one in which
                              if work in figures[one.name]), default=(0.0, ""))  # fmt: skip
            row = _row(work, rate, times, f"{times} × {whose}", best, name, note)
            if row.holds is False and work != "W1":
                why = rates.limits.of(work, ours[work], figures[_EMPTY][work], times * best)
                row = replace(row, note="; ".join(part for part in (row.note, why) if part))
            elif work == "W2" and which is keeping:
                row = replace(
                    row, note="; ".join(part for part in (row.note, _by_own(rates, figures)) if part)
                )
            found.append(row)
        if work == "W1":
            limit = nginx["W1"].per_second if "W1" in nginx else 0.0
            goal = f"{_OF_NGINX_W1} × nginx, the same bytes as a file"
            found.append(_row(work, rate, _OF_NGINX_W1, goal, limit, "nginx", note))
    if rates.turns:
        found.append(workers.row(rates.turns))
    return found


def _by_own(rates: Rates, figures: dict[str, dict[str, Shot]]) -> str:
    """Tell how the peers that keep state answer by paths of their own, and why not ten times that."""
    best, name = max(((shots[OWN].per_second, name) for name, shots in figures.items() if OWN in shots),
                     default=(0.0, ""))  # fmt: skip
    if not best:
        return ""
    ours = figures["mock-kuma"]["W2"]
    words = (
        f"by a path of its own, which no client of KUMA asks for, {name} answers {best:,.0f} a second:"
        f" {ours.per_second / best:.2f} ×"
    )
    if ours.per_second >= _TIMES_BEST_W2 * best:
        return words
    return f"{words}. {rates.limits.of('W2', ours, figures[_EMPTY]['W2'], _TIMES_BEST_W2 * best)}"


def _row(work: str, rate: float, times: float, goal: str, best: float, name: str, note: str) -> Row:
    figure = f"{rate:,.0f} a second"
    if not best:
        return Row(WORKS[work], goal, figure, None, note or "no peers in this run")
    result = f"{figure}, {rate / best:.2f} × {name} ({best:,.3g})"
    return Row(WORKS[work], goal, result, rate >= times * best, note)
