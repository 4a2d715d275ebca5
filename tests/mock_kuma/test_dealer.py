"""How connections come to workers: in turn, and to those that are there. Real sockets, workers in threads."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from mock_kuma import carrier, listener, tls
from mock_kuma.api.plain import Reply
from mock_kuma.clock import wait_until
from mock_kuma.dealer import HERE, Dealer
from mock_kuma.dealt import Dealt
from mock_kuma.ports import reserve
from mock_kuma.server import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mock_kuma.carrier import Application, Receive, Scope, Send
    from mock_kuma.tls import Certificate

HOST = "127.0.0.1"
ASK = b"GET / HTTP/1.1\r\nHost: k\r\n\r\n"


@pytest.fixture
def port() -> Iterator[int]:
    """A port that is kept for this test."""
    with reserve(HOST, 0) as kept:
        yield int(kept.getsockname()[1])


def named(name: str) -> Application:
    """Return an application that answers with its worker's name."""

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await carrier.answer(Reply.json(name.encode()), send)

    return answer


@contextlib.contextmanager
def working(port: int, names: str, certificate: Certificate | None = None) -> Iterator[None]:
    """Run a worker for each letter, behind a dealer."""
    dealer = Dealer(HOST, port, len(names))
    servers = []
    for name, hand in zip(names, dealer.hands, strict=True):
        at = Listener(HOST, port, partial(named, name), certificate=certificate)
        servers.append(Dealt(listener.config(at), hand.dup()))  # as a process of its own would have it
    threads = [threading.Thread(target=server.run, args=([],)) for server in servers]
    for thread in threads:
        thread.start()
    dealer.begin()
    wait_until(lambda: reaches(port), seconds=10)
    try:
        yield
    finally:
        dealer.stop()
        for server in servers:
            server.should_exit = True
        for thread in threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in threads)


def reaches(port: int) -> bool:
    """Say whether anybody accepts."""
    with socket.socket() as sock:
        return sock.connect_ex((HOST, port)) == 0


def who(sock: socket.socket) -> str:
    """Return the name of the worker at the other end."""
    sock.settimeout(10)
    sock.sendall(ASK)
    answered = b""
    while not answered.endswith((b"a", b"b", b"c")):
        answered += sock.recv(4_096)
    return answered[-1:].decode()


def test_every_worker_gets_as_many_connections(port: int) -> None:
    """And keeps them: each asks twice."""
    with contextlib.ExitStack() as held, working(port, "abc"):
        clients = [held.enter_context(socket.create_connection((HOST, port))) for _ in range(9)]
        first, second = ([who(client) for client in clients] for _ in range(2))

        assert sorted(first) == list("aaabbbccc")
        assert second == first


def test_within_tls_likewise(port: int, tmp_path: Path) -> None:
    """Whoever is dealt a connection shakes hands."""
    certificate = tls.server_certificate(tmp_path, HOST)
    trusting = ssl.create_default_context(cafile=str(certificate.ca_file))
    with contextlib.ExitStack() as held, working(port, "ab", certificate):
        clients = []
        for _ in range(4):
            tcp = held.enter_context(socket.create_connection((HOST, port), timeout=10))
            clients.append(held.enter_context(trusting.wrap_socket(tcp, server_hostname="localhost")))

        assert sorted(who(client) for client in clients) == list("aabb")


def test_a_client_that_has_gone_again_harms_nobody(port: int) -> None:
    """It said nothing, or was reset before its worker looked."""
    with working(port, "ab"):
        for _ in range(20):
            with socket.create_connection((HOST, port)) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        with contextlib.ExitStack() as held:
            clients = [held.enter_context(socket.create_connection((HOST, port))) for _ in range(2)]
            assert sorted(who(client) for client in clients) == list("ab")


def test_nobody_is_heard_before_all_workers_are_there(port: int) -> None:
    """A connection to one that still starts would wait for it."""
    dealer = Dealer(HOST, port, 2)
    hands = [hand.dup() for hand in dealer.hands]
    dealer.begin()

    hands[0].send(HERE)
    assert not reaches(port)

    hands[1].send(HERE)
    wait_until(lambda: reaches(port), seconds=10)
    dealer.stop()
    for hand in hands:
        hand.close()


def test_nobody_is_heard_after_the_end(port: int) -> None:
    """Though the workers still answer what they have."""
    with working(port, "ab"):
        pass

    assert not reaches(port)
