"""The listener for transport faults: HTTP/1.1 in front of the vendor application, byte for byte.

A WSGI application cannot reset or half-close a connection. It decides, and says so in a header of its
answer, which this listener takes away and carries out. Everything else passes as it came. Rule: one slow,
silent or broken client never holds another up, nor a thread of the application.
"""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mock_kuma.upstream import PIECE
from mock_kuma.wire.connection import Connection, Patience

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Sequence

#: A client that does not say goodbye in TLS is not waited for: the connection is to end.
_GOODBYE_SECONDS: Final = 0.2


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


async def serve(
    doors: Sequence[Door],
    upstream: tuple[str, int],
    stop: asyncio.Event,
    *,
    patience: Patience | None = None,
) -> None:
    """Forward what comes through the doors to ``upstream`` until ``stop`` is set; then end everything."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def opened(door: Door) -> Callable[[], asyncio.Protocol]:
        def start(tcp: asyncio.Transport) -> None:
            task = loop.create_task(_talk(tcp, door, upstream, patience or Patience()))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        return lambda: _Arrival(start)

    servers = [await loop.create_server(opened(door), sock=door.sock, backlog=1024) for door in doors]
    await stop.wait()
    for server in servers:
        server.close()
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for server in servers:
        await server.wait_closed()


class _Arrival(asyncio.Protocol):
    """A client that has just come; nothing is read before its task has said how."""

    def __init__(self, start: Callable[[asyncio.Transport], None]) -> None:
        self._start = start

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 -- for the type checker; TCP is one
        transport.pause_reading()
        self._start(transport)


class _TlsStream(asyncio.StreamReaderProtocol):
    """A stream that ends for both sides at once: within TLS nothing can be half-closed."""

    def eof_received(self) -> bool:
        super().eof_received()
        return False


async def _talk(tcp: asyncio.Transport, door: Door, upstream: tuple[str, int], patience: Patience) -> None:
    """Serve one client from its arrival to its end."""
    transport = tcp
    try:
        # The handshake is made here, and not by the server, so that it can be ended from here, and so
        # that the TCP end stays in our hands: only there can be seen whether all has been sent.
        reader = asyncio.StreamReader(limit=PIECE)
        protocol = asyncio.StreamReaderProtocol(reader)
        if door.tls is None:
            tcp.set_protocol(protocol)
            tcp.resume_reading()
        else:
            protocol = _TlsStream(reader)
            transport = await _handshake(tcp, protocol, door.tls, patience)
        protocol.connection_made(transport)
        writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
        await Connection(reader, writer, upstream, door.name, patience).run()
        async with asyncio.timeout(patience.unread_answer):
            await _all_sent(transport, tcp)
        writer.close()
        await writer.wait_closed()
    except OSError:
        pass  # no handshake, no reading, or gone: there is nobody to tell
    finally:
        transport.abort()
        tcp.abort()
        await asyncio.sleep(0)  # the transports close their sockets in the loop's next round


async def _handshake(
    tcp: asyncio.Transport, protocol: asyncio.Protocol, tls: ssl.SSLContext, patience: Patience
) -> asyncio.Transport:
    made = await asyncio.get_running_loop().start_tls(
        tcp,
        protocol,
        tls,
        server_side=True,
        ssl_handshake_timeout=patience.within_request,
        ssl_shutdown_timeout=_GOODBYE_SECONDS,
    )
    if made is None:
        raise ConnectionResetError
    return made


async def _all_sent(*transports: asyncio.Transport) -> None:
    # asyncio tells when a buffer has shrunk, and not when that of the TCP end below TLS is empty.
    while any(transport.get_write_buffer_size() for transport in transports):  # noqa: ASYNC110 -- as said
        await asyncio.sleep(0.01)
