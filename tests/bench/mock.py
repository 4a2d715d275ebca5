"""The mock as the benchmark sees it: a process, filled and reset through its control API.

Plain HTTP, since not every peer speaks TLS; its token is asked for and its journal is on, as ever. Its store
is a file on the disk, as the others' is or is not: what they keep in memory only is said where it counts.
"""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx

from tests.bench import servers
from tests.bench.load import Ask

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Alerts held; the newest fill the page of W1 and have events, the others are asked for and closed.
HELD: Final = 20_000
PAGE: Final = 250
EVENTS: Final = 10
#: The administrator's, of the default world.
TOKEN: Final = "bench-3f1c9a7d5e8b2046"
#: So many bytes has an event on the page; its message is filled up to that.
_EVENT_BYTES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Mock:
    """A running mock with its tokens."""

    server: servers.Server
    console: str
    control_token: str
    http: httpx.Client

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Do a control action; return the answer's JSON, or None."""
        response = self.http.request(
            method,
            f"{self.console}/control/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.control_token}"},
        )
        response.raise_for_status()
        return response.json() if response.content else None

    def get(self, query: str, token: str = TOKEN) -> httpx.Response:
        """Ask for alerts as a connector does."""
        url = f"{self.server.url}/api/v1/alerts/?{query}"
        response = self.http.get(url, headers=_header(token))
        response.raise_for_status()
        return response


@dataclass(frozen=True, slots=True)
class Held:
    """What the mock holds, so that the peers can hold it too: alerts as they are sent, newest first."""

    page: bytes
    alerts: list[dict[str, Any]]
    others: Path  # the ids of those that are not on the page, a line each


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[Mock]:
    """Run a mock on a store in ``folder`` while the block lasts."""
    folder.mkdir(exist_ok=True)
    port, ready_file = servers.free_port(), folder / "ready.json"
    command = [sys.executable, "-m", "mock_kuma.cli", "serve", "--port", str(port), "--console-port", "0"]
    command += ["--no-tls", "--seed", "1", "--store", f"sqlite:///{folder}/mock.db"]
    command += ["--ready-file", str(ready_file), "--data-folder", str(folder), *options]
    ready_file.unlink(missing_ok=True)
    with servers.started(
        command,
        folder=folder,
        url=f"http://127.0.0.1:{port}",
        answers=ready_file.exists,
        environment={"MOCK_KUMA_TOKEN": TOKEN},
    ) as server:
        ready = json.loads(ready_file.read_text(encoding="utf-8"))
        with httpx.Client(timeout=600, trust_env=False) as http:
            yield Mock(server, ready["console"], ready["control_token"], http)


def fill(mock: Mock, folder: Path) -> Held:
    """Raise the alerts of W1, W2 and W3 in the default world."""
    filling = mock.control("POST", "/worlds", {"seed": 1})
    sample = mock.control("POST", f"/worlds/{filling['world']}/alerts", {"alerts": [_alert("")]})
    (alert,) = mock.get("withEvents", filling["token"]).json()
    assert alert["id"] == sample["ids"][0]
    lacking = _EVENT_BYTES - len(json.dumps(alert["events"][0], separators=(",", ":"), ensure_ascii=False))
    mock.control("DELETE", f"/worlds/{filling['world']}")

    alerts = [_alert("." * lacking) for _ in range(PAGE)]
    mock.control("POST", "/worlds/default/alerts", {"alerts": alerts})
    rest = {"count": HELD - PAGE, "events": 0, "last_seen": "2026-01-01T00:00:00Z"}
    ids = mock.control("POST", "/worlds/default/alerts", {"generate": rest})["ids"]
    others = folder / "others.txt"
    others.write_text("\n".join(ids) + "\n", encoding="utf-8")
    page = mock.get(_FIRST_PAGE).content
    alerts = json.loads(page)
    for number in range(2, HELD // PAGE + 1):
        alerts += mock.get(f"{_FIRST_PAGE}&page={number}").json()
    return Held(page, alerts, others)


def _alert(message: str) -> dict[str, Any]:
    return {"events": [{"Message": message, "BaseEvents": []} for _ in range(EVENTS)]}


_FIRST_PAGE: Final = "withEvents&status=new"


def page() -> Ask:
    """Return W1."""
    return Ask("GET", f"/api/v1/alerts/?{_FIRST_PAGE}", headers=_header(TOKEN))


def one(held: Held) -> Ask:
    """Return W2."""
    return Ask("GET", "/api/v1/alerts/?id={id}", headers=_header(TOKEN), ids=held.others)


def close(held: Held, token: str) -> Ask:
    """Return the closing of one alert after the other."""
    headers = {**_header(token), "Content-Type": "application/json"}
    body = '{"id":"{id}","reason":"responded"}'
    return Ask("POST", "/api/v1/alerts/close", body, headers, held.others)


@contextlib.contextmanager
def closing(mock: Mock, held: Held) -> Iterator[Ask]:
    """Return W3 in a fresh copy of the world, since nothing reopens a closed alert."""
    snapshot = mock.control("POST", "/worlds/default/snapshots")["snapshot"]
    world = mock.control("POST", "/worlds", {"snapshot": snapshot})
    mock.control("DELETE", f"/snapshots/{snapshot}")
    yield close(held, world["token"])
    mock.control("DELETE", f"/worlds/{world['world']}")


def _header(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
