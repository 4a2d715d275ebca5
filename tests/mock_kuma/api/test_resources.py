"""Resources one by one (v3): created, read, edited, reverted, put into folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World

FIELDS = {
    "id", "kind", "name", "description", "tenantID", "tenantName", "userID", "userName", "created", "updated",
}  # fmt: skip


def give(world: World, *resources: dict[str, Any]) -> list[str]:
    """Give the world resources; return their ids."""
    return list(world.control("POST", "resources", {"resources": list(resources)}, status=201)["ids"])


def create(world: World, kind: str = "filter", /, **fields: Any) -> Any:
    """Create a resource through the vendor API."""
    body = {"tenantID": world.tenant, "kind": kind, "name": "mine", "payload": {"a": 1}, **fields}
    return world.vendor("POST", f"/v3/resources/{kind}/create", body)


@pytest.mark.parametrize(
    ("version", "role", "status"),
    [
        ("3.2", "Tier 1 analyst", 200),
        ("3.2", "Junior analyst", 403),
        ("3.2", "Access to shared resources", 403),
        ("4.0", "Tier 2 analyst", 200),
    ],
)
def test_who_may_create(kuma: Kuma, version: str, role: str, status: int) -> None:
    """Those who may upload resources."""
    world = kuma.world(kuma_version=version)
    somebody = world.with_user({"role": role, "tenants": [world.tenant]})

    assert create(somebody).status_code == status


def test_a_created_resource_is_read_and_edited(world: World) -> None:
    """What is sent as payload comes back as it was, and the client may send the whole back."""
    payload = {"big": 2**70, "text": "я\u0000", "list": [None, {"x": 1.5}], "rules": [{"id": "r"}]}
    made = create(world, payload=payload, description="first").json or {}
    read = world.vendor("GET", f"/v3/resources/filter/{made['id']}").json or {}
    body = {**read, "name": "renamed", "payload": {**payload, "list": []}}

    edited = world.vendor("PUT", f"/v3/resources/filter/{made['id']}/", body)

    assert made == read
    assert set(read) == FIELDS | {"exportID", "folderID", "payload", "version"}
    assert (read["payload"], read["description"], read["version"]) == (payload, "first", 1)
    assert read["folderID"] == f"filter-{world.tenant}"
    assert edited.status_code == 200
    after = edited.json or {}
    assert (after["name"], after["version"], after["payload"]["list"]) == ("renamed", 2, [])


def test_history_is_listed_read_and_reverted_to(world: World) -> None:
    """A revert is a new version with the old content."""
    key = (create(world, payload={"n": 1}).json or {})["id"]
    for number in (2, 3):
        body = {"name": f"name {number}", "payload": {"n": number}}
        assert world.vendor("PUT", f"/v3/resources/filter/{key}", body).status_code == 200
    path = f"/v3/resources/filter/{key}"

    listed = world.vendor("GET", f"{path}/history").json or []
    second = world.vendor("GET", f"{path}/history/2").json or {}
    reverted = world.vendor("POST", f"{path}/history/1").json or {}

    assert [one["version"] for one in listed] == [3, 2, 1]
    assert listed[0]["userName"] == "admin"
    assert (second["version"], second["name"], second["payload"]) == (2, "name 2", {"n": 2})
    assert (reverted["version"], reverted["name"], reverted["payload"]) == (4, "mine", {"n": 1})


def test_only_the_newest_versions_are_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound, so that a mock does not grow with every edit."""
    monkeypatch.setattr("mock_kuma.domain.resources.KEPT_VERSIONS", 2)
    key = (create(world).json or {})["id"]
    for number in (2, 3):
        world.vendor("PUT", f"/v3/resources/filter/{key}", {"name": "n", "payload": {"n": number}})

    listed = world.vendor("GET", f"/v3/resources/filter/{key}/history").json or []
    gone = world.vendor("GET", f"/v3/resources/filter/{key}/history/1")

    assert [one["version"] for one in listed] == [3, 2]
    assert (gone.status_code, gone.json) == (404, {"message": "version not found", "details": None})


@pytest.mark.parametrize(
    ("change", "message", "details"),
    [
        ({"name": ""}, "name required", None),
        ({"name": "n" * 129}, "invalid value", "name"),
        ({"name": "a\0"}, "invalid value", "name"),
        ({"name": 7}, "request body decode failed", "name: expected text, got a number"),
        ({"description": "d" * 4_001}, "invalid value", "description"),
        ({"payload": None}, "payload required", None),
        ({"payload": []}, "invalid value", "payload"),
        ({"tenantID": ""}, "tenantID required", None),
        ({"kind": "proxy"}, "invalid value", "kind"),
    ],
)
def test_a_wrong_resource_is_refused(
    world: World, change: dict[str, Any], message: str, details: str | None
) -> None:
    """400, and nothing is made."""
    response = create(world, "filter", **change)

    assert (response.status_code, response.json) == (400, {"message": message, "details": details})
    assert world.vendor("GET", "/v3/resources?name=^mine$").json == []


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("dictionary", {"columns": []}),
        ("dictionary", {"columns": ["a", "a"]}),
        ("dictionary", {"columns": ["a", "b"], "rows": [["1"]]}),
        ("dictionary", {"columns": ["a"], "rows": [["1"], ["1"]]}),
        ("dictionary", {"columns": ["a"], "rows": [["1"]], "type": "tree"}),
        ("dictionary", {"columns": "ab"}),
        ("contextTable", {"fields": "ioc"}),
        ("contextTable", {"fields": [{"key": True}]}),
    ],
)
def test_payloads_that_are_served_elsewhere_must_be_sound(
    world: World, kind: str, payload: dict[str, Any]
) -> None:
    """So that reading a dictionary or a table never fails."""
    created = create(world, kind, payload=payload)
    validated = world.vendor("POST", f"/v3/resources/{kind}/validate", {"name": "x", "payload": payload})

    assert [created.status_code, validated.status_code] == [400, 400]
    assert (created.json or {})["message"] == "invalid value"


