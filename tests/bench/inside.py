"""What the mock itself costs a request: its batches in this process, without a server or a network.

    python -m tests.bench.inside FOLDER IDS WORK [--profile]

Prints JSON: microseconds of processor time for each, of W2 or W3, by how many come at once; or the shares by
package of what Python's profiler sees, which slows Python down and not what is written in C. Rule: the same
requests as the rates, in the same order; one number at once after the other, so that all meet the machine's
good and bad moments.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mock_kuma import app, installation
from mock_kuma.batch import Batch
from mock_kuma.incoming import Incoming
from mock_kuma.notes import Notes
from tests.bench import mock
from tests.bench.shares import profiled, settings

if TYPE_CHECKING:
    from mock_kuma.api.plain import Reply

#: So many requests at once.
SIZES: Final = (1, 2, 4, 8)
#: Requests of one measurement, and of one of its parts, which has one number at once.
COUNT: Final = 8_000
_PART: Final = 40


def measure(folder: Path, ids: Path, work: str) -> dict[int, float]:
    """Return what W2 or W3 costs by the number at once."""
    told = json.loads(_said(folder, ids, work))["us"]
    return {int(size): cost for size, cost in told.items()}


def shares(folder: Path, ids: Path) -> str:
    """Return where the time of a W2 goes, by package."""
    found: str = json.loads(_said(folder, ids, "W2", "--profile"))["shares"]
    return found


def _said(folder: Path, ids: Path, *rest: str) -> str:
    command = [sys.executable, "-m", "tests.bench.inside", str(folder), str(ids), *rest]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def _batch(folder: Path) -> tuple[Batch, str]:
    given = settings(folder)
    token = installation.prepare(given, mock.TOKEN)
    core = app.core(given.store)
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


def main() -> None:
    """Do what the command line says."""
    folder, ids, work = sys.argv[1:4]
    keys = Path(ids).read_text(encoding="utf-8").split()
    # What others have left to move into the file itself is not this one's burden.
    with contextlib.closing(sqlite3.connect(f"{folder}/mock.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    batch, token = _batch(Path(folder))
    _answer(batch, "W2", token, keys[-80:], 4)  # the first ones import and open
    chosen = keys[:COUNT]
    if "--profile" in sys.argv:
        print(
            json.dumps({"shares": profiled(lambda: _answer(batch, work, token, chosen[:2_000], SIZES[-1]))})
        )
        return
    costs: defaultdict[int, list[float]] = defaultdict(list)
    for place in range(0, COUNT, _PART):
        size = SIZES[place // _PART % len(SIZES)]
        before = time.process_time()
        replies = _answer(batch, work, token, chosen[place : place + _PART], size)
        costs[size].append((time.process_time() - before) / len(replies) * 1_000_000)
        refused = [reply for reply in replies if reply is None or reply.status not in {200, 204}]
        assert not refused, refused[0]
    print(json.dumps({"us": {size: statistics.median(found) for size, found in costs.items()}}))


if __name__ == "__main__":
    main()
