"""What makes a task: a retroscan, by which a correlator's rules are tried on events that a storage holds.

One transaction, opened by the caller. Source: a public client (REST API, 5.9), retroscan 217979 (4.0). The
task is kept as it was sent, and told by the control API; nothing is replayed, since correlation rules have no
contents here. Rule: a task that is kept names a correlator that could do it.

GUESS: the refusals are those of what is done with a correlator's lists, then the cluster's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from mock_kuma.actions import lists
from mock_kuma.domain.problems import BadInput, NotFound
from mock_kuma.store import services
from mock_kuma.store import tasks as store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from mock_kuma.domain.roles import Scope
    from mock_kuma.world import World

RETROSCAN: Final = "retroscan"
# GUESS: a larger task is refused; the client's example has two kilobytes.
MAX_TASK: Final = 262_144


class Search(msgspec.Struct, frozen=True):
    """What a retroscan looks for; only where is read here."""

    cluster: str = msgspec.field(default="", name="clusterID")


class Task(msgspec.Struct, frozen=True):
    """Those fields of a task that decide whether it is taken."""

    kind: str = ""
    correlator: str = msgspec.field(default="", name="correlatorID")
    search: Search = Search()


def create(
    connection: Connection,
    world: World,
    scope: Scope,
    task: Task,
    *,
    task_id: str,
    sent: Mapping[str, Any],
    user: str,
) -> None:
    """Keep a task; ``sent`` is all of it."""
    correlator = lists.correlator(connection, world, scope, task.correlator)
    if task.search.cluster not in {one.id for one in services.clusters(connection, world.id)}:
        raise NotFound("cluster", task.search.cluster)
    store.add(
        connection,
        {
            "world": world.id,
            "id": task_id,
            "kind": task.kind,
            "correlator": correlator.id,
            "user": user,
            "body": _text(sent),
            "created": world.clock.now(),
        },
    )


def _text(sent: Mapping[str, Any]) -> str:
    try:
        text = msgspec.json.encode(sent).decode()
    except (OverflowError, RecursionError) as error:
        raise BadInput("invalid value", str(error)) from error
    if len(text) > MAX_TASK:
        raise BadInput("invalid value", f"larger than {MAX_TASK} bytes")
    return text
