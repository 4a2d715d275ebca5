"""Requests that come together: each has the answer, and the line in the journal, that it would have alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import OperationalError

from mock_kuma.actions import alerts as actions
from mock_kuma.batch import Batch
from mock_kuma.gateway import Gateway
from mock_kuma.incoming import Incoming
from mock_kuma.notes import Notes
from mock_kuma.store import journal
from tests.mock_kuma.api.test_plain import told

if TYPE_CHECKING:
    from mock_kuma.api.plain import Reply
    from tests.mock_kuma.conftest import Kuma, World

CLOSE = "/api/v1/alerts/close"
OPEN, CLOSED = b'{"id": "open", "reason": "responded"}', b'{"id": "closed", "reason": "responded"}'
REQUESTS: list[tuple[str, str, str, bytes]] = [
    ("GET", "/api/v1/alerts/", "withEvents&id=open", b""),
    ("GET", "/api/v3/alerts", "id=open&withAffected", b""),
    ("GET", "/api/v1/alerts/", "id=unknown&page=0", b""),
    ("POST", CLOSE, "", OPEN),
    ("POST", CLOSE, "", OPEN),
    ("POST", CLOSE, "", CLOSED),
    ("POST", CLOSE, "", b"not JSON"),
    ("GET", "/api/v9/alerts/", "id=open", b""),
]


def gateway(kuma: Kuma) -> Gateway:
    """What answers one request at a time."""
    found = kuma.vendor_client.application
    assert isinstance(found, Gateway)
    return found


@pytest.fixture
def batch(kuma: Kuma) -> Batch:
    """What answers several at once."""
    core = gateway(kuma)._core
    held = core.database.joint()
    assert held is not None
    return Batch(core, held, Notes(core))


def furnished(kuma: Kuma) -> World:
    """Make a world of its own with an alert to close, and one that is closed."""
    world = kuma.world(clock="2026-01-31T09:30:00Z")
    world.raise_alerts({"id": "open", "events": [{"ID": "e1"}]}, {"id": "closed", "status": "closed"})
    return world


def incoming(token: str, method: str, path: str, query: str, body: bytes) -> Incoming:
    """A request as the vendor port hands it over."""
    headers = [("Authorization", f"Bearer {token}")]
    return Incoming(method, path, query, headers, len(body), body)


def together(batch: Batch, world: World, requests: list[tuple[str, str, str, bytes]]) -> list[Reply | None]:
    """Send requests at once."""
    return batch.answer([(incoming(world.token, *request), time.perf_counter()) for request in requests])


def plain(reply: Reply | None) -> Any:
    """What a client sees of an answer."""
    return None if reply is None else (reply.status, sorted(reply.headers), reply.body)


def one_by_one(kuma: Kuma, world: World, requests: list[tuple[str, str, str, bytes]]) -> list[Any]:
    """Send requests through the gateway, one after the other."""
    found = []
    for method, path, query, body in requests:
        sent = {"Authorization": f"Bearer {world.token}"}
        response = kuma.vendor_client.open(path, method=method, query_string=query, headers=sent, data=body)
        found.append((response.status_code, sorted(response.headers), response.data))
    return found


def without_headers(exchanges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A journal but for the headers, in which the two ways of asking differ."""
    return [{name: value for name, value in one.items() if name != "headers"} for one in exchanges]


def test_the_answers_are_those_of_the_gateway(kuma: Kuma, batch: Batch) -> None:
    """Those that read come first, as they would if they had been a little faster; then each in its order."""
    taken = [request for request in REQUESTS if batch.takes(*request[:3])]
    alone, shared = furnished(kuma), furnished(kuma)

    expected = one_by_one(kuma, alone, taken)
    replies = [plain(reply) for reply in together(batch, shared, taken)]

    assert replies == expected
    assert [status for status, _, _ in replies] == [200, 200, 400, 204, 406, 406, 400]
    assert without_headers(told(shared)) == without_headers(told(alone))