def test_a_sound_resource_validates(world: World) -> None:
    """204, and it is not made; a user without a role may not even ask."""
    nobody = world.with_user({"role": "Junior analyst", "tenants": [world.tenant]})
    body = {"name": "x", "payload": {}}

    response = world.vendor("POST", "/v3/resources/filter/validate", body)
    denied = nobody.vendor("POST", "/v3/resources/filter/validate", body)

    assert (response.status_code, response.data, denied.status_code) == (204, b"", 403)
    assert world.vendor("GET", "/v3/resources?name=^x$").json == []


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "rule/x", 400, "invalid kind"),
        ("POST", "rule/create", 400, "invalid kind"),
        ("GET", "filter/none", 404, "resource not found"),
        ("GET", "proxy/KEY", 404, "resource not found"),
        ("PUT", "filter/none", 404, "resource not found"),
        ("GET", "filter/none/history", 404, "resource not found"),
        ("GET", "filter/KEY/history/9", 404, "version not found"),
        ("GET", "filter/KEY/history/x", 400, "invalid value"),
        ("GET", "filter/KEY/history/99999999999", 400, "invalid value"),
        ("POST", "filter/KEY/history/9", 404, "version not found"),
    ],
)
def test_what_does_not_exist_is_said_so(
    world: World, method: str, path: str, status: int, message: str
) -> None:
    """By kind, by id, by version."""
    key = (create(world).json or {})["id"]
    body = None if method == "GET" else {"name": "n", "payload": {}, "tenantID": world.tenant}

    response = world.vendor(method, f"/v3/resources/{path.replace('KEY', key)}", body)

    assert (response.status_code, (response.json or {})["message"]) == (status, message)


def test_a_name_is_there_once_in_a_kind_and_tenant(world: World) -> None:
    """A second one is refused, whether created or renamed; another kind may have it."""
    create(world)
    other = (create(world, name="other").json or {})["id"]

    again = create(world)
    renamed = world.vendor("PUT", f"/v3/resources/filter/{other}", {"name": "mine", "payload": {}})
    proxy = create(world, "proxy")

    assert [again.status_code, renamed.status_code, proxy.status_code] == [400, 400, 200]


@pytest.mark.parametrize(("tenant", "status"), [("none", 404), ("disabled", 406), ("elsewhere", 403)])
def test_the_tenant_must_be_there_and_open(world: World, tenant: str, status: int) -> None:
    """404, 406 and 403 of single calls."""
    disabled = world.control("POST", "tenants", {"name": "Off", "disabled": True}, status=201)["id"]
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    analyst = world.with_user({"role": "Tier 2 analyst", "tenants": [world.tenant]})
    ids = {"none": "none", "disabled": disabled, "elsewhere": branch}

    assert create(analyst, tenantID=ids[tenant]).status_code == status


def test_a_large_payload_is_refused(world: World) -> None:
    """Before it is decoded, where it is far too large."""
    large = create(world, payload={"a": "x" * (4 * 1024 * 1024)})
    huge = world.vendor("POST", "/v3/resources/filter/create", b"[" * (9 * 1024 * 1024))

    assert [large.status_code, huge.status_code] == [400, 400]
    assert all("larger" in (response.json or {})["details"] for response in (large, huge))


@pytest.mark.parametrize("version", ["v1", "v2", "v2.1", "v2.2"])
def test_only_v3_edits_resources(world: World, version: str) -> None:
    """Elsewhere the paths do not exist."""
    for method, path in (
        ("GET", "resources/filter/x"),
        ("POST", "resources/filter/create"),
        ("GET", "folders"),
    ):
        assert world.vendor(method, f"/{version}/{path}").status_code == 404


def test_resources_go_into_folders(world: World) -> None:
    """A folder is of one kind and one tenant; the root has no row."""
    give(world, {"kind": "filter", "name": "inside", "folder": "Ours"})
    (folder,) = world.vendor("GET", "/v3/folders").json or [{}]

    made = create(world, folderID=folder["id"]).json or {}
    root = create(world, name="above", folderID=f"filter-{world.tenant}").json or {}
    wrong = create(world, "proxy", folderID=folder["id"])
    unknown = create(world, name="new", folderID="none")

    assert (folder["name"], folder["subKind"], folder["tenantName"]) == ("Ours", "filter", "Main")
    assert (made["folderID"], root["folderID"]) == (folder["id"], f"filter-{world.tenant}")
    assert [wrong.status_code, unknown.status_code] == [400, 404]


def test_api_rights_write_variable_parts_in_braces(world: World) -> None:
    """A user with the right to read one resource may do nothing else."""
    role = {"role": "Tier 2 analyst", "tenants": [world.tenant]}
    reader = world.with_user(role, api_rights=["GET /resources/{kind}/{id}"])
    key = (create(world).json or {})["id"]

    read = reader.vendor("GET", f"/v3/resources/filter/{key}")
    listed = reader.vendor("GET", "/v3/resources")

    assert (read.status_code, listed.status_code, create(reader).status_code) == (200, 403, 403)
