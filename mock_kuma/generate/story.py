"""What happened: who took part in an alert, and the correlation events that its rule fired.

The cast is drawn once for an alert, so its events share hosts, users and addresses; only the moment
(ports, process ids, sizes, times) differs from event to event. Knows neither status nor tenant: the
caller adds those. Rule: a firing is a function of the seed, the alert's number and its own number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from mock_kuma.generate.catalogue import PRIORITIES
from mock_kuma.generate.estate import outside
from mock_kuma.generate.people import DNS_DOMAIN, NT_DOMAIN
from mock_kuma.generate.seed import choose, uuid_from

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mock_kuma.generate.catalogue import Choice, Rule, Template
    from mock_kuma.generate.estate import Host
    from mock_kuma.generate.people import Account, People
    from mock_kuma.generate.seed import Seed

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 -- UTC; its text shall not say so

#: How many base events a firing has where nobody says: two as a rule, which keeps answers small.
_BASE_COUNTS: Final = (2,) * 28 + (3, 4, 5, 6)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part in one alert, by role, and every placeholder's value for its events."""

    hosts: Mapping[str, Host]
    accounts: Mapping[str, Account]
    words: dict[str, object]


def cast(seed: Seed, rule: Rule, n: int, *, estate: Mapping[str, Sequence[Host]], people: People) -> Cast:
    """Draw the hosts, accounts and outside machine of the alert number ``n``, and the rule's words.

    Hosts and accounts depend on the number alone: another rule under the same number meets the same.
    """
    random = seed.random("alert", n)
    hosts = {role: choose(random, choices) for role, choices in estate.items()}
    user, admin = choose(random, people.staff), choose(random, people.admins)
    mark = seed.digest("mark", n).hex()
    words: dict[str, object] = {
        "user": user.login,
        "user_dn": user.dn,
        "user_sid": user.sid,
        "user_mail": f"{user.login}@example.com",
        "admin": admin.login,
        "domain": NT_DOMAIN,
        "dns_domain": DNS_DOMAIN,
        "hash": mark,
        "hash16": mark[:16],
        **outside(random),
    }
    for host in hosts.values():
        words.update(host.words)
    for name, choices in rule.words:
        word = choose(random, choices)
        words[name] = word.format_map(words) if isinstance(word, str) else word
    return Cast(hosts=hosts, accounts={"user": user, "admin": admin}, words=words)


def firings(
    seed: Seed,
    rule: Rule,
    cast: Cast,
    *,
    n: int,
    rule_id: str,
    first: int,
    timestamps: Sequence[int],
    base_events: int | None,
) -> list[dict[str, object]]:
    """Return a correlation event for each time (ms since epoch), numbered from ``first``.

    ``base_events`` is how many base events each of them has; None is two to six, from the seed.
    """
    shared: dict[str, object] = {
        "Type": 3,
        "Name": rule.name,
        "Priority": PRIORITIES[rule.priority],
        "ServiceName": "Correlator",
        "ServiceKind": "correlator",
        "CorrelationRuleID": rule_id,
        "CorrelationRuleName": rule.name,
        "Tactic": rule.tactic,
        "Technique": rule.technique,
        "Message": rule.message.format_map(cast.words),
    }
    events = []
    for number, timestamp in enumerate(timestamps, first):
        chance = seed.digest("event", n, number)
        count = base_events or _BASE_COUNTS[chance[16] % len(_BASE_COUNTS)]
        templates = _sequence(rule, count)
        draws = [seed.digest("base event", n, number, place) for place in range(count)]
        nested = _nested(rule, templates, draws, cast.words, before=timestamp)
        event: dict[str, object] = {"ID": uuid_from(chance), "Timestamp": timestamp, **shared}
        event["GroupedBy"] = list(rule.grouped_by)
        for field in rule.grouped_by:
            event[field] = nested[-1][field]
        event["BaseEventCount"] = count
        # GUESS: base events are nested whole, as objects (event data model 217941; the pages that could
        # be read do not show the answer of an alert search).
        event["BaseEvents"] = nested
        events.append(event)
    return events


def _sequence(rule: Rule, count: int) -> tuple[Template, ...]:
    """Return the kinds of base events in order: the first one repeated, or only the last ones."""
    missing = count - len(rule.templates)
    return rule.templates[:1] * missing + rule.templates if missing > 0 else rule.templates[-count:]


def _nested(
    rule: Rule,
    templates: Sequence[Template],
    draws: Sequence[bytes],
    words: Mapping[str, object],
    *,
    before: int,
) -> list[dict[str, object]]:
    """Return base events in the order of time, the last one just before the correlation event."""
    events = []
    moment = before - 20 - draws[-1][30]
    for template, draw in zip(reversed(templates), reversed(draws), strict=True):
        events.append(_base_event(template, rule.each, words, draw, max(0, moment)))
        moment -= 120 + 9 * draw[31]  # up to two and a half seconds apart
    events.reverse()
    return events


def _base_event(
    template: Template, each: Sequence[Choice], words: Mapping[str, object], draw: bytes, timestamp: int
) -> dict[str, object]:
    known = {**words, **_moment(draw, timestamp)}
    for place, (name, choices) in enumerate(each):
        word = choices[draw[place] % len(choices)]
        known[name] = word.format_map(known) if isinstance(word, str) else word
    event = {"ID": uuid_from(draw), "Timestamp": timestamp, **template.constants}
    for field, name in template.references:
        event[field] = known[name]
    for field, text in template.texts:
        event[field] = text.format_map(known)
    return event


def _moment(draw: bytes, timestamp: int) -> dict[str, object]:
    """Return the placeholders that differ from one base event to the next."""
    number = int.from_bytes(draw[16:30], "big")
    at = _EPOCH + timedelta(milliseconds=timestamp)
    iso = at.isoformat(timespec="milliseconds")  # 2026-01-31T09:30:00.250
    date, clock = iso[:10], iso[11:19]
    # Not strftime: its month names follow the machine's locale.
    month = _MONTHS[at.month - 1]
    return {
        "iso": f"{iso}Z",
        "date": date,
        "clock": clock,
        "syslog": f"{month} {at.day:2d} {clock}",
        "clf": f"{date[8:]}/{month}/{date[:4]}:{clock} +0000",
        "epoch": f"{timestamp // 1000}{iso[19:]}",
        "port": 49152 + (number & 0x3FFF),
        "pid": 4 + 4 * (number >> 14 & 0xFFF),
        "record": 100_000 + (number >> 26 & 0xFFFFF),
        "bytes": 4_000_000 + (number >> 46 & 0x3FFFFFF),
        "bytes_in": 400 + (number >> 72 & 0xFFFF),
        "nonce": f"{number & 0xFFFFFFFFFF:010x}",
        "logon": f"0x{number >> 88 & 0xFFFFFF:06x}",
    }
