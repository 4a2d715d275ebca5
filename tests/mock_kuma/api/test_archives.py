"""Resources leaving one KUMA and entering another: export, toc, import (222301 to 222304, 269930)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World

VERSIONS = ["v1", "v2", "v2.1", "v2.2", "v3"]
SHARED = "00000000-0000-0000-0000-000000000000"
NOBODY = "00000000-0000-4000-8000-000000000000"
PASSWORD = "secret"


def give(world: World, *resources: dict[str, Any]) -> list[str]:
    """Give the world resources; return their ids."""
    return list(world.control("POST", "resources", {"resources": list(resources)}, status=201)["ids"])


def export(world: World, ids: list[str], version: str = "v3", **fields: Any) -> Any:
    """Ask for an export."""
    body = {"ids": ids, "password": PASSWORD, "tenantID": world.tenant, **fields}
    return world.vendor("POST", f"/{version}/resources/export", body)


def archive(world: World, ids: list[str], version: str = "v3") -> bytes:
    """Export and download resources; return the file."""
    file = (export(world, ids, version).json or {})["fileID"]
    response = world.vendor("GET", f"/{version}/download/{file}")
    assert response.status_code == 200
    return bytes(response.data)


def upload(world: World, data: bytes, version: str = "v3") -> str:
    """Upload a file; return its id."""
    return str((world.vendor("POST", f"/{version}/resources/upload", data).json or {})["id"])


def take_in(world: World, file: str, version: str = "v3", **fields: Any) -> Any:
    """Import an uploaded file."""
    body = {"fileID": file, "password": PASSWORD, "tenantID": world.tenant, "actions": None, **fields}
    return world.vendor("POST", f"/{version}/resources/import", body)


def read(world: World, kind: str, key: str) -> Any:
    """Return a resource, or the error's body."""
    return world.vendor("GET", f"/v3/resources/{kind}/{key}").json


@pytest.mark.parametrize("version", VERSIONS)
def test_what_one_world_exports_another_imports(kuma: Kuma, version: str) -> None:
    """With ids, payload and folder; the file does not show what is in it."""
    old, new = kuma.world(seed=1), kuma.world(seed=2)
    rule = {"kind": "filter", "name": "Rule", "description": "d", "payload": {"n": [1]}, "folder": "Ours"}
    (key,) = give(old, rule)

    data = archive(old, [key], version)
    response = take_in(new, upload(new, data, version), version)

    assert (response.status_code, response.data) == (204, b"")
    assert b"Rule" not in data
    before, after = read(old, "filter", key), read(new, "filter", key)
    same = ("id", "kind", "name", "description", "payload", "folderID")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert (after["tenantID"], after["version"]) == (new.tenant, 1)
    assert [one["name"] for one in new.vendor("GET", "/v3/folders").json or []] == ["Ours"]


def test_an_imported_dictionary_has_its_rows(kuma: Kuma) -> None:
    """They travel inside the resource."""
    old, new = kuma.world(seed=1), kuma.world(seed=2)
    body = {"kind": "dictionary", "name": "D", "rows": [{"key": "a", "value": "1"}]}
    (key,) = old.control("POST", "lists", body, status=201)["ids"]

    take_in(new, upload(new, archive(old, [key])))

    assert new.vendor("GET", f"/v1/dictionaries?dictionaryID={key}").text == "key,value\na,1\n"


def test_the_same_world_answers_with_conflicts(world: World) -> None:
    """409 with the ids; 0 skips, 1 conflicts again, 2 replaces."""
    keys = give(world, {"kind": "filter", "name": "a"}, {"kind": "filter", "name": "b"})
    file = upload(world, archive(world, keys))
    for key, name in zip(keys, "ab", strict=True):
        world.vendor("PUT", f"/v3/resources/filter/{key}", {"name": name, "payload": {"edited": True}})

    first = take_in(world, file)
    again = take_in(world, file, actions={keys[0]: 1, keys[1]: 0})
    settled = take_in(world, file, actions={keys[0]: 0, keys[1]: 2})

    assert (first.status_code, first.json) == (409, {"conflicts": sorted(keys)})
    assert (again.status_code, again.json) == (409, {"conflicts": [keys[0]]})
    assert settled.status_code == 204
    assert [read(world, "filter", key)["payload"] for key in keys] == [{"edited": True}, {}]


def test_a_conflict_imports_nothing_at_all(kuma: Kuma) -> None:
    """What is new waits for the answer, too; skipped resources never come."""
    old, new = kuma.world(seed=1), kuma.world(seed=2)
    keys = give(old, *({"id": name, "kind": "filter", "name": name} for name in "abc"))
    give(new, {"id": "a", "kind": "filter", "name": "theirs"})
    file = upload(new, archive(old, keys))

    conflict = take_in(new, file)
    before = new.vendor("GET", "/v3/resources?id=b&id=c").json
    settled = take_in(new, file, actions={"a": 2, "b": 0, "c": 1, "other": 0})

    assert (conflict.json, before) == ({"conflicts": ["a"]}, [])
    assert settled.status_code == 204
    found = new.vendor("GET", "/v3/resources?kind=filter").json or []
    assert [one["name"] for one in found] == ["Internal addresses", "a", "c"]


