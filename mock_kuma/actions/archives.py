"""Resources leaving and entering: collected for an archive, and taken in from one. One transaction each.

Sources: 222301 to 222304, 269930 (REST API, 5.5). Resources keep their ids, and a conflict is an id that is
there already. Rule: an import is done as a whole or not at all, and a conflict changes nothing.

GUESS: what a resource depends on leaves with it. GUESS: an id for which no action is given is imported (1),
and a replaced resource stays in its tenant and folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from mock_kuma.actions import resources
from mock_kuma.domain.archives import MAX_RESOURCES, Archive, Folder, Item
from mock_kuma.domain.problems import AccessDenied, BadInput, NotFound
from mock_kuma.domain.resources import Action, check_kind, content, references
from mock_kuma.store import files as file_store
from mock_kuma.store import resources as store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, Row

    from mock_kuma.domain.resources import Content
    from mock_kuma.domain.roles import Scope
    from mock_kuma.world import World

_FILE: Final = "file"


def collect(
    connection: Connection, world: World, scope: Scope, *, ids: Sequence[str], tenant: str
) -> Archive:
    """Return the archive of these resources of a tenant, with what they depend on."""
    owner = resources.tenant(connection, world, scope, tenant)
    tenants = store.tenants_of(connection, world.id)
    known = {key for key, place in tenants.items() if place == tenant or scope.covers(place)}
    unknown = next((one for one in ids if tenants.get(one) != tenant), None)
    if unknown is not None:
        # GUESS: a resource of another tenant is none of this tenant's.
        raise NotFound("resource", unknown)
    rows: dict[str, Row[Any]] = {}
    deps: dict[str, list[str]] = {}
    wanted = list(dict.fromkeys(ids))
    while wanted:
        for key, row in store.every(connection, world.id, wanted).items():
            rows[key] = row
            deps[key] = [one for one in references(row.payload, known) if one != key]
        if len(rows) > MAX_RESOURCES:
            raise BadInput("invalid value", f"ids: more than {MAX_RESOURCES} resources")
        wanted = list({one for found in deps.values() for one in found if one not in rows})
    places = {
        row.folder: store.folder(connection, world.id, row.folder) for row in rows.values() if row.folder
    }
    return Archive(
        release=world.release.name,
        tenant=tenant,
        tenant_name=owner.name,
        folders=[
            Folder(place.id, place.subkind, place.name, place.description, place.created)
            for place in places.values()
            if place is not None
        ],
        resources=[
            Item(
                id=row.id,
                kind=row.kind,
                name=row.name,
                description=row.description,
                folder=row.folder,
                payload=msgspec.Raw(row.payload.encode()),
                deps=deps[row.id],
            )
            for row in sorted(rows.values(), key=lambda row: (row.kind, row.name, row.id))
        ],
    )


def file(connection: Connection, world: World, scope: Scope, file_id: str, *, user: str) -> Row[Any]:
    """Return a file on the Core that the user may read; an upload is its user's."""
    if not scope.everywhere and not scope.tenants:
        raise AccessDenied("no role in any tenant allows to use files of resources")
    row = file_store.find(connection, world.id, file_id)
    if row is None:
        raise NotFound(_FILE, file_id)
    mine = row.user == user if row.tenant is None else scope.covers(row.tenant)
    if not mine and not scope.everywhere:
        raise AccessDenied("the file is another user's, or of a tenant without a role")
    return row


def take_in(
    connection: Connection,
    world: World,
    scope: Scope,
    archive: Archive,
    *,
    tenant: str,
    actions: Mapping[str, Action],
    user: str,
    new_id: Callable[[str], str],
) -> list[str]:
    """Import an archive into a tenant; return the ids in conflict, in which case nothing was done."""
    resources.tenant(connection, world, scope, tenant)
    wanted = [item for item in archive.resources if actions.get(item.id, Action.IMPORT) is not Action.SKIP]
    contents = {item.id: _content(item) for item in wanted}
    existing = store.every(connection, world.id, contents)
    conflicts = [one for one in existing if actions.get(one, Action.IMPORT) is Action.IMPORT]
    if conflicts:
        return sorted(conflicts)
    folders = {folder.id: folder for folder in archive.folders}
    places: dict[str, str] = {}
    drafts = []
    for item in wanted:
        row = existing.get(item.id)
        if row is not None:
            _replace(connection, world, scope, row, item, contents[item.id], user=user)
            continue
        if item.folder and item.folder not in places:
            places[item.folder] = resources.folder_named(
                connection,
                world,
                folder=_folder_id(connection, world, item.folder, new_id),
                kind=item.kind,
                tenant_id=tenant,
                name=folders[item.folder].name,
                user=user,
            )
        folder = places.get(item.folder, "")
        drafts.append(resources.Draft(item.id, item.kind, tenant, contents[item.id], folder, user))
    resources.create(connection, world, drafts)
    return []


def _replace(
    connection: Connection,
    world: World,
    scope: Scope,
    row: Row[Any],
    item: Item,
    new: Content,
    *,
    user: str,
) -> None:
    resources.tenant(connection, world, scope, row.tenant)
    if row.kind != item.kind:
        raise BadInput("invalid value", f"actions.{item.id}: the resource here is a {row.kind}")
    resources.change(connection, world, row, new, user=user)


def _content(item: Item) -> Content:
    check_kind(item.kind)
    return content(item.kind, name=item.name, description=item.description, payload=item.decoded())


def _folder_id(connection: Connection, world: World, folder: str, new_id: Callable[[str], str]) -> str:
    return folder if store.folder(connection, world.id, folder) is None else new_id("folder")
