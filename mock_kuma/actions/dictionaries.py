"""What changes a dictionary: its file replaced, a row added, a row deleted. One transaction each.

Sources: "Updating a dictionary" 234105 (REST API, 5.4); rows one by one from a public client. Rule: each is
a new version of the resource, and what a service could not take is told by name.

GUESS: dictionaries of the Shared tenant are for the General administrator in every release, not only since
the page says so. GUESS: of the services, those of the dictionary's tenant that do not run fail to
reload.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mock_kuma.actions import resources
from mock_kuma.domain import dictionaries as rules
from mock_kuma.domain.problems import AccessDenied, BadInput, NotFound
from mock_kuma.domain.resources import DICTIONARY, Content, payload_text
from mock_kuma.domain.services import RUNNING
from mock_kuma.store import directory, services

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Row

    from mock_kuma.domain.roles import Scope
    from mock_kuma.world import World


def find(connection: Connection, world: World, scope: Scope, dictionary: str) -> Row[Any]:
    """Return a dictionary that may be read, or raise why not."""
    return resources.resource(connection, world, scope, dictionary, kind=DICTIONARY, noun=DICTIONARY)


def update(
    connection: Connection,
    world: World,
    dictionary: str,
    edit: Callable[[rules.Table], list[list[str]]],
    *,
    scope: Scope,
    own: Scope,
    user: str,
) -> Row[Any]:
    """Write the rows that ``edit`` makes of a dictionary's table; return its row as it was before.

    ``scope`` is where every dictionary may be changed, ``own`` where only those that the user has made.
    """
    row = find(connection, world, own, dictionary)
    tenant = directory.tenant(connection, world.id, row.tenant)
    if tenant is not None and tenant.shared and not scope.everywhere:
        raise AccessDenied("shared dictionaries are for the General administrator")
    if not scope.covers(row.tenant) and row.user != user:
        raise AccessDenied(f"the role in tenant {row.tenant} allows to change own dictionaries only")
    payload = msgspec.json.decode(row.payload)
    table = rules.read(payload)
    if table.type != rules.TABLE:
        # GUESS: the row for a dictionary of the other type; the page says that tables alone are updated.
        raise BadInput("invalid value", "dictionaryID")
    text = payload_text({**payload, "columns": table.columns, "rows": edit(table)})
    resources.change(connection, world, row, Content(row.name, row.description, text), user=user)
    return row


def without_row(key: str) -> Callable[[rules.Table], list[list[str]]]:
    """Return the edit that deletes the row of a key."""

    def edit(table: rules.Table) -> list[list[str]]:
        rows = rules.without_row(table, key)
        if rows is None:
            raise NotFound("row", key)
        return rows

    return edit


def failed_reloads(connection: Connection, world: World, row: Row[Any]) -> list[dict[str, str]]:
    """Return the services that could not be told of a change, as the vendor lists them."""
    return [
        {"id": service.id, "err": "service is not running"}
        for service in services.of_tenant(connection, world.id, row.tenant)
        if service.paired and service.status not in RUNNING
    ]