def test_the_journal_has_those_that_read_before_those_that_change(kuma: Kuma, batch: Batch) -> None:
    """What was served had been read before the alert was closed: it was not stale."""
    world = furnished(kuma)

    _, shown = together(batch, world, [REQUESTS[3], REQUESTS[0]])

    assert shown is not None
    assert b'"status":"new"' in shown.body
    assert [one["method"] for one in world.journal()] == ["GET", "POST"]


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "/api/v1/alerts/", ""),
        ("GET", "/api/v1/alerts/", "id=one&id=two"),
        ("GET", "/api/v1/alerts/", "id=one&name=.*"),
        ("GET", "/api/v1/alerts/", "&".join(["a=b"] * 5_000)),
        ("HEAD", "/api/v1/alerts/", "id=one"),
        ("PUT", "/api/v1/alerts/", "id=one"),
        ("GET", "/api/v1/tenants", "id=one"),
    ],
)
def test_what_may_take_longer_is_not_taken(batch: Batch, method: str, path: str, query: str) -> None:
    """It would keep all others waiting."""
    assert not batch.takes(method, path, query)


def test_a_world_with_faults_is_the_gateways(kuma: Kuma, batch: Batch) -> None:
    """A fault may do anything to an answer; the other worlds' requests are answered."""
    faulty, sound = furnished(kuma), furnished(kuma)
    faulty.control("POST", "faults", {"action": {"kind": "status", "status": 500}}, status=201)
    requests = [
        (incoming(one.token, "GET", "/api/v1/alerts/", "id=open", b""), 0.0) for one in (faulty, sound)
    ]

    replies = batch.answer(requests)

    assert [None if reply is None else reply.status for reply in replies] == [None, 200]


def test_a_strangers_request_is_refused_and_written_down(kuma: Kuma, batch: Batch) -> None:
    """In the default world's journal, as whose world is meant cannot be told."""
    [reply] = batch.answer([(incoming("nobody's", "GET", "/api/v1/alerts/", "id=open", b""), 0.0)])

    assert reply is not None
    assert reply.status == 403
    [exchange] = kuma.control("GET", "/worlds/default/journal")["exchanges"]
    assert exchange["reason"] == "the token is unknown"


def test_a_mistake_halfway_leaves_all_of_them_to_the_gateway(
    kuma: Kuma, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of what came together is kept, so that each can be tried for itself."""
    world = furnished(kuma)
    write = actions.write

    def broken(connection: Any, *rest: Any, **more: Any) -> None:
        write(connection, *rest, **more)
        raise KeyError("a column that is not there")

    monkeypatch.setattr(actions, "write", broken)

    replies = together(batch, world, [REQUESTS[0], REQUESTS[3]])

    assert replies == [None, None]
    assert told(world) == []
    monkeypatch.undo()
    assert [reply and reply.status for reply in together(batch, world, [REQUESTS[3]])] == [204]


def test_a_store_that_cannot_be_written_leaves_all_of_them_to_the_gateway(
    kuma: Kuma, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says for each what is wrong."""
    world = furnished(kuma)

    def full(*_: Any) -> None:
        raise OperationalError(None, None, Exception("disk full"))

    monkeypatch.setattr(journal, "add", full)

    assert together(batch, world, [REQUESTS[0], REQUESTS[3]]) == [None, None]


def test_how_many_come_together_is_counted(kuma: Kuma, batch: Batch) -> None:
    """Whoever sizes a server sees whether its requests share their transactions."""
    world = furnished(kuma)

    together(batch, world, [REQUESTS[0], REQUESTS[1], REQUESTS[3]])
    together(batch, world, [REQUESTS[0]])

    text = gateway(kuma)._core.measures.text({}).decode()
    assert "mock_kuma_together_count 2.0" in text
    assert "mock_kuma_together_sum 4.0" in text
