"""KUMA's clock is put back under a connector that reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.connector.fake_kuma import FakeKuma, connect, held

if TYPE_CHECKING:
    from pathlib import Path


def test_nothing_is_lost_when_kumas_clock_is_put_back(tmp_path: Path) -> None:
    """What happens from then on is older than what was read, and is read all the same."""
    kuma = FakeKuma(now=500_000)
    kuma.add("before", 499_990)
    sync = connect(kuma, tmp_path)
    sync.poll()

    for hour in range(3):
        kuma.now = 400_000 + 3_600 * hour
        # Not the last moment before the cycle: the time between two cycles is longer than a window's overlap.
        kuma.add(f"after {hour}", kuma.now - 3_000)
        sync.poll()
    asked = len(kuma.requests)
    sync.poll()

    assert set(held(sync)) == set(kuma.alerts)
    assert len(kuma.requests) - asked <= 2  # everything is as before, and no cycle reads all again
