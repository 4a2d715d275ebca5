"""One client of the wire listener: its requests go to the application, and the answers come back.

Header by header as they were sent, pieces of a body as they come. What a fault does to an answer is done
here. Rule: the application is asked when a request is there, or has become too large to be held; so a slow
client costs none of its threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import h11
import msgspec

from mock_kuma import bounds, faults
from mock_kuma.upstream import PIECE, Application, NoAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Tells the journal through which of the spoiled listeners a request came.
LISTENER_HEADER: Final = "x-mock-kuma-listener"
#: Ours: a client cannot speak in the listener's name, nor hear what is said to it.
_OURS: Final = frozenset({faults.WIRE_HEADER.encode(), LISTENER_HEADER.encode()})
#: So much of a body is held until the whole is there.
_HELD: Final = 1024 * 1024
#: What a piece of a body costs beside its bytes, about; it may be of one byte.
_PIECE_WEIGHT: Final = 512
#: A client that is still sending is heard out before an end, or the kernel makes a reset of it.
_QUIET_SECONDS, _LINGER_SECONDS = 0.05, 2.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a client may be idle before its connection ends."""

    between_requests: float = 300.0
    within_request: float = 30.0  # also in the TLS handshake; the head has to be whole by then
    unread_answer: float = 60.0


class BodyTooLarge(Exception):
    """The body is, or says that it will be, larger than any that the application takes."""


