"""What distinguishes the KUMA releases, as data.

Source: REST API pages 217973 of each release, alert life cycle 218046 and 304498, roles in the "Access"
lines. Rule: a release differs from another in this table and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Generation(StrEnum):
    """Which set of role names a release has."""

    OLD = "old"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Release:
    """One KUMA release: what answers, who exists, how alerts fill."""

    name: str
    api: frozenset[str]
    generation: Generation
    #: An alert with its events may not exceed this many bytes; None is no limit.
    alert_bytes: int | None
    #: At this many correlation events the next firing opens a new alert; None is no limit.
    alert_events: int | None
    #: Statuses that still receive events.
    fills: frozenset[str] = frozenset({"new"})
    #: An alert older than this receives no more events; microseconds, None is no limit.
    fill_age: int | None = None
    #: Whether users choose which alerts fill, and how many events a segmentation rule lets into one.
    filling_settings: bool = False


_SIXTEEN_MB: Final = 16 * 1024 * 1024  # alert and related events, up to 3.2 (alert data model, 233888)
_HOUR: Final = 3_600_000_000
_ALL: Final = frozenset({"v1", "v2", "v2.1", "v2.2", "v3"})


def _early(name: str, *api: str, generation: Generation) -> Release:
    return Release(name, frozenset(api), generation, alert_bytes=_SIXTEEN_MB, alert_events=None)


RELEASES: Final[Mapping[str, Release]] = {
    release.name: release
    for release in (
        _early("1.6", "v1", generation=Generation.OLD),
        _early("2.1", "v1", generation=Generation.OLD),
        _early("3.0.2", "v1", "v2", generation=Generation.NEW),
        # Later patches of 3.2 and 3.4 answer v2.2 and v3 too, and clients rely on it.
        _early("3.2", *_ALL, generation=Generation.NEW),
        # GUESS: 3.4 limits alerts as 3.2 does; its own pages were not readable.
        _early("3.4", *_ALL, generation=Generation.NEW),
        Release(
            "4.0",
            frozenset({"v3"}),
            Generation.NEW,
            alert_bytes=None,
            alert_events=10_000,
            fill_age=336 * _HOUR,
            filling_settings=True,
        ),
    )
}
