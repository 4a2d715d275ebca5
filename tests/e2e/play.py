"""``make play``: KUMA, an attack that unfolds in it, the connector on its schedule, the SOAR desk beside it.

Opens nothing: prints two links and a walk of six steps, and runs until Ctrl-C. What it starts, it stops.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.desk import timing
from connector.desk.engine import opened
from connector.desk.serve import PASSWORD_FILE, open_desk
from connector.settings import load
from mock_kuma import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_kuma.testing import Kuma

STORY: Final = "ransomware"
#: So many times faster than it would happen.
SPEED: Final = 120
POLL_SECONDS: Final = 2
WALK: Final = """
  KUMA          {console}
                sign in as admin, password {kuma_password}
  SOAR desk     {desk}
                sign in as admin, password {desk_password}

  1. In KUMA, Alerts: the first alerts of a ransomware attack are there; more come by themselves.
  2. On the desk, Incidents: within {seconds} seconds each alert is an incident.
  3. Open one, tab Response: the events of the alert, with the columns that you choose.
  4. Take it into work, escalate it to line 2: the worker's states, as the diagram under Workers shows them.
  5. Close it on the desk with a reason: in KUMA the alert is closed, with that reason.
  6. Close another in KUMA: after the next poll its incident is closed, too.

  The story: {story}, {speed} times as fast as it happened. Stop with Ctrl-C.
"""


@contextlib.contextmanager
def desk_of(kuma: Kuma, folder: Path) -> Iterator[str]:
    """Run a desk whose schedule is on; return its address."""
    # What is played is thrown away afterwards: no entry is left in anybody's keyring.
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    settings = folder / "kuma.toml"
    known = {"url": kuma.url, "ca_file": kuma.ca_file, "token_file": "token", "data_folder": "soar"}
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in known.items())
    settings.write_text(lines, encoding="utf-8")
    token = folder / "token"
    token.touch(0o600)
    token.write_text(kuma.token, encoding="ascii")
    with open_desk(folder / "soar", settings=load(settings)) as engine:
        often = timing.Timing(on=True, seconds=POLL_SECONDS)
        engine.documents.write({"schedule": timing.written(timing.Schedule(often, often))})
    port = free_port()
    command = [sys.executable, "-m", "connector.cli", "--config", str(settings), "desk", "--port", str(port)]
    with (folder / "desk.log").open("wb") as log:
        desk = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for(port, desk)
            yield f"http://127.0.0.1:{port}/"
        finally:
            desk.terminate()
            desk.wait(timeout=10)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when the desk accepts."""
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise SystemExit("the desk did not start")


def main(seconds: float | None) -> None:
    """Play until stopped, or for so many seconds."""
    # A terminated play ends as an interrupted one does, or what it started would be left.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="mock-kuma-play-") as name, running() as kuma:
        folder = Path(name)
        kuma.control("POST", "/worlds/default/scenarios", {"scenario": STORY, "speed": SPEED})
        with desk_of(kuma, folder) as desk, contextlib.suppress(KeyboardInterrupt):
            print(
                WALK.format(
                    console=f"{kuma.console}/",
                    kuma_password=kuma.password,
                    desk=desk,
                    desk_password=(folder / "soar" / PASSWORD_FILE).read_text(encoding="ascii").strip(),
                    seconds=POLL_SECONDS,
                    story=STORY,
                    speed=SPEED,
                ),
                flush=True,
            )
            time.sleep(seconds if seconds is not None else 1e8)
        with opened(folder / "soar") as engine:
            print(f"Stopped. The desk held {len(list(engine.incidents.every()))} incidents.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, help="Stop by itself after so many seconds.")
    main(parser.parse_args().seconds)
