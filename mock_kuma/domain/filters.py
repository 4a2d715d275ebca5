"""What a search asks for, already understood; no query strings and no SQL here.

Source: "Searching alerts" 222254 (REST API, 3.1). Values of one parameter are joined by OR, parameters
by AND; the period is inclusive at both ends.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mock_kuma.domain.patterns import Pattern
    from mock_kuma.domain.roles import Scope


class TimestampField(StrEnum):
    """The time that the period is about, and that the list is sorted by."""

    LAST_SEEN = "lastSeen"
    FIRST_SEEN = "firstSeen"


class AlertFilter(NamedTuple):
    """One search for alerts; times in microseconds, pages from 1."""

    scope: Scope
    page: int = 1
    ids: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    name: Pattern | None = None
    field: TimestampField = TimestampField.LAST_SEEN
    since: int | None = None
    until: int | None = None
    statuses: tuple[str, ...] = ()
    with_events: bool = False
    with_affected: bool = False


class TenantFilter(NamedTuple):
    """One search for tenants."""

    scope: Scope
    page: int = 1
    ids: tuple[str, ...] = ()
    name: Pattern | None = None
    main_only: bool = False
