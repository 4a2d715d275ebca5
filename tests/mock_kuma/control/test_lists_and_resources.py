"""POST lists and POST resources: what a test wants to be there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World

ROWS = [{"key": "k1", "host": "h1"}, {"key": "k2"}]


def correlator(world: World) -> str:
    """Return the id of the world's first correlator."""
    return str((world.vendor("GET", "/v1/services?kind=correlator").json or [])[0]["id"])


def test_an_active_list_is_given_with_its_records(world: World) -> None:
    """On the tenant's correlator, under the key column."""
    body = {
        "kind": "activeList",
        "name": "Given",
        "key": "host",
        "columns": ["key", "host"],
        "rows": [ROWS[0]],
    }
    (key,) = world.control("POST", "lists", body, status=201)["ids"]

    listed = world.vendor("GET", f"/v1/activeLists?correlatorID={correlator(world)}").json or []
    path = f"/v3/services/{correlator(world)}/activeLists"
    file = (world.vendor("GET", f"{path}/export/{key}").json or {})["id"]

    assert {one["name"]: one["records"] for one in listed} == {"Blocked addresses": 0, "Given": 1}
    assert json.loads(world.vendor("GET", f"/v3/download/{file}").data) == {
        "key": "h1",
        "record": {"key": "k1"},
        "count": 1,
    }


def test_a_context_table_is_given_with_its_records(world: World) -> None:
    """The first column is the key."""
    body = {"kind": "contextTable", "name": "Given", "rows": [{"ioc": "192.0.2.1", "note": "n"}]}
    (key,) = world.control("POST", "lists", body, status=201)["ids"]

    query = f"correlatorID={correlator(world)}&contextTableID={key}"
    world.vendor("POST", f"/v2/contextTables/import?{query}&format=csv", b"ioc,note\n192.0.2.1,other\n")

    (line,) = world.vendor("GET", f"/v2/contextTables/export?{query}").text.splitlines()
    assert json.loads(line)["record"]["note"] == {"type": 3, "value": "other"}


def test_a_dictionary_is_given_with_its_rows(world: World) -> None:
    """Columns that a row does not name stay empty."""
    body = {"kind": "dictionary", "name": "Given", "id": "d1", "rows": ROWS}

    answer = world.control("POST", "lists", body, status=201)

    assert answer == {"ids": ["d1"]}
    assert world.vendor("GET", "/v1/dictionaries?dictionaryID=d1").text == "key,host\nk1,h1\nk2,\n"


def test_records_go_to_the_correlator_that_is_named(world: World) -> None:
    """And to no other; otherwise to all of the tenant."""
    first = correlator(world)
    second = world.control("POST", "services", {"kind": "correlator", "name": "Second"}, status=201)["ids"][0]
    world.control(
        "POST",
        "lists",
        {"kind": "activeList", "name": "One", "rows": ROWS, "correlator": second},
        status=201,
    )
    world.control("POST", "lists", {"kind": "activeList", "name": "Both", "rows": ROWS}, status=201)

    def counts(service: str) -> dict[str, int]:
        found = world.vendor("GET", f"/v1/activeLists?correlatorID={service}").json or []
        return {one["name"]: one["records"] for one in found if one["name"] in {"One", "Both"}}

    assert counts(first) == {"Both": 2, "One": 0}
    assert counts(second) == {"Both": 2, "One": 2}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"kind": "list"}, "kind"),
        ({"name": ""}, "name"),
        ({"tenant": "none"}, "tenant"),
        ({"user": "none"}, "user"),
        ({"key": "none"}, "key"),
        ({"columns": ["a", "a"]}, "columns"),
        ({"columns": ["key"]}, "rows[0]"),
        ({"rows": [{"key": "", "host": "h"}]}, "rows[0]"),
        ({"rows": [{"key": "k"}, {"key": "k"}]}, "rows"),
        ({"rows": [{"key": "k"}, {"key": "k"}], "kind": "contextTable"}, "rows"),
        ({"rows": [{"key": "k"}, {"key": "k"}], "kind": "dictionary"}, "rows"),
        ({"rows": [{"key": 7}]}, "rows[0][...]"),
        ({"correlator": "none"}, "correlator"),
        ({"records": []}, "body"),
    ],
)
def test_a_wrong_list_is_refused_with_its_field(world: World, change: dict[str, Any], path: str) -> None:
    """422, and nothing is made."""
    body = {"kind": "activeList", "name": "Wrong", "rows": ROWS, **change}

    answer = world.control("POST", "lists", body, status=422)

    assert answer["errors"][0]["path"] == path
    assert world.vendor("GET", "/v1/resources?name=wrong").json == []


