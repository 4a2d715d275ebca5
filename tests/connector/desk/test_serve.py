"""The desk as a process: what it prints, and that its door opens."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from connector.desk.serve import PASSWORD_FILE

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_desk_is_served_without_a_settings_file(tmp_path: Path, stop: signal.Signals) -> None:
    """On loopback until a signal, though started with SIGINT ignored; it tells where the first password lies,
    and not the password.
    """
    command = [sys.executable, "-u", "-m", "connector.cli", "desk", "--port", "0"]
    command += ["--config", str(tmp_path / "kuma.toml")]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # noqa: PLW1509 -- it takes no lock
    ) as process:
        try:
            assert process.stdout is not None
            printed = process.stdout.readline() + process.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+/", printed)
            assert address is not None, printed
            answer = httpx.get(f"{address.group()}incidents", trust_env=False)
            process.send_signal(stop)
            process.wait(30)
        finally:
            process.kill()
    password = (tmp_path / "kuma-connector-data" / PASSWORD_FILE).read_text(encoding="ascii").strip()

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=%2Fincidents")
    assert process.returncode == 0
    assert PASSWORD_FILE in printed
    assert password not in printed


def test_a_wrong_settings_file_is_told_in_a_line(tmp_path: Path) -> None:
    """No traceback."""
    file = tmp_path / "kuma.toml"
    file.write_text("urll = 1", encoding="utf-8")

    ended = subprocess.run(
        [sys.executable, "-m", "connector.cli", "desk", "--config", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert 'did you mean "url"?' in ended.stderr
    assert "Traceback" not in ended.stderr
