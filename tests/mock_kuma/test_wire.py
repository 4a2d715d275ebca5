"""Faults on the wire, each seen from a raw socket; and a listener that broken clients do not disturb."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import time
from typing import TYPE_CHECKING, Any

import pytest

from mock_kuma.faults import WIRE_HEADER
from mock_kuma.wire import Door, serve

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = b"0123456789" * 20


class Stage:
    """A listener in front of an application that answers as a test says."""

    def __init__(self, port: int, heads: list[bytes]) -> None:
        self.port = port
        self.heads = heads

    def connect(self) -> socket.socket:
        """Open a raw connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def talk(self, data: bytes) -> bytes:
        """Send bytes; return everything until the end of the connection."""
        with self.connect() as sock:
            sock.sendall(data)
            return read_all(sock)


def read_all(sock: socket.socket) -> bytes:
    """Return what comes until the other side ends."""
    pieces = []
    while piece := sock.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def run_stage(action: dict[str, Any] | None, test: Callable[[Stage], None]) -> None:
    """Run a test in a thread against a listener; the application's answers carry the action."""

    async def main() -> None:
        heads: list[bytes] = []

        async def application(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    head = await reader.readuntil(b"\r\n\r\n")
                    heads.append(head)
                    for line in head.lower().split(b"\r\n"):
                        if line.startswith(b"content-length:"):
                            await reader.readexactly(int(line.split(b":")[1]))
                    extra = b"" if action is None else f"{WIRE_HEADER}: {json.dumps(action)}\r\n".encode()
                    answer = b"HTTP/1.1 200 OK\r\nX-Own: Kept\r\nContent-Length: %d\r\n" % len(BODY)
                    writer.write(answer + extra + b"\r\n" + (b"" if head.startswith(b"HEAD") else BODY))
                    await writer.drain()
            writer.close()

        behind = await asyncio.start_server(application, "127.0.0.1", 0)
        front = socket.create_server(("127.0.0.1", 0))
        stop = asyncio.Event()
        upstream: tuple[str, int] = behind.sockets[0].getsockname()
        serving = asyncio.create_task(serve([Door(front, None)], upstream, stop))
        try:
            await asyncio.to_thread(test, Stage(front.getsockname()[1], heads))
        finally:
            stop.set()
            await serving
            behind.close()

    asyncio.run(main())


GET = b"GET /x?a=%20b HTTP/1.1\r\nHost: kuma\r\nX-Mixed-Case: Yes\r\n\r\n"
CLOSING = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


def test_an_exchange_passes_as_it_came() -> None:
    """Target, header spelling and body; the internal header is not there."""

    def test(stage: Stage) -> None:
        answer = stage.talk(CLOSING)
        assert answer.startswith(b"HTTP/1.1 200 OK\r\nX-Own: Kept\r\n")
        assert answer.endswith(b"\r\n\r\n" + BODY)
        assert stage.heads[0].startswith(b"GET /x?a=%20b HTTP/1.1\r\nHost: kuma\r\nX-Mixed-Case: Yes\r\n")

    run_stage(None, test)


def test_a_connection_serves_one_request_after_the_other() -> None:
    """Pipelined ones too, in their order; HTTP/1.0 ends after one."""

    def test(stage: Stage) -> None:
        answer = stage.talk(GET + GET.replace(b"/x", b"/y") + CLOSING.replace(b"/x", b"/z"))
        assert answer.count(BODY) == 3
        assert [head.split()[1] for head in stage.heads] == [b"/x?a=%20b", b"/y?a=%20b", b"/z?a=%20b"]
        assert stage.talk(b"GET /old HTTP/1.0\r\n\r\n").count(BODY) == 1
        assert BODY not in stage.talk(CLOSING.replace(b"GET", b"HEAD"))

    run_stage(None, test)


def test_clients_cannot_speak_in_the_listeners_name() -> None:
    """Internal headers of a request are dropped."""

    def test(stage: Stage) -> None:
        stage.talk(
            CLOSING.replace(b"Host:", WIRE_HEADER.encode() + b": {}\r\nX-Mock-Kuma-Listener: plain\r\nHost:")
        )
        assert b"mock-kuma" not in stage.heads[0].lower()

    run_stage(None, test)


@pytest.mark.parametrize("kind", ["reset", "commit-then-reset"])
def test_reset_is_a_tcp_reset(kind: str) -> None:
    """The kernel says so; the application has seen the request."""

    def test(stage: Stage) -> None:
        with pytest.raises(ConnectionResetError):
            stage.talk(GET)
        assert len(stage.heads) == 1

    run_stage({"kind": kind}, test)


def test_empty_is_an_end_without_an_answer() -> None:
    """Not one byte, and no reset."""
    run_stage({"kind": "empty"}, lambda stage: _equal(stage.talk(GET), b""))


def test_silence_holds_this_client_and_no_other() -> None:
    """Nothing comes, while others are answered."""

    def test(stage: Stage) -> None:
        with stage.connect() as silent, stage.connect() as other:
            for sock in (silent, other):
                sock.sendall(GET)
                sock.settimeout(0.3)
                with pytest.raises(TimeoutError):
                    sock.recv(1)
        assert len(stage.heads) == 2

    run_stage({"kind": "silence"}, test)


def test_truncation_announces_more_than_it_sends() -> None:
    """The full length is in the header, and the body ends early."""

    def test(stage: Stage) -> None:
        head, _, body = stage.talk(GET).partition(b"\r\n\r\n")
        assert b"Content-Length: %d" % len(BODY) in head
        assert body == BODY[:7]

    run_stage({"kind": "truncate", "bytes": 7}, test)


def test_a_trickle_takes_its_time() -> None:
    """The whole body, at about the rate that was asked for."""

    def test(stage: Stage) -> None:
        started = time.monotonic()
        answer = stage.talk(CLOSING)
        assert answer.endswith(BODY)
        assert time.monotonic() - started > 0.3

    run_stage({"kind": "trickle", "bytes_per_second": 400}, test)


@pytest.mark.parametrize(
    "rubbish",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nNo Colon\r\n\r\n"],
)
def test_what_is_no_http_is_400_in_the_vendors_shape(rubbish: bytes) -> None:
    """And the listener goes on."""

    def test(stage: Stage) -> None:
        head, _, body = stage.talk(rubbish).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400")
        assert set(json.loads(body)) == {"message", "details"}
        assert BODY in stage.talk(CLOSING)

    run_stage(None, test)


def test_clients_that_stop_halfway_disturb_nobody() -> None:
    """Fifty that never finish their request, some that vanish, and one that is served at once."""

    def test(stage: Stage) -> None:
        with contextlib.ExitStack() as stack:
            for place in range(50):
                sock = stack.enter_context(stage.connect())
                sock.sendall(GET[: 10 + place % 40])
                if place % 5 == 0:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    sock.close()
            assert BODY in stage.talk(CLOSING)

    run_stage(None, test)


def test_a_large_upload_and_a_question_before_it() -> None:
    """``Expect: 100-continue`` is answered, and eight megabytes pass."""

    def test(stage: Stage) -> None:
        data = b"x" * (8 * 1024 * 1024)
        head = b"POST /up HTTP/1.1\r\nHost: k\r\nExpect: 100-continue\r\nConnection: close\r\n"
        head += b"Content-Length: %d\r\n\r\n"
        with stage.connect() as sock:
            sock.sendall(head % len(data))
            assert sock.recv(100).startswith(b"HTTP/1.1 100")
            sock.sendall(data)
            assert BODY in read_all(sock)

    run_stage(None, test)


def _equal(found: bytes, expected: bytes) -> None:
    assert found == expected
