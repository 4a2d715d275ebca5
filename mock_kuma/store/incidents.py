"""Incidents as rows: a page of a search, one, which alerts are linked to it, what was done to it.

When an incident begins and ends is read from its alerts whenever it is asked for, since they may still grow.
Rule: an alert is linked to one incident at most.
"""

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
    func,
    insert,
    select,
    update,
)

from mock_kuma.domain.filters import TimestampField
from mock_kuma.store import tables
from mock_kuma.store.kinds import Integer, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mock_kuma.domain.incidents import IncidentFilter

incidents = Table(
    "incidents",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("type", Text, nullable=False),  # JSON, an object
    Column("priority", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("resolution", Integer),  # NULL until it is closed
    Column("assignee_id", Text, nullable=False),
    Column("assignee", Text, nullable=False),  # the user's name
    Column("assets", Text, nullable=False),  # JSON, a list of ids, as the next two
    Column("accounts", Text, nullable=False),
    Column("available_tenants", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Index("incidents_number", "world", "number", unique=True),
)

incident_alerts = Table(
    "incident_alerts",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("alert", Text, primary_key=True),
    Column("incident", Text, nullable=False),
    ForeignKeyConstraint(["world", "incident"], ["incidents.world", "incidents.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["world", "alert"], ["alerts.world", "alerts.id"], ondelete="CASCADE"),
    Index("incident_alerts_incident", "world", "incident"),
)

incident_comments = Table(
    "incident_comments",
    tables.metadata,
    Column("world", Text, primary_key=True),
    Column("incident", Text, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("user", Text, nullable=False),
    Column("comment", Text, nullable=False),
    ForeignKeyConstraint(["world", "incident"], ["incidents.world", "incidents.id"], ondelete="CASCADE"),
)

#: So many values go into one IN list; databases limit them.
_CHUNK: Final = 500


def _time(column: Column[Any], choose: Any) -> Any:
    """Return an expression: the first or last time of an incident's alerts, or when it was made."""
    link = incident_alerts
    own = (link.c.world == incidents.c.world) & (link.c.incident == incidents.c.id)
    alert = (tables.alerts.c.world == link.c.world) & (tables.alerts.c.id == link.c.alert)
    found = select(choose(column)).select_from(link.join(tables.alerts, alert)).where(own)
    return func.coalesce(found.scalar_subquery(), incidents.c.created)


def _times() -> dict[TimestampField, Any]:
    return {
        TimestampField.FIRST_SEEN: _time(tables.alerts.c.first_seen, func.min).label("first_seen"),
        TimestampField.LAST_SEEN: _time(tables.alerts.c.last_seen, func.max).label("last_seen"),
    }


def page(
    connection: Connection,
    world: str,
    wanted: IncidentFilter,
    *,
    page_size: int,
    tenant_names: Mapping[str, str],
) -> list[Row[Any]]:
    """Return one page of a search, newest first by the chosen time, then by number."""
    table, times = incidents, _times()
    query: Select[Any] = select(table, *times.values()).where(table.c.world == world)
    if not wanted.scope.everywhere:
        query = query.where(table.c.tenant.in_(wanted.scope.tenants))
    for column, values in (
        (table.c.id, wanted.ids),
        (table.c.tenant, wanted.tenants),
        (table.c.status, wanted.statuses),
    ):
        if values:
            query = query.where(column.in_(values))
    time = times[wanted.field].element
    if wanted.since is not None:
        query = query.where(time >= wanted.since)
    if wanted.until is not None:
        query = query.where(time <= wanted.until)
    rows = list(connection.execute(query.order_by(times[wanted.field].desc(), table.c.number)))
    if wanted.name is not None:
        fits = set(wanted.name.among({row.name for row in rows}))
        rows = [row for row in rows if row.name in fits]
    if wanted.search is not None:
        texts = {row.id: _texts(row, tenant_names) for row in rows}
        fits = set(wanted.search.among(set().union(*texts.values())))
        rows = [row for row in rows if not fits.isdisjoint(texts[row.id])]
    start = (wanted.page - 1) * page_size
    return rows[start : start + page_size]


def find(connection: Connection, world: str, incident: str) -> Row[Any] | None:
    """Return the incident's row with its times, or None."""
    place = (incidents.c.world == world) & (incidents.c.id == incident)
    return connection.execute(select(incidents, *_times().values()).where(place)).first()


def next_number(connection: Connection, world: str) -> int:
    """Return the number of the next incident, from 1."""
    query = select(func.coalesce(func.max(incidents.c.number), 0)).where(incidents.c.world == world)
    return int(connection.execute(query).scalar_one()) + 1


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Store a new incident."""
    connection.execute(insert(incidents).values(values))


def change(connection: Connection, world: str, incident: str, values: Mapping[str, Any]) -> None:
    """Write new values of an incident."""
    place = (incidents.c.world == world) & (incidents.c.id == incident)
    connection.execute(update(incidents).where(place).values(values))


def link(connection: Connection, world: str, incident: str, alerts: Sequence[str]) -> None:
    """Link alerts, none of which is linked, to an incident."""
    rows = [{"world": world, "incident": incident, "alert": alert} for alert in alerts]
    if rows:
        connection.execute(insert(incident_alerts), rows)


def unlink(connection: Connection, world: str, alerts: Iterable[str]) -> None:
    """Take alerts out of whatever incidents they are linked to."""
    for alert in alerts:
        place = (incident_alerts.c.world == world) & (incident_alerts.c.alert == alert)
        connection.execute(delete(incident_alerts).where(place))


def incident_of(connection: Connection, world: str, alert: str) -> str | None:
    """Return the incident that an alert is linked to, or None."""
    table = incident_alerts
    query = select(table.c.incident).where(table.c.world == world, table.c.alert == alert)
    found: str | None = connection.execute(query).scalar()
    return found


def alerts_of(connection: Connection, world: str, ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """Return the rows of the alerts that are linked to each of these incidents, newest first."""
    table, alerts = incident_alerts, tables.alerts
    found: dict[str, list[Row[Any]]] = {incident: [] for incident in ids}
    join = alerts.join(table, (alerts.c.world == table.c.world) & (alerts.c.id == table.c.alert))
    query = select(table.c.incident, alerts).select_from(join).where(table.c.world == world)
    query = query.order_by(alerts.c.last_seen.desc(), alerts.c.id)
    for start in range(0, len(ids), _CHUNK):
        for row in connection.execute(query.where(table.c.incident.in_(ids[start : start + _CHUNK]))):
            found[row.incident].append(row)
    return found


def comments_of(connection: Connection, world: str, incident: str) -> list[Row[Any]]:
    """Return what was said about an incident, in order."""
    table = incident_comments
    query = select(table).where(table.c.world == world, table.c.incident == incident)
    return list(connection.execute(query.order_by(table.c.place)))


def comment(connection: Connection, world: str, incident: str, values: Mapping[str, Any]) -> None:
    """Add a comment: ``at``, ``user`` and ``comment``."""
    table = incident_comments
    place = (table.c.world == world) & (table.c.incident == incident)
    count = connection.execute(select(func.count()).select_from(table).where(place)).scalar_one()
    connection.execute(insert(table).values(world=world, incident=incident, place=count, **values))


def _texts(row: Row[Any], tenant_names: Mapping[str, str]) -> set[str]:
    """Return the fields that ``search`` looks into.

    GUESS: "the most used fields" of the client's description are these.
    """
    return {row.id, row.name, row.description, row.assignee, tenant_names.get(row.tenant, "")}
