"""How values look on a page: times, sizes, and hostile text with its tricks made visible.

Whatever comes from alerts and events is hostile. Escaping is the template engine's; what escaping leaves is
done here: control characters (ANSI, NUL) and marks that turn the direction of writing become signs that
one can see. Rule: nothing from an alert becomes a link.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from mock_kuma.domain import moments

#: Control characters but tab and line feed, and the marks by which text hides or turns around.
_TRICKS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


def visible(text: str) -> str:
    """Return the text with every trick replaced by its code: ``<U+001B>`` for ESC, ``<U+202E>`` for RLO."""
    return _TRICKS.sub(_sign, text)


def _sign(found: re.Match[str]) -> str:
    return f"<U+{ord(found.group()):04X}>"


def time(microseconds: int | None) -> str:
    """Return an instant as analysts read it: ``2026-01-31 09:30:00``, in UTC."""
    if microseconds is None:
        return ""
    return moments.render(microseconds)[:19].replace("T", " ")


def exact_time(microseconds: int) -> str:
    """Return an instant with its milliseconds."""
    return f"{time(microseconds)}.{microseconds % 1_000_000 // 1_000:03d}"


def for_input(microseconds: int | None) -> str:
    """Return an instant as a field for date and time takes it."""
    return "" if microseconds is None else moments.render(microseconds)[:19]


def from_input(text: str) -> int | None:
    """Return the instant of a field for date and time in microseconds; None where it is empty.

    Raises ``moments.NotAMoment``.
    """
    if not text.strip():
        return None
    seconds = ":00" if re.fullmatch(r"[^T ]+[T ]\d\d:\d\d", text.strip()) else ""
    return moments.parse(text.strip().replace(" ", "T").removesuffix("Z") + seconds + "Z")


def as_json(value: Any) -> str:
    """Return a value as JSON to be read."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def event_fields(event: dict[str, Any]) -> list[tuple[str, str]]:
    """Return an event's fields by name, those without a value left out, times readable."""
    fields = []
    for name, value in event.items():
        if value in ("", 0, None, [], {}) or name == "BaseEvents":
            continue
        if name in {"Timestamp", "StartTime", "EndTime", "DeviceReceiptTime"} and isinstance(value, int):
            fields.append((name, exact_time(value * 1_000)))
        else:
            fields.append((name, value if isinstance(value, str) else as_json(value)))
    return fields
