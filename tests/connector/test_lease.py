"""Two instances on one database: one cycle at a time, and a killed holder holds nobody up."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from connector import lease as module
from connector.errors import Busy
from connector.lease import Lease
from connector.store import Store, in_folder
from tests.connector.fake_kuma import Clock, FakeKuma, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

#: Another process that takes the lease, says so, and never gives it back.
HOLDER = """
import sys, time
from pathlib import Path
from connector.lease import Lease
from connector.store import Store, in_folder
Lease(Store(in_folder(Path(sys.argv[1]))), "cycle", clock=time.time).take(3600)
print("taken", flush=True)
time.sleep(60)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A database."""
    found = Store(in_folder(tmp_path))
    yield found
    found.close()


def test_a_lease_has_one_holder_until_it_is_given_back(store: Store) -> None:
    """The other is told for how long; what one holds, it may prolong."""
    clock = Clock()
    first, second = (Lease(store, "cycle", clock=clock) for _ in range(2))
    first.take(60)
    clock.now += 20
    first.take(60)

    with pytest.raises(Busy, match="try again in 60 s"):
        second.take(60)
    Lease(store, "handler", clock=clock).take(60)
    second.give_back()
    with pytest.raises(Busy):
        second.take(60)
    first.give_back()

    second.take(60)


def test_a_lease_that_ran_out_is_taken_over(store: Store) -> None:
    """And is not given back by whoever had it before."""
    clock = Clock()
    first, second = (Lease(store, "cycle", clock=clock) for _ in range(2))
    first.take(60)
    clock.now += 61

    second.take(60)

    first.give_back()
    with pytest.raises(Busy):
        first.take(60)


def test_a_killed_process_is_succeeded_at_once(store: Store, tmp_path: Path) -> None:
    """Not before it is dead, and not only when an hour is over."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        mine = Lease(store, "cycle", clock=Clock())
        with pytest.raises(Busy):
            mine.take(60)
        process.kill()
        # Dead, and not even waited for.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

        mine.take(60)


def test_of_another_machine_nothing_is_known(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that no process has here may be one there: its lease counts to the end."""
    monkeypatch.setattr(module, "_machine", lambda: "another")
    theirs = Lease(store, "cycle", clock=Clock())
    theirs.holder = theirs.holder.replace(f"/{os.getpid()}/", "/999999999/")
    theirs.take(60)
    monkeypatch.undo()

    with pytest.raises(Busy):
        Lease(store, "cycle", clock=Clock()).take(60)


def test_two_instances_do_not_run_a_cycle_at_once(tmp_path: Path) -> None:
    """The second is told so, sends nothing, and runs when the first has ended, though that failed."""
    kuma = FakeKuma()
    kuma.add("a", 100)
    first, second = connect(kuma, tmp_path), connect(kuma, tmp_path)
    sent: list[int] = []

    def meanwhile(_request: httpx.Request) -> None:
        kuma.before = lambda _: None
        before = len(kuma.requests)
        with pytest.raises(Busy):
            second.poll()
        sent.append(len(kuma.requests) - before)

    kuma.before = meanwhile
    counts = [first.poll().created, second.poll().created]

    assert (sent, counts) == ([0], [1, 0])
    assert [one.alert_id for one in second.incidents.every()] == ["a"]
    for sync in (first, second):
        sync.stop()
