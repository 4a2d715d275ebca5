"""The way to the mock that all checks of a run share."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final

import pytest

from harness.stage import running_mock

if TYPE_CHECKING:
    from collections.abc import Iterator

#: More at once than the HTTP library keeps idle by itself.
AT_ONCE: Final = 30


class Counting(ThreadingHTTPServer):
    """Answers ``AT_ONCE`` questions at the same time, and counts its connections."""

    daemon_threads = True
    request_queue_size = 2 * AT_ONCE
    #: Nobody is answered before all have asked.
    together: threading.Barrier
    connections = 0


class Answer(BaseHTTPRequestHandler):
    """An empty list, whatever is asked."""

    protocol_version = "HTTP/1.1"
    server: Counting

    def setup(self) -> None:
        """Count a connection."""
        super().setup()
        self.server.connections += 1

    def do_GET(self) -> None:
        """Answer, once all have asked."""
        self.server.together.wait(10)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def mock() -> Iterator[Counting]:
    """What stands in the mock's place."""
    with Counting(("127.0.0.1", 0), Answer) as server:
        server.together = threading.Barrier(1)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_no_idle_connection_is_ended(mock: Counting) -> None:
    """Since the one that is ended may have been given to another thread already."""
    with running_mock(f"http://127.0.0.1:{mock.server_port}", token="t", api=None, ca_file=None) as stage:
        mock.together = threading.Barrier(AT_ONCE)
        for _ in range(2):
            asking = [
                threading.Thread(target=stage.control.send, args=("GET", "/worlds")) for _ in range(AT_ONCE)
            ]
            for thread in asking:
                thread.start()
            for thread in asking:
                thread.join()

    assert mock.connections == AT_ONCE
