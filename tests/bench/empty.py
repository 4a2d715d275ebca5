"""What the HTTP server costs a request: an application that only answers, behind the same server.

    python -m tests.bench.empty PORT

It waits for the body and for the loop once, as the mock does. Rule: the server's settings are the mock's own.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final

from mock_kuma import carrier
from mock_kuma.api.plain import Reply
from mock_kuma.listener import serve
from mock_kuma.server import Listener

if TYPE_CHECKING:
    from mock_kuma.carrier import Receive, Scope, Send

#: As long as the answer to W2.
_BODY: Final = b"[" + b" " * 448 + b"]"


async def empty(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer."""
    if scope["method"] == "POST":
        await carrier.whole(receive)
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    loop.call_soon(future.set_result, None)
    await future
    await carrier.answer(Reply.json(_BODY), send)


if __name__ == "__main__":
    serve(Listener("127.0.0.1", int(sys.argv[1]), lambda: empty))
