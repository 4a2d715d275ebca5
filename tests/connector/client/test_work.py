"""The client with what analysts work on: alerts, events, KUMA's incidents, users, tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.errors import AlreadyClosed, NotFound, Refused

if TYPE_CHECKING:
    from connector import Client
    from mock_kuma.testing import World
    from tests.connector.client.conftest import Connect

SINCE, UNTIL = "2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"


def test_alerts_come_over_the_seam_of_two_pages(world: World, client: Client) -> None:
    """Each once, with its events where they are asked for."""
    ids = world.generate(260)

    found = list(
        client.alerts(status=["new"], by_first_seen=True, with_events=True, since=SINCE, until=UNTIL)
    )

    assert sorted(ids) == sorted(one["id"] for one in found)
    assert all(one["events"] for one in found)


def test_an_alert_is_worked_on(world: World, client: Client) -> None:
    """Given to a user, commented, an event taken from it and linked again, closed once."""
    (alert,) = world.generate(1)
    event = client.alert(alert)["events"][0]
    cluster = next(client.clusters())["id"]

    client.assign_alerts([alert], user=client.whoami()["id"])
    client.comment_alert(alert, "looked at")
    client.unlink_event(alert, event=event["ID"])
    without = [one["ID"] for one in client.alert(alert)["events"]]
    client.link_event(alert, event=event["ID"], cluster=cluster, timestamp=event["Timestamp"])
    client.close(alert, "responded")

    assert event["ID"] not in without
    assert event["ID"] in [one["ID"] for one in client.alert(alert)["events"]]
    assert client.by_ids([alert], events=False)[0]["status"] == "closed"
    with pytest.raises(AlreadyClosed):
        client.close(alert, "responded")


def test_events_are_searched_in_sql(world: World, client: Client) -> None:
    """Rows come back as they were asked for, and a wrong query is KUMA's to refuse."""
    world.generate(2)

    rows = client.events("SELECT count(ID) AS n FROM events LIMIT 1", since=SINCE, until=UNTIL)

    assert int(rows[0]["n"]) > 0
    with pytest.raises(Refused, match="LIMIT"):
        client.events("SELECT ID FROM events", since=SINCE, until=UNTIL)


def test_an_incident_of_kuma_is_made_and_closed(world: World, client: Client) -> None:
    """With alerts linked to it, a user and a comment."""
    first, second = world.generate(2)
    draft = {"name": "Phishing", "tenantID": world.tenant, "alerts": [{"id": first}]}

    made = client.create_incident(draft, calculate_priority=True)["id"]
    client.assign_incidents([made], user=client.whoami()["id"])
    client.comment_incident(made, "mail was opened")
    client.link_alerts(made, [second])
    client.unlink_alerts(made, [first])
    incident = client.incident(made)
    client.close_incidents([made], confirmed=True)

    assert [second] == [one["id"] for one in incident["alerts"]]
    assert [one["comment"] for one in incident["comments"]] == ["mail was opened"]
    assert [made] == [one["id"] for one in client.incidents(status=["closed"], search="phish")]


def test_users_and_tenants_are_found(client: Client) -> None:
    """The token's owner is among the users; a new tenant among the tenants."""
    me = client.whoami()

    made = client.create_tenant("Branch", description="d", eps_limit=5)["id"]

    assert me["id"] in [one["id"] for one in client.users(sort="-name", without_disabled=True)]
    assert me["login"] == client.user(me["id"])["login"]
    assert [made] == [one["id"] for one in client.tenants(name="^branch$")]
    assert [one["main"] for one in client.tenants(main=True)] == [True]


def test_an_operation_that_a_version_lacks_is_not_found(world: World, connect: Connect) -> None:
    """The first version of the API has no search for users."""
    old = connect(world, "v1")

    with pytest.raises(NotFound):
        list(old.users())


def test_kuma_tells_its_time(client: Client) -> None:
    """From the answer's header, in seconds."""
    assert client.ask_time() == client.now > 1_500_000_000
