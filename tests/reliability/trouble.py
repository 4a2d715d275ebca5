"""Full disk, read-only folders, clocks that jump back: ``python -m tests.reliability.trouble``.

Each is done to a running server, or to one that is to start, and to the connector. Asked for: a clear error,
no acknowledged closing lost, and recovery without a restart once the trouble is over.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

from tests.reliability import mock as mocks

if TYPE_CHECKING:
    from pathlib import Path

#: The superuser may write anywhere; without these capabilities it is as anybody.
_AS_ANYBODY: Final = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")
_REASON: Final = {"reason": "responded"}


class Wrong(Exception):
    """What was promised did not happen."""


def expect(said: bool, what: object) -> None:
    """Raise ``Wrong`` unless something holds."""
    if not said:
        raise Wrong(str(what))


def full_disk(place: Path) -> str:
    """Let no file of a running server grow any more, and then again."""
    with mocks.running(place) as mock:
        alerts = mock.control("POST", "/worlds/default/alerts", {"generate": {"count": 3_000, "events": 0}})[
            "ids"
        ]
        client = mocks.Client(mock.api)
        done: list[str] = []
        refused: list[str] = []
        size = max((place / name).stat().st_size for name in ("mock.db", "mock.db-wal"))
        _limit(mock, size + 200_000)
        while len(refused) < 20:
            alert = alerts.pop()
            status, answer = client.ask("POST", "/api/v1/alerts/close", {"id": alert, **_REASON})
            (done if status == 204 else refused).append(alert)
            expect(status == 204 or (status == 503 and b"the mock cannot use its store" in answer), answer)
        status, answer = mocks.Client(mock.console, mocks.CONTROL).ask("POST", "/control/v1/worlds", {})
        expect(status == 503 and b"the store cannot be used" in answer, answer)
        expect(mocks.Client(mock.console).ask("GET", "/health")[0] == 200, "the server has ended")

        _limit(mock, resource.RLIM_INFINITY)
        for alert in refused[:]:
            status, answer = client.ask("POST", "/api/v1/alerts/close", {"id": alert, **_REASON})
            # 406: it was closed, and only its journal entry had no room; nobody was told that it was.
            expect(status in {204, 406}, answer)
    lost = set(done + refused) - _closed(place)
    expect(not lost, f"lost: {lost}")
    return f"{len(done)} closed, 20 refused with 503 and why, closed when there was room again, none lost"


def full_disk_of_the_connector(place: Path) -> str:
    """Let the connector's files grow no more in the middle of a cycle, and then again."""
    with mocks.running(place) as mock:
        raised = mock.control("POST", "/worlds/default/alerts", {"generate": {"count": 600, "events": 3}})[
            "ids"
        ]
        settings = _settings(place, mock)
        resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, resource.RLIM_INFINITY))
        try:
            full = _connector(settings, "poll")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        told = next((line for line in full.stderr.splitlines() if line.startswith("Error: ")), "")
        expect(full.returncode in {1, 2} and bool(told) and "Traceback" not in full.stderr, full.stderr)
        again = _connector(settings, "poll")
        expect(again.returncode == 0, again.stderr)
        held = _connector(settings, "incidents", "--json").stdout
    missing = [alert for alert in raised if alert not in held]
    expect(not missing, f"the connector lost {len(missing)}")
    return f"exit code {full.returncode}, {told.strip()}; with room again all {len(raised)} alerts are there"


def _settings(place: Path, mock: mocks.Mock) -> Path:
    path = place / "kuma.toml"
    path.write_text(f'url = "http://127.0.0.1:{mock.api}"\ntoken_env = "T"\ndata_folder = "{place}/held"\n')
    return path


def _limit(mock: mocks.Mock, size: int) -> None:
    for pid in mock.processes():
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def _closed(place: Path) -> set[str]:
    store = sqlite3.connect(place / "mock.db")
    expect(store.execute("PRAGMA quick_check").fetchone()[0] == "ok", "the store is damaged")
    found = {row[0] for row in store.execute("SELECT id FROM alerts WHERE status = 'closed'")}
    store.close()
    return found


def read_only(place: Path) -> str:
    """Start the server, and the connector, where they may not write; then where they may."""
    settings = place / "kuma.toml"
    settings.write_text(f'url = "https://127.0.0.1:1"\ntoken_env = "T"\ndata_folder = "{place}/held"\n')
    place.chmod(0o555)
    serve = ["serve", "--port", "0", "--console-port", "0", "--no-tls", "--data-folder", str(place)]
    commands = {
        "the store": ["mock_kuma.cli", *serve, "--store", f"sqlite:///{place}/mock.db"],
        "the ready file": ["mock_kuma.cli", *serve, "--ready-file", str(place / "ready.json")],
        "the certificates": ["mock_kuma.cli", *[one for one in serve if one != "--no-tls"]],
        "the connector's folder": ["connector.cli", "--config", str(settings), "poll"],
    }
    said = []
    for name, command in commands.items():
        done = subprocess.run(
            [*(_AS_ANYBODY if os.geteuid() == 0 else ()), sys.executable, "-m", *command],
            env={**os.environ, "T": mocks.TOKEN},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        told = next((line for line in done.stderr.splitlines() if line.startswith("Error: ")), "")
        expect(
            done.returncode == 2 and bool(told) and "Traceback" not in done.stderr, f"{name}: {done.stderr}"
        )
        said.append(f"{name}: {told.replace(str(place), 'FOLDER')}")
    place.chmod(0o755)
    with mocks.running(place) as mock:
        expect(mocks.Client(mock.api).ask("GET", "/api/v1/alerts")[0] == 200, "no recovery")
    return "\n    ".join(["exit code 2 and one line each, and a start where it may write", *said])


def clock_back(place: Path) -> str:
    """Put the system's clock back by a day under a running server that a connector reads."""
    ahead = multiprocessing.get_context("fork").Value("q", 0)
    real = time.time_ns
    time.time_ns = lambda: real() + ahead.value
    try:
        with mocks.running(place) as mock:
            settings = _settings(place, mock)
            raised = []
            for jump in (0, -86_400, -86_400):
                if jump:
                    ahead.value += jump * 10**9
                made = mock.control("POST", "/worlds/default/alerts", {"generate": {"count": 3, "events": 1}})
                raised += made["ids"]
                done = mocks.Client(mock.api).ask(
                    "POST", "/api/v1/alerts/close", {"id": raised[-1], **_REASON}
                )
                expect(done[0] == 204, done)
                poll = _connector(settings, "poll")
                expect(poll.returncode == 0, poll.stderr)
            held = _connector(settings, "incidents", "--json").stdout
            missing = [alert for alert in raised if alert not in held]
            journal = mock.control("GET", "/worlds/default/journal")["exchanges"]
    finally:
        time.time_ns = real
    expect(not missing, f"the connector lost {missing}")
    numbers = [one["seq"] for one in journal]
    expect(numbers == list(range(1, len(numbers) + 1)), f"the journal's order: {numbers}")
    return f"{len(raised)} alerts raised before and after two jumps of a day, all received, none lost"


def _connector(settings: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "connector.cli", "--config", str(settings), *arguments],
        env={**os.environ, "T": mocks.TOKEN},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def main() -> int:
    """Do each, and say what was found."""
    mocks.load()
    wrong = 0
    for what in (full_disk, full_disk_of_the_connector, read_only, clock_back):
        with mocks.folder() as place:
            try:
                print(f"{what.__name__.replace('_', ' ')}: {what(place)}", flush=True)
            except Wrong as found:
                wrong += 1
                print(f"{what.__name__.replace('_', ' ')}: WRONG: {found}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
