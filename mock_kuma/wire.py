"""The listener for transport faults: HTTP/1.1 in front of the vendor application, byte for byte.

A WSGI application cannot reset or half-close a connection. It decides, and says so in a header of its
answer, which this listener takes away and carries out. Everything else passes as it came. Rule: one slow,
silent or broken client never holds another up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import h11

from mock_kuma.faults import WIRE_HEADER
from mock_kuma.upstream import MAX_HEAD, PIECE, Application, Gone

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

#: Tells the journal through which of the spoiled listeners a request came.
LISTENER_HEADER: Final = "x-mock-kuma-listener"
#: A connection on which nothing happens for so long is closed.
IDLE_SECONDS: Final = 60.0
_GOODBYE_SECONDS: Final = 0.2
#: Ours, and those that concern one connection and not the message.
_NOT_PASSED: Final = frozenset(
    {
        WIRE_HEADER.encode(),
        LISTENER_HEADER.encode(),
        b"connection",
        b"keep-alive",
        b"expect",
        b"proxy-connection",
    }
)


@dataclass(frozen=True, slots=True)
class Door:
    """One listening socket; ``name`` is empty for the good one, else what is wrong with its certificate."""

    sock: socket.socket
    tls: ssl.SSLContext | None
    name: str = ""


def run(doors: Sequence[Door], upstream: tuple[str, int]) -> None:
    """Serve until SIGTERM or SIGINT; the entry of a process of its own."""
    asyncio.run(_run(doors, upstream))


async def _run(doors: Sequence[Door], upstream: tuple[str, int]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(doors, upstream, stop)


async def serve(doors: Sequence[Door], upstream: tuple[str, int], stop: asyncio.Event) -> None:
    """Forward what comes through the doors to ``upstream`` until ``stop`` is set."""
    tasks: set[asyncio.Task[None]] = set()

    def opened(door: Door) -> Any:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 -- for the type checker; a callback runs in a task
            tasks.add(task)
            try:
                await _Connection(reader, writer, upstream, door.name).run()
            finally:
                tasks.discard(task)

        return handle

    servers = [
        await asyncio.start_server(
            opened(door),
            sock=door.sock,
            ssl=door.tls,
            backlog=1024,
            # A client that does not say goodbye in TLS is not waited for: the connection is to end.
            ssl_shutdown_timeout=None if door.tls is None else _GOODBYE_SECONDS,
        )
        for door in doors
    ]
    await stop.wait()
    for server in servers:
        server.close()
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _Connection:
    """One client, and the connection to the application that serves it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        upstream: tuple[str, int],
        listener: str,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._upstream = upstream
        self._listener = listener
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._app: Application | None = None

    async def run(self) -> None:
        """Answer request after request, until one side has enough."""
        try:
            while await self._exchange():
                self._http.start_next_cycle()
        except h11.RemoteProtocolError as error:
            await self._refuse(error)
        except (Gone, OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the client or the application left: there is nobody to tell
        finally:
            if self._app is not None:
                self._app.close()
            with contextlib.suppress(OSError, RuntimeError):
                self._writer.close()

    async def _exchange(self) -> bool:
        request = await self._next()
        if not isinstance(request, h11.Request):
            return False
        if self._app is None:
            self._app = await Application.connect(self._upstream)
        await self._app.send(self._forwarded(request))
        while True:
            if self._http.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[]))
            event = await self._next()
            await self._app.send(event)
            if isinstance(event, h11.EndOfMessage):
                break
        response = await self._app.response()
        action = _action(response)
        if action is None:
            return await self._pass_on(self._app, response)
        await self._spoil(self._app, response, action)
        return False

    def _forwarded(self, request: h11.Request) -> h11.Request:
        headers = _passed(request.headers)
        if self._listener:
            headers.append((LISTENER_HEADER.encode(), self._listener.encode()))
        if request.http_version == b"1.0" and not any(name.lower() == b"host" for name, _ in headers):
            headers.append((b"Host", b"localhost"))
        return h11.Request(method=request.method, target=request.target, headers=headers)

    async def _pass_on(self, app: Application, response: h11.Response) -> bool:
        await self._send(_without_ours(response))
        async for piece in app.body():
            await self._send(h11.Data(data=piece))
        await self._send(h11.EndOfMessage())
        if not app.can_go_on():
            app.close()
            self._app = None
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _spoil(self, app: Application, response: h11.Response, action: Mapping[str, Any]) -> None:
        kind = action["kind"]
        if kind in {"reset", "commit-then-reset"}:
            self._reset()
        elif kind == "silence":
            # Held until the client leaves; what it still says is thrown away.
            while await self._reader.read(PIECE):
                pass
        elif kind in {"truncate", "trickle"}:
            await self._send(_without_ours(response))
            body = b"".join([piece async for piece in app.body()])
            if kind == "truncate":
                await self._send(h11.Data(data=body[: action["bytes"]]))
            else:
                await self._trickle(body, action["bytes_per_second"])
        # "empty" asks for nothing but the end of the connection, which comes now.

    async def _trickle(self, body: bytes, rate: int) -> None:
        piece = max(1, rate // 10)
        for start in range(0, len(body), piece):
            if start:
                await asyncio.sleep(piece / rate)
            await self._send(h11.Data(data=body[start : start + piece]))
        await self._send(h11.EndOfMessage())

    def _reset(self) -> None:
        sock = self._writer.get_extra_info("socket")
        # Lingering for zero seconds makes the kernel answer with RST instead of FIN.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def _next(self) -> Any:
        """Return the client's next event."""
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                async with asyncio.timeout(IDLE_SECONDS):
                    self._http.receive_data(await self._reader.read(PIECE))
                continue
            if isinstance(event, h11.ConnectionClosed):
                raise Gone
            return event

    async def _send(self, event: Any) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)
            async with asyncio.timeout(IDLE_SECONDS):
                await self._writer.drain()

    async def _refuse(self, error: h11.RemoteProtocolError) -> None:
        if self._http.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return
        body = json.dumps({"message": "bad request", "details": str(error)[:200]}).encode()
        headers = [
            (b"Content-Type", b"application/json"),
            (b"Content-Length", str(len(body)).encode()),
            (b"Connection", b"close"),
        ]
        with contextlib.suppress(OSError, TimeoutError):
            await self._send(h11.Response(status_code=error.error_status_hint, headers=headers))
            await self._send(h11.Data(data=body))
            await self._send(h11.EndOfMessage())


def _action(response: h11.Response) -> Mapping[str, Any] | None:
    for name, value in response.headers:
        if name == WIRE_HEADER.encode():
            found: Mapping[str, Any] = json.loads(value)
            return found
    return None


def _passed(headers: Any) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers.raw_items() if name.lower() not in _NOT_PASSED]


def _without_ours(response: h11.Response) -> h11.Response:
    headers = _passed(response.headers)
    return h11.Response(status_code=response.status_code, headers=headers, reason=response.reason)
