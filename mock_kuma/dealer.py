"""Connections dealt to the workers of a listener, in turn.

The kernel would spread them by a hash of their ports: of the few that a connector opens, one worker may get
all. So the main process accepts, and each worker takes what it is dealt. Rule: nothing is read here; whoever
is dealt a connection has it alone.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import socket
import threading
import time
from typing import Final

from mock_kuma import logs, ports

log = logging.getLogger("mock_kuma.dealer")
#: So many connections may wait to be accepted.
BACKLOG: Final = 1_024
#: After something went wrong, a full table of files for one, it tries again so late.
_PATIENCE_SECONDS: Final = 0.1
#: A worker says that it is there; a connection has to come with a byte.
HERE: Final = b"+"


class Dealer:
    """Listens for several workers, once all of them are there."""

    def __init__(self, host: str, port: int, workers: int) -> None:
        self._sock = ports.bound(host, port)
        pairs = [socket.socketpair() for _ in range(workers)]
        self._deals = [ours for ours, _ in pairs]
        #: What each of the workers takes its connections from.
        self.hands = [theirs for _, theirs in pairs]
        self._stopped = False

    def begin(self) -> None:
        """Deal from now on, in a thread of its own; the workers have started."""
        for hand in self.hands:
            hand.close()
        threading.Thread(target=self._run, name="dealer", daemon=True).start()

    def stop(self) -> None:
        """Accept nothing more."""
        self._stopped = True
        # A thread that waits for a client hears of this, and not of a socket that is closed. It may not
        # listen yet.
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        with contextlib.ExitStack() as held:
            for one in (self._sock, *self._deals):
                held.enter_context(one)
            if all(deal.recv(len(HERE)) for deal in self._deals) and not self._stopped:
                self._sock.listen(BACKLOG)
                self._deal()

    def _deal(self) -> None:
        for deal in itertools.cycle(self._deals):
            try:
                client, _ = self._sock.accept()
                with client:
                    socket.send_fds(deal, [HERE], [client.fileno()])
            except OSError as error:
                if self._stopped:
                    return
                log.warning("cannot take a connection", extra=logs.fields(why=str(error)))
                time.sleep(_PATIENCE_SECONDS)
