"""What changes settings: a world's first ones, and the import of the extended event schema.

One transaction each, opened by the caller. Source: REST API, 5.9, and the help's 294885 (3.4): only a General
administrator disables a field. Rule: an import is done as a whole or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mock_kuma.domain import settings as rules
from mock_kuma.domain.problems import AccessDenied, Conflict
from mock_kuma.store import settings as store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from mock_kuma.domain.roles import Scope
    from mock_kuma.generate import Soc
    from mock_kuma.world import World


def add_first(connection: Connection, world: World, soc: Soc) -> None:
    """Store the setting of custom fields, which are the main tenant's and none at first."""
    now = world.clock.now()
    store.add(
        connection,
        {
            "world": world.id,
            "id": soc.uuid("setting", 0),
            "tenant": world.main_tenant,
            "kind": rules.CUSTOM_FIELDS,
            "fields": "[]",
            "created": now,
            "updated": now,
        },
    )


def take_extended(
    connection: Connection, world: World, scope: Scope, fields: Sequence[rules.ExtendedField]
) -> None:
    """Put fields into the extended event schema, the same for all tenants."""
    rules.check(fields)
    there = {field.name: field for field in store.extended(connection, world.id)}
    for field in fields:
        before = there.get(field.name)
        if before is not None and before.kind != field.kind:
            raise Conflict(field.name, "field already exists with another kind")
        disabled = False if before is None else before.disabled
        if field.disabled != disabled and not scope.everywhere:
            raise AccessDenied("only a General administrator disables and enables a field")
    store.add_extended(connection, world.id, [field for field in fields if field.name not in there])
    for field in fields:
        if field.name in there:
            store.change_extended(connection, world.id, field)
