"""The vendor port as its HTTP server asks it: what is answered together, and what a thread carries."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from mock_kuma.batch import Batch
from mock_kuma.front import Front
from mock_kuma.notes import Notes
from tests.mock_kuma.test_batch import CLOSE, OPEN, furnished, gateway

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_kuma.carrier import Message
    from mock_kuma.gateway import Gateway
    from mock_kuma.incoming import Incoming
    from tests.mock_kuma.conftest import Kuma, World


@dataclass
class Exchange:
    """A request as the HTTP server hands it over, and what was answered."""

    method: str
    path: str
    query_string: str = ""
    sent: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    gone: bool = False  # the client ends the connection before the end of the body
    answer: list[Message] = field(default_factory=list)

    async def through(self, front: Front) -> None:
        """Let the front answer."""
        pieces = iter(self.pieces or [b""])
        following: bytes | None = next(pieces)

        async def receive() -> Message:
            nonlocal following
            await asyncio.sleep(0)
            if self.gone and following is None:
                return {"type": "http.disconnect"}
            body, following = following, next(pieces, None)
            return {"type": "http.request", "body": body, "more_body": following is not None or self.gone}

        async def send(message: Message) -> None:
            self.answer.append(message)

        scope = {
            "method": self.method,
            "path": self.path,
            "query_string": self.query_string.encode(),
            "headers": [(key.encode(), value.encode()) for key, value in self.sent],
            "http_version": "1.1",
            "scheme": "http",
            "server": ("127.0.0.1", 7223),
            "client": ("::1", 50000),
        }
        await front(scope, receive, send)

    @property
    def status(self) -> int:
        """What was answered."""
        return int(self.answer[0]["status"])

    @property
    def body(self) -> bytes:
        """What was answered."""
        return b"".join(message["body"] for message in self.answer[1:])


def ask(world: World, query: str = "id=open", **more: Any) -> Exchange:
    """Ask for an alert by its id."""
    token = ("authorization", f"Bearer {world.token}")
    return Exchange("GET", "/api/v1/alerts/", query, [token, *more.pop("sent", [])], **more)


def close(world: World, *pieces: bytes, length: int | None = None) -> Exchange:
    """Close an alert, by a body in pieces."""
    sent = [("authorization", f"Bearer {world.token}"), ("content-type", "application/json")]
    if length is not None:
        sent.append(("content-length", str(length)))
    return Exchange("POST", CLOSE, "", sent, list(pieces))


class Counting(Batch):
    """A batch that tells how many requests came to it at once."""

    sizes: list[int]

    def answer(self, requests: list[tuple[Incoming, float]]) -> Any:
        """Count, and answer."""
        self.sizes.append(len(requests))
        return super().answer(requests)


@pytest.fixture
def behind(kuma: Kuma) -> Gateway:
    """What the front carries its other requests to."""
    return gateway(kuma)


@pytest.fixture
def batch(behind: Gateway) -> Counting:
    """What answers several at once."""
    core = behind._core
    held = core.database.joint()
    assert held is not None
    made = Counting(core, held, Notes(core))
    made.sizes = []
    return made


@pytest.fixture
def send(behind: Gateway, batch: Counting) -> Callable[..., None]:
    """Send requests at the same time, and wait for all answers."""
    front = Front(behind, batch, threads=4)

    async def together(exchanges: tuple[Exchange, ...]) -> None:
        await asyncio.gather(*(one.through(front) for one in exchanges))

    return lambda *exchanges: asyncio.run(together(exchanges))


def test_what_comes_together_is_answered_together(
    kuma: Kuma, send: Callable[..., None], batch: Counting
) -> None:
    """Each client gets its own answer."""
    world, other = furnished(kuma), furnished(kuma)
    asked = [ask(world), ask(other, "id=unknown"), close(world, OPEN, length=len(OPEN))]

    send(*asked)

    assert sum(batch.sizes) == 3
    assert batch.sizes[0] >= 2
    assert [one.status for one in asked] == [200, 200, 204]
    assert [alert["id"] for alert in json.loads(asked[0].body)] == ["open"]
    assert json.loads(asked[1].body) == []
    assert [one["status"] for one in world.journal()] == [200, 204]


def test_anything_else_is_carried_by_a_thread(kuma: Kuma, send: Callable[..., None], batch: Counting) -> None:
    """A list, an unknown path, a body without a length: each is answered as ever."""
    world = furnished(kuma)
    asked = [
        ask(world, "status=new"),
        Exchange(
            "GET", "/nothing", sent=[("cookie", "a=1"), ("cookie", "b=2"), ("x-twice", "1"), ("x-twice", "2")]
        ),
        close(world, OPEN[:9], OPEN[9:]),
    ]

    for one in asked:
        send(one)

    assert batch.sizes == []
    assert [one.status for one in asked] == [200, 404, 204]
    [stranger] = kuma.control("GET", "/worlds/default/journal")["exchanges"]
    assert dict(stranger["headers"])["X-Twice"] == "1,2"
    assert world.journal()[-1]["body"] == OPEN.decode()


def test_two_tokens_at_once_are_a_mistake_of_the_client(kuma: Kuma, send: Callable[..., None]) -> None:
    """None of them is picked."""
    world = furnished(kuma)
    asked = ask(world, sent=[("authorization", "Bearer another")])

    send(asked)

    assert asked.status == 400


def test_a_world_with_faults_goes_the_way_of_faults(kuma: Kuma, send: Callable[..., None]) -> None:
    """Though the request itself would have been brief, and its body was read already."""
    world = furnished(kuma)
    fault = {
        "match": {"path": "/api/v1/alerts/close"},
        "action": {"kind": "status", "status": 503},
        "times": 1,
    }
    world.control("POST", "faults", fault, status=201)
    first, second = close(world, OPEN, length=len(OPEN)), close(world, OPEN, length=len(OPEN))

    send(first)
    send(second)

    assert (first.status, second.status) == (503, 204)
    assert [one["body"] for one in world.journal()] == [OPEN.decode()] * 2


def test_a_large_body_is_read_as_far_as_it_is_wanted(kuma: Kuma, send: Callable[..., None]) -> None:
    """A stranger's is not kept in memory, however long it goes on."""
    asked = Exchange("POST", CLOSE, "", [("authorization", "Bearer nobody's")], [b"x" * 40_000] * 50)

    send(asked)

    assert asked.status == 403
    [exchange] = kuma.control("GET", "/worlds/default/journal")["exchanges"]
    assert len(exchange["body"]) == 65_536


@pytest.mark.parametrize("length", [len(OPEN), None])
def test_a_closing_that_was_cut_off_closes_nothing(
    kuma: Kuma, send: Callable[..., None], length: int | None
) -> None:
    """Though what arrived of it can be read; nobody is there to be answered."""
    world = furnished(kuma)
    asked = close(world, OPEN, length=length)
    asked.gone = True

    send(asked)

    assert asked.answer == []
    assert world.journal() == []


def test_a_mistake_of_ours_leaves_nobody_waiting(
    kuma: Kuma, send: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everyone who waits learns of it; the HTTP server answers 500."""
    world = furnished(kuma)

    def broken(*_: Any) -> None:
        raise KeyError("a mistake")

    monkeypatch.setattr(Batch, "_answer", broken)

    with pytest.raises(KeyError, match="a mistake"):
        send(ask(world), ask(world))


def test_without_a_batch_every_request_is_the_gateways(kuma: Kuma, behind: Gateway) -> None:
    """As on PostgreSQL, and where the mock is strict."""
    world = furnished(kuma)
    front, asked = Front(behind, None, threads=1), ask(world)

    asyncio.run(asked.through(front))

    assert asked.status == 200
