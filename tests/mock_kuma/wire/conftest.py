"""A wire listener in a thread, over an application that answers as a test says."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from mock_kuma import tls
from mock_kuma.faults import WIRE_HEADER
from mock_kuma.wire import Door, serve
from mock_kuma.wire.connection import Patience

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    Answer = Callable[["Seen", asyncio.StreamWriter], Awaitable[None]]

BODY = b"0123456789" * 20
GET = b"GET /x?a=%20b HTTP/1.1\r\nHost: kuma\r\nX-Mixed-Case: Yes\r\n\r\n"
CLOSING = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


@dataclass
class Seen:
    """One request as the application saw it."""

    head: bytes
    size: int = 0

    @property
    def target(self) -> bytes:
        return self.head.split()[1]


def saying(action: dict[str, Any] | None = None, body: bytes = BODY, headers: bytes = b"") -> Answer:
    """Return an application's answer that carries an action for the wire."""

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        extra = b"" if action is None else f"{WIRE_HEADER}: {json.dumps(action)}\r\n".encode()
        head = b"HTTP/1.1 200 Fine\r\nX-Own: Kept\r\nContent-Length: %d\r\n" % len(body)
        writer.write(head + headers + extra + b"\r\n" + (b"" if seen.head.startswith(b"HEAD") else body))
        await writer.drain()

    return answer


@dataclass
class Stage:
    """The listener as a test sees it. ``asked`` counts the application's connections."""

    answer: Answer
    reads_bodies: bool = True
    port: int = 0
    asked: int = 0
    seen: list[Seen] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    finish: Callable[[], None] = lambda: None

    def connect(self, *, receive_buffer: int | None = None, port: int | None = None) -> socket.socket:
        """Open a raw connection."""
        sock = socket.socket()
        sock.settimeout(5)
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.connect(("127.0.0.1", port or self.port))
        return sock

    def talk(self, data: bytes) -> bytes:
        """Send bytes; return everything until the end of the connection."""
        with self.connect() as sock:
            sock.sendall(data)
            return read_all(sock)

    def application(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin to serve a connection of the listener's."""
        self.asked += 1
        self.tasks.add(asyncio.create_task(self._serve(reader, writer)))

    def comes_to_rest(self) -> bool:
        """Say whether the application has soon nobody left to serve."""
        end = time.monotonic() + 3
        while not (rests := all(task.done() for task in self.tasks)) and time.monotonic() < end:
            time.sleep(0.01)
        return rests

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError), contextlib.closing(writer):
            while not writer.is_closing():
                seen = Seen(await reader.readuntil(b"\r\n\r\n"))
                self.seen.append(seen)
                length = re.search(rb"\r\ncontent-length: *(\d+)", seen.head.lower())
                while self.reads_bodies and length and seen.size < int(length[1]):
                    if not (piece := await reader.read(int(length[1]) - seen.size)):
                        return
                    seen.size += len(piece)
                await self.answer(seen, writer)


class Beneath:
    """A TLS client whose TCP end is in our hands: what TCP says is not hidden by TLS."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, *, in_a_hurry: bool = False) -> None:
        """Shake hands; in a hurry, the end of TLS and TCP comes in one piece with the end of that."""
        self.sock = sock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        self.said_goodbye = False
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._pass(b"")
                self._pass(sock.recv(65536))
        if in_a_hurry:
            with contextlib.suppress(ssl.SSLWantReadError):
                self._tls.unwrap()
        self._pass(b"")
        if in_a_hurry:
            sock.shutdown(socket.SHUT_WR)

    def send(self, data: bytes) -> None:
        """Send application data."""
        self._tls.write(data)
        self._pass(b"")

    def read_all(self) -> bytes:
        """Return what comes until TCP ends."""
        found = b""
        while data := self.sock.recv(65536):
            self._pass(data)
            try:
                while piece := self._tls.read(65536):
                    found += piece
                self.said_goodbye = True
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLZeroReturnError:
                self.said_goodbye = True
        return found

    def _pass(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        if self._outgoing.pending:
            self.sock.sendall(self._outgoing.read())


def read_all(sock: socket.socket) -> bytes:
    """Return what comes until the other side ends."""
    pieces = []
    while piece := sock.recv(1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


async def _run(stage: Stage, doors: list[Door], patience: Patience, ready: threading.Event) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: stage.problems.append(context))
    behind = await asyncio.start_server(stage.application, "127.0.0.1", 0)
    stop = asyncio.Event()

    def finish() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)

    stage.finish = finish
    ready.set()
    await serve(doors, behind.sockets[0].getsockname(), stop, patience=patience)
    behind.close()
    for task in stage.tasks:
        task.cancel()
    await asyncio.gather(*stage.tasks, return_exceptions=True)


@pytest.fixture
def open_stage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., Stage]]:
    """Open listeners; at the end all of them stop quietly, whatever their clients do."""
    opened: list[tuple[Stage, threading.Thread]] = []

    def start(
        answer: Answer | None = None,
        *,
        secure: bool = False,
        send_buffer: int | None = None,
        patience: Patience | None = None,
        **options: Any,
    ) -> Stage:
        stage = Stage(answer or saying(), **options)
        contexts: dict[str, ssl.SSLContext | None] = {"": None}
        if secure:
            good = tls.server_certificate(tmp_path, "127.0.0.1")
            spoiled = tls.spoiled_certificates(tmp_path).items()
            contexts = {"": tls.context(good), **{name: tls.context(made) for name, made in spoiled}}
            contexts["plain"] = None
            stage.contexts["careful"] = ssl.create_default_context(cafile=str(good.ca_file))
        doors = [
            Door(socket.create_server(("127.0.0.1", 0)), context, name) for name, context in contexts.items()
        ]
        if send_buffer is not None:
            for door in doors:
                door.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        stage.ports = {door.name: door.sock.getsockname()[1] for door in doors}
        stage.port = stage.ports[""]
        ready = threading.Event()
        run = _run(stage, doors, patience or Patience(), ready)
        thread = threading.Thread(target=asyncio.run, args=(run,))
        thread.start()
        opened.append((stage, thread))
        assert ready.wait(5)
        return stage

    yield start
    for stage, thread in opened:
        stage.finish()
        thread.join(5)
        assert not thread.is_alive()
        assert stage.problems == []
    logged = [*caplog.get_records("call"), *caplog.get_records("teardown")]
    assert [record.getMessage() for record in logged if record.name == "asyncio"] == []
