"""What a request costs: processor time of the mock and of its database, on SQLite and on PostgreSQL.

Processor time and not speed, so that the figures hold on a machine that has other things to do as well; what
a machine carries is its cores divided by them. ``python -m tests.bench.cost``; docs/scale.md has the results.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from sqlalchemy import create_engine, make_url, text

from mock_kuma import running
from tests import postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALERTS, EVENTS = 1_000, 10
#: How often each is sent.
REQUESTS = {
    "poll that finds nothing": 300,
    "one alert by id, with events": 300,
    "page of 250 alerts, 10 events": 30,
    "close an alert": 300,
}
TICK = os.sysconf("SC_CLK_TCK")


def processes() -> dict[int, tuple[int, float]]:
    """Return every process's parent, and its processor time in seconds, its dead children's included."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            fields = stat.read_text().rpartition(")")[2].split()
            found[int(stat.parent.name)] = (int(fields[1]), sum(map(int, fields[11:15])) / TICK)
    return found


def spent(root: int, *, itself: bool) -> float:
    """Return the processor time of a process's descendants, and of itself if that is wanted."""
    known = processes()
    family, added = {root}, True
    while added:
        more = {pid for pid, (parent, _) in known.items() if parent in family} - family
        family |= more
        added = bool(more)
    return sum(known[pid][1] for pid in family if itself or pid != root)


@contextlib.contextmanager
def store(kind: str) -> Iterator[tuple[str, Callable[[], float]]]:
    """Make a store; yields its address, and what its own server has spent so far."""
    if kind == "SQLite":
        with tempfile.TemporaryDirectory(prefix="cost") as folder:
            yield f"sqlite:///{folder}/mock.db", lambda: 0.0
        return
    with postgres.running(durable=True) as address:
        socket_folder = str(make_url(address).query["host"])
        number = int((Path(socket_folder) / "data" / "postmaster.pid").read_text().splitlines()[0])
        yield address, lambda: spent(number, itself=True)


def send(http: httpx.Client, what: str, alert: str) -> None:
    """Send one request of a kind."""
    if what == "close an alert":
        response = http.post("/alerts/close", json={"id": alert, "reason": "responded"})
    else:
        query = {
            "poll that finds nothing": "status=new&from=2100-01-01T00:00:00Z",
            "one alert by id, with events": f"id={alert}",
            "page of 250 alerts, 10 events": "status=new",
        }[what]
        response = http.get(f"/alerts/?withEvents&{query}")
    assert response.is_success, response.text


def measure(kind: str) -> None:
    """Measure every kind of request on one store, and print a line for each."""
    with store(kind) as (address, database_spent), running("--no-tls", "--store", address) as kuma:
        world = kuma.world(seed=1)
        # By and by, since one answer has to come in a minute.
        alerts = [one for _ in range(ALERTS // 100) for one in world.generate(100, events=EVENTS)]
        headers = {"Authorization": f"Bearer {world.token}"}
        with httpx.Client(
            base_url=f"{world.url}/api/v1", headers=headers, timeout=60, trust_env=False
        ) as http:
            for what, number in REQUESTS.items():
                for alert in alerts[-5:]:
                    send(http, "one alert by id, with events", alert)  # to get warm
                before = spent(os.getpid(), itself=False), database_spent()
                for alert in alerts[:number]:
                    send(http, what, alert)
                after = spent(os.getpid(), itself=False), database_spent()
                mock, database = ((b - a) * 1000 / number for a, b in zip(before, after, strict=True))
                print(
                    f"{kind:<12}{what:<32}{mock:>8.2f}{database:>10.2f}{mock + database:>10.2f}", flush=True
                )
        if kind == "PostgreSQL":
            sizes(address)


def sizes(address: str) -> None:
    """Print what rows cost on the disk of a PostgreSQL, indexes included."""
    engine = create_engine(make_url(address).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        for table in ("journal", "alerts", "events"):
            size = text(f"select pg_total_relation_size('{table}'), count(*) from {table}")
            total, rows = connection.execute(size).one()
            print(f"PostgreSQL  {table}: {total / rows:,.0f} bytes a row, of {rows:,}", flush=True)
    engine.dispose()


def main() -> int:
    """Measure and print."""
    print(f"{'store':<12}{'request':<32}{'mock':>8}{'database':>10}{'together':>10}   ms of processor time")
    for kind in ("SQLite", "PostgreSQL"):
        measure(kind)
    return 0


if __name__ == "__main__":
    sys.exit(main())
