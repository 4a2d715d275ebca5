"""Alerts raised, grown and changed: KUMA's life cycle (REST API, 7) as the control API shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World


def test_given_fields_stay_as_given(world: World) -> None:
    """What a test gives in the vendor's spelling is what the vendor API sends."""
    given = {
        "id": "a-1",
        "name": "Имя <b>правила</b>",
        "correlationRuleID": "rule-1",
        "priority": "critical",
        "status": "assigned",
        "assignee": "Иванова",
        "closingReason": "incorrect data",
        "overflow": True,
        "firstSeen": "2026-01-01T00:00:00Z",
        "lastSeen": "2026-01-02T00:00:00Z",
    }
    event = {
        "ID": "e-1",
        "Timestamp": 1767225600000,
        "Message": "\x00\x1b[31m",
        "DeviceCustomNumber1": 2**63 - 1,
    }
    world.raise_alerts({**given, "events": [event]})

    (alert,) = world.alerts("withEvents")

    assert {key: alert[key] for key in given} == given
    assert {key: alert["events"][0][key] for key in event} == event


def test_the_answer_keeps_the_order_given(world: World) -> None:
    """Ids come back as they were given, generated ones in between."""
    ids = world.raise_alerts({"id": "z"}, {}, {"id": "a"})

    assert (ids[0], ids[2], len(set(ids))) == ("z", "a", 3)


def test_an_id_is_taken_once_in_a_world(world: World) -> None:
    """For alerts and events; nothing of the refused call stays."""
    world.raise_alerts({"id": "a", "events": [{"ID": "e"}]})

    world.control("POST", "alerts", {"alerts": [{"id": "b"}, {"id": "a"}]}, status=409)
    world.control("POST", "alerts", {"alerts": [{"id": "b"}, {"id": "b"}]}, status=409)
    world.control("POST", "alerts", {"alerts": [{"id": "b", "events": [{"ID": "e"}]}]}, status=409)
    world.control("POST", "alerts/a/events", {"events": [{"ID": "e"}]}, status=409)

    assert [alert["id"] for alert in world.alerts()] == ["a"]


def test_generated_alerts_step_back_from_the_newest(kuma: Kuma) -> None:
    """``last_seen`` is the newest one's, ``spacing_ms`` the step, ``first_seen`` that of each."""
    world = kuma.world(clock="2026-06-01T00:00:00Z")
    world.generate(3, last_seen="2026-05-01T00:00:10Z", spacing_ms=5_000, events=2)

    alerts = world.alerts("withEvents")

    assert [alert["lastSeen"] for alert in alerts] == [
        "2026-05-01T00:00:10Z", "2026-05-01T00:00:05Z", "2026-05-01T00:00:00Z",
    ]  # fmt: skip
    assert all(alert["firstSeen"] == alert["lastSeen"] for alert in alerts)
    assert [len(alert["events"]) for alert in alerts] == [2, 2, 2]


def test_generated_alerts_may_have_no_events(world: World) -> None:
    """Zero is allowed, one is what comes if nothing is said."""
    world.generate(1, events=0, name="none")
    world.generate(1, name="one")

    counts = {alert["name"]: len(alert["events"]) for alert in world.alerts("withEvents")}

    assert counts == {"none": 0, "one": 1}


def test_new_data_reaches_an_alert_that_is_new(world: World) -> None:
    """Its events grow, lastSeen moves, firstSeen stays, the version counts."""
    (alert_id,) = world.generate(1, last_seen="2026-01-01T00:00:00Z")
    before = world.alerts("withEvents")[0]

    receipt = world.control("POST", f"alerts/{alert_id}/events", {"generate": 3}, status=201)

    after = world.alerts("withEvents")[0]
    assert (receipt["alert"], receipt["opened"], len(receipt["event_ids"])) == (alert_id, False, 3)
    assert [event["ID"] for event in after["events"][-3:]] == receipt["event_ids"]
    assert after["lastSeen"] > before["lastSeen"]
    assert after["firstSeen"] == before["firstSeen"]
    assert world.control("GET", f"alerts/{alert_id}")["version"] == 2


