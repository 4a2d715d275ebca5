"""FETCH: whether every new alert arrives, whole.

Rule: alerts that exist before the first poll lie anywhere in the window; whatever appears later is newer
than what was served, and a few seconds old at most, so that no marking by data or by clock with a sound
overlap is accused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.oracle import affected, doubled, each, events_wrong, exactly, invented, lost, misshown, missing
from harness.pilot import lists_to_first_page
from harness.plugin import requirement
from harness.scene import APART_MS, SETTLING, WEEK
from harness.verdict import demand, reached
from harness.world import LISTS, ago, now

if TYPE_CHECKING:
    from harness.protocol import Incident
    from harness.scene import Scene

_MONTH = 30 * 24 * 3600
#: How close to the far end of the window a check goes: the clock runs on while it is played.
_MARGIN = 600
NAMES = {
    "cyrillic": "Подозрительная активность: вход в нерабочее время — ёжик",
    "emoji": "Ransomware 🔥 on host 👩\u200d💻 café e\u0301 ﬁ",
    "html": "<img src=x onerror=alert(1)> & \"quoted\" 'single' </script>",
    "regex": r"C&C (stage #2) [50%+] ^a.b*c?$ \d+ {x|y} /path\to",
}


def _settled(scene: Scene, ids: list[str]) -> None:
    """Let the connector settle, and demand exactly these incidents."""
    record = scene.settle(until=lambda record: not missing(record, ids))
    demand(exactly(record, new=ids, known=scene.world.made))


@requirement("FETCH-01")
def check_empty_list(scene: Scene) -> None:
    """Have nothing there, then one alert."""
    record = scene.settle()
    demand(exactly(record, new=[], known=[]))

    _settled(scene, scene.world.generate(1, last_seen=now()))


@requirement("FETCH-02")
@pytest.mark.parametrize("count", [1, 249])
def check_one_page(scene: Scene, count: int) -> None:
    """Fill a part of a page."""
    _settled(scene, scene.world.generate(count, last_seen=ago(minutes=5)))


@requirement("FETCH-03")
@pytest.mark.parametrize("count", [250, 251, 500])
def check_full_page(scene: Scene, count: int) -> None:
    """Fill a page, and have one alert more."""
    _settled(scene, scene.world.generate(count, last_seen=ago(minutes=5)))


@requirement("FETCH-04", lasts=2)
def check_several_pages(scene: Scene) -> None:
    """Fill two pages, and have one alert more."""
    _settled(scene, scene.world.generate(501, last_seen=ago(minutes=5), spacing_ms=APART_MS))


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

    burst = scene.world.generate(300, last_seen=now(), spacing_ms=50)

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


@requirement("FETCH-11")
@pytest.mark.parametrize("odd", ["nulls", "unknown priority", "missing fields"])
def check_odd_record(scene: Scene, odd: str) -> None:
    """Put a record that nobody expects between healthy ones."""
    oddities: dict[str, dict[str, Any]] = {
        "nulls": {"sent_as": dict.fromkeys(("tenantName", "assignee", "closingReason", "events"))},
        "unknown priority": {"sent_as": {"priority": "informational"}},
        "missing fields": {"omit": ["assignee", "closingReason", "overflow", "events", "tenantName"]},
    }
    newer = scene.world.generate(3, last_seen=ago(minutes=5))
    [strange] = scene.world.add({"lastSeen": ago(minutes=6), "name": "Odd record", **oddities[odd]})
    older = scene.world.generate(3, last_seen=ago(minutes=7))
    scene.note("KUMA", f"one of seven alerts is odd: {odd}")

    # Whether the odd one is imported, refused or told as an error of the cycle is left open.
    for _ in range(SETTLING):
        scene.poll()

    record = scene.look()
    demand(lost(record, [*newer, *older]))
    reached(strange in record.seen, "the odd record was in no answer")


@requirement("FETCH-12")
def check_events(scene: Scene) -> None:
    """Have an alert without events, one with one, and one with many."""
    ids = [
        scene.world.generate(1, events=count, last_seen=ago(minutes=5 + count))[0] for count in (0, 1, 120)
    ]

    _settled(scene, ids)

    demand(each(scene.world.truths(ids), scene.look(), events_wrong))


@requirement("FETCH-13")
@pytest.mark.parametrize("kind", sorted(NAMES))
def check_names(scene: Scene, kind: str) -> None:
    """Use a name that breaks careless code."""
    ids = scene.world.add({"name": NAMES[kind], "lastSeen": ago(minutes=5)})

    _settled(scene, ids)

    demand(each(scene.world.truths(ids), scene.look(), misshown))


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


@requirement("FETCH-15")
def check_facts(scene: Scene) -> None:
    """Have four alerts that share nothing."""
    priorities = ("low", "medium", "high", "critical")
    tenant = scene.world.add_tenant("Branch office")
    ids = scene.world.add(
        *(
            {
                "name": f"Rule of {priority} priority",
                "priority": priority,
                "firstSeen": ago(hours=5 + place, minutes=7 * place),
                "lastSeen": ago(minutes=20 + 13 * place, seconds=17 * place),
                "tenantID": tenant if place % 2 else scene.world.tenant,
                "overflow": priority == "critical",
            }
            for place, priority in enumerate(priorities)
        )
    )

    _settled(scene, ids)

    demand(each(scene.world.truths(ids), scene.look(), misshown))


@requirement("FETCH-16")
def check_affected(scene: Scene) -> None:
    """Have an alert with assets and an account, and one without."""
    assets = [{"id": f"5e1f0a2b-3c4d-4e5f-8a6b-7c8d9e0f1a2{last}", "name": f"host-{last}"} for last in "01"]
    account = {"displayName": "Anna Kim", "upn": "a.kim@example.com", "sAMAccountName": "a.kim"}
    ids = scene.world.add(
        {"lastSeen": ago(minutes=5), "affectedAssets": assets, "affectedAccounts": [account]},
        {"lastSeen": ago(minutes=6), "affectedAssets": [], "affectedAccounts": []},
    )
    _settled(scene, ids)

    record = scene.look()
    wanted = {asset["id"] for asset in assets}
    for alert, some in zip(ids, (True, False), strict=True):
        [incident] = record.held(alert)
        held = set(incident.assets or [])
        demand(
            affected(alert, "assets", wanted if some else set(), held),
            # Which of an account's names is its name is left open.
            affected(alert, "accounts", {"one"} if some else set(), _accounts(incident, account)),
        )


def _accounts(incident: Incident, account: dict[str, str]) -> set[str]:
    return {"one" if name in account.values() else name for name in incident.accounts or []}


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
