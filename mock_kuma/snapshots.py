"""A world kept as it was: taken, started from, gone back to, compared.

A snapshot is a copy of a world's rows under a name of its own, without tokens, journal and faults. Rule: a
snapshot never changes, and a world that is made from one has the same data, ids and clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mock_kuma import ids, worlds
from mock_kuma.domain.problems import NotFound
from mock_kuma.store import alerts as alert_store
from mock_kuma.store import directory
from mock_kuma.store import worlds as store
from mock_kuma.worlds import NewWorld

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from mock_kuma.world import World

_KIND: Final = "snapshot"
#: What the diff looks at; ids, events and history follow from these.
_COMPARED: Final = (
    "tenant", "name", "rule", "priority", "status", "first_seen", "last_seen", "assignee", "closing_reason",
    "overflow", "event_count", "version",
)  # fmt: skip


def take(connection: Connection, world: World) -> str:
    """Keep the world as it is; return the snapshot's name."""
    name = ids.new_name(_KIND)
    store.copy(connection, world.id, name, kept=True)
    return name


def start(connection: Connection, snapshot: str) -> NewWorld:
    """Make a world from a snapshot, with a token of its own for its General administrator."""
    _check(connection, snapshot)
    name = ids.new_name("world")
    store.copy(connection, snapshot, name, kept=False)
    world = worlds.get(connection, name)
    user = directory.first_user(connection, name)
    return NewWorld(world=world, token=worlds.give_token(connection, world, user, expires=None), user=user)


def restore(connection: Connection, world: World, snapshot: str) -> None:
    """Set a world back to a snapshot; its tokens, journal and faults stay."""
    _check(connection, snapshot)
    store.overwrite(connection, snapshot, world.id)


def remove(connection: Connection, snapshot: str) -> None:
    """Delete a snapshot."""
    _check(connection, snapshot)
    store.remove(connection, snapshot)


def compare(connection: Connection, before: str, after: str) -> dict[str, Any]:
    """Return which alerts came, went and changed from one world or snapshot to another, by id."""
    old, new = (_alerts(connection, name) for name in (before, after))
    changed = {
        key: {
            column: [old[key][column], new[key][column]]
            for column in _COMPARED
            if old[key][column] != new[key][column]
        }
        for key in old.keys() & new.keys()
    }
    return {
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "changed": {key: fields for key, fields in sorted(changed.items()) if fields},
    }


def _alerts(connection: Connection, name: str) -> dict[str, Mapping[str, Any]]:
    worlds.get(connection, name)
    return {row["id"]: row for row in alert_store.summaries(connection, name, _COMPARED)}


def _check(connection: Connection, snapshot: str) -> None:
    row = store.find(connection, snapshot)
    if row is None or not row.kept:
        raise NotFound("snapshot", snapshot)
