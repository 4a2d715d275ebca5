"""Stored rows to the bytes that the vendor would send, dialect by dialect.

An event goes out as it was stored, joined and never parsed. All 15 keys of an alert are always there,
the three lists as null where their flag is absent (REST API, 3.1 and 8, row 4: inferred from a client
that reads them by index). Rule: times are UTC with whole seconds and "Z".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mock_kuma.domain.moments import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Row

    from mock_kuma.api.dialect import Dialect
    from mock_kuma.store.alert_pages import Shown

_NULL = msgspec.Raw(b"null")
_ENCODER = msgspec.json.Encoder()


def alerts(
    rows: Sequence[Shown],
    *,
    dialect: Dialect,
    tenant_names: Mapping[str, str],
    events: Mapping[str, list[str]] | None,
    with_affected: bool,
) -> bytes:
    """Return a page of alerts as JSON; ``events`` is None where they were not asked for."""
    return _ENCODER.encode(
        [
            alert(
                row,
                dialect=dialect,
                tenant_name=tenant_names.get(row.tenant, ""),
                events=None if events is None else events[row.id],
                with_affected=with_affected,
            )
            for row in rows
        ]
    )


def alert(
    row: Row[Any] | Shown,
    *,
    dialect: Dialect,
    tenant_name: str,
    events: list[str] | None,
    with_affected: bool,
) -> dict[str, Any]:
    """Return one alert with its 15 keys, ready to be encoded."""
    sent: dict[str, Any] = {
        "id": row.id,
        "tenantID": row.tenant,
        "tenantName": tenant_name,
        "name": row.name,
        "correlationRuleID": row.rule,
        "priority": row.priority,
        "status": row.status,
        "firstSeen": render(row.first_seen),
        "lastSeen": render(row.last_seen),
        "assignee": row.assignee,
        "closingReason": row.closing_reason,
        "overflow": bool(row.overflow),
        "events": _NULL if events is None else msgspec.Raw(f"[{','.join(events)}]".encode()),
        "affectedAssets": _NULL,
        "affectedAccounts": _NULL,
    }
    if with_affected:
        listed = msgspec.json.decode(row.assets)
        sent["affectedAssets"] = listed and [asset(one, dialect) for one in listed]
        sent["affectedAccounts"] = msgspec.Raw(row.accounts.encode())
    if row.sent_as is not None:
        deviation = msgspec.json.decode(row.sent_as)
        sent.update(deviation["set"])
        for key in deviation["omit"]:
            sent.pop(key, None)
    return sent


def asset(stored: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """Return an asset as the dialect spells it; it is stored in the newest spelling."""
    sent = dict(stored)
    names = sent.get("fqdn")
    if not dialect.fqdn_list and isinstance(names, list):
        sent["fqdn"] = names[0] if names else ""
    system = sent.get("os")
    if isinstance(system, dict) and "version" in system:
        sent["os"] = {**system, "version": _os_version(system["version"], dialect)}
    if isinstance(sent.get("vulnerabilities"), list):
        sent["vulnerabilities"] = [
            {
                dialect.description_url if key.lower() == "descriptionurl" else key: value
                for key, value in one.items()
            }
            for one in sent["vulnerabilities"]
        ]
    return sent


def _os_version(version: object, dialect: Dialect) -> object:
    if dialect.os_version_text:
        return str(version)
    digits = str(version)
    # GUESS: how a server turns a version such as "10.0.19045" into the documented uint64.
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def tenant(row: Row[Any]) -> dict[str, Any]:
    """Return one tenant (222306, 269935)."""
    return {
        "id": row.id,
        "name": row.name,
        "main": row.main,
        "description": row.description,
        "eps": 0,
        "epsLimit": row.eps_limit,
        "created": render(row.created),
        "updated": render(row.updated),
        "shared": row.shared,
    }
