"""Where a secret must not be, after a server was used and misused; and what it tells meanwhile.

Looked for in bytes: in the store with its write-ahead log, in the data folder, in the log, in the processes'
command lines, in the counts.
"""

from __future__ import annotations

import base64
import json
import os
import re
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import SERVE, Server, stop, wait_ready

TOKEN, CONTROL, PASSWORD = "a1b2c3d4" * 4, "control-" + "9e8f" * 6, "pass-word-5f4e3d"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@dataclass(frozen=True)
class Used:
    """What is left of a server that was used: its log, its counts, its command lines, its files."""

    log: list[dict[str, object]]
    metrics: str
    commands: bytes
    files: dict[str, bytes]
    secrets: list[str]
    cores: set[str]


def lines_of(group: int) -> bytes:
    """Return the command lines of all processes of a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) == group:
                found.append((folder / "cmdline").read_bytes())
        except (ProcessLookupError, FileNotFoundError):
            continue  # it has ended meanwhile
    return b"\n".join(found)


def core_limits(group: int) -> set[str]:
    """Return how large a core file a process of a session may leave, for all of them."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) == group:
                found.update(
                    re.findall(r"^Max core file size +(\S+)", (folder / "limits").read_text(), re.MULTILINE)
                )
        except (ProcessLookupError, FileNotFoundError):
            continue  # it has ended meanwhile
    return found


def misuse(server: Server) -> list[str]:
    """Ask for things in good and bad ways; return the secrets that were made meanwhile."""
    world, made = server.new_world()
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=server.api) as client:
        client.get("/api/v1/alerts", headers={**bearer, "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
        client.get(f"/api/v1/alerts?token={TOKEN}&name={made}", headers=bearer)
        client.get(f"/api/v1/{TOKEN}", headers=bearer)
        client.post("/api/v1/alerts/close", json={"id": made, "reason": TOKEN}, headers=bearer)
        client.get("/api/v1/alerts", headers={"Authorization": f"Basic {TOKEN}", "X-Token": made})
        for _ in range(4):
            client.get("/api/v1/alerts", headers={"Authorization": f"Bearer {made}"})
    with httpx.Client(base_url=server.console) as client:
        client.get("/control/v1/worlds", headers={"Authorization": "Bearer wrong-control-token"})
        page = client.get("/sign-in").text
        form = {"csrf": page.split('name="csrf" value="')[1].split('"')[0], "with": "password"}
        client.post("/sign-in", data={**form, "login": "admin", "password": PASSWORD})
        cookie = next(iter(client.cookies.values()))
    server.control("DELETE", f"/worlds/{world}/journal")
    return [TOKEN, CONTROL, PASSWORD, made, cookie]


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Used:
    """A server with two workers that tells everything; secrets come by the environment."""
    folder = tmp_path_factory.mktemp("used")
    ready_file = folder / "ready.json"
    log_file = (folder / "log").open("w")
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))  # as where somebody looks for crashes
    process = subprocess.Popen(
        [
            *SERVE, "--port", "0", "--console-port", "0", "--no-tls", "--workers", "2", "--verbose",
            "--log-format", "json", "--ready-file", str(ready_file), "--data-folder", str(folder / "data"),
            "--store", f"sqlite:///{folder}/mock.db",
        ],
        stdout=subprocess.DEVNULL,
        stderr=log_file,
        text=True,
        start_new_session=True,
        env={
            **os.environ,
            "MOCK_KUMA_TOKEN": TOKEN,
            "MOCK_KUMA_CONTROL_TOKEN": CONTROL,
            "MOCK_KUMA_PASSWORD": PASSWORD,
        },
    )  # fmt: skip
    resource.setrlimit(resource.RLIMIT_CORE, before)
    try:
        server = wait_ready(process, ready_file)
        secrets = misuse(server)
        headers = {"Authorization": f"Bearer {CONTROL}"}
        metrics = httpx.get(f"{server.console}/metrics", headers=headers).text
        commands = lines_of(process.pid)
        cores = core_limits(process.pid)
        # While it runs: what is not in the database yet is in its write-ahead log.
        files = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and path != ready_file
        }
    finally:
        stop(process)
        log_file.close()
    log = [json.loads(line) for line in (folder / "log").read_text().splitlines() if line.startswith("{")]
    return Used(log, metrics, commands, files, secrets, cores)


def test_no_secret_is_left_in_any_file(used: Used) -> None:
    """Neither as it is nor as Base64: store, write-ahead log, data folder, log."""
    assert {"mock.db", "mock.db-wal", "log"} <= set(used.files)
    found = [
        (name, number)
        for name, data in used.files.items()
        for number, secret in enumerate(used.secrets)
        if secret.encode() in data or base64.b64encode(secret.encode()).rstrip(b"=") in data
    ]

    assert found == []


def test_no_secret_is_in_a_command_line_or_the_counts(used: Used) -> None:
    """Anybody on the machine reads the process list."""
    assert used.commands.count(b"mock_kuma.cli") >= 4  # the server, its two listeners, the workers
    for secret in used.secrets:
        assert secret.encode() not in used.commands
        assert secret not in used.metrics


def test_no_process_leaves_an_image_of_its_memory(used: Used) -> None:
    """A crash writes no core file, in which every secret would be."""
    assert used.cores == {"0"}


def test_the_log_tells_each_decision(used: Used) -> None:
    """Who asked, what was answered, why not; with the client's trace; the control API, too."""
    vendor = [line for line in used.log if line["logger"] == "mock_kuma.gateway"]
    control = [line for line in used.log if line["logger"] == "mock_kuma.control"]

    assert [line["status"] for line in vendor] == [200, 200, 404, 400, 400, 200, 200, 200, 200]
    assert (vendor[0]["user"], vendor[0]["trace"]) == ("admin", TRACE)
    assert "[redacted]" in str(vendor[2]["message"])
    assert all("reason" in line for line in vendor if line["status"] != 200)
    assert [line["status"] for line in control] == [201, 401, 204, 200]


def test_the_workers_counts_are_added_up(used: Used) -> None:
    """Whichever process answered."""
    assert 'mock_kuma_requests_total{operation="GET /alerts",status="200"} 6.0' in used.metrics
