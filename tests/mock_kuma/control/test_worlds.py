"""The control API's worlds, tenants and users: what a test gets, and what it is told when it errs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World


def test_a_new_world_is_ready_for_use(kuma: Kuma) -> None:
    """It has a token, a main tenant, the Shared tenant, and no alerts."""
    made = kuma.control("POST", "/worlds", {"seed": 7}, status=201)

    tenants = kuma.vendor("GET", "/v1/tenants", token=made["token"]).json or ()
    assert {tenant["name"]: tenant["id"] for tenant in tenants} == {
        "Main": made["tenant"],
        "Shared": "00000000-0000-0000-0000-000000000000",
    }
    assert kuma.vendor("GET", "/v1/alerts", token=made["token"]).json == []


def test_a_token_looks_like_the_vendors(kuma: Kuma) -> None:
    """32 lower-case hex characters, another one in every world."""
    tokens = {kuma.world(seed=1).token for _ in range(3)}

    assert len(tokens) == 3
    assert all(len(token) == 32 and set(token) <= set("0123456789abcdef") for token in tokens)


def test_the_same_seed_and_calls_give_the_same_bytes(kuma: Kuma) -> None:
    """Ids, names, times and events are alike; only token and world differ."""
    answers = []
    for _ in range(2):
        world = kuma.world(seed="story", clock="2026-03-01T12:00:00Z")
        world.generate(5, events=3)
        (frozen,) = world.raise_alerts({"status": "closed"})
        world.control("POST", f"alerts/{frozen}/events", {"generate": 2}, status=201)
        answers.append(world.vendor("GET", "/v3/alerts?withEvents&withAffected").data)

    assert answers[0] == answers[1]
    assert len(answers[0]) > 1_000


def test_summaries_count_alerts_by_status(kuma: Kuma) -> None:
    """A world tells its seed, release, clock and counts."""
    world = kuma.world(seed=3, kuma_version="2.1", clock="2026-01-01T00:00:00Z")
    world.generate(2)
    world.generate(1, status="closed")

    summary = kuma.control("GET", f"/worlds/{world.id}", status=200)

    assert summary["alerts"] == {"new": 2, "assigned": 0, "escalated": 0, "closed": 1}
    assert (summary["seed"], summary["kuma_version"]) == (3, "2.1")
    assert summary["clock"] == {"now": "2026-01-01T00:00:00Z", "frozen": True}
    listed = [one["world"] for one in kuma.control("GET", "/worlds", status=200)["worlds"]]
    assert listed == ["default", world.id]


def test_a_deleted_world_takes_its_tokens_along(kuma: Kuma) -> None:
    """Its token is unknown, and its id is not found."""
    world = kuma.world()
    world.generate(3, events=2)

    kuma.control("DELETE", f"/worlds/{world.id}", status=204)

    assert world.vendor("GET", "/v1/alerts").status_code == 403
    kuma.control("GET", f"/worlds/{world.id}", status=404)
    kuma.control("DELETE", f"/worlds/{world.id}", status=404)


def test_the_default_world_cannot_be_deleted(kuma: Kuma) -> None:
    """It lives as long as the server."""
    kuma.control("DELETE", "/worlds/default", status=409)

    assert kuma.vendor("GET", "/v1/alerts", token=kuma.default_token).status_code == 200


def test_the_page_size_covers_every_list(kuma: Kuma) -> None:
    """Alerts and tenants alike."""
    world = kuma.world(page_size=2)
    world.generate(3)
    world.control("POST", "tenants", {"name": "Branch"}, status=201)

    sizes = [
        len(world.vendor("GET", f"/v1/{path}?page={page}").json or ())
        for path in ("alerts", "tenants")
        for page in (1, 2)
    ]

    assert sizes == [2, 1, 2, 1]


@pytest.mark.parametrize("token", ["", "wrong", "control-secret2"])
def test_without_the_control_token_nothing_opens(kuma: Kuma, token: str) -> None:
    """401, whatever the route."""
    for method, path in (("GET", "/worlds"), ("POST", "/worlds"), ("GET", "/nothing")):
        kuma.control(method, path, token=token, status=401)


@pytest.mark.parametrize(
    ("path", "body", "status", "where"),
    [
        ("/worlds", {"sead": 1}, 422, "body"),
        ("/worlds", {"seed": 1.5}, 422, "seed"),
        ("/worlds", {"kuma_version": "5.0"}, 422, "kuma_version"),
        ("/worlds", {"clock": "noon"}, 422, "clock"),
        ("/worlds", {"page_size": 0}, 422, "page_size"),
        ("/worlds", {"scenario": "nowhere"}, 422, "scenario"),
        ("/worlds", [], 422, "body"),
        ("/worlds/none/tenants", {"name": "x"}, 404, None),
        ("/worlds/default/tenants", {"name": ""}, 422, "name"),
        ("/worlds/default/users", {"name": "x", "roles": [{"role": "Boss"}]}, 422, "roles[0].role"),
        (
            "/worlds/default/users",
            {"name": "x", "roles": [{"role": "Tier 1 analyst", "tenants": ["nowhere"]}]},
            422,
            "roles[0].tenants",
        ),
        ("/worlds/default/users", {"name": "x", "roles": [], "api_rights": ["alerts"]}, 422, "api_rights[0]"),
        ("/worlds/default/users/none/token", {}, 404, None),
        ("/worlds/default/clock/advance", {"seconds": -1}, 422, "seconds"),
        ("/worlds/default/clock/advance", {}, 422, "body"),
    ],
)
def test_our_own_api_is_strict(kuma: Kuma, path: str, body: Any, status: int, where: str | None) -> None:
    """A wrong field is named with its path."""
    answer = kuma.control("POST", path, body, status=status)

    assert answer["message"]
    assert [error["path"] for error in answer["errors"]] == ([] if where is None else [where])


def test_broken_json_is_400(kuma: Kuma) -> None:
    """And says where it broke."""
    response = kuma.console_client.post(
        "/control/v1/worlds", data=b"{", headers={"Authorization": "Bearer control-secret"}
    )

    assert response.status_code == 400
    assert "not JSON" in (response.json or {})["message"]


def test_old_releases_have_the_old_roles(kuma: Kuma) -> None:
    """Up to 2.1 there are administrator, analyst and operator."""
    world = kuma.world(kuma_version="2.1")
    operator = world.with_user({"role": "operator", "tenants": [world.tenant]})
    world.generate(1)

    assert len(operator.alerts()) == 1
    world.control("POST", "users", {"name": "x", "roles": [{"role": "Tier 1 analyst"}]}, status=422)


def test_a_users_change_is_partial(world: World) -> None:
    """What is absent stays; null rights mean all of them again."""
    role = {"role": "Tier 1 analyst", "tenants": [world.tenant]}
    body = {"name": "ivanov", "login": "i", "roles": [role], "api_rights": []}
    user = world.control("POST", "users", body, status=201)["id"]

    changed = world.control("PATCH", f"users/{user}", {"api_rights": None}, status=200)

    assert changed == {
        "id": user, "name": "ivanov", "login": "i", "roles": [role], "api_rights": None, "disabled": False,
    }  # fmt: skip


def test_the_clock_is_read_set_frozen_and_moved(world: World) -> None:
    """The Date header follows it."""
    world.control("PUT", "clock", {"now": "2030-05-06T07:08:09Z", "frozen": True}, status=200)
    world.control("POST", "clock/advance", {"seconds": 1.5}, status=200)

    shown = world.control("GET", "clock", status=200)
    date = world.vendor("GET", "/v1/alerts").headers["Date"]

    assert shown == {"now": "2030-05-06T07:08:10.5Z", "frozen": True}
    assert date == "Mon, 06 May 2030 07:08:10 GMT"


def test_a_running_clock_keeps_its_distance(world: World) -> None:
    """Set without freezing, it goes on from there."""
    world.control("PUT", "clock", {"now": "2030-01-01T00:00:00Z", "frozen": False}, status=200)

    shown = world.control("GET", "clock", status=200)

    assert shown["frozen"] is False
    assert shown["now"].startswith("2030-01-01T00:0")
