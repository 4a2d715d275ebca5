"""What the mock itself costs a request: its batches in this process, without a server or a network.

    python -m tests.bench.inside FOLDER IDS WORK SIZE START COUNT [--profile]

Prints JSON: microseconds of processor time for each, of W2 or W3, so many at once; or the shares by package
of what Python's profiler sees, which slows Python down and not what is written in C. Rule: the same requests
as the rates, in the same order.
"""

from __future__ import annotations

import contextlib
import cProfile
import json
import pstats
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mock_kuma import app, installation
from mock_kuma.batch import Batch
from mock_kuma.incoming import Incoming
from mock_kuma.notes import Notes
from mock_kuma.settings import Settings
from tests.bench import mock

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_kuma.api.plain import Reply

#: Requests of one measurement.
COUNT: Final = 1_600
_GROUPS: Final = (
    ("SQLite", ("sqlite3",)),
    ("the mock's own Python", ("/mock_kuma/",)),
)


def measure(folder: Path, ids: Path, work: str, *, size: int, start: int, at_once: int = 1) -> float:
    """Return what W2 or W3 costs, ``size`` at once, in each of so many processes on one store."""
    processes = [_started(folder, ids, work, size, start + place * COUNT, COUNT) for place in range(at_once)]
    told = [json.loads(process.communicate(timeout=120)[0]) for process in processes]
    return sum(float(one["us"]) for one in told) / at_once


def shares(folder: Path, ids: Path) -> str:
    """Return where the time of a W2 goes, by package."""
    process = _started(folder, ids, "W2", 8, 0, 2_000, "--profile")
    found: str = json.loads(process.communicate(timeout=120)[0])["shares"]
    return found


def _started(folder: Path, ids: Path, *rest: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.inside", str(folder), str(ids), *map(str, rest)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _batch(folder: Path) -> tuple[Batch, str]:
    settings = Settings(
        host="127.0.0.1", port=0, console_port=0, tls=False, store=f"sqlite:///{folder}/mock.db",
        data_folder=folder, control_digest=None, workers=1, wire=False, kuma_version="3.2", seed="1",
    )  # fmt: skip
    token = installation.prepare(settings, mock.TOKEN)
    core = app.core(settings.store)
    held = core.database.joint()
    assert held is not None
    return Batch(core, held, Notes(core)), token


def _request(work: str, token: str, key: str) -> Incoming:
    headers = [("Host", "127.0.0.1"), ("Authorization", f"Bearer {token}")]
    if work == "W2":
        return Incoming("GET", "/api/v1/alerts/", f"id={key}", headers, 0, b"")
    body = f'{{"id":"{key}","reason":"responded"}}'.encode()
    headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return Incoming("POST", "/api/v1/alerts/close", "", headers, len(body), body)


def _answer(batch: Batch, work: str, token: str, keys: list[str], size: int) -> list[Reply | None]:
    found = []
    for place in range(0, len(keys), size):
        asked = [(_request(work, token, key), time.perf_counter()) for key in keys[place : place + size]]
        found += batch.answer(asked)
    return found


def _profiled(work: Callable[[], object]) -> str:
    profile = cProfile.Profile()
    profile.runcall(work)
    spent: Counter[str] = Counter()
    stats: Any = pstats.Stats(profile)
    for (file, _, name), (_, _, own, _, _) in stats.stats.items():
        where = file if file != "~" else name
        group = next((group for group, marks in _GROUPS if any(mark in where for mark in marks)), None)
        spent[group or "Python's library and others'"] += own
    total = sum(spent.values())
    return ", ".join(f"{group} {time / total:.0%}" for group, time in spent.most_common())


def main() -> None:
    """Do what the command line says."""
    folder, ids, work, size, start, count = sys.argv[1:7]
    keys = Path(ids).read_text(encoding="utf-8").split()
    # What others have left to move into the file itself is not this one's burden.
    with contextlib.closing(sqlite3.connect(f"{folder}/mock.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    batch, token = _batch(Path(folder))
    _answer(batch, "W2", token, keys[-80:], 4)  # the first ones import and open
    chosen = keys[int(start) : int(start) + int(count)]
    if "--profile" in sys.argv:
        print(json.dumps({"shares": _profiled(lambda: _answer(batch, work, token, chosen, int(size)))}))
        return
    before = time.process_time()
    replies = _answer(batch, work, token, chosen, int(size))
    spent = time.process_time() - before
    refused = [reply for reply in replies if reply is None or reply.status not in {200, 204}]
    assert not refused, refused[0]
    print(json.dumps({"us": spent / len(replies) * 1_000_000}))


if __name__ == "__main__":
    main()
