"""Generated reports that a test wants to be there. Contract: an addition to the control API's stimuli.

GUESS: a report whose period is not given is about the day before it was made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from flask import Blueprint, Response
from msgspec import Meta

from mock_kuma import worlds
from mock_kuma.clock import SECOND
from mock_kuma.control.answers import answer
from mock_kuma.control.request import Invalid, body, moment
from mock_kuma.domain.problems import Conflict
from mock_kuma.domain.reports import Status
from mock_kuma.store import directory, ids
from mock_kuma.store import reports as store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mock_kuma.core import Core
    from mock_kuma.world import World

_DAY: Final = 86_400 * SECOND
_Text = Annotated[str, Meta(min_length=1, max_length=128)]


class NewReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One report; without ``tenants`` it is about the main one, without ``user`` the first user's."""

    name: _Text
    id: _Text | None = None
    tenants: Annotated[list[str], Meta(min_length=1)] | None = None
    user: str | None = None
    status: Status = Status.COMPLETED
    since: str | None = msgspec.field(default=None, name="from")
    until: str | None = msgspec.field(default=None, name="to")


class NewReports(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST reports``."""

    reports: list[NewReport]


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("reports", __name__)

    @bp.post("/worlds/<world_id>/reports")
    def add(world_id: str) -> Response:
        wanted = body(NewReports)
        with core.database.write() as connection:
            world = worlds.get(connection, world_id)
            soc = core.soc(world.seed)
            rows = [
                _row(
                    connection,
                    world,
                    one,
                    key=one.id or worlds.next_id(connection, world, soc, "report"),
                    path=f"reports[{place}]",
                )
                for place, one in enumerate(wanted.reports)
            ]
            keys = [row["id"] for row in rows]
            double = ids.taken(connection, store.reports, world.id, keys)
            if double is not None or len(set(keys)) < len(keys):
                raise Conflict(double or keys[0], "a report of this world has this id already")
            store.add(connection, rows)
        return answer({"ids": keys}, 201)

    return bp


def _row(connection: Connection, world: World, one: NewReport, *, key: str, path: str) -> dict[str, Any]:
    tenants = one.tenants or [world.main_tenant]
    names = directory.tenant_names(connection, world.id)
    unknown = next((tenant for tenant in tenants if tenant not in names), None)
    if unknown is not None:
        raise Invalid(f"{path}.tenants", f"there is no tenant {unknown!r} in this world")
    user = one.user or directory.first_user(connection, world.id)
    if directory.user(connection, world.id, user) is None:
        raise Invalid(f"{path}.user", f"there is no user {user!r} in this world")
    now = world.clock.now()
    until = now if one.until is None else moment(one.until, f"{path}.to")
    since = until - _DAY if one.since is None else moment(one.since, f"{path}.from")
    if since > until:
        raise Invalid(f"{path}.from", "from cannot be later than to")
    return {
        "world": world.id,
        "id": key,
        "name": one.name,
        "tenants": msgspec.json.encode(tenants).decode(),
        "user": user,
        "status": one.status.value,
        "since": since,
        "until": until,
        "created": now,
        "updated": now,
    }
