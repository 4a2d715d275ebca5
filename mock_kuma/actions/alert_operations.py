"""What v3 does to alerts beyond closing them: given to a user, commented, linked to events and unlinked.

One transaction each, opened by the caller. Source: REST API, 3.3 (from a public client) and 7. Rule: an alert
that is given to somebody grows no more; an event is in one alert at most; a change is the alert's next
version.

GUESS: the order of the refusals is that of closing (alert, tenant, role, state); several alerts are given to
a user all or none; an escalated alert stays so when it is given to somebody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mock_kuma.actions import alerts as actions
from mock_kuma.actions import events as event_actions
from mock_kuma.domain import alerts as life
from mock_kuma.domain import filling
from mock_kuma.domain.problems import NotFound, WrongState
from mock_kuma.store import directory, services
from mock_kuma.store import events as event_store
from mock_kuma.store import filling as filling_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from mock_kuma.domain.roles import Scope
    from mock_kuma.world import World

_MS_A_SECOND: Final = 1_000


def assign(connection: Connection, world: World, scope: Scope, alerts: Sequence[str], user: str) -> None:
    """Give alerts to a user, whose name they show from now on."""
    somebody = assignee(connection, world, user)
    for row in [actions.reach_open(connection, world, scope, alert) for alert in dict.fromkeys(alerts)]:
        held = row.status == life.Status.ESCALATED
        status = row.status if held else life.Status.ASSIGNED.value
        values = {"status": status, "assignee": somebody.name}
        actions.write(connection, world, row, values, change="changed")


def assignee(connection: Connection, world: World, user: str) -> Row[Any]:
    """Return the row of the user to whom something is given.

    GUESS: any user who is not disabled, whatever that user may see.
    """
    row = directory.user(connection, world.id, user)
    if row is None:
        raise NotFound("user", user)
    if row.disabled:
        raise WrongState("user disabled")
    return row


def comment(connection: Connection, world: World, scope: Scope, alert: str, *, user: str, text: str) -> None:
    """Say something about an alert.

    GUESS: a closed one, too; a comment changes nothing else.
    """
    row = actions.reach(connection, world, scope, alert)
    details = {"comment": text, "user": user}
    actions.write(connection, world, row, {}, change="commented", details=details)


def link_event(
    connection: Connection,
    world: World,
    scope: Scope,
    alert: str,
    *,
    cluster: str,
    event: str,
    timestamp: int,
    user: str,
    text: str,
) -> None:
    """Put an event that a storage cluster holds into an alert.

    GUESS: it is found by its id and its time together, which a client may give in seconds or milliseconds;
    it goes to the end of the list and does not move ``lastSeen``, since no rule has fired.
    """
    row = actions.reach_open(connection, world, scope, alert)
    if cluster not in {one.id for one in services.clusters(connection, world.id)}:
        raise NotFound("cluster", cluster)
    found = event_store.find(connection, world.id, event)
    if found is None or not scope.covers(found.tenant) or not _at(found.timestamp, timestamp):
        raise NotFound("event", event)
    # GUESS: both refusals; that an event is in one place only is the rule of this mock.
    if found.alert_number is not None:
        raise WrongState("event already linked")
    if found.parent is not None:
        raise WrongState("event is part of a correlation event")
    coming = event_actions.weight(found.body, found.nested)
    limit = filling.policy(world.release, filling_store.setting(connection, world.id)).max_bytes
    if row.overflow or (limit is not None and row.event_bytes + coming > limit):
        # That nothing can be linked any more is documented (218046, 3.2), the answer is not.
        raise WrongState("alert overflowed")
    event_store.move(connection, world.id, event, alert_number=row.drawn, place=row.event_count)
    values = {"event_count": row.event_count + 1, "event_bytes": row.event_bytes + coming}
    details = {"event_ids": [event], "comment": text, "user": user}
    actions.write(connection, world, row, values, change="linked", details=details)


def unlink_event(
    connection: Connection, world: World, scope: Scope, alert: str, *, event: str, user: str
) -> None:
    """Take an event out of an alert; the storage goes on holding it.

    GUESS: correlation events, too, with the base events that are nested in them.
    """
    row = actions.reach_open(connection, world, scope, alert)
    found = event_store.find(connection, world.id, event)
    if found is None or found.alert_number != row.drawn or found.parent is not None:
        raise NotFound("event", event)
    event_store.move(connection, world.id, event, alert_number=None, place=0)
    event_store.close_gap(connection, world.id, row.drawn, found.place)
    size = event_actions.weight(found.body, found.nested)
    values = {"event_count": row.event_count - 1, "event_bytes": row.event_bytes - size}
    details = {"event_ids": [event], "user": user}
    actions.write(connection, world, row, values, change="unlinked", details=details)


def _at(milliseconds: int, given: int) -> bool:
    return given in {milliseconds, milliseconds // _MS_A_SECOND}
