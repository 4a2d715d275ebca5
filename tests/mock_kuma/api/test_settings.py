"""Custom fields, the extended event schema, folders, reports and tasks (REST API, 5.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import World

VERSIONS = ["v1", "v2", "v2.1", "v2.2", "v3"]
SCHEMA = "/v3/settings/extendedFields"
CLOCK = "2026-01-02T00:00:00Z"
MS = 1767312000000  # of CLOCK


def names(world: World, path: str) -> list[str]:
    """Return the names of what a list answers, in its order."""
    response = world.vendor("GET", path)
    assert response.status_code == 200, response.text
    return [one["name"] for one in response.json or ()]


@pytest.mark.parametrize("version", VERSIONS)
def test_custom_fields_are_told_by_the_settings_id(world: World, version: str) -> None:
    """Each with its id, name, default value and mask."""
    body = {"fields": [{"name": "Room", "default": "0", "mask": "[0-9]+"}, {"name": "Owner"}]}
    told = world.control("PUT", "custom-fields", body, status=200)

    setting = world.vendor("GET", f"/{version}/settings/id/{told['id']}").json or {}

    assert (setting["id"], setting["tenantName"], setting["disabled"]) == (told["id"], "Main", False)
    assert [(one["name"], one["default"], one["mask"]) for one in setting["customFields"]] == [
        ("Room", "0", "[0-9]+"),
        ("Owner", "", ""),
    ]


def test_another_setting_is_not_in_the_database(world: World) -> None:
    """404 in words that no other operation has."""
    response = world.vendor("GET", "/v1/settings/id/99999999-9999-4999-8999-999999999999")

    assert (response.status_code, (response.json or {})["message"]) == (404, "Not found in database")


def test_the_schema_takes_back_what_it_gave(world: World) -> None:
    """An import adds what is new and changes what is there, but for its kind."""
    fields = [
        {"kind": "S", "name": "ticket", "description": "", "disabled": False},
        {"kind": "NA", "name": "порты", "description": "open", "disabled": False},
    ]
    changed = {**fields[0], "description": "of the desk", "disabled": True}

    statuses = [
        world.vendor("POST", f"{SCHEMA}/import", body).status_code
        for body in (fields, [changed], [{**fields[0], "kind": "N"}])
    ]

    assert statuses == [204, 204, 409]
    assert world.vendor("GET", f"{SCHEMA}/export").json == [changed, fields[1]]


@pytest.mark.parametrize(
    ("fields", "details"),
    [
        ([{"kind": "X", "name": "a"}], "[0].kind"),
        ([{"kind": "S", "name": "a"}, {"kind": "S", "name": "b c"}], "[1].name"),
        ([{"kind": "S", "name": "a"}, {"kind": "S", "name": "a"}], "[1].name"),
        ([{"kind": "S"}], "[0].name"),
    ],
)
def test_one_bad_field_refuses_the_import(world: World, fields: list[Any], details: str) -> None:
    """It is named by its place, and nothing is stored."""
    response = world.vendor("POST", f"{SCHEMA}/import", fields)

    assert (response.status_code, response.json) == (400, {"message": "invalid value", "details": details})
    assert world.vendor("GET", f"{SCHEMA}/export").json == []


def test_only_a_general_administrator_disables_a_field(world: World) -> None:
    """A tenant's administrator adds and describes fields."""
    administrator = world.with_user({"role": "Tenant administrator", "tenants": [world.tenant]})
    field = {"kind": "F", "name": "score"}

    statuses = [
        administrator.vendor("POST", f"{SCHEMA}/import", [{**field, **more}]).status_code
        for more in ({}, {"description": "of risk"}, {"disabled": True})
    ]

    assert statuses == [204, 204, 403]


def test_folders_are_found_and_sorted(world: World) -> None:
    """By kind of resource, tenant and name; from an offset, with the columns that are asked for."""
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    given = [("filter", "B", world.tenant), ("filter", "A", branch), ("normalizer", "C", world.tenant)]
    resources = [
        {"kind": kind, "name": f"of {folder}", "folder": folder, "tenantID": tenant}
        for kind, folder, tenant in given
    ]
    world.control("POST", "resources", {"resources": resources}, status=201)

    assert names(world, "/v3/folders?subkind=filter&order=name") == ["A", "B"]
    assert names(world, "/v3/folders?subkind=filter&order=-name&limit=1&offset=1") == ["A"]
    assert names(world, f"/v3/folders?subkind=filter&tenantID={branch}") == ["A"]
    assert names(world, "/v3/folders?name=^c$") == ["C"]
    (told,) = world.vendor("GET", "/v3/folders?name=^c$&column=name&column=subKind").json or [{}]
    assert told == {"name": "C", "subKind": "normalizer"}


def test_reports_are_found_and_sorted(world: World) -> None:
    """By tenant and name; a period that was not given is the day before."""
    world.control("PUT", "clock", {"now": CLOCK, "frozen": True}, status=200)
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    reports = [{"name": "Monday"}, {"name": "Both", "tenants": [world.tenant, branch], "status": "failed"}]
    world.control("POST", "reports", {"reports": reports}, status=201)
    analyst = world.with_user({"role": "Tier 2 analyst", "tenants": [world.tenant]})

    assert names(world, "/v3/reports") == ["Both", "Monday"]
    assert names(world, f"/v3/reports?tenantIDs={branch}") == ["Both"]
    assert names(world, "/v3/reports?name=^mon&order=-createdAt") == ["Monday"]
    assert names(analyst, "/v3/reports") == ["Monday"]
    (one,) = world.vendor("GET", "/v3/reports?name=both").json or [{}]
    told = {"tenantNames": ["Main", "Branch"], "userName": "admin", "status": "failed", "to": MS}
    assert {name: one[name] for name in told} == told
    assert one["to"] - one["from"] == 86_400_000


def test_a_retroscan_is_kept_as_it_was_sent(world: World) -> None:
    """With who made it; a field that nobody knows stays in it."""
    correlator = (world.vendor("GET", "/v3/services?kind=correlator").json or [{}])[0]["id"]
    cluster = (world.vendor("GET", "/v3/events/clusters").json or [{}])[0]["id"]
    task = {
        "kind": "retroscan",
        "correlatorID": correlator,
        "search": {"clusterID": cluster, "query": "SELECT * FROM events LIMIT 1"},
        "note": {"nested": [1, None]},
    }

    made = world.vendor("POST", "/v3/tasks/create", task).json or {}

    (kept,) = world.control("GET", "tasks", status=200)["tasks"]
    assert (kept["id"], kept["kind"], kept["body"]) == (made["id"], "retroscan", task)
    assert kept["user"] == (world.vendor("GET", "/v3/users/whoami").json or {})["id"]


@pytest.mark.parametrize("path", ["/folders", "/reports", "/settings/extendedFields/export"])
@pytest.mark.parametrize("version", VERSIONS[:4])
def test_what_v3_adds_is_not_there_before(world: World, version: str, path: str) -> None:
    """404, as for any route that is not there."""
    assert world.vendor("GET", f"/{version}{path}").status_code == 404
