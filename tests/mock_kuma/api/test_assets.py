"""Assets: found, imported by FQDN or address, one failing alone, deleted (REST API, 5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import World

VERSIONS = ["v1", "v2", "v2.1", "v2.2", "v3"]


def bring_in(world: World, *assets: dict[str, Any], version: str = "v3", **body: Any) -> Any:
    """Import assets; return the answer's JSON."""
    response = world.vendor(
        "POST", f"/{version}/assets/import", {"tenantID": world.tenant, "assets": list(assets), **body}
    )
    assert response.status_code == 200, response.text
    return response.json


def found(world: World, query: str = "", version: str = "v3") -> list[Any]:
    """Search for assets."""
    response = world.vendor("GET", f"/{version}/assets?{query}")
    assert response.status_code == 200, response.text
    return list(response.json or ())


def delete(world: World, **marks: list[str]) -> Any:
    """Delete assets; return how many there were."""
    response = world.vendor("POST", "/v3/assets/delete", {"tenantID": world.tenant, **marks})
    assert response.status_code == 200, response.text
    return (response.json or {})["deletedCount"]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_import_tells_what_became_of_each(world: World, version: str) -> None:
    """New ids by place, how many were updated, and nothing went wrong."""
    bring_in(world, {"fqdn": "old.corp"})

    told = bring_in(world, {"fqdn": "old.corp"}, {"ipAddresses": ["10.0.0.1"]}, version=version)

    assert (list(told["insertedIDs"]), told["updatedCount"], told["errors"]) == (["1"], 1, [])
    assert {one["id"] for one in found(world)} >= {told["insertedIDs"]["1"]}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"fqdn": ["a.corp", "b.corp"]}, {"fqdn": ["A.CORP"]}),
        ({"fqdn": "a.corp, b.corp"}, {"fqdn": "a.corp."}),
        (
            {"fqdn": ["a.corp"], "ipAddresses": ["10.0.0.1"]},
            {"fqdn": ["a.corp"], "ipAddresses": ["10.9.9.9"]},
        ),
        ({"ipAddresses": ["10.0.0.1", "10.0.0.2"]}, {"ipAddresses": ["10.0.0.1"]}),
        ({"ipAddresses": ["fe80::1"]}, {"ipAddresses": ["FE80:0:0::1"]}),
    ],
)
def test_one_machine_is_known_again(world: World, first: dict[str, Any], second: dict[str, Any]) -> None:
    """By the first FQDN in any case, else by the first address in any spelling."""
    bring_in(world, first)

    told = bring_in(world, {**second, "owner": "Иванова"})

    assert (told["insertedIDs"], told["updatedCount"]) == ({}, 1)
    assert [one["owner"] for one in found(world)] == ["Иванова"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"fqdn": ["a.corp", "b.corp"]}, {"fqdn": ["b.corp"]}),
        ({"ipAddresses": ["10.0.0.1", "10.0.0.2"]}, {"ipAddresses": ["10.0.0.2"]}),
    ],
)
def test_only_the_first_name_or_address_counts(
    world: World, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """A second one is another machine's."""
    bring_in(world, first)

    assert list(bring_in(world, second)["insertedIDs"]) == ["0"]
    assert len(found(world)) == 2


def test_an_update_changes_what_it_names(world: World) -> None:
    """The rest stays, the time of the last change moves, the id is the same."""
    world.control("PUT", "clock", {"now": "2026-01-01T00:00:00Z", "frozen": True}, status=200)
    key = bring_in(world, {"fqdn": "a.corp", "owner": "Петров", "macAddresses": ["00:50:56:00:00:01"]})
    world.control("POST", "clock/advance", {"seconds": 60}, status=200)

    bring_in(world, {"fqdn": "a.corp", "name": "front", "software": [{"name": "nginx", "version": "1"}]})

    (asset,) = found(world)
    assert (asset["id"], asset["name"], asset["owner"]) == (key["insertedIDs"]["0"], "front", "Петров")
    assert (asset["macAddresses"], asset["software"][0]["name"]) == (["00:50:56:00:00:01"], "nginx")
    assert (asset["created"], asset["updated"]) == ("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z")


def test_an_asset_of_security_center_fails_alone(world: World) -> None:
    """Its place is named; what stands beside it is done, and it stays as it was."""
    ksc = {"nAgentID": "agent", "kscMasterHostname": "ksc.corp"}
    given = {"fqdn": ["ksc.corp"], "owner": "KSC", "ksc": ksc, "software": [{"name": "hidden"}]}
    world.control("POST", "assets", {"assets": [given]}, status=201)

    told = bring_in(world, {"fqdn": "a.corp"}, {"fqdn": "ksc.corp", "owner": "me"}, {"fqdn": "b.corp"})

    (error,) = told["errors"]
    assert (error["index"], sorted(told["insertedIDs"]), told["updatedCount"]) == (1, ["0", "2"], 0)
    (kept,) = found(world, "fqdn=^ksc")
    assert (kept["owner"], kept["ksc"]["nAgentID"], kept["software"]) == ("KSC", "agent", [])


def test_one_machine_twice_in_a_request_is_one_asset(world: World) -> None:
    """The second one updates what the first has made."""
    told = bring_in(world, {"fqdn": "a.corp", "owner": "first"}, {"fqdn": "a.corp", "owner": "second"})

    assert (list(told["insertedIDs"]), told["updatedCount"]) == (["0"], 1)
    assert [one["owner"] for one in found(world)] == ["second"]


@pytest.mark.parametrize(
    ("asset", "message", "details"),
    [
        ({"name": "nothing else"}, "one of fields required", "asset[1]: fqdn, ipAddresses"),
        ({"fqdn": "a b"}, "invalid value", "asset[1].fqdn"),
        ({"ipAddresses": ["10.0.0.1", "10.0.0.256"]}, "invalid value", "asset[1].ipAddresses[1]"),
        ({"fqdn": "a", "macAddresses": ["00:50:56"]}, "invalid value", "asset[1].macAddresses[0]"),
    ],
)
def test_what_is_wrong_with_one_refuses_all(
    world: World, asset: dict[str, Any], message: str, details: str
) -> None:
    """The element is named, and nothing of the request is done."""
    body = {"tenantID": world.tenant, "assets": [{"fqdn": "good.corp"}, asset]}

    response = world.vendor("POST", "/v3/assets/import", body)

    assert (response.status_code, response.json) == (400, {"message": message, "details": details})
    assert found(world) == []


def test_tenants_have_machines_of_the_same_name(world: World) -> None:
    """A machine is known again inside its tenant only, and found by tenant."""
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]

    bring_in(world, {"fqdn": "a.corp"})
    told = bring_in(world, {"fqdn": "a.corp"}, tenantID=branch)

    assert list(told["insertedIDs"]) == ["0"]
    assert [one["tenantName"] for one in found(world, f"tenantID={branch}")] == ["Branch"]
    assert len(found(world, f"tenantID={branch}&tenantID={world.tenant}")) == 2


