"""The event search: a box for SQL, a period, the answer as a table and along the time.

The search itself is the vendor API's (``domain.query`` and ``actions.searches``), with the same rights
and the same refusals. Rule: what reads SQL is loaded when somebody searches, not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request

from mock_kuma.clock import SECOND
from mock_kuma.console import door, shown, timeline
from mock_kuma.console.page import page
from mock_kuma.console.visitor import caller, scope
from mock_kuma.domain import moments
from mock_kuma.domain.problems import Problem
from mock_kuma.domain.services import NoNodes
from mock_kuma.store import services

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_kuma.core import Core
    from mock_kuma.domain.roles import Scope

SEARCH: Final = "POST /events"
_QUERY: Final = "SELECT * FROM `events` ORDER BY Timestamp DESC LIMIT 250"
#: Periods that end now, in seconds, by the key of their words.
PERIODS: Final[Mapping[str, int]] = {
    "5m": 300,
    "1h": 3_600,
    "24h": 86_400,
    "7d": 7 * 86_400,
    "30d": 30 * 86_400,
}
_USUAL: Final = "24h"
#: What an analyst looks at first, where whole events are asked for.
_FIRST: Final = (
    "Timestamp", "Type", "Name", "TenantName", "DeviceVendor", "DeviceProduct", "SourceAddress",
    "SourceUserName", "DestinationAddress", "DestinationHostName", "DestinationPort", "DeviceAction",
)  # fmt: skip
#: So many rows are shown; a query may ask for more, and the timeline has them all.
MOST: Final = 500


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("events", __name__)
    bp.before_request(door.users_only)

    @bp.get("/events")
    def search() -> Response:
        world, sees = caller().world, scope(SEARCH)
        errors: dict[str, tuple[str, str]] = {}
        period = _period(world.clock.now(), errors)
        sql = request.args.get("sql", "").strip() or _QUERY
        rows: list[dict[str, Any]] = []
        if period is not None:
            try:
                rows = _search(core, sql, world.id, sees, period)
            except Problem as problem:
                errors["sql"] = (type(problem).__name__, str(problem))
        since, until = period or (0, 0)
        return page(
            "events.html",
            status=422 if errors else 200,
            sql=sql,
            rows=rows[:MOST],
            count=len(rows),
            columns=columns(rows, whole="*" in sql.partition("FROM")[0]),
            bars=timeline.bars([row.get("Timestamp") for row in rows], since=since, until=until),
            since=since * 1_000,
            until=until * 1_000,
            periods=PERIODS,
            chosen=_chosen(),
            errors=errors,
        )

    return bp


def columns(rows: list[dict[str, Any]], *, whole: bool) -> list[str]:
    """Return the table's columns: those asked for, or of whole events the usual ones that are filled."""
    names = list(dict.fromkeys(name for row in rows[:MOST] for name in row))
    return [name for name in _FIRST if name in names] if whole else names


def _search(core: Core, sql: str, world: str, sees: Scope, period: tuple[int, int]) -> list[dict[str, Any]]:
    from mock_kuma.actions import searches  # noqa: PLC0415 -- takes longer to load than the whole server
    from mock_kuma.domain import query  # noqa: PLC0415 -- likewise

    statement = query.parse(sql)
    with core.database.read() as connection:
        if not any(one.available for one in services.clusters(connection, world)):
            raise NoNodes
    return searches.search(
        core,
        statement,
        world=world,
        tenants=None if sees.everywhere else sorted(sees.tenants),
        period=period,
        raw_timestamps=True,
        empty_fields=False,
    )


def _chosen() -> str:
    asked = request.args.get("period", "")
    if asked in PERIODS:
        return asked
    return "own" if request.args.get("from") or request.args.get("to") else _USUAL


def _period(now: int, errors: dict[str, tuple[str, str]]) -> tuple[int, int] | None:
    """Return both ends in milliseconds, or None where the fields cannot be read."""
    chosen = _chosen()
    if chosen in PERIODS:
        return (now - PERIODS[chosen] * SECOND) // 1_000, now // 1_000
    ends: dict[str, int | None] = {}
    for name in ("from", "to"):
        try:
            ends[name] = shown.from_input(request.args.get(name, ""))
        except moments.NotAMoment as error:
            errors[name] = ("NotAMoment", str(error))
    if errors:
        return None
    since, until = ends["from"] or 0, now if ends["to"] is None else ends["to"]
    if since > until:
        errors["from"] = ("period", "")
        return None
    return -(-since // 1_000), until // 1_000
