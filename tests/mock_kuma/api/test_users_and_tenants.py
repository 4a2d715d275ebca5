"""GET /users/whoami and GET /tenants, in the shapes of each version (5.7 and 5.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import World


def test_whoami_lists_tenants_with_a_role_in_v1(world: World) -> None:
    """v1: id, name, login, email, tenants."""
    analyst = world.with_user({"role": "Tier 1 analyst", "tenants": [world.tenant]}, login="t1")

    answer = analyst.vendor("GET", "/v1/users/whoami").json or {}

    assert set(answer) == {"id", "name", "login", "email", "tenants"}
    assert (answer["name"], answer["login"]) == ("somebody", "t1")
    assert answer["tenants"] == [{"id": world.tenant, "name": "Main", "role": "Tier 1 analyst"}]


@pytest.mark.parametrize("version", ["v2", "v2.1", "v2.2", "v3"])
def test_whoami_lists_roles_with_their_tenants_later(world: World, version: str) -> None:
    """v2 and later: roles, each with its id and tenants."""
    analyst = world.with_user({"role": "Tier 1 analyst", "tenants": [world.tenant]})

    answer = analyst.vendor("GET", f"/{version}/users/whoami").json or {}

    assert answer["roles"] == [
        {
            "id": "309ed903-99f0-462e-a43d-6edb7281f830",
            "name": "Tier 1 analyst",
            "tenants": [{"id": world.tenant, "name": "Main"}],
        }
    ]


def test_tenants_are_those_of_the_user(world: World) -> None:
    """A user without a role in a tenant does not see it."""
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    analyst = world.with_user({"role": "Junior analyst", "tenants": [branch]})

    everything = [tenant["name"] for tenant in world.vendor("GET", "/v1/tenants").json or ()]
    own = [tenant["name"] for tenant in analyst.vendor("GET", "/v1/tenants").json or ()]

    assert (everything, own) == (["Main", "Branch", "Shared"], ["Branch"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [("main", ["Main"]), ("name=^sha", ["Shared"]), ("page=2", []), ("id=none", [])],
)
def test_tenants_are_filtered(world: World, query: str, expected: list[str]) -> None:
    """By the presence flag, the name pattern, the page and the id."""
    found = world.vendor("GET", f"/v2/tenants?{query}").json or ()

    assert [tenant["name"] for tenant in found] == expected


def test_a_tenant_has_the_documented_fields(world: World) -> None:
    """Nine of them, with RFC 3339 times."""
    (tenant,) = world.vendor("GET", "/v3/tenants?main").json or [{}]

    assert set(tenant) == {
        "id", "name", "main", "description", "eps", "epsLimit", "created", "updated", "shared",
    }  # fmt: skip
    assert (tenant["main"], tenant["shared"], tenant["created"][-1]) == (True, False, "Z")