def test_rows_need_a_correlator(world: World) -> None:
    """A tenant without one has no place for records; an empty list needs none."""
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    body = {"kind": "activeList", "name": "Theirs", "tenant": branch}

    refused = world.control("POST", "lists", {**body, "rows": ROWS}, status=422)
    world.control("POST", "lists", body, status=201)

    assert refused["errors"][0]["path"] == "rows"


def test_resources_are_given_in_order(kuma: Kuma) -> None:
    """Same seed, same calls: same ids; folders are made once."""
    bodies = [
        {"kind": "filter", "name": "b", "folder": "Ours", "payload": {"n": 1}},
        {"kind": "filter", "name": "a", "folder": "Ours", "description": "d"},
        {"kind": "proxy", "name": "c", "id": "given"},
    ]
    worlds = [kuma.world(seed=7), kuma.world(seed=7)]

    ids = [world.control("POST", "resources", {"resources": bodies}, status=201)["ids"] for world in worlds]

    assert ids[0] == ids[1]
    assert ids[0][2] == "given"
    assert [one["name"] for one in worlds[0].vendor("GET", "/v3/folders").json or []] == ["Ours"]
    assert (worlds[0].vendor("GET", f"/v3/resources/filter/{ids[0][1]}").json or {})["description"] == "d"


@pytest.mark.parametrize(
    ("resource", "status", "path"),
    [
        ({"kind": "rule", "name": "x"}, 422, "resources[0].kind"),
        ({"kind": "filter"}, 422, "resources[0]"),
        ({"kind": "filter", "name": "x", "tenantID": "none"}, 422, "resources[0].tenantID"),
        ({"kind": "filter", "name": "x", "userID": "none"}, 422, "resources[0].userID"),
        ({"kind": "dictionary", "name": "x", "payload": {"columns": 7}}, 422, "resources[0]"),
        ({"kind": "filter", "name": "x", "id": "taken"}, 409, None),
    ],
)
def test_a_wrong_resource_is_refused_with_its_field(
    world: World, resource: dict[str, Any], status: int, path: str | None
) -> None:
    """422, or 409 where the id is taken."""
    taken = {"kind": "filter", "name": "there", "id": "taken"}
    world.control("POST", "resources", {"resources": [taken]}, status=201)

    answer = world.control("POST", "resources", {"resources": [resource]}, status=status)

    assert [one["path"] for one in answer["errors"]] == ([] if path is None else [path])
    assert world.vendor("GET", "/v1/resources?name=^x$").json == []


def test_two_of_one_id_are_a_conflict(world: World) -> None:
    """409, and neither is made."""
    twice = [{"kind": "filter", "name": name, "id": "same"} for name in ("one", "two")]

    world.control("POST", "resources", {"resources": twice}, status=409)

    assert world.vendor("GET", "/v1/resources?id=same").json == []


def test_a_snapshot_keeps_lists_and_resources(kuma: Kuma) -> None:
    """A world made from it has them; the two then go their own ways."""
    world = kuma.world()
    world.control("POST", "lists", {"kind": "activeList", "name": "Kept", "rows": ROWS}, status=201)
    snapshot = world.control("POST", "snapshots", {}, status=201)["snapshot"]

    made = kuma.control("POST", "/worlds", {"snapshot": snapshot}, status=201)
    response = kuma.vendor("GET", f"/v1/activeLists?correlatorID={correlator(world)}", token=made["token"])

    assert {one["name"]: one["records"] for one in response.json or []}["Kept"] == 2
