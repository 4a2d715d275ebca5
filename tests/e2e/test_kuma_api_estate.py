"""``kuma-api`` with assets, services, tenants, users, settings, reports and tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kuma.rest import KumaRestAPI
from kuma.rest.errors import APIError

if TYPE_CHECKING:
    from tests.e2e.conftest import Server


@pytest.fixture
def tenant(client: Any) -> str:
    """The main tenant."""
    return str(client.tenants.search(main=True)[1][0]["id"])


def test_assets_are_made_found_and_deleted(client: Any, tenant: str) -> None:
    """By name, address and id; each deletion names one of the three."""
    machines = [
        {"fqdn": ["web.corp.example"], "ipAddresses": ["10.0.0.1"], "macAddresses": ["00:50:56:00:00:01"]},
        {"ipAddresses": ["10.0.0.2"], "name": "printer", "os": {"name": "Linux", "version": "6"}},
        {"fqdn": ["db.corp.example"], "owner": "Иванова"},
    ]

    status, made = client.assets.create(machines, tenant)
    by_name = client.assets.search(name="PRINT")[1]
    by_fqdn = client.assets.search(fqdn=r"^web\.")[1]
    by_address = client.assets.search(ip=r"^10\.", mac="50:56", tenantID=tenant)[1]
    counts = [
        client.assets.delete(["web.corp.example"], [], [], tenant)[1],
        client.assets.delete([], [made["insertedIDs"]["2"]], [], tenant)[1],
        client.assets.delete([], [], ["10.0.0.2"], tenant)[1],
    ]

    assert (status, sorted(made["insertedIDs"]), made["errors"]) == (200, ["0", "1", "2"], [])
    assert [(one["id"], one["os"]["version"]) for one in by_name] == [(made["insertedIDs"]["1"], "6")]
    assert [one["fqdn"] for one in by_fqdn] == [["web.corp.example"]] == [one["fqdn"] for one in by_address]
    assert counts == [{"deletedCount": 1}] * 3
    assert client.assets.search(id=list(made["insertedIDs"].values()))[1] == []


def test_a_service_is_made_from_its_resource_and_started_anew(
    server: Server, world: tuple[str, str], client: Any, tenant: str
) -> None:
    """It waits for its first start; then it is reloaded and restarted."""
    draft = {"tenantID": tenant, "kind": "collector", "name": "Netflow", "payload": {}}
    resource = client.resources.create("collector", draft)[1]["id"]

    status, made = client.services.create(resource)
    with pytest.raises(APIError, match="service not paired") as early:
        client.services.reload(made["id"])
    server.control("PATCH", f"/worlds/{world[0]}/services/{made['id']}", {"paired": True, "status": "red"})
    done = [client.services.reload(made["id"])[0], client.services.restart(made["id"])[0]]

    (found,) = client.services.search(kind="collector", name="^net", tenantID=[tenant])[1]
    assert (status, early.value.status_code, done) == (200, 406, [204, 204])
    assert (found["resourceID"], found["status"]) == (resource, "green")


def test_the_clients_false_is_the_servers_true(client: Any, tenant: str) -> None:
    """A defect of the client: its flags are booleans, and a presence flag is on whatever its value."""
    draft = {"tenantID": tenant, "kind": "collector", "name": "Waiting", "payload": {}}
    client.services.create(client.resources.create("collector", draft)[1]["id"])

    names = [
        [one["name"] for one in client.services.search(**query)[1]]
        for query in ({}, {"paired": True}, {"paired": False})
    ]

    assert "Waiting" in names[0]
    assert names[1] == names[2]
    assert "Waiting" not in names[1]


def test_a_tenant_is_made(client: Any) -> None:
    """With its limit and description, and found by its id."""
    status, made = client.tenants.create("Branch", 500, "In the north")

    (found,) = client.tenants.search(id=made["id"])[1]
    assert (status, found["name"], found["epsLimit"], found["description"]) == (
        200,
        "Branch",
        500,
        "In the north",
    )


def test_users_are_found_by_what_is_known_of_them(
    server: Server, world: tuple[str, str], client: Any, tenant: str
) -> None:
    """By pattern, role, tenant and state, sorted and paged; one by the id."""
    role = {"role": "Tier 1 analyst", "tenants": [tenant]}
    ids = {
        name: server.control(
            "POST",
            f"/worlds/{world[0]}/users",
            {"name": name, "login": name.lower(), "roles": [role], "disabled": name == "Gone"},
        )["id"]
        for name in ("Anna", "Boris", "Gone")
    }
    t1 = "309ed903-99f0-462e-a43d-6edb7281f830"

    by_role = client.users.search(role=t1, tenant=[tenant], sort="-name")[1]
    working = client.users.search(role=t1, excludeDisabled=True, sort="name")[1]
    second = client.users.search(role=t1, sort="name", page=2, size=1)[1]
    by_pattern = client.users.search(pattern="^ann")[1]
    one = client.users.get(ids["Boris"])[1]

    assert [user["name"] for user in by_role] == ["Gone", "Boris", "Anna"]
    assert [user["name"] for user in working] == ["Anna", "Boris"]
    assert [user["id"] for user in second] == [ids["Boris"]]
    assert [user["login"] for user in by_pattern] == ["anna"]
    assert (one["login"], [held["id"] for held in one["roles"]]) == ("boris", [t1])


def test_who_a_token_belongs_to_is_told_in_v3(client: Any) -> None:
    """Roles with their tenants, for the General administrator all of them."""
    me = client.users.whoami()[1]

    (role,) = me["roles"]
    assert (role["id"], [one["name"] for one in role["tenants"]]) == (
        "9dd65e51-3b04-48f5-b132-c08bf9ad17d6",
        ["Main", "Shared"],
    )


def test_custom_fields_are_told(server: Server, world: tuple[str, str], client: Any, tenant: str) -> None:
    """With their ids, by which an asset names its values."""
    body = {"fields": [{"name": "Owner's room", "default": "none"}]}
    key = server.control("PUT", f"/worlds/{world[0]}/custom-fields", body)["id"]

    status, told = client.settings.view(key)
    field = told["customFields"][0]
    value = {"id": field["id"], "name": field["name"], "value": "214"}
    client.assets.create([{"fqdn": ["pc"], "customFields": [value]}], tenant)

    assert (status, field["name"], field["default"]) == (200, "Owner's room", "none")
    assert client.assets.search(fqdn="^pc$")[1][0]["customFields"] == [value]


def test_the_extended_schema_is_exported_and_the_import_has_no_body(client: Any) -> None:
    """A defect of the client: it leaves its argument out of the request, and is told so."""
    fields = [{"kind": "S", "name": "ticket", "description": "of the desk", "disabled": False}]
    # What the client means, sent through its own session.
    client.session.post(
        f"{client.url}/api/v3/settings/extendedFields/import", json=fields, verify=client.verify
    ).raise_for_status()

    with pytest.raises(APIError, match="request body") as caught:
        client.settings.import_extendedfields([{"kind": "N", "name": "count"}])

    assert caught.value.status_code == 400
    assert client.settings.export_extendedfields() == (200, fields)


def test_reports_are_searched(server: Server, world: tuple[str, str], client: Any, tenant: str) -> None:
    """By tenant, from an offset, in an order, with the columns that are asked for."""
    branch = client.tenants.create("Branch", 0)[1]["id"]
    reports = [{"name": "March"}, {"name": "April"}, {"name": "Branch", "tenants": [branch]}]
    server.control("POST", f"/worlds/{world[0]}/reports", {"reports": reports})

    everything = client.reports.search([], order="name")[1]
    own = client.reports.search([tenant], order="-name", limit=1, offset=1, column=["name", "tenantNames"])

    assert [one["name"] for one in everything] == ["April", "Branch", "March"]
    assert own == (200, [{"name": "April", "tenantNames": ["Main"]}])


def test_a_retroscan_is_made(server: Server, world: tuple[str, str], client: Any) -> None:
    """It is kept as it was sent."""
    correlator = client.services.search(kind="correlator")[1][0]["id"]
    cluster = client.events.get_clusters()[1][0]["id"]
    task = {
        "kind": "retroscan",
        "name": "Again",
        "correlatorID": correlator,
        "search": {"clusterID": cluster, "query": "SELECT * FROM `events` LIMIT 250"},
    }

    status, made = client.tasks.create(task)

    (kept,) = server.control("GET", f"/worlds/{world[0]}/tasks")["tasks"]
    assert (status, kept["id"], kept["correlator"], kept["body"]) == (200, made["id"], correlator, task)


def test_a_tier_1_analyst_is_kept_out(
    server: Server, world: tuple[str, str], client: Any, tenant: str
) -> None:
    """What the role has not is 403 in the client's exception; what it has goes on."""
    body = {"name": "t1", "roles": [{"role": "Tier 1 analyst", "tenants": [tenant]}]}
    user = server.control("POST", f"/worlds/{world[0]}/users", body)["id"]
    token = server.control("POST", f"/worlds/{world[0]}/users/{user}/token", {})["token"]
    with KumaRestAPI(server.api, token, verify=server.ca_file or False) as analyst:
        seen = analyst.tenants.search()[1]
        with pytest.raises(APIError, match="access denied") as caught:
            analyst.tenants.create("Mine", 0)

    assert [one["id"] for one in seen] == [tenant]
    assert caught.value.status_code == 403
