"""A PostgreSQL that a test starts for itself; ``python -m tests.postgres`` runs the tests of the mock on it.

The server is the machine's own ``initdb`` and ``postgres``, on a Unix socket in a folder of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, make_url, text

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Names the server on which the mock's tests make their databases; without it they use SQLite.
VARIABLE = "TEST_POSTGRES"
FOLDERS = [Path(shutil.which("initdb") or "/nowhere").parent, *Path("/usr/lib/postgresql").glob("*/bin")]
#: They break the SQLite file with their own hands.
OF_THE_FILE = (
    "tests/mock_kuma/control/test_health.py::test_a_server_without_its_store_lives_and_is_not_ready",
    "tests/mock_kuma/test_store_trouble.py::test_an_answer_that_cannot_be_written_down_is_not_given",
    "tests/mock_kuma/test_store_trouble.py::test_every_port_says_what_is_wrong",
)
BINARIES = next((folder for folder in FOLDERS if (folder / "initdb").exists()), None)


@contextmanager
def running(*, durable: bool = False) -> Iterator[str]:
    """Run a PostgreSQL for a while; yields its address. ``durable``: commits wait for the disk."""
    assert BINARIES is not None, "this starts a PostgreSQL; on Debian: apt-get install postgresql"
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short, since a socket's path must be
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    subprocess.run(
        [str(BINARIES / "initdb"), "-D", str(data), "-U", "soar", "-A", "trust", "--no-sync", "-E", "UTF8"],
        check=True,
        capture_output=True,
        user=user,
        cwd=folder,
    )
    options = (
        f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync={'on' if durable else 'off'}"
    )
    control = [str(BINARIES / "pg_ctl"), "-D", str(data), "-w"]
    start = [*control, "-l", str(folder / "log"), "-o", options, "start"]
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder)
    try:
        yield f"postgresql://soar@/postgres?host={folder}"
    finally:
        stop = [*control, "-m", "immediate", "stop"]
        subprocess.run(stop, check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder)
        shutil.rmtree(folder)


def command(server: str, sentence: str) -> None:
    """Carry out one command of the server, which no transaction may hold."""
    address = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(sentence))
    engine.dispose()


@contextmanager
def database(server: str, options: str = "") -> Iterator[str]:
    """Make an empty database; yields its address, and drops it at the end."""
    name = f"test_{uuid.uuid4().hex}"
    command(server, f"create database {name} {options}")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        command(server, f"drop database {name} with (force)")


def main() -> int:
    """Run the mock's tests, or those that are named, on PostgreSQL."""
    paths = sys.argv[1:] or ["tests/mock_kuma"]
    left_out = [f"--deselect={name}" for name in OF_THE_FILE]
    with running() as server:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "--numprocesses", "auto", *left_out, *paths],
            env={**os.environ, VARIABLE: server},
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