@pytest.mark.parametrize("status", ["assigned", "escalated", "closed"])
def test_a_frozen_alert_leaves_a_new_one_behind(world: World, status: str) -> None:
    """The first firing after a freeze opens a new alert, the next ones go into that one."""
    (frozen,) = world.raise_alerts({"name": "Brute force", "status": status})

    first, second = (
        world.control("POST", f"alerts/{frozen}/events", {"generate": 1}, status=201) for _ in range(2)
    )

    assert (first["opened"], second["opened"]) == (True, False)
    assert first["alert"] == second["alert"] != frozen
    by_id = {alert["id"]: alert for alert in world.alerts("withEvents")}
    assert [len(by_id[key]["events"]) for key in (frozen, first["alert"])] == [1, 2]
    assert by_id[first["alert"]]["name"] == "Brute force"
    assert by_id[first["alert"]]["correlationRuleID"] == by_id[frozen]["correlationRuleID"]


def test_growth_lies_after_last_seen_and_not_after_the_clock(kuma: Kuma) -> None:
    """Generated events are new data of this moment."""
    world = kuma.world(clock="2026-01-01T00:10:00Z")
    (alert_id,) = world.generate(1, last_seen="2026-01-01T00:00:00Z")

    world.control("POST", f"alerts/{alert_id}/events", {"generate": 4}, status=201)

    stamps = [event["Timestamp"] for event in world.alerts("withEvents")[0]["events"][1:]]
    now = 1767226200000
    assert stamps == [now - 3, now - 2, now - 1, now]
    assert world.alerts()[0]["lastSeen"] == "2026-01-01T00:10:00Z"


def test_an_alert_of_16_mb_overflows_up_to_3_2(kuma: Kuma) -> None:
    """It takes no more, says so, and opens no other."""
    world = kuma.world(kuma_version="3.2")
    (alert_id,) = world.raise_alerts({"events": [{"ID": "big", "Raw": "x" * (16 * 1024 * 1024 - 4_000)}]})

    answers = [
        world.control("POST", f"alerts/{alert_id}/events", {"events": [{"Message": "y" * 9_000}]}, status=201)
        for _ in range(2)
    ]

    assert [(answer["event_ids"], answer["overflow"], answer["opened"]) for answer in answers] == [
        ([], True, False)
    ] * 2
    assert world.alerts()[0]["overflow"] is True
    truth = world.control("GET", f"alerts/{alert_id}")
    assert [entry["change"] for entry in truth["history"]] == ["opened", "overflowed"]


def test_in_4_0_ten_thousand_events_make_way_for_a_new_alert(kuma: Kuma) -> None:
    """The limit is in events, and the alert does not overflow."""
    world = kuma.world(kuma_version="4.0")
    (full,) = world.generate(1, events=9_999)

    receipt = world.control("POST", f"alerts/{full}/events", {"generate": 2}, status=201)

    assert receipt["opened"] is True
    assert "overflow" not in receipt
    sizes = {alert["id"]: len(alert["events"]) for alert in world.alerts("withEvents", "v3")}
    assert sizes == {full: 10_000, receipt["alert"]: 1}


