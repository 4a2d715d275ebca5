"""What changes a service: made from a resource, started and stopped, reloaded, restarted.

One transaction each, opened by the caller. Source: REST API, 5.6 (the v3 operations are known from a public
client only). Rule: a service runs if it is paired and its colour says so, and only then it has an uptime.

GUESS: the order of the refusals is that of closing an alert (thing, tenant, role, state), and a service that
was never started can be neither reloaded nor restarted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mock_kuma.domain.problems import (
    AccessDenied,
    BadInput,
    Conflict,
    NotFound,
    TenantDisabled,
    WrongState,
)
from mock_kuma.domain.services import RUNNING, Kind, Status
from mock_kuma.store import directory, resources
from mock_kuma.store import services as store

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from mock_kuma.domain.roles import Scope
    from mock_kuma.generate import Soc
    from mock_kuma.world import World

#: One machine has all services, as in the vendor's all-in-one installation; its ports follow the Core's.
_HOST: Final = "kuma.corp.example"
_ADDRESS: Final = "10.0.0.10"
_FIRST_PORT: Final = 7230

#: What a new world has: kind and name (control API, "A new world").
_FIRST: Final = ((Kind.STORAGE, "Storage"), (Kind.CORRELATOR, "Correlator"))


@dataclass(frozen=True, slots=True)
class Draft:
    """A service to be made; what is None follows from whether it is paired."""

    id: str
    resource: str
    kind: Kind
    name: str
    tenant: str
    paired: bool
    status: Status | None = None
    fqdn: str | None = None
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different in a service; what is None stays."""

    status: Status | None = None
    paired: bool | None = None
    warning: str | None = None


def add_first(connection: Connection, world: World, soc: Soc) -> None:
    """Make the services of a new world, paired and green, in the main tenant."""
    drafts = [
        Draft(
            soc.uuid(f"{kind.value} service", 0),
            soc.uuid(kind.value, 0),
            kind,
            name,
            world.main_tenant,
            paired=True,
        )
        for kind, name in _FIRST
    ]
    # In one statement, without looking for others: every test makes a world.
    store.add(connection, [_row(world, draft, place) for place, draft in enumerate(drafts)])


def add(connection: Connection, world: World, draft: Draft) -> None:
    """Store a new service."""
    if store.find(connection, world.id, draft.id) is not None:
        raise Conflict(draft.id, "a service of this world has this id already")
    store.add(connection, [_row(world, draft, store.count(connection, world.id))])


def _row(world: World, draft: Draft, place: int) -> dict[str, Any]:
    """Return a new service's row; ``place`` is how many there were before."""
    now = world.clock.now()
    status = draft.status or _first_status(paired=draft.paired)
    # GUESS: host and port are known from the first start on.
    host = (draft.fqdn or _HOST, _ADDRESS, _FIRST_PORT + place)
    fqdn, address, port = host if draft.paired else (draft.fqdn or "", "", None)
    return {
        "world": world.id,
        "id": draft.id,
        "tenant": draft.tenant,
        "resource": draft.resource,
        "kind": draft.kind.value,
        "name": draft.name,
        "address": address,
        "fqdn": fqdn,
        "api_port": port,
        "status": status.value,
        "warning": draft.warning,
        "paired": draft.paired,
        "started": now if draft.paired and status in RUNNING else None,
        "created": now,
        "updated": now,
    }


def change(connection: Connection, world: World, service: str, wanted: Change) -> None:
    """Do what happens to a service on its server: the first start, a stop, an error."""
    row = store.find(connection, world.id, service)
    if row is None:
        raise NotFound("service", service)
    now = world.clock.now()
    paired = row.paired if wanted.paired is None else wanted.paired
    status = wanted.status
    if status is None:
        status = Status(row.status) if paired == row.paired else _first_status(paired=paired)
    started = (row.started or now) if paired and status in RUNNING else None
    values: dict[str, Any] = {"status": status.value, "paired": paired, "started": started, "updated": now}
    if paired and not row.paired:
        values["fqdn"], values["address"] = row.fqdn or _HOST, _ADDRESS
        values["api_port"] = row.api_port or _FIRST_PORT + store.count(connection, world.id)
    if wanted.warning is not None:
        values["warning"] = wanted.warning
    store.change(connection, world.id, service, values)


def create(connection: Connection, world: World, scope: Scope, *, service: str, resource: str) -> None:
    """Make a service from a resource, as the API does; it waits for its first start."""
    kind, name, tenant = _blueprint(connection, world, resource)
    _check(connection, world, scope, tenant)
    if kind not in {known.value for known in Kind}:
        # GUESS: the row of the services' own search.
        raise BadInput("invalid kind", kind)
    add(connection, world, Draft(service, resource, Kind(kind), name, tenant, paired=False))


def reload(connection: Connection, world: World, scope: Scope, service: str) -> None:
    """Let a service read its settings again.

    GUESS: nothing but the time of its last change is seen of it.
    """
    _running(connection, world, scope, service)
    store.change(connection, world.id, service, {"updated": world.clock.now()})


def restart(connection: Connection, world: World, scope: Scope, service: str) -> None:
    """Start a service anew.

    GUESS: a service that did not run runs afterwards, green and without its warning.
    """
    _running(connection, world, scope, service)
    now = world.clock.now()
    values = {"status": Status.GREEN.value, "warning": "", "started": now, "updated": now}
    store.change(connection, world.id, service, values)


def _blueprint(connection: Connection, world: World, resource: str) -> tuple[str, str, str]:
    """Return the kind, name and tenant that a service of the resource gets."""
    row = resources.find(connection, world.id, resource)
    # The sets of resources behind a world's first services are known by their services alone.
    row = row or store.of_resource(connection, world.id, resource)
    if row is None:
        raise NotFound("resource", resource)
    return row.kind, row.name, row.tenant


def _running(connection: Connection, world: World, scope: Scope, service: str) -> Row[Any]:
    row = store.find(connection, world.id, service)
    if row is None:
        raise NotFound("service", service)
    _check(connection, world, scope, row.tenant)
    if not row.paired:
        raise WrongState("service not paired")
    return row


def _check(connection: Connection, world: World, scope: Scope, tenant: str) -> None:
    row = directory.tenant(connection, world.id, tenant)
    if row is not None and row.disabled:
        raise TenantDisabled(tenant)
    if not scope.covers(tenant):
        raise AccessDenied(f"no role in tenant {tenant} allows this with its services")


def _first_status(*, paired: bool) -> Status:
    # GUESS: the colour of a service before its first start; the help tells those of running ones.
    return Status.GREEN if paired else Status.GREY
