"""What one connection may cost the HTTP server: heads, trailers, time. Real sockets, in this process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.server import ServerState

from mock_kuma import carrier, listener, logs
from mock_kuma.api.plain import Reply
from mock_kuma.bounds import MAX_HEAD
from mock_kuma.server import Listener

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mock_kuma.carrier import Receive, Scope, Send

T = TypeVar("T")
HEAD = b"POST / HTTP/1.1\r\nHost: k\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body, where it has an end, or as the path has it."""
    with contextlib.suppress(carrier.ClientGone):
        if scope["path"] == "/early":
            await carrier.answer(Reply.nothing(), send)
            return
        body = await carrier.whole(receive)
        await asyncio.sleep(0.3 if scope["path"] == "/slow" else 0)
        headers = b"".join(name for name, _ in scope["headers"])
        await carrier.answer(Reply.json(headers if scope["path"] == "/headers" else body), send)


PLAIN = Listener("127.0.0.1", 0, lambda: echo)


async def meeting(
    client: Callable[[tuple[str, int]], Awaitable[T]], at: Listener = PLAIN, **options: int
) -> T:
    """Run a server while a client speaks with it."""
    config = listener.config(at)
    config.load()
    loop, made = asyncio.get_running_loop(), {"server_state": ServerState(), "app_state": {}}
    speaks: Any = config.http_protocol_class
    server = await loop.create_server(lambda: speaks(config=config, **made), "127.0.0.1", 0, ssl=config.ssl)
    for name, value in options.items():
        server.sockets[0].setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
    async with server:
        return await client(server.sockets[0].getsockname())


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection by a reset."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def talk(*pieces: bytes, pause: float = 0.0, eof: bool = False) -> bytes:
    """Send bytes piece by piece; return what is answered until the server ends the connection."""

    async def talking(server: tuple[str, int]) -> bytes:
        reader, writer = await asyncio.open_connection(*server)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
            if eof:
                writer.write_eof()
            return await asyncio.wait_for(reader.read(), 20)
        finally:
            writer.close()

    return asyncio.run(meeting(talking))


