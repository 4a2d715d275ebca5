"""Who and where: the token's owner, users, tenants.

Sources: whoami 222307 and 269936, tenants 222306 and 269935 of the vendor's REST API; users from a public
client. Rule: shapes that differ between versions are passed on as they came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.wire import Wire, pairs, segment
from connector.paging import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Directory(Wire):
    """Operations on users and tenants."""

    def whoami(self) -> dict[str, Any]:
        """Return the token's owner: ``tenants`` with a role each in v1, ``roles`` with tenants later."""
        return self._object("/users/whoami")

    def users(
        self,
        *,
        pattern: str | None = None,
        name: str | None = None,
        login: str | None = None,
        email: str | None = None,
        roles: Sequence[str] = (),
        tenants: Sequence[str] = (),
        sort: str | None = None,
        without_disabled: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """Yield users (v3); the first four are patterns, ``sort`` is a field or ``-field``."""
        query = pairs(
            pattern=pattern, name=name, login=login, email=email, role=roles, tenant=tenants, sort=sort
        )
        query += [("size", str(PAGE_SIZE))]
        yield from self._pages(
            "/users", [*query, *([("excludeDisabled", "true")] if without_disabled else [])]
        )

    def user(self, user: str) -> dict[str, Any]:
        """Return one user by id (v3)."""
        return self._object(f"/users/id/{segment(user)}")

    def tenants(
        self, *, ids: Sequence[str] = (), name: str | None = None, main: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Yield the tenants that the token's owner may see; ``name`` is a pattern."""
        query = pairs(id=ids, name=name)
        yield from self._pages("/tenants", [*query, *([("main", "")] if main else [])])

    def create_tenant(self, name: str, *, description: str = "", eps_limit: int = 0) -> dict[str, Any]:
        """Make a tenant (v3); ``eps_limit`` is in events a second, 0 for none. Returns its ``id``."""
        body = {"name": name, "description": description, "epsLimit": eps_limit}
        return self._ask("/tenants/create", body, once=True)
