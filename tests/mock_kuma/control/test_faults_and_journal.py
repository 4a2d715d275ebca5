"""Faults as the application carries them out, and the journal that tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World


def fault(world: World, action: dict[str, Any], **options: Any) -> str:
    """Set a fault; return its id."""
    return str(world.control("POST", "faults", {"action": action, **options}, status=201)["id"])


def statuses(world: World, count: int, path: str = "/v1/alerts") -> list[int]:
    """Ask some times; return the statuses."""
    return [world.vendor("GET", path).status_code for _ in range(count)]


def test_a_status_fault_answers_in_the_vendors_error_body(world: World) -> None:
    """With its own message and headers."""
    fault(world, {"kind": "status", "status": 429, "message": "slow down", "headers": {"Retry-After": "7"}})

    response = world.vendor("GET", "/v1/alerts")

    assert (response.status_code, response.json) == (429, {"message": "slow down", "details": None})
    assert response.headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [500, 500, 500, 500]),
        ({"times": 2}, [500, 500, 200, 200]),
        ({"after": 1, "times": 1}, [200, 500, 200, 200]),
        ({"every": 2}, [200, 500, 200, 500]),
        ({"after": 1, "every": 2, "times": 1}, [200, 200, 500, 200]),
    ],
)
def test_faults_are_counted(world: World, options: dict[str, int], expected: list[int]) -> None:
    """After so many, so many times, one in so many."""
    fault(world, {"kind": "status", "status": 500}, **options)

    assert statuses(world, 4) == expected


@pytest.mark.parametrize(
    ("match", "meets"),
    [
        ({}, True),
        ({"method": "get"}, True),
        ({"method": "POST"}, False),
        ({"path": "/api/v1/alerts"}, True),
        ({"path": "/api/v1/alerts/"}, True),
        ({"path": "/api/*/alerts"}, True),
        ({"path": "*"}, True),
        ({"path": "/api/v1/alert"}, False),
        ({"path": "/api/v1/alerts*"}, True),
        ({"query": {"page": "2"}}, True),
        ({"query": {"page": "2", "status": "new"}}, True),
        ({"query": {"page": "3"}}, False),
        ({"query": {"status": ["new", "assigned"]}}, False),
    ],
)
def test_a_fault_meets_what_it_describes(world: World, match: dict[str, Any], meets: bool) -> None:
    """Method, path without a slash at the end, decoded query values; others may be there."""
    fault(world, {"kind": "status", "status": 503}, match=match)

    assert statuses(world, 1, "/v1/alerts/?page=2&status=n%65w&withEvents") == [503 if meets else 200]


def test_the_oldest_fault_that_is_due_wins(world: World) -> None:
    """And when it is used up, the next one has its turn."""
    fault(world, {"kind": "status", "status": 500}, times=1)
    fault(world, {"kind": "status", "status": 502}, times=1)

    assert statuses(world, 3) == [500, 502, 200]


def test_a_refused_request_takes_no_effect(world: World) -> None:
    """A closing that met a fault did not happen."""
    (alert_id,) = world.raise_alerts({})
    fault(world, {"kind": "status", "status": 500}, match={"method": "POST"})

    world.vendor("POST", "/v1/alerts/close", {"id": alert_id, "reason": "responded"})

    assert world.alerts()[0]["status"] == "new"


def test_a_delayed_request_takes_effect_at_once(world: World) -> None:
    """Only its answer comes later."""
    fault(world, {"kind": "delay", "ms": 30})

    response = world.vendor("GET", "/v1/alerts")

    assert response.json == []
    assert world.journal()[0]["duration_ms"] >= 30


@pytest.mark.parametrize(
    ("action", "status", "content_type", "start"),
    [
        ({"kind": "garbage"}, 200, "application/json", b'[{"id"'),
        ({"kind": "html"}, 200, "text/html; charset=utf-8", b"<!doctype html>"),
        ({"kind": "redirect", "location": "https://192.0.2.1/"}, 302, None, b""),
        ({"kind": "redirect", "location": "https://192.0.2.1/", "status": 307}, 307, None, b""),
    ],
)
def test_answers_that_are_no_answers(
    world: World, action: dict[str, Any], status: int, content_type: str | None, start: bytes
) -> None:
    """Broken JSON, a page of a proxy, a way to somewhere else."""
    fault(world, action)

    response = world.vendor("GET", "/v1/alerts")

    assert (response.status_code, response.headers.get("Content-Type")) == (status, content_type)
    assert response.data.startswith(start)
    assert response.headers.get("Location") == action.get("location")


def test_a_move_changes_the_world_between_two_pages(world: World) -> None:
    """The alert at the seam leaves the list: page by page, one is never served."""
    ids = world.generate(251)
    fault(
        world,
        {
            "kind": "move",
            "then": [{"method": "PATCH", "path": f"alerts/{ids[0]}", "body": {"status": "closed"}}],
        },
        match={"path": "/api/v1/alerts", "query": {"page": "1"}},
        times=1,
    )

    served = [alert["id"] for page in (1, 2) for alert in world.alerts(f"status=new&page={page}")]

    assert set(ids) - set(served) == {ids[250]}


def test_a_move_that_fails_is_in_the_journal(world: World) -> None:
    """Nothing is swallowed: the reason says what was refused."""
    fault(
        world,
        {"kind": "move", "then": [{"method": "PATCH", "path": "alerts/none", "body": {"status": "closed"}}]},
    )

    world.alerts()

    assert "move: PATCH alerts/none answered 404" in world.journal()[0]["reason"]


def test_wire_faults_need_the_wire(kuma: Kuma, world: World) -> None:
    """They are left to the listener in front, through a header that it takes away."""
    fault(world, {"kind": "truncate", "bytes": 10})

    response = world.vendor("GET", "/v1/alerts")

    assert response.headers["x-mock-kuma-wire"] == '{"kind":"truncate","bytes":10}'


def test_faults_are_listed_and_lifted(world: World) -> None:
    """With their counters."""
    one, two = (fault(world, {"kind": "status", "status": 500}, times=1) for _ in range(2))
    statuses(world, 1)

    listed = world.control("GET", "faults", status=200)["faults"]
    world.control("DELETE", f"faults/{one}", status=204)
    world.control("DELETE", f"faults/{one}", status=404)
    world.control("DELETE", "faults", status=204)

    assert [(each["id"], each["matched"], each["fired"]) for each in listed] == [(one, 1, 1), (two, 0, 0)]
    assert world.control("GET", "faults", status=200) == {"faults": []}


@pytest.mark.parametrize(
    ("action", "where"),
    [
        ({"kind": "explode"}, "action.kind"),
        ({"kind": "delay"}, "action"),
        ({"kind": "delay", "ms": -1}, "action.ms"),
        ({"kind": "status", "status": 99}, "action.status"),
        ({"kind": "reset", "ms": 1}, "action"),
    ],
)
def test_a_wrong_fault_is_refused(world: World, action: dict[str, Any], where: str) -> None:
    """422 with the path."""
    answer = world.control("POST", "faults", {"action": action}, status=422)

    assert [error["path"] for error in answer["errors"]] == [where]


def test_the_journal_tells_what_was_served_in_which_version(world: World) -> None:
    """Lineage: alert by alert, version by version."""
    (alert_id,) = world.raise_alerts({})
    world.alerts("status=new&withEvents")
    world.control("POST", f"alerts/{alert_id}/events", {"generate": 1}, status=201)
    world.alerts()

    first, second = world.journal()

    assert [first["served"], second["served"]] == [
        [{"alert": alert_id, "version": 1}],
        [{"alert": alert_id, "version": 2}],
    ]
    assert (first["seq"], first["method"], first["path"], first["status"]) == (
        1,
        "GET",
        "/api/v1/alerts",
        200,
    )
    assert first["query"] == {
        "raw": "status=new&withEvents",
        "pairs": [["status", "new"], ["withEvents", ""]],
    }


def test_the_journal_says_why_something_was_refused(kuma: Kuma, world: World) -> None:
    """More than the vendor tells the client."""
    limited = world.with_user({"role": "Tier 1 analyst", "tenants": [world.tenant]}, api_rights=[])
    limited.vendor("GET", "/v1/alerts")
    kuma.vendor("GET", "/v1/alerts", token="0" * 32)
    kuma.vendor("GET", "/v1/alerts")

    unknown = kuma.control("GET", "/worlds/default/journal", status=200)["exchanges"]

    assert world.journal()[0]["reason"] == "the API access rights of somebody do not include GET /alerts"
    assert [(one["status"], one["reason"]) for one in unknown] == [
        (403, "the token is unknown"),
        (400, "the authorization header is absent or not of the form Bearer <token>"),
    ]


def test_no_token_is_in_the_journal(kuma: Kuma, world: World) -> None:
    """Not the request's own, not another user's, wherever it stands."""
    other = kuma.world().token

    world.vendor(
        "POST",
        f"/v1/alerts/close?token={other}&x={world.token}",
        {"id": other, "reason": world.token},
        **{"X-Copy": f"key={other}; path=/"},
    )
    kuma.vendor("GET", f"/v1/alerts?access_token={other}")

    journals = str(world.journal()) + str(kuma.control("GET", "/worlds/default/journal", status=200))
    assert world.token not in journals
    assert other not in journals
    assert "[redacted]" in journals


def test_the_journal_is_read_from_a_number_on_and_filtered(world: World) -> None:
    """``since`` is exclusive; method and path narrow it; clearing keeps the count going."""
    for method, path in (("GET", "/v1/alerts/"), ("GET", "/v1/tenants"), ("POST", "/v1/alerts/close")):
        world.vendor(method, path)

    def seqs(query: str) -> list[int]:
        return [one["seq"] for one in world.control("GET", f"journal?{query}", status=200)["exchanges"]]

    assert [seqs("since=1"), seqs("method=post"), seqs("path=/api/v1/alerts")] == [[2, 3], [3], [1]]
    world.control("DELETE", "journal", status=204)
    world.alerts()
    assert seqs("") == [4]
    assert "lost" not in world.control("GET", "journal", status=200)


def test_waiting_answers_with_what_is_there(world: World) -> None:
    """At the time-out too."""
    world.alerts()

    found = world.control("GET", "journal?wait_for=1&timeout_ms=1", status=200)["exchanges"]
    late = world.control("GET", "journal?wait_for=5&timeout_ms=30", status=200)["exchanges"]

    assert (len(found), len(late)) == (1, 1)


def test_what_was_dropped_is_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is bounded, and says so."""
    monkeypatch.setattr("mock_kuma.store.journal.KEPT", 4)
    monkeypatch.setattr("mock_kuma.store.journal.SWEEP", 1)
    for _ in range(6):
        world.alerts()

    answer = world.control("GET", "journal?since=1", status=200)

    assert ([one["seq"] for one in answer["exchanges"]], answer["lost"]) == ([3, 4, 5, 6], 1)
