"""Services as rows: a page of a search, one, a tenant's, and the clusters that the storages make up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Row,
    Select,
    Table,
    func,
    insert,
    select,
    update,
)

from mock_kuma.domain.services import RUNNING, Cluster, Kind
from mock_kuma.store import tables
from mock_kuma.store.kinds import Integer, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mock_kuma.domain.services import ServiceFilter

services = Table(
    "services",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("resource", Text, nullable=False),  # the set of resources that it is made from
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False, default=""),
    Column("fqdn", Text, nullable=False, default=""),
    Column("api_port", Integer),  # NULL before the first start
    Column("status", Text, nullable=False),
    Column("warning", Text, nullable=False, default=""),
    Column("paired", Boolean, nullable=False),
    Column("started", BigInteger),  # NULL where it does not run
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Index("services_tenant", "world", "tenant"),
)


def page(connection: Connection, world: str, wanted: ServiceFilter, *, page_size: int) -> list[Row[Any]]:
    """Return one page of a search, by name, then by id (the vendor names no order)."""
    table = services
    query: Select[Any] = select(table).where(table.c.world == world)
    if not wanted.scope.everywhere:
        query = query.where(table.c.tenant.in_(wanted.scope.tenants))
    for column, values in (
        (table.c.id, wanted.ids),
        (table.c.tenant, wanted.tenants),
        (table.c.kind, wanted.kinds),
    ):
        if values:
            query = query.where(column.in_(values))
    for column, pattern in ((table.c.name, wanted.name), (table.c.fqdn, wanted.fqdn)):
        if pattern is not None:
            known = connection.execute(select(column).where(table.c.world == world).distinct())
            query = query.where(column.in_(pattern.among(known.scalars())))
    if wanted.paired_only:
        query = query.where(table.c.paired.is_(True))
    query = query.order_by(table.c.name, table.c.id)
    return list(connection.execute(query.limit(page_size).offset((wanted.page - 1) * page_size)))


def find(connection: Connection, world: str, service: str) -> Row[Any] | None:
    """Return the service's row, or None."""
    place = (services.c.world == world) & (services.c.id == service)
    return connection.execute(select(services).where(place)).first()


def of_tenant(connection: Connection, world: str, tenant: str) -> list[Row[Any]]:
    """Return a tenant's services, by name and id."""
    table = services
    query = select(table).where(table.c.world == world, table.c.tenant == tenant)
    return list(connection.execute(query.order_by(table.c.name, table.c.id)))


def of_resource(connection: Connection, world: str, resource: str) -> Row[Any] | None:
    """Return the oldest service that is made from a resource, or None."""
    table = services
    query = select(table).where(table.c.world == world, table.c.resource == resource)
    return connection.execute(query.order_by(table.c.created, table.c.id).limit(1)).first()


def clusters(connection: Connection, world: str) -> list[Cluster]:
    """Return all storage clusters of a world, by name and id."""
    table = services
    query = select(table).where(table.c.world == world, table.c.kind == Kind.STORAGE.value)
    nodes: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(query.order_by(table.c.created, table.c.id)):
        nodes.setdefault(row.resource, []).append(row)
    known = [
        Cluster(
            id=resource,
            tenant=rows[0].tenant,
            name=rows[0].name,
            available=any(row.paired and row.status in RUNNING for row in rows),
        )
        for resource, rows in nodes.items()
    ]
    return sorted(known, key=lambda one: (one.name, one.id))


def count(connection: Connection, world: str) -> int:
    """Return how many services a world has."""
    query = select(func.count()).select_from(services).where(services.c.world == world)
    return int(connection.execute(query).scalar_one())


def add(connection: Connection, values: Sequence[Mapping[str, Any]]) -> None:
    """Store new services."""
    connection.execute(insert(services), list(values))


def change(connection: Connection, world: str, service: str, values: Mapping[str, Any]) -> None:
    """Write new values of a service."""
    place = (services.c.world == world) & (services.c.id == service)
    connection.execute(update(services).where(place).values(values))
