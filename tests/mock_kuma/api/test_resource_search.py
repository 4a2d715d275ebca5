"""Resources and folders: the two searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World

VERSIONS = ["v1", "v2", "v2.1", "v2.2", "v3"]
SHARED = "00000000-0000-0000-0000-000000000000"
FIELDS = {
    "id", "kind", "name", "description", "tenantID", "tenantName", "userID", "userName", "created", "updated",
}  # fmt: skip


def give(world: World, *resources: dict[str, Any]) -> list[str]:
    """Give the world resources; return their ids."""
    return list(world.control("POST", "resources", {"resources": list(resources)}, status=201)["ids"])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_new_world_has_its_four_resources(world: World, version: str) -> None:
    """With the fields of the page, and times in whole seconds."""
    found = world.vendor("GET", f"/{version}/resources").json or []
    ours = [one for one in found if one["kind"] in {"activeList", "contextTable", "dictionary", "filter"}]

    assert [one["name"] for one in ours] == [
        "Blocked addresses", "Critical hosts", "Internal addresses", "Threat indicators",
    ]  # fmt: skip
    assert all(set(one) == FIELDS and one["tenantName"] == "Main" for one in ours)
    assert {one["userName"] for one in ours} == {"admin"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=filter&kind=dictionary&name=^crit", ["Critical hosts"]),
        ("kind=proxy&kind=secret", ["One", "two"]),
        ("name=^(one|TWO)$", ["One", "two"]),
        ("id=r1&id=none", ["One"]),
        ("tenantID=none", []),
        ("TenantID=TENANT&kind=proxy", ["One"]),
        ("userID=none", []),
        ("kind=proxy&page=2", []),
    ],
)
def test_a_search_has_the_filters_of_the_page(world: World, query: str, expected: list[str]) -> None:
    """Values of one parameter by OR, parameters by AND."""
    give(world, {"id": "r1", "kind": "proxy", "name": "One"}, {"kind": "secret", "name": "two"})

    response = world.vendor("GET", f"/v2/resources/?{query.replace('TENANT', world.tenant)}")

    assert (response.status_code, [one["name"] for one in response.json or []]) == (200, expected)


def test_a_search_is_paged(kuma: Kuma) -> None:
    """By the world's page size."""
    world = kuma.world(page_size=2)
    give(world, *({"kind": "proxy", "name": f"p{place}"} for place in range(5)))

    pages = [world.vendor("GET", f"/v1/resources?kind=proxy&page={n}").json or [] for n in (1, 2, 3, 4)]

    assert [[one["name"] for one in page] for page in pages] == [["p0", "p1"], ["p2", "p3"], ["p4"], []]


@pytest.mark.parametrize(
    ("query", "message", "details"),
    [
        ("page=0", "invalid query parameter value", "page"),
        ("kind=rule", "invalid kind", "rule"),
        ("name=(", "invalid query parameter value", "name"),
    ],
)
def test_a_wrong_search_has_its_row(world: World, query: str, message: str, details: str) -> None:
    """As on the sibling pages."""
    response = world.vendor("GET", f"/v1/resources?{query}")

    assert (response.status_code, response.json) == (400, {"message": message, "details": details})


def test_tenants_without_a_role_are_left_out(world: World) -> None:
    """A list is silently filtered, a single call is denied."""
    (key,) = give(world, {"kind": "proxy", "name": "shared", "tenantID": SHARED})
    analyst = world.with_user({"role": "Tier 1 analyst", "tenants": [world.tenant]})

    found = analyst.vendor("GET", "/v3/resources?kind=proxy").json
    response = analyst.vendor("GET", f"/v3/resources/proxy/{key}")

    assert (found, response.status_code) == ([], 403)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["A", "B", "C"]),
        ("order=-name", ["C", "B", "A"]),
        ("limit=1&offset=1", ["B"]),
        ("limit=0", []),
        ("subkind=proxy", ["B"]),
        ("subKind=proxy&subKind=filter", ["A", "B"]),
        ("kind=report", []),
        ("kind=resource&name=^a$", ["A"]),
        ("tenantID=none", []),
        ("id=none", []),
    ],
)
def test_folders_are_searched(world: World, query: str, expected: list[str]) -> None:
    """With the parameters of the public client."""
    give(
        world,
        {"kind": "filter", "name": "f", "folder": "A"},
        {"kind": "proxy", "name": "p", "folder": "B"},
        {"kind": "secret", "name": "s", "folder": "C"},
    )

    response = world.vendor("GET", f"/v3/folders?{query}")

    assert (response.status_code, [one["name"] for one in response.json or []]) == (200, expected)


def test_folders_show_the_columns_asked_for(world: World) -> None:
    """All of them where none is named."""
    give(world, {"kind": "filter", "name": "f", "folder": "A"})

    (some,) = world.vendor("GET", "/v3/folders?column=id&column=name").json or [{}]
    (every,) = world.vendor("GET", "/v3/folders").json or [{}]

    assert set(some) == {"id", "name"}
    assert set(every) == {
        "id", "tenantID", "tenantName", "exportID", "kind", "subKind", "name", "description", "userID",
        "parentID", "createdAt",
    }  # fmt: skip


@pytest.mark.parametrize("query", ["limit=x", "limit=10001", "offset=-1", "order=world", "column=world"])
def test_a_wrong_search_for_folders_is_refused(world: World, query: str) -> None:
    """400 with the parameter's name."""
    response = world.vendor("GET", f"/v3/folders?{query}")

    assert (response.status_code, response.json) == (
        400,
        {"message": "invalid query parameter value", "details": query.partition("=")[0]},
    )
