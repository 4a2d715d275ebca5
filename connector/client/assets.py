"""Assets: searched, imported, deleted.

Sources: 222256, 222258, 222296, 269919, 269920 of the vendor's REST API. Rule: assets that could not be taken
are told by their index in the request; the others are taken all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.wire import Wire, pairs
from connector.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class Assets(Wire):
    """Operations on assets."""

    def assets(
        self,
        *,
        ids: Sequence[str] = (),
        tenants: Sequence[str] = (),
        name: str | None = None,
        fqdn: str | None = None,
        ip: str | None = None,
        mac: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield assets; the four texts are patterns."""
        yield from self._pages(
            "/assets", pairs(id=ids, tenantID=tenants, name=name, fqdn=fqdn, ip=ip, mac=mac)
        )

    def import_assets(self, tenant: str, assets: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Create or update assets; each has ``fqdn`` or ``ipAddresses``.

        Returns ``insertedIDs`` (index to id), ``updatedCount`` and ``errors``, a list of objects with the
        index and a message. Importing the same assets again updates them.
        """
        return self._ask("/assets/import", {"tenantID": tenant, "assets": list(assets)})

    def delete_assets(
        self,
        tenant: str,
        *,
        ids: Sequence[str] = (),
        fqdns: Sequence[str] = (),
        ip_addresses: Sequence[str] = (),
    ) -> int:
        """Delete assets that any of the lists names; return how many there were."""
        named = {"ids": list(ids), "fqdns": list(fqdns), "ipAddresses": list(ip_addresses)}
        body = {"tenantID": tenant, **{key: value for key, value in named.items() if value}}
        count = self._ask("/assets/delete", body).get("deletedCount")
        if not isinstance(count, int):
            raise BadAnswer("POST /assets/delete", "expected deletedCount")
        return count
