"""Between a real client and a real KUMA: passes everything on, and keeps it masked.

A WSGI application. Rule: the client gets the very answer of the server, redirects included, and a token goes
to the server and nowhere else; what cannot be passed on is 502 and not recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import httpx

from mock_kuma.recording.exchange import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from mock_kuma.recording.exchange import Recorded
    from mock_kuma.recording.masks import Masks

#: Headers of one connection only (RFC 9110, 7.6.1), and those that the HTTP library makes itself.
_HOP: Final = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "host", "content-length", "accept-encoding", "content-encoding",
    }
)  # fmt: skip


_PLAIN: Final = (("Content-Type", "text/plain; charset=utf-8"),)
#: The largest upload that the vendor documents is 64 MB.
_MOST: Final = 66 * 1024 * 1024


class _TooMuch(Exception):
    """The body is larger than any that the server takes."""


class Proxy:
    """Passes requests on to ``upstream``, a client with the server's URL; ``keep`` gets each exchange."""

    def __init__(self, upstream: httpx.Client, masks: Masks, keep: Callable[[Recorded], None]) -> None:
        self._upstream, self._masks, self._keep = upstream, masks, keep

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request with the server's answer."""
        headers = _headers(environ)
        method = environ["REQUEST_METHOD"]
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        query = environ.get("QUERY_STRING", "")
        try:
            sent = _body(environ)
        except _TooMuch:
            start_response("413 Content Too Large", [*_PLAIN, ("Connection", "close")])
            return [f"more than {_MOST} bytes are not passed on\n".encode()]
        passed = {name: value for name, value in headers.items() if name not in _HOP}
        # As the client wrote it: a path that is decoded and encoded anew may be another one.
        raw = environ.get("REQUEST_URI", "")
        if not raw.startswith("/"):
            raw = quote(path) + (f"?{query}" if query else "")
        try:
            response = self._upstream.request(
                method,
                self._upstream.base_url.copy_with(raw_path=raw.encode("latin-1", "replace")),
                headers=passed,
                content=sent,
                follow_redirects=False,
            )
        except httpx.InvalidURL as error:
            start_response("400 Bad Request", [*_PLAIN])
            return [f"not a request target: {error}\n".encode()]
        except httpx.HTTPError as error:
            start_response("502 Bad Gateway", [*_PLAIN])
            return [f"{self._upstream.base_url} did not answer: {error}\n".encode()]
        self._keep(
            recorded(
                self._masks,
                method=method,
                path=path,
                query=query,
                headers=headers,
                sent=sent,
                status=response.status_code,
                content_type=response.headers.get("content-type", ""),
                answered=response.content,
            )
        )
        kept = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in _HOP]
        start_response(f"{response.status_code} {response.reason_phrase}", kept)
        return [response.content]


def _body(environ: WSGIEnvironment) -> bytes:
    announced = environ.get("CONTENT_LENGTH") or "0"
    if environ.get("wsgi.input_terminated"):  # in chunks: the server in front ends the stream
        announced = str(_MOST + 1)
    elif not (announced.isascii() and announced.isdigit()) or int(announced) > _MOST:
        raise _TooMuch
    body: bytes = environ["wsgi.input"].read(int(announced))
    if len(body) > _MOST:
        raise _TooMuch
    return body


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    found = {
        key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        found["content-type"] = environ["CONTENT_TYPE"]
    return found
