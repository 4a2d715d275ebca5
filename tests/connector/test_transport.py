"""The transport over real sockets: time, trust, size, and where the token goes."""

from __future__ import annotations

import ssl
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest
import trustme

from connector import transport as module
from connector.errors import Distrust, Redirected, SettingsProblem, TooLarge, Unreachable, Untrusted
from connector.transport import Transport
from tests.connector.fake_kuma import FakeKuma, connect
from tests.connector.sockets import listening

if TYPE_CHECKING:
    import socket
    from pathlib import Path

TOKEN = "0123456789abcdef" * 2
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"


def drip(connection: socket.socket, data: bytes) -> None:
    """Send a byte at a time, each well within any time-out for one read."""
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b" " * 1_000,
    ],
    ids=["headers", "body"],
)
def test_a_trickle_ends_with_the_requests_time(answer: bytes) -> None:
    """The sum of all reads is bounded, in the headers and in the body."""
    with listening(lambda one: drip(one, answer)) as port:
        transport = Transport(f"http://127.0.0.1:{port}", token=TOKEN)
        begun = time.monotonic()

        with pytest.raises(Unreachable):
            transport.send("GET", "/", seconds=0.4)
        took = time.monotonic() - begun
        transport.close()

    assert 0.3 < took < 2


def test_a_body_that_is_cut_is_no_answer() -> None:
    """Less came than was announced."""
    cut = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n[]"
    with listening(lambda one: one.sendall(cut)) as port:
        transport = Transport(f"http://127.0.0.1:{port}", token=TOKEN)

        with pytest.raises(Unreachable):
            transport.send("GET", "/", seconds=5)
        transport.close()


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        (Distrust.AUTHORITY, "set ca_file"),
        (Distrust.HOST, "as it stands in the certificate"),
        (Distrust.EXPIRED, "needs a new certificate"),
    ],
)
def test_nothing_is_sent_to_a_server_that_is_not_trusted(kind: Distrust, advice: str, tmp_path: Path) -> None:
    """Trying again would not help, so that the error asks for a person, and says for what."""
    authority, other = trustme.CA(), trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    over = datetime(2020, 1, 1, tzinfo=UTC) if kind is Distrust.EXPIRED else None
    host = "192.0.2.7" if kind is Distrust.HOST else "127.0.0.1"
    authority.issue_cert(host, not_after=over).configure_cert(tls)
    trusted = other if kind is Distrust.AUTHORITY else authority
    trusted.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    received: list[bytes] = []

    with listening(lambda one: received.append(one.recv(9)), tls) as port:
        transport = Transport(f"https://127.0.0.1:{port}", token=TOKEN, ca_file=tmp_path / "ca.pem")
        with pytest.raises(Untrusted, match=advice) as caught:
            transport.send("GET", "/", seconds=5)
        transport.close()

    assert (caught.value.kind, caught.value.retryable) == (kind, False)
    assert received == []


def test_the_given_authority_is_trusted(tmp_path: Path) -> None:
    """The answer arrives over TLS."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    with listening(lambda one: one.sendall(EMPTY), tls) as port:
        transport = Transport(f"https://127.0.0.1:{port}", token=TOKEN, ca_file=tmp_path / "ca.pem")
        response = transport.send("GET", "/", seconds=5)
        transport.close()

    assert (response.status, response.body) == (200, b"[]")


def test_this_machine_is_reached_without_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment is for other hosts."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with listening(lambda one: one.sendall(EMPTY)) as port:
        transport = Transport(f"http://127.0.0.1:{port}", token=TOKEN)

        response = transport.send("GET", "/", seconds=5)
        transport.close()

    assert response.status == 200


def test_another_machine_is_reached_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the proxy's answers are bounded like all others."""
    lines: list[bytes] = []

    def answer(one: socket.socket) -> None:
        lines.append(b"asked")
        drip(one, b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1_000)

    with listening(answer) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        transport = Transport("http://kuma.example.com:7223", token=TOKEN)
        with pytest.raises(Unreachable):
            transport.send("GET", "/", seconds=0.4)
        transport.close()

    assert lines == [b"asked"]


def test_a_proxy_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person must mend the environment."""
    monkeypatch.setenv("HTTPS_PROXY", "gopher://proxy.example.com")

    with pytest.raises(SettingsProblem, match="proxy"):
        Transport("https://kuma.example.com:7223", token=TOKEN)


def test_a_ca_file_that_is_none_is_named(tmp_path: Path) -> None:
    """The system's authorities do not stand in for it."""
    (tmp_path / "ca.pem").write_text("nothing", encoding="utf-8")

    with pytest.raises(SettingsProblem, match=r"ca\.pem"):
        Transport("https://kuma.example.com:7223", token=TOKEN, ca_file=tmp_path / "ca.pem")


@pytest.mark.parametrize("announced", [True, False])
def test_more_than_can_be_held_is_not_read(monkeypatch: pytest.MonkeyPatch, *, announced: bool) -> None:
    """Whether the length was announced or not; asking again would bring the same."""
    monkeypatch.setattr(module, "MAX_BODY", 1_000)
    body = b"x" * 2_000
    content = body if announced else iter([body])
    big = httpx.MockTransport(lambda _: httpx.Response(200, content=content))

    with pytest.raises(TooLarge) as caught:
        Transport("https://kuma.example.com", token=TOKEN, transport=big).send("GET", "/", seconds=5)

    assert not caught.value.retryable


def test_a_token_that_is_quoted_back_is_not_repeated(tmp_path: Path) -> None:
    """Whatever the server says about it."""
    kuma = FakeKuma()
    sync = connect(kuma, tmp_path)
    sent = kuma.requests
    kuma.before = lambda request: httpx.Response(
        403, json={"message": f"who is {request.headers['authorization']}?"}
    )

    with pytest.raises(Exception, match="who is Bearer") as caught:
        sync.poll()

    assert sent[0].headers["authorization"].split()[1] not in str(caught.value)


def test_a_redirect_asks_for_a_person(tmp_path: Path) -> None:
    """The address is wrong: one request, no second."""
    kuma = FakeKuma()
    kuma.before = lambda _: httpx.Response(307, headers={"Location": "https://192.0.2.1/"})

    with pytest.raises(Redirected) as caught:
        connect(kuma, tmp_path).poll()

    assert (caught.value.retryable, caught.value.status, len(kuma.requests)) == (False, 307, 1)
