"""The wire listener's connection to the application behind it: plain HTTP/1.1 on loopback.

Knows nothing of clients and faults. Rule: a request is sent once and never again; its answer arrives here,
or ``NoAnswer`` says that it will not.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import h11

from mock_kuma.bounds import MAX_HEAD

#: So much is read at a time.
PIECE: Final = 256 * 1024
#: A connection that was not used for so long is not used again: the application ends idle ones, and an end
#: that crosses a request cannot be told from a lost answer.
_FRESH_SECONDS: Final = 5.0


class NoAnswer(Exception):
    """The application did not answer; ``why`` says what it did instead."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"the application behind the listener {self.why}"


class Application:
    """One connection to the application behind."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self._out: list[bytes] = []
        self._used = self._now()

    @staticmethod
    async def connect(address: tuple[str, int]) -> Application:
        """Open a connection."""
        try:
            return Application(*await asyncio.open_connection(*address, limit=PIECE))
        except OSError as error:
            raise NoAnswer("cannot be reached") from error

    def can_go_on(self) -> bool:
        """Say whether another request may follow on this connection."""
        done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        return done and not self._reader.at_eof() and self._now() - self._used < _FRESH_SECONDS

    def begin(self, request: h11.Request) -> None:
        """Put a request's head on its way, its headers in the order in which the client sent them."""
        if self._http.our_state is h11.DONE:
            self._http.start_next_cycle()
        # h11 would move Host to the front; it is told, so that it knows the state, and not asked to write.
        self._http.send(request)
        lines = [b"%s: %s" % (name, value) for name, value in request.headers.raw_items()]
        first = b"%s %s HTTP/1.1" % (request.method, request.target)
        self._out.append(b"\r\n".join([first, *lines, b"", b""]))

    def add(self, event: h11.Data | h11.EndOfMessage) -> None:
        """Put a part of the request's body, or its end, on its way."""
        self._out += self._http.send_with_data_passthrough(event) or ()

    async def flush(self) -> None:
        """Send what is on its way; return when the application has room for more."""
        out, self._out = self._out, []
        if out:
            # Not writelines: in Python 3.12.0 to 3.12.8 and 3.13.0 to 3.13.1 drain would not wait after it
            # (python/cpython#127655).
            self._writer.write(b"".join(out))
        try:
            await self._writer.drain()
        except OSError as error:
            raise NoAnswer("ended the connection while the request was sent") from error

    async def response(self) -> h11.Response:
        """Return the head of the answer; what comes before it (status 1xx) is not for the client."""
        while not isinstance(event := self.ready(), h11.Response):
            if event is None:
                await self.receive()
        return event

    async def body(self) -> bytes:
        """Return the answer's body as a whole."""
        pieces: list[bytes] = []
        while not isinstance(event := self.ready(), h11.EndOfMessage):
            if event is None:
                await self.receive()
            else:
                pieces.append(event.data)
        return b"".join(pieces)

    def ready(self) -> Any:
        """Return the answer's next event as far as it has arrived; None: ``receive`` first."""
        try:
            event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            raise NoAnswer(f"broke off: {error}") from error
        if event is h11.NEED_DATA:
            return None
        if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            raise NoAnswer("ended the connection")
        if isinstance(event, h11.EndOfMessage):
            self._used = self._now()
        return event

    async def receive(self) -> None:
        """Wait until more of the answer has arrived."""
        try:
            self._http.receive_data(await self._reader.read(PIECE))
        except OSError as error:
            raise NoAnswer("broke the connection") from error

    def close(self) -> None:
        """End the connection at once, whatever is on its way."""
        self._writer.transport.abort()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
