"""200 slow and broken clients, and what the others notice: ``python -m tests.reliability.crowd``.

A well-behaved client polls and closes, first alone, then among two hundred that do not behave: half a head,
half a body, a head in drops, a large answer that nobody reads, silence, rubbish, a vanishing in the middle;
whoever is thrown out comes back. The 99th percentile of its answers may at most double. Measured with and
without ``--wire``; the crowd is a process of its own, so that it does not hold up who measures.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import socket
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from tests.reliability import mock as mocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CROWD: Final = 200
#: Requests of each measurement.
REQUESTS: Final = 1_500
#: As much as the 99th percentile may grow.
MOST: Final = 2.0
_HEAD: Final = f"Host: k\r\nAuthorization: Bearer {mocks.TOKEN}\r\n".encode()
_POST: Final = b"POST /api/v1/alerts/close HTTP/1.1\r\n" + _HEAD + b"Content-Length: 100\r\n\r\n{"
_LARGE: Final = b"GET /api/v1/alerts?withEvents HTTP/1.1\r\n" + _HEAD + b"\r\n"
_SMALL: Final = b"GET /api/v1/alerts?status=escalated HTTP/1.1\r\n" + _HEAD + b"\r\n"


def _half_a_head(sock: socket.socket, rest: Callable[[], bool]) -> None:
    sock.sendall(_LARGE[:40])
    _hold(sock, rest)


def _half_a_body(sock: socket.socket, rest: Callable[[], bool]) -> None:
    sock.sendall(_POST)
    _hold(sock, rest)


def _a_head_in_drops(sock: socket.socket, rest: Callable[[], bool]) -> None:
    for byte in _LARGE[:-2]:
        sock.sendall(bytes([byte]))
        if rest():
            return


def _an_answer_nobody_reads(sock: socket.socket, rest: Callable[[], bool]) -> None:
    sock.sendall(_LARGE)
    while not rest():
        pass


def _silence(sock: socket.socket, rest: Callable[[], bool]) -> None:
    _hold(sock, rest)


def _rubbish(sock: socket.socket, rest: Callable[[], bool]) -> None:
    sock.sendall(b"\x16\x03\x01\xff\xff" + b"\0" * 500)
    _hold(sock, rest)


def _vanish(sock: socket.socket, rest: Callable[[], bool]) -> None:
    sock.sendall(_SMALL)
    rest()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _hold(sock: socket.socket, rest: Callable[[], bool]) -> None:
    sock.settimeout(0.01)
    while not rest():
        with contextlib.suppress(TimeoutError):
            if not sock.recv(1000):
                return


MANNERS: Final = (
    _half_a_head, _half_a_body, _a_head_in_drops, _an_answer_nobody_reads, _silence, _rubbish, _vanish,
)  # fmt: skip


@contextlib.contextmanager
def crowd(port: int, size: int) -> Iterator[None]:
    """So many clients without manners for a while, in a process of their own."""
    process = multiprocessing.get_context("fork").Process(target=_crowd, args=(port, size))
    process.start()
    try:
        time.sleep(3)  # until all of them are there
        yield
    finally:
        process.kill()
        process.join()


def _crowd(port: int, size: int) -> None:
    threads = [
        threading.Thread(target=_behave, args=(MANNERS[place % len(MANNERS)], port)) for place in range(size)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _behave(manner: Callable[[socket.socket, Callable[[], bool]], None], port: int) -> None:
    def rest() -> bool:
        time.sleep(1)
        return False

    while True:
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            sock.connect(("127.0.0.1", port))
            manner(sock, rest)
        rest()


def measure(mock: mocks.Mock, alerts: list[str]) -> list[float]:
    """Poll and close in turn; return how long each request took, in milliseconds, sorted."""
    client = mocks.Client(mock.api)
    times = []
    for number in range(REQUESTS):
        closes = number % 10 == 9
        began = time.perf_counter()
        if closes:
            status, _ = client.ask(
                "POST", "/api/v1/alerts/close", {"id": alerts.pop(), "reason": "responded"}
            )
        else:
            status, _ = client.ask("GET", "/api/v1/alerts?status=escalated")
        times.append((time.perf_counter() - began) * 1_000)
        if status != (204 if closes else 200):
            raise AssertionError(f"request {number} was answered with {status}")
    client.close()
    return sorted(times)


def main() -> int:
    """Measure both listeners, and say what was found."""
    mocks.load()
    worst = 0.0
    for name, arguments in (("serve", ()), ("serve --wire", ("--wire",))):
        with mocks.folder() as place, mocks.running(place, *arguments) as mock:
            generate = {"generate": {"count": 2_000, "events": 2}}
            alerts = mock.control("POST", "/worlds/default/alerts", generate)["ids"]
            measure(mock, alerts)  # everything is loaded then
            alone = measure(mock, alerts)
            with crowd(mock.api, CROWD):
                among = measure(mock, alerts)
            again = measure(mock, alerts)
        at = REQUESTS * 99 // 100
        # The machine itself is quicker or slower from one minute to the next: before and after count.
        grown = among[at] / max(alone[at], again[at])
        worst = max(worst, grown)
        print(
            f"{name}: p50 {alone[len(alone) // 2]:.1f} ms alone, {among[len(among) // 2]:.1f} ms among "
            f"{CROWD}, p99 {alone[at]:.1f} ms, {among[at]:.1f} ms, {again[at]:.1f} ms when they have gone: "
            f"{grown:.2f} times"
        )
    return 1 if worst > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
