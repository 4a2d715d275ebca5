"""Alerts in v3 beyond searching and closing: one by its id, given away, commented, linked to events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import World

AT = 1767225600123  # 2026-01-01T00:00:00.123Z


def do(world: World, operation: str, **body: Any) -> int:
    """Do something to alerts; return the status."""
    return world.vendor("POST", f"/v3/alerts/{operation}", body).status_code


def one(world: World, alert: str) -> Any:
    """Return one alert by its id."""
    response = world.vendor("GET", f"/v3/alerts/id/{alert}")
    assert response.status_code == 200, response.text
    return response.json


def truth(world: World, alert: str) -> Any:
    """Return all that there is to know of an alert."""
    return world.control("GET", f"alerts/{alert}", status=200)


def user(world: World, **options: Any) -> str:
    """Make somebody to whom alerts are given."""
    body = {"name": "Иванова", "login": "ivanova", "roles": [], **options}
    return str(world.control("POST", "users", body, status=201)["id"])


def link(world: World, alert: str, event: str, **changes: Any) -> int:
    """Link an event of the world's storage to an alert; return the status."""
    (cluster,) = world.vendor("GET", "/v3/events/clusters").json or [{}]
    body = {"alertID": alert, "clusterID": cluster["id"], "eventID": event, "eventTimestamp": AT}
    return do(world, "link-event", **{**body, **changes})


def event_ids(world: World, alert: str) -> list[str]:
    """Return the ids of an alert's events, in their order."""
    return [event["ID"] for event in one(world, alert)["events"]]


def free_event(world: World, key: str = "free", **fields: Any) -> None:
    """Store an event that is in no alert."""
    events = [{"ID": key, "Timestamp": AT, **fields}]
    world.control("POST", "events", {"events": events}, status=201)


def test_one_alert_comes_whole(world: World) -> None:
    """As in a search with both flags, and the journal says that it was served."""
    (alert,) = world.generate(1, events=2)
    (searched,) = world.alerts("withEvents&withAffected", "v3")

    found = one(world, alert)

    assert found == searched
    assert len(found["events"]) == 2
    assert world.journal()[-1]["served"] == [{"alert": alert, "version": 1}]


def test_alerts_are_given_all_or_none(world: World) -> None:
    """One of them is closed, so that none changes; twice the same id is one change."""
    first, second, closed = world.raise_alerts({}, {}, {"status": "closed"})
    somebody = user(world)

    refused = do(world, "assign", ids=[first, closed], userId=somebody)
    before = truth(world, first)["version"]
    given = do(world, "assign", ids=[first, second, first], userId=somebody)

    assert (refused, before, given) == (406, 1, 204)
    assert [(one(world, key)["status"], one(world, key)["assignee"]) for key in (first, second)] == [
        ("assigned", "Иванова")
    ] * 2
    assert truth(world, first)["version"] == 2


def test_a_given_alert_may_be_given_on(world: World) -> None:
    """It stays assigned, and has the other's name."""
    (alert,) = world.generate(1)
    for key in (user(world), user(world, name="Петров", login="petrov")):
        assert do(world, "assign", ids=[alert], userId=key) == 204

    assert (one(world, alert)["status"], one(world, alert)["assignee"]) == ("assigned", "Петров")


def test_an_alert_in_an_incident_stays_there_when_it_is_given(world: World) -> None:
    """Its status goes on telling that it is escalated."""
    (alert,) = world.generate(1)
    body = {"name": "Breach", "tenantID": world.tenant, "alerts": [{"id": alert}]}
    assert world.vendor("POST", "/v3/incidents/create", body).status_code == 200

    assert do(world, "assign", ids=[alert], userId=user(world)) == 204

    assert (one(world, alert)["status"], one(world, alert)["assignee"]) == ("escalated", "Иванова")


def test_nobody_gets_work_who_may_not_work(world: World) -> None:
    """A user who is disabled, or not there."""
    (alert,) = world.generate(1)

    statuses = [
        do(world, "assign", ids=[alert], userId=key) for key in (user(world, disabled=True), "nobody")
    ]

    assert (statuses, one(world, alert)["assignee"]) == ([406, 404], "")


def test_comments_are_kept_in_their_order(world: World) -> None:
    """With who said it and when; a closed alert is talked about, too."""
    (alert,) = world.generate(1)
    do(world, "comment", alertID=alert, comment="Первый")
    world.vendor("POST", "/v3/alerts/close", {"id": alert, "reason": "responded"})
    last = do(world, "comment", alertID=alert, comment="<script>alert(1)</script>")

    said = [entry for entry in truth(world, alert)["history"] if entry["change"] == "commented"]

    assert last == 204
    assert [entry["comment"] for entry in said] == ["Первый", "<script>alert(1)</script>"]
    assert {entry["user"] for entry in said} == {"admin"}
    assert one(world, alert)["status"] == "closed"


