"""Heads that are too large, on both listeners of a real server and on the desk's."""

from __future__ import annotations

import re
import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from connector.desk import serve
from tests.e2e.conftest import running

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADS = {
    "a header of three megabytes": b"GET / HTTP/1.1\r\nHost: k\r\nX: " + b"x" * 3_000_000 + b"\r\n\r\n",
    "a thousand headers": b"GET / HTTP/1.1\r\nHost: k\r\n" + b"X: y\r\n" * 1_000 + b"\r\n",
    "a target of three megabytes": b"GET /" + b"x" * 3_000_000 + b" HTTP/1.1\r\nHost: k\r\n\r\n",
    "no HTTP": b"\x16\x03\x01" + b"\0" * 10_000 + b"\r\n\r\n",
}
GOOD = b"GET /sign-in HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """The vendor port, the console port, and a desk's."""
    folder = tmp_path_factory.mktemp("bounds")
    with running(folder, "--no-tls") as server, serve.open_desk(folder / "desk") as engine:
        desk = serve.server(engine, host="127.0.0.1", port=0)
        thread = threading.Thread(target=desk.serve_forever)
        thread.start()
        yield {
            "vendor": urlsplit(server.api).port or 0,
            "console": urlsplit(server.console).port or 0,
            "desk": desk.port,
        }
        desk.shutdown()
        thread.join()
        desk.server_close()


def talk(port: int, data: bytes) -> bytes:
    """Send bytes; return the first line of the answer, or nothing where the connection was ended."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        try:
            sock.sendall(data)
            return sock.recv(1_000).partition(b"\r\n")[0]
        except (ConnectionResetError, BrokenPipeError):
            return b""


@pytest.mark.parametrize("listener", ["vendor", "console", "desk"])
def test_a_head_that_is_too_large_is_refused_and_harms_nobody(ports: dict[str, int], listener: str) -> None:
    """By a status of 4xx, or by the connection's end; the next client is answered."""
    port = ports[listener]

    answers = {name: talk(port, head) for name, head in HEADS.items()}

    # What is no HTTP gets a page without a status line from the desk's server.
    refused = re.compile(rb"HTTP/1\.[01] 4\d\d |<!DOCTYPE HTML>|$")
    assert {name: one for name, one in answers.items() if not refused.match(one)} == {}
    assert talk(port, GOOD).split()[1] in {b"200", b"404"}
