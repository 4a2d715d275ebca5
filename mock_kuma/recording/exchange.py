"""One recorded request with its answer, and the file that holds many: JSON Lines.

Rule: what is in a file was masked before; nothing else is ever written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mock_kuma.recording.masks import Masks

_JSON: Final = "application/json"


class Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was sent: JSON or text, masked; of anything else only the length in bytes."""

    json: Any | msgspec.UnsetType = msgspec.UNSET
    text: str | None = None
    size: int = 0


class Recorded(msgspec.Struct, frozen=True):
    """A request and its answer; ``query`` is decoded, ``token`` says whether one was sent."""

    method: str
    path: str
    query: list[tuple[str, str]]
    token: bool
    sent: Body
    status: int
    content_type: str
    answered: Body

    @property
    def target(self) -> str:
        """Return path and query as a client sends them; the path is kept decoded."""
        return quote(self.path, safe="/:@!$&'()*+,;=~") + (f"?{urlencode(self.query)}" if self.query else "")


class BrokenRecording(Exception):
    """A line of a recording's file is none."""

    def __init__(self, file: str, line: int, why: str) -> None:
        super().__init__(file, line, why)
        self.file, self.line, self.why = file, line, why

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: not a recorded exchange: {self.why}"


def recorded(
    masks: Masks,
    *,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    sent: bytes,
    status: int,
    content_type: str,
    answered: bytes,
) -> Recorded:
    """Return an exchange as it may be kept; header names are lower case."""
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    return Recorded(
        method=method,
        path=masks.path(path),
        query=[(name, masks.text(value, name)) for name, value in pairs],
        token="authorization" in headers,
        sent=_body(masks, sent, headers.get("content-type", "")),
        status=status,
        content_type=content_type.split(";", maxsplit=1)[0].strip().lower(),
        answered=_body(masks, answered, content_type),
    )


def _body(masks: Masks, data: bytes, content_type: str) -> Body:
    kind = content_type.split(";", maxsplit=1)[0].strip().lower()
    if not data:
        return Body()
    if kind == _JSON:
        try:
            return Body(json=masks.value(msgspec.json.decode(data)), size=len(data))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Body(text=masks.text(data.decode("utf-8", "replace")), size=len(data))
    if kind.startswith("text/"):
        return Body(text=masks.text(data.decode("utf-8", "replace")), size=len(data))
    return Body(size=len(data))


def line(exchange: Recorded) -> bytes:
    """Return an exchange as a line of a file."""
    return msgspec.json.encode(exchange) + b"\n"


def read(path: Path) -> list[Recorded]:
    """Return a file's exchanges, or raise BrokenRecording."""
    found = []
    for number, text in enumerate(path.read_bytes().splitlines(), 1):
        try:
            found.append(msgspec.json.decode(text, type=Recorded))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BrokenRecording(str(path), number, str(error)) from error
    return found


def payload(body: Body) -> bytes:
    """Return the bytes that stand for a recorded body; what was not kept is as many zeros."""
    if body.json is not msgspec.UNSET:
        return msgspec.json.encode(body.json)
    if body.text is not None:
        return body.text.encode()
    return b"\0" * body.size