@pytest.mark.parametrize(
    ("text", "status"), [("x" * 4_000, 204), ("x" * 4_001, 400), ("a\0b", 400), ("", 400)]
)
def test_a_comment_has_its_limits(world: World, text: str, status: int) -> None:
    """Four thousand letters, none of them a NUL."""
    (alert,) = world.generate(1)

    assert do(world, "comment", alertID=alert, comment=text) == status


def test_a_linked_event_goes_to_the_end_and_moves_no_time(world: World) -> None:
    """No rule has fired; the event is found in the alert and in the search."""
    (alert,) = world.raise_alerts({"lastSeen": "2025-12-31T00:00:00Z", "events": [{"ID": "first"}]})
    free_event(world, DeviceVendor="netflow")

    linked = link(world, alert, "free", comment="the same host")

    assert (linked, event_ids(world, alert)) == (204, ["first", "free"])
    assert one(world, alert)["lastSeen"] == "2025-12-31T00:00:00Z"
    entry = truth(world, alert)["history"][-1]
    assert (entry["change"], entry["event_ids"], entry["comment"]) == ("linked", ["free"], "the same host")


@pytest.mark.parametrize(("given", "status"), [(AT, 204), (AT // 1_000, 204), (AT + 1, 404), (0, 404)])
def test_an_event_is_found_by_its_id_and_time_together(world: World, given: int, status: int) -> None:
    """In milliseconds, or in whole seconds."""
    (alert,) = world.generate(1)
    free_event(world)

    assert link(world, alert, "free", eventTimestamp=given) == status


def test_an_event_is_in_one_alert_at_most(world: World) -> None:
    """Not in two, not twice in one, and not apart from the correlation event that it is part of."""
    base = {"ID": "base", "Timestamp": AT}
    first, second = world.raise_alerts({"events": [{"ID": "e", "Timestamp": AT, "BaseEvents": [base]}]}, {})
    free_event(world)

    statuses = [link(world, first, "free"), link(world, first, "free"), link(world, second, "free")]
    statuses += [link(world, second, "e"), link(world, second, "base")]

    assert statuses == [204, 406, 406, 406, 406]


def test_an_event_of_a_tenant_without_a_role_is_not_there(world: World) -> None:
    """Though the alert is the user's own."""
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    (alert,) = world.generate(1)
    free_event(world, TenantID=branch)
    analyst = world.with_user({"role": "Tier 2 analyst", "tenants": [world.tenant]})

    assert (link(analyst, alert, "free"), link(world, alert, "free")) == (404, 204)


def test_an_unlinked_event_leaves_no_gap(world: World) -> None:
    """The others keep their order; the event goes back to the storage and may be linked elsewhere."""
    events = [{"ID": key, "Timestamp": AT} for key in "abc"]
    first, second = world.raise_alerts({"events": events}, {"events": []})

    out = do(world, "unlink-event", alertID=first, eventID="b")
    again = do(world, "unlink-event", alertID=first, eventID="b")
    elsewhere = link(world, second, "b")

    assert (out, again, elsewhere) == (204, 404, 204)
    assert (event_ids(world, first), event_ids(world, second)) == (["a", "c"], ["b"])
    world.control("POST", f"alerts/{first}/events", {"events": [{"ID": "d"}]}, status=201)
    assert event_ids(world, first) == ["a", "c", "d"]


def test_the_storage_goes_on_holding_what_was_unlinked(world: World) -> None:
    """With the base events that are nested in it; both are found by a search."""
    base = {"ID": "base", "Timestamp": AT}
    (alert,) = world.raise_alerts({"events": [{"ID": "a", "Timestamp": AT, "BaseEvents": [base]}]})

    do(world, "unlink-event", alertID=alert, eventID="a")

    period = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:01Z"}
    sql = "SELECT ID FROM events WHERE ID IN ('a', 'base') ORDER BY ID LIMIT 9"
    rows = world.vendor("POST", "/v3/events", {"period": period, "sql": sql}).json
    assert (event_ids(world, alert), rows) == ([], [{"ID": "a"}, {"ID": "base"}])


@pytest.mark.parametrize("operation", ["assign", "comment", "link-event", "unlink-event"])
@pytest.mark.parametrize("version", ["v1", "v2", "v2.1", "v2.2"])
def test_earlier_versions_have_none_of_it(world: World, version: str, operation: str) -> None:
    """404, as for any route that is not there."""
    assert world.vendor("POST", f"/{version}/alerts/{operation}", {}).status_code == 404
    assert world.vendor("GET", f"/{version}/alerts/id/x").status_code == 404
