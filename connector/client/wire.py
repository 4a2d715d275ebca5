"""What all operations of the client share: asking, asking again, page after page, and telling time.

Knows no operation. Rule: whatever goes wrong is an error of ``connector.errors``; what would be done twice if
it were sent twice is sent once.
"""

from __future__ import annotations

import json
import logging
import random
import time
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from connector import moments, retry
from connector.client.answers import JSON, acknowledged, an_object, decode, problem, whole_body
from connector.errors import BadAnswer, ConnectorError, OutOfTime, RateLimited
from connector.paging import PAGE_SIZE
from connector.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from connector.transport import Response

    Pair = tuple[str, str]

log = logging.getLogger("connector.client")


class Wire:
    """A connection to one KUMA; ``Client`` adds the operations, a noun a module."""

    def __init__(
        self,
        url: str,
        *,
        token: str,
        ca_file: Path | None = None,
        version: str = "v1",
        seconds: float = 30,
        transport: Transport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._transport = transport or Transport(url, token=token, ca_file=ca_file)
        self._prefix = f"/api/{version}"
        self._seconds = seconds
        self._sleep = sleep
        self._monotonic = monotonic
        self._chance = chance
        self.until = float("inf")
        #: KUMA's clock at the last answer, in seconds since 1970; ours before the first.
        self.now = int(time.time())

    def __enter__(self) -> Self:
        """Use it for as long as a block lasts."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the connections back."""
        self.disconnect()

    def disconnect(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[Pair] = (),
        body: bytes | None = None,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
        once: bool = False,
    ) -> bytes:
        """Send a request that has no method of its own, and return the answer's body.

        ``path`` begins with ``/api/``. It is asked again as any other unless ``once``.

        >>> client.request("GET", "/api/v2.1/alerts", query=[("status", "new")])
        """
        found: bytes = self._send(
            method,
            path,
            query=query,
            body=body,
            kind=content_type,
            read=whole_body,
            once=once,
            headers=headers,
        )
        return found

    def _pages(self, path: str, query: Sequence[Pair] = ()) -> Iterator[dict[str, Any]]:
        """Yield the objects of a list page by page; a page with fewer than 250 is the last."""
        number = 1
        while True:
            found = self._list(path, [*query, ("page", str(number))])
            for one in found:
                if not isinstance(one, dict):
                    raise BadAnswer(f"GET {path}", "expected a list of objects")
                yield one
            if len(found) < PAGE_SIZE:
                return
            number += 1

    def _slices(self, path: str, query: Sequence[Pair] = ()) -> Iterator[dict[str, Any]]:
        """Yield the objects of a list that counts by ``limit`` and ``offset``."""
        offset = 0
        while True:
            found = self._list(path, [*query, ("limit", str(PAGE_SIZE)), ("offset", str(offset))])
            yield from found
            if len(found) < PAGE_SIZE:
                return
            offset += PAGE_SIZE

    def _list(self, path: str, query: Sequence[Pair] = ()) -> list[Any]:
        found = self._send("GET", path, query=query, read=decode)
        if not isinstance(found, list):
            raise BadAnswer(f"GET {path}", "expected a list")
        return found

    def _object(self, path: str, query: Sequence[Pair] = ()) -> dict[str, Any]:
        return an_object(f"GET {path}", self._send("GET", path, query=query, read=decode))

    def _bytes(self, path: str, query: Sequence[Pair] = ()) -> bytes:
        found: bytes = self._send("GET", path, query=query, read=whole_body)
        return found

    def _tell(self, path: str, value: Any, *, query: Sequence[Pair] = (), once: bool = False) -> None:
        """Send a value whose answer says nothing; ``once``: it would be done twice if it were sent twice."""
        self._send("POST", path, query=query, body=json.dumps(value).encode(), once=once)

    def _ask(self, path: str, value: Any, *, method: str = "POST", once: bool = False) -> dict[str, Any]:
        """Send a value and return the object that answers it."""
        body = json.dumps(value).encode()
        return an_object(f"{method} {path}", self._send(method, path, body=body, read=decode, once=once))

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[Pair] = (),
        body: bytes | None = None,
        kind: str = JSON,
        read: Callable[[str, Response], Any] = acknowledged,
        once: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a request until it is answered; return what ``read`` makes of the answer."""
        tries = 0
        while True:
            tries += 1
            try:
                return self._send_once(method, path, query, body, kind, read, headers)
            except ConnectorError as error:
                left = self.until - self._monotonic()
                seconds = retry.wait(error, tries=tries, left=left, random=self._chance)
                if once and not isinstance(error, RateLimited):
                    raise
                if seconds is None and _is_cut_short(error, left):
                    what = f"{method} {path}"
                    raise OutOfTime(what, f"the deadline is over ({error})", status=error.status) from error
                if seconds is None:
                    raise
                log.info("try %d of %s %s: %s; again in %.1f s", tries, method, path, error, seconds)
                self._sleep(seconds)

    def _send_once(
        self,
        method: str,
        path: str,
        query: Sequence[Pair],
        body: bytes | None,
        kind: str,
        read: Callable[[str, Response], Any],
        headers: Mapping[str, str] | None,
    ) -> Any:
        left = self.until - self._monotonic()
        what = f"{method} {path}"
        if left <= 0:
            raise OutOfTime(what, "the deadline is over, so it was not sent")
        response = self._transport.send(
            method,
            path if path.startswith("/api/") else self._prefix + path,
            query=query,
            body=body,
            content_type=kind,
            headers=headers,
            seconds=min(self._seconds, left),
        )
        self._note_time(response)
        log.debug("%s answered %d with %d bytes", what, response.status, len(response.body))
        trouble = problem(what, response, self.now)
        if trouble is not None:
            raise trouble
        # Read inside the try: a cut or broken answer is asked for again like any other trouble.
        return read(what, response)

    def _note_time(self, response: Response) -> None:
        date = moments.http_date(response.headers.get("Date"))
        if date is not None:
            self.now = moments.second(date)


def pairs(**values: str | Iterable[str] | None) -> list[Pair]:
    """Return query parameters: a text once, each of several, nothing for None or an empty text."""
    found: list[Pair] = []
    for name, value in values.items():
        several = [value] if isinstance(value, str) else value or ()
        found += [(name, one) for one in several if one]
    return found


def segment(text: str) -> str:
    """Return a word as one segment of a path: what comes from outside cannot name another operation."""
    if text in {"", ".", ".."}:
        raise ValueError(f"{text!r} cannot be a part of an address")
    return quote(text, safe="")


def _is_cut_short(error: ConnectorError, left: float) -> bool:
    """Say whether there would have been another try if there were time for it."""
    return error.retryable and not isinstance(error, RateLimited) and left < retry.MARGIN_SECONDS
