"""Active lists: listed, exported, scanned, and who is refused (222308, 269915, and what v3 adds)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World

VERSIONS = ["v1", "v2", "v2.1", "v2.2", "v3"]
CSV = b"key,DeviceHostName\nk1,h1\nk2,h2\n"


def correlator(world: World) -> str:
    """Return the id of the world's correlator."""
    return str((world.vendor("GET", "/v1/services?kind=correlator").json or [])[0]["id"])


def lists(world: World, version: str = "v1") -> list[Any]:
    """Return the correlator's active lists."""
    return list(world.vendor("GET", f"/{version}/activeLists?correlatorID={correlator(world)}").json or [])


def put(world: World, data: bytes, query: str, **headers: str) -> Any:
    """Import into the world's only list."""
    path = f"/v1/activeLists/import?correlatorID={correlator(world)}&activeListID={lists(world)[0]['id']}"
    return world.vendor("POST", f"{path}&{query}", data, **headers)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_new_world_has_one_empty_list(world: World, version: str) -> None:
    """With the five documented fields."""
    (only,) = lists(world, version)

    assert set(only) == {"id", "name", "dir", "records", "walSize"}
    assert (only["name"], only["records"], only["walSize"]) == ("Blocked addresses", 0, 0)


@pytest.mark.parametrize(
    ("kind", "paired", "status", "message"),
    [
        ("storage", True, 406, "service is not correlator"),
        ("collector", False, 406, "service is not correlator"),
        ("correlator", False, 406, "service not paired"),
        (None, True, 404, "service not found"),
    ],
)
@pytest.mark.parametrize("operation", ["list", "import", "export", "scan"])
def test_only_a_paired_correlator_has_lists(
    world: World, operation: str, kind: str | None, paired: bool, status: int, message: str
) -> None:
    """Every operation refuses in the same words."""
    service = "00000000-0000-4000-8000-000000000000"
    if kind is not None:
        answer = world.control(
            "POST", "services", {"kind": kind, "name": "other", "paired": paired}, status=201
        )
        service = answer["ids"][0]

    response = on(world, operation, service)

    assert (response.status_code, response.json) == (status, {"message": message, "details": None})


@pytest.mark.parametrize("operation", ["list", "import", "export", "scan"])
def test_rights_and_state_of_the_correlators_tenant_count(world: World, operation: str) -> None:
    """No role there: 403. Tenant disabled: 406, also for the administrator."""
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    service = world.control(
        "POST", "services", {"kind": "correlator", "name": "theirs", "tenant": branch}, status=201
    )["ids"][0]
    stranger = world.with_user({"role": "Tier 2 analyst", "tenants": [world.tenant]})

    denied = on(stranger, operation, service)
    world.control("PATCH", f"tenants/{branch}", {"disabled": True}, status=200)
    disabled = on(world, operation, service)

    assert (denied.status_code, denied.json) == (403, {"message": "access denied", "details": None})
    assert (disabled.status_code, disabled.json) == (406, {"message": "tenant disabled", "details": None})


def on(world: World, operation: str, service: str) -> Any:
    """Do an operation on a service of any kind and state."""
    match operation:
        case "list":
            return world.vendor("GET", f"/v1/activeLists?correlatorID={service}")
        case "import":
            query = f"correlatorID={service}&activeListID=none&format=csv&keyField=key"
            return world.vendor("POST", f"/v1/activeLists/import?{query}", CSV)
        case _:
            return world.vendor("GET", f"/v3/services/{service}/activeLists/{operation}/none")


@pytest.mark.parametrize("operation", ["list", "import", "export", "scan"])
def test_a_correlator_that_is_down_cannot_be_asked(world: World, operation: str) -> None:
    """The documented 50x; once it runs again, so does the operation."""
    service = correlator(world)
    world.control("PATCH", f"services/{service}", {"status": "red"}, status=200)

    response = on(world, operation, service)
    world.control("PATCH", f"services/{service}", {"status": "yellow"}, status=200)
    again = on(world, operation, service)

    assert (response.status_code, response.json) == (
        503,
        {"message": "correlator API request failed", "details": f"correlator {service} is not running"},
    )
    assert again.status_code == (200 if operation == "list" else 404)


@pytest.mark.parametrize("operation", ["import", "export", "scan"])
def test_an_unknown_list_is_not_found(world: World, operation: str) -> None:
    """404 in the vendor's words."""
    response = on(world, operation, correlator(world))

    assert (response.status_code, response.json) == (
        404,
        {"message": "active list not found", "details": None},
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["10", "9", "7"]),
        ("pattern=B", ["9", "7"]),
        ("limit=2", ["10", "9"]),
        ("limit=0", []),
        ("sort=n", ["10", "7", "9"]),
        ("sort=-n", ["9", "7", "10"]),
        ("sort=-nothing", ["10", "9", "7"]),
        ("from=1769850000000000000", ["10", "9", "7"]),
        ("from=1769850000000000001", []),
        ("exclude=1769850000000000000", []),
        ("exclude=1769850000000000001", ["10", "9", "7"]),
    ],
)
def test_a_scan_filters_and_sorts(kuma: Kuma, query: str, expected: list[str]) -> None:
    """Records without their keys; times in nanoseconds."""
    world = kuma.world(clock="2026-01-31T09:00:00Z")
    put(world, b"key,n\na,10\nab,9\nb,7\n", "format=csv&keyField=key")
    path = f"/v3/services/{correlator(world)}/activeLists/scan/{lists(world)[0]['id']}"

    response = world.vendor("GET", f"{path}?{query}")

    assert (response.status_code, response.json) == (200, [{"n": n} for n in expected])


@pytest.mark.parametrize(
    "query", ["limit=x", "from=-1", "exclude=1e9", "limit=99999999999999999999999", "from=٣"]
)
def test_a_scan_refuses_what_is_no_number(world: World, query: str) -> None:
    """400 with the parameter's name."""
    response = world.vendor(
        "GET", f"/v3/services/{correlator(world)}/activeLists/scan/{lists(world)[0]['id']}?{query}"
    )

    assert (response.status_code, response.json) == (
        400,
        {"message": "invalid query parameter value", "details": query.partition("=")[0]},
    )


@pytest.mark.parametrize("version", ["v1", "v2", "v2.1", "v2.2"])
@pytest.mark.parametrize("operation", ["export", "scan"])
def test_only_v3_has_files_and_scans(world: World, version: str, operation: str) -> None:
    """Elsewhere the paths do not exist."""
    path = f"/{version}/services/{correlator(world)}/activeLists/{operation}/{lists(world)[0]['id']}"

    assert world.vendor("GET", path).status_code == 404
