"""How alerts fill: which of them still receive events, and which events go into an alert of their own.

Sources: alert filling 304498 and life cycle 218046 (4.0), segmentation rules 222426 and 243124 (REST API, 7).
Knows neither storage nor the time. Rule: without a setting and without rules an alert fills as its release
does by default.

GUESS: where several segmentation rules take an event, the oldest of them has it; a field that an event does
not have is empty, "" or 0, as the event data model says of empty fields.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mock_kuma.domain.releases import Release

_HOUR: Final = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Setting:
    """What the users of a 4.0 installation have chosen: statuses that fill, and for how many hours."""

    statuses: frozenset[str]
    max_age_hours: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Which alerts receive events; None is no limit."""

    statuses: frozenset[str]
    #: Microseconds from the alert's creation.
    max_age: int | None
    #: At so many events the next firing opens a new alert.
    max_events: int | None
    #: An alert with its events may not exceed so many bytes.
    max_bytes: int | None

    def limited(self, events: int | None) -> Policy:
        """Return the policy of an alert for which a segmentation rule names another number of events."""
        return self if events is None else replace(self, max_events=events)


@dataclass(frozen=True, slots=True)
class SegmentationRule:
    """Events of a correlation rule that match go into an alert of this name; ``selector`` {} matches all."""

    id: str
    name: str
    #: The correlation rule's id or name.
    correlation_rule: str
    selector: Mapping[str, str | int | float]
    events_limit: int | None

    def takes(self, event: Mapping[str, Any], *, rule: str, rule_name: str) -> bool:
        """Say whether a firing of the correlation rule belongs into this rule's alert."""
        return self.correlation_rule in {rule, rule_name} and all(
            _same(event.get(name), value) for name, value in self.selector.items()
        )


def policy(release: Release, setting: Setting | None) -> Policy:
    """Return what is in force: the release's default, unless the world has a setting."""
    return Policy(
        statuses=release.fills if setting is None else setting.statuses,
        max_age=release.fill_age if setting is None else setting.max_age_hours * _HOUR,
        max_events=release.alert_events,
        max_bytes=release.alert_bytes,
    )


def segment(
    rules: Iterable[SegmentationRule], event: Mapping[str, Any], *, rule: str, rule_name: str
) -> SegmentationRule | None:
    """Return the segmentation rule that takes a firing of a correlation rule, or None."""
    return next((one for one in rules if one.takes(event, rule=rule, rule_name=rule_name)), None)


def default_hours(release: Release) -> int | None:
    """Return for how many hours an alert fills by default; None is no limit."""
    return None if release.fill_age is None else release.fill_age // _HOUR


def _same(found: Any, wanted: str | float) -> bool:
    if found is None:
        found = "" if isinstance(wanted, str) else 0
    # In Python true is 1, in JSON it is not.
    return not isinstance(found, bool) and bool(found == wanted)
