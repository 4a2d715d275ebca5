"""Users in v3: found, and one by the id (REST API, 5.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import World

T1 = "309ed903-99f0-462e-a43d-6edb7281f830"
T2 = "e57fae66-ec6d-46b9-8d9d-a29efbe04ca2"
ADMIN = "9dd65e51-3b04-48f5-b132-c08bf9ad17d6"


def add(world: World, name: str, *roles: str, tenant: str = "", **options: Any) -> str:
    """Make a user with roles in a tenant, the main one if none is named; return the id."""
    held = [{"role": role, "tenants": [tenant or world.tenant]} for role in roles]
    body = {"name": name, "login": name.lower(), "roles": held, **options}
    return str(world.control("POST", "users", body, status=201)["id"])


def found(world: World, query: str = "") -> list[Any]:
    """Search for users."""
    response = world.vendor("GET", f"/v3/users?{query}")
    assert response.status_code == 200, response.text
    return list(response.json or ())


def names(world: World, query: str = "") -> list[str]:
    """Return the names that a search finds, in its order."""
    return [user["name"] for user in found(world, query)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["admin", "anna", "boris", "gone"]),
        ("sort=-login", ["gone", "boris", "anna", "admin"]),
        ("excludeDisabled=true", ["admin", "anna", "boris"]),
        ("excludeDisabled=False", ["admin", "anna", "boris", "gone"]),
        ("pattern=NN", ["anna"]),
        ("login=^b", ["boris"]),
        ("name=o", ["boris", "gone"]),
        ("email=nothing", []),
        (f"role={T1}", ["anna", "boris"]),
        (f"role={T1}&role={T2}", ["anna", "boris", "gone"]),
        (f"role={ADMIN}", ["admin"]),
        ("page=2&size=3", ["gone"]),
        ("page=3&size=3", []),
    ],
)
def test_users_are_found(world: World, query: str, expected: list[str]) -> None:
    """By patterns, role and state, sorted and paged."""
    add(world, "boris", "Tier 1 analyst")
    add(world, "anna", "Tier 1 analyst", "Tier 2 analyst")
    add(world, "gone", "Tier 2 analyst", disabled=True)

    assert names(world, query) == expected


def test_a_role_counts_in_the_tenants_that_are_asked_for(world: World) -> None:
    """Role and tenant go together; a General administrator is in every tenant."""
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    add(world, "anna", "Tier 1 analyst", tenant=branch)
    add(world, "boris", "Tier 1 analyst")

    assert names(world, f"role={T1}&tenant={branch}") == ["anna"]
    assert names(world, f"tenant={branch}") == ["admin", "anna"]


def test_one_user_is_shown_as_in_the_list(world: World) -> None:
    """With the roles' ids and tenants, and whether the account is disabled."""
    key = add(world, "anna", "Tier 1 analyst", disabled=True)

    one = world.vendor("GET", f"/v3/users/id/{key}").json

    assert one == found(world, "login=^anna$")[0]
    assert one == {
        "id": key,
        "name": "anna",
        "login": "anna",
        "email": "anna@example.com",
        "disabled": True,
        "roles": [
            {"id": T1, "name": "Tier 1 analyst", "tenants": [{"id": world.tenant, "name": "Main"}]},
        ],
    }


def test_nobody_learns_of_other_tenants(world: World) -> None:
    """A tenant's administrator sees who works there, without their roles elsewhere."""
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    both = [{"role": "Tier 1 analyst", "tenants": [world.tenant, branch]}]
    anna = world.control("POST", "users", {"name": "anna", "roles": both}, status=201)["id"]
    theirs = add(world, "boris", "Tier 1 analyst", tenant=branch)
    administrator = world.with_user({"role": "Tenant administrator", "tenants": [world.tenant]})

    seen = {user["id"]: user for user in found(administrator)}

    assert theirs not in seen
    assert [one["name"] for one in seen[anna]["roles"][0]["tenants"]] == ["Main"]
    assert administrator.vendor("GET", f"/v3/users/id/{theirs}").status_code == 403


@pytest.mark.parametrize("version", ["v1", "v2", "v2.1", "v2.2"])
def test_earlier_versions_know_oneself_only(world: World, version: str) -> None:
    """404 for the others."""
    statuses = [
        world.vendor("GET", f"/{version}/users{path}").status_code for path in ("", "/id/x", "/whoami")
    ]

    assert statuses == [404, 404, 200]
