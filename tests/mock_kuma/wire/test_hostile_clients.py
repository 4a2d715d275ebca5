"""Clients that are slow, broken or rude: each gets what it deserves, and nobody else notices."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import time
from typing import TYPE_CHECKING

import pytest

from mock_kuma.wire.connection import Patience
from tests.mock_kuma.wire.conftest import BODY, CLOSING, GET, Beneath, Seen, read_all, saying

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock_kuma.wire.conftest import Stage

    OpenStage = Callable[..., Stage]

POST = b"POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 50\r\n\r\n"


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nNo Colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: k\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\nnot a length\r\n",
    ],
)
def test_what_is_no_http_is_400_in_the_vendors_shape(open_stage: OpenStage, rubbish: bytes) -> None:
    """The application does not hear of it, and the listener goes on."""
    stage = open_stage()

    head, _, body = stage.talk(rubbish).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert (json.loads(body)["message"], set(json.loads(body))) == ("bad request", {"message", "details"})
    assert stage.seen == []
    assert BODY in stage.talk(CLOSING)


def test_a_head_too_large_is_431_and_can_be_read(open_stage: OpenStage) -> None:
    """Though the client sends three megabytes without looking up."""
    stage = open_stage()

    answer = stage.talk(b"GET / HTTP/1.1\r\nHost: k\r\nX: " + b"x" * 3_000_000 + b"\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")


@pytest.mark.parametrize("half", [GET[:20], GET[:-2], POST + b"{"])
def test_half_a_request_is_waited_for_and_not_for_ever(open_stage: OpenStage, half: bytes) -> None:
    """408, and the application never hears of it."""
    stage = open_stage(patience=Patience(within_request=0.2))

    assert stage.talk(half).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert stage.seen == []


def test_a_head_in_drops_does_not_buy_time(open_stage: OpenStage) -> None:
    """A byte now and then is still half a request when the time is up."""
    stage = open_stage(patience=Patience(within_request=0.3))
    answer = b""
    with stage.connect() as sock:
        sock.settimeout(0.05)
        for byte in GET:
            sock.sendall(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                answer = sock.recv(1000)
                break

    assert answer.startswith(b"HTTP/1.1 408")


def test_an_idle_connection_ends_without_a_word(open_stage: OpenStage) -> None:
    """Before a first request, and between two."""
    stage = open_stage(patience=Patience(between_requests=0.2))

    assert stage.talk(b"") == b""
    assert stage.talk(GET).endswith(BODY)


def test_a_client_that_sends_and_hangs_up_its_half_is_answered(open_stage: OpenStage) -> None:
    """TCP may be half-closed, and ``nc`` does it."""
    with open_stage().connect() as sock:
        sock.sendall(GET)
        sock.shutdown(socket.SHUT_WR)

        assert read_all(sock).endswith(BODY)


def test_an_upload_that_breaks_off_is_not_taken_for_a_whole_one(open_stage: OpenStage) -> None:
    """The application's connection breaks off too."""
    stage = open_stage()
    with stage.connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 3_000_000)
        sock.shutdown(socket.SHUT_WR)
        answer = read_all(sock)

    assert answer.startswith(b"HTTP/1.1 400")
    assert [seen.size < 9_000_000 for seen in stage.seen] == [True]


def test_a_hundred_that_stop_halfway_disturb_nobody(open_stage: OpenStage) -> None:
    """Halves of heads, of bodies, and some that vanish; the application does not hear of any."""
    stage = open_stage()
    with contextlib.ExitStack() as stack:
        for place in range(100):
            sock = stack.enter_context(stage.connect())
            sock.sendall(GET[: 10 + place % 40] if place % 2 else POST + b"{" * (place % 40))
            if place % 5 == 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.close()
        started = time.monotonic()
        answer = stage.talk(CLOSING)
        seconds = time.monotonic() - started

    assert BODY in answer
    assert seconds < 2
    assert (len(stage.seen), stage.asked) == (1, 1)


