"""What a search for generated reports asks for.

Source: REST API, 5.9, from a public client, and the roles page 218031 (3.4): a report is there for those who
may see every tenant that it is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mock_kuma.domain.patterns import Pattern
    from mock_kuma.domain.roles import Scope


class Status(StrEnum):
    """How far a report is.

    GUESS: the words; no page that was read shows an answer.
    """

    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """One search for reports; ``order`` is a column of a report."""

    scope: Scope
    limit: int
    offset: int = 0
    ids: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    name: Pattern | None = None
    order: str = "name"
    descending: bool = False

    def takes(self, tenants: Sequence[str]) -> bool:
        """Say whether a report about these tenants is asked for, and may be seen."""
        return all(self.scope.covers(tenant) for tenant in tenants) and (
            not self.tenants or not set(self.tenants).isdisjoint(tenants)
        )
