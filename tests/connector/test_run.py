"""``kuma-connector run``: connector and handler on their schedules in a process, until it is told to stop."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from connector.desk import timing
from connector.desk.engine import opened
from connector.desk.timing import Schedule, Timing
from connector.settings import load
from mock_kuma.testing import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mock_kuma.testing import Kuma


@pytest.fixture(scope="module")
def kuma() -> Iterator[Kuma]:
    """A mock behind its front door."""
    with running() as found:
        yield found


@pytest.fixture
def config(kuma: Kuma, tmp_path: Path) -> Path:
    """A settings file for a world of the test's own with two alerts."""
    world = kuma.world(seed=7)
    world.raise_alerts({"name": "Brute force"}, {"name": "Port scan"})
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text(world.token, encoding="ascii")
    file = tmp_path / "kuma.toml"
    known = {"url": world.url, "ca_file": world.ca_file, "token_file": "token", "data_folder": "soar"}
    file.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in known.items()), "utf-8")
    return file


def begun(config: Path) -> subprocess.Popen[str]:
    """Start the command as a shell starts a job in the background: with SIGINT ignored."""
    command = [sys.executable, "-u", "-m", "connector.cli", "--config", str(config), "run"]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # noqa: PLW1509 -- it takes no lock
    )


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_incidents_come_by_themselves_until_it_is_stopped(config: Path, stop: signal.Signals) -> None:
    """Both jobs run; a signal ends it cleanly, whichever it is."""
    often = Timing(on=True, seconds=1)
    with opened(config.parent / "soar", settings=load(config)) as engine:
        engine.documents.write({"schedule": timing.written(Schedule(often, often))})

        with begun(config) as process:
            assert process.stdout is not None
            told = process.stdout.readline()
            until = time.monotonic() + 60
            while not list(engine.incidents.every()) and time.monotonic() < until:
                time.sleep(0.1)
            process.send_signal(stop)
            _, complaints = process.communicate(timeout=30)

        names = sorted(str(one.alert["name"]) for one in engine.incidents.every())
        jobs = {run.job for run in engine.history.runs()}

    assert told == "on the schedule: connector, handler; stop with Ctrl-C\n"
    assert (names, jobs) == (["Brute force", "Port scan"], {"connector", "handler"})
    assert (process.returncode, "Traceback" in complaints) == (0, False)


def test_with_nothing_on_the_schedule_it_ends(config: Path) -> None:
    """And says so."""
    with opened(config.parent / "soar", settings=load(config)) as engine:
        engine.documents.write({"schedule": timing.written(Schedule())})

    told, _ = begun(config).communicate(timeout=60)

    assert told == "nothing is on the schedule\n"
