"""How much one search may do: a count of steps that only falls.

A step is the evaluation of one node, about a tenth of a microsecond. Counting steps rather than seconds
makes the same search over the same events end the same way on every machine. Rule: whatever loops, spends.
"""

from __future__ import annotations

from typing import Final

from mock_kuma.domain.query_problems import SearchFailed

# GUESS: the vendor names no limit but ClickHouse's own on time and memory. These let any ordinary query
# pass over three million events, in about half a minute at most, and stop what would take much longer.
STEPS: Final = 600_000_000
#: What reading one event costs.
EVENT: Final = 25
#: How many groups, or events that wait to be sorted, are held at once.
HELD: Final = 100_000
#: The longest text that a function may make.
TEXT: Final = 1_000_000
#: So many letters made cost one step.
_LETTERS: Final = 64


class Work:
    """What is left to a search."""

    __slots__ = ("left",)

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Take the steps, or fail."""
        self.left -= steps
        if self.left < 0:
            raise SearchFailed("too much work; ask for a shorter period, or make the query simpler")

    def made(self, text: str) -> str:
        """Return a text that a function made, and count it: texts may grow from call to call."""
        if len(text) > TEXT:
            raise SearchFailed(f"a text longer than {TEXT} characters")
        self.spend(len(text) // _LETTERS)
        return text


def refuse_many(held: int) -> None:
    """Fail where a search holds more than it may."""
    if held > HELD:
        raise SearchFailed(f"more than {HELD} groups, or events to sort; make the query narrower")
