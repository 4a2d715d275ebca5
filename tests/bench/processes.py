"""Starting, many worlds, the reference connector, the harness: seconds and memory of whole processes.

Each is measured as its user meets it, through the command line and the control API. Rule: a command that
fails has no figure; it ends the run with what it said.
"""

from __future__ import annotations

import contextlib
import os
import pstats
import re
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector import settings
from connector.sync import Sync
from tests.bench import mock, shares
from tests.bench.table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ROOT: Final = Path(__file__).parent.parent.parent
_BIN: Final = Path(sys.executable).parent
_STARTS, _START_SECONDS = 5, 0.8
_WORLDS, _WORLDS_SECONDS, _SAME = 1_000, 5.0, 1.2
_IMPORTED, _IMPORT_SECONDS, _FLAT = 100_000, 60.0, 1.25
_IDLE_CPU_MS = 20.0
_LOOK_SECONDS = 0.05
#: One cycle is measured to its end, however long it takes.
_DEADLINE = 3_600
_BATCH = 10_000
_LIBRARIES = "click, flask, msgspec, sqlalchemy.dialects.sqlite, uvicorn.protocols.http.httptools_impl"
_OWN = "mock_kuma.cli, mock_kuma.installation, mock_kuma.listener, mock_kuma.server"
_IMPORTS = ("pass", f"import {_LIBRARIES}", f"import {_LIBRARIES}; import {_OWN}")
_CORE_SECONDS, _ALL_SECONDS = 30, 240


class CommandFailed(Exception):
    """A command that is measured did not succeed: its words, and what it said."""

    def __init__(self, command: str, said: str) -> None:
        super().__init__(command, said)
        self.command, self.said = command, said

    def __str__(self) -> str:
        return f"{self.command}: {self.said[-600:]}"


@dataclass(frozen=True, slots=True)
class _Ran:
    seconds: float
    cpu: float  # seconds
    peak: int  # bytes


def start(folder: Path) -> list[Row]:
    """Measure from the command to the ready file, imports included."""
    took, worked, importing = [], [], []
    for number in range(_STARTS):
        # In turn with the starts, since the machine's speed changes from one second to the next.
        importing.append([_run([sys.executable, "-c", code]).seconds for code in _IMPORTS])
        with mock.running(folder / f"start-{number}") as running:
            took.append(running.server.started)
            worked.append(running.server.cpu())
    median, cpu = statistics.median(took), statistics.median(worked)
    result = f"median {median:.2f} s of {_STARTS}, best {min(took):.2f} s; {cpu:.2f} s of CPU on all cores"
    holds = median < _START_SECONDS
    note = "" if holds else _imports(median, importing)
    return [Row("ready after start", f"under {_START_SECONDS} s", result, holds, note)]


def _imports(ready: float, importing: list[list[float]]) -> str:
    """Return what of a start is importing, each measured as a process of its own."""
    bare, libraries, all_of_it = map(statistics.median, zip(*importing, strict=True))
    return (
        f"start: {bare:.2f} s are Python, {libraries - bare:.2f} the import of {_LIBRARIES} alone,"
        f" {all_of_it - libraries:.2f} that of the mock's own modules; {ready - all_of_it:.2f} are left for"
        f" the tables, the default world and the applications"
    )


def worlds(folder: Path) -> list[Row]:
    """Measure the making of many worlds, and a request in the first before and after."""
    with mock.running(folder / "worlds") as running:
        first = running.control("POST", "/worlds", {"seed": 0})
        running.control("POST", f"/worlds/{first['world']}/alerts", {"generate": {"count": 250}})
        before = _asked(running, first["token"])
        begun, worked = time.perf_counter(), running.server.cpu()
        # Two at once: while the mock makes a world, the next is asked for.
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda seed: running.control("POST", "/worlds", {"seed": seed}), range(_WORLDS)))
        took, cpu = time.perf_counter() - begun, running.server.cpu() - worked
        after = _asked(running, first["token"])
    what, ratio = f"{_WORLDS:,} worlds", after / before
    same = f"{after:.2f} ms, {ratio:.2f} × ({before:.2f} ms)"
    return [
        Row(
            f"{what}: made",
            f"under {_WORLDS_SECONDS:g} s",
            f"{took:.2f} s; {cpu:.2f} s of CPU",
            took < _WORLDS_SECONDS,
            "" if took < _WORLDS_SECONDS else f"worlds: {cpu:.2f} s of one thread; {shares.told('worlds')}",
        ),
        Row(f"{what}: a request in one", f"as with one world, {_SAME:g} × at most", same, ratio <= _SAME),
    ]


def _asked(running: mock.Mock, token: str) -> float:
    took = []
    for number in range(200):
        begun = time.perf_counter()
        running.get(f"status=new&asked={number}", token)  # an unknown parameter: no answer that was kept
        took.append((time.perf_counter() - begun) * 1_000)
    return statistics.median(took)


