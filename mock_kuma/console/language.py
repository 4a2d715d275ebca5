"""Words in the reader's language: one file of messages for each, chosen by a menu or by the browser.

Rule: both files have the same keys, and a page has no words of its own.
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
COOKIE: Final = "mock_kuma_language"


class Words:
    """The messages of one language; called with a key and what its braces stand for."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        self._messages = messages

    def __call__(self, key: str, **values: object) -> str:
        """Return a message; raises KeyError for a key that no file has."""
        text = self._messages[key]
        return text.format_map(values) if values else text

    def __contains__(self, key: str) -> bool:
        """Say whether there is such a message."""
        return key in self._messages

    def known(self, group: str, word: str) -> str:
        """Return the message for a word of data, or the word itself where there is none."""
        return self._messages.get(f"{group}.{word}", word)


@lru_cache(maxsize=len(LANGUAGES))
def words(name: str) -> Words:
    """Return a language's messages."""
    file = resources.files("mock_kuma.console") / "messages" / f"{name}.json"
    return Words(json.loads(file.read_text(encoding="utf-8")))


def choose(request: Request) -> str:
    """Return the language of a request: that of the menu, else the browser's."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return str(chosen)
    return request.accept_languages.best_match(LANGUAGES) or next(iter(LANGUAGES))
