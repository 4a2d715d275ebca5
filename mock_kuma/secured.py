"""TLS over a TCP connection that stays in hand: only there can be seen whether a client takes what was said.

What TLS has encrypted it no longer counts, and once it is told to end it waits for a fixed time alone, be
anything on its way or not. Rule: a connection ends when all that was said has gone, or when it is aborted.
"""

from __future__ import annotations

import asyncio
from asyncio.sslproto import SSLProtocol
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

#: Nobody tells when the TCP end has nothing left; it is looked for so often.
_LOOK_SECONDS: Final = 0.02


class Speaker(asyncio.Protocol):
    """A protocol that is told what is beneath TLS, where there is any, before it has a connection."""

    tcp: asyncio.Transport | None = None


class Arrival(SSLProtocol):
    """A client that has just come, and is to shake hands; ``protocol`` speaks with it within TLS.

    asyncio's own layer, by its class: a server that is told to speak TLS keeps the TCP end for itself, and
    ``start_tls`` may lose on uvloop what a client says first, and hands on what it says next too early.
    """

    def __init__(self, protocol: Speaker, context: ssl.SSLContext, patience: float) -> None:
        nobody: Any = None  # waits for the handshake
        seconds: Any = patience
        super().__init__(
            asyncio.get_running_loop(),
            protocol,
            context,
            nobody,
            server_side=True,
            ssl_handshake_timeout=seconds,
            ssl_shutdown_timeout=patience,
        )
        self._speaker = protocol

    def connection_made(self, transport: Any) -> None:
        """Shake hands."""
        self._speaker.tcp = transport
        super().connection_made(transport)


class Secured(asyncio.Transport):
    """What a protocol within TLS speaks through: both ends as one. ``closing`` hears of ``close``."""

    def __init__(self, tls: asyncio.Transport, tcp: asyncio.Transport, closing: Callable[[], None]) -> None:
        super().__init__()
        self._tls, self._tcp, self._closing = tls, tcp, closing
        self._closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what is known of the connection."""
        return self._tls.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Read no more for now."""
        self._tls.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._tls.resume_reading()

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Say something."""
        self._tls.write(data)

    def get_write_buffer_size(self) -> int:
        """Return how much has not gone yet, encrypted or not."""
        return self._tls.get_write_buffer_size() + self._tcp.get_write_buffer_size()

    def is_closing(self) -> bool:
        """Say whether the end was asked for, or has come."""
        return self._closed or self._tls.is_closing()

    def close(self) -> None:
        """End, once all that was said has gone; what the client says meanwhile is for nobody."""
        if not self._closed:
            self._closed = True
            self._closing()
            self._tls.resume_reading()
            asyncio.get_running_loop().call_soon(self._end)

    def abort(self) -> None:
        """End at once."""
        self._closed = True
        self._tls.abort()

    def _end(self) -> None:
        if self._tls.is_closing():
            return
        if self.get_write_buffer_size():
            asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._end)
        else:
            self._tls.close()