def connector(folder: Path) -> list[Row]:
    """Measure an import of many alerts, of a tenth as many for the memory, and a poll with nothing new."""
    with mock.running(folder / "connector") as running:
        few = _poll(running, folder, _IMPORTED // 10)
        many = _poll(running, folder, _IMPORTED)
        requests, cpu = _idle(running, folder)
        in_time = many.seconds < _IMPORT_SECONDS
        note = "" if in_time else f"import: {_profiled(running, folder)}"
    what = f"reference connector: {_IMPORTED:,} alerts"
    growth = many.peak / few.peak
    memory = f"{many.peak / 2**20:.0f} MB, {growth:.2f} × that of {_IMPORTED // 10:,}"
    idle = f"{requests} requests, {cpu:.1f} ms"
    imported = f"{many.seconds:.1f} s; {many.cpu:.1f} s of CPU"
    return [
        Row(f"{what} imported", f"under {_IMPORT_SECONDS:g} s", imported, in_time, note),
        Row(f"{what}: memory", f"flat: {_FLAT} × at most", memory, growth <= _FLAT),
        Row("reference connector: an idle poll", f"1 request, under {_IDLE_CPU_MS:g} ms of CPU", idle,
            requests == 1 and cpu < _IDLE_CPU_MS),
    ]  # fmt: skip


def _config(running: mock.Mock, folder: Path, name: str, token: str) -> Path:
    place = folder / name
    place.mkdir()
    (place / "token").write_text(token, encoding="utf-8")
    (place / "token").chmod(0o600)
    config = place / "kuma.toml"
    config.write_text(
        f'url = "{running.server.url}"\ntoken_file = "{place}/token"\ndata_folder = "{place}/data"\n'
        f"deadline_seconds = {_DEADLINE}\n",
        encoding="utf-8",
    )
    return config


def _profiled(running: mock.Mock, folder: Path) -> str:
    """Return where the time of an import goes, by package."""
    told = folder / "import.profile"
    _poll(running, folder, _BATCH + 1, [sys.executable, "-m", "cProfile", "-o", str(told)])
    return shares.of(pstats.Stats(str(told)))


def _poll(running: mock.Mock, folder: Path, count: int, within: Sequence[str] = ()) -> _Ran:
    world = running.control("POST", "/worlds", {"seed": count})
    for last in _moments(count):
        body = {"count": min(count, _BATCH), "events": 1, "last_seen": last}
        running.control("POST", f"/worlds/{world['world']}/alerts", {"generate": body})
    config = _config(running, folder, f"import-{count}", world["token"])
    ran = _run([*within, str(_BIN / "kuma-connector"), "--config", str(config), "poll"])
    running.control("DELETE", f"/worlds/{world['world']}")
    return ran


def _moments(count: int) -> Iterator[str]:
    # A second between alerts, and batches behind one another.
    now = time.time()
    for first in range(0, count, _BATCH):
        yield time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - first))


def _idle(running: mock.Mock, folder: Path) -> tuple[int, float]:
    world = running.control("POST", "/worlds", {"seed": 1})
    sync = Sync(settings.load(_config(running, folder, "idle", world["token"])))
    sync.poll()
    before = len(_journal(running, world["world"]))
    took = []
    for _ in range(_STARTS):
        begun = time.process_time()
        sync.poll()
        took.append((time.process_time() - begun) * 1_000)
    sync.stop()
    asked = len(_journal(running, world["world"])) - before
    return asked // _STARTS, statistics.median(took)


def _journal(running: mock.Mock, world: str) -> list[object]:
    return list(running.control("GET", f"/worlds/{world}/journal")["exchanges"])


def harness(folder: Path) -> list[Row]:
    """Measure the reference connector's core profile, and all profiles."""
    starts, shim = folder / "starts.txt", folder / "bin" / "kuma-connector"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\necho >> "{starts}"\nexec "{_BIN}/kuma-connector" "$@"\n', encoding="utf-8")
    shim.chmod(0o700)
    rows = []
    for what, options, limit in (
        ("core", ["--profile", "core"], _CORE_SECONDS),
        ("all profiles", [], _ALL_SECONDS),
    ):
        file = str(_ROOT / "fixtures" / "reference.toml")
        out = str(folder / f"report-{what}")
        starts.write_text("", encoding="utf-8")
        command = [str(_BIN / "kuma-harness"), "run", file, *options, "--out", out]
        ran = _run(command, first_in_path=shim.parent)
        result = f"{ran.seconds:.1f} s; {ran.cpu:.1f} s of CPU"
        note = "" if ran.seconds < limit else _starting(what, ran, len(starts.read_text().splitlines()))
        rows.append(Row(f"harness: {what}", f"under {limit} s", result, ran.seconds < limit, note))
    return rows


def _starting(what: str, ran: _Ran, starts: int) -> str:
    """Return what of a run is starting the connector, which ends before it has a database."""
    one = statistics.median(_run([str(_BIN / "kuma-connector"), "--version"]).cpu for _ in range(_STARTS))
    return (
        f"harness, {what}: {ran.cpu / ran.seconds:.2f} of {os.cpu_count()} cores were busy. The connector was"
        f" started {starts} times, at {one:.2f} s of CPU or more: {starts * one:.0f} of {ran.cpu:.0f} s"
    )


def _run(command: list[str], first_in_path: Path = _BIN) -> _Ran:
    begun = time.perf_counter()
    path = os.pathsep.join((str(first_in_path), str(_BIN), os.environ.get("PATH", "")))
    environment = {**os.environ, "PATH": path}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    ) as process:
        assert process.stdout is not None
        peak = _Peak(process.pid)
        peak.start()
        said = process.stdout.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        peak.join()
    if process.returncode:
        raise CommandFailed(" ".join(command), said.strip())
    return _Ran(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, peak.bytes)


class _Peak(threading.Thread):
    """Looks at a process's most memory until it ends: what ``wait4`` tells begins with its parent's."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self._status = Path(f"/proc/{pid}/status")
        self.bytes = 0

    def run(self) -> None:
        """Look."""
        with contextlib.suppress(OSError):  # it has ended
            while found := re.search(r"VmHWM:\s+(\d+) kB", self._status.read_text()):
                self.bytes = int(found[1]) * 1_024
                time.sleep(_LOOK_SECONDS)
