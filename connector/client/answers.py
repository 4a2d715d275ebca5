"""What an answer of KUMA means: its value, or the error of ``connector.errors`` that it stands for.

Pure. Rule: an answer that is not complete, well-formed JSON of the right shape is an error, never "nothing
new"; no number is rounded, and no message of the other side is repeated but KUMA's own, short and printable.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from connector import retry
from connector.errors import (
    AlreadyClosed,
    BadAnswer,
    ConnectorError,
    ImportConflict,
    NotFound,
    RateLimited,
    Redirected,
    Refused,
    ServerTrouble,
    TokenRefused,
)

if TYPE_CHECKING:
    from connector.transport import Response

JSON: Final = "application/json"
#: Python refuses to read a number of more digits than this as one.
_DIGITS: Final = 4_000


def problem(what: str, response: Response, now: int) -> ConnectorError | None:  # noqa: PLR0911 -- a table
    """Return the error that an answer stands for, None for a success; ``now`` is KUMA's time."""
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


def acknowledged(what: str, response: Response) -> None:
    """Accept 204, and an empty or JSON success: a login page with status 200 says nothing about the alert."""
    if response.status != 204 and (response.body.strip() or _kind(response) not in {"", JSON}):  # noqa: PLR2004 -- No Content
        decode(what, response)


def _kind(response: Response) -> str:
    return response.headers.get("Content-Type", "").split(";")[0].strip().lower()


def decode(what: str, response: Response) -> Any:
    """Return the value of a JSON answer."""
    kind = _kind(response)
    if kind not in {"", JSON}:
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


def whole_body(_what: str, response: Response) -> bytes:
    """Return an answer as it came."""
    return response.body


def an_object(what: str, found: Any) -> dict[str, Any]:
    """Return a decoded value that must be an object."""
    if not isinstance(found, dict):
        raise BadAnswer(what, "expected an object")
    return found
