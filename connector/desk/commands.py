"""Commands: requests to KUMA as the guide writes them, run by a person, with request and answer shown.

Read from TOML. Rule: the token is put in at the last moment and taken out of whatever is shown; a placeholder
that nobody fills in is refused before the command is stored.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

from connector.desk.accounts import Wrong
from connector.desk.documents import fitted, table

if TYPE_CHECKING:
    from connector.settings import Settings
    from connector.transport import Transport

ALERT_ID: Final = "<Alert ID>"
TOKEN: Final = "<token>"  # noqa: S105 -- the placeholder
_MOST: Final = 100
_SHOWN: Final = 200_000
_PATH: Final = re.compile(r"/?api/[A-Za-z0-9._~!$&'()*+,;=:@%/?<> \[\]{}-]*")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
#: What looks like something to be filled in: words in angle brackets, as the guide writes them.
_PLACEHOLDER: Final = re.compile(r"<[A-Za-z][A-Za-z0-9 _.-]{0,40}>")
_TABLE: Final = re.compile(r"\s*\[\[\s*commands\s*\]\]")


class Method(StrEnum):
    """Request types."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    DELETE = "DELETE"


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request; ``path`` is the called method with its query."""

    name: str
    method: Method
    path: str
    headers: dict[str, str] = {}
    content_type: str = "application/json"
    body: str = ""

    @property
    def asks_alert(self) -> bool:
        """Whether an alert's id must be filled in."""
        return ALERT_ID in self.path or ALERT_ID in self.body


class Commands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    commands: list[Command] = []


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request as it was sent, and its answer, both to be shown."""

    request: str
    status: int
    answer: str


def read(text: str) -> list[Command]:
    """Return the commands of a TOML text; raises ``Wrong``."""
    commands = fitted(table(text), Commands).commands
    if len(commands) > _MOST:
        raise Wrong("text", "At most {most} commands.", most=_MOST)
    names = [command.name for command in commands]
    if len(set(names)) != len(names) or "" in names:
        raise Wrong("text", "Each command needs a name of its own.")
    for place, command in enumerate(commands):
        try:
            check(command)
        except Wrong as error:
            line = _line(text, place, str(error.values.get("what", "")))
            why = error.words.format_map(error.values)
            raise Wrong("text", "line {line}: {why}", line=line, why=why) from error
    return commands


def check(command: Command) -> None:
    """Raise ``Wrong`` for the field of a command that cannot be sent."""
    if not _PATH.fullmatch(command.path):
        raise Wrong("path", "The called method begins with api/, for example api/v1/alerts/close")
    for name, value in command.headers.items():
        if not _HEADER.fullmatch(name) or not value.isprintable():
            raise Wrong("headers", "“{name}” is no header.", name=name[:64])
    places = {"path": command.path, "headers": "\n".join(command.headers.values()), "body": command.body}
    for field, template in places.items():
        unknown = [one for one in _PLACEHOLDER.findall(template) if one not in {ALERT_ID, TOKEN}]
        if unknown:
            words = "{what} is not filled in by anything; known are <Alert ID> and <token>."
            raise Wrong(field, words, what=unknown[0])


def _line(text: str, place: int, what: str) -> int:
    """Return the line of a command's table, or of what is wrong in it, counted from 1."""
    lines = text.splitlines()
    tables = [number for number, line in enumerate(lines) if _TABLE.match(line)]
    first = tables[place] if place < len(tables) else 0
    end = tables[place + 1] if place + 1 < len(tables) else len(lines)
    return 1 + next((number for number in range(first, end) if what and what in lines[number]), first)


def written(commands: list[Command]) -> str:
    """Return commands as a TOML text."""
    parts = []
    for command in commands:
        lines = ["[[commands]]"]
        lines += [
            f"{key} = {json.dumps(str(getattr(command, key)), ensure_ascii=False)}"
            for key in ("name", "method", "path", "content_type", "body")
        ]
        lines += ["", "[commands.headers]"]
        lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in command.headers.items()]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


@dataclass(frozen=True, slots=True)
class Filled:
    """A command with its placeholders filled in, ready to be sent; the token is in it."""

    method: Method
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    content_type: str
    body: bytes | None


def fill(command: Command, *, alert: str, token: str) -> Filled:
    """Return what a command sends for an alert."""
    values = {ALERT_ID: alert, TOKEN: token}
    # Divided before it is filled: an alert's id is text of the other side, and adds no part of its own.
    path, _, query = command.path.partition("?")
    path = _filled(path, {name: quote(value, safe="") for name, value in values.items()})
    body = _filled(command.body, {**values, ALERT_ID: json.dumps(alert)[1:-1]})
    return Filled(
        command.method,
        "/" + path.lstrip("/"),
        [(name, _filled(value, values)) for name, value in parse_qsl(query, keep_blank_values=True)],
        {name: _filled(value, values) for name, value in command.headers.items()},
        command.content_type,
        body.encode() if body or command.method is not Method.GET else None,
    )


def run(command: Command, transport: Transport, settings: Settings, *, alert: str) -> Exchange:
    """Send a command's request; raises an error of ``connector.errors``."""
    filled = fill(command, alert=alert, token=settings.token)
    response = transport.send(
        filled.method.value,
        filled.path,
        query=filled.query,
        body=filled.body,
        content_type=filled.content_type,
        headers=filled.headers,
        seconds=settings.request_seconds,
    )
    query = f"?{urlencode(filled.query)}" if filled.query else ""
    lines = [f"{filled.method.value} {settings.url}{filled.path}{query}"]
    lines += [f"{name}: {value}" for name, value in filled.headers.items()]
    lines += [f"Content-Type: {filled.content_type}", "", filled.body.decode()] if filled.body else []
    request = "\n".join(lines).replace(settings.token, "••••••••")
    return Exchange(request, response.status, _readable(response.body).replace(settings.token, "••••••••"))


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def _readable(body: bytes) -> str:
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "replace")
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "\n…"