def test_clients_that_do_not_read_disturb_nobody(open_stage: OpenStage) -> None:
    """Eight take a large answer and never look at it, until their time is up."""
    stage = open_stage(saying(body=BODY * 50_000), patience=Patience(unread_answer=0.5))
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(stage.connect(receive_buffer=4096)) for _ in range(8)]
        for sock in socks:
            sock.sendall(GET)

        assert len(stage.talk(CLOSING)) > 10_000_000
        time.sleep(1.5)
        # What they left unread does not come any more.
        assert len(read_until_broken(socks[0])) < 10_000_000


@pytest.mark.parametrize("secure", [False, True])
def test_a_slow_reader_gets_the_whole_answer_before_the_end(open_stage: OpenStage, *, secure: bool) -> None:
    """The connection is not closed before all that the kernel had no room for is sent."""
    stage = open_stage(saying(body=BODY * 1_000), secure=secure, send_buffer=4096)
    sock = stage.connect(receive_buffer=4096)
    if secure:
        sock = stage.contexts["careful"].wrap_socket(sock, server_hostname="localhost")
    with sock:
        sock.sendall(CLOSING)
        time.sleep(0.8)
        answer = read_all(sock)

    assert answer.endswith(BODY * 1_000)


@pytest.mark.parametrize("secure", [False, True])
def test_a_client_that_leaves_in_the_middle_is_not_talked_to(open_stage: OpenStage, *, secure: bool) -> None:
    """The rest of the answer is dropped, the application let go, and the log stays clean."""

    async def drip(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.002)

    stage = open_stage(drip, secure=secure)
    sock = stage.connect()
    if secure:
        sock = stage.contexts["careful"].wrap_socket(sock, server_hostname="localhost")
    with sock:
        sock.sendall(GET)
        sock.recv(10)

    assert stage.comes_to_rest()


def test_those_who_do_not_speak_tls_are_let_go(open_stage: OpenStage) -> None:
    """Rubbish, plain HTTP, silence in the handshake, and a handshake with an end right behind it."""
    stage = open_stage(secure=True, patience=Patience(within_request=0.3))
    context = stage.contexts["careful"]

    for data in (b"\x16\x03\x01\xff\xff" + b"\0" * 100, GET, b""):
        with stage.connect() as sock, contextlib.suppress(ConnectionResetError):
            sock.sendall(data)
            assert BODY not in read_all(sock)
    with stage.connect() as sock:
        Beneath(sock, context, in_a_hurry=True).read_all()
    with context.wrap_socket(stage.connect(), server_hostname="localhost") as sock:
        sock.sendall(CLOSING)
        assert BODY in read_all(sock)


@pytest.mark.parametrize("secure", [False, True])
def test_the_end_of_the_listener_is_the_end_of_every_connection(
    open_stage: OpenStage, *, secure: bool
) -> None:
    """Half requests, handshakes, silence and trickles end at once and without a word in the log."""
    stage = open_stage(saying({"kind": "trickle", "bytes_per_second": 1}), secure=secure)
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(stage.connect()) for _ in range(10)]
        if secure:
            wrap = stage.contexts["careful"].wrap_socket
            socks[2:] = [stack.enter_context(wrap(sock, server_hostname="localhost")) for sock in socks[2:]]
        for sock in socks[5:]:
            sock.sendall(GET)
        socks[2].sendall(GET[:20])
        started = time.monotonic()
        while len(stage.seen) < 5 and time.monotonic() - started < 5:
            time.sleep(0.01)

        stage.finish()
        for sock in socks:
            read_until_broken(sock)
        assert time.monotonic() - started < 5


def read_until_broken(sock: socket.socket) -> bytes:
    """Return what comes until the connection ends, in order or not."""
    pieces = []
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while piece := sock.recv(1 << 20):
            pieces.append(piece)
    return b"".join(pieces)
