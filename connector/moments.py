"""Times as KUMA writes them, as instants that can be compared.

KUMA prints whole seconds with "Z" while what it stores may be finer, and its filters include both ends: a
window that is to hold a whole second must end at its last microsecond. Rule: what cannot be read is
None, never a guess.
"""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse(text: object) -> datetime | None:
    """Return the instant of an RFC 3339 text, or None."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):  # an offset can lead out of the years that there are
        return None


def http_date(text: str | None) -> datetime | None:
    """Return the instant of an HTTP date such as a ``Date`` header, or None."""
    if text is None:
        return None
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def second(moment: datetime) -> int:
    """Return the second that the instant lies in, counted from 1970."""
    return (moment - _EPOCH) // timedelta(seconds=1)


def begin(seconds: int) -> str:
    """Return the first instant of a second, as a filter takes it."""
    return _text(seconds) + "Z"


def end(seconds: int) -> str:
    """Return the last instant of a second, as a filter takes it."""
    return _text(seconds) + ".999999Z"


def _text(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]
