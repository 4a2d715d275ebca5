"""Carries requests from the HTTP server's loop (ASGI) to what answers one at a time (WSGI), in threads.

Rule: nothing here knows what is asked or answered. A request whose client went away before all of it was
said is answered by nobody.
"""

from __future__ import annotations

import asyncio
import io
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from mock_kuma.api.plain import Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    from _typeshed import WriteableBuffer

    Scope = dict[str, Any]
    Message = dict[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Scope, Receive, Send], Awaitable[None]]

#: So much of a body is read at a time.
_PIECE: Final = 64 * 1024
#: Answers that have no body, and tell no length of one.
_EMPTY: Final = frozenset({204, 304})
#: Either of them tells where an answer's body ends; both would contradict each other (RFC 9112, 6.2).
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
#: Of these a request has one; a second would be a client's mistake, which is kept visible.
_JOINED: Final = {"cookie": ";"}


class ClientGone(ConnectionError):
    """The client ended the connection before all of its request was read."""


class Carrier:
    """An ASGI application around ``reply``, which answers one request as WSGI describes it.

    A thread carries one request at a time, and sleeps out its delay or waits for the rest of its body; there
    are as many as are needed, ``threads`` at most.
    """

    def __init__(self, reply: Callable[[WSGIEnvironment], Reply], threads: int) -> None:
        self._reply = reply
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")

    @staticmethod
    def of(app: WSGIApplication, threads: int) -> Carrier:
        """Return one around a WSGI application."""
        return Carrier(lambda environ: Reply.of(app, environ), threads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        loop = asyncio.get_running_loop()
        environ = _environ(scope, io.BufferedReader(_Body(receive, loop), _PIECE))
        try:
            reply = await loop.run_in_executor(self._threads, self._reply, environ)
        except ClientGone:
            return
        await answer(reply, send)


async def answer(reply: Reply, send: Send) -> None:
    """Send an answer; its length is told where there can be one."""
    headers = [(key.lower().encode(), value.encode()) for key, value in reply.headers]
    body = b"" if reply.status in _EMPTY else reply.body
    if reply.status not in _EMPTY and not any(key in _FRAMING for key, _ in headers):
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def merged(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by their names, in small letters; those that come twice are joined, as CGI has them."""
    found: dict[str, str] = {}
    for name, sent in headers:
        key, value = name.decode("latin-1"), sent.decode("latin-1")
        found[key] = f"{found[key]}{_JOINED.get(key, ',')}{value}" if key in found else value
    return found


class _Body(io.RawIOBase):
    """A request's body, for a thread: each piece is fetched from the loop when it is wanted."""

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        self._receive, self._loop = receive, loop
        self._rest, self._more = b"", True

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read some bytes, none only at the body's end; raise ClientGone where it has none."""
        while not self._rest and self._more:
            message = asyncio.run_coroutine_threadsafe(_received(self._receive), self._loop).result()
            self._rest, self._more = message.get("body", b""), message.get("more_body", False)
        room = memoryview(buffer)
        piece, self._rest = self._rest[: len(room)], self._rest[len(room) :]
        room[: len(piece)] = piece
        return len(piece)


async def _received(receive: Receive) -> Message:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message


async def whole(receive: Receive) -> bytes:
    """Return a request's body as a whole; raise ClientGone where it has no end."""
    found, more = [], True
    while more:
        message = await _received(receive)
        found.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(found)


def _environ(scope: Scope, body: io.BufferedReader) -> WSGIEnvironment:
    server, port = scope["server"] or ("localhost", 0)
    client = scope["client"] or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        # It ends where the request ends, be its length announced or not.
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for key, value in merged(scope["headers"]).items():
        cgi = key.upper().replace("-", "_")
        # By the name that was sent: "content_length" is another header, though CGI cannot tell them apart.
        plain = key in {"content-type", "content-length"}
        environ[cgi if plain else f"HTTP_{cgi}"] = value
    return environ
