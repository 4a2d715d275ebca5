"""A mock as its users have it: a process, two ports, TLS."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from kuma.rest import KumaRestAPI

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVE = [sys.executable, "-m", "mock_kuma.cli", "serve"]


@dataclass(frozen=True)
class Server:
    """A running mock, as its ready file describes it."""

    api: str
    console: str
    token: str
    control_token: str
    ca_file: str | None
    world: str
    pid: int
    seed: int | str
    password: str
    spoiled: dict[str, str] | None

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Do a control action; return the answer's JSON, or None."""
        headers = {"Authorization": f"Bearer {self.control_token}"}
        response = httpx.request(
            method, f"{self.console}/control/v1{path}", json=body, headers=headers, timeout=30
        )
        assert response.is_success, response.text
        return response.json() if response.content else None

    def new_world(self, **options: Any) -> tuple[str, str]:
        """Make a world; return its id and token."""
        made = self.control("POST", "/worlds", {"seed": 1, **options})
        return made["world"], made["token"]


def start(*arguments: str, ready_file: Path, data_folder: Path) -> subprocess.Popen[str]:
    """Start a mock on free ports; the caller stops it."""
    ports = ["--port", "0", "--console-port", "0"]
    places = ["--ready-file", str(ready_file), "--data-folder", str(data_folder)]
    return subprocess.Popen(
        [*SERVE, *ports, *places, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )


def wait_ready(process: subprocess.Popen[str], ready_file: Path) -> Server:
    """Return the server's description once it accepts."""
    end = time.monotonic() + 30
    while not ready_file.exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end, "the mock was not ready in 30 seconds"
        time.sleep(0.01)
    return Server(**json.loads(ready_file.read_text(encoding="utf-8")))


def stop(process: subprocess.Popen[str]) -> str:
    """Stop a mock; return what it printed."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=15)[0]


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Server]:
    """Run a mock for a while."""
    ready_file = folder / "ready.json"
    process = start(*arguments, ready_file=ready_file, data_folder=folder / "data")
    try:
        yield wait_ready(process, ready_file)
    finally:
        stop(process)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One mock for all tests of a process; each makes worlds of its own."""
    with running(tmp_path_factory.mktemp("mock"), "--wire") as found:
        yield found


@pytest.fixture
def world(server: Server) -> tuple[str, str]:
    """A world of the test's own: its id and token."""
    return server.new_world()


@pytest.fixture
def client(server: Server, world: tuple[str, str]) -> Iterator[Any]:
    """``kuma-api``, which verifies the mock's certificate against its CA file."""
    with KumaRestAPI(server.api, world[1], verify=server.ca_file or False) as found:
        yield found
