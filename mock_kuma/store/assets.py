"""Assets as rows: a page of a search, one by what identifies it, deleted by any of three marks.

A row's columns are what is compared and searched; the whole asset is JSON beside them. Patterns are asked of
distinct values, and which rows have a matching one is decided here, since an asset has many addresses.
Rule: no statement gets longer than a database takes, however many assets there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
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
from mock_kuma.store.kinds import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mock_kuma.domain.assets import AssetFilter
    from mock_kuma.domain.patterns import Pattern

assets = Table(
    "assets",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("fqdn_key", Text, nullable=False),  # the first FQDN as it is compared, "" without one
    Column("address_key", Text, nullable=False),  # the first IP address likewise
    Column("from_ksc", Boolean, nullable=False),
    Column("fqdns", Text, nullable=False),  # JSON, a list of texts, as the next two
    Column("addresses", Text, nullable=False),
    Column("macs", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON of the whole asset without its tenant
    Index("assets_fqdn", "world", "tenant", "fqdn_key"),
    Index("assets_address", "world", "tenant", "address_key"),
    Index("assets_name", "world", "name", "id"),
)

#: So many values go into one IN list; databases limit them.
_CHUNK: Final = 500
_TEXTS: Final = msgspec.json.Decoder(list[str])


def page(connection: Connection, world: str, wanted: AssetFilter, *, page_size: int) -> list[Row[Any]]:
    """Return one page of a search, by name, then by id (the vendor names no order)."""
    start = (wanted.page - 1) * page_size
    patterns = _patterns(wanted)
    if not patterns:
        query = _among(select(assets), world, wanted).order_by(assets.c.name, assets.c.id)
        return list(connection.execute(query.limit(page_size).offset(start)))
    ids = _matching(connection, world, wanted, patterns)[start : start + page_size]
    rows = {row.id: row for row in _by(connection, select(assets), world, "id", ids)}
    return [rows[key] for key in ids]


def identified(
    connection: Connection, world: str, *, tenant: str, fqdn_key: str, address_key: str
) -> Row[Any] | None:
    """Return the tenant's asset of this FQDN or, where none is given, of this IP address, or None.

    An asset that has only the address comes before one that has an FQDN, too.
    """
    table = assets
    query = select(table).where(table.c.world == world, table.c.tenant == tenant)
    if fqdn_key:
        query = query.where(table.c.fqdn_key == fqdn_key)
    else:
        query = query.where(table.c.address_key == address_key)
    return connection.execute(query.order_by(table.c.fqdn_key, table.c.id).limit(1)).first()


def known(connection: Connection, world: str, ids: Sequence[str]) -> set[str]:
    """Return those of the ids that an asset of the world has."""
    return {row.id for row in _by(connection, select(assets.c.id), world, "id", ids)}


def add(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Store new assets."""
    if rows:
        connection.execute(insert(assets), rows)


def change(connection: Connection, world: str, asset: str, values: Mapping[str, Any]) -> None:
    """Write new values of an asset."""
    place = (assets.c.world == world) & (assets.c.id == asset)
    connection.execute(update(assets).where(place).values(values))


def remove(connection: Connection, world: str, *, tenant: str, column: str, values: Sequence[str]) -> int:
    """Delete a tenant's assets that have one of the values in a column; return how many there were."""
    removed = 0
    for chunk in _chunks(values):
        place = (assets.c.world == world) & (assets.c.tenant == tenant) & assets.c[column].in_(chunk)
        removed += connection.execute(delete(assets).where(place)).rowcount
    return removed


def row(world: str, tenant: str, body: Mapping[str, Any], identity: tuple[str, str]) -> dict[str, Any]:
    """Return the row of a whole asset; ``identity`` is what it is compared by."""
    return {
        "world": world,
        "id": body["id"],
        "tenant": tenant,
        "name": body["name"],
        "fqdn_key": identity[0],
        "address_key": identity[1],
        "from_ksc": body["ksc"] is not None,
        "fqdns": _json(body["fqdn"]),
        "addresses": _json(body["ipAddresses"]),
        "macs": _json(body["macAddresses"]),
        "body": _json(body),
    }


def _patterns(wanted: AssetFilter) -> dict[str, Pattern]:
    asked = {"name": wanted.name, "fqdns": wanted.fqdn, "addresses": wanted.ip, "macs": wanted.mac}
    return {column: pattern for column, pattern in asked.items() if pattern is not None}


def _among(query: Select[Any], world: str, wanted: AssetFilter) -> Select[Any]:
    query = query.where(assets.c.world == world)
    if not wanted.scope.everywhere:
        query = query.where(assets.c.tenant.in_(wanted.scope.tenants))
    for column, values in ((assets.c.id, wanted.ids), (assets.c.tenant, wanted.tenants)):
        if values:
            query = query.where(column.in_(values))
    return query


def _matching(
    connection: Connection, world: str, wanted: AssetFilter, patterns: Mapping[str, Pattern]
) -> list[str]:
    """Return the ids of all assets that match every pattern, in the order of the list."""
    columns = [assets.c[name] for name in patterns]
    query = _among(select(assets.c.id, *columns), world, wanted).order_by(assets.c.name, assets.c.id)
    found = [
        (
            key,
            [
                [text] if name == "name" else _TEXTS.decode(text)
                for name, text in zip(patterns, texts, strict=True)
            ],
        )
        for key, *texts in connection.execute(query)
    ]
    for place, pattern in enumerate(patterns.values()):
        values = {value for _, texts in found for value in texts[place]}
        fits = set(pattern.among(values))
        found = [(key, texts) for key, texts in found if not fits.isdisjoint(texts[place])]
    return [key for key, _ in found]


def _by(
    connection: Connection, query: Select[Any], world: str, column: str, values: Sequence[str]
) -> Iterable[Row[Any]]:
    for chunk in _chunks(values):
        yield from connection.execute(query.where(assets.c.world == world, assets.c[column].in_(chunk)))


def _chunks(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
