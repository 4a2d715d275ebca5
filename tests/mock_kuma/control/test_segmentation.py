"""Segmentation rules: events that match go into an alert of their own (REST API, 7.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.mock_kuma.conftest import started
from tests.mock_kuma.control.test_filling import fire, grows, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.mock_kuma.conftest import Kuma, World


@pytest.fixture(scope="module")
def kuma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kuma]:
    """One mock for all; each test makes worlds of its own."""
    with started(tmp_path_factory.mktemp("segmentation")) as mock:
        yield mock


def segmentation(world: World, rule: str, **options: Any) -> str:
    """Add a segmentation rule; return its id."""
    body = {"name": "Admins", "correlation_rule": rule, **options}
    return str(world.control("POST", "segmentation-rules", body, status=201)["id"])


@pytest.mark.parametrize("by", ["rule-1", "Brute force"])
@pytest.mark.parametrize("release", ["1.6", "3.2", "4.0"])
def test_a_segmentation_rule_has_an_alert_of_its_own(kuma: Kuma, release: str, by: str) -> None:
    """Named after itself, with the correlation rule's id; what it does not match stays where it was."""
    world = kuma.world(kuma_version=release)
    version = "v3" if release == "4.0" else "v1"
    (alert,) = world.raise_alerts({"name": "Brute force", "correlationRuleID": "rule-1"})
    segmentation(world, by, selector={"SourceUserName": "admin", "DestinationPort": 22})

    both = fire(
        world,
        alert,
        {"ID": "a", "SourceUserName": "admin", "DestinationPort": 22},
        {"ID": "b", "SourceUserName": "admin", "DestinationPort": 80},
    )
    again = fire(world, alert, {"ID": "c", "SourceUserName": "admin", "DestinationPort": 22})

    (own,) = world.alerts("name=^Admins$&withEvents", version)
    assert (both["opened"], both["alert"], again["opened"], again["alert"]) == (True, alert, False, own["id"])
    assert own["correlationRuleID"] == "rule-1"
    assert [event["ID"] for event in own["events"]] == ["a", "c"]
    assert {event["CorrelationRuleName"] for event in own["events"]} == {"Brute force"}
    assert [event["ID"] for event in shown(world, alert, version)["events"]][1:] == ["b"]


def test_segments_of_one_rule_live_apart(world: World) -> None:
    """Closing the segment's alert opens another of its name, and leaves the rule's own alert growing."""
    (alert,) = world.raise_alerts({"name": "Brute force"})
    segmentation(world, "Brute force", selector={"SourceUserName": "admin"})
    admin = {"SourceUserName": "admin"}
    first = fire(world, alert, admin)["alert"]
    world.vendor("POST", "/v1/alerts/close", {"id": first, "reason": "responded"})

    second = fire(world, alert, admin)

    assert (second["opened"], shown(world, second["alert"])["name"]) == (True, "Admins")
    assert len({alert, first, second["alert"]}) == 3
    assert grows(world, alert)


def test_another_rules_alerts_are_not_segmented(world: World) -> None:
    """A segmentation rule is linked to one correlation rule; without it nothing is set apart."""
    (alert,) = world.raise_alerts({"name": "Phishing"})
    segmentation(world, "Brute force", selector={})

    assert grows(world, alert)


def test_a_segmentation_rule_limits_the_events_of_its_alert(kuma: Kuma) -> None:
    """In 4.0: at its limit a new alert of the same name and another id takes the next."""
    world = kuma.world(kuma_version="4.0")
    (alert,) = world.raise_alerts({"name": "Brute force"})
    segmentation(world, "Brute force", events_limit=2)

    receipt = fire(world, alert, *({} for _ in range(5)))

    sizes = {one["id"]: len(one["events"]) for one in world.alerts("name=^Admins$&withEvents", "v3")}
    assert sorted(sizes.values()) == [1, 2, 2]
    assert sizes[receipt["alert"]] == 1
    assert not any(one["overflow"] for one in world.alerts("", "v3"))


def test_before_4_0_a_segmentation_rule_has_no_limit(kuma: Kuma) -> None:
    """422; nothing is stored."""
    world = kuma.world(kuma_version="3.4")
    body = {"name": "Admins", "correlation_rule": "Brute force", "events_limit": 2}

    world.control("POST", "segmentation-rules", body, status=422)

    assert world.control("GET", "segmentation-rules") == {"rules": []}
