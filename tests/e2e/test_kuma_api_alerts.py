"""``kuma-api`` with one alert, its events and its incident, from the cluster to the closing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from kuma.rest.errors import APIError

if TYPE_CHECKING:
    from tests.e2e.conftest import Server

AT = 1767225600  # 2026-01-01T00:00:00Z, in seconds
FROM, TO = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


@pytest.fixture
def alert(server: Server, world: tuple[str, str]) -> str:
    """An alert with one correlation event."""
    event = {"ID": "first", "Timestamp": AT * 1_000}
    given = [{"name": "Brute force", "priority": "high", "events": [event]}]
    return str(server.control("POST", f"/worlds/{world[0]}/alerts", {"alerts": given})["ids"][0])


@pytest.fixture
def user(server: Server, world: tuple[str, str]) -> str:
    """Somebody to whom work is given."""
    body = {"name": "Иванова", "login": "ivanova", "roles": []}
    return str(server.control("POST", f"/worlds/{world[0]}/users", body)["id"])


def test_an_alert_is_given_to_a_user(client: Any, alert: str, user: str) -> None:
    """By the user's id; the alert shows the name, and takes no more events from then on."""
    status, _ = client.alerts.assign([alert], user)

    got = client.alerts.get(alert)[1]
    assert (status, got["status"], got["assignee"]) == (204, "assigned", "Иванова")
    assert [event["ID"] for event in got["events"]] == ["first"]


def test_a_comment_is_kept_and_changes_nothing_else(
    server: Server, world: tuple[str, str], client: Any, alert: str
) -> None:
    """It is in the alert's history, with who said it."""
    before = client.alerts.get(alert)[1]

    status, _ = client.alerts.comment(alert, "Звоним <b>владельцу</b>")

    truth = server.control("GET", f"/worlds/{world[0]}/alerts/{alert}")
    (said,) = [entry for entry in truth["history"] if entry["change"] == "commented"]
    assert (status, said["comment"]) == (204, "Звоним <b>владельцу</b>")
    assert client.alerts.get(alert)[1] == before


def test_an_event_is_searched_linked_and_unlinked(
    server: Server, world: tuple[str, str], client: Any, alert: str
) -> None:
    """The cluster and the time come from the search; what is linked is a list of the alert's events."""
    free = {"ID": "free", "Timestamp": AT * 1_000 + 5_000, "DeviceVendor": "netflow", "BytesOut": 7}
    server.control("POST", f"/worlds/{world[0]}/events", {"events": [free]})
    (cluster,) = client.events.get_clusters(name="^stor")[1]
    sql = "SELECT * FROM events WHERE DeviceVendor = 'netflow' LIMIT 10"
    (found,) = client.events.search(cluster["id"], FROM, TO, sql, empty_fields=False)[1]

    linked = client.alerts.link_event(alert, cluster["id"], found["ID"], found["Timestamp"], "the same host")
    with_it = [event["ID"] for event in client.alerts.get(alert)[1]["events"]]
    unlinked = client.alerts.unlink_event(alert, found["ID"])
    without = [event["ID"] for event in client.alerts.get(alert)[1]["events"]]

    assert (found["Timestamp"], found["BytesOut"]) == (AT * 1_000 + 5_000, 7)
    assert (linked[0], unlinked[0]) == (204, 204)
    assert (with_it, without) == (["first", "free"], ["first"])


def test_an_event_is_linked_by_seconds_too(
    server: Server, world: tuple[str, str], client: Any, alert: str
) -> None:
    """As in the client's own example, whose time has ten digits."""
    server.control(
        "POST", f"/worlds/{world[0]}/events", {"events": [{"ID": "free", "Timestamp": AT * 1_000 + 123}]}
    )
    cluster = client.events.get_clusters()[1][0]["id"]

    status, _ = client.alerts.link_event(alert, cluster, "free", AT, "")

    assert (status, len(client.alerts.get(alert)[1]["events"])) == (204, 2)


def test_events_are_counted(client: Any, alert: str) -> None:
    """An aggregation answers one row with the alias as its key."""
    cluster = client.events.get_clusters()[1][0]["id"]

    status, rows = client.events.search(cluster, FROM, TO, "SELECT count(ID) AS n FROM events LIMIT 1")

    assert (status, rows) == (200, [{"n": 1}])


