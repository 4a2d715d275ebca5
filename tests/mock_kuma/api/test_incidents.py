"""Incidents (v3): made, found, read, given away, closed, commented, linked to alerts (REST API, 5.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import World

CLOCK = "2026-01-01T12:00:00Z"


def make(world: World, *alerts: str, query: str = "", **fields: Any) -> str:
    """Make an incident of alerts; return its id."""
    draft = {"name": "Breach", "tenantID": world.tenant, "alerts": [{"id": key} for key in alerts], **fields}
    response = world.vendor("POST", f"/v3/incidents/create?{query}", draft)
    assert response.status_code == 200, response.text
    return str((response.json or {})["id"])


def do(world: World, operation: str, **body: Any) -> int:
    """Do something to incidents; return the status."""
    return world.vendor("POST", f"/v3/incidents/{operation}", body).status_code


def one(world: World, key: str) -> Any:
    """Return one incident."""
    response = world.vendor("GET", f"/v3/incidents/id/{key}")
    assert response.status_code == 200, response.text
    return response.json


def found(world: World, query: str = "") -> list[str]:
    """Return the ids of the incidents that a search finds, in its order."""
    response = world.vendor("GET", f"/v3/incidents?{query}")
    assert response.status_code == 200, response.text
    return [incident["id"] for incident in response.json or ()]


def user(world: World, **options: Any) -> str:
    """Make somebody to whom incidents are given."""
    return str(world.control("POST", "users", {"name": "Иванова", "roles": [], **options}, status=201)["id"])


def status_of(world: World, alert: str) -> str:
    """Return an alert's status."""
    return str(world.alerts(f"id={alert}", "v3")[0]["status"])


def test_an_incident_has_what_it_was_made_with(world: World) -> None:
    """Its human id, its fields, and the times of its making."""
    world.control("PUT", "clock", {"now": CLOCK, "frozen": True}, status=200)
    (asset,) = world.control("POST", "assets", {"assets": [{"fqdn": ["h"]}]}, status=201)["ids"]
    kind = {"id": "1", "name": "Взлом"}

    key = make(
        world,
        description="Снаружи",
        type=kind,
        priority=4,
        assets=[{"id": asset}],
        accounts=[{"id": "account"}],
        availableTenants=[world.tenant],
    )

    incident = one(world, key)
    told = {
        "id": "INC-0001",
        "name": "Breach",
        "tenantName": "Main",
        "description": "Снаружи",
        "type": kind,
        "priority": 4,
        "status": "open",
        "resolution": None,
        "assignee": "",
        "assets": [{"id": asset}],
        "accounts": [{"id": "account"}],
        "availableTenants": [world.tenant],
        "alerts": [],
        "comments": [],
        "created": CLOCK,
        "updated": CLOCK,
    }
    assert {name: incident[name] for name in told} == told


def test_ids_count_on_in_each_world(world: World) -> None:
    """INC-0001 and its like are never given twice."""
    assert [make(world) for _ in range(3)] == ["INC-0001", "INC-0002", "INC-0003"]
    assert found(world, "id=INC-0002&id=INC-0003") == ["INC-0003", "INC-0002"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [("calcPriority=True", 4), ("calcPriority=1", 4), ("calcPriority=False", 2), ("", 2)],
)
def test_the_priority_may_be_that_of_the_gravest_alert(world: World, query: str, expected: int) -> None:
    """If the client asks for it; else it is what was given."""
    alerts = world.raise_alerts({"priority": "low"}, {"priority": "critical"}, {"priority": "high"})

    key = make(world, *alerts, query=query, priority=2)

    assert one(world, key)["priority"] == expected


def test_an_incident_spans_its_alerts(world: World) -> None:
    """From the first one's beginning to the last one's end, and is found by either."""
    alerts = world.raise_alerts(
        {"firstSeen": "2026-01-01T00:00:00Z", "lastSeen": "2026-01-02T00:00:00Z"},
        {"firstSeen": "2026-01-03T00:00:00Z", "lastSeen": "2026-01-04T00:00:00Z"},
    )

    key = make(world, *alerts)

    incident = one(world, key)
    assert (incident["firstSeen"], incident["lastSeen"]) == ("2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z")
    assert found(world, "from=2026-01-04T00:00:00Z&to=2026-01-04T00:00:00Z") == [key]
    assert found(world, "timestampField=firstSeen&to=2026-01-01T00:00:00Z") == [key]
    assert found(world, "to=2026-01-03T00:00:00Z") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=^phish", ["INC-0001"]),
        ("search=OUTSIDE", ["INC-0002"]),
        ("search=INC-000[12]", ["INC-0002", "INC-0001"]),
        ("status=open", ["INC-0002"]),
        ("status=assigned&status=closed", ["INC-0003", "INC-0001"]),
        ("page=2", []),
        ("tenantID=none", []),
        ("name=breach&status=open", ["INC-0002"]),
    ],
)
def test_incidents_are_found(world: World, query: str, expected: list[str]) -> None:
    """By name, words, status, tenant and page; filters add up, the newest comes first."""
    world.control("PUT", "clock", {"now": CLOCK, "frozen": True}, status=200)
    make(world, name="Phishing", assigneeId=user(world))
    for fields in ({"description": "from outside"}, {}):
        world.control("POST", "clock/advance", {"seconds": 60}, status=200)
        make(world, **fields)
    do(world, "close", incidentIDs=["INC-0003"], resolution=0)

    assert found(world, query) == expected


