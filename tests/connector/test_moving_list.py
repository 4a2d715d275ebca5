"""The house's simulation: a list that moves between any two requests, read by the real connector."""

from __future__ import annotations

import contextlib
import random
import tempfile
from pathlib import Path

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import OutOfTime
from tests.connector.fake_kuma import Clock, FakeKuma, connect


def change(kuma: FakeKuma, chance: random.Random) -> None:
    """Let one thing happen in KUMA."""
    key = chance.choice(list(kuma.alerts))
    alert = kuma.alerts[key]
    action = chance.randrange(4)
    if action == 0:
        kuma.add(f"a{len(kuma.alerts)}", kuma.now)
    elif action == 1 and alert.status == "new":
        kuma.grow(key, kuma.now)
    elif action == 2 and alert.status == "new":
        alert.status, alert.assignee = "assigned", "Petrov"
    elif alert.status != "closed":
        alert.status = "closed"


@given(seed=st.integers(0, 2**32), crowded=st.booleans(), calm=st.floats(0, 0.9), hurry=st.booleans())
@settings(max_examples=25, deadline=None)
def test_nothing_is_lost_doubled_or_stale(seed: int, *, crowded: bool, calm: float, hurry: bool) -> None:
    """Alerts appear, grow, are assigned and closed between requests; in the end the SOAR is right.

    In a hurry no cycle has time for more than three requests.
    """
    chance = random.Random(seed)
    clock = Clock()
    kuma = FakeKuma(now=10_000)
    for n in range(chance.choice([200, 260, 700])):
        kuma.add(f"a{n}", 9_000 + (chance.random() * 3 if crowded else chance.random() * 900))

    def move(_: httpx.Request) -> httpx.Response | None:
        kuma.now += chance.random() * 2
        clock.now += 3 if hurry else 0
        for _step in range(chance.randrange(12)):
            if chance.random() >= calm:
                change(kuma, chance)
        return httpx.Response(500) if chance.random() < 0.02 else None

    with tempfile.TemporaryDirectory() as folder:
        sync = connect(kuma, Path(folder), clock=clock, deadline_seconds=11 if hurry else 60)
        kuma.before = move
        for _ in range(3):
            with contextlib.suppress(OutOfTime):
                sync.poll()
        kuma.before = lambda _: None
        sync.poll()
        incidents = {one.alert_id: one for one in sync.incidents.every()}
        sync.stop()

    assert set(incidents) == set(kuma.alerts)
    for key, alert in kuma.alerts.items():
        found = incidents[key]
        assert set(found.event_ids) == set(alert.events)
        assert found.status == ("closed" if alert.status == "closed" else "open")
        assert (found.alert["kuma_status"], found.alert["assignee"]) == (alert.status, alert.assignee)
