"""Views that Flask need not carry: whichever way a request takes, the answer and the journal are the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mock_kuma.gateway import Gateway
from mock_kuma.store import alert_pages

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World

OWN_TIMES = {"seq", "at", "duration_ms"}


def answers(world: World, requests: list[tuple[str, str, Any]], **headers: str) -> list[tuple[Any, ...]]:
    """Send the requests; return status, headers and body of each answer."""
    found = []
    for method, path, body in requests:
        response = world.vendor(method, path, body, **headers)
        sent = sorted((name, value) for name, value in response.headers if name != "Date")
        found.append((response.status_code, sent, response.data))
    return found


def told(world: World) -> list[dict[str, Any]]:
    """Return the journal without what differs from one time to the next."""
    return [
        {name: value for name, value in exchange.items() if name not in OWN_TIMES}
        for exchange in world.journal()
    ]


def both_ways(
    kuma: Kuma, monkeypatch: pytest.MonkeyPatch, requests: list[tuple[str, str, Any]], **headers: str
) -> list[list[Any]]:
    """Send the requests in two worlds that are alike, to the second without plain views."""
    gateway = kuma.vendor_client.application
    assert isinstance(gateway, Gateway)
    assert ("GET", "/api/v1/alerts/") in gateway._plain
    found = []
    for _ in range(2):
        world = kuma.world(clock="2026-01-31T09:30:00Z")
        world.generate(3, events=1)
        world.raise_alerts({"id": "open"}, {"id": "closed", "status": "closed"})
        found.append([answers(world, requests, **headers), told(world)])
        monkeypatch.setattr(gateway, "_plain", {})
    return found


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/alerts/?withEvents&status=new", None),
        ("GET", "/v3/alerts?id=open&withAffected", None),
        ("GET", "/v1/alerts/?name=%C3%A9%FF&page=1", None),
        ("GET", "/v1/alerts/?page=0", None),
        ("GET", "/v9/alerts/", None),
        ("HEAD", "/v1/alerts/", None),
        ("PUT", "/v1/alerts/", None),
        ("POST", "/v1/alerts/close", {"id": "open", "reason": "responded"}),
        ("POST", "/v1/alerts/close/", {"id": "closed", "reason": "responded"}),
        ("POST", "/v1/alerts/close", {"id": "unknown", "reason": "responded"}),
        ("POST", "/v1/alerts/close", b"not JSON"),
        ("POST", "/v1/alerts/close", b" " * 70_000 + b'{"id": "open", "reason": "responded"}'),
        ("GET", "/v1/alerts/close", None),
    ],
)
def test_both_ways_answer_the_same(
    kuma: Kuma, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: Any
) -> None:
    """Status, headers, body and journal, of what succeeds and of what is refused."""
    plain, flask = both_ways(kuma, monkeypatch, [(method, path, body)])

    assert plain == flask


def test_both_ways_refuse_a_header_that_is_none(kuma: Kuma, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate stands on both."""
    requests = [("GET", "/v1/alerts/", None), ("POST", "/v1/alerts/close", {"id": "open"})]

    plain, flask = both_ways(kuma, monkeypatch, requests, Authorization="Basic a2V5")

    assert plain == flask
    assert [status for status, _, _ in plain[0]] == [400, 400]


def test_a_mistake_of_ours_is_answered_logged_and_in_the_journal(
    kuma: Kuma, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Both ways end in the vendor's form of 500, never in the HTTP server's own page."""

    def broken(*_: Any, **__: Any) -> Any:
        raise KeyError("a column that is not there")

    monkeypatch.setattr(alert_pages, "page", broken)

    straight, through_flask = both_ways(kuma, monkeypatch, [("GET", "/v1/alerts/", None)])

    [(status, _, body)] = straight[0]
    assert (status, straight) == (500, through_flask)
    assert json.loads(body)["message"] == "internal server error"
    assert "a column that is not there" in caplog.text
