"""The vendor port's own way of speaking with the HTTP server (RSGI).

Brief requests are answered here, in the server's loop, all that wait at once; any other is carried to the
gateway by a thread. Rule: nothing here knows what is asked or answered.
"""

from __future__ import annotations

import asyncio
import io
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from mock_kuma import journal
from mock_kuma.incoming import WITHOUT_BODY, Incoming, name

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from granian._granian import RSGIHTTPProtocol as HTTPProtocol
    from granian.rsgi import Scope

    from mock_kuma.api.plain import Reply
    from mock_kuma.batch import Batch
    from mock_kuma.gateway import Gateway


class Front:
    """An RSGI application around the gateway; without a ``batch`` every request is the gateway's.

    A thread carries one request at a time, and sleeps out its delay or waits for the rest of its body; there
    are as many as are needed, ``threads`` at most.
    """

    def __init__(self, gateway: Gateway, batch: Batch | None, threads: int) -> None:
        self._gateway, self._batch = gateway, batch
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._waiting: list[tuple[Incoming, float, asyncio.Future[Reply | None]]] = []

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer one request."""
        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        headers = _merged(scope.headers.items())
        body: bytes | None = None
        reply: Reply | None = None
        if self._takes(scope, headers):
            body = b"" if scope.method in WITHOUT_BODY else await protocol()
            reply = await self._together(_incoming(scope, headers, body), started, loop)
        if reply is None:
            environ = _environ(scope, headers)
            environ["wsgi.input"] = _Body(protocol, loop) if body is None else io.BytesIO(body)
            reply = await loop.run_in_executor(self._threads, self._gateway.reply, environ)
        protocol.response_bytes(reply.status, reply.headers, reply.body)

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        """Let the threads go; what still sleeps is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _takes(self, scope: Scope, headers: dict[str, str]) -> bool:
        if self._batch is None or not _is_short(scope.method, headers):
            return False
        return self._batch.takes(scope.method, scope.path, scope.query_string)

    def _together(
        self, request: Incoming, started: float, loop: asyncio.AbstractEventLoop
    ) -> asyncio.Future[Reply | None]:
        """Return what will be the answer, once all that came with it have theirs."""
        if not self._waiting:
            loop.call_soon(self._answer)
        future: asyncio.Future[Reply | None] = loop.create_future()
        self._waiting.append((request, started, future))
        return future

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, []
        assert self._batch is not None  # noqa: S101 -- for the type checker: without one nobody waits
        try:
            replies = self._batch.answer([(request, started) for request, started, _ in waiting])
        except Exception as error:  # noqa: BLE001 -- handed to everybody who waits
            # The process boundary: a mistake of ours must not leave anybody waiting.
            for _, _, future in waiting:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, _, future), reply in zip(waiting, replies, strict=True):
            if not future.done():
                future.set_result(reply)


class _Body(io.RawIOBase):
    """A request's body, for a thread: each piece is fetched from the loop when it is wanted."""

    def __init__(self, protocol: HTTPProtocol, loop: asyncio.AbstractEventLoop) -> None:
        self._pieces, self._loop = aiter(protocol), loop
        self._rest = b""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, fewer only at the body's end."""
        found = [self._rest]
        count = len(self._rest)
        while size < 0 or count < size:
            piece = asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
            if piece is None:
                break
            found.append(piece)
            count += len(piece)
        data = b"".join(found)
        self._rest = b"" if size < 0 else data[size:]
        return data if size < 0 else data[:size]

    async def _next(self) -> bytes | None:
        # Not anext with a default: CPython's own waiting for that one crashes on Granian's.
        try:
            return await anext(self._pieces)
        except StopAsyncIteration:
            return None


#: Of these a request has one; a second would be a client's mistake, which is kept visible.
_JOINED: Final = {"cookie": ";"}


def _merged(items: list[tuple[str, str]]) -> dict[str, str]:
    """Return headers by their names, in small letters; those that come twice are joined, as CGI has them."""
    found = dict(items)
    if len(found) < len(items):
        found.clear()
        for key, value in items:
            found[key] = f"{found[key]}{_JOINED.get(key, ',')}{value}" if key in found else value
    return found


def _is_short(method: str, headers: dict[str, str]) -> bool:
    if method in WITHOUT_BODY:
        return True
    length = headers.get("content-length", "")
    return length.isdigit() and int(length) <= journal.BODY_KEPT


def _incoming(scope: Scope, headers: dict[str, str], body: bytes) -> Incoming:
    return Incoming(
        method=scope.method,
        path=scope.path,
        query=scope.query_string,
        headers=[(name(key), value) for key, value in headers.items()],
        length=len(body),
        data=body,
    )


def _environ(scope: Scope, headers: dict[str, str]) -> WSGIEnvironment:
    server, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string.encode().decode("latin-1"),
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.url_scheme": scope.scheme,
    }
    for key, value in headers.items():
        cgi = key.upper().replace("-", "_")
        plain = cgi in {"CONTENT_TYPE", "CONTENT_LENGTH"}
        environ[cgi if plain else f"HTTP_{cgi}"] = value
    return environ
