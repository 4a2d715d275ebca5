"""Work that is more than one cycle has time for: every cycle goes on where the last one stopped."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from connector import transport as transport_module
from connector.errors import ConnectorError, OutOfTime, Unsettled
from tests.connector.fake_kuma import Clock, FakeKuma, connect, held

if TYPE_CHECKING:
    from pathlib import Path

    import httpx


def slow(kuma: FakeKuma, clock: Clock, seconds: float) -> None:
    """Let every request take so long."""

    def wait(_: httpx.Request) -> None:
        clock.now += seconds

    kuma.before = wait


def test_a_backlog_is_read_in_as_many_cycles_as_it_takes(tmp_path: Path) -> None:
    """Six pages, two a cycle, with a restart between them; the mark moves when all were read."""
    kuma, clock = FakeKuma(now=10_000), Clock()
    for n in range(1_300):
        kuma.add(f"a{n}", n * 6)
    slow(kuma, clock, 3)
    marks: list[int | None] = []
    while not marks or marks[-1] is None:
        sync = connect(kuma, tmp_path, clock=clock, deadline_seconds=11)
        with contextlib.suppress(OutOfTime):
            sync.poll()
        marks.append(sync.ledger.mark())
        sync.stop()

    sync = connect(kuma, tmp_path, clock=clock)
    assert marks[:-1] == [None, None]
    assert set(held(sync)) == set(kuma.alerts)
    assert sync.ledger.unfinished() is None


def test_what_moves_between_two_parts_of_a_reading_is_not_lost(tmp_path: Path) -> None:
    """An alert that the rest of the window would have brought grows, and is at the top by then."""
    kuma, clock = FakeKuma(now=1_000), Clock()
    for n in range(900):
        kuma.add(f"a{n}", 100 + n)
    slow(kuma, clock, 3)
    sync = connect(kuma, tmp_path, clock=clock, deadline_seconds=11)
    with pytest.raises(OutOfTime):
        sync.poll()
    assert "a10" not in held(sync)

    kuma.now = 1_100
    kuma.grow("a10", 1_090)
    kuma.before = lambda _: None
    sync.poll()

    assert held(sync)["a10"][1] == ["a10-1", "a10-2"]
    assert set(held(sync)) == set(kuma.alerts)


def test_all_open_incidents_are_looked_at_in_turn(tmp_path: Path) -> None:
    """More than one cycle can look at: none waits for ever."""
    kuma, clock = FakeKuma(now=200_000), Clock()
    for n in range(450):
        kuma.add(f"a{n:03}", 100 + n)
    kuma.add("newest", 199_000)
    sync = connect(kuma, tmp_path, clock=clock)
    sync.poll()
    for alert in kuma.alerts.values():
        alert.assignee = "Petrov"
    slow(kuma, clock, 3)

    ended = []
    for _ in range(3):
        sync = connect(kuma, tmp_path, clock=clock, deadline_seconds=12)
        try:
            sync.poll()
            ended.append("whole")
        except OutOfTime:
            ended.append("cut")

    assert ended[0] == "cut"
    assert {one.alert["assignee"] for one in sync.incidents.every()} == {"Petrov"}


def test_nothing_is_sent_after_the_deadline(tmp_path: Path) -> None:
    """A request that cannot be answered in time is not begun."""
    kuma, clock = FakeKuma(), Clock()
    for n in range(600):
        kuma.add(f"a{n}", n)
    slow(kuma, clock, 100)
    sync = connect(kuma, tmp_path, clock=clock, deadline_seconds=12)

    with pytest.raises(ConnectorError) as caught:
        sync.poll()

    assert (len(kuma.requests), caught.value.retryable) == (1, True)


def test_a_page_that_is_too_large_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its alerts come by id, as many at a time as can be held."""
    kuma = FakeKuma()
    for n in range(40):
        kuma.add(f"a{n}", n).events.append("x" * 1_000)
    monkeypatch.setattr(transport_module, "MAX_BODY", 20_000)
    sync = connect(kuma, tmp_path)

    counts = sync.poll()

    assert (counts.created, counts.odd) == (40, 0)
    assert held(sync)["a7"] == ("open", ["a7-1", "x" * 1_000])


def test_one_alert_that_is_too_large_is_shown_without_its_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its neighbours are whole, and the cycle says that something is missing."""
    kuma = FakeKuma()
    kuma.add("small", 1)
    kuma.add("huge", 2).events += [f"{n:0900}" for n in range(20)]
    monkeypatch.setattr(transport_module, "MAX_BODY", 10_000)
    sync = connect(kuma, tmp_path)

    counts = sync.poll()

    assert (counts.created, counts.odd) == (2, 1)
    assert held(sync) == {"small": ("open", ["small-1"]), "huge": ("open", [])}


def test_a_second_that_never_settles_is_not_said_to_be_read(tmp_path: Path) -> None:
    """The cycle ends with an error, and the mark stays."""
    kuma = FakeKuma()
    for n in range(300):
        kuma.add(f"a{n}", 500)

    def stir(_: httpx.Request) -> None:
        kuma.add(f"b{len(kuma.alerts)}", 500)

    kuma.before = stir
    sync = connect(kuma, tmp_path)

    with pytest.raises(Unsettled, match="differ at every look"):
        sync.poll()
    assert sync.ledger.mark() is None
    kuma.before = lambda _: None
    sync.poll()

    assert set(held(sync)) == set(kuma.alerts)
