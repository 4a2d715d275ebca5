"""What every request passes: the header, the token, the user, the API access rights (1.2 to 1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mock_kuma.api import problems
from mock_kuma.domain.problems import Problem
from mock_kuma.domain.query_problems import QueryProblem

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World

DENIED = {"message": "access denied", "details": None}
EVERY_CALL = [
    ("GET", "alerts"),
    ("POST", "alerts/close"),
    ("GET", "tenants"),
    ("GET", "users/whoami"),
]


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic abc", "abc", "Bearer a b", "Bearer a,b"]
)
def test_a_missing_or_malformed_header_is_400(kuma: Kuma, method: str, path: str, header: str | None) -> None:
    """There is no 401 in this API."""
    headers = {} if header is None else {"Authorization": header}

    response = kuma.vendor(method, f"/v1/{path}", **headers)

    assert response.status_code == 400
    answer = response.json or {}
    assert answer["message"] == "invalid authorization header"
    assert answer["details"].startswith("Example: ")


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
def test_an_unknown_token_is_403(kuma: Kuma, method: str, path: str) -> None:
    """The message says no more than that."""
    response = kuma.vendor(method, f"/v1/{path}", token="0" * 32)

    assert (response.status_code, response.json) == (403, DENIED)


def test_a_new_token_replaces_the_former_one(world: World) -> None:
    """One token a user."""
    user = world.control("POST", "users", {"name": "ivanov", "roles": []}, status=201)["id"]
    first, second = (world.control("POST", f"users/{user}/token", {}, status=201)["token"] for _ in range(2))

    statuses = [
        world.kuma.vendor("GET", "/v1/users/whoami", token=token).status_code for token in (first, second)
    ]

    assert statuses == [403, 200]


def test_a_revoked_token_is_unknown(world: World) -> None:
    """After DELETE the user has none."""
    user = world.control("POST", "users", {"name": "ivanov", "roles": []}, status=201)["id"]
    token = world.control("POST", f"users/{user}/token", {}, status=201)["token"]

    world.control("DELETE", f"users/{user}/token", status=204)

    assert world.kuma.vendor("GET", "/v1/users/whoami", token=token).status_code == 403


def test_a_disabled_user_is_denied_until_enabled(world: World) -> None:
    """The token stays, its owner may not."""
    user = world.control("POST", "users", {"name": "ivanov", "roles": []}, status=201)["id"]
    token = world.control("POST", f"users/{user}/token", {}, status=201)["token"]
    statuses = []

    for disabled in (True, False):
        world.control("PATCH", f"users/{user}", {"disabled": disabled}, status=200)
        statuses.append(world.kuma.vendor("GET", "/v1/users/whoami", token=token).status_code)

    assert statuses == [403, 200]


def test_a_token_expires_by_the_worlds_clock(kuma: Kuma) -> None:
    """Expiry follows the world, not the system."""
    world = kuma.world(clock="2026-01-01T00:00:00Z")
    user = world.control("POST", "users", {"name": "ivanov", "roles": []}, status=201)["id"]
    body = {"expires": "2026-01-01T01:00:00Z"}
    token = world.control("POST", f"users/{user}/token", body, status=201)["token"]
    before = kuma.vendor("GET", "/v1/users/whoami", token=token).status_code

    world.control("POST", "clock/advance", {"seconds": 3600}, status=200)

    assert (before, kuma.vendor("GET", "/v1/users/whoami", token=token).status_code) == (200, 403)


def test_api_access_rights_name_the_operations_that_are_allowed(world: World) -> None:
    """A user with one right has that one; with an empty list, none."""
    role = {"role": "Tier 1 analyst", "tenants": [world.tenant]}
    reader = world.with_user(role, api_rights=["GET /alerts"])
    nobody = world.with_user(role, api_rights=[])

    statuses = [
        (user.vendor("GET", "/v1/alerts/").status_code, user.vendor("GET", "/v1/tenants").status_code)
        for user in (reader, nobody)
    ]

    assert statuses == [(200, 403), (403, 403)]


def test_an_unknown_path_is_404_and_a_wrong_method_405(world: World) -> None:
    """Both in the vendor's error shape, never a redirect."""
    answers = [
        world.vendor(method, path)
        for method, path in (("GET", "/v1/nothing"), ("PUT", "/v1/alerts"), ("GET", "/v1//alerts"))
    ]

    assert [answer.status_code for answer in answers] == [404, 405, 404]
    assert all(set(answer.json or {}) == {"message", "details"} for answer in answers)


def test_every_problem_of_the_domain_has_an_answer() -> None:
    """A class without a row would be a crash; those of the event search have a family of their own."""
    known = {*Problem.__subclasses__(), *QueryProblem.__subclasses__()} - {QueryProblem}

    assert known == set(problems.ROWS)
