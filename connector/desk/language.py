"""Words in the reader's language: English in the pages themselves, every other language in a file.

The key of a message is its English text; a word of data, such as a priority, has a key of its own kind
(``priority.high``), which is in the English file, too. Rule: each message has its counterpart in every file.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Request

#: The languages by their own names; the first is spoken where nothing else fits.
LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "ru": "Русский"}
COOKIE: Final = "kuma_desk_language"


class Words:
    """The messages of one language; called with the English text and what its braces stand for."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        self._messages = messages

    def __call__(self, text: str, **values: object) -> str:
        """Return a message; what no file has stays English."""
        found = self._messages.get(text, text)
        return found.format_map(values) if values else found

    def __contains__(self, text: object) -> bool:
        """Say whether the file has this message."""
        return text in self._messages


@lru_cache(maxsize=len(LANGUAGES))
def words(name: str) -> Words:
    """Return a language's messages."""
    file = resources.files("connector.desk") / "messages" / f"{name}.json"
    return Words(json.loads(file.read_text(encoding="utf-8")))


def choose(request: Request) -> str:
    """Return the language of a request: that of the menu, else the browser's."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return str(chosen)
    return request.accept_languages.best_match(LANGUAGES) or next(iter(LANGUAGES))
