"""A request on the vendor port as faults, journal and plain views want it, read from WSGI's environment.

A body is read once and put back, for an application behind. Rule: nothing is judged here, and nothing of
what was sent is refused.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from mock_kuma import journal
from mock_kuma.api import params
from mock_kuma.api.plain import Sent
from mock_kuma.bounds import MAX_BODY

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

#: Methods whose body nobody reads.
WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})


class Incoming(NamedTuple):
    """What was sent: ``length`` of the body as it was announced, ``data`` as much of it as was read."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    length: int
    data: bytes

    @staticmethod
    def of(environ: WSGIEnvironment, *, known: bool) -> Incoming:
        """Read a request; ``known`` says whether a known token came with it."""
        # Of a stranger's body only the beginning is read: it will be refused anyway.
        length, data = _data(environ, most=MAX_BODY if known else journal.BODY_KEPT)
        return Incoming(
            method=environ["REQUEST_METHOD"],
            path=_text(environ["PATH_INFO"]),
            query=_text(environ.get("QUERY_STRING", "")),
            headers=_headers(environ),
            length=length,
            data=data,
        )

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query's names and values; none where it has more than anybody sends."""
        try:
            return params.pairs(self.query)
        except ValueError:
            # The route refuses them, the raw text is kept.
            return []

    @property
    def authorization(self) -> str | None:
        """The header that carries the token, or None."""
        for key, value in self.headers:
            if key == "Authorization":
                return value
        return None

    @property
    def body(self) -> str:
        """The beginning of the body as text, which is all that the journal keeps."""
        return self.data[: journal.BODY_KEPT].decode("utf-8", "replace")

    def sent(self) -> Sent | None:
        """Return what a plain view wants, or None where the request is too large for one."""
        return None if self.length > journal.BODY_KEPT else Sent(self.query, self.data)


def _text(given: str) -> str:
    # WSGI hands bytes over as Latin-1 text (PEP 3333).
    return given if given.isascii() else given.encode("latin-1").decode("utf-8", "replace")


def _headers(environ: WSGIEnvironment) -> list[tuple[str, str]]:
    headers = [
        (name(key[5:]), value)
        for key, value in environ.items()
        if key.startswith("HTTP_") and isinstance(value, str)
    ]
    plain = [key for key in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(key)]
    return headers + [(name(key), environ[key]) for key in plain]


@lru_cache(maxsize=256)
def name(key: str) -> str:
    """Return a header's name as the journal writes it, of any letters and with dashes or underscores."""
    return key.replace("_", "-").title()


def _data(environ: WSGIEnvironment, *, most: int) -> tuple[int, bytes]:
    """Return a body's length as it was announced, and as much of it as is read."""
    if environ["REQUEST_METHOD"] in WITHOUT_BODY:
        return 0, b""
    # One byte more than any route takes: enough to be refused, however much is sent.
    length = int(environ.get("CONTENT_LENGTH") or most + 1)
    data: bytes = environ["wsgi.input"].read(min(length, most + 1))
    environ["wsgi.input"] = io.BytesIO(data)
    environ.setdefault("CONTENT_LENGTH", str(len(data)))  # a body in chunks announces no length
    return int(environ["CONTENT_LENGTH"] or len(data)), data
