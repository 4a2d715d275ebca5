"""Scenarios in a world: told at once, played in its time, and always the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mock_kuma import scenarios

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World

ATTACKS = ("brute-force", "phishing", "ransomware", "dns-exfiltration", "insider", "false-positive")
NOON = "2026-03-02T12:00:00Z"


def everything(world: World) -> bytes:
    """Return what a connector could see of a world, page by page, in bytes."""
    pages = [
        world.vendor("GET", f"/v3/alerts?withEvents&withAffected&page={page}").data for page in (1, 2, 3)
    ]
    return b"\n".join(pages)


@pytest.mark.parametrize("name", scenarios.names())
def test_a_story_told_twice_with_one_seed_gives_the_same_bytes(kuma: Kuma, name: str) -> None:
    """Whatever the scenario; only tokens and worlds differ."""
    told = [everything(kuma.world(seed="twice", clock=NOON, scenario=name)) for _ in range(2)]

    assert told[0] == told[1]


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_story_shows_every_technique_it_names(kuma: Kuma, name: str) -> None:
    """In the correlation events of its alerts, and no others."""
    world = kuma.world(scenario=name, clock=NOON)

    alerts = world.alerts("withEvents", "v3")

    shown = {one for alert in alerts for event in alert["events"] for one in event["Technique"].split(", ")}
    assert shown == set(scenarios.named(name).techniques)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_storys_alerts_share_their_people_and_machines(kuma: Kuma, name: str) -> None:
    """What an alert's events name is affected, and one asset or account is in several alerts."""
    world = kuma.world(scenario=name, clock=NOON)

    alerts = world.alerts("withEvents&withAffected", "v3")

    met: list[str] = []
    for alert in alerts:
        assets = {asset["id"] for asset in alert["affectedAssets"] or ()}
        named = {
            value
            for event in alert["events"]
            for base in event["BaseEvents"]
            for key, value in base.items()
            if key.endswith("AssetID")
        }
        assert named <= assets
        met += assets | {account["sAMAccountName"] for account in alert["affectedAccounts"] or ()}
    assert max(met.count(one) for one in met) >= 3


@pytest.mark.parametrize(
    ("name", "pages"),
    [("page-249", [249]), ("page-250", [250, 0]), ("page-251", [250, 1]), ("page-500", [250, 250, 0])],
)
def test_page_boundaries_are_where_their_names_say(kuma: Kuma, name: str, pages: list[int]) -> None:
    """A full page says nothing about whether another follows."""
    world = kuma.world(scenario=name)

    assert pages == [len(world.alerts(f"page={page}") or ()) for page in range(1, len(pages) + 1)]


def test_a_crowded_second_holds_more_than_a_page(kuma: Kuma) -> None:
    """Three hundred alerts with one lastSeen."""
    world = kuma.world(scenario="crowded-second")

    seen = [alert["lastSeen"] for page in (1, 2) for alert in world.alerts(f"page={page}")]

    assert max(seen.count(one) for one in seen) == 300


def test_a_full_alert_takes_no_more(kuma: Kuma) -> None:
    """It is marked, and what the rule fires afterwards is lost."""
    world = kuma.world(scenario="overflow")

    (full,) = [alert for alert in world.alerts("withEvents") if alert["name"].startswith("Firewall")]

    assert (full["overflow"], len(full["events"])) == (True, 400)


def test_a_told_story_ends_at_the_worlds_time(kuma: Kuma) -> None:
    """It lies in the past: the last step is now, the others before it; nothing is left to do."""
    world = kuma.world(scenario="ransomware", clock=NOON)

    history = [world.control("GET", f"alerts/{alert['id']}")["history"] for alert in world.alerts()]

    times = sorted(entry["at"] for entries in history for entry in entries)
    assert (times[0], times[-1]) == ("2026-03-02T11:27:00Z", NOON)
    assert world.control("GET", "agenda", status=200) == {"actions": []}
    assert world.control("GET", "clock")["now"] == NOON


