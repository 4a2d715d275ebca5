"""Who may call what: the role matrix of the vendor's "Access" lines, for both generations.

Source: REST API reference, 1.5. In lists, tenants in which a user lacks the role are silently
ignored; in single calls the same is "access denied". Rule: an operation that is not in the matrix
does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from mock_kuma.domain.releases import Generation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


GENERAL_ADMINISTRATOR: Final = "General administrator"
_OLD_ADMINISTRATOR: Final = "administrator"

#: Role names as the documents print them, with the ids seen on a v3 server (kapi, examples/users.txt).
ROLES: Final[Mapping[Generation, Mapping[str, str]]] = {
    Generation.NEW: {
        GENERAL_ADMINISTRATOR: "9dd65e51-3b04-48f5-b132-c08bf9ad17d6",
        "Tenant administrator": "b61cfd50-87c9-45d9-940d-5a6f5d4292a7",
        "Tier 2 analyst": "e57fae66-ec6d-46b9-8d9d-a29efbe04ca2",
        "Tier 1 analyst": "309ed903-99f0-462e-a43d-6edb7281f830",
        "Junior analyst": "0e342bff-9fd6-47c9-9bf8-c58be4302acc",
        "Access to NCIRCC": "2448f469-a15e-46db-b989-6182616ffeba",
        "Access to CII": "caa7c266-8149-442a-a2ba-e60961f1d6e9",
        "Access to shared resources": "ce9f7d9a-7a2e-48d8-acab-3432acbb0f4f",
    },
    # GUESS: releases up to 2.1 had no such ids in any answer that was seen; v1 whoami gives names only.
    Generation.OLD: {
        GENERAL_ADMINISTRATOR: "9dd65e51-3b04-48f5-b132-c08bf9ad17d6",
        _OLD_ADMINISTRATOR: "b61cfd50-87c9-45d9-940d-5a6f5d4292a7",
        "analyst": "e57fae66-ec6d-46b9-8d9d-a29efbe04ca2",
        "operator": "0e342bff-9fd6-47c9-9bf8-c58be4302acc",
    },
}

_NOBODY: Final[frozenset[str]] = frozenset()
_A: Final = frozenset({_OLD_ADMINISTRATOR})
_AA: Final = _A | {"analyst"}
_AAO: Final = _AA | {"operator"}
_TA: Final = frozenset({"Tenant administrator"})
_T2: Final = _TA | {"Tier 2 analyst"}
_T1: Final = _T2 | {"Tier 1 analyst"}
_READ: Final = _T1 | {"Junior analyst", "Access to NCIRCC", "Access to CII"}
_SHARED: Final = "Access to shared resources"
_EVERY_NEW: Final = _READ | {_SHARED}

#: Operation (method and path as in the API access rights) -> roles beside the General administrator.
MATRIX: Final[Mapping[str, Mapping[Generation, frozenset[str]]]] = {
    operation: {Generation.OLD: old, Generation.NEW: new}
    for operation, old, new in (
        ("GET /alerts", _AAO, _READ),
        ("POST /alerts/close", _AAO, _READ),
        # GUESS: what v3 adds to alerts has the roles of closing, incidents those of alerts.
        ("GET /alerts/id/{id}", _AAO, _READ),
        ("POST /alerts/assign", _AAO, _READ),
        ("POST /alerts/comment", _AAO, _READ),
        ("POST /alerts/link-event", _AAO, _READ),
        ("POST /alerts/unlink-event", _AAO, _READ),
        ("GET /incidents", _AAO, _READ),
        ("GET /incidents/id/{id}", _AAO, _READ),
        ("POST /incidents/create", _AAO, _READ),
        ("POST /incidents/assign", _AAO, _READ),
        ("POST /incidents/close", _AAO, _READ),
        ("POST /incidents/comment", _AAO, _READ),
        ("POST /incidents/link", _AAO, _READ),
        ("POST /incidents/unlink", _AAO, _READ),
        ("GET /tenants", _AA, _EVERY_NEW),
        ("POST /tenants/create", _NOBODY, _NOBODY),  # 221499
        # GUESS: users are searched by whoever may give alerts to them and is no junior.
        ("GET /users", _AA, _T1),
        ("GET /users/id/{id}", _AA, _T1),
        ("GET /users/whoami", _AAO, _EVERY_NEW),
        ("POST /events", _AAO, _READ),
        ("GET /events/clusters", _AAO, _READ),  # clusters of the main tenant are there for everybody
        ("GET /assets", _AAO, _READ),
        ("POST /assets/import", _AA, _T1),
        ("POST /assets/delete", _AA, _T1),
        ("GET /services", _AA, _T1),
        # GUESS: the v3 operations of services have the roles of their search.
        ("POST /services/create", _AA, _T1),
        ("POST /services/{id}/reload", _AA, _T1),
        ("POST /services/{id}/restart", _AA, _T1),
        ("GET /activeLists", _AA, _T1),
        ("POST /activeLists/import", _AA, _T1),
        # GUESS: what the documents give no roles for has those of its neighbours: here, active lists.
        ("GET /services/{id}/activeLists/export/{id}", _AA, _T1),
        ("GET /services/{id}/activeLists/scan/{id}", _AA, _T1),
        ("GET /contextTables", _AA, _T1),
        ("GET /contextTables/export", _AA, _T1),
        ("POST /contextTables/import", _AA, _T1),
        ("GET /dictionaries", _AA, _T1),
        # Tier 1 analysts change dictionaries of their own only.
        ("POST /dictionaries/update", _AA, _T2),
        ("POST /dictionaries/update (own)", _AA, _T1),
        ("GET /resources", _AA, _T1),
        ("POST /resources/upload", _AA, _T1),
        ("POST /resources/toc", _AAO, _T1),
        ("POST /resources/import", _AA, _T1),
        ("POST /resources/export", _AA, _T1),
        ("GET /resources/download/{id}", _AA, _T1),
        ("GET /download/{id}", _AA, _T1),
        ("GET /folders", _AA, _T1),
        ("GET /resources/{kind}/{id}", _AA, _T1),
        ("PUT /resources/{kind}/{id}", _AA, _T1),
        ("POST /resources/{kind}/create", _AA, _T1),
        ("POST /resources/{kind}/validate", _AA, _T1),
        ("GET /resources/{kind}/{id}/history", _AA, _T1),
        ("GET /resources/{kind}/{id}/history/{version}", _AA, _T1),
        ("POST /resources/{kind}/{id}/history/{version}", _AA, _T1),
        ("GET /settings/id/{id}", _AAO, _TA),  # in the main tenant: 269939
        ("GET /settings/id/{id} (v1)", _AAO, _T1),  # 244979
        ("GET /settings/extendedFields/export", _AAO, _T1 | {"Junior analyst", _SHARED}),  # 294885
        ("POST /settings/extendedFields/import", _AAO, _T1 | {"Junior analyst"}),  # 294887
        ("GET /reports", _AA, _T1 | {"Junior analyst"}),  # 218031
        # GUESS: a retroscan is for whoever may touch correlators.
        ("POST /tasks/create", _AA, _T1),
        ("GET /system/backup", _NOBODY, _NOBODY),
        ("POST /system/restore", _NOBODY, _NOBODY),
    )
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in some tenants; the General administrator's covers every tenant."""

    role: str
    tenants: tuple[str, ...]


class Scope(NamedTuple):
    """The tenants that a request may touch: all of them, or these."""

    everywhere: bool
    tenants: frozenset[str]

    def covers(self, tenant: str) -> bool:
        """Say whether the tenant is inside."""
        return self.everywhere or tenant in self.tenants


def scope(grants: Iterable[Grant], operation: str, generation: Generation) -> Scope:
    """Return where a user with these grants may do the operation."""
    allowed = MATRIX[operation][generation]
    tenants: set[str] = set()
    for grant in grants:
        if grant.role == GENERAL_ADMINISTRATOR:
            return Scope(everywhere=True, tenants=frozenset())
        if grant.role in allowed:
            tenants.update(grant.tenants)
    return Scope(everywhere=False, tenants=frozenset(tenants))
