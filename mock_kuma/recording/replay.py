"""Serves what was recorded, to a client that asks the same or nearly the same.

A WSGI application. A client asks for other times on another day, so the closest recorded request counts: the
same query, else the same parameters, else the same path. Rule: answers to the same request come in the
order in which they were recorded, and the last one stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec

from mock_kuma.recording.exchange import payload

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from wsgiref.types import StartResponse, WSGIEnvironment

    from mock_kuma.recording.exchange import Recorded


class Replay:
    """The exchanges of a recording, and how often each kind of request was answered."""

    def __init__(self, exchanges: Sequence[Recorded]) -> None:
        self._exchanges = exchanges
        self._asked: dict[tuple[int, ...], int] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True, errors="replace")
        found = self._closest(environ["REQUEST_METHOD"], path, query)
        if not found:
            message = f"nothing was recorded for {environ['REQUEST_METHOD']} {path}"
            start_response("404 Not Found", [("Content-Type", "application/json")])
            return [msgspec.json.encode({"message": message})]
        turn = self._asked[found] = self._asked.get(found, -1) + 1
        exchange = self._exchanges[found[min(turn, len(found) - 1)]]
        headers = [("Content-Type", exchange.content_type)] if exchange.content_type else []
        start_response(f"{exchange.status} ", headers)
        return [payload(exchange.answered)]

    def _closest(self, method: str, path: str, query: list[tuple[str, str]]) -> tuple[int, ...]:
        """Return the numbers of the exchanges that are most like a request, in their order."""
        same = [
            number
            for number, one in enumerate(self._exchanges)
            if (one.method, one.path.rstrip("/")) == (method, path.rstrip("/"))
        ]
        names = sorted(name for name, _ in query)
        wanted = sorted(query)
        by_value = [number for number in same if sorted(self._exchanges[number].query) == wanted]
        by_name = [n for n in same if sorted(name for name, _ in self._exchanges[n].query) == names]
        return tuple(by_value or by_name or same)
