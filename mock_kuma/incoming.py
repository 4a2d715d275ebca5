"""A request on the vendor port as faults, journal and plain views want it, read from WSGI's environment.

A body is read once and put back, for an application behind. Rule: nothing is judged here, and nothing of
what was sent is refused.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from mock_kuma import journal
from mock_kuma.api import params
from mock_kuma.api.plain import Sent
from mock_kuma.upstream import MAX_BODY

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

_WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})


class Incoming:
    """What was sent; ``known`` says whether a known token came with it."""

    def __init__(self, environ: WSGIEnvironment, *, known: bool) -> None:
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = _text(environ["PATH_INFO"])
        self.query: str = _text(environ.get("QUERY_STRING", ""))
        self.pairs = _pairs(self.query)
        self.headers = _headers(environ)
        # Of a stranger's body only the beginning is read: it will be refused anyway.
        self._length, self._data = _data(environ, most=MAX_BODY if known else journal.BODY_KEPT)

    @property
    def body(self) -> str:
        """The beginning of the body as text, which is all that the journal keeps."""
        return self._data[: journal.BODY_KEPT].decode("utf-8", "replace")

    def sent(self) -> Sent | None:
        """Return what a plain view wants, or None where the request is too large for one."""
        return None if self._length > journal.BODY_KEPT else Sent(self.query, self._data)


def _text(given: str) -> str:
    # WSGI hands bytes over as Latin-1 text (PEP 3333).
    return given if given.isascii() else given.encode("latin-1").decode("utf-8", "replace")


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return params.pairs(query)
    except ValueError:
        # More parameters than anybody sends: the route refuses them, the raw text is kept.
        return []


def _headers(environ: WSGIEnvironment) -> list[tuple[str, str]]:
    headers = [
        (_name(key[5:]), value)
        for key, value in environ.items()
        if key.startswith("HTTP_") and isinstance(value, str)
    ]
    plain = [key for key in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(key)]
    return headers + [(_name(key), environ[key]) for key in plain]


@lru_cache(maxsize=256)
def _name(key: str) -> str:
    return key.replace("_", "-").title()


def _data(environ: WSGIEnvironment, *, most: int) -> tuple[int, bytes]:
    """Return a body's length as it was announced, and as much of it as is read."""
    if environ["REQUEST_METHOD"] in _WITHOUT_BODY:
        return 0, b""
    # One byte more than any route takes: enough to be refused, however much is sent.
    length = int(environ.get("CONTENT_LENGTH") or most + 1)
    data: bytes = environ["wsgi.input"].read(min(length, most + 1))
    environ["wsgi.input"] = io.BytesIO(data)
    environ.setdefault("CONTENT_LENGTH", str(len(data)))  # a body in chunks announces no length
    return int(environ["CONTENT_LENGTH"] or len(data)), data
