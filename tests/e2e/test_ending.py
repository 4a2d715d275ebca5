"""``mock-kuma serve`` as it ends: soon, whoever still asks or waits, and nothing is left of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import ssl
import time
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import start, stop, wait_ready


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_it_ends(tmp_path: Path, how: signal.Signals) -> None:
    """However it ends, both ports are free again."""
    ready_file = tmp_path / "ready.json"
    process = start("--no-tls", ready_file=ready_file, data_folder=tmp_path)
    found = wait_ready(process, ready_file)
    ports = [int(url.rsplit(":", 1)[1]) for url in (found.api, found.console)]

    process.send_signal(how)
    process.communicate(timeout=15)

    end = time.monotonic() + 10
    while any(_listening(port) for port in ports):
        assert time.monotonic() < end, "a listener outlived the server"
        time.sleep(0.02)


def test_one_that_is_killed_while_it_starts_leaves_no_process(tmp_path: Path) -> None:
    """A listener that is not there yet hears of it, too."""
    process = start("--no-tls", ready_file=tmp_path / "ready.json", data_folder=tmp_path)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    with process:
        while len(found := children.read_text().split()) < 2:
            assert process.poll() is None
            time.sleep(0.001)
        process.kill()

    end = time.monotonic() + 10
    try:
        while any(Path(f"/proc/{child}").exists() for child in found):
            assert time.monotonic() < end, "a listener outlived the server"
            time.sleep(0.02)
    finally:
        for child in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)


def test_a_client_that_keeps_its_connection_holds_nothing_up(tmp_path: Path) -> None:
    """Though it does not say goodbye in TLS, as no client does that waits for its next request."""
    ready_file = tmp_path / "ready.json"
    process = start(ready_file=ready_file, data_folder=tmp_path)
    found = wait_ready(process, ready_file)
    context = ssl.create_default_context(cafile=found.ca_file)

    with httpx.Client(base_url=found.api, verify=context) as client:
        assert client.get("/api/v1/users/whoami").status_code == 400
        began = time.monotonic()
        output = stop(process)

    assert time.monotonic() - began < 3
    assert output.splitlines()[-1] == "mock-kuma has stopped."
    assert "timeout" not in output


def test_a_request_that_sleeps_is_not_waited_for(tmp_path: Path) -> None:
    """It is told in one line of the form that was asked for."""
    ready_file = tmp_path / "ready.json"
    process = start("--no-tls", "--log-format", "json", ready_file=ready_file, data_folder=tmp_path)
    found = wait_ready(process, ready_file)
    found.control("POST", "/worlds/default/faults", {"action": {"kind": "delay", "ms": 60_000}})
    with socket.create_connection(("127.0.0.1", int(found.api.rsplit(":", 1)[1]))) as client:
        client.sendall(b"GET /api/v1/users/whoami HTTP/1.1\r\nHost: k\r\n\r\n")
        while not found.control("GET", "/worlds/default/journal")["exchanges"]:
            time.sleep(0.02)
        began = time.monotonic()
        output = stop(process)
        answered = client.recv(65_536)

    assert (time.monotonic() - began < 8, answered) == (True, b"")
    *_, told, end = output.splitlines()
    assert "1 running task" in json.loads(told)["message"]
    assert end == "mock-kuma has stopped."
    assert "Traceback" not in output


def _listening(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
