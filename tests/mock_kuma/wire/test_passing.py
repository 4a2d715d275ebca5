"""What passes the wire as it came, and what the listener says where the application does not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from mock_kuma.faults import WIRE_HEADER
from tests.mock_kuma.wire.conftest import BODY, CLOSING, GET, Seen, read_all, saying

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock_kuma.wire.conftest import Stage

    OpenStage = Callable[..., Stage]


def test_an_exchange_passes_as_it_came(open_stage: OpenStage) -> None:
    """Target, spelling and order of headers, reason and body; the internal header is not there."""
    stage = open_stage()
    sent = b"GET /x?a=%20b HTTP/1.1\r\nX-Mixed-Case: Yes\r\nHost: kuma\r\nConnection: close\r\n\r\n"

    answer = stage.talk(sent)

    assert answer.startswith(b"HTTP/1.1 200 Fine\r\nX-Own: Kept\r\nContent-Length: 200\r\n")
    assert answer.endswith(b"\r\n\r\n" + BODY)
    assert [seen.head for seen in stage.seen] == [sent]


def test_requests_sent_at_once_are_answered_in_their_order(open_stage: OpenStage) -> None:
    """Pipelined on one connection, over one connection to the application."""
    stage = open_stage()

    answer = stage.talk(GET + GET.replace(b"/x", b"/y") + CLOSING.replace(b"/x", b"/z"))

    assert answer.count(BODY) == 3
    assert [seen.target for seen in stage.seen] == [b"/x?a=%20b", b"/y?a=%20b", b"/z?a=%20b"]
    assert stage.asked == 1


def test_http_1_0_is_served_and_ends_after_one_answer(open_stage: OpenStage) -> None:
    """Its request needs no Host; the application, which does, is given one."""
    stage = open_stage()

    answer = stage.talk(b"GET /old HTTP/1.0\r\n\r\n" + GET)

    assert answer.count(BODY) == 1
    assert stage.seen[0].head == b"GET /old HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_the_beginning_of_http_2_is_passed_on(open_stage: OpenStage) -> None:
    """It has no Host either; what to say to it is for the application."""
    stage = open_stage()

    stage.talk(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

    assert stage.seen[0].head == b"PRI * HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_head_has_the_length_and_no_body(open_stage: OpenStage) -> None:
    """And the connection goes on."""
    stage = open_stage()

    answer = stage.talk(GET.replace(b"GET", b"HEAD") + CLOSING)

    assert (answer.count(b"Content-Length: 200"), answer.count(BODY)) == (2, 1)


def test_a_chunked_answer_stays_chunked(open_stage: OpenStage) -> None:
    """For HTTP/1.0, which does not know chunks, it lasts until the end of the connection."""

    async def answer(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

    stage = open_stage(answer)

    assert stage.talk(CLOSING).endswith(b"\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert stage.talk(b"GET / HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nabcde")


def test_clients_cannot_speak_in_the_listeners_name(open_stage: OpenStage) -> None:
    """Internal headers of a request are dropped."""
    stage = open_stage()
    forged = (
        WIRE_HEADER.encode() + b": {}\r\nX-Mock-Kuma-Listener: plain\r\nX_Mock-kuma_listener: plain\r\nHost:"
    )

    stage.talk(CLOSING.replace(b"Host:", forged))

    assert b"mock-kuma" not in stage.seen[0].head.lower()


def test_a_question_before_a_body_is_answered(open_stage: OpenStage) -> None:
    """``Expect: 100-continue``: first the leave to send, then the answer."""
    stage = open_stage()
    with stage.connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: k\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")

        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"{}")
        assert sock.recv(1000).startswith(b"HTTP/1.1 200")
    assert stage.seen[0].size == 2


@pytest.mark.parametrize("size", [1024 * 1024 - 1, 64 * 1024 * 1024])
def test_an_upload_passes_whole(open_stage: OpenStage, size: int) -> None:
    """Held, or passed on as it comes."""
    stage = open_stage()
    with stage.connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: k\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size)
        piece = b"x" * (1024 * 1024)
        for start in range(0, size, len(piece)):
            sock.sendall(piece[: size - start])
        assert BODY in read_all(sock)

    assert stage.seen[0].size == size


def test_an_upload_waits_where_the_application_does_not_read(open_stage: OpenStage) -> None:
    """What cannot go on is not collected: the client's sending comes to a stop."""

    async def never(_: Seen, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    stage = open_stage(never, reads_bodies=False)
    with stage.connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 66666666\r\n\r\n")
        sock.settimeout(0.5)
        sent = _send_while_it_goes(sock)

    assert 0 < sent < 40_000_000


def test_an_answer_before_the_end_of_an_upload_arrives(open_stage: OpenStage) -> None:
    """The application has enough; the client reads why, instead of a reset."""

    async def refuse(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
        await asyncio.Event().wait()  # and reads no more

    stage = open_stage(refuse, reads_bodies=False)
    with stage.connect() as sock:
        sending = threading.Thread(target=_send_while_it_goes, args=(sock,))
        sock.sendall(b"POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 66666666\r\n\r\n")
        sending.start()
        answer = sock.recv(1000)
        sock.shutdown(socket.SHUT_RDWR)
        sending.join()

    assert (answer[:12], answer[-2:]) == (b"HTTP/1.1 413", b"no")


def test_an_application_that_ends_idle_connections_is_no_trouble(open_stage: OpenStage) -> None:
    """The next request on the client's connection gets a new one behind it."""

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await saying()(seen, writer)
        writer.close()

    stage = open_stage(answer)
    with stage.connect() as sock:
        for _ in range(3):
            sock.sendall(GET)
            assert sock.recv(4096).endswith(BODY)
            time.sleep(0.05)  # the application's end has to be on its way

    assert stage.asked == 3


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200", b"rubbish\r\n\r\n"])
def test_an_application_that_fails_is_not_the_clients_fault(open_stage: OpenStage, answer: bytes) -> None:
    """502 in the vendor's shape, and the request is not sent again."""

    async def fail(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    stage = open_stage(fail)

    head, _, body = stage.talk(GET).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 502 Bad Gateway")
    assert json.loads(body)["message"] == "bad gateway"
    assert len(stage.seen) == 1


def test_an_answer_that_breaks_off_is_not_made_whole(open_stage: OpenStage) -> None:
    """The client sees that something is missing."""

    async def fail(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        writer.close()

    assert re.search(rb"Content-Length: 100\r\n\r\nhalf$", open_stage(fail).talk(GET))


def _send_while_it_goes(sock: socket.socket) -> int:
    sent = 0
    with contextlib.suppress(OSError):
        while sent < 90_000_000:
            sent += sock.send(b"x" * 65536)
    return sent
