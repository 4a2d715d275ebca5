"""Services: found in every version; made, reloaded and restarted in v3 (REST API, 5.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import World

CLOCK = "2026-01-01T00:00:00Z"
VERSIONS = ["v1", "v2", "v2.1", "v2.2", "v3"]


def found(world: World, query: str = "", version: str = "v3") -> list[Any]:
    """Search for services."""
    response = world.vendor("GET", f"/{version}/services?{query}")
    assert response.status_code == 200, response.text
    return list(response.json or ())


def names(world: World, query: str = "") -> list[str]:
    """Return the names of the services that a search finds, sorted."""
    return sorted(service["name"] for service in found(world, query))


def add(world: World, kind: str, name: str, **options: Any) -> str:
    """Put a service there; return its id."""
    body = {"kind": kind, "name": name, **options}
    return str(world.control("POST", "services", body, status=201)["ids"][0])


def do(world: World, service: str, what: str) -> int:
    """Reload or restart a service; return the status."""
    return world.vendor("POST", f"/v3/services/{service}/{what}").status_code


def only(world: World, service: str) -> Any:
    """Return one service."""
    (one,) = found(world, f"id={service}")
    return one


@pytest.mark.parametrize("version", VERSIONS)
def test_a_service_has_the_documented_fields(world: World, version: str) -> None:
    """Fifteen of them in every version; the status is a colour."""
    storage = found(world, "kind=storage", version)[0]

    assert set(storage) == {
        "id", "tenantID", "tenantName", "resourceID", "kind", "name", "address", "fqdn", "status", "warning",
        "apiPort", "uptime", "version", "created", "updated",
    }  # fmt: skip
    assert (storage["name"], storage["status"], storage["version"]) == ("Storage", "green", "3.2")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=collector", ["Netflow", "Syslog"]),
        ("kind=agent&kind=storage", ["Laptop", "Storage"]),
        ("name=^SYS", ["Syslog"]),
        ("fqdn=^edge", ["Netflow"]),
        ("kind=collector&paired", ["Netflow"]),
        ("kind=collector&paired=false", ["Netflow"]),
        ("page=2", []),
        ("id=none", []),
    ],
)
def test_services_are_found(world: World, query: str, expected: list[str]) -> None:
    """By kind, name, host and first start; filters add up, and a flag is on whatever its value."""
    add(world, "collector", "Netflow", fqdn="edge.corp")
    add(world, "collector", "Syslog", paired=False)
    add(world, "agent", "Laptop", fqdn="laptop.corp")

    assert names(world, query) == expected


def test_an_unknown_kind_is_named(world: World) -> None:
    """Even beside one that is known."""
    response = world.vendor("GET", "/v1/services?kind=storage&kind=spaceship")

    assert (response.status_code, response.json) == (
        400,
        {"message": "invalid kind", "details": "spaceship"},
    )


def test_a_new_service_waits_for_its_first_start(world: World) -> None:
    """Made from a resource, with its name; grey, without a host, a version or an uptime."""
    draft = {"tenantID": world.tenant, "name": "Netflow", "payload": {}}
    resource = (world.vendor("POST", "/v3/resources/collector/create", draft).json or {})["id"]

    made = world.vendor("POST", "/v3/services/create", {"resourceID": resource}).json or {}

    service = only(world, made["id"])
    told = ("kind", "name", "resourceID", "status", "fqdn", "version", "apiPort")
    assert [service[name] for name in told] == ["collector", "Netflow", resource, "grey", "", "", ""]
    assert [do(world, made["id"], what) for what in ("reload", "restart")] == [406, 406]


def test_a_restart_begins_the_uptime_anew(world: World) -> None:
    """A service that had stopped runs afterwards, green and without its warning."""
    world.control("PUT", "clock", {"now": CLOCK, "frozen": True}, status=200)
    running = add(world, "collector", "Netflow")
    stopped = add(world, "collector", "Syslog", status="red")
    world.control("PATCH", f"services/{stopped}", {"warning": "no disk"}, status=200)
    world.control("POST", "clock/advance", {"seconds": 3_600}, status=200)
    before = only(world, running)["uptime"]

    statuses = [do(world, key, "restart") for key in (running, stopped)]

    assert statuses == [204, 204]
    after = [only(world, key) for key in (running, stopped)]
    assert before != after[0]["uptime"] == after[1]["uptime"]
    assert [(one["status"], one["warning"]) for one in after] == [("green", "")] * 2
    assert {one["updated"] for one in after} == {"2026-01-01T01:00:00Z"}


def test_a_reload_leaves_the_service_running(world: World) -> None:
    """Its uptime goes on, its colour stays; only the time of its last change moves."""
    world.control("PUT", "clock", {"now": CLOCK, "frozen": True}, status=200)
    key = add(world, "collector", "Netflow", status="yellow")
    world.control("POST", "clock/advance", {"seconds": 60}, status=200)
    before = only(world, key)

    assert do(world, key, "reload") == 204

    assert only(world, key) == {**before, "updated": "2026-01-01T00:01:00Z"}


def test_services_are_those_of_the_users_tenants(world: World) -> None:
    """Others are silently left out of a search, and refused by their id."""
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    theirs = add(world, "collector", "Theirs", tenant=branch)
    analyst = world.with_user({"role": "Tier 2 analyst", "tenants": [world.tenant]})

    assert "Theirs" not in names(analyst)
    assert names(analyst, f"tenantID={branch}") == []
    assert [do(analyst, theirs, what) for what in ("reload", "restart")] == [403, 403]
