"""What changes a resource: created, edited, set back to a former version. One transaction each.

The caller opens it. Source: REST API, 5.5 (v3 operations known from a public client only). Rule: every
change counts the version up and is in the history; a tenant's resources are for those with a role there.

GUESS: the order of the refusals is that of closing an alert: the thing, its tenant, the role.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mock_kuma.actions.events import repeated
from mock_kuma.domain import resources as rules
from mock_kuma.domain.problems import AccessDenied, BadInput, Conflict, NotFound, TenantDisabled
from mock_kuma.domain.resources import Content
from mock_kuma.store import directory
from mock_kuma.store import ids as stored_ids
from mock_kuma.store import resources as store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from mock_kuma.domain.roles import Scope
    from mock_kuma.world import World


@dataclass(frozen=True, slots=True)
class Draft:
    """A resource to be made; ``folder`` is "" for the root, ``user`` is who makes it."""

    id: str
    kind: str
    tenant: str
    content: Content
    folder: str = ""
    user: str = ""


def tenant(connection: Connection, world: World, scope: Scope, tenant_id: str) -> Row[Any]:
    """Return the tenant, or raise why nothing may be done in it."""
    row = directory.tenant(connection, world.id, tenant_id)
    if row is None:
        raise NotFound("tenant", tenant_id)
    if row.disabled:
        raise TenantDisabled(tenant_id)
    if not scope.covers(tenant_id):
        raise AccessDenied(f"no role in tenant {tenant_id} allows this")
    return row


def resource(
    connection: Connection, world: World, scope: Scope, resource_id: str, *, kind: str, noun: str = "resource"
) -> Row[Any]:
    """Return a resource of the kind, or raise why it may not be used; ``noun`` is for the refusal."""
    row = store.find(connection, world.id, resource_id)
    if row is None or row.kind != kind:
        raise NotFound(noun, resource_id)
    tenant(connection, world, scope, row.tenant)
    return row


def create(connection: Connection, world: World, drafts: Sequence[Draft]) -> list[str]:
    """Store new resources; return their ids."""
    ids = [draft.id for draft in drafts]
    double = repeated(ids) or stored_ids.taken(connection, store.resources, world.id, ids)
    if double is not None:
        raise Conflict(double, "a resource of this world has this id already")
    add_first(connection, world, drafts)
    return ids


def add_first(connection: Connection, world: World, drafts: Sequence[Draft]) -> None:
    """Store new resources whose ids no other has, without looking: every test makes a world."""
    now = world.clock.now()
    store.add(
        connection,
        [
            {
                "world": world.id,
                "id": draft.id,
                "tenant": draft.tenant,
                "kind": draft.kind,
                "name": draft.content.name,
                "description": draft.content.description,
                "folder": draft.folder,
                "user": draft.user,
                "version": 1,
                "payload": draft.content.payload,
                "created": now,
                "updated": now,
            }
            for draft in drafts
        ],
    )
    store.note(
        connection, [_version(world, draft.id, 1, draft.content, user=draft.user, at=now) for draft in drafts]
    )


def add(connection: Connection, world: World, scope: Scope, draft: Draft) -> None:
    """Create a resource as the API does."""
    tenant(connection, world, scope, draft.tenant)
    _check_folder(connection, world, draft)
    _check_name(connection, world, draft.kind, draft.tenant, draft.content.name, resource_id=draft.id)
    create(connection, world, [draft])


def edit(connection: Connection, world: World, row: Row[Any], content: Content, *, user: str) -> None:
    """Write a resource's new content as the API does."""
    _check_name(connection, world, row.kind, row.tenant, content.name, resource_id=row.id)
    change(connection, world, row, content, user=user)


def change(connection: Connection, world: World, row: Row[Any], content: Content, *, user: str) -> None:
    """Write a resource's new content, whatever others are named."""
    now = world.clock.now()
    number = row.version + 1
    values = {
        "name": content.name,
        "description": content.description,
        "payload": content.payload,
        "version": number,
        "updated": now,
    }
    store.change(connection, world.id, row.id, values)
    store.note(connection, [_version(world, row.id, number, content, user=user, at=now)])
    store.forget(connection, world.id, row.id, before=number - rules.KEPT_VERSIONS + 1)


def revert(connection: Connection, world: World, row: Row[Any], number: int, *, user: str) -> None:
    """Write a former version's content as the newest version."""
    former = version(connection, world, row, number)
    edit(connection, world, row, Content(former.name, former.description, former.payload), user=user)


def version(connection: Connection, world: World, row: Row[Any], number: int) -> Row[Any]:
    """Return a version of a resource that is kept, or raise that there is none."""
    found = store.version(connection, world.id, row.id, number)
    if found is None:
        raise NotFound("version", str(number))
    return found


def folder_named(
    connection: Connection, world: World, *, folder: str, kind: str, tenant_id: str, name: str, user: str
) -> str:
    """Return the id of a tenant's folder for a kind; where it is missing, make it with the id ``folder``."""
    known = store.folder_named(connection, world.id, kind=kind, tenant=tenant_id, name=name)
    if known is not None:
        return known
    store.add_folder(
        connection,
        {
            "world": world.id,
            "id": folder,
            "tenant": tenant_id,
            "kind": "resource",
            "subkind": kind,
            "name": name,
            "user": user,
            # The root, by the name that a public client gives it.
            "parent": rules.root_folder(kind, tenant_id),
            "created": world.clock.now(),
        },
    )
    return folder


def _check_folder(connection: Connection, world: World, draft: Draft) -> None:
    if not draft.folder:
        return
    row = store.folder(connection, world.id, draft.folder)
    if row is None:
        raise NotFound("folder", draft.folder)
    if row.subkind != draft.kind or row.tenant != draft.tenant:
        raise BadInput("invalid value", "folderID")


def _check_name(
    connection: Connection, world: World, kind: str, tenant_id: str, name: str, *, resource_id: str
) -> None:
    # GUESS: the words; that a second resource of the name is refused with 400 was seen by a public client.
    other = store.named(connection, world.id, kind=kind, tenant=tenant_id, name=name)
    if other not in {None, resource_id}:
        raise BadInput("resource with this name already exists", name)


def _version(
    world: World, resource_id: str, number: int, content: Content, *, user: str, at: int
) -> dict[str, Any]:
    return {
        "world": world.id,
        "resource": resource_id,
        "version": number,
        "at": at,
        "user": user,
        "name": content.name,
        "description": content.description,
        "payload": content.payload,
    }
