"""A KUMA of a few lines, written apart from the mock: a list of alerts that a test moves while it is read."""

from __future__ import annotations

import email.utils
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx

from connector.client import Client
from connector.settings import Settings
from connector.sync import Sync
from connector.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connector.inbox import Inbox
    from connector.store import Store

START = datetime(2026, 1, 1, tzinfo=UTC)
URL = "https://kuma.example.com:7223"
TOKEN = "c" * 32

_connected: list[Sync] = []


@dataclass
class FakeAlert:
    """One alert; ``seen`` in seconds after the start, with fractions."""

    id: str
    seen: float
    status: str = "new"
    assignee: str = ""
    events: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    def sent(self, *, events: bool) -> dict[str, Any]:
        """Return the alert as KUMA sends it: whole seconds."""
        return {
            "id": self.id,
            "name": "Brute force",
            "priority": "high",
            "status": self.status,
            "firstSeen": text(0),
            "lastSeen": text(self.seen),
            "assignee": self.assignee,
            "closingReason": "responded" if self.status == "closed" else "",
            "overflow": False,
            "events": [{"ID": key} for key in self.events] if events else None,
            "affectedAssets": None,
            "affectedAccounts": None,
            **self.extra,
        }


def text(seconds: float) -> str:
    """Return a time as KUMA writes it."""
    return (START + timedelta(seconds=int(seconds))).strftime("%Y-%m-%dT%H:%M:%SZ")


class FakeKuma:
    """Answers like KUMA; ``before`` is called before each request, and may change the world or raise."""

    def __init__(self, now: float = 1_000, page_size: int = 250) -> None:
        self.alerts: dict[str, FakeAlert] = {}
        self.now = now
        self.page_size = page_size
        self.before: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
        self.requests: list[httpx.Request] = []

    def add(self, key: str, seen: float, **values: Any) -> FakeAlert:
        """Raise an alert with one event."""
        self.alerts[key] = FakeAlert(key, seen, events=[f"{key}-1"], **values)
        return self.alerts[key]

    def grow(self, key: str, seen: float) -> None:
        """Add an event to an alert."""
        alert = self.alerts[key]
        alert.events.append(f"{key}-{len(alert.events) + 1}")
        alert.seen = max(alert.seen, seen)

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.requests.append(request)
        response = self.before(request)
        if response is None:
            response = self._close(request) if request.method == "POST" else self._search(request)
        date = email.utils.format_datetime(START + timedelta(seconds=self.now), usegmt=True)
        response.headers.setdefault("Date", date)
        return response

    def _search(self, request: httpx.Request) -> httpx.Response:
        query = parse_qs(request.url.query.decode(), keep_blank_values=True)
        since, until = (_moment(query.get(name, [""])[0]) for name in ("from", "to"))
        found = [
            alert
            for alert in sorted(self.alerts.values(), key=lambda alert: (-alert.seen, alert.id))
            if ("id" not in query or alert.id in query["id"])
            and (since is None or alert.seen >= since)
            and (until is None or alert.seen <= until)
        ]
        first = (int(query.get("page", ["1"])[0]) - 1) * self.page_size
        page = found[first : first + self.page_size]
        return httpx.Response(200, json=[alert.sent(events="withEvents" in query) for alert in page])

    def _close(self, request: httpx.Request) -> httpx.Response:
        alert = self.alerts.get(json.loads(request.content)["id"])
        if alert is None:
            return httpx.Response(404, json={"message": "alert not found", "details": None})
        if alert.status == "closed":
            return httpx.Response(406, json={"message": "alert already closed", "details": None})
        alert.status = "closed"
        return httpx.Response(204)


def _moment(value: str) -> float | None:
    return (datetime.fromisoformat(value) - START).total_seconds() if value else None


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds


def connect(
    kuma: FakeKuma,
    folder: Path,
    *,
    clock: Clock | None = None,
    place: Callable[[Store], Inbox] | None = None,
    **options: Any,
) -> Sync:
    """Return a connector of this KUMA whose state is in the folder."""
    clock = clock or Clock()
    settings = Settings(url=URL, token=TOKEN, state_dir=folder, **{"deadline_seconds": 60, **options})
    transport = Transport(URL, token=TOKEN, transport=httpx.MockTransport(kuma.handle), monotonic=clock)
    client = Client(
        URL, token=TOKEN, transport=transport, sleep=clock.sleep, monotonic=clock, chance=lambda: 1.0
    )
    sync = Sync(settings, client=client, place=place, monotonic=clock, clock=clock)
    _connected.append(sync)
    return sync


def disconnect_all() -> None:
    """Stop every connector that ``connect`` returned: a killed one stops nothing by itself."""
    while _connected:
        _connected.pop().stop()


def held(sync: Sync) -> dict[str, tuple[str, list[str]]]:
    """Return each incident's status and events by alert."""
    return {one.alert_id: (one.status, list(one.event_ids)) for one in sync.incidents.every()}
