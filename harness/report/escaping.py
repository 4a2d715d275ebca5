"""Text from connectors and from data, made harmless for where it is shown.

Decides what is replaced for a terminal, for Markdown and for XML; HTML is escaped by the template engine.
Rule: nothing that a connector or an alert says can move the cursor, start markup, or hide what it is.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: Signs that mean something in Markdown, HTML included.
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+\-!|~<>&])")
#: Categories of signs that are not seen: controls, formats (writing direction among them), lone surrogates.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
#: These belong to written language: emoji and some scripts are joined by them.
_JOINERS: Final = frozenset("\u200c\u200d")


def visible(text: str) -> str:
    """Return a text whose unseen signs are shown as escapes; line ends and tabs stay."""
    return "".join(_shown(sign) for sign in text)


def line(text: str) -> str:
    """Return a text on one line, harmless on a terminal."""
    return visible(" ".join(text.split()))


def markdown(text: str) -> str:
    """Return a text on one line that Markdown shows as it is."""
    escaped = _MARKDOWN.sub(r"\\\1", line(text))
    return escaped.replace("\\<", "&lt;").replace("\\>", "&gt;").replace("\\&", "&amp;")


def _shown(sign: str) -> str:
    if sign in "\n\t" or sign in _JOINERS or unicodedata.category(sign) not in _UNSEEN:
        return sign
    return f"\\x{ord(sign):02x}" if ord(sign) < 256 else f"\\u{ord(sign):04x}"  # noqa: PLR2004 -- one byte
