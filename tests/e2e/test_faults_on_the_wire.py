"""Each kind of fault, set through the control API and seen from a raw socket under TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from mock_kuma import running
from mock_kuma.testing import ControlFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_kuma.testing import Kuma, World


class Raw:
    """A TLS connection whose TCP end is in our hands: what arrives, and how it ends."""

    def __init__(self, world: World) -> None:
        parts = urlsplit(world.url)
        self.sock = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=world.ca_file)
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=parts.hostname)
        self.ended = ""
        while True:
            with contextlib.suppress(ssl.SSLWantReadError):
                self.tls.do_handshake()
                break
            self._flush()
            self._incoming.write(self.sock.recv(65536))
        self._flush()

    def ask(self, world: World, method: str = "GET", path: str = "/api/v1/alerts", body: bytes = b"") -> None:
        """Send a request."""
        head = f"{method} {path} HTTP/1.1\r\nHost: kuma\r\nAuthorization: Bearer {world.token}\r\n"
        self.tls.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self._flush()

    def read(self) -> bytes:
        """Return everything up to the end; ``ended`` says how TCP ended."""
        found = b""
        while True:
            try:
                data = self.sock.recv(65536)
            except ConnectionResetError:
                self.ended = "reset"
                return found
            except TimeoutError:
                self.ended = "silence"
                return found
            self._incoming.write(data)
            with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                while piece := self.tls.read(65536):
                    found += piece
            if not data:
                self.ended = "closed"
                return found

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self.sock.sendall(data)


@pytest.fixture
def raw(kuma_world: World) -> Iterator[Raw]:
    """A connection to the test's world."""
    found = Raw(kuma_world)
    yield found
    found.sock.close()


@pytest.mark.parametrize(
    ("action", "ended"),
    [({"kind": "reset"}, "reset"), ({"kind": "commit-then-reset"}, "reset"), ({"kind": "empty"}, "closed")],
)
def test_no_answer_at_all(kuma_world: World, raw: Raw, action: dict[str, str], ended: str) -> None:
    """A TCP reset, or an end without a byte; only commit-then-reset takes effect."""
    (alert,) = kuma_world.generate(1)
    kuma_world.fault(action["kind"])

    raw.ask(kuma_world, "POST", "/api/v1/alerts/close", f'{{"id":"{alert}","reason":"responded"}}'.encode())

    assert (raw.read(), raw.ended) == (b"", ended)
    expected = "closed" if action["kind"] == "commit-then-reset" else "new"
    assert kuma_world.alert(alert)["status"] == expected
    (exchange,) = kuma_world.journal()
    assert (exchange["fault"]["kind"], exchange["status"]) == (action["kind"], None)


def test_silence(kuma_world: World, raw: Raw) -> None:
    """Nothing comes, while another connection is answered."""
    kuma_world.fault("silence", times=1)
    raw.sock.settimeout(0.3)

    raw.ask(kuma_world)

    assert (raw.read(), raw.ended) == (b"", "silence")
    other = Raw(kuma_world)
    other.sock.settimeout(0.3)
    other.ask(kuma_world)
    assert other.read().startswith(b"HTTP/1.1 200")
    other.sock.close()


def test_truncation(kuma_world: World, raw: Raw) -> None:
    """The whole length is announced, the body is cut."""
    kuma_world.generate(1)
    kuma_world.fault("truncate", bytes=20)

    raw.ask(kuma_world)
    head, _, body = raw.read().partition(b"\r\n\r\n")

    announced = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert (len(body), raw.ended) == (20, "closed")
    assert announced > 20


def test_trickle(kuma_world: World, raw: Raw) -> None:
    """The body comes at the rate that was asked for."""
    kuma_world.generate(1)
    kuma_world.fault("trickle", bytes_per_second=1_000)
    raw.sock.settimeout(2)

    started = time.monotonic()
    raw.ask(kuma_world)
    _, _, body = raw.read().partition(b"\r\n\r\n")

    assert body.endswith(b"]")
    assert time.monotonic() - started > len(body) / 1_000 * 0.7


def test_what_the_application_does_alone(kuma_world: World, raw: Raw) -> None:
    """Status, garbage, HTML, redirect and delay need no wire, and pass it unharmed."""
    raw.sock.settimeout(0.5)
    kuma_world.fault("status", status=429, headers={"Retry-After": "3"}, times=1)
    kuma_world.fault("garbage", times=1)
    kuma_world.fault("html", times=1)
    kuma_world.fault("redirect", location="https://192.0.2.1/x", status=307, times=1)
    kuma_world.fault("delay", ms=50, times=1)

    for _ in range(5):
        raw.ask(kuma_world)
    answers = raw.read()

    codes = [line.split()[1] for line in answers.split(b"\r\n") if line.startswith(b"HTTP/1.1")]
    codes += [piece.split()[0] for piece in answers.split(b"HTTP/1.1 ")[1:]]
    assert codes[-5:] == [b"429", b"200", b"200", b"307", b"200"]
    assert b"x-mock-kuma" not in answers.lower()


@pytest.mark.parametrize("wrong", ["expired", "wrong_host", "untrusted", "plain"])
def test_listeners_with_wrong_certificates(kuma: Kuma, kuma_world: World, wrong: str) -> None:
    """A careful client refuses each; what a careless one sends is in the journal, under its name."""
    url = f"{kuma.spoiled[wrong]}/api/v1/alerts"
    headers = {"Authorization": f"Bearer {kuma_world.token}"}
    careful = ssl.create_default_context(cafile=kuma.ca_file)

    with pytest.raises(httpx.ConnectError):
        httpx.get(url, headers=headers, verify=careful)
    careless = ssl.create_default_context()
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE
    if wrong == "plain":
        url = url.replace("https", "http")
    assert httpx.get(url, headers=headers, verify=careless).status_code == 200

    (exchange,) = kuma_world.journal()
    assert ["X-Mock-Kuma-Listener", wrong] in exchange["headers"]


def test_without_the_wire_transport_faults_are_refused() -> None:
    """With a sentence that says what to do; the others work."""
    with running("--no-tls") as kuma:
        world = kuma.world()
        world.fault("html", times=1)

        with pytest.raises(ControlFailed, match=r"409.*start the server with --wire"):
            world.fault("reset")
