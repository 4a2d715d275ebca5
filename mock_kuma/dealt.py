"""A worker's HTTP server that listens to nobody: it takes the connections that it is dealt."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any

import uvicorn

from mock_kuma.dealer import HERE

if TYPE_CHECKING:
    from collections.abc import Callable


class Dealt(uvicorn.Server):
    """uvicorn's server; ``hand`` is the worker's end of what the dealer deals."""

    def __init__(self, config: uvicorn.Config, hand: socket.socket) -> None:
        super().__init__(config)
        self._hand = hand
        self._coming: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell the dealer that connections may come."""
        await super().startup(sockets)
        self._hand.send(HERE)
        self._hand.settimeout(0)
        asyncio.get_running_loop().add_reader(self._hand, self._take)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nothing more, and end."""
        asyncio.get_running_loop().remove_reader(self._hand)
        self._hand.close()
        await super().shutdown(sockets)

    def _take(self) -> None:
        with contextlib.suppress(BlockingIOError):
            _, found, _, _ = socket.recv_fds(self._hand, len(HERE), 1)
            if not found:  # the dealer has ended
                asyncio.get_running_loop().remove_reader(self._hand)
            for number in found:
                task = asyncio.get_running_loop().create_task(self._welcome(socket.socket(fileno=number)))
                self._coming.add(task)
                task.add_done_callback(self._coming.discard)

    async def _welcome(self, sock: socket.socket) -> None:
        sock.settimeout(0)
        with contextlib.suppress(OSError):  # it has gone again
            await asyncio.get_running_loop().connect_accepted_socket(self._speaks(), sock)

    def _speaks(self) -> Callable[[], asyncio.Protocol]:
        speaks: Any = self.config.http_protocol_class
        made = {"server_state": self.server_state, "app_state": self.lifespan.state}
        return lambda: speaks(config=self.config, **made)
