"""The load client: wrk, one thread and eight connections, each asking again when it was answered.

wrk (Debian's) is written in C and asks a hundred thousand small things a second on one core, so that it is
not the limit of anything measured here but nginx. Rule: a shot in which a request failed has no figure.
"""

from __future__ import annotations

import json
import resource
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONNECTIONS = 8
SCRIPT = Path(__file__).with_name("template.lua")


class TooSlow(Exception):
    """Nothing was answered in the time that was given."""


class Failed(Exception):
    """Some requests were refused or lost: ``what`` was asked, and ``how`` it went."""

    def __init__(self, what: str, how: str) -> None:
        super().__init__(what, how)
        self.what, self.how = what, how

    def __str__(self) -> str:
        return f"{self.what}: {self.how}"


@dataclass(frozen=True, slots=True)
class Ask:
    """One kind of request; ``{id}`` in path and body is the next of ``ids``, a file of lines.

    ``requests`` is how many of them make one piece of work, where a server cannot do it with one.
    """

    method: str
    path: str
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    ids: Path | None = None
    requests: float = 1.0


@dataclass(frozen=True, slots=True)
class Shot:
    """One measurement: pieces of work a second, latencies in ms, CPU of server and client for each in µs."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    client_us: float = 0.0


def fire(
    url: str, ask: Ask, *, seconds: float, cpu: Callable[[], float], connections: int = CONNECTIONS
) -> Shot:
    """Ask for so many seconds; ``cpu`` tells how many seconds the server has worked so far."""
    pairs = [text for pair in ask.headers.items() for text in pair]
    arguments = [ask.method, ask.path, ask.body, "-" if ask.ids is None else str(ask.ids), *pairs]
    before, before_us = cpu(), _children_us()
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds:g}s",
        "--timeout",
        "60s",
        "-s",
        str(SCRIPT),
        url,
    ]
    done = subprocess.run(
        [*command, "--", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 120,
    )
    worked = cpu() - before
    if done.returncode != 0:
        raise Failed(f"wrk {url}", done.stderr.strip() or done.stdout.strip())
    told = json.loads(done.stdout.strip().splitlines()[-1])
    if not told["requests"] and not told["broken"]:
        raise TooSlow(f"{ask.method} {ask.path}: no answer in {seconds:g} s")
    if told["refused"] or told["broken"]:
        how = f"of {told['requests']} requests {told['refused']} were refused, {told['broken']} got no answer"
        raise Failed(f"{ask.method} {url}{ask.path}", how)
    pieces = told["requests"] / ask.requests
    return Shot(
        per_second=pieces / (told["microseconds"] / 1_000_000),
        p50_ms=told["p50_us"] * ask.requests / 1_000,
        p99_ms=told["p99_us"] * ask.requests / 1_000,
        cpu_us=worked / pieces * 1_000_000,
        client_us=(_children_us() - before_us) / pieces,
    )


def _children_us() -> float:
    """Return how many microseconds all programs have worked that were run to their end, wrk the last."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1_000_000
