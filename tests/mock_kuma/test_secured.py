"""What a client within TLS may take its time for, and what not. Real sockets, on either loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from typing import TYPE_CHECKING

import pytest
import uvloop

from mock_kuma import listener, tls
from mock_kuma.server import Listener
from tests.mock_kuma.test_listener import HEAD, echo, meeting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Meet = Callable[[Callable[[ssl.SSLSocket], int]], int]

SIZE = 12_000_000
LARGE = b"Content-Length: %d\r\n\r\n" % SIZE + b"a" * SIZE


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def meet(request: pytest.FixtureRequest, tmp_path: Path) -> Meet:
    """Let a client, in a thread, meet the server within TLS."""
    certificate = tls.server_certificate(tmp_path, "127.0.0.1")
    trusting = ssl.create_default_context(cafile=str(certificate.ca_file))

    def met(client: Callable[[ssl.SSLSocket], int]) -> int:
        def speak(server: tuple[str, int]) -> int:
            with (
                socket.create_connection(server, timeout=10) as tcp,
                trusting.wrap_socket(tcp, server_hostname="localhost") as sock,
            ):
                return client(sock)

        with asyncio.Runner(loop_factory=request.param) as runner:
            at = Listener("127.0.0.1", 0, lambda: echo, certificate=certificate)
            return runner.run(meeting(lambda server: asyncio.to_thread(speak, server), at))

    return met


def take(sock: ssl.SSLSocket, pause: float = 0.0) -> int:
    """Take what comes until its end, with a pause after each piece; return how much it was."""
    taken = 0
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while piece := sock.recv(2**14):
            taken += len(piece)
            time.sleep(pause)
    return taken


@pytest.mark.parametrize("ending", [b"", b"Connection: close\r\n"], ids=["kept", "closed"])
def test_whoever_takes_nothing_of_an_answer_is_let_go(
    meet: Meet, ending: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As soon as without TLS, though all of the answer was encrypted at once."""
    monkeypatch.setattr(listener, "_UNREAD_SECONDS", 0.2)

    def idle(sock: ssl.SSLSocket) -> int:
        sock.sendall(HEAD + ending + LARGE)
        time.sleep(1.5)
        return take(sock)

    assert meet(idle) < SIZE


def test_whoever_takes_an_answer_slowly_gets_all_of_it(meet: Meet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the connection is to end, and that takes longer than a goodbye may."""
    monkeypatch.setattr(listener, "_PATIENCE_SECONDS", 0.3)

    def slow(sock: ssl.SSLSocket) -> int:
        sock.sendall(HEAD + b"Connection: close\r\n" + LARGE)
        return take(sock, 0.002)

    assert meet(slow) > SIZE


def test_a_connection_that_is_kept_answers_again(meet: Meet) -> None:
    """And ends when it is asked to."""

    def twice(sock: ssl.SSLSocket) -> int:
        asked = HEAD + b"Content-Length: 2\r\n%s\r\nab"
        sock.sendall(asked % b"")
        first = sock.recv(2**14)
        while not first.endswith(b"\r\n\r\nab"):
            first += sock.recv(2**14)
        sock.sendall(asked % b"Connection: close\r\n")
        return take(sock) - len(first) - len(b"connection: close\r\n")

    assert meet(twice) == 0
