"""``mock-kuma serve`` as a process: it starts, says where it is, survives bad input, and leaves nothing."""

from __future__ import annotations

import json
import os
import socket
import ssl
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.e2e.conftest import SERVE, running, start, stop, wait_ready

if TYPE_CHECKING:
    from tests.e2e.conftest import Server


def failing(*arguments: str) -> tuple[int, str]:
    """Run a serve that must fail; return its exit code and what it printed."""
    result = subprocess.run(
        [*SERVE, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    return result.returncode, result.stdout + result.stderr


def test_the_guides_requests_over_https(server: Server) -> None:
    """The vendor's SOAR guide, word for word, with the generated CA trusted."""
    world, token = server.new_world()
    ids = server.control("POST", f"/worlds/{world}/alerts", {"generate": {"count": 2, "events": 3}})["ids"]
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    context = ssl.create_default_context(cafile=server.ca_file)

    with httpx.Client(base_url=server.api, headers=headers, verify=context) as client:
        received = client.get("/api/v1/alerts/?withEvents&status=new")
        closed = client.post("/api/v1/alerts/close", json={"id": ids[0], "reason": "responded"})
        left = client.get("/api/v1/alerts/?withEvents&status=new").json()

    assert (received.status_code, received.headers["content-type"]) == (200, "application/json")
    assert [(alert["id"], len(alert["events"])) for alert in received.json()] == [(key, 3) for key in ids]
    assert (closed.status_code, closed.content) == (204, b"")
    assert [alert["id"] for alert in left] == [ids[1]]


def test_the_ready_file_is_complete_and_private(server: Server, tmp_path: Path) -> None:
    """All fields of the contract; only its owner reads it, since it holds secrets."""
    ready_file = tmp_path / "ready.json"
    process = start("--seed", "7", ready_file=ready_file, data_folder=tmp_path)
    try:
        found = wait_ready(process, ready_file)
    finally:
        output = stop(process)

    assert set(json.loads(ready_file.read_text())) == {
        "api", "console", "token", "control_token", "ca_file", "world", "pid", "seed", "password", "spoiled",
    }  # fmt: skip
    assert stat.S_IMODE(ready_file.stat().st_mode) == 0o600
    assert (found.world, found.pid, found.seed) == ("default", process.pid, 7)
    assert "mock-kuma has stopped." in output
    assert process.returncode == 0


def test_a_host_may_be_a_name(tmp_path: Path) -> None:
    """It stands in the URL and in the certificate."""
    with running(tmp_path, "--host", "localhost") as found:
        context = ssl.create_default_context(cafile=found.ca_file)
        answered = httpx.get(f"{found.api}/api/v1/users/whoami", verify=context).status_code

    assert (found.api.split(":")[1], answered) == ("//localhost", 400)


def test_the_certificate_authority_is_kept(tmp_path: Path) -> None:
    """A client that trusts the CA once trusts the next start too."""
    authorities = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        ready_file = folder / "ready.json"
        process = start(ready_file=ready_file, data_folder=tmp_path / "data")
        try:
            found = wait_ready(process, ready_file)
            authorities.append(Path(found.ca_file or "").read_bytes())
        finally:
            stop(process)

    assert authorities[0] == authorities[1]


def test_two_workers_share_everything(tmp_path: Path) -> None:
    """Worlds, tokens, faults and the journal are the same, whichever answers."""
    with running(tmp_path, "--no-tls", "--workers", "2") as server:
        world, token = server.new_world()
        fault = {"action": {"kind": "status", "status": 500}, "times": 3}
        server.control("POST", f"/worlds/{world}/faults", fault)

        statuses = [
            httpx.get(f"{server.api}/api/v1/alerts", headers={"Authorization": f"Bearer {token}"}).status_code
            for _ in range(8)
        ]

        exchanges = server.control("GET", f"/worlds/{world}/journal")["exchanges"]

    assert sorted(statuses) == [200] * 5 + [500] * 3
    assert [one["seq"] for one in exchanges] == list(range(1, 9))


def test_a_store_is_used_again(tmp_path: Path) -> None:
    """Alerts outlive the process; the administrator's token is given anew."""
    store = f"sqlite:///{tmp_path}/kept.db"
    found = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        with running(folder, "--no-tls", "--store", store) as server:
            if name == "one":
                server.control("POST", "/worlds/default/alerts", {"generate": {"count": 2}})
            headers = {"Authorization": f"Bearer {server.token}"}
            found.append(
                [alert["id"] for alert in httpx.get(f"{server.api}/api/v1/alerts", headers=headers).json()]
            )

    assert found[0] == found[1]
    assert len(found[0]) == 2


def test_a_port_in_use_is_one_clear_line() -> None:
    """Also when another mock holds it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        code, output = failing("--port", str(port), "--console-port", "0")

    assert code == 2
    assert output.strip() == (
        f"Error: cannot listen on 127.0.0.1 port {port}: address already in use; choose another port, or 0"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--kuma-version", "9"], 2, "'9' is not one of"),
        (["--port", "70000"], 2, "70000 is not in the range"),
        (["--prot", "1"], 2, "No such option"),
        (["--open-control", "--host", "0.0.0.0"], 2, "--open-control is for loopback only"),
        (["--control-token", " "], 2, "--control-token is empty"),
        (["--store", "nonsense"], 2, "cannot use the store nonsense"),
        (["--store", "sqlite:////nowhere/at/all.db"], 2, "unable to open database file"),
        (
            ["--store", "mysql://kuma@db.example.com/kuma"],
            2,
            "no sqlite:///FILE and no postgresql:// address",
        ),
        (
            ["--store", "postgresql://kuma:hunter2@127.0.0.1:9/kuma"],
            2,
            "kuma:***@127.0.0.1:9/kuma: connection",
        ),
        (["--ready-file", "/nowhere/ready.json"], 2, "there is no folder /nowhere"),
        (["--host", "192.0.2.1"], 2, "cannot listen on 192.0.2.1"),
    ],
)
def test_bad_options_are_one_clear_line(arguments: list[str], code: int, words: str) -> None:
    """No traceback, an exit code, and what is wrong."""
    found, output = (
        failing(*arguments)
        if "--port" in arguments
        else failing("--port", "0", "--console-port", "0", *arguments)
    )

    assert found == code
    assert words in output
    assert "Traceback" not in output


def test_every_option_has_an_environment_variable(tmp_path: Path) -> None:
    """With the command's prefix, secrets above all."""
    ready_file = tmp_path / "ready.json"
    environment = {
        **os.environ,
        "MOCK_KUMA_TOKEN": "a" * 32,
        "MOCK_KUMA_CONTROL_TOKEN": "control",
        "MOCK_KUMA_PORT": "0",
        "MOCK_KUMA_CONSOLE_PORT": "0",
        "MOCK_KUMA_TLS": "no",
    }
    process = subprocess.Popen(
        [*SERVE, "--ready-file", str(ready_file)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
    )  # fmt: skip
    try:
        found = wait_ready(process, ready_file)
    finally:
        stop(process)

    assert (found.token, found.control_token) == ("a" * 32, "control")


def test_help_has_examples_and_guesses_are_listed() -> None:
    """The commands explain themselves."""
    outputs = [
        subprocess.run(
            [sys.executable, "-m", "mock_kuma.cli", *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout
        for arguments in (["serve", "--help"], ["guesses"], ["--version"])
    ]

    assert "Examples:" in outputs[0]
    assert outputs[1].rstrip().endswith("places that no document of the vendor settles")
    assert "POST /alerts/assign: v3 observed, 10 of 10 error rows" in outputs[1]
    assert outputs[2].startswith("mock-kuma")
