"""The join: what was served, what KUMA holds, and what the SOAR claims to hold.

Decides whether an incident is missing, doubled, invented, old or wrong, and says so in plain words.
Pure: no process, no network, no clock. Rule: it never judges a design. Only alerts that are new must be
there; what became of an incident after its alert left new is nobody's business without mirror.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from harness.facts import Exchange, Sighting, Truth
    from harness.protocol import Incident

#: So many ids are named in a sentence; the rest is counted.
_NAMED: Final = 3
#: The vendor's page size.
_PAGE: Final = 250
#: For so long after a refusal there may arrive what was sent before it was read.
_UNDER_WAY: Final = dt.timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True)
class Record:
    """What is known after some polls. ``exchanges`` are pairs of poll number and exchange."""

    incidents: Sequence[Incident]
    exchanges: Sequence[tuple[int, Exchange]]
    seen: Mapping[str, Sequence[Sighting]]
    polls: int

    def held(self, alert: str) -> list[Incident]:
        """Return the incidents of an alert."""
        return [incident for incident in self.incidents if incident.alert_id == alert]


def missing(record: Record, expected: Iterable[str]) -> set[str]:
    """Return the expected alerts that have no incident."""
    return set(expected) - {incident.alert_id for incident in record.incidents}


def exactly(record: Record, *, new: Sequence[str], known: Iterable[str]) -> list[Finding]:
    """Judge that each new alert has one open incident, and that no incident is of an unknown alert."""
    return [
        *lost(record, new),
        *doubled(record),
        *invented(record, known),
        *closed_by_itself(record, new),
    ]


def lost(record: Record, expected: Sequence[str]) -> list[Finding]:
    """Find the alerts that must have an incident and have none."""
    gone = missing(record, expected)
    if not gone:
        return []
    # Those that were served and dropped tell more than those that were never asked for.
    named = sorted(gone, key=lambda alert: (alert not in record.seen, expected.index(alert)))
    first = named[0]
    count = f"{len(gone)} of {len(expected)} alerts have" if len(expected) > 1 else "the alert has"
    sentence = (
        f"{count} no incident after poll {record.polls}; alert {first} {_served(record, first)}"
        f"{_pages(record) if first not in record.seen else ''}"
    )
    held = f"{len(expected) - len(gone)}; missing: {_names(named)}"
    defect = 3 if first not in record.seen and _pages(record) else None
    return [Finding("lost", sentence, f"an incident for each of {len(expected)}", held, defect)]


def doubled(record: Record) -> list[Finding]:
    """Find alerts with more than one incident, and incident ids that are not unique."""
    findings = []
    by_alert = Counter(incident.alert_id for incident in record.incidents)
    twice = [alert for alert, count in by_alert.items() if count > 1]
    if twice:
        first = twice[0]
        rest = f" ({len(twice)} alerts have more than one)" if len(twice) > 1 else ""
        sentence = (
            f"alert {first} has {by_alert[first]} incidents after poll {record.polls}; "
            f"it {_served(record, first)}{rest}"
        )
        findings.append(Finding("doubled", sentence, "one incident an alert", _names(twice)))
    by_id = Counter(incident.id for incident in record.incidents)
    shared = [name for name, count in by_id.items() if count > 1]
    if shared:
        sentence = f"{by_id[shared[0]]} incidents have the same id {shared[0]!r}"
        findings.append(Finding("doubled", sentence, "unique incident ids", _names(shared), 34))
    return findings


def invented(record: Record, known: Iterable[str]) -> list[Finding]:
    """Find incidents of alerts that this KUMA never had."""
    real = set(known)
    foreign = [incident.alert_id for incident in record.incidents if incident.alert_id not in real]
    if not foreign:
        return []
    sentence = f"there is an incident for alert {foreign[0]!r}, which this KUMA never had"
    return [Finding("leaked", sentence, "incidents of this KUMA's alerts only", _names(foreign))]


def closed_by_itself(record: Record, new: Iterable[str]) -> list[Finding]:
    """Find closed incidents of alerts that are new, and that nobody closed."""
    open_ones = set(new)
    wrong = [
        incident.alert_id
        for incident in record.incidents
        if incident.status == "closed" and incident.alert_id in open_ones
    ]
    if not wrong:
        return []
    sentence = (
        f"the incident of alert {wrong[0]} is closed after poll {record.polls}, although the alert is new in "
        "KUMA and nobody closed the incident"
    )
    return [Finding("closed", sentence, "open", "closed: " + _names(wrong), 53)]


#: What users of KUMA change, and mirrors follow.
MIRRORED: Final = frozenset({"priority", "assignee", "kuma_status"})


def misshown(truth: Truth, incident: Incident, *, only: frozenset[str] = frozenset()) -> list[Finding]:
    """Find facts of an alert that its incident shows wrongly, or some of them; optional ones where told."""
    pairs = {
        "name": (truth.name, incident.name),
        "priority": (truth.priority, incident.priority),
        "first_seen": (_text(truth.first_seen), _text(incident.first_seen)),
        "last_seen": (_text(truth.last_seen), _text(incident.last_seen)),
        "tenant_id": (truth.tenant, incident.tenant_id),
        "assignee": (truth.assignee, incident.assignee),
        "overflow": (truth.overflow, incident.overflow),
        "kuma_status": (truth.status, incident.kuma_status),
    }
    return [
        Finding(
            "wrong",
            f"the incident of alert {truth.id} has {field} {held!r}, KUMA has {real!r}",
            f"{field}: {real}",
            f"{field}: {held}",
        )
        for field, (real, held) in pairs.items()
        if held is not None and held != real and (not only or field in only)
    ]


def events_wrong(truth: Truth, incident: Incident) -> list[Finding]:
    """Find events that an incident lacks, holds twice, or has from elsewhere."""
    held = incident.event_ids or []
    real = truth.event_ids
    lacking = [event for event in real if event not in set(held)]
    # Base events below the alert's events may be held as well: they are the alert's own.
    foreign = [event for event in held if event not in {*real, *truth.base_event_ids}]
    twice = [event for event, count in Counter(held).items() if count > 1]
    whose = f"the incident of alert {truth.id}"
    found = []
    if lacking:
        sentence = f"{whose} lacks {len(lacking)} of {len(real)} events, {lacking[0]} among them"
        found.append(Finding("lost events", sentence, f"{len(real)} events", f"lacking: {_names(lacking)}"))
    if foreign:
        sentence = f"{whose} holds event {foreign[0]}, which is not the alert's"
        found.append(Finding("foreign events", sentence, "the alert's events", _names(foreign), 48))
    if twice:
        sentence = f"{whose} holds event {twice[0]} twice"
        found.append(Finding("doubled events", sentence, "each event once", _names(twice), 44))
    return found


def affected(alert: str, what: str, wanted: set[str], held: set[str]) -> list[Finding]:
    """Find affected assets or accounts that an incident lacks, or has from elsewhere."""
    if wanted == held:
        return []
    odd = sorted(wanted ^ held)
    verb = "lacks" if odd[0] in wanted else "has"
    sentence = f"the incident of alert {alert} {verb} {odd[0]!r} among its {what}"
    return [Finding("wrong", sentence, _names(sorted(wanted)) or "none", _names(sorted(held)) or "none")]


def stale(record: Record, truth: Truth, *, with_events: bool) -> list[Finding]:
    """Find an incident that is behind its alert."""
    incidents = record.held(truth.id)
    if not incidents:
        return []
    held = incidents[0]
    same_time = _text(held.last_seen) == _text(truth.last_seen)
    lacking = [event for event in truth.event_ids if event not in (held.event_ids or [])]
    if same_time and not (with_events and lacking):
        return []
    old = _held_version(truth, held, with_events=with_events)
    sentence = (
        f"alert {truth.id} is in version {truth.version} in KUMA and {_served(record, truth.id)}; "
        f"after poll {record.polls} the SOAR still holds {old}"
    )
    events = f", {len(truth.event_ids)} events" if with_events else ""
    having = f", {len(held.event_ids or [])} events" if with_events else ""
    return [
        Finding(
            "stale",
            sentence,
            f"last_seen {_text(truth.last_seen)}{events}",
            f"last_seen {_text(held.last_seen)}{having}",
        )
    ]


def hasty(
    exchanges: Sequence[tuple[int, Exchange]], refused: Exchange, *, over: dt.datetime, asked: str
) -> list[Finding]:
    """Find requests that came before ``over``, after one that was refused with a Retry-After."""
    refused_in = next(poll for poll, exchange in exchanges if exchange.seq == refused.seq)
    early = [
        exchange
        for poll, exchange in exchanges
        if exchange.seq > refused.seq and exchange.at < over
        if not (poll == refused_in and _was_under_way(exchange, refused))
    ]
    if not early:
        return []
    after = (early[0].at - refused.at).total_seconds()
    sentence = f"KUMA asked to {asked}; the next request came after {after:.2f} seconds"
    return [Finding("hasty", sentence, "no request until then", f"{len(early)} requests")]


def _was_under_way(exchange: Exchange, refused: Exchange) -> bool:
    """Tell whether a request may have been sent before the refusal was read: one for another page, say.

    The same question once more is an answer to the refusal; a window that ends now is the same question.
    """
    asked, before = (
        (one.path, [pair for pair in one.query.pairs if pair[0].lower() not in {"from", "to"}])
        for one in (exchange, refused)
    )
    return asked != before and exchange.at < refused.at + _UNDER_WAY


def each(
    truths: Iterable[Truth], record: Record, judge: Callable[[Truth, Incident], list[Finding]]
) -> list[Finding]:
    """Judge every incident of every alert given."""
    return [
        finding
        for truth in truths
        for incident in record.held(truth.id)
        for finding in judge(truth, incident)
    ]


def _text(moment: dt.datetime) -> str:
    """Return the instant as KUMA writes it, in whole seconds: finer parts cannot be known by a connector."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _served(record: Record, alert: str) -> str:
    times = record.seen.get(alert)
    if not times:
        return "was in no answer that arrived"
    last = times[-1]
    when = f"at poll {last.poll}" if last.poll else "outside of a poll"
    return f"was served last {when} in version {last.version}"


def _pages(record: Record) -> str:
    """Say it where the connector was served a full page and never asked for more."""
    lists = [(poll, exchange) for poll, exchange in record.exchanges if exchange.is_list]
    full = any(len(exchange.served) >= _PAGE for _, exchange in lists if exchange.arrived)
    # A poll may well ask the same question twice, to see whether the list has moved.
    asked = {(poll, exchange.query.raw) for poll, exchange in lists}
    by_poll = Counter(poll for poll, _ in asked)
    if full and by_poll and max(by_poll.values()) == 1:
        return "; a full page was served, and none of the polls asked for a second one"
    return ""


def _held_version(truth: Truth, incident: Incident, *, with_events: bool) -> str:
    """Tell the version that an incident shows, from its events or its time."""
    so_far: set[str] = set()
    for entry in truth.history:
        so_far.update(entry.event_ids)
        same_time = entry.last_seen is not None and _text(entry.last_seen) == _text(incident.last_seen)
        if set(incident.event_ids or []) == so_far if with_events else same_time:
            return f"version {entry.version}"
    return "an older state"


def _names(ids: Sequence[str]) -> str:
    rest = len(ids) - _NAMED
    return ", ".join(ids[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
