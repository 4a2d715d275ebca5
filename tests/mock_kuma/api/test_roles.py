"""The role matrix, cell by cell: each operation asked by a user of each role, in both generations.

Where a role may not, a search answers with nothing and everything else with ``access denied``; where it may,
the answer is the General administrator's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mock_kuma import operations
from mock_kuma.domain.releases import Generation
from mock_kuma.domain.roles import GENERAL_ADMINISTRATOR, MATRIX, ROLES
from tests.mock_kuma.api.scene import Scene, make
from tests.mock_kuma.api.test_error_rows import good, send
from tests.mock_kuma.conftest import started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_kuma.operations import Operation

#: What everybody sees whatever the role: oneself, and the clusters of the main tenant (222298).
FOR_ALL = {"GET /users/whoami", "GET /events/clusters"}
#: Operations that have the roles of another.
LIKE = {
    "POST /dictionaries/add_row": "POST /dictionaries/update",
    "POST /dictionaries/delete_row": "POST /dictionaries/update",
}
RELEASES = {Generation.OLD: ("2.1", "v1"), Generation.NEW: ("3.2", "v3")}


@pytest.fixture(scope="module")
def generation(request: pytest.FixtureRequest) -> Generation:
    """Each set of role names."""
    found: Generation = request.param
    return found


@pytest.fixture(scope="module")
def scene(generation: Generation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, str]]:
    """A world of a release of the generation, and a snapshot of it."""
    with started(tmp_path_factory.mktemp("roles")) as kuma:
        scene = make(kuma, RELEASES[generation][0])
        yield scene, scene.world.control("POST", "snapshots", {}, status=201)["snapshot"]


def again(scene: Scene, snapshot: str, role: str | None = None) -> Scene:
    """Return the scene in a world of its own, asked by a user of the role; None is the administrator."""
    made = scene.kuma.control("POST", "/worlds", {"snapshot": snapshot}, status=201)
    world = replace(scene.world, id=made["world"], token=made["token"])
    if role is None:
        return replace(scene, world=world, tokens={"admin": world.token})
    user = world.with_user({"role": role, "tenants": [world.tenant]})
    return replace(scene, world=world, tokens={"admin": user.token})


@pytest.mark.parametrize(
    ("generation", "name"),
    [
        pytest.param(generation, name, id=f"{generation.value} {name}")
        for generation, (_, version) in RELEASES.items()
        for name, operation in operations.every().items()
        if version in operation.versions
    ],
    indirect=["generation"],
)
def test_a_role_may_do_what_the_matrix_says(
    generation: Generation, scene: tuple[Scene, str], name: str
) -> None:
    """In a tenant where the user has the role; the General administrator may do everything."""
    operation = operations.every()[name]
    _, version = RELEASES[generation]
    first, snapshot = scene
    request = first.filled(good(again(first, snapshot), operation))
    admin = answer(again(first, snapshot), operation, request, version)
    allowed = MATRIX[LIKE.get(name, name)][generation]
    for role in set(ROLES[generation]) - {GENERAL_ADMINISTRATOR}:
        status, found = answer(again(first, snapshot, role), operation, request, version)

        if role in allowed or name in FOR_ALL:
            assert (status, bool(found)) == (admin[0], bool(admin[1])), role
        else:
            assert (status, found) in {(200, ()), (403, "access denied")}, role


def answer(scene: Scene, operation: Operation, request: dict[str, Any], version: str) -> tuple[int, Any]:
    """Return the status, with the message of an error or how much was found."""
    response = send(scene, operation, request, version)
    if response.status_code >= 400:
        return response.status_code, (response.json or {})["message"]
    if response.mimetype == "application/json" and isinstance(response.json, list):
        return response.status_code, tuple(str(one) for one in response.json)
    return response.status_code, response.data
