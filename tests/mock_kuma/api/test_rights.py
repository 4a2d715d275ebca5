"""Who may what beyond the role matrix: other tenants, API access rights, disabled users (1.4 and 1.5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mock_kuma import operations
from tests.mock_kuma.api.scene import Scene, make
from tests.mock_kuma.api.test_error_rows import good, send

if TYPE_CHECKING:
    from mock_kuma.operations import Operation
    from tests.mock_kuma.conftest import Kuma

OPERATIONS = list(operations.every().values())
#: What finds nothing in other tenants; what is not among these is refused there.
SEARCHES = {
    "GET /alerts",
    "GET /assets",
    "GET /folders",
    "GET /incidents",
    "GET /reports",
    "GET /resources",
    "GET /services",
    "POST /events",
}
#: What is nobody's, or everybody's: oneself, tenants and users as one sees them, clusters of the main tenant,
#: files that nobody has opened, a draft, the schema of all events.
OF_NO_TENANT = {
    "GET /events/clusters",
    "GET /settings/extendedFields/export",
    "GET /tenants",
    "GET /users",
    "GET /users/whoami",
    "POST /resources/upload",
    "POST /resources/{kind}/validate",
    "POST /settings/extendedFields/import",
}


def name(operation: Operation) -> str:
    """Return an operation's name as a test's id."""
    return operation.name


def version_of(operation: Operation) -> str:
    """Return the newest version that has the operation."""
    return list(operation.versions)[-1]


@pytest.fixture(scope="module")
def scene(kuma: Kuma) -> Scene:
    """One world for all: nothing that is asked here changes it."""
    return make(kuma)


@pytest.fixture(scope="module")
def stranger(scene: Scene) -> Scene:
    """The same world, asked by the administrator of another tenant."""
    branch = scene.world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    other = scene.world.with_user({"role": "Tenant administrator", "tenants": [branch]}, login="stranger")
    return replace(scene, tokens={"admin": other.token})


@pytest.fixture(scope="module")
def limited(scene: Scene) -> tuple[str, Scene]:
    """The id of a General administrator whose rights are changed, and the world that this user asks."""
    body = {"name": "limited", "roles": [{"role": "General administrator"}]}
    user = scene.world.control("POST", "users", body, status=201)["id"]
    token = scene.world.control("POST", f"users/{user}/token", {}, status=201)["token"]
    return user, replace(scene, tokens={"admin": token})


def test_other_tenants_are_ignored_in_searches_and_refused_in_single_calls(
    scene: Scene, stranger: Scene
) -> None:
    """Each good request, asked by the administrator of another tenant: nothing is found, the rest is 403."""
    answers = {
        operation.name: send(stranger, operation, scene.filled(good(scene, operation)), version_of(operation))
        for operation in OPERATIONS
        if operation.name not in OF_NO_TENANT
    }

    refused = {key for key, one in answers.items() if (one.json or {}).get("message") == "access denied"}
    assert {key: one.json for key, one in answers.items() if key not in refused} == {
        key: [] for key in SEARCHES
    }
    assert {answers[key].status_code for key in refused} == {403}


@pytest.mark.parametrize(
    "path", ["/v1/alerts", "/v1/assets", "/v1/services", "/v1/resources", "/v3/incidents"]
)
def test_asking_for_another_tenant_finds_nothing(scene: Scene, stranger: Scene, path: str) -> None:
    """By its id: 200 and an empty list, whatever stands beside it; the General administrator finds it."""
    main = scene.world.tenant
    asked = replace(scene.world, token=str(stranger.tokens["admin"]))

    found = [
        asked.vendor("GET", f"{path}?{query}") for query in (f"tenantID={main}", f"TenantID={main}&id=x")
    ]

    assert [(one.status_code, one.json) for one in found] == [(200, [])] * 2
    assert scene.world.vendor("GET", f"{path}?tenantID={main}").json != []


def test_a_role_in_two_tenants_sees_both(scene: Scene) -> None:
    """And only those: the third one's alerts are ignored."""
    world = scene.kuma.world(seed=2)
    tenants = [world.control("POST", "tenants", {"name": str(n)}, status=201)["id"] for n in range(3)]
    world.raise_alerts(*({"name": f"alert {n}", "tenantID": key} for n, key in enumerate(tenants)))
    analyst = world.with_user({"role": "Tier 1 analyst", "tenants": tenants[:2]})
    every = "&".join(f"tenantID={key}" for key in tenants)

    names = [sorted(alert["name"] for alert in analyst.alerts(query)) for query in ("", every)]

    assert names == [["alert 0", "alert 1"]] * 2


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
def test_api_access_rights_decide_for_each_operation(
    scene: Scene, limited: tuple[str, Scene], operation: Operation
) -> None:
    """With this right alone it is let in; with all rights but this one it is not."""
    user, asked = limited
    others = [one.name for one in OPERATIONS if one is not operation]
    messages = []
    for rights in ([operation.name], others):
        scene.world.control("PATCH", f"users/{user}", {"api_rights": rights}, status=200)
        # An empty request: what is let in finds it wanting, and nothing changes.
        messages.append(send(asked, operation, {}, version_of(operation)))

    assert messages[0].status_code != 403
    assert (messages[1].status_code, messages[1].json) == (403, {"message": "access denied", "details": None})


@pytest.mark.parametrize("right", ["GET /alerts", "GET /api/v1/alerts", "GET /api/v2.1/alerts"])
def test_a_right_may_be_written_with_its_prefix(scene: Scene, limited: tuple[str, Scene], right: str) -> None:
    """As one page prints it (264885); it holds in every version."""
    user, asked = limited
    scene.world.control("PATCH", f"users/{user}", {"api_rights": [right]}, status=200)
    somebody = replace(scene.world, token=str(asked.tokens["admin"]))

    statuses = [somebody.vendor("GET", f"/{version}/alerts").status_code for version in ("v1", "v2", "v3")]

    assert statuses == [200, 200, 200]
    assert somebody.vendor("GET", "/v1/tenants").status_code == 403


def test_rights_do_not_widen_a_role(scene: Scene) -> None:
    """A junior analyst with the right to import assets has not the role for it."""
    role = {"role": "Junior analyst", "tenants": [scene.world.tenant]}
    junior = scene.world.with_user(role, login="junior", api_rights=["POST /assets/import"])
    body = {"tenantID": scene.world.tenant, "assets": [{"fqdn": "a.corp"}]}

    assert junior.vendor("POST", "/v1/assets/import", body).status_code == 403


def test_a_disabled_owner_is_denied_everywhere(scene: Scene, limited: tuple[str, Scene]) -> None:
    """In every operation, whatever the rights; enabled again, the same token works."""
    user, asked = limited
    scene.world.control("PATCH", f"users/{user}", {"api_rights": None, "disabled": True}, status=200)
    statuses = {send(asked, one, {}, version_of(one)).status_code for one in OPERATIONS}
    scene.world.control("PATCH", f"users/{user}", {"disabled": False}, status=200)

    whoami = send(asked, operations.every()["GET /users/whoami"], {}, "v3").status_code

    assert (statuses, whoami) == ({403}, 200)
