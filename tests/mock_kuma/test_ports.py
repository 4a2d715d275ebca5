"""The sockets that listeners are given: what those of their clients inherit."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from mock_kuma.ports import bound, reserve

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    "make",
    [bound, reserve],
    ids=["the server", "the wire"],
)
def test_a_small_answer_leaves_at_once(make: Callable[[str, int], socket.socket]) -> None:
    """Though its head and its body are two pieces: a client may take 40 ms to acknowledge the first."""

    async def at_once() -> int:
        found = asyncio.get_running_loop().create_future()

        def come(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            sock = writer.get_extra_info("socket")
            found.set_result(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(come, sock=make("127.0.0.1", 0)) as server:
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.close()
            return int(await found)

    assert asyncio.run(at_once())


def test_little_of_an_answer_is_out_of_sight() -> None:
    """Where the kernel takes all that it is given, a client who takes it slowly seems to take nothing."""
    size = 8_000_000

    async def left() -> int:
        found = asyncio.get_running_loop().create_future()

        async def come(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"a" * size)
            await asyncio.sleep(0.2)
            found.set_result(writer.transport.get_write_buffer_size())
            writer.transport.abort()

        async with await asyncio.start_server(come, sock=bound("127.0.0.1", 0)) as server:
            with socket.socket() as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
                sock.connect(server.sockets[0].getsockname())
                return int(await found)

    assert asyncio.run(left()) > size - 500_000
