"""What all operations of the client share: asking again, telling time, and what an answer means.

Knows no operation. Rule: an answer that is not complete, well-formed JSON of the right shape is an error,
never "nothing new"; what would be done twice if it were sent twice is sent once.
"""

from __future__ import annotations

import json
import logging
import math
import random
import time
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from connector import moments, retry
from connector.errors import (
    AlreadyClosed,
    BadAnswer,
    ConnectorError,
    ImportConflict,
    NotFound,
    OutOfTime,
    RateLimited,
    Redirected,
    Refused,
    ServerTrouble,
    TokenRefused,
)
from connector.paging import PAGE_SIZE
from connector.transport import Response, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    Pair = tuple[str, str]

log = logging.getLogger("connector.client")

_JSON: Final = "application/json"
#: Python refuses to read a number of more digits than this as one.
_DIGITS: Final = 4_000


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

    def disconnect(self) -> None:
        """Give the connections back."""
        self._transport.close()

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
        return _an_object(f"GET {path}", self._send("GET", path, query=query, read=decode))

    def _bytes(self, path: str, query: Sequence[Pair] = ()) -> bytes:
        found: bytes = self._send("GET", path, query=query, read=_whole_body)
        return found

    def _tell(self, path: str, value: Any, *, query: Sequence[Pair] = (), once: bool = False) -> None:
        """Send a value whose answer says nothing; ``once``: it would be done twice if it were sent twice."""
        self._send("POST", path, query=query, body=json.dumps(value).encode(), once=once)

    def _ask(self, path: str, value: Any, *, method: str = "POST", once: bool = False) -> dict[str, Any]:
        """Send a value and return the object that answers it."""
        body = json.dumps(value).encode()
        return _an_object(f"{method} {path}", self._send(method, path, body=body, read=decode, once=once))

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[Pair] = (),
        body: bytes | None = None,
        kind: str = _JSON,
        read: Callable[[str, Response], Any] | None = None,
        once: bool = False,
    ) -> Any:
        """Send a request until it is answered; return what ``read`` makes of the answer, else None."""
        tries = 0
        while True:
            tries += 1
            try:
                return self._send_once(method, path, query, body, kind, read or acknowledged)
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
    ) -> Any:
        left = self.until - self._monotonic()
        what = f"{method} {path}"
        if left <= 0:
            raise OutOfTime(what, "the deadline is over, so it was not sent")
        response = self._transport.send(
            method,
            self._prefix + path,
            query=query,
            body=body,
            content_type=kind,
            seconds=min(self._seconds, left),
        )
        self._note_time(response)
        log.debug("%s answered %d with %d bytes", what, response.status, len(response.body))
        problem = _problem(what, response, self.now)
        if problem is not None:
            raise problem
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


def _problem(what: str, response: Response, now: int) -> ConnectorError | None:  # noqa: PLR0911 -- a table
    status = response.status
    if 200 <= status < 300:  # noqa: PLR2004 -- the success statuses
        return None
    message = _message(response)
    moment = datetime.fromtimestamp(now, tz=UTC)
    wait = retry.asked_to_wait(response.headers.get("Retry-After"), now=moment)
    if status in {429, 503} and wait is not None:
        return RateLimited(what, status, wait)
    if status >= 500 or status in {408, 429}:  # noqa: PLR2004 -- the server's own trouble
        return ServerTrouble(what, status, message)
    if 300 <= status < 400:  # noqa: PLR2004 -- KUMA never redirects
        why = f"a redirect ({status}), which KUMA never sends; it was not followed: check the address"
        return Redirected(what, why, status=status)
    if status in {401, 403} or (status == 400 and "authorization" in message):  # noqa: PLR2004 -- vendor's codes
        return TokenRefused(what, status, message)
    if status == 406 and "already closed" in message:  # noqa: PLR2004 -- the vendor's code for a wrong state
        return AlreadyClosed(what, status, message)
    if status == 409:  # noqa: PLR2004 -- the vendor's code for resources that are there already
        return ImportConflict(what, status, message, _conflicts(response))
    if status == 404:  # noqa: PLR2004 -- the vendor's code for what is not there, or no such operation
        return NotFound(what, status, message)
    return Refused(what, status, message)


def _message(response: Response) -> str:
    """Return the vendor's message, short and printable; anything else is not repeated."""
    try:
        body = json.loads(response.body)
    except (ValueError, RecursionError):
        return ""
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, str):
        return ""
    return "".join(c if c.isprintable() else "?" for c in message[:200])


def _conflicts(response: Response) -> tuple[str, ...]:
    try:
        found = json.loads(response.body)["conflicts"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return ()
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def _is_cut_short(error: ConnectorError, left: float) -> bool:
    """Say whether there would have been another try if there were time for it."""
    return error.retryable and not isinstance(error, RateLimited) and left < retry.MARGIN_SECONDS


def acknowledged(what: str, response: Response) -> None:
    """Accept 204, and an empty or JSON success: a login page with status 200 says nothing about the alert."""
    if response.status != 204 and (response.body.strip() or _kind(response) not in {"", _JSON}):  # noqa: PLR2004 -- No Content
        decode(what, response)


def _kind(response: Response) -> str:
    return response.headers.get("Content-Type", "").split(";")[0].strip().lower()


def decode(what: str, response: Response) -> Any:
    kind = _kind(response)
    if kind not in {"", _JSON}:
        raise BadAnswer(what, f"expected JSON, got {kind[:60]!r}", status=response.status)
    try:
        return json.loads(response.body, parse_float=_fraction, parse_int=_whole, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(what, "the answer is broken or cut JSON", status=response.status) from error


def _fraction(digits: str) -> float | str:
    """Return a float where it says exactly what was sent, else the digits: nothing is rounded."""
    value = float(digits)
    try:
        is_exact = math.isfinite(value) and Decimal(repr(value)) == Decimal(digits)
    except InvalidOperation:  # an exponent beyond all use
        is_exact = False
    return value if is_exact else digits


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _DIGITS else digits


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no JSON")


def _whole_body(_what: str, response: Response) -> bytes:
    return response.body


def _an_object(what: str, found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise BadAnswer(what, "expected an object")
    return found
