"""A mock for other people's tests: started as a process, stopped at the end, a world for each test.

>>> with running() as kuma:
...     world = kuma.world(seed=7)
...     world.raise_alerts({"name": "Brute force", "events": [{"ID": "e1"}]})
...     connect_to(world.url, token=world.token, ca_file=world.ca_file)

Everything goes through the front door: the command line, the ready file and the control API. Rule: whatever
happens in the test, nothing that was started is left.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0


class ControlFailed(Exception):
    """The control API refused an action: ``status``, and what it said."""

    def __init__(self, action: str, status: int, message: str) -> None:
        super().__init__(action, status, message)
        self.action, self.status, self.message = action, status, message

    def __str__(self) -> str:
        return f"{self.action}: {self.status} {self.message}"


class DidNotStart(Exception):
    """The server ended before it was ready; carries what it said."""


@dataclass(frozen=True, slots=True)
class World:
    """One simulated KUMA: what a connector needs to reach it, and what a test does to it."""

    kuma: Kuma
    id: str
    token: str
    tenant: str

    @property
    def url(self) -> str:
        """Scheme, host and port of the vendor API; the token leads to this world."""
        return self.kuma.url

    @property
    def ca_file(self) -> str | None:
        """The PEM file to trust, or None without TLS."""
        return self.kuma.ca_file

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Do a control action, ``path`` relative to the world; return the answer's JSON, or None."""
        return self.kuma.control(method, f"/worlds/{self.id}/{path}".rstrip("/"), body)

    def raise_alerts(self, *alerts: dict[str, Any]) -> list[str]:
        """Raise alerts, given in the vendor's spelling; return their ids."""
        return list(self.control("POST", "alerts", {"alerts": list(alerts)})["ids"])

    def generate(self, count: int, **options: Any) -> list[str]:
        """Raise generated alerts; options as in the control API (events, last_seen, spacing_ms, ...)."""
        return list(self.control("POST", "alerts", {"generate": {"count": count, **options}})["ids"])

    def grow(self, alert: str, count: int = 1) -> dict[str, Any]:
        """Let new correlation events arrive for an alert's rule; return the receipt."""
        return dict(self.control("POST", f"alerts/{alert}/events", {"generate": count}))

    def change(self, alert: str, **values: str) -> dict[str, Any]:
        """Do what a KUMA user does: ``status``, ``assignee``, ``priority``, ``closing_reason``."""
        return dict(self.control("PATCH", f"alerts/{alert}", values))

    def alert(self, alert: str) -> dict[str, Any]:
        """Return the whole truth about an alert."""
        return dict(self.control("GET", f"alerts/{alert}"))

    def fault(self, kind: str, *, match: dict[str, Any] | None = None, **options: Any) -> str:
        """Set a fault; ``after``, ``times`` and ``every`` count, all else belongs to the action."""
        counted = [name for name in ("after", "times", "every") if name in options]
        counts: dict[str, Any] = {name: options.pop(name) for name in counted}
        body: dict[str, Any] = {"action": {"kind": kind, **options}, "match": match or {}, **counts}
        return str(self.control("POST", "faults", body)["id"])

    def journal(self, *, wait_for: int = 0, since: int = 0) -> list[dict[str, Any]]:
        """Return the exchanges after ``since``, once there are ``wait_for`` of them."""
        found = self.control("GET", f"journal?since={since}&wait_for={wait_for}")
        return list(found["exchanges"])

    def delete(self) -> None:
        """Delete the world with everything in it."""
        self.kuma.control("DELETE", f"/worlds/{self.id}")


class Kuma:
    """A running mock."""

    def __init__(self, ready: dict[str, Any], http: httpx.Client) -> None:
        self.url: str = ready["api"]
        self.console: str = ready["console"]
        self.token: str = ready["token"]
        self.control_token: str = ready["control_token"]
        #: Of the console's user "admin".
        self.password: str = ready["password"]
        self.ca_file: str | None = ready["ca_file"]
        self.spoiled: dict[str, str] = ready["spoiled"] or {}
        self._http = http

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Do a control action; return the answer's JSON, or None. Raises ControlFailed."""
        response = self._http.request(
            method,
            f"{self.console}/control/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.control_token}"},
        )
        if not response.is_success:
            raise ControlFailed(f"{method} {path}", response.status_code, response.text[:500])
        return response.json() if response.content else None

    def world(self, **options: Any) -> World:
        """Make a world; options as in the control API (seed, kuma_version, clock, page_size, snapshot)."""
        made = self.control("POST", "/worlds", options)
        return World(self, made["world"], made["token"], made["tenant"])


@contextmanager
def running(*arguments: str) -> Iterator[Kuma]:
    """Run a mock on free ports while the block lasts; ``arguments`` are those of ``mock-kuma serve``."""
    with tempfile.TemporaryDirectory(prefix="mock-kuma-test-") as folder:
        ready_file = Path(folder) / "ready.json"
        output = Path(folder) / "output.txt"
        command = [sys.executable, "-m", "mock_kuma.cli", "serve", "--port", "0", "--console-port", "0"]
        command += ["--ready-file", str(ready_file), "--data-folder", folder, *arguments]
        with output.open("wb") as file:
            # Its own settings only: a variable of the surroundings would change the port or the token.
            environment = {
                key: value for key, value in os.environ.items() if not key.startswith("MOCK_KUMA_")
            }
            process = subprocess.Popen(  # noqa: S603 -- our own command
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment
            )
        try:
            _wait(process, ready_file, output)
            ready = json.loads(ready_file.read_text(encoding="utf-8"))
            with httpx.Client(timeout=60, trust_env=False) as http:
                yield Kuma(ready, http)
        finally:
            _stop(process)


def _wait(process: subprocess.Popen[bytes], ready_file: Path, output: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while not ready_file.exists():
        if process.poll() is not None or time.monotonic() > end:
            said = output.read_text(encoding="utf-8", errors="replace").strip()
            raise DidNotStart(f"mock-kuma serve did not start: {said[-2_000:]}")
        time.sleep(0.01)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
