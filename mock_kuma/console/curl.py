"""A request of the journal as a command for a shell.

The token is a variable, since the journal has none. Rule: whatever a request carried, the command is one
command: everything is quoted, and control characters are written out.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Headers that curl makes itself, or that another connection makes senseless.
_LEFT_OUT: Final = frozenset(
    {
        "host",
        "content-length",
        "connection",
        "accept-encoding",
        "transfer-encoding",
        "authorization",
        "cookie",
    }
)
_AUTHORIZATION: Final = "Authorization: Bearer $TOKEN"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def command(exchange: Mapping[str, Any], *, api: str) -> str:
    """Return the command that sends an exchange's request again; ``api`` is the vendor API's URL."""
    query = exchange["query"]["raw"]
    url = api + _path(exchange["path"]) + (f"?{query}" if query else "")
    parts = [["curl"], ["--request", exchange["method"]], [url]]
    if any(name.lower() == "authorization" for name, _ in exchange["headers"]):
        parts.append(["--header", _AUTHORIZATION])
    parts += [
        ["--header", f"{name}: {value}"]
        for name, value in exchange["headers"]
        if name.lower() not in _LEFT_OUT
    ]
    if exchange["body"]:
        parts.append(["--data-binary", exchange["body"]])
    return " \\\n  ".join(" ".join(_quoted(word) for word in part) for part in parts)


def _path(path: str) -> str:
    return "".join(
        letter
        if letter.isascii() and (letter.isalnum() or letter in "/-._~:@!$&'()*+,;=")
        else _escaped(letter)
        for letter in path
    )


def _escaped(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogatepass"))


def _quoted(word: str) -> str:
    if word is _AUTHORIZATION:
        return f'"{word}"'  # the only place where the shell is to put something in
    if _CONTROL.search(word) is None:
        return shlex.quote(word)
    inside = word.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + _CONTROL.sub(_written_out, inside) + "'"


def _written_out(found: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02x}" for byte in found.group().encode("utf-8", "surrogatepass"))
