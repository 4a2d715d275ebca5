"""Clients behind a balancer: closers that fight over alerts, readers that look at pages meanwhile.

What a client was told is kept, to be compared with KUMA's books at the end. An answer that did not come is
asked for again, as a connector does, and until then nothing is claimed of it. Rule: a page that was asked for
after a closing was acknowledged must not show that alert as new, whichever servers answered the two.
"""

from __future__ import annotations

import ssl
import statistics
import threading
import time
from collections import Counter
from typing import Any

import httpx

PAGE = 250
#: A closer gives an alert up after so many seconds without an answer.
PATIENCE = 60
CLOSED, ALREADY = 204, 406


class Crowd:
    """Two closers and a reader for each world, and what they were told."""

    def __init__(self, api: str, ca_file: str, worlds: list[dict[str, Any]]) -> None:
        self.wrong: list[str] = []
        self._api = api
        self._trust = ssl.create_default_context(cafile=ca_file)
        self._worlds = worlds
        self._told = threading.Condition()
        self._acknowledged: Counter[tuple[str, str]] = Counter()
        self._unanswered: Counter[str] = Counter()  # by what came instead of an answer
        self._seconds: dict[str, list[float]] = {"close": [], "page": []}
        self._longest_silence = 0.0
        self._last_answer = time.monotonic()
        self._working = threading.Event()

    def work(self) -> None:
        """Close every alert while others read; return when all is closed."""
        closers = [
            threading.Thread(target=self._close_all, args=(world,))
            for world in self._worlds
            for _ in range(2)
        ]
        readers = [threading.Thread(target=self._read, args=(world,)) for world in self._worlds]
        self._last_answer = time.monotonic()
        self._working.set()
        for thread in (*closers, *readers):
            thread.start()
        for thread in closers:
            thread.join()
        self._working.clear()
        for thread in readers:
            thread.join()

    def wait_closed(self, number: int) -> None:
        """Wait until so many closings were acknowledged."""
        with self._told:
            self._told.wait_for(lambda: len(self._acknowledged) >= number)

    def told(self, seconds: float) -> str:
        """Return the figures of a run."""
        closings, pages = self._seconds["close"], self._seconds["page"]
        spread = {
            name: f"p50 {statistics.median(times) * 1000:.0f} ms, worst {max(times) * 1000:.0f} ms"
            for name, times in self._seconds.items()
        }
        lost = ", ".join(f"{count} × {what}" for what, count in self._unanswered.items()) or "none"
        return (
            f"{len(self._acknowledged)} alerts closed in {seconds:.1f} s, "
            f"{len(closings) / seconds:.0f} answers to closings a second ({spread['close']}), "
            f"{len(pages) / seconds:.1f} pages a second ({spread['page']}); one server of three killed: "
            f"requests without an answer: {lost}; longest silence {self._longest_silence:.1f} s"
        )

    def compared(
        self, world: dict[str, Any], journal: list[dict[str, Any]], truth: dict[str, int]
    ) -> list[str]:
        """Return where what the clients were told, the journal and the alerts of a world disagree."""
        wrong = []
        name, alerts = world["world"], world["alerts"]
        if truth["closed"] != len(alerts):
            wrong.append(f"{name}: {truth['closed']} of {len(alerts)} alerts are closed")
        numbers = [exchange["seq"] for exchange in journal]
        if numbers != list(range(1, len(numbers) + 1)):
            wrong.append(f"{name}: the journal's numbers have gaps or repeat")
        done = Counter(
            alert
            for exchange in journal
            if exchange["path"].endswith("/close") and exchange["status"] == CLOSED
            for alert in alerts
            if alert in exchange["body"]
        )
        for alert in alerts:
            told = self._acknowledged[(name, alert)]
            if told > 1 or done[alert] > 1:
                wrong.append(f"{name}: {alert} was closed {max(told, done[alert])} times")
            if told and not done[alert]:
                wrong.append(f"{name}: the journal does not know the closing of {alert}")
        return wrong

    def _client(self, world: dict[str, Any]) -> httpx.Client:
        headers = {"Authorization": f"Bearer {world['token']}"}
        return httpx.Client(
            base_url=f"{self._api}/api/v1", headers=headers, verify=self._trust, timeout=30, trust_env=False
        )

    def _close_all(self, world: dict[str, Any]) -> None:
        with self._client(world) as http:
            for alert in world["alerts"]:  # in the same order as the other closer, step by step against it
                status = self._closed(http, alert)
                with self._told:
                    if status == CLOSED:
                        self._acknowledged[(world["world"], alert)] += 1
                        self._told.notify_all()
                    elif status != ALREADY:
                        self.wrong.append(f"closing {alert} was answered with {status}")

    def _closed(self, http: httpx.Client, alert: str) -> int | None:
        """Return the answer's status; one that a balancer gives for a dead server is no answer."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            response = self._ask(
                http, "close", "POST", "/alerts/close", json={"id": alert, "reason": "responded"}
            )
            if response is not None:
                return response.status_code
            time.sleep(0.05)
        return None

    def _read(self, world: dict[str, Any]) -> None:
        with self._client(world) as http:
            while self._working.is_set():
                with self._told:
                    closed = {alert for name, alert in self._acknowledged if name == world["world"]}
                response = self._ask(http, "page", "GET", "/alerts/?withEvents&status=new")
                if response is not None:
                    self._look_at(response.json(), closed)

    def _look_at(self, page: list[dict[str, Any]], closed: set[str]) -> None:
        shown = [alert["id"] for alert in page]
        times = [alert["lastSeen"] for alert in page]
        if stale := closed.intersection(shown):
            self.wrong.append(f"{len(stale)} alerts are shown as new after their closing was acknowledged")
        if len(set(shown)) != len(shown) or len(shown) > PAGE:
            self.wrong.append("a page shows an alert twice, or too many")
        if times != sorted(times, reverse=True):
            self.wrong.append("a page is not in the order of lastSeen")
        if any(alert["status"] != "new" or len(alert["events"]) != 2 for alert in page):
            self.wrong.append("a page shows an alert in another state, or without its events")

    def _ask(
        self, http: httpx.Client, what: str, method: str, path: str, **options: Any
    ) -> httpx.Response | None:
        started = time.monotonic()
        try:
            response = http.request(method, path, **options)
        except httpx.TransportError as error:
            with self._told:
                self._unanswered[type(error).__name__] += 1
            return None
        now = time.monotonic()
        with self._told:
            if response.status_code in {502, 503, 504}:
                self._unanswered[f"status {response.status_code} of the balancer"] += 1
                return None
            self._seconds[what].append(now - started)
            self._longest_silence = max(self._longest_silence, now - self._last_answer)
            self._last_answer = now
        return response
