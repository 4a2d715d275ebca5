"""The whole of a world, packed into a backup and put back from one. One transaction each.

Source: REST API, 5.9. Rule: a backup holds no token, and a restore is done as a whole or not at all.

GUESS: after a restore a user keeps the token that works now, if the backup knows the user by id or, failing
that, by login; every other token is unknown from then on, as the tokens of deleted users are. The clock,
the page size, faults and the journal are the test's and stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mock_kuma.domain import system
from mock_kuma.domain.moments import render
from mock_kuma.domain.problems import AccessDenied
from mock_kuma.domain.system import Backup, Manifest, TableRows
from mock_kuma.store import directory
from mock_kuma.store import system as store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from mock_kuma.domain.roles import Scope
    from mock_kuma.world import World


def check(scope: Scope) -> None:
    """Raise unless the caller is a General administrator."""
    if not scope.everywhere:
        raise AccessDenied("only a General administrator saves and restores the system")


def backup(connection: Connection, world: World, *, key: bytes) -> bytes:
    """Return the world's backup as a file."""
    saved = store.saved()
    manifest = Manifest(
        format=system.FORMAT,
        release=world.release.name,
        created=render(world.clock.now()),
        main_tenant=world.main_tenant,
        counters=store.counters(connection, world.id),
        tables=saved,
    )
    tables = (
        TableRows(name, store.rows(connection, world.id, name, columns)) for name, columns in saved.items()
    )
    return system.pack(manifest, tables, key=key)


def restore(connection: Connection, world: World, data: bytes, *, key: bytes) -> None:
    """Set the world to what the backup holds."""
    found = Backup(data, key=key)
    try:
        manifest = found.manifest
        if manifest.format != system.FORMAT or manifest.tables != store.saved():
            raise system.refused("made by another version of this server")
        if manifest.release != world.release.name:
            raise system.refused(f"made by KUMA {manifest.release}; this is KUMA {world.release.name}")
        bearers = store.bearers(connection, world.id)
        now = store.counters(connection, world.id)
        store.empty(connection, world.id)
        for table, columns in manifest.tables.items():
            store.fill(connection, world.id, table, columns, found.rows(table))
        counters = {name: max(now[name], manifest.counters[name]) for name in store.COUNTERS}
        store.set_world(connection, world.id, {"main_tenant": manifest.main_tenant, **counters})
        _settle_tokens(connection, world, bearers)
    finally:
        found.close()


def _settle_tokens(connection: Connection, world: World, bearers: Mapping[str, str]) -> None:
    rows = directory.users(connection, world.id)
    logins = {row.login: row.id for row in rows}
    users = {row.id for row in rows}
    provided = users & bearers.keys()
    for user, login in sorted(bearers.items()):
        if user in users:
            continue
        heir = logins.get(login)
        if heir is None or heir in provided:
            directory.revoke_token(connection, world.id, user)
        else:
            store.pass_token(connection, world.id, user, heir)
            provided.add(heir)
