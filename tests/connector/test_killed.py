"""The process dies at every request and at every commit; a new one with the same folder ends right."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from connector.store import Store
from tests.connector.fake_kuma import Clock, FakeKuma, connect, held

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


def world() -> FakeKuma:
    """One page more than full would do no more here: pages are killed between in `test_sync`."""
    kuma = FakeKuma(now=2_000)
    for n in range(5):
        kuma.add(f"a{n:03}", n)
    return kuma


@pytest.mark.parametrize("after_commit", [False, True])
def test_a_kill_at_any_commit_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, after_commit: bool
) -> None:
    """Before or after the commit of any transaction of a cycle with a closing on its way."""
    begin = Store.begin
    left = [10**9]

    @contextlib.contextmanager
    def deadly(self: Store) -> Iterator[Any]:
        left[0] -= 1
        if left[0] == 0 and not after_commit:
            with contextlib.suppress(ZeroDivisionError), begin(self) as connection:
                yield connection
                raise ZeroDivisionError  # rolls back
            raise Killed
        with begin(self) as connection:
            yield connection
        if left[0] == 0:
            raise Killed

    monkeypatch.setattr(Store, "begin", deadly)
    for death in range(1, 60):
        kuma = world()
        folder = tmp_path / str(death)
        sync = connect(kuma, folder)
        left[0] = death
        with contextlib.suppress(Killed):
            sync.poll()
            kuma.alerts["a000"].status = "closed"
            kuma.grow("a001", 1_990)
            sync.close("a002", "incorrect data")
            sync.poll()
        survived = left[0] > 0
        left[0] = 10**9
        sync.stop()

        kuma.alerts["a000"].status = "closed"
        later = Clock()
        later.now += 200  # what the dead one held has run out
        sync = connect(kuma, folder, clock=later)
        sync.poll()
        sync.poll()

        found = {key: (status, set(events)) for key, (status, events) in held(sync).items()}
        right = {
            key: ("closed" if alert.status == "closed" else "open", set(alert.events))
            for key, alert in kuma.alerts.items()
        }
        assert found == right
        assert sync.outbox.pending() == []
        sync.stop()
        if survived:
            return
    pytest.fail("the cycle has more commits than were tried")


def test_a_closing_that_was_written_down_survives(tmp_path: Path) -> None:
    """Killed when the request leaves: the next cycle sends it, once."""
    kuma = world()
    sync = connect(kuma, tmp_path)
    sync.poll()

    def die(_: object) -> None:
        raise Killed

    kuma.before = die
    with contextlib.suppress(Killed):
        sync.close("a002", "incorrect data")
    sync.stop()
    kuma.before = lambda _: None
    kuma.requests.clear()
    sync = connect(kuma, tmp_path)
    sync.poll()
    sync.poll()

    assert [request.method for request in kuma.requests].count("POST") == 1
    assert held(sync)["a002"][0] == kuma.alerts["a002"].status == "closed"
