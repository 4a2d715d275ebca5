"""A name pattern: case-insensitive PCRE, unanchored, as the vendor says (REST API, 2).

A pattern that would take for ever is stopped: PCRE2 counts its steps, and gives up at its built-in
match limit. Rule: neither pattern nor name can make a search run on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pcre2

from mock_kuma.domain.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

# GUESS: patterns longer than this are refused; the vendor names no limit.
MAX_LENGTH = 4_096
#: Steps for one name, far above what an honest pattern takes and far below a second.
_STEPS = "(*LIMIT_MATCH=200000)(*LIMIT_DEPTH=20000)"


class BadPattern(Problem):
    """The text is no pattern, or one that is too costly; ``why`` says which."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return self.why


class Pattern:
    """A compiled name pattern; equal texts are equal patterns."""

    __slots__ = ("_compiled", "text")

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise BadPattern(f"pattern longer than {MAX_LENGTH} characters")
        # A pattern may not raise its own limits: verbs at its start would be read as ours.
        if text.startswith("(*"):
            raise BadPattern("verbs at the start of a pattern are not supported")
        self.text = text
        try:
            # The interpreter honours the limits on every pattern; compiled machine code does not.
            self._compiled: Any = pcre2.compile(  # type: ignore[no-untyped-call] # the package has no types
                _STEPS + text, pcre2.IGNORECASE, jit=False
            )
        except (pcre2.PatternError, pcre2.LibraryError, ValueError) as error:
            raise BadPattern(str(error)) from error

    def among(self, names: Iterable[str]) -> list[str]:
        """Return the names that match."""
        try:
            return [name for name in names if self._compiled.search(name) is not None]
        except pcre2.LibraryError as error:
            raise BadPattern(f"pattern too costly: {error}") from error