def test_in_4_0_an_old_alert_is_filled_no_more(kuma: Kuma) -> None:
    """336 hours after its creation the next firing opens another."""
    world = kuma.world(kuma_version="4.0", clock="2026-01-01T00:00:00Z")
    (old,) = world.generate(1)
    world.control("POST", "clock/advance", {"seconds": 336 * 3600 + 1}, status=200)

    assert world.control("POST", f"alerts/{old}/events", {"generate": 1}, status=201)["opened"] is True


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ({"status": "new"}, {"assignee": "Petrov"}, ("assigned", "Petrov", "")),
        ({"status": "assigned", "assignee": "Petrov"}, {"assignee": ""}, ("new", "", "")),
        ({"status": "new"}, {"status": "assigned"}, ("assigned", "", "")),
        ({"status": "assigned", "assignee": "Petrov"}, {"status": "escalated"}, ("escalated", "Petrov", "")),
        ({"status": "escalated"}, {"status": "new"}, ("new", "", "")),
        (
            {"status": "new"},
            {"status": "closed", "closing_reason": "incorrect data"},
            ("closed", "", "incorrect data"),
        ),
        ({"status": "new"}, {"status": "closed"}, ("closed", "", "responded")),
    ],
)
def test_a_kuma_user_changes_an_alert(
    world: World, before: dict[str, Any], change: dict[str, Any], after: tuple[str, str, str]
) -> None:
    """Assigning makes it assigned, taking it away makes it new, lastSeen does not move."""
    (alert_id,) = world.raise_alerts({**before, "lastSeen": "2026-01-01T00:00:00Z"})

    world.control("PATCH", f"alerts/{alert_id}", change, status=200)

    (alert,) = world.alerts()
    assert (alert["status"], alert["assignee"], alert["closingReason"]) == after
    assert alert["lastSeen"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "change",
    [{"status": "new"}, {"status": "closed"}, {"status": "assigned"}, {"closing_reason": "responded"}],
)
def test_nothing_reopens_a_closed_alert(world: World, change: dict[str, str]) -> None:
    """Nor closes it again."""
    (alert_id,) = world.raise_alerts({"status": "closed"})

    world.control("PATCH", f"alerts/{alert_id}", change, status=409)

    assert world.control("GET", f"alerts/{alert_id}")["version"] == 1


def test_the_truth_tells_every_version(world: World) -> None:
    """What happened, in order, with what it brought."""
    (alert_id,) = world.raise_alerts({"events": [{"ID": "e1"}]})
    world.control("POST", f"alerts/{alert_id}/events", {"events": [{"ID": "e2"}]}, status=201)
    world.control("PATCH", f"alerts/{alert_id}", {"assignee": "Petrov"}, status=200)
    world.vendor("POST", "/v1/alerts/close", {"id": alert_id, "reason": "responded"})

    truth = world.control("GET", f"alerts/{alert_id}", status=200)

    assert [(entry["version"], entry["change"]) for entry in truth["history"]] == [
        (1, "opened"), (2, "grown"), (3, "changed"), (4, "closed"),
    ]  # fmt: skip
    assert [entry.get("event_ids") for entry in truth["history"]] == [["e1"], ["e2"], None, None]
    assert [event["ID"] for event in truth["events"]] == ["e1", "e2"]


@pytest.mark.parametrize(
    ("alert", "where"),
    [
        ({"priority": "urgent"}, "alerts[0].priority"),
        ({"status": "open"}, "alerts[0].status"),
        ({"title": "x"}, "alerts[0]"),
        ({"lastSeen": "now"}, "alerts[0].lastSeen"),
        ({"tenantID": "nowhere"}, "alerts[0].tenantID"),
        ({"events": [{"Timestamp": "2026"}]}, "alerts[0].events[0].Timestamp"),
        ({"events": [{"BaseEvents": [{"ID": 7}]}]}, "alerts[0].events[0].BaseEvents[0].ID"),
        ({"firstSeen": "2026-01-02T00:00:00Z", "lastSeen": "2026-01-01T00:00:00Z"}, "alerts[0].firstSeen"),
    ],
)
def test_a_wrong_field_is_named(world: World, alert: dict[str, Any], where: str) -> None:
    """422 with the path of what is wrong."""
    answer = world.control("POST", "alerts", {"alerts": [alert]}, status=422)

    assert [error["path"] for error in answer["errors"]] == [where]


@pytest.mark.parametrize("body", [{}, {"alerts": [], "generate": {"count": 1}}, {"generate": {"count": -1}}])
def test_alerts_are_given_or_generated(world: World, body: dict[str, Any]) -> None:
    """One of the two, and not both."""
    world.control("POST", "alerts", body, status=422)
