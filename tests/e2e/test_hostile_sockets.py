"""Bytes that mean harm, sent to a mock as its users have it: TLS, processes, both kinds of listener.

Behind ``--wire`` even what is no HTTP is answered in the vendor's error shape; without it the HTTP server
refuses such bytes itself, with a status and no body. Either goes on.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Server

LAST = b"Connection: close\r\n\r\n"
#: What is no request that a vendor's operation could answer, by what is wrong with it.
BROKEN = {
    "not HTTP": b"\0\1\2\r\n\r\n",
    "a NUL in the path": b"GET /api/v1/tenants\0 HTTP/1.1\r\nHost: k\r\n" + LAST,
    "a NUL in a header": b"GET /api/v1/tenants HTTP/1.1\r\nHost: k\r\nX: \0\r\n" + LAST,
    "bad UTF-8 in the path": b"GET /api/v1/\xff\xfe HTTP/1.1\r\nHost: k\r\n" + LAST,
    "a query of 200 kB": b"GET /api/v1/alerts?name=" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: k\r\n" + LAST,
    "a thousand headers": b"GET /api/v1/alerts HTTP/1.1\r\nHost: k\r\n" + b"X: a\r\n" * 1_000 + LAST,
    "a length below zero": b"POST /api/v1/events HTTP/1.1\r\nHost: k\r\nContent-Length: -5\r\n"
    + LAST
    + b"{}",
    "two lengths": b"POST /api/v1/events HTTP/1.1\r\nHost: k\r\nContent-Length: 1\r\nContent-Length: 2\r\n"
    + LAST,
}
HALVES = [
    b"GET /api/v1/ten",
    b"GET / HTTP/1.1\r\nHost: k\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
]


@contextlib.contextmanager
def connected(server: Server) -> Iterator[ssl.SSLSocket]:
    """Open a connection to the vendor port."""
    host, port = urlsplit(server.api).netloc.split(":")
    context = ssl.create_default_context(cafile=server.ca_file)
    with (
        socket.create_connection((host, int(port)), timeout=20) as tcp,
        context.wrap_socket(tcp, server_hostname=host) as sock,
    ):
        yield sock


def talk(server: Server, data: bytes) -> tuple[int, bytes]:
    """Send bytes; return the status and the body of the last answer."""
    with connected(server) as sock:
        # A server that has heard enough may end the connection before the client has said all.
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            sock.sendall(data)
        answer = b""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while piece := sock.recv(65536):
                answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1."), answer[:100]
    return int(head.split(b" ")[1]), body


def authorized(server: Server) -> bytes:
    """Return the header that lets a request in."""
    return f"Host: k\r\nAuthorization: Bearer {server.token}\r\n".encode()


def goes_on(server: Server) -> bool:
    """Say whether the server answers the next client."""
    status, body = talk(server, b"GET /api/v3/users/whoami HTTP/1.1\r\n" + authorized(server) + LAST)
    return status == 200 and json.loads(body)["login"] == "admin"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A mock without the listener of transport faults."""
    with running(tmp_path_factory.mktemp("plain")) as found:
        yield found


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_refused_in_the_vendors_shape(server: Server, what: str) -> None:
    """With a 4xx that says what is wrong, and nothing of how the server is made."""
    status, body = talk(server, BROKEN[what])

    told: Any = json.loads(body)
    assert (400 <= status < 500, set(told)) == (True, {"message", "details"})
    assert "bytearray" not in body.decode()
    assert goes_on(server)


def test_without_the_wire_it_is_refused_by_a_status(plain: Server) -> None:
    """Each of them with a 4xx; the next client is answered."""
    statuses = {what: talk(plain, data)[0] for what, data in BROKEN.items()}

    assert {what: status for what, status in statuses.items() if not 400 <= status < 500} == {}
    assert goes_on(plain)


@pytest.mark.parametrize("which", ["server", "plain"])
def test_http_1_0_is_answered(request: pytest.FixtureRequest, which: str) -> None:
    """Once, and then the connection ends; a Host is not needed."""
    server: Server = request.getfixturevalue(which)
    head = f"GET /api/v1/tenants HTTP/1.0\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode()

    status, body = talk(server, head)

    assert (status, [one["name"] for one in json.loads(body)]) == (200, ["Main", "Shared"])


@pytest.mark.parametrize("which", ["server", "plain"])
def test_pipelined_requests_are_answered_in_their_order(request: pytest.FixtureRequest, which: str) -> None:
    """A good one, a refused one, one without a route, and a good one, all sent before the first answer."""
    server: Server = request.getfixturevalue(which)
    known = authorized(server)
    paths = [b"/api/v1/users/whoami", b"/api/v1/alerts?page=0", b"/api/v9/nothing"]
    requests = b"".join(b"GET " + path + b" HTTP/1.1\r\n" + known + b"\r\n" for path in paths)

    with connected(server) as sock:
        sock.sendall(requests + b"GET /api/v1/tenants HTTP/1.1\r\n" + known + LAST)
        answer = b"".join(iter(lambda: sock.recv(65536), b""))

    statuses = [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"400", b"404", b"200"]


@pytest.mark.parametrize("which", ["server", "plain"])
def test_those_who_stop_halfway_hold_up_nobody(request: pytest.FixtureRequest, which: str) -> None:
    """Thirty connections with half a head or half a body each, while others are answered."""
    server: Server = request.getfixturevalue(which)
    with contextlib.ExitStack() as stack:
        for place in range(30):
            sock = stack.enter_context(connected(server))
            sock.sendall(HALVES[place % len(HALVES)])

        assert goes_on(server)
    assert goes_on(server)


@pytest.mark.parametrize("framing", [b"Content-Length: 99999999999\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_body_too_large_is_413(server: Server, framing: bytes) -> None:
    """One that is announced at once, and one that is not as soon as it is too large."""
    head = b"POST /api/v1/resources/upload HTTP/1.1\r\n" + authorized(server) + framing + LAST
    chunk = b"%x\r\n" % (1 << 20) + b"x" * (1 << 20) + b"\r\n"

    status, body = talk(server, head + chunk * 67)

    assert (status, json.loads(body)) == (413, {"message": "request body too large", "details": None})
    assert goes_on(server)
