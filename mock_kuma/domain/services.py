"""A service: its kind, its colour, and the storage clusters that storage services make up.

Source: REST API, 4.2 and 5.6. What the colours mean: services page 290335 of the help, 3.4. Knows neither
storage nor HTTP. Rule: a service that was never started (is not paired) has no host, and answers nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from mock_kuma.domain.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mock_kuma.domain.patterns import Pattern
    from mock_kuma.domain.roles import Scope


class NoNodes(Problem):
    """No storage cluster, or no node of the one that is meant, answers."""

    def __str__(self) -> str:
        return "no node of the storage cluster answers"


class Kind(StrEnum):
    """The kinds of services; a resource of the same kind says how one is set up."""

    COLLECTOR = "collector"
    CORRELATOR = "correlator"
    STORAGE = "storage"
    AGENT = "agent"
    # GUESS: newer releases have it, and which was the first is not known; it is taken in all of them.
    EVENT_ROUTER = "eventRouter"


class Status(StrEnum):
    """A service's colour (seen in a public client)."""

    GREEN = "green"
    YELLOW = "yellow"  # runs, with errors
    RED = "red"  # does not run, or cannot be reached
    BLUE = "blue"
    GREY = "grey"


#: Colours of a service that answers.
#: GUESS: blue is what the help calls purple, a running service whose settings have changed.
RUNNING: Final = frozenset({Status.GREEN, Status.YELLOW, Status.BLUE})


@dataclass(frozen=True, slots=True)
class ServiceFilter:
    """One search for services; pages from 1."""

    scope: Scope
    page: int = 1
    ids: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    name: Pattern | None = None
    fqdn: Pattern | None = None
    kinds: tuple[str, ...] = ()
    paired_only: bool = False


@dataclass(frozen=True, slots=True)
class Cluster:
    """A storage cluster: the storage services of one resource, whose id is the cluster's.

    GUESS: it is named after the resource and belongs to its tenant.
    """

    id: str
    tenant: str
    name: str
    #: Whether one of its nodes answers.
    available: bool


@dataclass(frozen=True, slots=True)
class ClusterFilter:
    """One search for clusters; those of the main tenant are there for everybody (222298)."""

    scope: Scope
    main_tenant: str
    page: int = 1
    ids: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    name: Pattern | None = None

    def sees(self, cluster: Cluster) -> bool:
        """Say whether the caller may know of the cluster."""
        return cluster.tenant == self.main_tenant or self.scope.covers(cluster.tenant)


def found(clusters: Sequence[Cluster], wanted: ClusterFilter, *, page_size: int) -> list[Cluster]:
    """Return one page of the clusters that a search asks for, in the order given."""
    names = None if wanted.name is None else set(wanted.name.among({one.name for one in clusters}))
    matching = [
        one
        for one in clusters
        if wanted.sees(one)
        and (not wanted.ids or one.id in wanted.ids)
        and (not wanted.tenants or one.tenant in wanted.tenants)
        and (names is None or one.name in names)
    ]
    start = (wanted.page - 1) * page_size
    return matching[start : start + page_size]


def uptime(started: int | None, now: int) -> str:
    """Return how long a service has been running, "" where it does not; times in microseconds.

    GUESS: the text of a Go duration, such as 26h3m9s; the field is known from recollection alone.
    """
    if started is None:
        return ""
    minutes, seconds = divmod(max(now - started, 0) // 1_000_000, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{seconds}s"
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
