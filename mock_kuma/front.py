"""The vendor port as its HTTP server asks it (ASGI).

Brief requests are answered here, in the server's loop, all that wait at once; any other is carried to the
gateway by a thread. Rule: nothing here knows what is asked or answered.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from mock_kuma import carrier, journal
from mock_kuma.carrier import Carrier, ClientGone
from mock_kuma.incoming import WITHOUT_BODY, Incoming, name

if TYPE_CHECKING:
    from mock_kuma.api.plain import Reply
    from mock_kuma.batch import Batch
    from mock_kuma.carrier import Message, Receive, Scope, Send
    from mock_kuma.gateway import Gateway


#: So many are answered at once; whoever comes meanwhile is among the next.
_TOGETHER: Final = 32


class Front:
    """An ASGI application around the gateway; without a ``batch`` every request is the gateway's.

    ``threads`` carry at most so many requests at once to it.
    """

    def __init__(self, gateway: Gateway, batch: Batch | None, threads: int) -> None:
        self._batch, self._carrier = batch, Carrier(gateway.reply, threads)
        self._waiting: list[tuple[Incoming, float, asyncio.Future[Reply | None]]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = time.perf_counter()
        headers = carrier.merged(scope["headers"])
        if not self._takes(scope, headers):
            await self._carrier(scope, receive, send)
            return
        try:
            body = b"" if scope["method"] in WITHOUT_BODY else await carrier.whole(receive)
        except ClientGone:
            return
        reply = await self._together(_incoming(scope, headers, body), started)
        if reply is None:
            await self._carrier(scope, _again(body), send)
        else:
            await carrier.answer(reply, send)

    def _takes(self, scope: Scope, headers: dict[str, str]) -> bool:
        if self._batch is None or not _is_short(scope["method"], headers):
            return False
        return self._batch.takes(scope["method"], scope["path"], _query(scope))

    def _together(self, request: Incoming, started: float) -> asyncio.Future[Reply | None]:
        """Return what will be the answer, once all that came with it have theirs."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._gather, loop, 0)
        future: asyncio.Future[Reply | None] = loop.create_future()
        self._waiting.append((request, started, future))
        return future

    def _gather(self, loop: asyncio.AbstractEventLoop, known: int) -> None:
        """Answer what waits, once a turn of the loop has brought nothing more."""
        count = len(self._waiting)
        if known < count < _TOGETHER:
            loop.call_soon(self._gather, loop, count)
        else:
            self._answer()

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


def _is_short(method: str, headers: dict[str, str]) -> bool:
    if method in WITHOUT_BODY:
        return True
    length = headers.get("content-length", "")
    return length.isdigit() and int(length) <= journal.BODY_KEPT


def _query(scope: Scope) -> str:
    found: str = scope["query_string"].decode("utf-8", "replace")
    return found


def _incoming(scope: Scope, headers: dict[str, str], body: bytes) -> Incoming:
    return Incoming(
        method=scope["method"],
        path=scope["path"],
        query=_query(scope),
        headers=[(name(key), value) for key, value in headers.items()],
        length=len(body),
        data=body,
    )


def _again(body: bytes) -> Receive:
    """Return what hands over a body that was read already."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
