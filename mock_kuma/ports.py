"""The sockets that clients connect to: a port that is kept, and one that is listened on.

Rule: between choosing a port and listening nobody else can take it.
"""

from __future__ import annotations

import socket
from typing import Final

#: The kernel holds about so many bytes that cannot leave yet; of megabytes it tells no progress for minutes.
_UNSENT: Final = 64 * 1024


class PortTaken(Exception):
    """Somebody else listens on the port."""

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(host, port, why)
        self.host, self.port, self.why = host, port, why

    def __str__(self) -> str:
        return f"cannot listen on {self.host} port {self.port}: {self.why}; choose another port, or 0"


def reserve(host: str, port: int) -> socket.socket:
    """Return a bound socket that keeps a port ours without listening on it; 0 picks one.

    The listener binds the same port beside it (SO_REUSEPORT). Raises PortTaken.
    """
    try:
        with socket.socket(_family(host), socket.SOCK_STREAM) as probe:
            # Without SO_REUSEPORT this fails where anybody listens, another mock included.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            port = probe.getsockname()[1]
        return _bound(host, port)
    except OSError as error:
        raise PortTaken(host, port, (error.strerror or str(error)).lower()) from error


def bound(host: str, port: int) -> socket.socket:
    """Return a socket to listen on, beside the one that keeps the port."""
    sock = _bound(host, port)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT)
    return sock


def _bound(host: str, port: int) -> socket.socket:
    # By its protocol asyncio knows that a small piece has to leave before the last was acknowledged.
    sock = socket.socket(_family(host), socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((host, port))
    return sock


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
