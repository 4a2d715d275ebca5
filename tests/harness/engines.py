"""Real SOAR engines judged: `python -m tests.harness.engines`, with Node-RED installed in `.engines`.

Decides what an engine must reach: Node-RED's flow passes the core; the XSOAR integration passes everything
that it claims, and each of its mutants fails what it was made for. The rule that must stay true: everything
that is started here runs on loopback, and is gone at the end.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

from tests.e2e.conftest import running
from tests.harness.matrix import PEERS, ROOT, judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Server
    from tests.harness.matrix import Judged

KIT: Final = ROOT / "harness" / "kits" / "nodered"
NODE_RED: Final = ROOT / ".engines" / "node_modules" / "node-red" / "red.js"
INTEGRATION: Final = PEERS / "xsoar_kuma.py"
_START_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Mutant:
    """The integration with one text for another; `fails` must notice."""

    breaks: str
    old: str
    new: str
    fails: str


MUTANTS: Final = (
    Mutant(
        "the last run names no new alert",
        'imported + [row["id"] for row in fresh]',
        "imported",
        "DEDUP-01",
    ),
    Mutant(
        "a refused close is told as done",
        '!= ["closed"]:\n                raise',
        '!= ["closed"]:\n                pass',
        "CLOSE-04",
    ),
    Mutant("one page is taken for the list", "while rows := self.page", "if rows := self.page", "FETCH-03"),
    Mutant("nothing is ever called modified", "not in {None, digest(row)}", "is False", "UPD-01"),
)


def broken(mutant: Mutant, folder: Path) -> Path:
    """Write a mutant of the integration; return its connector file."""
    text = INTEGRATION.read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1, mutant.breaks
    (folder / INTEGRATION.name).write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    file = folder / "xsoar_kuma.toml"
    file.write_text((PEERS / file.name).read_text(encoding="utf-8"), encoding="utf-8")
    return file


@contextmanager
def node_red(server: Server, folder: Path) -> Iterator[Path]:
    """Run the flow in Node-RED; yield its connector file."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # The harness reads the token from its environment, which is this process's.
    os.environ["KUMA_FLOW_TOKEN"] = secrets.token_hex(16)
    environment = {**os.environ, "PORT": str(port), "KUMA_CA_FILE": server.ca_file or ""}
    flows = folder / "flows.json"
    flows.write_bytes((KIT / flows.name).read_bytes())
    command = ["node", str(NODE_RED), "--userDir", str(folder / "user")]
    command += ["--settings", str(KIT / "settings.js"), str(flows)]
    with (folder / "node-red.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}/kuma"
    try:
        _await(url, process, folder / "node-red.log")
        text = (KIT / "connector.toml").read_text(encoding="utf-8")
        file = folder / "connector.toml"
        file.write_text(text.replace("http://127.0.0.1:1880/kuma", url), encoding="utf-8")
        yield file
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + _START_SECONDS
    while True:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < ends, f"Node-RED was not ready in {_START_SECONDS:g} seconds"
        try:
            # Without the token the flow says 403: it is there, and it is closed.
            if httpx.post(url, json={}, trust_env=False).status_code == httpx.codes.FORBIDDEN:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)


def _told(name: str, found: Judged) -> bool:
    """Print the verdict; say whether it is that of a right connector."""
    verdicts = list(found.verdicts.values())
    counts = ", ".join(f"{verdicts.count(one)} {one}" for one in sorted(set(verdicts)))
    print(f"{name}: {counts or found.printed}, exit {found.exit_code}", flush=True)
    for where, why in found.not_right().items():
        print(f"  {where}: {why}")
    return found.exit_code == 0 and not found.not_right()


def main() -> int:
    if not NODE_RED.exists():
        print(f"{NODE_RED} is missing; `make engines` installs it", file=sys.stderr)
        return 2
    right = True
    with tempfile.TemporaryDirectory() as scratch, running(Path(scratch), "--wire") as server:
        folder = Path(scratch)
        with node_red(server, folder) as file:
            found = judge(file, out=folder / "node-red", server=server, profile="core")
            right = _told("Node-RED 4.1.8, core", found) and right
        found = judge(PEERS / "xsoar_kuma.toml", out=folder / "xsoar", server=server)
        right = _told("XSOAR integration, everything", found) and right
        for mutant in MUTANTS:
            found = judge(broken(mutant, folder), out=folder / "mutant", server=server, only=[mutant.fails])
            noticed = found.verdicts == {mutant.fails: "fail"}
            print(
                f"XSOAR integration, {mutant.breaks}: {mutant.fails} {found.verdicts.get(mutant.fails)}",
                flush=True,
            )
            right = noticed and right
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
