"""The wire listener's connection to the application behind it: plain HTTP/1.1 on loopback.

Knows nothing of clients and faults. Rule: what the application answered arrives here whole, or ``Gone`` says
that it will not.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

import h11

#: So much is read at a time.
PIECE: Final = 256 * 1024
#: Longer heads of requests and answers are refused.
MAX_HEAD: Final = 128 * 1024


class Gone(Exception):
    """A connection is at its end; nothing more is to be said on it."""


class Application:
    """The connection to the application behind."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)

    @staticmethod
    async def connect(address: tuple[str, int]) -> Application:
        """Open a connection."""
        return Application(*await asyncio.open_connection(*address))

    async def send(self, event: Any) -> None:
        """Hand one event of the request over."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        data = self._http.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()

    async def response(self) -> h11.Response:
        """Return the head of the answer."""
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                return event

    async def body(self) -> Any:
        """Yield the answer's body."""
        while not isinstance(event := await self._next(), h11.EndOfMessage):
            yield bytes(event.data)

    def can_go_on(self) -> bool:
        """Say whether another request may follow on this connection."""
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.close()

    async def _next(self) -> Any:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                if isinstance(event, h11.ConnectionClosed):
                    raise Gone
                return event
            self._http.receive_data(await self._reader.read(PIECE))
