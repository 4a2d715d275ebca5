"""Tenants, users and their tokens as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update

from mock_kuma.store import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mock_kuma.domain.filters import TenantFilter
    from mock_kuma.store.lean import Executes

_USER = (
    tables.users.c.id.label("user_id"),
    tables.users.c.name.label("user_name"),
    tables.users.c.login,
    tables.users.c.email,
    tables.users.c.roles,
    tables.users.c.api_rights,
    tables.users.c.disabled,
)


def add_tenants(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Store new tenants."""
    connection.execute(insert(tables.tenants), rows)


def change_tenant(connection: Connection, world: str, tenant: str, values: Mapping[str, Any]) -> bool:
    """Change a tenant; say whether there was one."""
    place = (tables.tenants.c.world == world) & (tables.tenants.c.id == tenant)
    return connection.execute(update(tables.tenants).where(place).values(values)).rowcount == 1


_TENANT: Final = select(tables.tenants).where(
    tables.tenants.c.world == bindparam("in_world"), tables.tenants.c.id == bindparam("of")
)


def tenant(connection: Executes, world: str, tenant_id: str) -> Row[Any] | None:
    """Return the tenant's row, or None."""
    return next(iter(connection.execute(_TENANT, {"in_world": world, "of": tenant_id})), None)


_TENANT_NAMES: Final = select(tables.tenants.c.id, tables.tenants.c.name).where(
    tables.tenants.c.world == bindparam("name")
)


def tenant_names(connection: Executes, world: str) -> dict[str, str]:
    """Return every tenant's name by its id."""
    return dict(tuple(row) for row in connection.execute(_TENANT_NAMES, {"name": world}))


def tenants(connection: Connection, world: str, wanted: TenantFilter, *, page_size: int) -> list[Row[Any]]:
    """Return one page of tenants, the main one first, then by name."""
    table = tables.tenants
    query: Select[Any] = select(table).where(table.c.world == world)
    if not wanted.scope.everywhere:
        query = query.where(table.c.id.in_(wanted.scope.tenants))
    if wanted.ids:
        query = query.where(table.c.id.in_(wanted.ids))
    if wanted.main_only:
        query = query.where(table.c.main.is_(True))
    if wanted.name is not None:
        names = connection.execute(select(table.c.name).where(table.c.world == world).distinct())
        query = query.where(table.c.name.in_(wanted.name.among(names.scalars())))
    query = query.order_by(table.c.main.desc(), table.c.name, table.c.id)
    return list(connection.execute(query.limit(page_size).offset((wanted.page - 1) * page_size)))


def add_user(connection: Connection, values: Mapping[str, Any]) -> None:
    """Store a new user."""
    connection.execute(insert(tables.users), values)


def change_user(connection: Connection, world: str, user: str, values: Mapping[str, Any]) -> bool:
    """Change a user; say whether there was one."""
    place = (tables.users.c.world == world) & (tables.users.c.id == user)
    return connection.execute(update(tables.users).where(place).values(values)).rowcount == 1


def user(connection: Connection, world: str, user_id: str) -> Row[Any] | None:
    """Return the user's row, or None."""
    place = (tables.users.c.world == world) & (tables.users.c.id == user_id)
    return connection.execute(select(tables.users).where(place)).first()


def users(connection: Connection, world: str) -> list[Row[Any]]:
    """Return the world's users by login."""
    table = tables.users
    query = select(table).where(table.c.world == world).order_by(table.c.login, table.c.id)
    return list(connection.execute(query))


def first_user(connection: Connection, world: str) -> str:
    """Return the id of the user that the world was made with."""
    table = tables.users
    query = select(table.c.id).where(table.c.world == world, table.c.login == "admin")
    return str(connection.execute(query.order_by(table.c.id).limit(1)).scalar_one())


def give_token(connection: Connection, world: str, user_id: str, *, digest: str, expires: int | None) -> None:
    """Store the token of a user who has none."""
    values = {"world": world, "user": user_id, "digest": digest, "expires": expires}
    connection.execute(insert(tables.tokens), values)


def revoke_token(connection: Connection, world: str, user_id: str) -> bool:
    """Take a user's token away; say whether there was one."""
    place = (tables.tokens.c.world == world) & (tables.tokens.c.user == user_id)
    return connection.execute(delete(tables.tokens).where(place)).rowcount > 0


# Made once, since every request asks it.
_BEARER: Final = (
    select(tables.worlds, tables.tokens.c.expires, *_USER)
    .join(tables.worlds, tables.worlds.c.id == tables.tokens.c.world)
    .join(
        tables.users,
        (tables.users.c.world == tables.tokens.c.world) & (tables.users.c.id == tables.tokens.c.user),
    )
    .where(tables.tokens.c.digest == bindparam("digest"))
)


def bearer(connection: Executes, digest: str) -> Row[Any] | None:
    """Return the token's world and user in one row, or None for an unknown token."""
    return next(iter(connection.execute(_BEARER, {"digest": digest})), None)


_KNOWN: Final = select(tables.tokens.c.digest).where(tables.tokens.c.digest == bindparam("digest"))


def known_digests(connection: Executes, digests: Iterable[str]) -> set[str]:
    """Return those of the digests that belong to a token of any world."""
    return {row[0] for digest in digests for row in connection.execute(_KNOWN, {"digest": digest})}


def token(connection: Connection, world: str, user_id: str) -> Row[Any] | None:
    """Return when a user's token expires, or None where the user has no token."""
    place = (tables.tokens.c.world == world) & (tables.tokens.c.user == user_id)
    return connection.execute(select(tables.tokens.c.expires).where(place)).first()


def token_expiries(connection: Connection, world: str) -> dict[str, Row[Any]]:
    """Return when tokens expire, by the users that have one."""
    columns = (tables.tokens.c.user, tables.tokens.c.expires)
    rows: list[Row[Any]] = list(connection.execute(select(*columns).where(tables.tokens.c.world == world)))
    return {row.user: row for row in rows}
