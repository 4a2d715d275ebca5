"""What crossed the vendor port: one exchange, with what it served and why it was refused.

Secrets are taken out here, before anything is stored. Rule: no token appears in an entry, whether in a
header, the query or the body, and whether or not it is the one that the request came with.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from mock_kuma import ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REDACTED: Final = "[redacted]"
#: This much of a request body is kept.
BODY_KEPT: Final = 65_536
#: What a token could look like; a UUID has dashes in places where no token has them.
_CANDIDATE: Final = re.compile(r"[0-9A-Za-z_\-.~+/=]{16,}")
#: Shorter words are no secrets; looking each up would only cost time.
_SHORTEST: Final = 8
_UUID: Final = re.compile(
    r"(?<![0-9A-Za-z_\-.~])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z_\-.~])"
)
#: Version, trace id, parent id, flags; later versions may go on.
_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_SECRET_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie"})


class Served(msgspec.Struct, frozen=True):
    """An alert that an answer showed, in the version that it showed."""

    alert: str
    version: int


def trace(headers: Iterable[tuple[str, str]]) -> str | None:
    """Return the trace id that the client sent (W3C Trace Context, ``traceparent``), or None."""
    for name, value in headers:
        if name.lower() == "traceparent":
            found = _TRACEPARENT.fullmatch(value.strip())
            return None if found is None or not int(found[1], 16) else found[1]
    return None


class Query(msgspec.Struct, frozen=True):
    """A query string, as sent and as understood."""

    raw: str
    pairs: list[tuple[str, str]]


class Exchange(msgspec.Struct, frozen=True):
    """One request and its answer, ready to be stored; ``seq`` and ``at`` are added when it is."""

    method: str
    path: str
    query: Query
    headers: list[tuple[str, str]] | msgspec.Raw
    body: str | None
    status: int | None
    fault: dict[str, Any] | None
    reason: str | None
    served: list[Served] | msgspec.Raw
    duration_ms: float
    user: str | None = None
    trace: str | None = None


class Redactor:
    """Takes the secrets out of one request's texts."""

    def __init__(self, credential: str, known: Callable[[Iterable[str]], set[str]]) -> None:
        self._credential = credential
        self._known = known

    def texts(self, texts: list[str]) -> list[str]:
        """Return the texts with every token replaced: the request's own, and any that a user holds."""
        if self._credential:
            texts = [text.replace(self._credential, REDACTED) for text in texts]
        # All at once: no word goes past a space, nor does anything that a word is told by.
        found = set(_CANDIDATE.findall(_UUID.sub(" ", " ".join(texts))))
        if not found:
            return texts
        # A token may stand inside a longer run ("token=...", "...; path"), so look at its parts too.
        words = {part for word in found for part in (word, *re.split(r"[=/+~.\-]", word)) if part}
        digests = {ids.digest(word): word for word in words if len(word) >= _SHORTEST}
        secrets = [digests[digest] for digest in (self._known(digests) if digests else ())]
        for secret in sorted(secrets, key=len, reverse=True):
            texts = [text.replace(secret, REDACTED) for text in texts]
        return texts

    def headers(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the headers; those that carry secrets by their nature keep their scheme only."""
        plain = self.texts([value for _, value in headers])
        return [
            (name, _scheme(value) if name.lower() in _SECRET_HEADERS else value)
            for (name, _), value in zip(headers, plain, strict=True)
        ]


def _scheme(value: str) -> str:
    scheme, space, rest = value.partition(" ")
    if space and rest and scheme.isalpha():
        return f"{scheme} {REDACTED}"
    return REDACTED if value else value
