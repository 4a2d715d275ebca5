"""A KUMA server as the checks ask it: requests in, plain answers out.

Decides how a request is made and what is shown of it. Judges nothing. Rule: the token stands in the header
alone, is shown nowhere, and goes to no other address.
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from harness.events import WireLine
from harness.verdict import Failure, Finding, HarnessTrouble, NotReached

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECONDS = 60.0
#: A body is shown to this length.
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; ``body`` is None where it is no JSON."""

    asked: str
    status: int
    body: Any
    text: str

    def expect(self, status: int, message: str | None = None) -> None:
        """Raise Failure where the status or the error's message is another one."""
        held = self.body.get("message") if isinstance(self.body, dict) else None
        if self.status == status and (message is None or held == message):
            return
        wanted = f"{status} {message or ''}".strip()
        got = f"{self.status} {self.text[:_SHOWN]}".strip()
        raise wrong(f"{self.asked} was answered with {got!r} instead of {wanted!r}", wanted, got)

    def rows(self) -> list[dict[str, Any]]:
        """Return the list of a good answer; raises Failure."""
        self.expect(200)
        if not isinstance(self.body, list) or not all(isinstance(row, dict) for row in self.body):
            raise wrong(f"{self.asked} was not answered with a list of objects", "[...]", self.text[:_SHOWN])
        return self.body


@dataclass(slots=True)
class Server:
    """A server at ``url``; ``alert`` is the one that may be closed, where there is one."""

    url: str
    token: str
    ca_file: str | None
    alert: str | None = None
    wire: list[WireLine] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def get(self, path: str, params: Sequence[tuple[str, str]] = (), *, token: str | None = "") -> Answer:
        """Ask for something; ``token`` None sends none, and the empty one is the server's own."""
        return self._send("GET", path, params, None, token)

    def post(self, path: str, body: dict[str, Any]) -> Answer:
        """Post a JSON body."""
        return self._send("POST", path, (), body, "")

    def alerts(self, *params: tuple[str, str]) -> list[dict[str, Any]]:
        """Return a page of alerts; raises Failure."""
        return self.get("alerts", params).rows()

    def some_alert(self) -> dict[str, Any]:
        """Return the newest alert; raises NotReached where there is none."""
        found = self.alerts()
        if not found:
            raise NotReached("the server has no alert that the token can see")
        return found[0]

    def _send(
        self, method: str, path: str, params: Sequence[tuple[str, str]], body: Any, token: str | None
    ) -> Answer:
        told = self.token if token == "" else token
        headers = {} if told is None else {"Authorization": f"Bearer {told}"}
        asked = f"{method} /api/v1/{path}" + (f"?{httpx.QueryParams(list(params))}" if params else "")
        at = round(time.monotonic() - self.began, 3)
        try:
            verify = ssl.create_default_context(cafile=self.ca_file)
            with httpx.Client(verify=verify, timeout=_SECONDS, follow_redirects=False) as client:
                response = client.request(
                    method, f"{self.url}/api/v1/{path}", params=list(params), json=body, headers=headers
                )
        except (httpx.HTTPError, OSError) as error:
            raise HarnessTrouble(f"{self.url} does not answer {asked}: {error}") from error
        try:
            decoded = msgspec.json.decode(response.content) if response.content else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            decoded = None
        served = len(decoded) if isinstance(decoded, list) else 0
        self.wire.append(WireLine(at, method, asked.partition(" ")[2], response.status_code, served))
        return Answer(asked, response.status_code, decoded, response.text.replace(self.token, "[token]"))


def wrong(sentence: str, expected: object = "", held: object = "") -> Failure:
    """Return the failure of a server that differs from the documents."""
    return Failure([Finding("differs", sentence, str(expected), str(held), 0)])
