"""Events: the search in SQL, and the clusters that it goes to.

Sources: 222297 and 269922 (search), 222298 (clusters). What the SQL means is decided in ``domain.query`` and
``actions.searches``. Rule: the refusals come in the order of the vendor's table: period, SQL, cluster.

GUESS: an event is found in whichever cluster is asked; a cluster that the caller may not see is not found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Blueprint, Response

from mock_kuma.api import gate, sent
from mock_kuma.api.query import query
from mock_kuma.api.route import vendor_route
from mock_kuma.domain import moments
from mock_kuma.domain.problems import BadInput, NotFound, WrongState
from mock_kuma.domain.services import ClusterFilter, NoNodes, found
from mock_kuma.store import directory, services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mock_kuma.api.dialect import Dialect
    from mock_kuma.api.params import Params
    from mock_kuma.core import Core
    from mock_kuma.domain.roles import Scope
    from mock_kuma.domain.services import Cluster
    from mock_kuma.world import World

#: What cannot be the end of a period. GUESS: zero is the epoch, or what Go has for no time.
_ZEROS: Final = frozenset({0, moments.parse("0001-01-01T00:00:00Z")})


class Period(msgspec.Struct, frozen=True):
    """The period of a search; both ends belong to it."""

    since: str | None = msgspec.field(default=None, name="from")
    until: str | None = msgspec.field(default=None, name="to")


class Search(msgspec.Struct, frozen=True):
    """The body of ``POST /events``."""

    period: Period = Period()
    sql: str = ""
    cluster: str | None = msgspec.field(default=None, name="clusterID")
    raw_timestamps: bool = msgspec.field(default=False, name="rawTimestamps")
    empty_fields: bool = msgspec.field(default=False, name="emptyFields")


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("events", __name__)

    @vendor_route(bp, dialect, "GET /events/clusters")
    def clusters() -> Response:
        world = gate.caller().world
        wanted = cluster_filter(query(), world, gate.scope("GET /events/clusters"))
        with core.database.read() as connection:
            known = services.clusters(connection, world.id)
            names = directory.tenant_names(connection, world.id)
        page = found(known, wanted, page_size=world.page_size)
        return _json(
            [
                {
                    "id": one.id,
                    "tenantID": one.tenant,
                    "tenantName": names.get(one.tenant, ""),
                    "name": one.name,
                }
                for one in page
            ]
        )

    @vendor_route(bp, dialect, "POST /events")
    def search() -> Response:
        # Here and not above: what reads the SQL takes longer to import than the rest of the server.
        from mock_kuma.actions import searches  # noqa: PLC0415 -- see the line before
        from mock_kuma.domain import query as sql  # noqa: PLC0415 -- see the line before

        wanted = sent.body(Search)
        period = _period(wanted.period)
        statement = sql.parse(wanted.sql)
        world = gate.caller().world
        scope = gate.scope("POST /events")
        with core.database.read() as connection:
            _check_cluster(services.clusters(connection, world.id), world, wanted.cluster)
        rows = searches.search(
            core,
            statement,
            world=world.id,
            tenants=None if scope.everywhere else sorted(scope.tenants),
            period=period,
            raw_timestamps=wanted.raw_timestamps,
            empty_fields=wanted.empty_fields,
        )
        return _json(rows)

    return bp


def cluster_filter(asked: Params, world: World, scope: Scope) -> ClusterFilter:
    """Return the search for clusters that a query asks for (222298)."""
    return ClusterFilter(
        scope=scope,
        main_tenant=world.main_tenant,
        page=asked.page(),
        ids=asked.every("id"),
        tenants=asked.every("tenantID"),
        name=asked.name(),
    )


def _period(asked: Period) -> tuple[int, int]:
    """Return both ends in milliseconds, once they are sound."""
    since, until = _end(asked.since, "from"), _end(asked.until, "to")
    if since > until:
        raise BadInput("period.from cannot be greater than period.to")
    # Whole milliseconds that lie in the period: up at its beginning, down at its end.
    return -(-since // 1_000), until // 1_000


def _end(text: str | None, name: str) -> int:
    if not text:
        raise BadInput(f"period.{name} required")
    try:
        moment = moments.parse(text)
    except moments.NotAMoment as error:
        raise BadInput(f"cannot parse period.{name}", str(error)) from error
    if moment in _ZEROS:
        raise BadInput(f"period.{name} cannot be 0")
    return moment


def _check_cluster(clusters: Sequence[Cluster], world: World, asked: str | None) -> None:
    """Raise unless there is one cluster that is meant, and a node of it answers."""
    sees = ClusterFilter(scope=gate.scope("GET /events/clusters"), main_tenant=world.main_tenant).sees
    if asked:
        clusters = [one for one in clusters if one.id == asked and sees(one)]
        if not clusters:
            raise NotFound("cluster", asked)
    if len(clusters) > 1:
        raise WrongState("multiple clusters found, please provide clusterID")
    if not any(one.available for one in clusters):
        raise NoNodes


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), mimetype="application/json")
