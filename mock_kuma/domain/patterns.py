"""A name pattern: case-insensitive PCRE, unanchored, as the vendor says (REST API, 2).

A pattern that would take for ever is stopped: PCRE2 counts its steps from each place of a name, and gives up
at its match limit; what many names take together is measured. Rule: neither pattern nor names can make a
search run on.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import pcre2

from mock_kuma.domain.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

# GUESS: patterns longer than this are refused; the vendor names no limit.
MAX_LENGTH = 4_096
#: Steps from one place of a name, far above what an honest pattern takes; fewer where names are long.
_MOST_STEPS: Final = 200_000
_LEAST_STEPS: Final = 20_000
#: Steps for one name, from all its places: about half a second.
_STEPS_A_NAME: Final = 20_000_000
_DEPTH: Final = 20_000
#: What all names may take together, and what each of them adds to it: ten times what an honest pattern takes.
_SECONDS: Final = 0.5
_SECONDS_A_NAME: Final = 0.000_01


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
        self._compiled = _compiled(text, _MOST_STEPS)

    def among(self, names: Iterable[str]) -> list[str]:
        """Return the names that match."""
        every = list(names)
        longest = max(map(len, every), default=0)
        steps = max(_LEAST_STEPS, _STEPS_A_NAME // (longest + 1))
        compiled = self._compiled if steps >= _MOST_STEPS else _compiled(self.text, steps)
        # The time that this thread has worked: a machine that is busy with other things changes nothing.
        end = time.thread_time() + _SECONDS + _SECONDS_A_NAME * len(every)
        found = []
        try:
            for name in every:
                if compiled.search(name) is not None:
                    found.append(name)
                if time.thread_time() > end:
                    raise BadPattern("pattern too costly for so many names")
        except pcre2.LibraryError as error:
            raise BadPattern(f"pattern too costly: {error}") from error
        return found


def _compiled(text: str, steps: int) -> Any:
    try:
        # The interpreter honours the limits on every pattern; compiled machine code does not.
        return pcre2.compile(  # type: ignore[no-untyped-call] # the package has no types
            f"(*LIMIT_MATCH={steps})(*LIMIT_DEPTH={_DEPTH}){text}", pcre2.IGNORECASE, jit=False
        )
    except (pcre2.PatternError, pcre2.LibraryError, ValueError) as error:
        raise BadPattern(str(error)) from error
