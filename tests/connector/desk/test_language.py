"""The messages: each in every language, with the same gaps to fill."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

DESK = resources.files("connector.desk")
GAPS = re.compile(r"\{\w+\}")


def messages(name: str) -> dict[str, Any]:
    """Return a language's file."""
    return dict(json.loads((DESK / "messages" / f"{name}.json").read_text(encoding="utf-8")))


def test_every_message_of_the_templates_is_translated() -> None:
    """Those that stand there as texts, and those of what was done."""
    said: set[str] = set()
    for file in (DESK / "templates").iterdir():
        text = file.read_text(encoding="utf-8")
        said |= set(re.findall(r'\bt\("([^"]*)"[,)]', text)) | set(re.findall(r"\bt\('([^']*)'[,)]", text))
    for name in ("app", "card", "door"):
        text = (DESK / f"{name}.py").read_text(encoding="utf-8")
        said |= set(re.findall(r'"([A-Z][^"{}\n]*[.!])",?\n', text))
    said |= set(messages("en"))

    assert said - set(messages("ru")) == set()


def test_every_refusal_is_translated() -> None:
    """The words of what cannot be taken."""
    words: set[str] = set()
    for file in DESK.iterdir():
        if file.name.endswith(".py"):
            text = file.read_text(encoding="utf-8")
            words |= set(re.findall(r'Wrong\(\s*"\w+",\s*"([^"]+)"', text))

    assert words
    assert words - set(messages("ru")) == set()


def test_translations_have_the_gaps_of_their_messages() -> None:
    """A value is never lost, and none is asked for that nobody gives."""
    wrong = [
        key
        for key, text in messages("ru").items()
        if sorted(GAPS.findall(messages("en").get(key, key))) != sorted(GAPS.findall(text))
    ]

    assert wrong == []
