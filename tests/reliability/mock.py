"""Mocks for measurements: started at once from a process that has everything loaded, ended in any way.

A start from nothing takes most of its time for loading code; a fork of a process that has loaded it runs the
same command a thousand times in the time that there is. Rule: what is measured is ``mock-kuma serve`` itself.
"""

from __future__ import annotations

import http.client
import importlib
import json
import os
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mock_kuma import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN: Final = "0123456789abcdef" * 2
CONTROL: Final = "control"
#: What a server loads while it starts; loaded here once, before any thread is.
_LOADED: Final = (
    "mock_kuma.app", "mock_kuma.installation", "mock_kuma.listener", "mock_kuma.scenarios",
    "mock_kuma.server", "mock_kuma.tls", "mock_kuma.wire", "prometheus_client",
)  # fmt: skip


@dataclass(frozen=True)
class Mock:
    """A running server: the leader of its processes, and where it listens."""

    pid: int
    api: int
    console: int

    def kill(self) -> None:
        """End every process of the server at once, as a power cut would."""
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def stop(self) -> int:
        """End the server in order; return its exit code."""
        os.kill(self.pid, signal.SIGTERM)
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)

    def processes(self) -> list[int]:
        """Return the processes of the server."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.getpgid(int(folder.name)) == self.pid:
                    found.append(int(folder.name))
            except ProcessLookupError:
                continue  # it has ended meanwhile
        return found

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Do a control action; return the answer's JSON, or None."""
        status, answer = Client(self.console, CONTROL, seconds=300).ask(method, f"/control/v1{path}", body)
        if status >= 400:
            raise AssertionError(f"{method} {path}: {status} {answer[:300]!r}")
        return json.loads(answer) if answer else None


class Client:
    """One connection that is kept, without anything that costs time."""

    def __init__(self, port: int, token: str = TOKEN, *, seconds: float = 30) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Send a request; return status and body."""
        self._http.request(method, path, None if body is None else json.dumps(body), self._headers)
        response = self._http.getresponse()
        return response.status, response.read()

    def close(self) -> None:
        """End the connection."""
        self._http.close()


def load() -> None:
    """Load what a server needs; to be called before the first thread is started."""
    for name in _LOADED:
        importlib.import_module(name)


def start(folder: Path, *arguments: str, log: Path | None = None) -> Mock:
    """Start a server whose store lies in ``folder``; AssertionError with its log if it does not start."""
    ready_file = folder / "ready.json"
    ready_file.unlink(missing_ok=True)
    log = log or folder / "log"
    given = [
        "serve", "--port", "0", "--console-port", "0", "--no-tls", "--seed", "1",
        "--token", TOKEN, "--control-token", CONTROL, "--ready-file", str(ready_file),
        "--store", f"sqlite:///{folder}/mock.db", "--data-folder", str(folder), *arguments,
    ]  # fmt: skip
    pid = os.fork()
    if pid == 0:
        _become_server(given, log)
    end = time.monotonic() + 60
    while not ready_file.exists():
        done, status = os.waitpid(pid, os.WNOHANG)
        if done or time.monotonic() > end:
            raise AssertionError(f"the mock did not start ({status}): {log.read_text()[-500:]}")
        time.sleep(0.002)
    ready = json.loads(ready_file.read_text(encoding="utf-8"))
    return Mock(pid, *(urlsplit(ready[name]).port or 0 for name in ("api", "console")))


def _become_server(arguments: list[str], log: Path) -> None:
    code = 1
    try:
        os.setsid()
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for stream in (1, 2):
            os.dup2(out, stream)
        cli.main(arguments)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout.flush()
        os._exit(code)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder of its own, also for what a killed server leaves in the folder of temporary files."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="mock-kuma-reliability-") as name:
        tempfile.tempdir = name
        try:
            yield Path(name)
        finally:
            tempfile.tempdir = before


@contextmanager
def running(place: Path, *arguments: str) -> Iterator[Mock]:
    """A server for a while."""
    mock = start(place, *arguments)
    try:
        yield mock
    finally:
        mock.stop()
