"""HTTP, and the only module that knows the HTTP library.

Verified TLS, no redirects, a limit on time and size for every request, whatever the other side does. Rule:
what leaves here is a complete answer with its status, or an error of ``errors``.
"""

from __future__ import annotations

import ipaddress
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import httpx

from connector.errors import BadAnswer, SettingsProblem, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

#: No answer of KUMA is larger: 250 alerts of 16 MB at worst would be refused, and read again in part.
MAX_BODY: Final = 512 * 1024 * 1024
CONNECT_SECONDS: Final = 10.0


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
        self._monotonic = monotonic
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            follow_redirects=False,
            # A proxy of the environment is used, except on the way to this machine itself.
            trust_env=not _is_loopback(url),
            verify=_trust(ca_file) if transport is None else False,
            transport=transport,
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        seconds: float,
    ) -> Response:
        """Send one request and return its whole answer within ``seconds``."""
        what = f"{method} {path}"
        end = self._monotonic() + seconds
        limit = httpx.Timeout(max(0.05, seconds), connect=min(CONNECT_SECONDS, max(0.05, seconds)))
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            request = self._http.build_request(
                method, path, params=list(query) or None, content=body, headers=headers, timeout=limit
            )
            response = self._http.send(request, stream=True)
            try:
                # Piece by piece: a byte a second is never silent for long, and still takes for ever.
                pieces, size = [], 0
                for piece in response.iter_bytes():
                    size += len(piece)
                    pieces.append(piece)
                    if self._monotonic() > end:
                        raise Unreachable(what, f"the answer was not complete after {seconds:.0f} s")
                    if size > MAX_BODY:
                        raise BadAnswer(what, f"the answer is larger than {MAX_BODY} bytes")
            finally:
                response.close()
        except httpx.TimeoutException as error:
            raise Unreachable(what, f"{self._url} did not answer in {seconds:.0f} s") from error
        except httpx.TransportError as error:
            raise Unreachable(what, _why(self._url, error)) from error
        except httpx.DecodingError as error:
            raise BadAnswer(what, "the answer's encoding is broken") from error
        return Response(response.status_code, response.headers, b"".join(pieces))

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    if ca_file is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except OSError as error:  # ssl.SSLError is one of them
        raise SettingsProblem(f"cannot read a CA certificate from {ca_file}") from error


def _why(url: str, error: httpx.TransportError) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate of {url} is not trusted: {cause.verify_message}; set ca_file"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ConnectError):
        return f"cannot connect to {url}: {error}"
    return f"the connection to {url} was lost: {error}" if str(error) else f"the connection to {url} was lost"


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
