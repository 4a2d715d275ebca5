"""A ClickHouse server that a test starts for itself; ``python -m tests.clickhouse.server`` runs tests on it.

The machine's own ``clickhouse-server``, on loopback, in a folder of its own, as nobody if it were root.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Names the server on which the mock's tests search for events; without it the mock searches itself.
VARIABLE: Final = "TEST_CLICKHOUSE"
_PLACES: Final = "/usr/sbin:/usr/bin:/usr/local/bin"
BINARY: Final = shutil.which("clickhouse-server") or shutil.which("clickhouse-server", path=_PLACES)
_START_SECONDS: Final = 60
#: The tests of what a search answers, over HTTP; the rest of the suite knows nothing of it.
_TESTS: Final = ("tests/mock_kuma/api/test_events.py", "tests/mock_kuma/console/test_events.py")

_CONFIG: Final = """<?xml version="1.0"?>
<yandex>
  <logger><level>error</level><console>true</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>{port}</http_port>
  <path>{folder}/data/</path>
  <tmp_path>{folder}/tmp/</tmp_path>
  <mark_cache_size>67108864</mark_cache_size>
  <users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
</yandex>
"""
_USERS: Final = """<?xml version="1.0"?>
<yandex>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <soar>
      <password>secret</password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </soar>
  </users>
</yandex>
"""


@contextmanager
def running() -> Iterator[str]:
    """Run a ClickHouse for a while; yields its address."""
    assert BINARY is not None, "this starts a ClickHouse; on Debian: apt-get install clickhouse-server"
    folder = Path(tempfile.mkdtemp(prefix="clickhouse-"))
    user = "nobody" if os.geteuid() == 0 else None
    port = _free_port()
    (folder / "config.xml").write_text(_CONFIG.format(port=port, folder=folder), encoding="utf-8")
    (folder / "users.xml").write_text(_USERS, encoding="utf-8")
    for name in ("data", "tmp"):
        (folder / name).mkdir()
    if user:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, user)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [BINARY, f"--config-file={folder}/config.xml"],
            stdout=log,
            stderr=subprocess.STDOUT,
            user=user,
            cwd=folder,
        )
        try:
            _wait(process, port, folder / "log")
            yield f"clickhouse://soar:secret@127.0.0.1:{port}/default"
        finally:
            process.kill()
            process.wait()
            shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"ClickHouse did not start: {log.read_text(errors='replace')[-2_000:]}")


def main() -> int:
    """Run the tests of the event search, or those that are named, on ClickHouse."""
    with running() as server:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "--numprocesses", "2", *(sys.argv[1:] or _TESTS)],
            env={**os.environ, VARIABLE: server},
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
