"""What leaves a connection: a small answer's head and body in one piece.

uvicorn writes an answer's head before it has the body. Two small pieces cost both ends a call of the system
more than one, and a client may wait for the second. Rule: nothing is kept back once an answer is complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import asyncio

#: So an answer's head begins, but that of 100, which has no body and is waited for.
_HEAD: Final = b"HTTP/1.1 "
_CONTINUE: Final = b"HTTP/1.1 100"
#: A larger body leaves by itself: it would only be copied.
_SMALL: Final = 64 * 1024


class Outgoing:
    """A transport that keeps a head until something follows it; all else is the transport's own."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""
        # Asked at each request: sooner found here than there.
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write, or keep a head."""
        head, self._head = self._head, b""
        if not head and data.startswith(_HEAD) and not data.startswith(_CONTINUE):
            self._head = data
        elif len(data) <= _SMALL:
            self._transport.write(head + data)
        else:
            self._transport.write(head)
            self._transport.write(data)

    def flush(self) -> None:
        """Write what is kept: nothing follows."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def close(self) -> None:
        """Write what is kept, and close."""
        self.flush()
        self._transport.close()
