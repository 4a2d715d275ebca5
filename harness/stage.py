"""Where the checks play: a mock KUMA of our own, or one that runs already.

Decides how the mock is started, found and stopped. Enters it only by its front door: the command line,
the ready file and the control API. Rule: what was started here is gone when the stage is left, however
it is left.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from harness.verdict import HarnessTrouble
from harness.world import Control

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 12.0
#: A request to the control API may wait for the journal.
_CONTROL_SECONDS: Final = 60.0
#: The vendor's own port, where a running mock's address is not told.
_VENDOR_PORT: Final = 7223


@dataclass(frozen=True, slots=True)
class Stage:
    """A mock that answers. ``ca_file`` is None where the vendor API is plain HTTP.

    ``shared``: the mock is not ours, so that worlds are deleted behind us; ours takes them with it.
    """

    api: str
    ca_file: str | None
    control: Control
    shared: bool = False


class _Ready(msgspec.Struct, frozen=True):
    api: str
    console: str
    ca_file: str | None = None


@contextmanager
def own_mock() -> Iterator[Stage]:
    """Start a mock, and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="kuma-harness-") as name:
        folder = Path(name)
        token = token_hex(16)
        log, ready_file = folder / "mock.log", folder / "ready.json"
        command = [sys.executable, "-m", "mock_kuma.cli", "serve", "--port", "0", "--console-port", "0"]
        command += ["--wire", "--ready-file", str(ready_file)]
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 -- our own command, without a shell
                command,
                env=_environment(os.environ, token, folder),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for us to handle: the mock must outlive the connectors that use it.
                start_new_session=True,
            )
        try:
            ready = _await(process, ready_file, log)
            with _client(ready.console, token) as client:
                yield Stage(ready.api, ready.ca_file, Control(client))
        finally:
            _stop(process)


@contextmanager
def running_mock(console: str, *, token: str, api: str | None, ca_file: str | None) -> Iterator[Stage]:
    """Use a mock that runs already; ``api`` is its vendor address, by default on the vendor's port."""
    if api is None:
        api = f"https://{urlsplit(console).hostname or '127.0.0.1'}:{_VENDOR_PORT}"
    with _client(console.rstrip("/"), token) as client:
        control = Control(client)
        # A wrong address or token is known before the first check.
        control.send("GET", "/worlds")
        yield Stage(api.rstrip("/"), ca_file, control, shared=True)


def _client(console: str, token: str) -> httpx.Client:
    return httpx.Client(
        base_url=console,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        timeout=_CONTROL_SECONDS,
        # The control API is on this machine or named on purpose: no proxy in between.
        trust_env=False,
        # Threads share it, and a pool that ends idle connections may end one that a thread was just given
        # (httpcore's issue 1110): so this one ends none.
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=None),
    )


def _environment(inherited: Mapping[str, str], token: str, folder: Path) -> dict[str, str]:
    """Return the mock's environment: what configures other mocks must not configure ours."""
    kept = {name: value for name, value in inherited.items() if not name.startswith("MOCK_KUMA_")}
    # A mock for a minute leaves nothing in the user's home.
    return {**kept, "MOCK_KUMA_CONTROL_TOKEN": token, "MOCK_KUMA_DATA_FOLDER": str(folder / "data")}


def _await(process: subprocess.Popen[bytes], ready_file: Path, log: Path) -> _Ready:
    ends = time.monotonic() + _START_SECONDS
    while not ready_file.exists():
        if process.poll() is not None:
            said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            why = said[-1] if said else f"exit status {process.returncode}"
            raise HarnessTrouble(f"the mock did not start: {why}")
        if time.monotonic() > ends:
            raise HarnessTrouble(f"the mock was not ready after {_START_SECONDS:g} seconds")
        time.sleep(0.02)
    # The file appears atomically, complete.
    return msgspec.json.decode(ready_file.read_bytes(), type=_Ready)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
