"""The oneshot transport: one process a request, its answer told by stdout and the exit status.

Decides what an exit status means. Knows nothing of what is asked. Rule: a status that the protocol does not
know is a broken connector, never a refusal.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec

from harness.dialogue.program import started
from harness.dialogue.stdio import DeadlineMissed, Died
from harness.protocol import UNKNOWN_METHOD, BadAnswer, NotStarted, Refusal, read_answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_RESULT: Final = 0
_ERROR: Final = 1
_UNSUPPORTED: Final = 3


class OneshotProcess:
    """A command that is run anew for each request; ``stderr`` is the file that collects what it says."""

    def __init__(
        self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str], stderr: Path
    ) -> None:
        self._command, self._folder, self._environment = list(command), folder, dict(environment)
        self._stderr = stderr
        self._process: subprocess.Popen[bytes] | None = None
        self._number = 0

    def start(self) -> None:
        """Do nothing: the first request starts the first process."""

    def send(self, method: str, params: dict[str, Any]) -> int:
        """Start the process of a request; return its number. Raises NotStarted."""
        self.kill()
        self._number += 1
        with self._stderr.open("ab") as stderr:
            process = started(
                [*self._command, method], folder=self._folder, environment=self._environment, stderr=stderr
            )
        self._process = process
        # Who needs no params need not read them.
        with suppress(BrokenPipeError):
            _pipe(process.stdin).write(msgspec.json.encode(params))
            _pipe(process.stdin).flush()
        with suppress(BrokenPipeError):
            _pipe(process.stdin).close()
        process.stdin = None
        return self._number

    def answered(self, *, within: float) -> bool:
        """Say whether the process has ended, waiting ``within`` seconds for it."""
        if self._process is None:
            return False
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def receive(self, number: int, method: str, *, deadline: float) -> Any | Refusal:
        """Return what the process of a request said; raises Died, DeadlineMissed or BadAnswer."""
        process = self._process
        if process is None:
            raise NotStarted("the connector's process has not been started")
        try:
            said, _ = process.communicate(timeout=deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise DeadlineMissed(
                f"the connector did not answer {method} within {deadline:g} seconds"
            ) from None
        return _meaning(process.returncode, said, number=number, method=method)

    def request(self, method: str, params: dict[str, Any], *, deadline: float) -> Any | Refusal:
        """Run the process of a request and return its answer, as ``receive`` does."""
        return self.receive(self.send(method, params), method, deadline=deadline)

    def stop(self) -> int | None:
        """Return 0: each process has left with its answer."""
        return 0

    def end(self) -> None:
        """End the process that runs, and its children."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def kill(self) -> None:
        """End the process that runs, and clean up behind it."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _meaning(status: int, said: bytes, *, number: int, method: str) -> Any | Refusal:
    if status == _UNSUPPORTED:
        return Refusal(UNKNOWN_METHOD, f"exit status {_UNSUPPORTED}")
    if status not in {_RESULT, _ERROR}:
        told = "was ended by a signal" if status < 0 else f"ended with exit status {status}"
        raise Died(
            f"the connector {told} instead of answering {method}; 0 is a result, 1 an error, 3 unsupported"
        )
    try:
        value = msgspec.json.decode(said)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # One sentence for all transports on what does not belong on stdout.
        return read_answer(said.strip(), number=number, method=method)
    if status == _ERROR and not isinstance(value, dict):
        raise BadAnswer(f"exit status 1 after {method} needs an error object on stdout")
    key = "error" if status == _ERROR else "result"
    return read_answer(msgspec.json.encode({"id": number, key: value}), number=number, method=method)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 -- started with a pipe
    return stream
