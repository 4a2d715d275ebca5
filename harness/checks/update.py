"""UPD: whether an incident follows its alert while the alert is new."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from harness.oracle import doubled, each, events_wrong, exactly, misshown, missing, stale
from harness.pilot import lists_to_first_page
from harness.plugin import requirement
from harness.protocol import Feature, Polled
from harness.scene import APART_MS
from harness.verdict import Finding, demand, reached
from harness.world import LISTS, ago, now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.scene import Scene

#: Polls of a KUMA in which nothing happens.
_IDLE = 3


def _import(scene: Scene, ids: Sequence[str]) -> None:
    record = scene.settle(until=lambda record: not missing(record, ids))
    demand(exactly(record, new=ids, known=scene.world.made))


def _follow(scene: Scene, *alerts: str) -> None:
    """Let the connector settle, and demand that these alerts' incidents are up to date and whole."""
    truths = scene.world.truths(alerts)
    with_events = Feature.EVENTS in scene.features

    record = scene.settle(
        until=lambda record: not any(stale(record, truth, with_events=with_events) for truth in truths)
    )

    demand(
        *(stale(record, truth, with_events=with_events) for truth in truths),
        doubled(record),
        each(truths, record, events_wrong) if with_events else (),
        each(truths, record, misshown),
    )


def _grow(scene: Scene, alert: str, *stamps: dt.datetime) -> None:
    growth = scene.world.grow(alert, *stamps)
    reached(not growth.opened and growth.event_ids, "KUMA did not add the events to the alert")
    scene.note("KUMA", f"alert {alert} gets {len(stamps)} new events")


@requirement("UPD-01")
def check_growth(scene: Scene) -> None:
    """Add two events after the import."""
    ids = scene.world.generate(3, last_seen=ago(minutes=5))
    _import(scene, ids)

    _grow(scene, ids[1], ago(seconds=1), now())

    _follow(scene, *ids)


@requirement("UPD-01")
def check_growth_of_an_old_alert(scene: Scene) -> None:
    """Add events to an alert that was first seen two days ago, after newer ones were imported."""
    ids = scene.world.generate(2, last_seen=ago(days=2))
    ids += scene.world.generate(1, last_seen=ago(seconds=10))
    _import(scene, ids)

    _grow(scene, ids[1], ago(seconds=1), now())

    _follow(scene, *ids)


@requirement("UPD-02")
def check_growth_in_one_second(scene: Scene) -> None:
    """Add the second event of a second after the first was read."""
    second = ago(seconds=2).replace(microsecond=100_000)
    stamp = round(second.timestamp() * 1_000)
    ids = scene.world.add({"firstSeen": second, "lastSeen": second, "events": [{"Timestamp": stamp}]})
    _import(scene, ids)

    _grow(scene, ids[0], second + dt.timedelta(milliseconds=500))

    truth = scene.world.truth(ids[0])
    reached(truth.last_seen.replace(microsecond=0) == second.replace(microsecond=0), "lastSeen moved on")
    _follow(scene, *ids)


@requirement("UPD-03")
def check_union(scene: Scene) -> None:
    """Have one event, then two, then four."""
    ids = scene.world.generate(1, last_seen=ago(minutes=5))
    _import(scene, ids)
    for count in (1, 2):
        _grow(scene, ids[0], *(ago(seconds=place) for place in range(count)))
        _follow(scene, *ids)


@requirement("UPD-04")
def check_edits_survive(scene: Scene) -> None:
    """Let an analyst write, then KUMA."""
    ids = scene.world.generate(2, last_seen=ago(minutes=5))
    _import(scene, ids)
    wanted = {"owner": "Анна Ким", "notes": "Called the user.\nWaiting for an answer."}
    before = _written(scene, ids[1])
    refusal = scene.edit(ids[0], **wanted)
    demand([] if refusal is None else [Finding("stuck", f"edit was answered with {refusal}")])
    demand(_overwritten(scene, ids[1], before, "an edit of another incident"))

    _grow(scene, ids[0], now())
    _follow(scene, *ids)

    demand(_overwritten(scene, ids[0], wanted, "an update"))
    if Feature.MIRROR in scene.features:
        scene.world.change(ids[0], assignee="Борис Ли")
        scene.note("KUMA", f"alert {ids[0]} is assigned to another than the incident's owner")
        scene.settle()
        demand(_overwritten(scene, ids[0], wanted, "an assignment in KUMA"))
    if Feature.PERSIST in scene.features:
        scene.restart()
        demand(_overwritten(scene, ids[0], wanted, "a restart"))


def _written(scene: Scene, alert: str) -> dict[str, str | None]:
    """Return what the SOAR holds of its own about an alert."""
    [incident] = scene.look().held(alert)
    return {"owner": incident.owner, "notes": incident.notes}


def _overwritten(scene: Scene, alert: str, wanted: Mapping[str, str | None], by: str) -> list[Finding]:
    return [
        Finding(
            "overwritten",
            f"{by} changed the {name} of alert {alert}'s incident from {text!r} to {held!r}",
            f"{name}: {text}",
            f"{name}: {held}",
        )
        for incident in scene.look().held(alert)
        for name, text in wanted.items()
        if (held := getattr(incident, name)) != text
    ]


@requirement("UPD-05")
def check_two_updates(scene: Scene) -> None:
    """Let two of four grow, at different moments; each has a namesake."""
    ids = scene.world.add(
        *(
            {"name": f"Rule {place // 2}", "priority": priority, "lastSeen": ago(minutes=4 + place)}
            for place, priority in enumerate(("low", "medium", "high", "critical"))
        )
    )
    _import(scene, ids)

    _grow(scene, ids[1], ago(seconds=3))
    _grow(scene, ids[2], now())

    _follow(scene, *ids)


@requirement("UPD-06", lasts=3)
def check_growth_in_sweep(scene: Scene) -> None:
    """Let the oldest alert jump to the top right after the first page was read."""
    ids = scene.world.generate(501, last_seen=ago(minutes=5), spacing_ms=APART_MS)
    then = [{"method": "POST", "path": f"alerts/{ids[-1]}/events", "body": {"generate": 1}}]
    page = lists_to_first_page(scene.run)
    fault = scene.world.fault(LISTS, {"kind": "move", "then": then}, after=page - 1, times=1)
    scene.note("KUMA", f"right after the first page the oldest alert, {ids[-1]}, gets a new event")
    _import(scene, ids)

    reached(scene.world.fired(fault), "the connector asked for no list of alerts")
    _follow(scene, ids[-1])


@requirement("UPD-07")
def check_idle_polls(scene: Scene) -> None:
    """Poll three times while nothing happens."""
    ids = scene.world.generate(3, last_seen=ago(minutes=5))
    _import(scene, ids)
    # Once more: what a first reading has left to the next one is no update without a change.
    scene.poll()

    answers = [scene.poll() for _ in range(_IDLE)]

    told = [answer for answer in answers if isinstance(answer, Polled)]
    reached(told, "none of the polls succeeded")
    busy = [answer for answer in told if answer.created or answer.updated]
    sentence = f"nothing changed in KUMA, and {len(busy)} of {len(told)} polls said that something was new"
    demand([Finding("noise", sentence, "0 created, 0 updated", _said(one)) for one in busy[:1]])


def _said(answer: Polled) -> str:
    return f"{answer.created} created, {answer.updated} updated"
