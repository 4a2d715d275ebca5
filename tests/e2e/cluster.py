"""``make cluster``: three servers on one PostgreSQL behind a balancer, under load, one of them killed.

Two closers fight over the alerts of each world, readers page through them, and in the middle a whole server
dies by SIGKILL. Then KUMA's own books are compared with what the clients were told: no closing that was
acknowledged is lost, none is done twice, no page shows what was already closed when it was asked for, and
each journal is numbered without a gap. The balancers' files are those of ``deploy/``, with other addresses.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from mock_kuma import tls
from mock_kuma.ports import reserve
from tests import postgres
from tests.e2e.crowd import Crowd

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOY = Path(__file__).parents[2] / "deploy"
SERVERS = ("11", "12", "13")  # the last number of their addresses in the files
CONTROL_TOKEN = "cluster-control"
SECRETS = {
    "MOCK_KUMA_TOKEN": "cluster-token",
    "MOCK_KUMA_CONTROL_TOKEN": CONTROL_TOKEN,
    "MOCK_KUMA_PASSWORD": "cluster-password",
}
START_SECONDS = 120


@dataclass
class Server:
    """One of the servers: its whole process group, and where it listens once it is ready."""

    process: subprocess.Popen[bytes]
    folder: Path
    vendor: int = 0
    console: int = 0

    def wait_ready(self) -> None:
        """Wait until both listeners accept."""
        end = time.monotonic() + START_SECONDS
        ready = self.folder / "ready.json"
        while not ready.exists():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "a server was not ready"
            time.sleep(0.05)
        told = json.loads(ready.read_text())
        self.vendor, self.console = (int(told[name].rpartition(":")[2]) for name in ("api", "console"))

    def kill(self) -> None:
        """End it as a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def start(store: str, folder: Path) -> Server:
    """Start one server."""
    folder.mkdir()
    command = [sys.executable, "-m", "mock_kuma.cli", "serve", "--no-tls", "--port", "0"]
    command += ["--console-port", "0", "--data-folder", str(folder)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--ready-file", str(folder / "ready.json")],
            env={**os.environ, "MOCK_KUMA_STORE": store, **SECRETS},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Server(process, folder)


@contextlib.contextmanager
def servers(store: str, folder: Path) -> Iterator[list[Server]]:
    """Run the three servers, which find an empty database all at once."""
    started = [start(store, folder / name) for name in SERVERS]
    try:
        for server in started:
            server.wait_ready()
        yield started
    finally:
        for server in started:
            if server.process.poll() is None:
                server.process.terminate()
        for server in started:
            server.process.wait(20)


def adapted(text: str, found: list[Server], ports: dict[str, int], certificate: Path) -> str:
    """Return a balancer's file with the addresses, ports and certificate of this run."""
    changes = {"0.0.0.0:7223": f"127.0.0.1:{ports['api']}", "127.0.0.1:7220": f"127.0.0.1:{ports['console']}"}
    text = text.replace("maxconn 20000", "maxconn 500")  # fewer file descriptors; nginx has no such line
    for name, server in zip(SERVERS, found, strict=True):
        # HAProxy asks the vendor port's servers on their consoles; nginx has no such line.
        checked = f"10.0.0.{name}:7223 check port "
        text = text.replace(f"{checked}7220", f"{checked}{server.console}")
        changes[f"10.0.0.{name}:7223"] = f"127.0.0.1:{server.vendor}"
        changes[f"10.0.0.{name}:7220"] = f"127.0.0.1:{server.console}"
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    text, count = re.subn(r"/etc/(haproxy|nginx)/kuma\.pem", str(certificate), text)
    assert count, "the file names no certificate"
    return text


@contextlib.contextmanager
def balancer(kind: str, found: list[Server], folder: Path) -> Iterator[tuple[str, str, str]]:
    """Run HAProxy or nginx; yields the URLs of vendor API and console, and the CA file."""
    certificate = tls.server_certificate(folder, "127.0.0.1")
    with reserve("127.0.0.1", 0) as one, reserve("127.0.0.1", 0) as other:
        ports = {"api": one.getsockname()[1], "console": other.getsockname()[1]}
    name = {"haproxy": "haproxy.cfg", "nginx": "nginx.conf"}[kind]
    text = adapted((DEPLOY / name).read_text(), found, ports, certificate.chain_file)
    if kind == "nginx":
        # Where this user may write.
        text = text.replace("/run/nginx.pid", f"{folder}/nginx.pid")
        kept = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "".join(f"    {one}_temp_path {folder}/nginx-{one};\n" for one in kept)
        text = text.replace("http {\n", f"http {{\n{paths}")
    file = folder / name
    file.write_text(text)
    command = ["haproxy", "-db", "-f", str(file)]
    if kind == "nginx":
        command = ["nginx", "-g", "daemon off;", "-p", str(folder), "-c", str(file)]
    with (folder / "balancer.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        console = f"http://127.0.0.1:{ports['console']}"
        wait_for_two_answers(console, process, folder / "balancer.log")
        yield f"https://127.0.0.1:{ports['api']}", console, str(certificate.ca_file)
    finally:
        process.terminate()
        process.wait(20)


def wait_for_two_answers(console: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the balancer passes requests on."""
    end = time.monotonic() + START_SECONDS
    answered = 0
    while answered < 2:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, "the balancer reaches no server"
        with contextlib.suppress(httpx.HTTPError):
            control(console, "GET", "/worlds")
            answered += 1
        time.sleep(0.1)


def control(console: str, method: str, path: str, body: Any = None) -> Any:
    """Do one control action through the balancer; return the answer's JSON."""
    headers = {"Authorization": f"Bearer {CONTROL_TOKEN}"}
    response = httpx.request(
        method, f"{console}/control/v1{path}", json=body, headers=headers, timeout=60, trust_env=False
    )
    return response.raise_for_status().json()


def kill_one(server: Server, crowd: Crowd, number: int) -> None:
    """Kill a server once so many closings were acknowledged."""
    crowd.wait_closed(number)
    server.kill()


def run(kind: str, *, alerts: int, worlds: int) -> list[str]:
    """Run the whole story with one balancer; return what is wrong."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cluster")))
        folder.chmod(0o755)  # nginx's workers are nobody
        store = stack.enter_context(postgres.running(durable=True))
        found = stack.enter_context(servers(store, folder))
        api, console, ca_file = stack.enter_context(balancer(kind, found, folder))
        made = [control(console, "POST", "/worlds", {"seed": seed}) for seed in range(worlds)]
        for world in made:
            wanted = {"generate": {"count": alerts, "events": 2}}
            answer = control(console, "POST", f"/worlds/{world['world']}/alerts", wanted)
            world["alerts"] = answer["ids"]
        crowd = Crowd(api, ca_file, made)
        kill = threading.Thread(target=kill_one, args=(found[1], crowd, alerts * worlds // 3))
        kill.start()
        started = time.monotonic()
        crowd.work()
        seconds = time.monotonic() - started
        kill.join()
        print(f"{kind}: {crowd.told(seconds)}", flush=True)
        wrong = list(crowd.wrong)
        for world in made:
            journal = control(console, "GET", f"/worlds/{world['world']}/journal")["exchanges"]
            truth = control(console, "GET", f"/worlds/{world['world']}")["alerts"]
            wrong += crowd.compared(world, journal, truth)
        return wrong


def main() -> int:
    """Run the story with each balancer; exit code 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("balancers", nargs="*", default=["haproxy", "nginx"], metavar="haproxy|nginx")
    parser.add_argument("--alerts", type=int, default=150, help="in each world")
    parser.add_argument("--worlds", type=int, default=2)
    options = parser.parse_args()
    missing = [name for name in options.balancers if shutil.which(name) is None]
    if missing or postgres.BINARIES is None:
        lacking = " ".join(missing + ["postgresql"] * (postgres.BINARIES is None))
        print(f"missing on this machine; on Debian: apt-get install {lacking}", file=sys.stderr)
        return 2
    failed = False
    for kind in options.balancers:
        wrong = run(kind, alerts=options.alerts, worlds=options.worlds)
        failed = failed or bool(wrong)
        for sentence in wrong or ["no closing lost or doubled, pages and journals consistent"]:
            print(f"{kind}: {sentence}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
