"""RFC 3339 text to microseconds since the epoch, and back.

The vendor writes UTC with a "Z" and whole seconds in alerts (REST API, 3.1, seen in a production client);
it reads fractions and offsets. Rule: what cannot be read raises, it is never guessed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN_EPOCH = _EPOCH.replace(tzinfo=None)
# GUESS: "2021-09-06T00:00:00Z+00:00 (MSK)" is printed in the vendor's pages, an accident of typing;
# it is read as UTC. A live server would settle it.
_SHAPE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
    r"(?:[Zz](?:\+00:00(?: ?\(MSK\))?)?|([+-])(\d\d):(\d\d))"
)


class NotAMoment(ValueError):
    """The text is not an RFC 3339 time; ``text`` is what was there."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f'"{self.text[:64]}" is not an RFC 3339 time such as 2026-01-31T09:30:00Z'


def parse(text: str) -> int:
    """Return the instant in microseconds; finer digits are cut."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise NotAMoment(text)
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    fraction, sign, hours, minutes = found.groups()[6:]
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise NotAMoment(text) from error
    microseconds = (moment - _EPOCH) // timedelta(microseconds=1)
    microseconds += int((fraction or "0")[:6].ljust(6, "0"))
    if sign:
        if int(hours) > 23 or int(minutes) > 59:  # noqa: PLR2004 -- the ends of a clock's face
            raise NotAMoment(text)
        shift = (int(hours) * 60 + int(minutes)) * 60_000_000
        microseconds -= shift if sign == "+" else -shift
    return microseconds


def render(microseconds: int) -> str:
    """Return the instant as the vendor writes it: UTC, whole seconds, "Z"."""
    # isoformat, which pads years before 1000; without a zone, which it would write, too.
    return (_PLAIN_EPOCH + timedelta(0, microseconds // 1_000_000)).isoformat() + "Z"


def render_exact(microseconds: int) -> str:
    """Return the instant with its fraction, for our own control API."""
    fraction = f".{microseconds % 1_000_000:06d}".rstrip("0").rstrip(".")
    return render(microseconds)[:-1] + fraction + "Z"


def render_date(microseconds: int) -> str:
    """Return the instant as an HTTP ``Date`` header, which is English whatever the locale."""
    return _date(microseconds // 1_000_000)


@lru_cache(maxsize=64)
def _date(second: int) -> str:
    return format_datetime(_moment(second * 1_000_000), usegmt=True)


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