def test_incidents_are_given_all_or_none(world: World) -> None:
    """A closed one among them refuses the call; given on, they stay assigned."""
    first, second, closed = (make(world) for _ in range(3))
    do(world, "close", incidentIDs=[closed], resolution=1)
    anna, boris = user(world), user(world, name="Борис", login="boris")

    refused = do(world, "assign", incidentIDs=[first, closed], assignee=anna)
    untouched = one(world, first)["status"]
    statuses = [do(world, "assign", incidentIDs=[first, second], assignee=key) for key in (anna, boris)]

    assert (refused, untouched, statuses) == (406, "open", [204, 204])
    assert [(one(world, key)["status"], one(world, key)["assignee"]) for key in (first, second)] == [
        ("assigned", "Борис")
    ] * 2
    assert one(world, first)["assigneeId"] == boris


@pytest.mark.parametrize("resolution", [0, 1])
def test_closing_an_incident_closes_its_alerts(world: World, resolution: int) -> None:
    """Those that are open; a second closing is refused, and so is every edit."""
    new, closed = world.generate(1)[0], world.generate(1)[0]
    key = make(world, new, closed)
    world.vendor("POST", "/v3/alerts/close", {"id": closed, "reason": "incorrect data"})

    statuses = [do(world, "close", incidentIDs=[key], resolution=resolution) for _ in range(2)]

    assert statuses == [204, 406]
    assert (one(world, key)["status"], one(world, key)["resolution"]) == ("closed", resolution)
    reasons = {alert["id"]: alert["closingReason"] for alert in world.alerts("", "v3")}
    assert reasons == {new: "incident closed", closed: "incorrect data"}
    assert [
        do(world, "assign", incidentIDs=[key], assignee=user(world)),
        do(world, "link", incidentID=key, alertIDs=world.generate(1)),
        do(world, "unlink", incidentID=key, alertIDs=[new]),
        do(world, "comment", id=key, comment="later"),
    ] == [406, 406, 406, 204]


@pytest.mark.parametrize("resolution", [2, -1, None])
def test_there_are_two_resolutions(world: World, resolution: int | None) -> None:
    """1 confirmed, 0 not confirmed, and nothing else."""
    key = make(world)

    assert do(world, "close", incidentIDs=[key], resolution=resolution) == 400
    assert one(world, key)["status"] == "open"


def test_comments_are_read_with_their_incident(world: World) -> None:
    """In their order, with who said it and when; the list of incidents is without them."""
    world.control("PUT", "clock", {"now": CLOCK, "frozen": True}, status=200)
    key = make(world)

    for text in ("Первый", "<b>второй</b>"):
        do(world, "comment", id=key, comment=text)

    assert one(world, key)["comments"] == [
        {"user": "admin", "comment": text, "created": CLOCK} for text in ("Первый", "<b>второй</b>")
    ]
    (listed,) = world.vendor("GET", "/v3/incidents").json or [{}]
    assert "comments" not in listed


def test_an_alert_is_in_one_incident_at_most(world: World) -> None:
    """Linked it is escalated, unlinked new and nobody's, and may be linked elsewhere."""
    (alert,) = world.raise_alerts({"status": "assigned", "assignee": "Петров"})
    first, second = make(world), make(world)

    linked = do(world, "link", incidentID=first, alertIDs=[alert, alert])
    inside = status_of(world, alert)
    statuses = [
        do(world, "link", incidentID=second, alertIDs=[alert]),
        do(world, "unlink", incidentID=second, alertIDs=[alert]),
        do(world, "unlink", incidentID=first, alertIDs=[alert]),
        do(world, "link", incidentID=second, alertIDs=[alert]),
    ]

    assert (linked, inside, statuses) == (204, "escalated", [406, 404, 204, 204])
    assert [one(world, key)["alerts"] for key in (first, second)] == [
        [],
        [{"id": alert, "name": world.alerts("", "v3")[0]["name"], "status": "escalated"}],
    ]
    assert world.alerts("", "v3")[0]["assignee"] == ""


def test_links_are_made_all_or_none(world: World) -> None:
    """A closed alert cannot be linked, and takes the others with it."""
    new, closed = world.raise_alerts({}, {"status": "closed"})
    key = make(world)

    assert do(world, "link", incidentID=key, alertIDs=[new, closed]) == 406
    assert (one(world, key)["alerts"], status_of(world, new)) == ([], "new")


def test_incidents_are_those_of_the_users_tenants(world: World) -> None:
    """Others are silently left out of a search, and refused by their id."""
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    own, theirs = make(world), make(world, tenantID=branch)
    analyst = world.with_user({"role": "Tier 2 analyst", "tenants": [world.tenant]})

    seen = found(analyst)
    statuses = [
        analyst.vendor("GET", f"/v3/incidents/id/{theirs}").status_code,
        do(analyst, "close", incidentIDs=[own, theirs], resolution=1),
        do(analyst, "comment", id=theirs, comment="x"),
    ]

    assert (seen, statuses) == ([own], [403, 403, 403])
    assert one(world, own)["status"] == "open"


@pytest.mark.parametrize("version", ["v1", "v2", "v2.1", "v2.2"])
def test_earlier_versions_have_no_incidents(world: World, version: str) -> None:
    """404, as for any route that is not there."""
    assert world.vendor("GET", f"/{version}/incidents").status_code == 404
