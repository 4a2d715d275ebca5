"""One HTTP server in a process of its own: where it listens, what answers, and the bounds of a connection.

uvicorn leaves some bounds to whoever stands before it; nobody does here. Rule: they are those of the listener
for transport faults.
"""

from __future__ import annotations

import gc
import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Final, cast

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from mock_kuma import logs, ports, tls
from mock_kuma.bounds import MAX_HEAD, MAX_HEADERS
from mock_kuma.dealer import BACKLOG
from mock_kuma.dealt import Dealt
from mock_kuma.outgoing import Outgoing
from mock_kuma.secured import Arrival, Secured, Speaker

if TYPE_CHECKING:
    import asyncio
    import socket
    import ssl
    from collections.abc import Callable

    from mock_kuma.server import Listener

log = logging.getLogger("mock_kuma.listener")
#: A head that is not complete after so long never will be, nor a body of which nothing comes for so long.
_PATIENCE_SECONDS: Final = 30.0
#: A connection that waits for its next request is ended after so long.
_IDLE_SECONDS: Final = 300
#: Likewise one whose client takes nothing of an answer.
_UNREAD_SECONDS: Final = 60.0
#: So long the last answers are waited for.
_STOP_SECONDS: Final = 4
#: A client that does not say goodbye in TLS is not waited for when everything ends.
_GOODBYE_SECONDS: Final = 0.2
#: So many objects are made before the collector looks for circles among them.
_ALLOCATIONS: Final = 20_000
#: They say where a body ends.
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})


def serve(
    listener: Listener, settled: Callable[[], object] = lambda: None, hand: socket.socket | None = None
) -> None:
    """Run one HTTP server until it is told to end; nobody reaches it before ``settled`` returns.

    It listens itself where there is no ``hand`` from which it takes its connections.
    """
    served = config(listener)
    # What was made so far stays: the collector need not look at it again and again, and seldom at what a
    # request leaves behind, most of which is freed without it.
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)
    settled()
    if hand is not None:
        Dealt(served, hand).run([])
        return
    with ports.bound(listener.host, listener.port) as sock:
        uvicorn.Server(served).run([sock])


def config(listener: Listener) -> uvicorn.Config:
    """Return how uvicorn is run."""
    certificate = listener.certificate
    answering: Any = listener.load()
    # GUESS: HTTP/1.1 is what KUMA speaks; no page that was read says whether it offers HTTP/2 as well.
    return uvicorn.Config(
        answering,
        http=Bounded if certificate is None else within(tls.context(certificate)),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=listener.dated,
        backlog=BACKLOG,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )


def within(context: ssl.SSLContext) -> Any:
    """Return what speaks with a client within TLS, as uvicorn asks for it."""
    return lambda **named: Arrival(Bounded(**named), context, _PATIENCE_SECONDS)


