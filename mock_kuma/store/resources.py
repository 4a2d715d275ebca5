"""Resources and their folders as rows: a page of a search, one, its former versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Row,
    Select,
    Table,
    delete,
    insert,
    select,
    update,
)

from mock_kuma.store import tables
from mock_kuma.store.kinds import Integer, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mock_kuma.domain.resources import FolderFilter, ResourceFilter

resources = Table(
    "resources",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("folder", Text, nullable=False, default=""),  # "" is the root
    Column("user", Text, nullable=False, default=""),  # who made it
    Column("version", Integer, nullable=False, default=1),
    Column("payload", Text, nullable=False),  # JSON, an object
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Index("resources_kind", "world", "kind", "tenant"),
)

versions = Table(
    "resource_versions",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("resource", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("user", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("payload", Text, nullable=False),
    ForeignKeyConstraint(["world", "resource"], ["resources.world", "resources.id"], ondelete="CASCADE"),
)

folders = Table(
    "folders",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("kind", Text, nullable=False),  # "resource"
    Column("subkind", Text, nullable=False),  # the kind of the resources in it
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("user", Text, nullable=False, default=""),
    Column("parent", Text, nullable=False, default=""),
    Column("created", BigInteger, nullable=False),
)

#: So many values go into one IN list; databases limit them.
_CHUNK: Final = 500


def page(connection: Connection, world: str, wanted: ResourceFilter, *, page_size: int) -> list[Row[Any]]:
    """Return one page of a search, by name, then by id (the vendor names no order)."""
    table = resources
    # The payload may be large and no list shows it.
    query: Select[Any] = select(*(column for column in table.c if column.name != "payload"))
    query = query.where(table.c.world == world)
    if not wanted.scope.everywhere:
        query = query.where(table.c.tenant.in_(wanted.scope.tenants))
    for column, values in (
        (table.c.id, wanted.ids),
        (table.c.tenant, wanted.tenants),
        (table.c.kind, wanted.kinds),
        (table.c.user, wanted.users),
    ):
        if values:
            query = query.where(column.in_(values))
    if wanted.name is not None:
        names = connection.execute(select(table.c.name).where(table.c.world == world).distinct())
        query = query.where(table.c.name.in_(wanted.name.among(names.scalars())))
    query = query.order_by(table.c.name, table.c.id)
    return list(connection.execute(query.limit(page_size).offset((wanted.page - 1) * page_size)))


def find(connection: Connection, world: str, resource: str) -> Row[Any] | None:
    """Return the resource's row, or None."""
    place = (resources.c.world == world) & (resources.c.id == resource)
    return connection.execute(select(resources).where(place)).first()


def every(connection: Connection, world: str, ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Return the rows of those ids that exist."""
    wanted = list(ids)
    found: dict[str, Row[Any]] = {}
    for start in range(0, len(wanted), _CHUNK):
        place = (resources.c.world == world) & resources.c.id.in_(wanted[start : start + _CHUNK])
        found.update((row.id, row) for row in connection.execute(select(resources).where(place)))
    return found


def available(connection: Connection, world: str, *, kind: str, tenant: str) -> list[Row[Any]]:
    """Return the resources of a kind that a tenant may use: its own and shared ones, by name and id."""
    table, tenants = resources, tables.tenants
    shared = select(tenants.c.id).where(tenants.c.world == world, tenants.c.shared.is_(True))
    query = select(table).where(table.c.world == world, table.c.kind == kind)
    query = query.where((table.c.tenant == tenant) | table.c.tenant.in_(shared))
    return list(connection.execute(query.order_by(table.c.name, table.c.id)))


def tenants_of(connection: Connection, world: str) -> dict[str, str]:
    """Return every resource's tenant by the resource's id."""
    query = select(resources.c.id, resources.c.tenant).where(resources.c.world == world)
    return {key: tenant for key, tenant in connection.execute(query).all()}  # noqa: C416 -- typed rows


def named(connection: Connection, world: str, *, kind: str, tenant: str, name: str) -> str | None:
    """Return the id of a resource of this kind, tenant and name, or None."""
    table = resources
    place = (table.c.world == world) & (table.c.kind == kind) & (table.c.tenant == tenant)
    query = select(table.c.id).where(place, table.c.name == name).order_by(table.c.id).limit(1)
    found: str | None = connection.execute(query).scalar()
    return found


def add(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Store new resources."""
    if rows:
        connection.execute(insert(resources), rows)


def change(connection: Connection, world: str, resource: str, values: Mapping[str, Any]) -> None:
    """Write new values of a resource; the caller has counted its version up."""
    place = (resources.c.world == world) & (resources.c.id == resource)
    connection.execute(update(resources).where(place).values(values))


def note(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Add versions to the history."""
    if rows:
        connection.execute(insert(versions), rows)


def forget(connection: Connection, world: str, resource: str, *, before: int) -> None:
    """Delete the versions before one from the history."""
    place = (versions.c.world == world) & (versions.c.resource == resource)
    connection.execute(delete(versions).where(place, versions.c.version < before))


def history(connection: Connection, world: str, resource: str) -> list[Row[Any]]:
    """Return the versions that are kept, the newest first, without their payloads."""
    columns = (column for column in versions.c if column.name != "payload")
    place = (versions.c.world == world) & (versions.c.resource == resource)
    return list(connection.execute(select(*columns).where(place).order_by(versions.c.version.desc())))


def version(connection: Connection, world: str, resource: str, number: int) -> Row[Any] | None:
    """Return one version, or None."""
    place = (versions.c.world == world) & (versions.c.resource == resource)
    return connection.execute(select(versions).where(place, versions.c.version == number)).first()


def add_folder(connection: Connection, values: Mapping[str, Any]) -> None:
    """Store a new folder."""
    connection.execute(insert(folders).values(values))


def folder(connection: Connection, world: str, folder_id: str) -> Row[Any] | None:
    """Return the folder's row, or None."""
    place = (folders.c.world == world) & (folders.c.id == folder_id)
    return connection.execute(select(folders).where(place)).first()


def folder_named(connection: Connection, world: str, *, kind: str, tenant: str, name: str) -> str | None:
    """Return the id of the folder of this name for a kind's resources in a tenant, or None."""
    place = (folders.c.world == world) & (folders.c.tenant == tenant) & (folders.c.subkind == kind)
    query = select(folders.c.id).where(place, folders.c.name == name).order_by(folders.c.id).limit(1)
    found: str | None = connection.execute(query).scalar()
    return found


def folder_page(connection: Connection, world: str, wanted: FolderFilter) -> list[Row[Any]]:
    """Return the folders of a search, in the order asked for, then by id."""
    table = folders
    query: Select[Any] = select(table).where(table.c.world == world)
    if not wanted.scope.everywhere:
        query = query.where(table.c.tenant.in_(wanted.scope.tenants))
    for column, values in (
        (table.c.id, wanted.ids),
        (table.c.tenant, wanted.tenants),
        (table.c.kind, wanted.kinds),
        (table.c.subkind, wanted.subkinds),
    ):
        if values:
            query = query.where(column.in_(values))
    if wanted.name is not None:
        names = connection.execute(select(table.c.name).where(table.c.world == world).distinct())
        query = query.where(table.c.name.in_(wanted.name.among(names.scalars())))
    order = table.c[wanted.order]
    query = query.order_by(order.desc() if wanted.descending else order, table.c.id)
    return list(connection.execute(query.limit(wanted.limit).offset(wanted.offset)))