def test_a_played_story_happens_as_the_clock_moves(kuma: Kuma) -> None:
    """At double speed: what is due is there when somebody looks, with the time at which it was due."""
    world = kuma.world(clock=NOON)
    world.control("POST", "scenarios", {"scenario": "ransomware", "speed": 2}, status=201)

    counts = [len(world.alerts())]
    for seconds in (11 * 60, 3 * 60, 60 * 60):
        world.control("POST", "clock/advance", {"seconds": seconds}, status=200)
        counts.append(len(world.alerts()))

    assert counts == [1, 2, 6, 8]
    assert world.alerts("status=assigned")[0]["name"] == "Windows. Mass file renaming (possible ransomware)"
    second = min(world.alerts(), key=lambda alert: alert["name"] != "Удаление теневых копий")
    assert second["lastSeen"] == "2026-03-02T12:14:00Z"


def test_a_played_story_happens_when_a_connector_asks(kuma: Kuma) -> None:
    """Nothing else needs to touch the world: by the system's clock, at a speed that ends it at once."""
    world = kuma.world()
    world.control("POST", "scenarios", {"scenario": "phishing", "speed": 1_000_000}, status=201)

    while world.control("GET", "agenda")["actions"]:
        world.vendor("GET", "/v1/alerts")

    assert len(world.alerts()) == 7


def test_told_and_played_leave_the_same(kuma: Kuma) -> None:
    """An hour of story before noon, at once or step by step."""
    told = kuma.world(scenario="brute-force", clock="2026-03-02T13:03:00Z")
    played = kuma.world(clock=NOON)
    played.control("POST", "scenarios", {"scenario": "brute-force", "speed": 1}, status=201)

    for _ in range(63):
        played.control("POST", "clock/advance", {"seconds": 60}, status=200)

    def plain(world: World) -> Any:
        return [
            {key: value for key, value in alert.items() if key not in {"id", "events"}}
            for alert in world.alerts("withAffected", "v3")
        ]

    assert plain(told) == plain(played)


def test_a_story_may_be_told_again(kuma: Kuma) -> None:
    """The second telling has ids of its own."""
    world = kuma.world(scenario="insider")

    world.control("POST", "scenarios", {"scenario": "insider"}, status=201)

    assert len({alert["id"] for alert in world.alerts()}) == len(world.alerts()) == 14


def test_scenarios_are_listed_with_their_steps(kuma: Kuma) -> None:
    """For a console to show."""
    listed = kuma.control("GET", "/scenarios", status=200)["scenarios"]

    assert [one["name"] for one in listed] == scenarios.names()
    ransomware = next(one for one in listed if one["name"] == "ransomware")
    assert (ransomware["seconds"], len(ransomware["steps"])) == (33 * 60, 10)


@pytest.mark.parametrize("name", ["nowhere", "../reference", "/etc/passwd"])
def test_only_shipped_scenarios_have_names(world: World, name: str) -> None:
    """A name is no path into the server's files."""
    answer = world.control("POST", "scenarios", {"scenario": name}, status=422)

    assert [error["path"] for error in answer["errors"]] == ["scenario"]


def test_an_agenda_is_dropped(kuma: Kuma) -> None:
    """What has happened stays."""
    world = kuma.world(clock=NOON)
    started = world.control("POST", "scenarios", {"scenario": "quiet", "speed": 1}, status=201)

    world.control("DELETE", "agenda", status=204)
    world.control("POST", "clock/advance", {"seconds": 86_400}, status=200)

    assert len(started["actions"]) == 7
    assert len(world.alerts()) == 1


def test_a_snapshot_keeps_what_is_still_to_happen(kuma: Kuma) -> None:
    """A world that is made from it goes on from there."""
    world = kuma.world(clock=NOON)
    world.control("POST", "scenarios", {"scenario": "quiet", "speed": 1}, status=201)
    snapshot = world.control("POST", "snapshots", {}, status=201)["snapshot"]
    made = kuma.control("POST", "/worlds", {"snapshot": snapshot}, status=201)

    kuma.control("POST", f"/worlds/{made['world']}/clock/advance", {"seconds": 86_400}, status=200)

    found = kuma.vendor("GET", "/v1/alerts", token=made["token"]).json
    assert len(json.loads(json.dumps(found))) == 5
    assert len(world.alerts()) == 1