def test_custom_fields_are_those_of_the_settings(world: World) -> None:
    """Matched by id, under the settings' name; what the settings do not have is left out."""
    body = {"fields": [{"name": "Room"}]}
    (field,) = world.control("PUT", "custom-fields", body, status=200)["fields"]
    values = [
        {"id": field["id"], "name": "room?", "value": "214"},
        {"id": "99999999-9999-4999-8999-999999999999", "name": "Floor", "value": "2"},
    ]

    bring_in(world, {"fqdn": "a.corp", "customFields": values})

    assert found(world)[0]["customFields"] == [{"id": field["id"], "name": "Room", "value": "214"}]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_asset_has_the_shape_of_its_version(world: World, version: str) -> None:
    """One FQDN in v1 and a list later; a system version as a number before v3; the key of an address."""
    weakness = {"kasperskyID": "K1", "severity": 4, "descriptionUrl": "https://example.com/K1"}
    system = {"name": "Windows", "version": "10"}
    bring_in(world, {"fqdn": ["a.corp", "b.corp"], "os": system, "vulnerabilities": [weakness]})

    (asset,) = found(world, version=version)

    assert asset["fqdn"] == ("a.corp" if version == "v1" else ["a.corp", "b.corp"])
    assert asset["os"] == {"name": "Windows", "version": "10" if version == "v3" else 10}
    key = "descriptionURL" if version == "v3" else "descriptionUrl"
    assert asset["vulnerabilities"][0][key] == "https://example.com/K1"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=^PRINT", ["printer"]),
        ("fqdn=\\.corp$", ["web.corp"]),
        ("ip=^10\\.0\\.0\\.[12]$", ["printer", "web.corp"]),
        ("mac=:01$", ["web.corp"]),
        ("name=r&mac=:01", ["web.corp"]),
        ("page=2", []),
        ("id=nothing", []),
    ],
)
def test_assets_are_found(world: World, query: str, expected: list[str]) -> None:
    """By patterns on each of the four, which add up."""
    mac = ["00:50:56:00:00:01"]
    bring_in(
        world,
        {"fqdn": "web.corp", "name": "web.corp", "ipAddresses": ["10.0.0.1"], "macAddresses": mac},
        {"ipAddresses": ["10.0.0.2"], "name": "printer"},
    )
    assert sorted(one["name"] for one in found(world, query)) == expected


def test_a_preview_leaves_the_long_lists_out(world: World) -> None:
    """As null, whatever the flag's value."""
    bring_in(world, {"fqdn": "a.corp", "software": [{"name": "nginx"}]})

    (asset,) = found(world, "preview=false", "v2.2")

    assert (asset["software"], asset["vulnerabilities"], asset["fqdn"]) == (None, None, ["a.corp"])


def test_assets_are_deleted_by_any_of_three_marks(world: World) -> None:
    """By id, first FQDN or first address; once each, and never another tenant's."""
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    keys = bring_in(world, {"fqdn": "a.corp"}, {"fqdn": "b.corp"}, {"ipAddresses": ["10.0.0.1", "10.0.0.2"]})
    theirs = bring_in(world, {"fqdn": "a.corp"}, tenantID=branch)["insertedIDs"]["0"]

    counts = [
        delete(world, ipAddresses=["10.0.0.2"]),
        delete(world, fqdns=["A.corp"], ids=[keys["insertedIDs"]["0"]]),
        delete(world, ids=[keys["insertedIDs"]["1"], theirs]),
        delete(world, ipAddresses=["10.0.0.1"]),
        delete(world, ipAddresses=["10.0.0.1"]),
    ]

    assert counts == [0, 1, 1, 1, 0]
    assert [one["id"] for one in found(world)] == [theirs]
