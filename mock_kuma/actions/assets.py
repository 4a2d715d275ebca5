"""What changes the assets of a tenant: imported, deleted, given by a test, met in an alert.

One transaction each, opened by the caller. Source: REST API, 5.1. Rule: an asset that came from Kaspersky
Security Center is never changed by an import, and an import changes only what it names.

GUESS: the order of the refusals is that of closing an alert: tenant known, not disabled, role.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from mock_kuma.actions.events import repeated
from mock_kuma.domain import assets as rules
from mock_kuma.domain.moments import render
from mock_kuma.domain.problems import AccessDenied, BadInput, Conflict, NotFound, TenantDisabled
from mock_kuma.store import assets as store
from mock_kuma.store import directory, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from mock_kuma.domain.roles import Scope
    from mock_kuma.world import World

_LIST = msgspec.json.Decoder(list[dict[str, Any]])


@dataclass(slots=True)
class Imported:
    """What became of an import: the new ids by place in the request, and the elements that failed."""

    inserted: dict[int, str] = field(default_factory=dict)
    updated: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)


def check_tenant(connection: Connection, world: World, scope: Scope, tenant: str, *, shared: str) -> None:
    """Raise unless the caller may change the tenant's assets; ``shared`` is the refusal of Shared."""
    row = directory.tenant(connection, world.id, tenant)
    if row is None:
        raise NotFound("tenant", tenant)
    if row.shared:
        raise BadInput(shared)
    if row.disabled:
        raise TenantDisabled(tenant)
    if not scope.covers(tenant):
        raise AccessDenied(f"no role in tenant {tenant} allows to change its assets")


def bring_in(
    connection: Connection,
    world: World,
    *,
    tenant: str,
    assets: Sequence[rules.Importable],
    new_id: Callable[[], str],
) -> Imported:
    """Create or update the tenant's assets, one after the other.

    What an asset does not name stays (GUESS: as where data of the same source are merged, 233855).
    """
    outcome = Imported()
    now = render(world.clock.now())
    fields = {field.id: field.name for field in settings.fields_of(settings.of_world(connection, world.id))}
    for index, given in enumerate(assets):
        asset = rules.with_fields(given, fields)
        body = rules.whole(asset)
        fqdn_key, address_key = rules.identity(body)
        before = store.identified(
            connection, world.id, tenant=tenant, fqdn_key=fqdn_key, address_key=address_key
        )
        if before is None:
            body.update(id=new_id(), created=now, updated=now)
            store.add(connection, [store.row(world.id, tenant, body, (fqdn_key, address_key))])
            outcome.inserted[index] = body["id"]
        elif before.from_ksc:
            outcome.errors.append(_conflict(index, before.id))
        else:
            body = rules.whole(asset, before=msgspec.json.decode(before.body))
            body["updated"] = now
            store.change(
                connection, world.id, before.id, store.row(world.id, tenant, body, rules.identity(body))
            )
            outcome.updated += 1
    return outcome


def remove(
    connection: Connection,
    world: World,
    *,
    tenant: str,
    ids: Sequence[str],
    fqdns: Sequence[str],
    addresses: Sequence[str],
) -> int:
    """Delete the tenant's assets that one of the marks names; return how many there were.

    GUESS: an FQDN is that of an asset if it is its first; of the addresses the page says so.
    """
    marks = {
        "id": list(ids),
        "fqdn_key": [rules.fqdn_key(name) for name in fqdns],
        "address_key": [rules.address_key(address) for address in addresses],
    }
    return sum(
        store.remove(connection, world.id, tenant=tenant, column=column, values=values)
        for column, values in marks.items()
    )


def give(connection: Connection, world: World, given: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    """Store whole assets with their tenants, as a test wants them; return their ids."""
    ids = [body["id"] for _, body in given]
    double = repeated(ids) or next(iter(sorted(store.known(connection, world.id, ids))), None)
    if double is not None:
        raise Conflict(double, "an asset of this world has this id already")
    rows = [store.row(world.id, tenant, _dated(world, body), rules.identity(body)) for tenant, body in given]
    store.add(connection, rows)
    return ids


def meet(connection: Connection, world: World, alerts: Iterable[Mapping[str, Any]]) -> None:
    """Store the affected assets of alerts' rows, unless they are there, in the tenant of the first.

    An affected asset without an id, or of another shape than the vendor's, is only sent with its alert.
    """
    # Many alerts share few machines: texts that were seen are not read again.
    texts = dict.fromkeys((row["tenant"], row["assets"]) for row in alerts)
    met: dict[str, dict[str, Any]] = {}
    for tenant, text in texts:
        for raw in _LIST.decode(text):
            key = raw.get("id")
            if isinstance(key, str) and key and key not in met:
                body = _readable(raw)
                if body is not None:
                    met[key] = store.row(world.id, tenant, _dated(world, body), rules.identity(body))
    there = store.known(connection, world.id, list(met))
    store.add(connection, [row for key, row in met.items() if key not in there])


def _readable(raw: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return rules.whole(msgspec.convert(raw, rules.Asset))
    except msgspec.ValidationError:
        return None


def _dated(world: World, body: dict[str, Any]) -> dict[str, Any]:
    now = render(world.clock.now())
    body["created"] = body["created"] or now
    body["updated"] = body["updated"] or body["created"]
    return body


def _conflict(index: int, asset: str) -> dict[str, Any]:
    # GUESS: the words; that the asset fails alone is documented (222258).
    return {"index": index, "message": "asset imported from KSC cannot be updated", "details": asset}
