"""How values look on a page: times, JSON, and hostile text with its tricks made visible.

Whatever comes from alerts and events is hostile. Escaping is the template engine's; what escaping leaves is
done here: control characters (ANSI, NUL) and marks that turn the direction of writing become signs that
one can see. Rule: nothing from an alert becomes a link.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, Final

from connector import moments

#: Control characters but tab and line feed, the marks by which text hides or turns around, halves of a pair.
_TRICKS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_PICTURES: Final = 0x2400
_DELETE: Final = 0x7F
_SPACE: Final = 0x20
_TIMES: Final = frozenset({"Timestamp", "StartTime", "EndTime", "DeviceReceiptTime"})
_FARTHEST_MS: Final = 253_402_300_799_000


def visible(text: str) -> str:
    """Return the text with every trick replaced by what names it: ESC as a picture, RLO as ``<U+202E>``."""
    return _TRICKS.sub(_sign, text)


def _sign(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < _SPACE:
        return chr(_PICTURES + code)
    return "\u2421" if code == _DELETE else f"<U+{code:04X}>"


def time(value: object) -> str:
    """Return an RFC 3339 text or seconds since 1970 as analysts read it, in UTC; what is none as it is."""
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")
    moment = moments.parse(value)
    return str(value or "") if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def as_json(value: Any) -> str:
    """Return a value as JSON to be read."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def cell(name: str, value: object) -> str:
    """Return an event's value for a table; times readable, nothing for what is empty."""
    if value in ("", 0, None, [], {}):
        return ""
    if name in _TIMES and isinstance(value, int) and 0 < value < _FARTHEST_MS:
        return f"{time(value // 1_000)}.{value % 1_000:03d}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def event_fields(event: dict[str, Any]) -> list[tuple[str, str]]:
    """Return an event's fields by name, those without a value left out."""
    told = [(name, cell(name, value)) for name, value in sorted(event.items()) if name != "BaseEvents"]
    return [(name, value) for name, value in told if value]
