"""Generated reports as rows: those of a search, new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, insert, select

from mock_kuma.store import tables
from mock_kuma.store.kinds import Text

if TYPE_CHECKING:
    from mock_kuma.domain.reports import ReportFilter

reports = Table(
    "reports",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("tenants", Text, nullable=False),  # JSON, a list of ids
    Column("user", Text, nullable=False),  # whose it is
    Column("status", Text, nullable=False),
    Column("since", BigInteger, nullable=False),  # the period that it is about
    Column("until", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Index("reports_name", "world", "name", "id"),
)

_TENANTS = msgspec.json.Decoder(list[str])


def tenants_of(row: Row[Any]) -> list[str]:
    """Return the tenants that a report is about."""
    return _TENANTS.decode(row.tenants)


def search(connection: Connection, world: str, wanted: ReportFilter) -> list[Row[Any]]:
    """Return the reports of a search, in the order asked for, then by id.

    A report is there for those who may see all of its tenants, which no comparison of columns tells.
    """
    table = reports
    query = select(table).where(table.c.world == world)
    if wanted.ids:
        query = query.where(table.c.id.in_(wanted.ids))
    order = table.c[wanted.order]
    query = query.order_by(order.desc() if wanted.descending else order, table.c.id)
    rows = [row for row in connection.execute(query) if wanted.takes(tenants_of(row))]
    if wanted.name is not None:
        fits = set(wanted.name.among({row.name for row in rows}))
        rows = [row for row in rows if row.name in fits]
    return rows[wanted.offset : wanted.offset + wanted.limit]


def add(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Store new reports."""
    if rows:
        connection.execute(insert(reports), rows)
