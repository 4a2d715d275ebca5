"""What may identify anybody in an exchange is replaced, always by the same stand-in.

Addresses become addresses, ids ids, and every other word a word, so that a host is the same host in a field,
in a URL and in raw text. Numbers, times, keys and the vendor's own vocabulary stay: a comparison needs them.
Rule: without the salt nobody can try out which word a stand-in stands for; with it, a second recording agrees
with the first.
"""

from __future__ import annotations

import hmac
import re
from typing import Any, Final

#: Keys whose texts are the vendor's words and not anybody's data. GUESS: chosen by the documented fields.
_VOCABULARY: Final = frozenset(
    {
        "status", "priority", "closingReason", "reason", "kind", "type", "role", "timestampField",
        "withEvents", "withAffected", "withHistory", "page", "exact", "main", "severityStr", "message",
        "DeviceVendor", "DeviceProduct", "DeviceEventClassID", "ServiceKind", "Tactic", "Technique",
    }
)  # fmt: skip
_UUID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_MAC: Final = r"(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}"
_V4: Final = r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"
_V6: Final = r"(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}(?![\w:])"
_TIME: Final = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?"
#: A word, with everything beyond ASCII: no alphabet tells what is a name.
_WORD: Final = r"[\w-]+|[^\x00-\x7f]+"
_ANY: Final = re.compile(
    f"(?P<time>{_TIME})|(?P<uuid>{_UUID})|(?P<mac>{_MAC})|(?P<v6>{_V6})|(?P<v4>{_V4})|(?P<word>{_WORD})"
)
_IDENTIFIERS: Final = re.compile(f"(?P<uuid>{_UUID})|(?P<mac>{_MAC})|(?P<v6>{_V6})|(?P<v4>{_V4})")


class Masks:
    """Replaces what identifies; one salt, one set of stand-ins."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt

    def value(self, value: Any, key: str = "") -> Any:
        """Return a JSON value with every text in it masked; ``key`` is where it was found."""
        if isinstance(value, dict):
            return {name: self.value(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [self.value(one, key) for one in value]
        return self.text(value, key) if isinstance(value, str) else value

    def text(self, text: str, key: str = "") -> str:
        """Return a text masked; of the vendor's vocabulary only what identifies by its shape."""
        pattern = _IDENTIFIERS if key in _VOCABULARY else _ANY
        return pattern.sub(self._stand_in, text)

    def path(self, path: str) -> str:
        """Return a URL's path with the ids in it masked; its words are the vendor's."""
        return _IDENTIFIERS.sub(self._stand_in, path)

    def _stand_in(self, found: re.Match[str]) -> str:
        kind, text = found.lastgroup or "", found[0]
        if kind == "time":
            return text
        # Upper and lower case are the same host, the same account and the same id.
        digest = hmac.digest(self._salt, text.casefold().encode("utf-8", "surrogatepass"), "sha256")
        mark = digest.hex()
        match kind:
            case "uuid":
                return f"{mark[:8]}-{mark[8:12]}-4{mark[13:16]}-a{mark[17:20]}-{mark[20:32]}"
            case "mac":
                return "02:" + ":".join(mark[place : place + 2] for place in range(0, 10, 2))
            case "v4":
                return f"10.{digest[0]}.{digest[1]}.{digest[2]}"
            case "v6":
                return f"fd00::{mark[:4]}:{mark[4:8]}:{mark[8:12]}"
            case _:
                return f"w{mark[:10]}"
