"""What the HTTP server costs a request: an application that only answers, behind the same server.

    python -m tests.bench.empty PORT

It waits for the body and for the loop once, as the mock does. Rule: the server's settings are the mock's own.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final

from mock_kuma.server import Listener, serve

if TYPE_CHECKING:
    from granian._granian import RSGIHTTPProtocol as HTTPProtocol
    from granian.rsgi import Scope

#: As long as the answer to W2.
_BODY: Final = b"[" + b" " * 448 + b"]"
_HEADERS: Final = [("content-type", "application/json"), ("content-length", str(len(_BODY)))]


class Empty:
    """The application."""

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer."""
        if scope.method == "POST":
            await protocol()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        loop.call_soon(future.set_result, None)
        await future
        protocol.response_bytes(200, _HEADERS, _BODY)


if __name__ == "__main__":
    serve(Listener("127.0.0.1", int(sys.argv[1]), Empty, interface="rsgi"))
