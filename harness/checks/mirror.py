"""CLOSE: whether what others change in KUMA arrives, and nothing goes back out by itself.

Rule: only ``mirror`` makes an incident follow its alert beyond ``new``; without it nothing is asked here but
that a poll closes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.oracle import doubled, each, events_wrong, exactly, misshown, missing
from harness.plugin import requirement
from harness.verdict import Finding, demand, reached
from harness.world import ago, now

if TYPE_CHECKING:
    from harness.facts import Truth
    from harness.protocol import Incident
    from harness.scene import Scene


#: More incidents than are looked at in one go.
_CROWD = 120


def _import(scene: Scene, count: int, *, days_old: float = 0) -> list[str]:
    ids = scene.world.generate(count, last_seen=ago(days=days_old, minutes=5))
    record = scene.settle(until=lambda record: not missing(record, ids))
    demand(exactly(record, new=scene.world.made, known=scene.world.made))
    return ids


@requirement("CLOSE-06")
def check_no_echo(scene: Scene) -> None:
    """Close, assign and escalate in KUMA, and poll."""
    closed, assigned, escalated, other = _import(scene, 4)
    scene.world.change(closed, status="closed", closing_reason="incorrect data")
    scene.world.change(assigned, assignee="Analyst")
    scene.world.change(escalated, status="escalated")
    scene.note("KUMA", f"{closed} is closed, {assigned} assigned, {escalated} escalated")

    record = scene.settle()

    sent = [exchange for _, exchange in scene.exchanges if exchange.is_close]
    demand(
        [
            Finding(
                "echo",
                f"a poll sent a close to KUMA, which nobody had asked for: {exchange.body or ''}",
                "no close",
                f"answered {exchange.status}",
            )
            for exchange in sent
        ],
        exactly(record, new=[other], known=scene.world.made),
    )


def _mirrored(scene: Scene, alerts: list[str]) -> list[Finding]:
    """Let the connector settle, and judge that the incidents tell what KUMA knows."""
    truths = scene.world.truths(alerts)

    def judge(truth: Truth, incident: Incident) -> list[Finding]:
        found = misshown(truth, incident)
        if (
            incident.close_reason
            and truth.status == "closed"
            and incident.close_reason != truth.closing_reason
        ):
            sentence = (
                f"the incident of alert {truth.id} has close_reason {incident.close_reason!r}, "
                f"KUMA has {truth.closing_reason!r}"
            )
            found.append(Finding("wrong", sentence, truth.closing_reason, incident.close_reason, 49))
        return found

    record = scene.settle(until=lambda record: not each(truths, record, judge))
    return [*each(truths, record, judge), *doubled(record)]


@requirement("CLOSE-07")
def check_remote_close(scene: Scene) -> None:
    """Close in KUMA what no window of recent changes shows, and look at the incident."""
    scene.world.generate(1, last_seen=ago(minutes=1))
    ids = _import(scene, 3, days_old=4)
    scene.world.change(ids[1], status="closed", closing_reason="incorrect correlation rule")
    scene.note("KUMA", f"alert {ids[1]} is closed as 'incorrect correlation rule'")

    demand(_mirrored(scene, ids))


@requirement("CLOSE-07")
def check_remote_close_of_an_assigned_alert(scene: Scene) -> None:
    """Assign and escalate in KUMA, poll, and close there."""
    scene.world.generate(1, last_seen=ago(minutes=1))
    assigned, escalated, other = ids = _import(scene, 3, days_old=4)
    scene.world.change(assigned, assignee="Анна Ким")
    scene.world.change(escalated, status="escalated")
    scene.note("KUMA", f"{assigned} is assigned, {escalated} escalated; {other} stays")
    demand(_mirrored(scene, ids))
    for alert in (assigned, escalated):
        scene.world.change(alert, status="closed", closing_reason="incorrect data")
    scene.note("KUMA", f"{assigned} and {escalated} are closed")

    demand(_mirrored(scene, ids))


@requirement("CLOSE-07", lasts=2)
def check_remote_close_among_many(scene: Scene) -> None:
    """Close a few of more assigned alerts than one request asks for by id."""
    scene.world.generate(1, last_seen=ago(minutes=1))
    ids = _import(scene, _CROWD, days_old=4)
    for alert in ids:
        scene.world.change(alert, assignee="Анна Ким")
    scene.note("KUMA", f"all {_CROWD} alerts are assigned")
    scene.settle(until=lambda _: True)
    # The ends of every order in which they may be looked at.
    closed = sorted({ids[0], ids[-1], min(ids), max(ids)})
    for alert in closed:
        scene.world.change(alert, status="closed", closing_reason="responded")
    scene.note("KUMA", f"{len(closed)} of {_CROWD} alerts are closed")

    demand(_mirrored(scene, closed))


@requirement("CLOSE-08")
def check_remote_changes(scene: Scene) -> None:
    """Assign, escalate and re-rate in KUMA, and look at the incidents."""
    scene.world.generate(1, last_seen=ago(minutes=1))
    assigned, escalated, rated, other = ids = _import(scene, 4, days_old=4)
    scene.world.change(assigned, assignee="Анна Ким")
    scene.world.change(escalated, status="escalated")
    priority = "low" if scene.world.truth(rated).priority != "low" else "critical"
    scene.world.change(rated, priority=priority)
    scene.note(
        "KUMA", f"{assigned} is assigned, {escalated} escalated, {rated} rated {priority}; {other} stays"
    )

    demand(_mirrored(scene, ids))
    scene.world.change(assigned, assignee="")
    scene.note("KUMA", f"{assigned} is taken from its assignee")

    demand(_mirrored(scene, ids))


@requirement("CLOSE-09")
def check_growth_then_close(scene: Scene) -> None:
    """Let an alert grow and be closed in KUMA between two polls."""
    scene.world.generate(1, last_seen=ago(minutes=1))
    ids = _import(scene, 2)
    growth = scene.world.grow(ids[0], ago(seconds=1), now())
    reached(not growth.opened, "KUMA did not add the events to the alert")
    scene.world.change(ids[0], status="closed", closing_reason="responded")
    scene.note("KUMA", f"alert {ids[0]} gets two new events, and is closed")
    truth = scene.world.truth(ids[0])

    record = scene.settle(
        until=lambda record: not any(events_wrong(truth, incident) for incident in record.held(ids[0]))
    )

    demand(each([truth], record, misshown), each([truth], record, events_wrong))
