"""One simulated organisation: what its KUMA would have raised, from nothing but a seed.

The front of the package. It decides which rule the n-th alert has and hands the rest on; it does not
know tenants, statuses or the time. Rule: every answer is a function of the seed and the arguments, so
alerts may be asked for in any order and any number of times.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from mock_kuma.generate import estate, people, story
from mock_kuma.generate.catalogue import catalogue
from mock_kuma.generate.seed import Seed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mock_kuma.generate.catalogue import Rule
    from mock_kuma.generate.estate import Host


@dataclass(frozen=True, slots=True)
class DraftAlert:
    """What an alert is from birth; status, times and tenant are the caller's.

    ``affected_assets`` and ``affected_accounts`` are in the vendor's shape with all keys of all API
    versions; the ``tenantID`` and ``tenantName`` of an asset are "" and the caller's to fill in.
    """

    id: str
    name: str
    correlation_rule_id: str
    priority: str
    affected_assets: list[dict[str, object]]
    affected_accounts: list[dict[str, object]]


@dataclass(frozen=True)
class _Organisation:
    """Accounts and machines; made at the first alert, not before: they cost milliseconds."""

    people: people.People
    estate: Mapping[str, tuple[Host, ...]]


class Soc:
    """A simulated organisation; making one is free, its first alert takes some milliseconds.

    >>> Soc(7).alert(0).id == Soc("7").alert(0).id
    True
    """

    def __init__(self, seed: int | str) -> None:
        self._seed = Seed(str(seed))
        self._last: tuple[Rule, int, story.Cast] | None = None

    @cached_property
    def _organisation(self) -> _Organisation:
        staff = people.hire(self._seed, people.sample_names(self._seed))
        owners = tuple(account.full_name for account in staff.staff)
        return _Organisation(people=staff, estate=estate.build(self._seed, owners))

    def uuid(self, kind: str, n: int) -> str:
        """Return the id (UUID v4) of the n-th thing of a kind: ``uuid("tenant", 1)``.

        It never equals an id of anything else that this organisation makes.
        """
        return self._seed.uuid("given", kind, n)

    def cast_number(self, name: str) -> int:
        """Return the number under which alerts of one story meet the same hosts and accounts.

        It is negative, so that it is no alert's own number.
        """
        return -1 - (int.from_bytes(self._seed.digest("cast", name)[:4], "big") >> 1)

    def words(self, cast: int) -> dict[str, object]:
        """Return what a cast is called in the catalogue: ``source_ip``, ``user``, ``outside_host`` ..."""
        nobodys = replace(catalogue().wheel[0], words=())
        return dict(self._cast(nobodys, cast).words)

    def alert(self, n: int, *, name: str | None = None, cast: int | None = None) -> DraftAlert:
        """Return the n-th alert; ``name`` chooses its rule (any name: a rule of that name is made up).

        ``cast`` is the number whose hosts and accounts it has; None is its own.
        """
        rule = self._rule(n) if name is None else self._rule_named(name)
        shown = self._cast(rule, n if cast is None else cast)
        return DraftAlert(
            id=self._seed.uuid("alert", n),
            name=rule.name,
            correlation_rule_id=self._seed.uuid("rule", rule.name),
            priority=rule.priority,
            affected_assets=[shown.hosts[role].affected() for role in rule.assets],
            affected_accounts=[shown.accounts[role].affected() for role in rule.accounts],
        )

    def events(
        self,
        alert_name: str,
        rule_id: str,
        *,
        n: int,
        first: int,
        timestamps: Sequence[int],
        base_events: int | None = None,
    ) -> list[dict[str, object]]:
        """Return correlation events number ``first`` and on of the alert number ``n``, one for each time.

        Times are milliseconds since the epoch, up to the year 9999. Hosts and accounts are those of
        ``alert(n, name=alert_name)``, or of the cast that has the number; tenants are left out.
        ``base_events`` (1 or more) is how many base events are nested in each; if it is not given, two to
        six, two as a rule.
        """
        if base_events is not None and base_events < 1:
            raise ValueError(f"base_events is {base_events}; a correlation event has at least one base event")
        rule = self._rule_named(alert_name)
        return story.firings(
            self._seed,
            rule,
            self._cast(rule, n),
            n=n,
            rule_id=rule_id,
            first=first,
            timestamps=timestamps,
            base_events=base_events,
        )

    def _rule(self, n: int) -> Rule:
        wheel = catalogue().wheel
        return wheel[int.from_bytes(self._seed.digest("alert's rule", n)[:8], "big") % len(wheel)]

    def _rule_named(self, name: str) -> Rule:
        """Return the rule of that name; an unknown name gets another rule's events under its own."""
        known = catalogue()
        if name in known.rules:
            return known.rules[name]
        place = int.from_bytes(self._seed.digest("rule's events", name)[:8], "big")
        likeness = tuple(known.rules.values())[place % len(known.rules)]
        # The message of the likeness would tell another story; a name is no template, so escape it.
        return replace(likeness, name=name, message=name.replace("{", "{{").replace("}", "}}"))

    def _cast(self, rule: Rule, n: int) -> story.Cast:
        # An alert is asked for and then its events: two draws of a hundred would be the same.
        last = self._last
        if last is not None and last[0] is rule and last[1] == n:
            return last[2]
        organisation = self._organisation
        found = story.cast(self._seed, rule, n, estate=organisation.estate, people=organisation.people)
        self._last = rule, n, found
        return found
