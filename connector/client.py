"""The KUMA API, typed: what the connector asks, and what each answer means.

Sources: alert search 222254 and 269916, close 222255, whoami 222307, tenants 222306 of the vendor's REST API.
Rule: an answer that is not complete, well-formed JSON of the right shape is an error, never "nothing new".
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

from connector import moments, retry
from connector.errors import (
    AlreadyClosed,
    BadAnswer,
    ConnectorError,
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
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

log = logging.getLogger("connector.client")

REASONS: Final = ("responded", "incorrect data", "incorrect correlation rule")
#: So many ids go into one question; the address stays far below what servers take.
IDS_A_REQUEST: Final = 100
_JSON: Final = "application/json"
#: Python refuses to read a number of more digits than this as one.
_DIGITS: Final = 4_000
_NOBODY: Final = "00000000-0000-0000-0000-000000000000"


class Client:
    """A client of one KUMA.

    >>> client = Client("https://kuma.example.com:7223", token=token, ca_file=path)
    >>> for alert in client.alerts(status=["new"], with_events=True):
    ...     print(alert["name"])

    Every call raises an error of ``connector.errors``. ``seconds`` bounds one request; ``until``, an instant
    of the monotonic clock, bounds all tries of a call.
    """

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

    def page(self, query: Sequence[tuple[str, str]]) -> list[Any]:
        """Return one page of alerts as decoded JSON, newest first."""
        return self._list("/alerts", query)

    def alerts(
        self,
        *,
        status: Sequence[str] = (),
        name: str | None = None,
        since: str | None = None,
        until: str | None = None,
        with_events: bool = False,
        with_affected: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """Yield alerts page by page; for a list that moves while it is read see ``paging``."""
        query = [("status", word) for word in status]
        query += [(key, value) for key, value in (("name", name), ("from", since), ("to", until)) if value]
        query += flags(events=with_events, affected=with_affected)
        number = 1
        while True:
            found = self.page([*query, ("page", str(number))])
            yield from found
            if len(found) < PAGE_SIZE:
                return
            number += 1

    def by_ids(self, ids: Sequence[str], *, events: bool) -> list[Any]:
        """Return these alerts, in any order; those that KUMA does not show are missing."""
        query = [("id", alert) for alert in ids] + flags(events=events, affected=events)
        return self.page(query)

    def ask_time(self) -> int:
        """Return KUMA's time, from the header of a question that no alert answers."""
        self.by_ids([_NOBODY], events=False)
        return self.now

    def close(self, alert: str, reason: str) -> None:
        """Close an alert; raises ``AlreadyClosed`` where it was closed before."""
        body = json.dumps({"id": alert, "reason": reason}).encode()
        self._send("POST", "/alerts/close", body=body)

    def whoami(self) -> dict[str, Any]:
        """Return the token's owner."""
        found = self._json("GET", "/users/whoami")
        if not isinstance(found, dict):
            raise BadAnswer("GET /users/whoami", "expected an object")
        return found

    def tenants(self) -> list[Any]:
        """Return the first page of tenants that the token's owner may see."""
        return self._list("/tenants", ())

    def disconnect(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def _list(self, path: str, query: Sequence[tuple[str, str]]) -> list[Any]:
        found = self._json("GET", path, query)
        if not isinstance(found, list):
            raise BadAnswer(f"GET {path}", "expected a list")
        return found

    def _json(self, method: str, path: str, query: Sequence[tuple[str, str]] = ()) -> Any:
        return self._send(method, path, query=query)

    def _send(
        self, method: str, path: str, *, query: Sequence[tuple[str, str]] = (), body: bytes | None = None
    ) -> Any:
        tries = 0
        while True:
            tries += 1
            try:
                return self._send_once(method, path, query, body)
            except ConnectorError as error:
                left = self.until - self._monotonic()
                seconds = retry.wait(error, tries=tries, left=left, random=self._chance)
                if seconds is None and _is_cut_short(error, left):
                    what = f"{method} {path}"
                    raise OutOfTime(what, f"the deadline is over ({error})", status=error.status) from error
                if seconds is None:
                    raise
                log.info("try %d of %s %s: %s; again in %.1f s", tries, method, path, error, seconds)
                self._sleep(seconds)

    def _send_once(self, method: str, path: str, query: Sequence[tuple[str, str]], body: bytes | None) -> Any:
        left = self.until - self._monotonic()
        what = f"{method} {path}"
        if left <= 0:
            raise OutOfTime(what, "the deadline is over, so it was not sent")
        response = self._transport.send(
            method,
            self._prefix + path,
            query=query,
            body=body,
            seconds=min(self._seconds, left),
        )
        self._note_time(response)
        log.debug("%s answered %d with %d bytes", what, response.status, len(response.body))
        problem = _problem(what, response, self.now)
        if problem is not None:
            raise problem
        # Decoded inside the try: a cut or broken answer is asked for again like any other trouble.
        return _decode(what, response) if method == "GET" else _acknowledged(what, response)

    def _note_time(self, response: Response) -> None:
        date = moments.http_date(response.headers.get("Date"))
        if date is not None:
            self.now = moments.second(date)


def flags(*, events: bool, affected: bool) -> list[tuple[str, str]]:
    """Return presence flags. They are never sent with "false": KUMA ignores the value and reads true."""
    return [(name, "") for name, wanted in (("withEvents", events), ("withAffected", affected)) if wanted]


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


def _is_cut_short(error: ConnectorError, left: float) -> bool:
    """Say whether there would have been another try if there were time for it."""
    return error.retryable and not isinstance(error, RateLimited) and left < retry.MARGIN_SECONDS


def _acknowledged(what: str, response: Response) -> None:
    """Accept 204, and an empty or JSON success: a login page with status 200 says nothing about the alert."""
    if response.status != 204 and (response.body.strip() or _kind(response) not in {"", _JSON}):  # noqa: PLR2004 -- No Content
        _decode(what, response)


def _kind(response: Response) -> str:
    return response.headers.get("Content-Type", "").split(";")[0].strip().lower()


def _decode(what: str, response: Response) -> Any:
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
