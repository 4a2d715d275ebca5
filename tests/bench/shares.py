"""Where the time of a control action goes, by package: what Python's profiler sees, in a process of its own.

    python -m tests.bench.shares worlds|load

The profiler slows Python down, and not what is written in C: SQLite's share is more than it says.
"""

from __future__ import annotations

import cProfile
import pstats
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mock_kuma import app, installation
from mock_kuma.settings import Settings
from tests.bench import large

if TYPE_CHECKING:
    from collections.abc import Callable

_GROUPS: Final = (
    ("SQLite", ("sqlite3",)),
    ("SQLAlchemy", ("/sqlalchemy/",)),
    ("the mock's own Python", ("/mock_kuma/",)),
    ("the connector's own Python", ("/connector/",)),
)
_WORLDS, _ALERTS = 300, 3_000


def told(work: str) -> str:
    """Return the shares of making worlds, or of filling one, in words."""
    command = [sys.executable, "-m", "tests.bench.shares", work]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.strip()


def profiled(work: Callable[[], object]) -> str:
    """Return the shares of some work in this process, in words."""
    profile = cProfile.Profile()
    profile.runcall(work)
    return of(pstats.Stats(profile))


def of(stats: Any) -> str:
    """Return the shares in what the profiler has seen, in words."""
    spent: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, _) in stats.stats.items():
        where = file if file != "~" else name
        group = next((group for group, marks in _GROUPS if any(mark in where for mark in marks)), None)
        spent[group or "Python's library and others'"] += own
    total = sum(spent.values())
    return ", ".join(f"{group} {time / total:.0%}" for group, time in spent.most_common())


def settings(folder: Path) -> Settings:
    """Return those of a mock on the store in a folder."""
    return Settings(
        host="127.0.0.1", port=0, console_port=0, tls=False, store=f"sqlite:///{folder}/mock.db",
        data_folder=folder, control_digest=None, workers=1, wire=False, kuma_version="3.2", seed="1",
    )  # fmt: skip


def main() -> None:
    """Do what the command line says."""
    with tempfile.TemporaryDirectory() as name:
        given = settings(Path(name))
        installation.prepare(given, None)
        core = app.core(given.store)
        client = app.console_app(given, core).api.test_client()

        def post(path: str, body: object) -> Any:
            answer = client.post(f"/control/v1{path}", json=body)
            assert answer.status_code < 300, answer.text
            return answer.json

        world = post("/worlds", {"seed": 1})["world"]

        def worlds() -> None:
            for seed in range(_WORLDS):
                post("/worlds", {"seed": seed})

        def load() -> None:
            for first in range(1_000, 1_000 + _ALERTS, 1_000):
                post(f"/worlds/{world}/alerts", {"alerts": large.given(first, first + 1_000)})

        # The first ones import, and make statements.
        post(f"/worlds/{world}/alerts", {"alerts": large.given(0, 1_000)})
        print(profiled({"worlds": worlds, "load": load}[sys.argv[1]]))
        core.database.close()


if __name__ == "__main__":
    main()
