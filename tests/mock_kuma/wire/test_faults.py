"""Faults on the wire, each seen from a raw socket, in the clear and beneath TLS."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING

import pytest

from tests.mock_kuma.wire.conftest import BODY, CLOSING, GET, Beneath, Seen, read_all, saying

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from tests.mock_kuma.wire.conftest import Stage

    OpenStage = Callable[..., Stage]


@pytest.mark.parametrize("kind", ["reset", "commit-then-reset"])
def test_reset_is_a_tcp_reset(open_stage: OpenStage, kind: str) -> None:
    """The kernel says so; the application has seen the request."""
    stage = open_stage(saying({"kind": kind}))

    with pytest.raises(ConnectionResetError):
        stage.talk(GET)

    assert len(stage.seen) == 1


def test_beneath_tls_a_reset_is_one_too(open_stage: OpenStage) -> None:
    """Without a TLS goodbye before it."""
    stage = open_stage(saying({"kind": "reset"}), secure=True)
    with stage.connect() as sock:
        client = Beneath(sock, stage.contexts["careful"])
        client.send(GET)

        with pytest.raises(ConnectionResetError):
            client.read_all()

    assert not client.said_goodbye


def test_empty_is_an_end_without_an_answer(open_stage: OpenStage) -> None:
    """Not one byte, and no reset."""
    assert open_stage(saying({"kind": "empty"})).talk(GET) == b""


def test_beneath_tls_empty_ends_in_order(open_stage: OpenStage) -> None:
    """A goodbye, no byte, the end of TCP; and at once, though the client says no goodbye of its own."""
    stage = open_stage(saying({"kind": "empty"}), secure=True)
    with stage.connect() as sock:
        client = Beneath(sock, stage.contexts["careful"])
        client.send(GET)

        assert (client.read_all(), client.said_goodbye) == (b"", True)


def test_silence_holds_this_client_and_no_other(open_stage: OpenStage) -> None:
    """Nothing comes to one, while another is answered; the application is let go."""

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await saying({"kind": "silence"} if seen.target == b"/silent" else None)(seen, writer)

    stage = open_stage(answer)
    with stage.connect() as silent:
        silent.sendall(b"GET /silent HTTP/1.1\r\nHost: k\r\n\r\n")
        silent.settimeout(0.3)
        with pytest.raises(TimeoutError):
            silent.recv(1)
        silent.sendall(GET)  # thrown away

        assert BODY in stage.talk(CLOSING)
        with pytest.raises(TimeoutError):
            silent.recv(1)
        assert stage.comes_to_rest()
    assert [seen.target for seen in stage.seen] == [b"/silent", b"/x?a=%20b"]


@pytest.mark.parametrize("chunked", [False, True])
def test_truncation_announces_more_than_it_sends(open_stage: OpenStage, *, chunked: bool) -> None:
    """The full length is in the header, even where the application gave none, and the body ends early."""

    async def in_chunks(_: Seen, writer: asyncio.StreamWriter) -> None:
        action = b'x-mock-kuma-wire: {"kind":"truncate","bytes":7}\r\n'
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + action)
        writer.write(b"\r\nc8\r\n" + BODY + b"\r\n0\r\n\r\n")

    stage = open_stage(in_chunks if chunked else saying({"kind": "truncate", "bytes": 7}))

    head, _, body = stage.talk(GET).partition(b"\r\n\r\n")

    assert b"Content-Length: 200" in head
    assert b"chunked" not in head
    assert body == BODY[:7]


def test_a_trickle_takes_its_time_and_lets_the_connection_live(open_stage: OpenStage) -> None:
    """The whole body at about the rate that was asked for; then the next request is answered."""
    stage = open_stage(saying({"kind": "trickle", "bytes_per_second": 400}))
    started = time.monotonic()

    answer = stage.talk(GET + CLOSING)

    assert answer.count(BODY) == 2
    assert 0.75 < time.monotonic() - started < 4
    assert b"mock-kuma" not in answer


@pytest.mark.parametrize("action", [{"kind": "trickle"}, {"kind": "unheard-of"}, {"kind": "html"}])
def test_an_action_that_is_none_is_the_applications_failure(
    open_stage: OpenStage, action: dict[str, str]
) -> None:
    """502, and it says what was asked."""
    assert open_stage(saying(action)).talk(GET).startswith(b"HTTP/1.1 502")


@pytest.mark.parametrize("name", ["expired", "wrong_host", "untrusted"])
def test_a_careful_client_refuses_a_spoiled_listener(open_stage: OpenStage, name: str) -> None:
    """A careless one comes through, and the application is told on which listener."""
    stage = open_stage(secure=True)
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE

    with stage.connect(port=stage.ports[name]) as sock, pytest.raises(ssl.SSLCertVerificationError):
        Beneath(sock, stage.contexts["careful"])
    with stage.connect(port=stage.ports[name]) as sock:
        client = Beneath(sock, careless)
        client.send(CLOSING)
        answer = client.read_all()

    assert BODY in answer
    assert [b"\r\nx-mock-kuma-listener: " + name.encode() in seen.head for seen in stage.seen] == [True]


def test_the_plain_listener_speaks_without_tls(open_stage: OpenStage) -> None:
    """And says so to the application."""
    stage = open_stage(secure=True)

    with stage.connect(port=stage.ports["plain"]) as sock:
        sock.sendall(CLOSING)
        answer = read_all(sock)

    assert BODY in answer
    assert b"x-mock-kuma-listener: plain" in stage.seen[0].head
