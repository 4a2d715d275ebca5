"""DEDUP: whether each alert is one incident, and each incident one alert."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from harness.oracle import doubled, exactly, invented, lost, missing
from harness.pilot import lists_to_first_page
from harness.plugin import requirement
from harness.scene import APART_MS, WEEK
from harness.verdict import Finding, demand, reached
from harness.world import LISTS, ago, now, rfc3339

if TYPE_CHECKING:
    from harness.oracle import Record
    from harness.scene import Scene


def _import(scene: Scene, ids: list[str]) -> Record:
    """Let the connector import these alerts, once."""
    record = scene.settle(until=lambda record: not missing(record, ids))
    demand(exactly(record, new=ids, known=scene.world.made))
    return record


def _poll_on(scene: Scene, ids: list[str]) -> None:
    """Poll three times more, and demand the same incidents."""
    demand(exactly(scene.settle(), new=ids, known=scene.world.made))


#: Ages of alerts in minutes: some inside of any overlap or memory, and some outside.
_AGES = (0.1, 0.5, 2, 4, 8, 14, 25, 50, 100, 240, 700, 1_400, 2_900, 5_800)


@requirement("DEDUP-01", lasts=2)
@pytest.mark.parametrize("how", ["five at once", "spread over days", "more than two pages"])
def check_second_poll(scene: Scene, how: str) -> None:
    """Change nothing, and poll on."""
    match how:
        case "five at once":
            ids = scene.world.generate(5, last_seen=now())
        case "spread over days":
            ids = scene.world.add(*({"lastSeen": ago(minutes=age)} for age in _AGES))
        case _:
            ids = scene.world.generate(501, last_seen=now(), spacing_ms=10)
    _import(scene, ids)

    _poll_on(scene, ids)


@requirement("DEDUP-02")
def check_empty_poll_between(scene: Scene) -> None:
    """Let the token lose sight of the tenant for one poll."""
    elsewhere = scene.world.add_tenant("Empty office")
    user = scene.world.add_user("SOAR", scene.world.tenant, elsewhere)
    token = scene.world.give_token(user)
    scene.secrets.append(token)
    scene.start(token=token)
    ids = scene.world.generate(5, last_seen=ago(seconds=10))
    _import(scene, ids)

    scene.world.give_roles(user, elsewhere)
    scene.note("KUMA", "the token's user has no role in the tenant of the alerts any more")
    scene.poll()
    blind = [exchange for poll, exchange in scene.exchanges if poll == scene.polls and exchange.is_list]
    reached(blind and not any(exchange.served for exchange in blind), "no empty list was served")
    demand(lost(scene.look(), ids))
    scene.world.give_roles(user, scene.world.tenant, elsewhere)
    scene.note("KUMA", "the role is back")
    ids += scene.world.generate(1, last_seen=now())

    record = scene.settle()
    demand(lost(record, ids), doubled(record), invented(record, scene.world.made))


@requirement("DEDUP-03")
def check_restart(scene: Scene) -> None:
    """Kill the process between two polls."""
    ids = scene.world.generate(5, last_seen=now())
    _import(scene, ids)

    scene.restart()

    demand(exactly(scene.look(), new=ids, known=scene.world.made))
    _poll_on(scene, ids)


@requirement("DEDUP-04")
@pytest.mark.parametrize("how", ["grown", "re-rated"])
def check_change(scene: Scene, how: str) -> None:
    """Change an alert between polls, three times, while it stays new."""
    ids = scene.world.add(*({"lastSeen": ago(minutes=5), "priority": "medium"} for _ in range(3)))
    _import(scene, ids)
    for priority in ("high", "critical", "low"):
        if how == "grown":
            scene.world.grow(ids[1], now())
            scene.note("KUMA", f"alert {ids[1]} gets a new event")
        else:
            scene.world.change(ids[1], priority=priority)
            scene.note("KUMA", f"alert {ids[1]} is rated {priority}")
        scene.settle(until=lambda _: True)

    _poll_on(scene, ids)


@requirement("DEDUP-05")
def check_equal_but_id(scene: Scene) -> None:
    """Have twins in one tenant, and namesakes in two."""
    at = ago(minutes=5)
    alike = {"name": "Password spraying", "priority": "high", "firstSeen": at, "lastSeen": at}
    rule = str(UUID(int=7, version=4))
    tenant = scene.world.add_tenant("Branch office")
    stem = "6f1d2c3b-4a59-4e68-8b7c-9d0e1f2a3b4"
    ids = scene.world.add(
        *({**alike, "id": f"{stem}{last}", "correlationRuleID": rule} for last in "0123"),
        {**alike, "correlationRuleID": rule, "tenantID": tenant},
        {**alike, "correlationRuleID": rule},
    )

    _import(scene, ids)
    _poll_on(scene, ids)


@requirement("DEDUP-06", lasts=3)
def check_shift_down(scene: Scene) -> None:
    """Let a new alert appear on top right after the first page was read."""
    ids = scene.world.generate(501, last_seen=ago(minutes=5), spacing_ms=APART_MS)
    late = "0a1b2c3d-4e5f-4a6b-8c7d-8e9f0a1b2c3d"
    body = {"alerts": [{"id": late, "lastSeen": rfc3339(now())}]}
    then = [{"method": "POST", "path": "alerts", "body": body}]
    page = lists_to_first_page(scene.run)
    fault = scene.world.fault(LISTS, {"kind": "move", "then": then}, after=page - 1, times=1)
    scene.note("KUMA", "right after the first page a new alert appears on top")
    expected = [late, *ids]

    scene.settle(until=lambda record: not missing(record, expected))
    record = scene.settle(until=lambda _: True)

    reached(scene.world.fired(fault), "the connector asked for no list of alerts")
    demand(exactly(record, new=expected, known=[*scene.world.made, late]))


@requirement("DEDUP-07")
@pytest.mark.parametrize("status", ["assigned", "closed"])
def check_successor(scene: Scene, status: str) -> None:
    """Let the rule of a frozen alert fire again."""
    first, other = scene.world.generate(2, last_seen=ago(minutes=5))
    _import(scene, [first, other])
    scene.world.change(first, status=status)
    scene.note("KUMA", f"alert {first} is {status}")
    scene.settle(until=lambda _: True)

    growth = scene.world.grow(first, now())
    reached(growth.opened, "KUMA did not open a new alert")
    scene.note("KUMA", f"its rule fires again: alert {growth.alert} is opened")

    record = scene.settle()
    demand(lost(record, [growth.alert, other]), doubled(record), invented(record, scene.world.made))


@requirement("DEDUP-08")
def check_another_instance(scene: Scene) -> None:
    """Let one process serve two installations, one after the other."""
    shared = "1c2d3e4f-5a6b-4c7d-8e9f-0a1b2c3d4e5f"
    first = [*scene.world.add({"id": shared, "lastSeen": ago(seconds=5)}), *scene.world.generate(2)]
    _import(scene, first)

    scene.move_to_another_world()
    # The alerts there are older than everything seen here: a mark that is shared skips them.
    there = [
        *scene.world.add({"id": shared, "lastSeen": ago(hours=5)}),
        *scene.world.generate(2, last_seen=ago(hours=6)),
    ]
    refusal = scene.configure(state_dir=str(scene.state_dir("other")))
    if refusal is not None:
        told = f"configure with another state_dir was answered with {refusal}"
        demand([Finding("stuck", told, "{}", "an error")])
    demand(invented(scene.look(), []))

    _import(scene, there)


@requirement("DEDUP-09")
def check_new_settings(scene: Scene) -> None:
    """Configure it anew with the same state_dir: another token, another look-back."""
    user = scene.world.add_user("SOAR", scene.world.tenant)
    ids = scene.world.generate(5, last_seen=ago(minutes=5))
    ids += scene.world.generate(2, last_seen=ago(days=3))
    _import(scene, ids)

    token = scene.world.give_token(user)
    scene.secrets.append(token)
    refusal = scene.configure(token=token, lookback_seconds=2 * WEEK)

    told = f"configure with another token and look-back was answered with {refusal}"
    demand([] if refusal is None else [Finding("stuck", told, "{}", "an error")])
    demand(exactly(scene.look(), new=ids, known=scene.world.made))
    ids += scene.world.generate(1, last_seen=now())
    _import(scene, ids)
    _poll_on(scene, ids)
