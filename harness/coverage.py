"""What a check has reached: which fault met the connector in which situation, and how often.

Decides how an exchange, a kill or a restart is counted. Judges nothing: a count says that something happened,
not that it went well. Rule: what is counted was seen on the wire or done by the harness; a fault that was
set and met nobody counts nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from harness.events import Reached

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.facts import Exchange

#: An exchange that no fault met.
NO_FAULT: Final = "none"
KILL: Final = "kill"
_PAGE: Final = 250
_OK: Final = 200

Counts = Counter[tuple[str, str]]


def of_exchanges(exchanges: Iterable[tuple[int, Exchange]]) -> Counts:
    """Count exchanges, pairs of poll number and exchange in the order of the wire."""
    counts: Counts = Counter()
    lists: Counter[int] = Counter()
    for poll, exchange in exchanges:
        if exchange.is_list:
            lists[poll] += 1
        fault = _fault(exchange)
        counts[fault, _situation(exchange, fault=fault, nth=lists[poll])] += 1
    return counts


def told(counts: Counts) -> list[Reached]:
    """Return counts as they stand in reports, in one order."""
    return [Reached(fault, situation, times) for (fault, situation), times in sorted(counts.items())]


def added(cases: Sequence[Sequence[Reached]]) -> list[Reached]:
    """Return what several checks have reached together."""
    counts: Counts = Counter()
    for case in cases:
        for item in case:
            counts[item.fault, item.situation] += item.times
    return told(counts)


def _fault(exchange: Exchange) -> str:
    kind = exchange.fault_kind
    if kind is None:
        return NO_FAULT
    # Statuses differ as much as the other kinds do.
    return str(exchange.status) if kind == "status" and exchange.status is not None else kind


def _situation(exchange: Exchange, *, fault: str, nth: int) -> str:
    """Say what a request was for, and of a list what it met: which of the poll's, or how full."""
    if exchange.is_close:
        return "close"
    if not exchange.is_list:
        return "other request"
    if fault != NO_FAULT:
        return "first list" if nth == 1 else "later list"
    if exchange.status != _OK:
        return "list refused"
    if not exchange.served:
        return "empty list"
    return "full page" if len(exchange.served) >= _PAGE else "part of a page"
