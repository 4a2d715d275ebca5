"""An hour at load: ``python -m tests.reliability.soak [MINUTES]``, 60 by default.

Four clients poll, search and close, alerts come and go, worlds are made and deleted, faults fire at times.
Asked for: no request fails that should not, the memory of every process is flat after the first fifth of the
time, and the journal stays within its bound. The bound is reached, or the run says that it was not.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Final

from mock_kuma.store import journal
from tests.reliability import mock as mocks

CLIENTS: Final = 4
#: Memory may grow by this part of what a process had after the first fifth, and by so many MB.
GROWTH: Final = 0.1
SPARE: Final = 8.0
_EVERY: Final = 5.0  # seconds between two looks


class Clients:
    """Those who poll and close, each as fast as it is answered."""

    def __init__(self, mock: mocks.Mock) -> None:
        self.answers: Counter[str] = Counter()
        self._over = threading.Event()
        self._mock = mock
        self._threads = [threading.Thread(target=self._work) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let all of them come to an end."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        client = mocks.Client(self._mock.api)
        cluster = json.loads(client.ask("GET", "/api/v1/events/clusters")[1])[0]["id"]
        period = {"from": "2020-01-01T00:00:00Z", "to": "2040-01-01T00:00:00Z"}
        search = {"sql": "SELECT * FROM `events` LIMIT 5", "clusterID": cluster, "period": period}
        while not self._over.is_set():
            for method, path, body in (
                ("GET", "/api/v1/alerts/?withEvents&status=new", None),
                ("GET", "/api/v1/alerts?status=closed&page=2", None),
                ("POST", "/api/v1/events", search),
                ("POST", "/api/v1/alerts/close", {"id": "nothing", "reason": "responded"}),
            ):
                try:
                    status, _ = client.ask(method, path, body)
                    self.answers[f"{method} {status}"] += 1
                except (OSError, http.client.HTTPException) as error:
                    client.close()
                    self.answers[f"{method} {type(error).__name__}"] += 1


def memory(mock: mocks.Mock) -> dict[int, float]:
    """Return the resident memory of each process that does anything, in MB."""
    found = {}
    for pid in mock.processes():
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        found[pid] = int(status.split("VmRSS:")[1].split()[0]) / 1_024
    return found


def move(mock: mocks.Mock, turn: int) -> None:
    """Let the world move: some alerts come and are closed, a world comes and goes, a fault fires."""
    made = mock.control("POST", "/worlds/default/alerts", {"generate": {"count": 20, "events": 2}})["ids"]
    for alert in made:
        mock.control("PATCH", f"/worlds/default/alerts/{alert}", {"status": "closed"})
    world = mock.control("POST", "/worlds", {"seed": turn})["world"]
    mock.control("DELETE", f"/worlds/{world}")
    fault = {"match": {"path": "/api/*/events"}, "times": 1, "action": {"kind": "status", "status": 500}}
    mock.control("POST", "/worlds/default/faults", fault)
    if turn % 10 == 0:
        mock.control("DELETE", "/worlds/default/faults")


def main() -> int:
    """Run for so long, and say what was found."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    mocks.load()
    with mocks.folder() as place, mocks.running(place) as mock:
        began = time.monotonic()
        clients = Clients(mock)
        looks: list[dict[int, float]] = []
        turn = 0
        while time.monotonic() - began < minutes * 60:
            move(mock, turn)
            turn += 1
            time.sleep(_EVERY)
            looks.append(memory(mock))
        clients.stop()
        _, text = mocks.Client(mock.console, mocks.CONTROL).ask("GET", "/metrics")
        kept = float(text.split(b"\nmock_kuma_journal_exchanges ")[1].split()[0])
    total = sum(clients.answers.values())
    wrong = [
        f"{pid}: {settled:.0f} MB became {last:.0f} MB"
        for pid, settled, last in _grown(looks)
        if last > settled * (1 + GROWTH) + SPARE
    ]
    odd = {key: count for key, count in clients.answers.items() if key not in _EXPECTED}
    bound = journal.KEPT + journal.SWEEP
    rate = total / minutes / 60
    print(f"{minutes:g} minutes, {total} requests ({rate:.0f} a second): {dict(clients.answers)}")
    for pid, settled, last in _grown(looks):
        print(f"  process {pid}: {settled:.1f} MB after a fifth of the time, {last:.1f} MB at the end")
    reached = "reached" if total > bound else "not reached"
    print(f"  journal: {kept:.0f} of at most {bound} exchanges, its bound was {reached}")
    if wrong or odd:
        print(f"  WRONG: {wrong} {odd}")
    return 1 if wrong or odd or kept > bound else 0


#: What is answered: the fault's 500 and the refusal of a closing of nothing are meant to be.
_EXPECTED: Final = {"GET 200", "POST 200", "POST 500", "POST 404"}


def _grown(looks: list[dict[int, float]]) -> list[tuple[int, float, float]]:
    settled = looks[len(looks) // 5 : len(looks) // 5 + max(1, len(looks) // 10)]
    last = looks[-max(1, len(looks) // 10) :]
    return [
        (pid, max(one[pid] for one in settled), max(one[pid] for one in last))
        for pid in sorted(looks[-1])
        if all(pid in one for one in looks)
    ]


if __name__ == "__main__":
    sys.exit(main())