class Connection:
    """One client's requests, and the connection to the application that answers them."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        upstream: tuple[str, int],
        listener: str,
        patience: Patience,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._upstream = upstream
        self._listener = listener
        self._patience = patience
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=bounds.MAX_HEAD)
        self._out: list[bytes] = []
        self._app: Application | None = None
        self._size = 0

    async def run(self) -> None:
        """Answer request after request, until one side has enough."""
        try:
            while await self._exchange():
                self._http.start_next_cycle()
        except h11.RemoteProtocolError as error:
            why = str(error).partition(": bytearray")[0]  # without what was sent, as a Python value
            await self._refuse(error.error_status_hint, "bad request", why)
        except BodyTooLarge:
            await self._refuse(413, "request body too large", None)
        except TimeoutError:
            await self._refuse(408, "request timeout", None)
        except NoAnswer as error:
            await self._refuse(502, "bad gateway", str(error))
        finally:
            self._leave_application()
        if self._http.their_state in {h11.SEND_BODY, h11.ERROR}:
            await self._hear_out()

    async def _exchange(self) -> bool:
        """Carry one request there and its answer back; say whether another may follow."""
        request = await self._request()
        if request is None:
            return False
        held = await self._held()
        if self._app is None or not self._app.can_go_on():
            self._leave_application()
            self._app = await Application.connect(self._upstream)
        app = self._app
        app.begin(self._forwarded(request))
        for event in held:
            app.add(event)
        await app.flush()
        response = await self._response(app)
        if (spelled := dict(response.headers).get(faults.WIRE_HEADER.encode())) is not None:
            return await self._carry_out(_action(spelled), app, response)
        self._put(_passed_on(response))
        while True:
            event = app.ready()
            if event is None:
                # All that has come is sent together: a small answer is one piece on the wire.
                await self._flush()
                await app.receive()
                continue
            self._put(event)
            if isinstance(event, h11.EndOfMessage):
                await self._flush()
                return self._may_go_on()

    async def _request(self) -> h11.Request | None:
        """Return the head of the next request, or None where no other comes."""
        if not self._http.trailing_data[0]:
            try:
                async with asyncio.timeout(self._patience.between_requests):
                    data = await self._reader.read(PIECE)
            except TimeoutError:
                return None
            if not data:
                return None
            self._http.receive_data(data)
        async with asyncio.timeout(self._patience.within_request):
            request: h11.Request = await self._next()
        if len(request.headers) > bounds.MAX_HEADERS:
            raise h11.RemoteProtocolError(f"more than {bounds.MAX_HEADERS} headers", error_status_hint=431)
        if len(request.target) > bounds.MAX_TARGET:
            raise h11.RemoteProtocolError(
                f"a path and query of more than {bounds.MAX_TARGET} bytes", error_status_hint=414
            )
        self._size = 0
        if int(dict(request.headers).get(b"content-length", b"0")) > bounds.MAX_BODY:
            raise BodyTooLarge
        return request

    async def _held(self) -> list[h11.Data | h11.EndOfMessage]:
        """Return the body, or the beginning of a large one."""
        held: list[h11.Data | h11.EndOfMessage] = []
        size = 0
        while size < _HELD:
            if self._http.they_are_waiting_for_100_continue:
                self._put(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
                await self._flush()
            event = await self._next()
            held.append(event)
            if isinstance(event, h11.EndOfMessage):
                break
            size += len(event.data) + _PIECE_WEIGHT
        return held

    async def _response(self, app: Application) -> h11.Response:
        """Return the head of the answer, which may come before the whole of a large body has gone."""
        if self._http.their_state is not h11.SEND_BODY:
            return await app.response()
        upload = asyncio.create_task(self._upload(app))
        answer = asyncio.create_task(app.response())
        try:
            await asyncio.wait({upload, answer}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                await upload
            return await answer
        finally:
            upload.cancel()
            answer.cancel()
            await asyncio.gather(upload, answer, return_exceptions=True)

    async def _upload(self, app: Application) -> None:
        # An application that will hear no more may have answered: that is for its other half to say.
        with contextlib.suppress(NoAnswer):
            while self._http.their_state is h11.SEND_BODY:
                app.add(await self._next())
                await app.flush()

    async def _carry_out(self, action: faults.Action, app: Application, response: h11.Response) -> bool:
        """Do what the application asked for; say whether another request may follow."""
        match action:
            case faults.Reset() | faults.CommitThenReset():
                sock = self._writer.get_extra_info("socket")
                # Lingering for zero seconds makes the kernel answer with RST instead of FIN.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self._writer.transport.abort()
            case faults.Silence():
                self._leave_application()
                # Held until the client leaves; what it still says is thrown away.
                while await self._reader.read(PIECE):
                    pass
            case faults.Truncate(bytes=length):
                body = await app.body()
                self._put(_passed_on(response, body))
                self._put(h11.Data(data=body[:length]))
                await self._flush()
            case faults.Trickle(bytes_per_second=rate):
                body = await app.body()
                self._put(_passed_on(response, body))
                await self._trickle(body, rate)
                return self._may_go_on()
            case faults.Empty():
                pass  # nothing but the end of the connection, which comes now
            case _:
                raise NoAnswer(f"asked for {faults.kind(action)}, which is no fault of the wire")
        return False

    async def _trickle(self, body: bytes, rate: int) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        piece = max(1, rate // 10)
        for start in range(0, len(body), piece):
            await asyncio.sleep(began + start / rate - loop.time())
            self._put(h11.Data(data=body[start : start + piece]))
            await self._flush()
        self._put(h11.EndOfMessage())
        await self._flush()

    def _forwarded(self, request: h11.Request) -> h11.Request:
        headers = _theirs(request.headers.raw_items())
        if self._listener:
            headers.append((LISTENER_HEADER.encode(), self._listener.encode()))
        if request.http_version != b"1.1" and not any(name.lower() == b"host" for name, _ in headers):
            headers.append((b"Host", b"localhost"))
        return h11.Request(method=request.method, target=request.target, headers=headers)

    async def _next(self) -> Any:
        """Return the client's next event."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            async with asyncio.timeout(self._patience.within_request):
                self._http.receive_data(await self._reader.read(PIECE))
        if isinstance(event, h11.Data):
            self._size += len(event.data)
            if self._size > bounds.MAX_BODY:
                raise BodyTooLarge
        return event

    def _put(self, event: Any) -> None:
        self._out += self._http.send_with_data_passthrough(event) or ()

    async def _flush(self) -> None:
        out, self._out = self._out, []
        self._writer.write(b"".join(out))  # within TLS every piece would be a record of its own
        async with asyncio.timeout(self._patience.unread_answer):
            await self._writer.drain()

    def _may_go_on(self) -> bool:
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    def _leave_application(self) -> None:
        if self._app is not None:
            self._app.close()
            self._app = None

    async def _refuse(self, status: int, message: str, details: str | None) -> None:
        """Answer in the application's place, where no answer has begun."""
        if self._http.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return
        # GUESS: the vendor does not say what it answers to what is not HTTP; its own error body here.
        body = msgspec.json.encode({"message": message, "details": details})
        headers = [("Content-Type", "application/json"), ("Connection", "close")]
        headers.append(("Content-Length", str(len(body))))
        reason = HTTPStatus(status).phrase.encode()
        self._put(h11.Response(status_code=status, headers=headers, reason=reason))
        self._put(h11.Data(data=body))
        self._put(h11.EndOfMessage())
        await self._flush()

    async def _hear_out(self) -> None:
        """Let a client that is still sending come to the answer: closing now would reset it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while await asyncio.wait_for(self._reader.read(PIECE), _QUIET_SECONDS):
                    pass


def _action(spelled: bytes) -> faults.Action:
    try:
        action: faults.Action = msgspec.json.decode(spelled, type=faults.Action)
    except msgspec.DecodeError as error:
        raise NoAnswer(f"asked for an unknown fault: {error}") from error
    return action


def _theirs(raw_headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    # CGI, as the application is asked, takes an underscore for a dash.
    return [pair for pair in raw_headers if pair[0].lower().replace(b"_", b"-") not in _OURS]


def _passed_on(response: h11.Response, whole: bytes | None = None) -> h11.Response:
    """Return the head without what is ours; with ``whole``, the length of that body is announced."""
    headers = _theirs(response.headers.raw_items())
    if whole and not any(name.lower() == b"content-length" for name, _ in headers):
        headers = [pair for pair in headers if pair[0].lower() != b"transfer-encoding"]
        headers.append((b"Content-Length", str(len(whole)).encode()))
    return h11.Response(status_code=response.status_code, headers=headers, reason=response.reason)