def test_the_times_that_the_client_makes_are_taken(client: Any, alert: str) -> None:
    """Both of its makers of RFC 3339 text agree with the server."""
    cluster = client.events.get_clusters()[1][0]["id"]
    since, until = client.events.epoch_to_iso8601(AT), client.events.get_time(offset_h=1, offset_m=-1)

    status, rows = client.events.search(cluster, since, until, "SELECT ID FROM events LIMIT 10")

    assert since == FROM
    assert datetime.fromisoformat(until) > datetime.now(UTC)
    assert (status, [row["ID"] for row in rows]) == (200, ["first"])


def test_its_whole_numbers_become_times_without_a_zone(client: Any, alert: str) -> None:
    """A defect of the client: a number of seconds becomes local time that no RFC 3339 reader takes."""
    cluster = client.events.get_clusters()[1][0]["id"]

    with pytest.raises(APIError, match=r"cannot parse period\.from") as caught:
        client.events.search(cluster, AT, AT + 60, "SELECT ID FROM events LIMIT 10")

    assert caught.value.status_code == 400
    assert client.format_time(AT) == datetime.fromtimestamp(AT).isoformat()  # noqa: DTZ006 -- what it does
    assert client.events.format_time("as it is") == "as it is"


def test_an_incident_lives(client: Any, alert: str, user: str) -> None:
    """Made from an alert, found, commented, given away, closed; the alert goes with it."""
    tenant = client.tenants.search(main=True)[1][0]["id"]
    draft = {"name": "Breach", "tenantID": tenant, "description": "From outside", "alerts": [{"id": alert}]}

    key = client.incidents.create(draft, calc_priority=True)[1]["id"]
    made = client.incidents.get(key)[1]
    found = client.incidents.search(search="from outside", status=["open"], name="^breach$")[1]
    statuses = [
        client.incidents.comment(key, "checking")[0],
        client.incidents.assign([key], user)[0],
    ]
    held = client.incidents.get(key)[1]
    statuses.append(client.incidents.close([key], 1)[0])
    closed = client.incidents.search(id=key, status="closed")[1][0]

    assert (made["priority"], [one["id"] for one in made["alerts"]]) == (3, [alert])
    assert (made["status"], made["alerts"][0]["status"]) == ("open", "escalated")
    assert [one["id"] for one in found] == [key]
    assert statuses == [204, 204, 204]
    assert (held["status"], held["assignee"], held["comments"][0]["comment"]) == (
        "assigned",
        "Иванова",
        "checking",
    )
    assert (closed["resolution"], client.alerts.get(alert)[1]["status"]) == (1, "closed")


def test_its_default_keeps_the_priority_that_was_given(client: Any, alert: str) -> None:
    """``calcPriority=False``, as Python spells it, is false and not a presence flag."""
    tenant = client.tenants.search(main=True)[1][0]["id"]
    draft = {"name": "Breach", "tenantID": tenant, "priority": 1, "alerts": [{"id": alert}]}

    key = client.incidents.create(draft)[1]["id"]

    assert client.incidents.get(key)[1]["priority"] == 1


def test_alerts_are_linked_to_an_incident_and_taken_out(client: Any, alert: str) -> None:
    """Linked it is escalated, taken out it is new again."""
    tenant = client.tenants.search(main=True)[1][0]["id"]
    key = client.incidents.create({"name": "Breach", "tenantID": tenant})[1]["id"]

    linked = client.incidents.link_alert(key, [alert])[0]
    inside = client.alerts.get(alert)[1]["status"]
    unlinked = client.incidents.unlink_alert(key, [alert])[0]

    assert (linked, inside, unlinked) == (204, "escalated", 204)
    assert client.alerts.get(alert)[1]["status"] == "new"
    assert client.incidents.get(key)[1]["alerts"] == []


def test_nothing_is_invented_for_what_is_not_there(client: Any) -> None:
    """404 with the vendor's words for an alert and an incident of no such id."""
    nothing = "00000000-0000-0000-0000-000000000001"

    with pytest.raises(APIError, match="alert not found") as no_alert:
        client.alerts.get(nothing)
    with pytest.raises(APIError, match="incident not found") as no_incident:
        client.incidents.get("INC-9999")

    assert (no_alert.value.status_code, no_incident.value.status_code) == (404, 404)
