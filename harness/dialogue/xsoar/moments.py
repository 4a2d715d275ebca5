"""Moments of time as integrations' parameters and helpers spell them.

Decides what a text or a number means as an instant. Rule: everything is UTC unless it says otherwise, and
what cannot be read is refused by name.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

#: Above this a number counts milliseconds: the documentation lets both stand.
_SECONDS_AT_MOST: Final = 2_000_000_000
_PERIOD: Final = re.compile(
    r"\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>second|minute|hour|day|week|month|year)s?(?:\s+ago)?\s*",
    re.IGNORECASE,
)
_SECONDS: Final = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 7 * 86_400,
    # GUESS: the calendar's months are not of one length; nobody looks back to the hour over months.
    "month": 30 * 86_400,
    "year": 365 * 86_400,
}
_FORMAT: Final = "%Y-%m-%dT%H:%M:%S"


def now() -> dt.datetime:
    """Return the present instant."""
    return dt.datetime.now(dt.UTC)


def arg_to_datetime(
    arg: Any,
    arg_name: str | None = None,
    is_utc: bool = True,
    required: bool = False,
    settings: Any = None,  # noqa: ARG001 -- of another library
) -> dt.datetime | None:
    """Return an argument as an instant: an epoch, an ISO date, or a period back from now like ``3 days``."""
    named = f'"{arg_name}"' if arg_name else "an argument"
    if arg is None or arg == "":
        if required:
            raise ValueError(f"Missing {named}")
        return None
    zone = dt.UTC if is_utc else None
    if isinstance(arg, int | float) or re.fullmatch(r"\d+(\.\d+)?", str(arg)):
        number = float(arg)
        return dt.datetime.fromtimestamp(number / 1000 if number > _SECONDS_AT_MOST else number, tz=zone)
    if period := _PERIOD.fullmatch(str(arg)):
        seconds = float(period["number"]) * _SECONDS[period["unit"].lower()]
        return dt.datetime.now(zone) - dt.timedelta(seconds=seconds)
    if str(arg).strip().lower() == "now":
        return dt.datetime.now(zone)
    try:
        read = dt.datetime.fromisoformat(str(arg).strip())
    except ValueError:
        raise ValueError(f"Invalid date: {named}={arg}") from None
    return read.replace(tzinfo=zone) if read.tzinfo is None else read


def parse_date_range(
    date_range: str,
    date_format: str | None = None,
    to_timestamp: bool = False,
    timezone: int = 0,
    utc: bool = True,
) -> tuple[Any, Any]:
    """Return the beginning and the end of a period that lasts until now."""
    end = (now() if utc else dt.datetime.now()) + dt.timedelta(hours=timezone)  # noqa: DTZ005 -- asked for
    start = end - (now() - _back(date_range))
    if to_timestamp:
        return int(start.timestamp() * 1000), int(end.timestamp() * 1000)
    if date_format:
        return start.strftime(date_format), end.strftime(date_format)
    return start, end


def _back(text: str) -> dt.datetime:
    period = _PERIOD.fullmatch(text)
    if period is None:
        raise ValueError(f"date_range {text!r} must be a number and a unit, for example 3 days")
    return now() - dt.timedelta(seconds=float(period["number"]) * _SECONDS[period["unit"].lower()])


def parse_date_string(date_string: str, date_format: str = _FORMAT) -> dt.datetime:
    """Return a date as text; where its format does not fit, as ISO."""
    try:
        return dt.datetime.strptime(date_string, date_format)  # noqa: DTZ007 -- the caller's format
    except ValueError:
        return dt.datetime.fromisoformat(date_string)


def date_to_timestamp(date_str_or_dt: str | dt.datetime, date_format: str = _FORMAT) -> int:
    """Return milliseconds since the epoch."""
    if isinstance(date_str_or_dt, str):
        date_str_or_dt = parse_date_string(date_str_or_dt, date_format)
    return int(date_str_or_dt.timestamp() * 1000)


def timestamp_to_datestring(
    timestamp: float | str, date_format: str = f"{_FORMAT}.000Z", is_utc: bool = False
) -> str:
    """Return milliseconds since the epoch as text."""
    at = dt.datetime.fromtimestamp(int(timestamp) / 1000, tz=dt.UTC if is_utc else None)
    return at.strftime(date_format)
