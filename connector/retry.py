"""Whether to try again, and after how long. Decides; does not wait.

Rule: what KUMA refused is never tried again; what it asks to wait is waited; no request is tried more often
than ``TRIES`` times, and nothing is waited for that the deadline does not allow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector import moments
from connector.errors import ConnectorError, RateLimited

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

TRIES: Final = 4
_FIRST_SECONDS: Final = 0.25
_LONGEST_SECONDS: Final = 8.0
#: What must be left of the deadline after a wait, for the request itself and for the answer.
MARGIN_SECONDS: Final = 1.0
#: Whoever asks for more than a day is taken to ask for a day: a slip must not silence the connector for ever.
LONGEST_WAIT_SECONDS: Final = 86_400.0


def wait(error: ConnectorError, *, tries: int, left: float, random: Callable[[], float]) -> float | None:
    """Return the seconds to wait before the next try, or None to give up.

    ``tries`` were made, ``left`` seconds remain, ``random`` gives numbers from 0 to 1.
    """
    if not error.retryable or tries >= TRIES:
        return None
    # Full jitter: many connectors that failed together do not come back together.
    seconds = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2 ** (tries - 1)) * random()
    if isinstance(error, RateLimited):
        seconds = max(seconds, error.seconds)
    return seconds if seconds + MARGIN_SECONDS < left else None


def asked_to_wait(header: str | None, *, now: datetime) -> float | None:
    """Return the seconds of a ``Retry-After`` header, in either of its forms; None where it says nothing."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT_SECONDS)
    until = moments.http_date(text)
    if until is None:
        return None
    return min(max(0.0, (until - now).total_seconds()), LONGEST_WAIT_SECONDS)
