"""Worlds kept, started from, gone back to and compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World


def started(kuma: Kuma, world: World, snapshot: str) -> World:
    """Make a world from a snapshot."""
    made = kuma.control("POST", "/worlds", {"snapshot": snapshot}, status=201)
    return replace(world, id=made["world"], token=made["token"], tenant=made["tenant"])


def test_a_world_made_from_a_snapshot_is_the_same(kuma: Kuma) -> None:
    """Same data, ids and clock; a token of its own, an empty journal, no faults."""
    world = kuma.world(clock="2026-01-01T00:00:00Z")
    (first, *_) = world.generate(3, events=2)
    world.control("POST", "faults", {"action": {"kind": "status", "status": 500}, "times": 1}, status=201)
    snapshot = world.control("POST", "snapshots", status=201)["snapshot"]

    copy = started(kuma, world, snapshot)

    assert copy.journal() == []
    assert copy.control("GET", "faults", status=200) == {"faults": []}
    assert copy.token != world.token
    query = "/v1/alerts?withEvents&withAffected"
    world.vendor("GET", query)
    assert copy.vendor("GET", query).data == world.vendor("GET", query).data
    assert copy.control("GET", "clock", status=200) == {"now": "2026-01-01T00:00:00Z", "frozen": True}
    assert copy.control("GET", f"alerts/{first}") == world.control("GET", f"alerts/{first}")
    assert copy.generate(1) == world.generate(1)


def test_a_snapshot_does_not_follow_its_world(kuma: Kuma, world: World) -> None:
    """Whatever happens after it was taken, and it is no world that one could enter."""
    world.generate(1)
    snapshot = world.control("POST", "snapshots", status=201)["snapshot"]
    world.generate(1)

    assert len(started(kuma, world, snapshot).alerts()) == 1
    assert snapshot not in [one["world"] for one in kuma.control("GET", "/worlds", status=200)["worlds"]]


def test_a_world_goes_back(world: World) -> None:
    """Contents and clock are those of the snapshot, the token goes on working."""
    (alert_id,) = world.generate(1)
    snapshot = world.control("POST", "snapshots", status=201)["snapshot"]
    world.control("PATCH", f"alerts/{alert_id}", {"status": "closed"}, status=200)
    world.generate(2)

    summary = world.control("POST", "restore", {"snapshot": snapshot}, status=200)

    assert summary["alerts"]["new"] == 1
    assert [(alert["id"], alert["status"]) for alert in world.alerts()] == [(alert_id, "new")]


def test_two_states_are_compared(world: World) -> None:
    """What came, what went, what changed from what to what."""
    kept, closed = world.generate(2)
    snapshot = world.control("POST", "snapshots", status=201)["snapshot"]
    world.control("PATCH", f"alerts/{closed}", {"status": "closed"}, status=200)
    (new,) = world.generate(1)

    found = world.control("GET", f"diff?from={snapshot}", status=200)

    assert (found["added"], found["removed"]) == ([new], [])
    assert found["changed"] == {
        closed: {"status": ["new", "closed"], "closing_reason": ["", "responded"], "version": [1, 2]}
    }
    assert kept not in found["changed"]


def test_what_is_no_snapshot_is_not_found(kuma: Kuma, world: World) -> None:
    """Nor can a world be taken for one; a deleted snapshot is gone."""
    snapshot = world.control("POST", "snapshots", status=201)["snapshot"]

    kuma.control("DELETE", f"/snapshots/{snapshot}", status=204)

    for name in (snapshot, world.id, "nothing"):
        kuma.control("POST", "/worlds", {"snapshot": name}, status=404)
        world.control("POST", "restore", {"snapshot": name}, status=404)
    kuma.control("POST", "/worlds", {"snapshot": "x", "seed": 1}, status=422)
    world.control("GET", "diff", status=422)