class Bounded(HttpToolsProtocol, Speaker):
    """A connection that is ended where a head has no end, or a request does not go on."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._begun = False  # a request, not all of which has come
        self._known = False  # the head that comes next is one that was understood already
        self._before: deque[RequestResponseCycle] = deque()  # what requests that came too early wait for
        self._pending = 0  # bytes since anything was understood: a head, or what follows a body in chunks
        self._late: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as the parent has it
        """Wait for the first request."""
        secured = transport if self.tcp is None else Secured(transport, self.tcp, self._watch)
        self._outgoing = Outgoing(secured)
        super().connection_made(cast("asyncio.Transport", self._outgoing))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._understood()
        self._taken()
        self._unset_keepalive_if_required()
        for cycle in self._before:
            # The parent tells the last one alone; an answer on its way would be written to nobody.
            cycle.disconnected = True
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """End once what was asked is answered, at once where nothing was."""
        super().shutdown()
        if self.transport.is_closing():
            self.loop.call_later(_GOODBYE_SECONDS, self.transport.abort)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._pending += len(data)
        rest: bytes | None = data
        while rest is not None:
            rest = self._read(rest)
        if self._begun and not self.transport.is_closing():
            if self._pending > MAX_HEAD and not self._owes():
                self._refused(431)
                self.transport.write(STATUS_LINE[431] + b"content-length: 0\r\nconnection: close\r\n\r\n")
                self.transport.close()
            elif self._late is None:
                self._wait()
        elif self.cycle is not None and self.cycle.response_complete and not self.transport.is_closing():
            # The rest of a body that nobody wanted, or an empty line: the client is idle again.
            self.timeout_keep_alive_task = self.loop.call_later(
                _IDLE_SECONDS, self.timeout_keep_alive_handler
            )

    def _read(self, data: bytes) -> bytes | None:
        """Let the parser read; return what it has to read yet, None where that is nothing."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            return self._declined() + data[offer.args[0] :]
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        return None

    def _declined(self) -> bytes:
        """Return a head for the body of a request that offers another protocol, as Java's client does.

        The parser takes the rest of the connection for that protocol; what comes is HTTP/1.1 (RFC 9110, 7.8).
        """
        framing = [pair for pair in self.cycle.scope["headers"] if pair[0] in _FRAMING]
        if not framing:
            return b""
        self.cycle.more_body = self._begun = self._known = True
        self.cycle.message_event.clear()
        self.parser = httptools.HttpRequestParser(self)
        return b"POST / HTTP/1.1\r\n%s\r\n" % b"".join(b"%s: %s\r\n" % pair for pair in framing)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, but not in place of the answer to a request before it."""
        if not self._owes():
            self._refused(400)
            super().send_400_response(msg)

    def _refused(self, status: int) -> None:
        # The journal has requests alone.
        log.info("refused what is no request", extra=logs.fields(client=self.client, status=status))

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio asks for it
        """Answer whoever will say no more; within TLS nothing can be half-closed."""
        return self.scheme == "http" and self._owes()

    def _owes(self) -> bool:
        """Say whether a request that is all there has no answer yet; if so, it is the last to get one."""
        if self.cycle is None or self.cycle.response_complete or self.cycle.more_body:
            return False
        self.flow.pause_reading()
        self.cycle.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        """Take the beginning of a request."""
        self._begun = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header."""
        if len(self.headers) >= MAX_HEADERS:
            # The parser tells it as a request that is no HTTP.
            message = f"more than {MAX_HEADERS} headers"
            raise ValueError(message)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the request be answered."""
        self._understood()
        if self._known:
            self._known = False
        else:
            before = self.cycle
            super().on_headers_complete()
            if self.pipeline:
                self._waited_for(before)
        self.headers = []  # what comes at the end of a body in chunks is no header (RFC 9110, 6.5.1)

    def _waited_for(self, cycle: RequestResponseCycle) -> None:
        while self._before and self._before[0].response_complete:
            self._before.popleft()
        self._before.append(cycle)

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._understood()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Know that the request is all there."""
        self._begun = False
        self._understood()
        super().on_message_complete()

    def timeout_keep_alive_handler(self) -> None:
        """End an idle connection, though its client did not take all that was answered."""
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def on_response_complete(self) -> None:
        """Wait for the next request, and for the client to take what was answered."""
        self._outgoing.flush()
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Wait for the client to take what was answered so far."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """Go on."""
        self._watch()
        super().resume_writing()

    def _watch(self) -> None:
        self._taken()
        if size := self.transport.get_write_buffer_size():
            self._unread = self.loop.call_later(_UNREAD_SECONDS, self._look, size)

    def _look(self, size: int) -> None:
        if self.transport.get_write_buffer_size() < size:
            self._watch()
        else:
            self.transport.abort()

    def _taken(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _wait(self) -> None:
        self._late = self.loop.call_later(_PATIENCE_SECONDS, self._end)

    def _end(self) -> None:
        if self.flow.read_paused:
            self._wait()  # it is the application that has no time
        elif not self._owes():
            self.transport.close()

    def _understood(self) -> None:
        self._pending = 0
        if self._late is not None:
            self._late.cancel()
            self._late = None