@pytest.mark.parametrize(
    "pieces",
    [
        [HEAD, b"X: ", *[b"a" * 10_000] * (MAX_HEAD // 10_000 + 2)],
        [CHUNKED, b"0\r\n", b"X: ", *[b"a" * 10_000] * (MAX_HEAD // 10_000 + 2)],
    ],
    ids=["a head", "a trailer"],
)
def test_what_has_no_end_is_refused(pieces: list[bytes], caplog: pytest.LogCaptureFixture) -> None:
    """Before its end has come, and the connection ends; the log tells of it, as the journal cannot."""
    caplog.set_level("INFO", "mock_kuma.listener")

    assert talk(*pieces, pause=0.001).startswith(b"HTTP/1.1 431 ")
    assert [logs.TextLine().format(line)[-10:] for line in caplog.records] == ["status=431"]


def test_more_headers_than_anybody_sends_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    """As what is no HTTP."""
    caplog.set_level("INFO", "mock_kuma.listener")

    assert talk(HEAD + b"X: a\r\n" * 200 + b"\r\n").startswith(b"HTTP/1.1 400 ")
    assert [logs.TextLine().format(line)[-10:] for line in caplog.records] == ["status=400"]


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET / HT", HEAD + b"Content-Length: 9\r\n\r\n{", CHUNKED + b"2\r\nab\r\n", CHUNKED + b"0\r\nX: "],
)
def test_whoever_does_not_go_on_is_let_go(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an answer: nothing was asked."""
    monkeypatch.setattr(listener, "_PATIENCE_SECONDS", 0.1)

    assert talk(begun) == b""


def test_a_slow_body_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a head may; then the next request of the connection is answered, too."""
    monkeypatch.setattr(listener, "_PATIENCE_SECONDS", 0.2)
    pieces = [b"2\r\nab\r\n", b"2\r\ncd\r\n", b"2\r\nef\r\n", b"0\r\n\r\n"]

    told = talk(CHUNKED, *pieces, HEAD + b"Connection: close\r\nContent-Length: 1\r\n\r\nz", pause=0.1)

    assert [part.partition(b"\r\n\r\n")[2] for part in told.split(b"HTTP/1.1 200 OK")[1:]] == [
        b"abcdef",
        b"z",
    ]


@pytest.mark.parametrize("whole", [True, False])
def test_an_offer_of_another_protocol_is_declined(*, whole: bool) -> None:
    """A request's body is read, and so are the requests after it, come they at once or in pieces."""
    offer = HEAD + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    pieces = [
        offer + b"Content-Length: 4\r\n\r\n", b"ab", b"cd", offer + b"\r\n",
        offer + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\nef\r\n", b"0\r\n\r\n",
        HEAD + b"Connection: close\r\nContent-Length: 1\r\n\r\n", b"z",
    ]  # fmt: skip

    told = talk(b"".join(pieces)) if whole else talk(*pieces, pause=0.02)

    assert [part.partition(b"\r\n\r\n")[2] for part in told.split(b"HTTP/1.1 200 OK")[1:]] == [
        b"abcd", b"", b"ef", b"z",
    ]  # fmt: skip


SLOW = b"POST /slow HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"


@pytest.mark.parametrize(
    "after", [b"}}\r\n\r\n", HEAD + b"X: " + b"a" * (MAX_HEAD + 9), SLOW + b"}}\r\n\r\n"]
)
def test_what_is_refused_is_not_the_request_before(after: bytes) -> None:
    """That one gets its own answer, and none comes after it."""
    told = talk(SLOW, after, pause=0.01)

    answers = told.split(b"HTTP/1.1 ")[1:]
    assert {answer[:4] + answer[-2:] for answer in answers} == {b"200 ab"}
    assert len(answers) == 1 + after.startswith(SLOW)


def test_whoever_begins_too_early_gets_the_answer_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it does not go on, and the answer takes longer than a head may."""
    monkeypatch.setattr(listener, "_PATIENCE_SECONDS", 0.1)

    assert talk(SLOW, b"GET / HT", pause=0.01).endswith(b"\r\n\r\nab")


@pytest.mark.parametrize("many", [1, 3])
def test_whoever_sends_and_hangs_up_its_half_is_answered(many: int) -> None:
    """TCP may be half-closed, and ``nc`` does it; a request that is cut off is still answered by nobody."""
    assert talk(SLOW * many, eof=True).count(b"\r\n\r\nab") == many
    assert talk(SLOW[:-1], eof=True) == b""


def test_what_comes_after_a_body_is_no_header() -> None:
    """A token there lets nobody in, come it at once with the rest or not."""
    asked = CHUNKED.replace(b" / ", b" /headers ") + b"2\r\nab\r\n0\r\nAuthorization: Bearer x\r\n\r\n"

    told = talk(asked + HEAD + b"Connection: close\r\n\r\n")

    assert told.split(b"HTTP/1.1 200 OK")[1].endswith(b"\r\n\r\nhosttransfer-encoding")


@pytest.mark.parametrize(
    ("path", "more"), [(b"/", b"Content-Length: 2\r\n\r\nab"), (b"/early", b"Content-Length: 2\r\n\r\n")]
)
def test_whoever_asks_nothing_more_is_let_go(
    path: bytes, more: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though an empty line comes after the answer, or the rest of a body that nobody wanted."""
    monkeypatch.setattr(listener, "_IDLE_SECONDS", 0.3)

    told = talk(HEAD.replace(b" / ", b" %s " % path) + more, b"\r\n", pause=0.05)

    assert told.startswith(b"HTTP/1.1 20")


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[tuple[listener.Bounded, Exception | None]]:
    """Connections that have ended, and why."""
    found: list[tuple[listener.Bounded, Exception | None]] = []
    end = listener.Bounded.connection_lost

    def ended(connection: listener.Bounded, why: Exception | None) -> None:
        end(connection, why)
        found.append((connection, why))

    monkeypatch.setattr(listener.Bounded, "connection_lost", ended)
    return found


def test_nothing_is_kept_of_a_connection_that_was_reset(
    lost: list[tuple[listener.Bounded, Exception | None]],
) -> None:
    """No timer holds it until the time when it would have been idle for too long."""

    async def resetting(server: tuple[str, int]) -> None:
        reader, writer = await asyncio.open_connection(*server)
        writer.write(HEAD + b"Content-Length: 2\r\n\r\nab")
        await reader.readuntil(b"ab")
        reset(writer)
        while not lost:  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0.01)

    asyncio.run(meeting(resetting))

    [(connection, why)] = lost
    assert isinstance(why, ConnectionResetError)
    assert connection.timeout_keep_alive_task is None


def test_whoever_leaves_before_several_answers_is_sent_none(
    lost: list[tuple[listener.Bounded, Exception | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only the last request hears of it: uvloop takes a word to nobody for a mistake."""
    written: list[object] = []
    send = RequestResponseCycle.send

    async def sending(cycle: RequestResponseCycle, message: Any) -> None:
        written.extend([cycle] * (bool(lost) and not cycle.disconnected))
        await send(cycle, message)

    monkeypatch.setattr(RequestResponseCycle, "send", sending)

    async def leaving(server: tuple[str, int]) -> None:
        reader, writer = await asyncio.open_connection(*server)
        writer.write(SLOW * 3)
        await reader.readuntil(b"ab")
        reset(writer)
        await asyncio.sleep(0.5)

    asyncio.run(meeting(leaving))

    assert (len(lost), written) == (1, [])


def test_a_little_that_is_not_taken_holds_no_idle_connection(
    lost: list[tuple[listener.Bounded, Exception | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Less than what makes a server wait with its next answer."""
    monkeypatch.setattr(listener, "_IDLE_SECONDS", 0.2)
    size = 50_000

    async def taking(server: tuple[str, int]) -> int:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
            sock.connect(server)
            sock.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % size + b"a" * size)
            await asyncio.sleep(0.6)
            return len(lost)

    assert asyncio.run(meeting(taking, SO_SNDBUF=2_048)) == 1


def test_whoever_takes_nothing_of_an_answer_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer is not kept for ever; one who takes it slowly gets all of it."""
    monkeypatch.setattr(listener, "_UNREAD_SECONDS", 0.3)
    size = 30_000_000
    asked = HEAD + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % size + b"a" * size

    async def taking(server: tuple[str, int], pause: float) -> int:
        reader, writer = await asyncio.open_connection(*server, limit=2**16)
        taken = 0
        with contextlib.suppress(ConnectionError):
            writer.write(asked)
            await asyncio.sleep(pause)
            while piece := await reader.read(2_000_000):
                taken += len(piece)
                await asyncio.sleep(0.002)
        writer.close()
        return taken

    assert asyncio.run(meeting(lambda server: taking(server, 2.0))) < size
    assert asyncio.run(meeting(lambda server: taking(server, 0.0))) > size
