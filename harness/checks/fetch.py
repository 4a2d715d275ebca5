"""FETCH: whether every new alert arrives, whole.

Rule: alerts that exist before the first poll lie anywhere in the window; whatever appears later is newer
than what was served, and a few seconds old at most, so that no marking by data or by clock with a sound
overlap is accused.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from harness.oracle import doubled, each, exactly, invented, lost, misshown, missing
from harness.pilot import lists_to_first_page
from harness.plugin import requirement
from harness.scene import APART_MS, WEEK
from harness.verdict import Failure, demand, reached
from harness.world import LISTS, ago, now

if TYPE_CHECKING:
    from harness.scene import Scene

_MONTH = 30 * 24 * 3600
#: How long after the answer the process is killed, in seconds: while it keeps what it was served, or after.
_MOMENTS = (0.0, 0.02, 0.05, 0.1, 0.2)
#: How close to the far end of the window a check goes: the clock runs on while it is played.
_MARGIN = 600


def _settled(scene: Scene, ids: list[str]) -> None:
    """Let the connector settle, and demand exactly these incidents."""
    record = scene.settle(until=lambda record: not missing(record, ids))
    demand(exactly(record, new=ids, known=scene.world.made))


@requirement("FETCH-01")
def check_empty_list(scene: Scene) -> None:
    """Have nothing there, then an alert whose rule fired just before the last empty answer."""
    record = scene.settle()
    demand(exactly(record, new=[], known=[]))
    fired = ago(seconds=2)
    scene.settle(until=lambda _: True)

    _settled(scene, scene.world.generate(1, last_seen=fired))


@requirement("FETCH-02")
@pytest.mark.parametrize("count", [1, 249])
def check_one_page(scene: Scene, count: int) -> None:
    """Fill a part of a page."""
    _settled(scene, scene.world.generate(count, last_seen=ago(minutes=5)))


@requirement("FETCH-02")
def check_new_tenant(scene: Scene) -> None:
    """Open a branch office after the first poll, with an alert of its own."""
    ids = scene.world.generate(1, last_seen=ago(minutes=5))
    _settled(scene, ids)
    tenant = scene.world.add_tenant("Branch office")
    scene.note("KUMA", "a tenant is added")

    ids += scene.world.generate(1, last_seen=now(), tenant=tenant)

    _settled(scene, ids)


@requirement("FETCH-03")
@pytest.mark.parametrize("count", [250, 251, 500])
def check_full_page(scene: Scene, count: int) -> None:
    """Fill a page, and have one alert more."""
    _settled(scene, scene.world.generate(count, last_seen=ago(minutes=5)))


@requirement("FETCH-04", lasts=3)
@pytest.mark.parametrize("count", [501, 1_251])
def check_several_pages(scene: Scene, count: int) -> None:
    """Fill two pages or five, and have one alert more."""
    spacing = APART_MS * 501 // count  # five days and a few hours in all: inside the first window
    _settled(scene, scene.world.generate(count, last_seen=ago(minutes=5), spacing_ms=spacing))


@requirement("FETCH-05", lasts=2)
@pytest.mark.parametrize("spacing", [0, 1], ids=["same instant", "same second"])
def check_crowded_second(scene: Scene, spacing: int) -> None:
    """Fill one second with more alerts than two pages hold."""
    second = ago(minutes=5).replace(microsecond=900_000)
    _settled(scene, scene.world.generate(501, last_seen=second, spacing_ms=spacing))


@requirement("FETCH-06", lasts=2)
def check_burst(scene: Scene) -> None:
    """Start quietly, then raise more than a page at once, within the last quarter of a minute."""
    first = scene.world.generate(1, last_seen=ago(minutes=10))
    _settled(scene, first)

    # The 250th of them is in the middle of a second, with others before and behind it.
    newest = ago(seconds=1).replace(microsecond=950_000)
    burst = scene.world.generate(300, last_seen=newest, spacing_ms=50)

    _settled(scene, [*first, *burst])


@requirement("FETCH-07")
@pytest.mark.parametrize("later_ms", [0, 400], ids=["same instant", "same second"])
def check_same_second_later(scene: Scene, later_ms: int) -> None:
    """Raise the second alert of a second after the first was read."""
    second = ago(seconds=2).replace(microsecond=200_000)
    first = scene.world.generate(1, last_seen=second)
    _settled(scene, first)

    later = second.replace(microsecond=second.microsecond + later_ms * 1_000)
    other = scene.world.generate(1, last_seen=later)

    _settled(scene, [*first, *other])


@requirement("FETCH-08", lasts=3)
@pytest.mark.parametrize("how", ["closed", "assigned", "grown"])
def check_moving_seam(scene: Scene, how: str) -> None:
    """Move three alerts of the first page right after it was read."""
    ids = scene.world.generate(501, last_seen=ago(minutes=5), spacing_ms=APART_MS)
    moved = [ids[20], ids[120], ids[220]]
    steps: dict[str, tuple[str, str, dict[str, Any]]] = {
        "closed": ("PATCH", "", {"status": "closed", "closing_reason": "responded"}),
        "assigned": ("PATCH", "", {"assignee": "Analyst"}),
        "grown": ("POST", "/events", {"generate": 1}),
    }
    method, below, body = steps[how]
    then = [{"method": method, "path": f"alerts/{alert}{below}", "body": body} for alert in moved]
    page = lists_to_first_page(scene.run)
    fault = scene.world.fault(LISTS, {"kind": "move", "then": then}, after=page - 1, times=1)
    scene.note("KUMA", f"right after the first page {len(moved)} alerts of the first page are {how}")
    new = ids if how == "grown" else [alert for alert in ids if alert not in moved]

    record = scene.settle(until=lambda record: not missing(record, new))

    reached(scene.world.fired(fault), "the connector asked for no list of alerts")
    demand(exactly(record, new=new, known=scene.world.made))


@requirement("FETCH-09")
@pytest.mark.parametrize("lookback", [WEEK, _MONTH], ids=["7 days", "30 days"])
def check_look_back(scene: Scene, lookback: int) -> None:
    """Have alerts at both ends of the first window."""
    scene.start(lookback_seconds=lookback)
    old = scene.world.generate(2, last_seen=ago(seconds=lookback - _MARGIN))
    fresh = scene.world.generate(2, last_seen=ago(seconds=30))

    _settled(scene, [*old, *fresh])


@requirement("FETCH-10")
@pytest.mark.parametrize("zone", ["Asia/Kamchatka", "America/St_Johns"])
def check_time_zone(scene: Scene, zone: str) -> None:
    """Run the connector far in the east, and half an hour off in the west."""
    scene.start(environment={"TZ": zone})
    old = scene.world.generate(1, last_seen=ago(seconds=WEEK - _MARGIN))
    fresh = scene.world.generate(1, last_seen=ago(seconds=5))
    _settled(scene, [*old, *fresh])

    later = scene.world.generate(1, last_seen=now())

    _settled(scene, [*old, *fresh, *later])
    demand(each(scene.world.truths([*old, *fresh, *later]), scene.look(), misshown))


@requirement("FETCH-14", lasts=3)
def check_killed_in_sweep(scene: Scene) -> None:
    """Kill the process between the first page and the second."""
    ids = scene.world.generate(501, last_seen=ago(minutes=5), spacing_ms=APART_MS)
    fault = scene.world.fault(LISTS, {"kind": "silence"}, after=lists_to_first_page(scene.run))
    scene.note("KUMA", "answers the first page, and is silent on the next")

    scene.kill_during_poll(lambda: scene.world.fired(fault) > 0)
    scene.world.lift()
    scene.restart()

    _settled(scene, ids)


@requirement("FETCH-14", lasts=5)
@pytest.mark.parametrize("when", ["soon after the answer"])
def check_killed_after_answer(scene: Scene, when: str) -> None:
    """Kill the process several times soon after new alerts were served, wherever in its work that is."""
    expected = scene.world.generate(3, last_seen=ago(minutes=5))
    _settled(scene, expected)
    for moment in _MOMENTS:
        fresh = scene.world.generate(40, last_seen=now(), spacing_ms=1)
        scene.note("harness", f"the next kill comes {when}, {moment * 1_000:g} ms")
        scene.kill_during_poll(partial(_served, scene, fresh[-1]), wait=moment)
        scene.restart()
        expected += fresh

    record = scene.settle(until=lambda record: not missing(record, expected))

    wrong = exactly(record, new=expected, known=scene.world.made)
    if wrong:
        # The moment is never the same twice, so a loss need not be either: one is proof.
        raise Failure(wrong, confirmed=True)


def _served(scene: Scene, alert: str) -> bool:
    """Whether an alert was in an answer since the last poll that is on record."""
    since = max(exchange.seq for _, exchange in scene.exchanges)
    return any(served.alert == alert for sent in scene.world.journal(since=since) for served in sent.served)


@requirement("FETCH-17")
def check_future(scene: Scene) -> None:
    """Raise an alert dated ahead, and ordinary ones after it."""
    ahead = scene.world.generate(1, last_seen=ago(hours=-2))
    first = scene.world.generate(1, last_seen=ago(seconds=30))
    record = scene.settle(until=lambda record: not missing(record, first))
    demand(lost(record, first), doubled(record))

    later = scene.world.generate(2, last_seen=now())

    # Whether the one from the future is imported before its time is left open.
    expected = [*first, *later]
    record = scene.settle(until=lambda record: not missing(record, expected))
    demand(lost(record, expected), doubled(record), invented(record, [*ahead, *expected]))
