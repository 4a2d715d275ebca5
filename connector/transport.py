"""HTTP, and the only module that knows the HTTP library.

Verified TLS, no redirects, a limit on time and size for every request, whatever the other side does. Rule:
what leaves here is a complete answer with its status, or an error of ``errors``.
"""

from __future__ import annotations

import ipaddress
import math
import socket
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpcore
import httpx

from connector.errors import (
    BadAnswer,
    Distrust,
    NameUnknown,
    NotListening,
    NotTls,
    SettingsProblem,
    TooLarge,
    Unreachable,
    Untrusted,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from connector.errors import ConnectorError

#: What is held of one answer. 250 alerts may be more (16 MB each, and from 4.0 without a limit).
MAX_BODY: Final = 128 * 1024 * 1024
CONNECT_SECONDS: Final = 10.0
#: What OpenSSL says of a certificate that is not accepted (X509_V_ERR_...), by its number.
_DISTRUST: Final[Mapping[int, Distrust]] = {
    9: Distrust.EXPIRED,  # not yet valid
    10: Distrust.EXPIRED,
    62: Distrust.HOST,
    64: Distrust.HOST,  # an address instead of a name
}


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """One connection pool to one KUMA; the token goes to that address and nowhere else."""

    def __init__(
        self,
        url: str,
        *,
        token: str,
        ca_file: Path | None = None,
        transport: httpx.BaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._token = token.encode()
        self._monotonic = monotonic
        self._limit = _Limit(monotonic)
        verify = _trust(ca_file) if transport is None else False
        try:
            self._http = httpx.Client(
                base_url=url,
                headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
                follow_redirects=False,
                # A proxy of the environment is used, except on the way to this machine itself.
                trust_env=not _is_loopback(url),
                verify=verify,
                transport=transport,
            )
        except (ValueError, ImportError) as error:
            raise SettingsProblem(f"the proxy of the environment cannot be used: {error}") from error
        _bound(self._http, self._limit)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        seconds: float,
    ) -> Response:
        """Send one request and return its whole answer within ``seconds``."""
        what = f"{method} {path}"
        end = self._limit.begin(seconds)
        limit = httpx.Timeout(max(0.05, seconds), connect=min(CONNECT_SECONDS, max(0.05, seconds)))
        own = {} if body is None else {"Content-Type": content_type}
        try:
            request = self._http.build_request(
                method,
                path,
                params=list(query) or None,
                content=body,
                headers={**own, **(headers or {})},
                timeout=limit,
            )
            response = self._http.send(request, stream=True)
            try:
                body = self._read(what, response, end=end)
            finally:
                response.close()
        except httpx.TimeoutException as error:
            raise Unreachable(what, f"{self._url} did not answer in {seconds:.0f} s") from error
        except httpx.TransportError as error:
            raise _trouble(self._url, what, error) from error
        except httpx.DecodingError as error:
            raise BadAnswer(what, "the answer's encoding is broken") from error
        if response.status_code >= 300:  # noqa: PLR2004 -- whatever is no success may be quoted in a message
            body = body.replace(self._token, b"[token]")
        return Response(response.status_code, response.headers, body)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def _read(self, what: str, response: httpx.Response, *, end: float) -> bytes:
        announced = response.headers.get("Content-Length", "")
        if announced.isascii() and announced.isdigit() and int(announced[:20]) > MAX_BODY:
            raise _too_large(what, response)
        # Piece by piece: a byte a second is never silent for long, and still takes for ever.
        pieces, size = [], 0
        for piece in response.iter_bytes():
            size += len(piece)
            pieces.append(piece)
            if self._monotonic() > end:
                raise Unreachable(what, "the answer was not complete in time")
            if size > MAX_BODY:
                raise _too_large(what, response)
        return b"".join(pieces)


class _Limit:
    """When the request that is on its way must be over."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._end = math.inf

    def begin(self, seconds: float) -> float:
        self._end = self._monotonic() + seconds
        return self._end

    def shorten(self, timeout: float | None) -> float | None:
        """Return how long one step may take: no longer than all of them together have left."""
        if timeout is None:
            return None
        left = self._end - self._monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return min(timeout, left)


class _BoundedStream(httpcore.NetworkStream):
    """A connection whose every step ends with the request's time, so that a trickle cannot prolong it."""

    def __init__(self, stream: httpcore.NetworkStream, limit: _Limit) -> None:
        self._stream = stream
        self._limit = limit

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._limit.shorten(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._limit.shorten(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._limit.shorten(timeout))
        return _BoundedStream(secured, self._limit)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _BoundedBackend(httpcore.SyncBackend):
    """Makes bounded connections."""

    def __init__(self, limit: _Limit) -> None:
        self._limit = limit

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        limited = self._limit.shorten(timeout)
        stream = super().connect_tcp(host, port, limited, local_address, socket_options)
        return _BoundedStream(stream, self._limit)


def _bound(http: httpx.Client, limit: _Limit) -> None:
    # The library limits each read, never their sum, and offers no public place to say so: headers that come
    # a byte at a time would never end. A test with such headers fails if these names change.
    for transport in (http._transport, *http._mounts.values()):  # noqa: SLF001 -- see above
        pool = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _BoundedBackend(limit)  # noqa: SLF001 -- see above


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    if ca_file is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except OSError as error:  # ssl.SSLError is one of them
        raise SettingsProblem(f"cannot read a CA certificate from {ca_file}") from error


def _too_large(what: str, response: httpx.Response) -> TooLarge:
    return TooLarge(what, f"the answer is larger than {MAX_BODY} bytes", status=response.status_code)


def _trouble(url: str, what: str, error: httpx.TransportError) -> ConnectorError:
    """Return what kept a request from being answered; it lies somewhere among the causes."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    for cause in causes:
        match cause:
            case ssl.SSLCertVerificationError():
                kind = _DISTRUST.get(cause.verify_code, Distrust.AUTHORITY)
                return Untrusted(url, cause.verify_message, kind)
            case ssl.SSLError():
                return NotTls(what, f"{url} speaks no TLS that is understood here ({cause.reason or cause})")
            case socket.gaierror():
                return NameUnknown(what, f"the name in {url} is not known ({cause.strerror})")
            case ConnectionRefusedError():
                return NotListening(what, f"nothing listens at {url}; is the port right, and does KUMA run?")
            case _:
                pass
    if isinstance(error, httpx.ConnectError):
        return Unreachable(what, f"cannot connect to {url}: {error}")
    why = f"the connection to {url} was lost"
    return Unreachable(what, f"{why}: {error}" if str(error) else why)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
