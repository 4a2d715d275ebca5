"""What concerns the lists of a correlator: who may touch them, which there are, records imported.

Sources: 222308, 222252, 269915, XDR 270080 (REST API, 5.2 and 5.3). Rights follow the correlator's tenant:
whoever may import there may import into any list of the correlator, even if the list is a shared resource
(222252). Rule: a list is changed as a whole or not at all.

GUESS: a correlator has every active list and context table that is a resource of its tenant or a shared
one; in KUMA it has those that its rules use. GUESS: the order of the refusals is service, tenant, role,
kind, pairing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from mock_kuma.domain import lists as rules
from mock_kuma.domain.problems import AccessDenied, BadInput, NotFound, TenantDisabled, WrongState
from mock_kuma.domain.services import RUNNING, Kind
from mock_kuma.store import directory, services
from mock_kuma.store import lists as store
from mock_kuma.store import resources as resource_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from mock_kuma.domain.roles import Scope
    from mock_kuma.world import World

NOUNS: Final = {
    rules.Kind.ACTIVE_LIST: "active list",
    rules.Kind.CONTEXT_TABLE: "context table",
}


def correlator(connection: Connection, world: World, scope: Scope, service: str) -> Row[Any]:
    """Return a paired and running correlator in which the caller may act, or raise why it is none."""
    row = services.find(connection, world.id, service)
    if row is None:
        raise NotFound("service", service)
    tenant = directory.tenant(connection, world.id, row.tenant)
    if tenant is not None and tenant.disabled:
        raise TenantDisabled(row.tenant)
    if not scope.covers(row.tenant):
        raise AccessDenied(f"no role in tenant {row.tenant} allows this on its correlators")
    if row.kind != Kind.CORRELATOR:
        raise WrongState("service is not correlator")
    if not row.paired:
        raise WrongState("service not paired")
    if row.status not in RUNNING:
        raise rules.CorrelatorUnavailable(service)
    return row


def of_correlator(connection: Connection, world: World, row: Row[Any], kind: rules.Kind) -> list[Row[Any]]:
    """Return the resources of the lists that a correlator has, by name."""
    return resource_store.available(connection, world.id, kind=kind.value, tenant=row.tenant)


def one(
    connection: Connection,
    world: World,
    row: Row[Any],
    kind: rules.Kind,
    *,
    key: str | None,
    name: str | None,
) -> Row[Any]:
    """Return one of the correlator's lists; where both are given, the id counts."""
    for found in of_correlator(connection, world, row, kind):
        if found.id == key or (key is None and found.name == name):
            return found
    raise NotFound(NOUNS[kind], key or name or "")


def fields(row: Row[Any]) -> rules.Fields:
    """Return the fields of a context table."""
    return rules.fields_of(msgspec.json.decode(row.payload))


def put(
    connection: Connection,
    world: World,
    correlator_id: str,
    row: Row[Any],
    records: Sequence[rules.Record],
    *,
    clear: bool,
) -> None:
    """Write records into a list; with ``clear`` they are all that it holds afterwards."""
    store.put(connection, world.id, correlator_id, row.id, records, at=world.clock.now(), clear=clear)
    held, size = store.size(connection, world.id, correlator_id, row.id)
    if held > rules.MAX_RECORDS or size > rules.MAX_BYTES:
        raise BadInput(
            "correlator API request failed",
            f"the list would hold {held} records of {size} bytes; "
            f"it takes {rules.MAX_RECORDS} of {rules.MAX_BYTES}",
        )