def test_what_a_resource_depends_on_comes_along(kuma: Kuma) -> None:
    """Through any number of steps, told as ``deps``."""
    old, new = kuma.world(seed=1), kuma.world(seed=2)
    give(
        old,
        {"id": "base", "kind": "filter", "name": "base"},
        {"id": "middle", "kind": "dictionary", "name": "middle", "payload": {"x": ["base"]}},
        {"id": "top", "kind": "correlationRule", "name": "top", "payload": {"list": {"id": "middle"}}},
        {"id": "alone", "kind": "filter", "name": "alone"},
    )
    file = upload(new, archive(old, ["top"]))

    toc = new.vendor("POST", "/v1/resources/toc", {"fileID": file, "password": PASSWORD}).json or {}

    assert {one["id"]: one["deps"] for one in toc["resources"]} == {
        "top": ["middle"], "middle": ["base"], "base": [],
    }  # fmt: skip
    assert take_in(new, file).status_code == 204


@pytest.mark.parametrize("version", VERSIONS)
def test_a_table_of_contents_has_the_shape_of_its_version(world: World, version: str) -> None:
    """v1: four flat fields. Later: folders with their resources."""
    keys = give(
        world,
        {"id": "in", "kind": "filter", "name": "in", "folder": "Ours"},
        {"id": "out", "kind": "filter", "name": "out"},
    )
    file = upload(world, archive(world, keys))

    response = world.vendor("POST", f"/{version}/resources/toc", {"fileID": file, "password": PASSWORD})

    toc = response.json or {}
    assert response.status_code == 200
    if version == "v1":
        assert set(toc) == {"version", "assetCategories", "folders", "resources"}
        assert [one["id"] for one in toc["resources"]] == ["in", "out"]
    else:
        assert set(toc) == {"folders"}
        ours, root = toc["folders"]
        assert set(ours) == {
            "id", "tenantID", "tenantName", "exportID", "kind", "subKind", "name", "description", "userID",
            "parentID", "createdAt", "resources",
        }  # fmt: skip
        assert (ours["name"], root["id"], root["name"]) == ("Ours", f"filter-{world.tenant}", "")
        assert ours["resources"] == [{"id": "in", "kind": "filter", "name": "in", "deps": []}]


@pytest.mark.parametrize("operation", ["toc", "import"])
@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"fileID": None}, 400, "fileID required"),
        ({"password": ""}, 400, "password required"),
        ({"password": "x" * 1_025}, 400, "invalid value"),
        ({"password": 7}, 400, "request body decode failed"),
        ({"password": "wrong"}, 400, "file decryption failed"),
        ({"fileID": NOBODY}, 404, "file not found"),
    ],
)
def test_a_file_that_cannot_be_opened_has_its_row(
    world: World, operation: str, change: dict[str, Any], status: int, message: str
) -> None:
    """The same for looking into it and importing it."""
    file = upload(world, archive(world, give(world, {"kind": "filter", "name": "a"})))
    body = {"fileID": file, "password": PASSWORD, "tenantID": world.tenant, **change}

    response = world.vendor("POST", f"/v1/resources/{operation}", body)

    assert (response.status_code, (response.json or {})["message"]) == (status, message)


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"tenantID": ""}, 400, "tenantID required"),
        ({"tenantID": "none"}, 404, "tenant not found"),
        ({"tenantID": "DISABLED"}, 406, "tenant disabled"),
        ({"actions": []}, 409, None),
        ({"actions": [1]}, 400, "invalid value"),
        ({"actions": {"a": 3}}, 400, "invalid value"),
        ({"actions": {"a": "2"}}, 400, "invalid value"),
        ({"actions": {"a": True}}, 400, "invalid value"),
    ],
)
def test_a_wrong_import_has_its_row(
    world: World, change: dict[str, Any], status: int, message: str | None
) -> None:
    """An empty list of actions is none."""
    disabled = world.control("POST", "tenants", {"name": "Off", "disabled": True}, status=201)["id"]
    file = upload(world, archive(world, give(world, {"id": "a", "kind": "filter", "name": "a"})))
    change = {key: disabled if value == "DISABLED" else value for key, value in change.items()}

    response = take_in(world, file, **change)

    assert (response.status_code, (response.json or {}).get("message")) == (status, message)


@pytest.mark.parametrize(
    ("ids", "change", "status", "message", "details"),
    [
        ([], {}, 400, "ids required", None),
        ("a", {}, 400, "invalid value", "ids"),
        ([7], {}, 400, "invalid value", "ids[0]"),
        (["a", ""], {}, 400, "invalid value", "ids[1]"),
        (["a"], {"password": None}, 400, "password required", None),
        (["a"], {"tenantID": None}, 400, "tenantID required", None),
        (["a"], {"tenantID": "none"}, 404, "tenant not found", None),
        (["a", "none"], {}, 404, "resource not found", None),
        (["a"], {"tenantID": SHARED}, 404, "resource not found", None),
    ],
)
def test_a_wrong_export_has_its_row(
    world: World, ids: Any, change: dict[str, Any], status: int, message: str, details: str | None
) -> None:
    """What is missing first, then what is not there."""
    give(world, {"id": "a", "kind": "filter", "name": "a"})

    response = export(world, ids, **change)

    assert (response.status_code, response.json) == (status, {"message": message, "details": details})


def test_an_import_does_not_reach_where_the_user_has_no_role(world: World) -> None:
    """Neither the tenant it goes to nor the tenant of what it would replace."""
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    keys = give(world, {"id": "a", "kind": "filter", "name": "a"})
    data = archive(world, keys)
    other = replace(world, tenant=branch)
    analyst = other.with_user({"role": "Tier 1 analyst", "tenants": [branch]})
    file = upload(analyst, data)

    elsewhere = take_in(analyst, file, tenantID=world.tenant)
    replaced = take_in(analyst, file, actions={"a": 2})

    assert [elsewhere.status_code, replaced.status_code] == [403, 403]
