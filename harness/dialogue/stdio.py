"""The stdio transport: a process that answers one JSON line per request line.

Decides how the process is started, talked to and ended, and says in plain words why that failed. Knows
nothing of what the lines mean beyond the framing. Rule: whatever happens, the process group is gone
after ``kill``, and nothing that the process prints can block or fill the harness.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Final

from harness.dialogue.program import started
from harness.protocol import BadAnswer, ConnectorBroken, NotStarted, encode_request, read_answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.protocol import Refusal

#: No honest answer is longer: ten thousand incidents with a hundred events each.
_LONGEST_LINE: Final = 64 * 1024 * 1024
_CHUNK: Final = 1024 * 1024
_STOP_SECONDS: Final = 5.0
_TAIL_BYTES: Final = 4_096


class Died(ConnectorBroken):
    """The process ended although nobody had asked it to."""


class DeadlineMissed(ConnectorBroken):
    """No answer came in time."""


class StdioProcess:
    """One connector process. ``stderr`` is the file that collects what it says beside its answers."""

    def __init__(
        self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str], stderr: Path
    ) -> None:
        self._command, self._folder, self._environment = list(command), folder, dict(environment)
        self._stderr = stderr
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = bytearray()
        self._number = 0

    def start(self) -> None:
        """Start the process; raises NotStarted."""
        self._buffer.clear()
        with self._stderr.open("ab") as stderr:
            self._process = started(
                self._command, folder=self._folder, environment=self._environment, stderr=stderr
            )

    def send(self, method: str, params: dict[str, Any]) -> int:
        """Send a request without waiting; return its number."""
        self._number += 1
        # Whoever does not listen any more may have said why: what is read next tells.
        with suppress(BrokenPipeError):
            _stdin(self._running).write(encode_request(self._number, method, params))
            _stdin(self._running).flush()
        return self._number

    def answered(self, *, within: float) -> bool:
        """Say whether there is something to read, waiting ``within`` seconds for it."""
        if b"\n" in self._buffer:
            return True
        return bool(select.select([_stdout(self._running)], [], [], within)[0])

    def receive(self, number: int, method: str, *, deadline: float) -> Any | Refusal:
        """Return the answer to a request; ``deadline`` is in seconds from now.

        Raises Died, DeadlineMissed or BadAnswer.
        """
        return read_answer(self._line(method, deadline), number=number, method=method)

    def request(self, method: str, params: dict[str, Any], *, deadline: float) -> Any | Refusal:
        """Send a request and return its answer, as ``receive`` does."""
        return self.receive(self.send(method, params), method, deadline=deadline)

    def stop(self) -> int | None:
        """Close stdin and wait five seconds; return the exit status, or None if it had to be killed."""
        process = self._running
        # It may have left before it read everything; what counts is that it left.
        with suppress(BrokenPipeError):
            _stdin(process).close()
        try:
            status: int | None = process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            status = None
        self.kill()
        return status

    def end(self) -> None:
        """End the process and its children at once, from any thread; its owner cleans up behind it."""
        if self._process is not None:
            # The whole group may have ended already.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def kill(self) -> None:
        """End the process and its children at once; harmless when it has ended already."""
        process = self._process
        if process is None:
            return
        self.end()
        process.wait()
        for stream in (process.stdin, process.stdout):
            # There may be bytes that nobody will read any more.
            with suppress(BrokenPipeError):
                if stream is not None:
                    stream.close()

    def stderr_text(self, *, most: int = _TAIL_BYTES) -> str:
        """Return the end of what the process said on stderr, ``most`` bytes of it."""
        with self._stderr.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - most))
            return file.read(most).decode("utf-8", "replace")

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise NotStarted("the connector's process has not been started")
        return self._process

    def _line(self, method: str, deadline: float) -> bytes:
        stdout = _stdout(self._running)
        ends = time.monotonic() + deadline
        searched = 0
        while True:
            end = self._buffer.find(b"\n", searched)
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                searched = 0
                if line.strip():
                    return line
                continue
            searched = len(self._buffer)
            if searched > _LONGEST_LINE:
                raise BadAnswer(f"the answer to {method} is longer than {_LONGEST_LINE // 2**20} MiB")
            left = ends - time.monotonic()
            if left <= 0 or not select.select([stdout], [], [], left)[0]:
                raise DeadlineMissed(f"the connector did not answer {method} within {deadline:g} seconds")
            chunk = os.read(stdout.fileno(), _CHUNK)
            if not chunk:
                raise self._died(method)
            self._buffer += chunk

    def _died(self, method: str) -> Died:
        try:
            status: int | None = self._running.wait(1)
        except subprocess.TimeoutExpired:
            status = None
        said = self.stderr_text().strip().splitlines()
        last = f"; its last line on stderr: {said[-1][:200]!r}" if said else ""
        partial = bytes(self._buffer).strip()
        cut = f"; its answer broke off after {partial[:60]!r}" if partial else ""
        return Died(f"the connector {_ending(status)} instead of answering {method}{cut}{last}")


def _ending(status: int | None) -> str:
    if status is None:
        return "closed its stdout, and kept running,"
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with exit status {status}"


def _stdin(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None  # noqa: S101 -- started with a pipe
    return process.stdin


def _stdout(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdout is not None  # noqa: S101 -- started with a pipe
    return process.stdout
