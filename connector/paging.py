"""How to read a list that moves: newest first, 250 a page, no cursor, no total.

Page numbers lose what slips over a seam while the list changes. So after a full page the next question is for
page 1 up to the oldest second of that page: what was served is served again, and nothing slips. Only a
second that fills a whole page is read by page number, until two passes agree. Pure: says what to ask next,
and is told what came. Rule: every answer brings the end nearer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from connector import moments
from connector.errors import BadAnswer, Unsettled

if TYPE_CHECKING:
    from collections.abc import Sequence

#: KUMA's page, which cannot be changed. A page with fewer is the last.
PAGE_SIZE: Final = 250
#: A second that does not come to rest in so many passes ends the cycle; the next one reads it again.
_PASSES: Final = 8


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: alerts whose ``lastSeen`` lies from ``since`` on, up to the end of ``until``."""

    since: int
    until: int | None = None
    page: int = 1

    def query(self) -> list[tuple[str, str]]:
        """Return the question's parameters."""
        pairs = [("from", moments.begin(self.since))]
        if self.until is not None:
            pairs.append(("to", moments.end(self.until)))
        if self.page > 1:
            pairs.append(("page", str(self.page)))
        return pairs


@dataclass(frozen=True, slots=True)
class Sweep:
    """Where a reading stands: what is asked now, and what the passes over one crowded second brought."""

    ask: Ask
    start: int
    crowded: bool = False
    this_pass: frozenset[str] = frozenset()
    last_pass: frozenset[str] | None = None
    passes: int = 0

    @staticmethod
    def of(start: int) -> Sweep:
        """Begin to read everything from ``start`` on."""
        return Sweep(Ask(start), start)

    def after(self, seconds: Sequence[int], ids: Sequence[str], *, size: int) -> Sweep | None:
        """Return how to go on after a page of ``size`` elements, or None at the end.

        ``seconds`` are the times of those elements that have one, ``ids`` their ids. Raises ``Unsettled`` or
        ``BadAnswer`` where the list cannot be read to its end, so that nobody takes it for read.
        """
        if self.crowded:
            return self._after_crowded(ids, size=size)
        if size < PAGE_SIZE:
            return None
        if not seconds:
            raise BadAnswer("GET /alerts", "a full page on which no alert has a time")
        oldest = min(seconds)
        if self.ask.until is not None and oldest >= self.ask.until:
            # The whole page lies in the second that was asked up to: its end cannot be reached by time.
            return replace(self, ask=Ask(oldest, oldest), crowded=True)
        return replace(self, ask=Ask(self.start, oldest))

    def _after_crowded(self, ids: Sequence[str], *, size: int) -> Sweep | None:
        seen = self.this_pass | frozenset(ids)
        if size >= PAGE_SIZE:
            return replace(self, ask=replace(self.ask, page=self.ask.page + 1), this_pass=seen)
        if seen != self.last_pass:
            if self.passes + 1 >= _PASSES:
                second = moments.begin(self.ask.since)
                raise Unsettled("GET /alerts", f"the alerts of {second} differ at every look")
            return replace(
                self,
                ask=replace(self.ask, page=1),
                this_pass=frozenset(),
                last_pass=seen,
                passes=self.passes + 1,
            )
        before = self.ask.since - 1
        return Sweep(Ask(self.start, before), self.start) if before >= self.start else None
