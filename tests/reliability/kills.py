"""The mock is killed while alerts are closed: ``python -m tests.reliability.kills [TIMES]``.

Four clients close alerts, each as fast as it is answered; at a random moment every process of the server dies
by SIGKILL. Then the store is opened: whatever was acknowledged must be closed and in the journal, nothing may
be closed that nobody asked for, and the file must be whole. The next server goes on with the same store.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import threading
import time
from http.client import HTTPException
from typing import TYPE_CHECKING, Final

from tests.reliability import mock as mocks

if TYPE_CHECKING:
    from pathlib import Path

CLIENTS: Final = 4
ALERTS: Final = 5_000
#: The latest moment of the kill after the first closing, in seconds.
LATEST: Final = 0.08


class Closers:
    """Clients that close one alert after the other until the server is gone."""

    def __init__(self, mock: mocks.Mock, alerts: list[str]) -> None:
        self.asked: list[str] = []
        self.acknowledged: list[str] = []
        self.refused: list[tuple[int, bytes]] = []
        self.begun = threading.Event()
        self._alerts = alerts
        self._threads = [threading.Thread(target=self._close, args=(mock.api,)) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until all of them have seen the end."""
        for thread in self._threads:
            thread.join()

    def _close(self, port: int) -> None:
        client = mocks.Client(port)
        while True:
            alert = self._alerts.pop()  # atomic, as are the lists' appends
            self.asked.append(alert)
            try:
                status, answer = client.ask(
                    "POST", "/api/v1/alerts/close", {"id": alert, "reason": "responded"}
                )
            except (OSError, HTTPException):
                client.close()
                return
            if status == 204:
                self.acknowledged.append(alert)
                self.begun.set()
            else:
                self.refused.append((status, answer))


def judge(place: Path, closers: Closers, *, since: int) -> tuple[list[str], int]:
    """Return what is wrong with the store after a kill, and the journal's last number."""
    store = sqlite3.connect(place / "mock.db")
    closed = {row[0] for row in store.execute("SELECT id FROM alerts WHERE status = 'closed'")}
    told = store.execute(
        "SELECT count(*) FROM journal WHERE seq > ? AND method = 'POST'", [since]
    ).fetchone()[0]
    last = store.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0]
    whole = store.execute("PRAGMA quick_check").fetchone()[0]
    # Those of former servers are not looked at again.
    store.execute("DELETE FROM alerts WHERE status = 'closed'")
    store.commit()
    store.close()
    wrong = [f"{alert} was acknowledged and is open" for alert in closers.acknowledged if alert not in closed]
    wrong += [f"{alert} is closed and nobody asked" for alert in closed - set(closers.asked)]
    wrong += [f"refused: {one}" for one in closers.refused]
    if told < len(closers.acknowledged):
        wrong.append(f"the journal has {told} closings of {len(closers.acknowledged)}")
    if whole != "ok":
        wrong.append(f"the store is damaged: {whole}")
    return wrong, last


def run(times: int, *, seed: int = 1) -> tuple[int, int, list[str]]:
    """Kill so many times; return how many closings were acknowledged, how many under way, what is wrong."""
    moments = random.Random(seed)
    acknowledged, under_way, last, wrong = 0, 0, 0, []
    alerts: list[str] = []
    mocks.load()
    with mocks.folder() as place:
        for number in range(times):
            mock = mocks.start(place)
            if len(alerts) < 500:
                made = mock.control(
                    "POST", "/worlds/default/alerts", {"generate": {"count": ALERTS, "events": 0}}
                )
                alerts += made["ids"]
            closers = Closers(mock, alerts)
            closers.begun.wait(30)
            time.sleep(moments.uniform(0, LATEST))
            mock.kill()
            closers.join()
            found, last = judge(place, closers, since=last)
            wrong += found
            acknowledged += len(closers.acknowledged)
            under_way += len(closers.asked) - len(closers.acknowledged) - len(closers.refused)
            if (number + 1) % 100 == 0:
                print(
                    f"{number + 1} kills, {acknowledged} closings acknowledged, {len(wrong)} wrong",
                    flush=True,
                )
    return acknowledged, under_way, wrong


def main() -> int:
    """Run, and say what was found."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    began = time.monotonic()
    acknowledged, under_way, wrong = run(times)
    print("\n".join(wrong[:20]))
    print(
        f"{times} kills in {time.monotonic() - began:.0f} s: {acknowledged} closings acknowledged, "
        f"{under_way} under way when the server died, {len(wrong)} lost or wrong"
    )
    return 1 if wrong or not acknowledged else 0


if __name__ == "__main__":
    sys.exit(main())
