"""Tasks (v3): made. Source: a public client (REST API, 5.9); the vendor's v3 document was not readable.

GUESS: a retroscan is the only kind that can be made, and must name a correlator and a storage cluster; the
answer is the new task's id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from flask import Blueprint, Response

from mock_kuma import worlds
from mock_kuma.actions import tasks as actions
from mock_kuma.api import gate, query, sent
from mock_kuma.api.route import vendor_route
from mock_kuma.domain.problems import BadInput

if TYPE_CHECKING:
    from mock_kuma.api.dialect import Dialect
    from mock_kuma.core import Core

_HAVE_TASKS: Final = frozenset({"v3"})
_OPERATION: Final = "POST /tasks/create"


def blueprint(core: Core, dialect: Dialect) -> Blueprint:
    """Return the routes of one API version."""
    bp = Blueprint("tasks", __name__)
    if dialect.name not in _HAVE_TASKS:
        return bp

    @vendor_route(bp, dialect, _OPERATION)
    def create() -> Response:
        whole = query.body()
        task = sent.body(actions.Task)
        query.required_fields(kind=task.kind)
        if task.kind != actions.RETROSCAN:
            raise BadInput("invalid kind", task.kind[:64])
        query.required_fields(correlatorID=task.correlator)
        query.required_fields(**{"search.clusterID": task.search.cluster})
        who = gate.caller()
        with core.database.write() as connection:
            made = worlds.next_id(connection, who.world, core.soc(who.world.seed), "task")
            actions.create(
                connection,
                who.world,
                gate.scope(_OPERATION),
                task,
                task_id=made,
                sent=whole,
                user=who.id,
            )
        return Response(msgspec.json.encode({"id": made}), mimetype="application/json")

    return bp
