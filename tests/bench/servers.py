"""A server under test: started in a session of its own, asked until it answers, ended with all its children.

Rule: nothing that was started is left, and nothing else is touched.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_START_SECONDS = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")


class DidNotStart(Exception):
    """A server ended, or never answered: its command and what it said."""

    def __init__(self, command: str, said: str) -> None:
        super().__init__(command, said)
        self.command, self.said = command, said

    def __str__(self) -> str:
        return f"{self.command} did not start: {self.said[-600:]}"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it is, its session, and how many seconds it took to answer."""

    url: str
    session: int
    started: float

    def cpu(self) -> float:
        """Return how many seconds of CPU its processes have taken so far."""
        return sum((int(stat[11]) + int(stat[12])) / _TICKS for _, stat in _stats(self.session))

    def spent(self) -> tuple[float, int]:
        """Return the seconds of CPU so far, and the bytes that came from the disk itself, not from memory."""
        cpu, read = 0.0, 0
        for folder, stat in _stats(self.session):
            cpu += (int(stat[11]) + int(stat[12])) / _TICKS
            with contextlib.suppress(OSError):  # it ended meanwhile
                lines = (folder / "io").read_text().splitlines()
                read += sum(int(line.split()[1]) for line in lines if line.startswith("read_bytes:"))
        return cpu, read

    def pause(self) -> None:
        """Let it stand still: what it has left to do is nobody else's burden."""
        os.killpg(self.session, signal.SIGSTOP)

    @contextlib.contextmanager
    def awake(self) -> Iterator[None]:
        """Let it go on while the block lasts."""
        os.killpg(self.session, signal.SIGCONT)
        try:
            yield
        finally:
            self.pause()

    def resident(self) -> int:
        """Return the bytes of memory that its processes have resident, what they share counted once."""
        found = 0
        for folder, _ in _stats(self.session):
            with contextlib.suppress(OSError):  # it ended meanwhile
                lines = (folder / "smaps_rollup").read_text().splitlines()
                found += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        return found


def _stats(session: int) -> Iterator[tuple[Path, list[str]]]:
    # Fields from the third of /proc/PID/stat on, which follow the name in brackets (proc(5)).
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):  # it ended meanwhile
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(stat[3]) == session:
                    yield folder, stat


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(
    command: Sequence[str],
    *,
    folder: Path,
    url: str,
    answers: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Run a server while the block lasts; what it says is in ``folder``/output.txt."""
    output = folder / "output.txt"
    start = time.perf_counter()
    with output.open("wb") as file:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    try:
        while not answers():
            if process.poll() is not None or time.perf_counter() - start > _START_SECONDS:
                raise DidNotStart(command[0], output.read_text(encoding="utf-8", errors="replace").strip())
            time.sleep(0.005)
        yield Server(url, process.pid, time.perf_counter() - start)
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):  # all of it has ended
        os.killpg(process.pid, signal.SIGCONT)
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):  # all of it has ended
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)


def says(url: str) -> Callable[[], bool]:
    """Return a question: does this URL answer, whatever it answers?"""
    parts = urlsplit(url)

    def ask() -> bool:
        # Nothing heavier, since it is asked every few milliseconds while a server starts.
        connection = http.client.HTTPConnection(parts.netloc, timeout=5)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return True

    return ask
