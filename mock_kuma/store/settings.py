"""Settings as rows: the custom fields of assets, one setting a world, and the extended event schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Connection, Row, Table, insert, select, update

from mock_kuma.domain.settings import CustomField, ExtendedField
from mock_kuma.store import tables
from mock_kuma.store.kinds import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

custom_fields = Table(
    "custom_fields",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("fields", Text, nullable=False),  # JSON [{"id", "name", "default", "mask"}]
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
)

extended_fields = Table(
    "extended_fields",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

_FIELDS = msgspec.json.Decoder(list[CustomField])


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Store the setting of custom fields."""
    connection.execute(insert(custom_fields), values)


def find(connection: Connection, world: str, setting: str) -> Row[Any] | None:
    """Return the setting's row, or None."""
    place = (custom_fields.c.world == world) & (custom_fields.c.id == setting)
    return connection.execute(select(custom_fields).where(place)).first()


def of_world(connection: Connection, world: str) -> Row[Any]:
    """Return the row of the setting that every world has."""
    return connection.execute(select(custom_fields).where(custom_fields.c.world == world)).one()


def fields_of(row: Row[Any]) -> list[CustomField]:
    """Return the custom fields of a setting."""
    return _FIELDS.decode(row.fields)


def set_fields(connection: Connection, world: str, fields: Sequence[CustomField], *, now: int) -> None:
    """Write the custom fields of a world in place of the former ones."""
    values = {"fields": msgspec.json.encode(fields).decode(), "updated": now}
    connection.execute(update(custom_fields).where(custom_fields.c.world == world).values(values))


def extended(connection: Connection, world: str) -> list[ExtendedField]:
    """Return the world's extended event schema, by name."""
    table = extended_fields
    query = select(table).where(table.c.world == world).order_by(table.c.name)
    return [
        ExtendedField(kind=row.kind, name=row.name, description=row.description, disabled=row.disabled)
        for row in connection.execute(query)
    ]


def add_extended(connection: Connection, world: str, fields: Sequence[ExtendedField]) -> None:
    """Store new fields of the extended schema."""
    rows = [{"world": world, **msgspec.to_builtins(field)} for field in fields]
    if rows:
        connection.execute(insert(extended_fields), rows)


def change_extended(connection: Connection, world: str, field: ExtendedField) -> None:
    """Write the description and state of a field that is there."""
    place = (extended_fields.c.world == world) & (extended_fields.c.name == field.name)
    values = {"description": field.description, "disabled": field.disabled}
    connection.execute(update(extended_fields).where(place).values(values))
