"""Commands: requests to KUMA as the guide writes them, run by a person, with request and answer shown.

Read from TOML. Rule: the token is put in at the last moment and taken out of whatever is shown.
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
    for command in commands:
        if not _PATH.fullmatch(command.path):
            raise Wrong("path", "The called method begins with api/, for example api/v1/alerts/close")
        for name, value in command.headers.items():
            if not _HEADER.fullmatch(name) or not value.isprintable():
                raise Wrong("headers", "“{name}” is no header.", name=name[:64])
    return commands


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


def run(command: Command, transport: Transport, settings: Settings, *, alert: str) -> Exchange:
    """Send a command's request; raises an error of ``connector.errors``."""
    fill = {ALERT_ID: alert, TOKEN: settings.token}
    # Divided before it is filled: an alert's id is text of the other side, and adds no part of its own.
    path, _, query = command.path.partition("?")
    path = _filled(path, {name: quote(value, safe="") for name, value in fill.items()})
    pairs = [(name, _filled(value, fill)) for name, value in parse_qsl(query, keep_blank_values=True)]
    query = urlencode(pairs)
    headers = {name: _filled(value, fill) for name, value in command.headers.items()}
    body = _filled(command.body, {**fill, ALERT_ID: json.dumps(alert)[1:-1]})
    response = transport.send(
        command.method.value,
        "/" + path.lstrip("/"),
        query=pairs,
        body=body.encode() if body or command.method is not Method.GET else None,
        content_type=command.content_type,
        headers=headers,
        seconds=settings.request_seconds,
    )
    lines = [f"{command.method.value} {settings.url}/{path.lstrip('/')}{'?' if query else ''}{query}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Type: {command.content_type}", "", body] if body else []
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
