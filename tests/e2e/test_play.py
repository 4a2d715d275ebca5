"""``make play``: alerts of the story become incidents of the desk, and nobody touches anything."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_story_arrives_on_the_desk() -> None:
    """Two links and six steps are printed; when it stops, the desk holds what the story has raised."""
    command = [sys.executable, "-m", "tests.e2e.play", "--seconds", "8"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)

    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"http://127\.0\.0\.1:\d+/", done.stdout)) == 2
    assert [f"  {step}." in done.stdout for step in range(1, 7)] == [True] * 6
    held = re.search(r"The desk held (\d+) incidents", done.stdout)
    assert held is not None
    assert int(held[1]) >= 1


def test_a_terminated_play_leaves_nothing() -> None:
    """SIGTERM ends it as Ctrl-C does: nobody listens on either port any more."""
    command = [sys.executable, "-m", "tests.e2e.play"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as play:
        assert play.stdout is not None
        ports: list[str] = []
        for line in play.stdout:
            ports += re.findall(r"http://127\.0\.0\.1:(\d+)/", line)
            if "Stop with" in line:
                break
        play.terminate()
        said = play.stdout.read()

    assert (play.returncode, "Stopped." in said) == (0, True)
    for port in ports:
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", int(port))) != 0
