"""The shapes of request bodies that have no model of their own, and of answers about users and resources.

Sources: REST API, 3 to 5. Rule: a field without a default is one whose absence the vendor refuses.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from mock_kuma.domain.assets import Importable
from mock_kuma.domain.settings import CustomField


class AlertClosing(Struct):
    """The body that closes an alert: responded, incorrect data, incorrect correlation rule."""

    id: str
    reason: Literal["responded", "incorrect data", "incorrect correlation rule"]


class Period(Struct):
    """A period, both ends inclusive."""

    since: Annotated[str, Meta(extra_json_schema={"format": "date-time"})] = field(name="from")
    until: Annotated[str, Meta(extra_json_schema={"format": "date-time"})] = field(name="to")


class EventSearch(Struct, kw_only=True):
    """A SELECT query on the table ``events``, and the period it is about."""

    period: Period
    sql: Annotated[
        str, Meta(examples=["SELECT * FROM events WHERE Type = 3 ORDER BY Timestamp DESC LIMIT 250"])
    ]
    clusterID: str | None = None
    rawTimestamps: bool | None = False
    emptyFields: bool | None = False


class AssetImport(Struct):
    """Assets to create or update in a tenant."""

    tenantID: str
    assets: list[Importable]


class DictionaryFile(Struct):
    """The form that updates a dictionary; the file is CSV."""

    file: str


class FileContents(Struct):
    """An uploaded file and its password."""

    fileID: str
    password: str


class ResourceImport(Struct, kw_only=True):
    """What is imported: by resource 0 skip, 1 import, 2 replace."""

    fileID: str
    password: str
    tenantID: str
    actions: dict[str, int] | None = None


class ResourceExport(Struct):
    """What is put into a file."""

    ids: list[str]
    password: str
    tenantID: str


class ResourceDraft(Struct, kw_only=True):
    """A resource as it is created, checked or changed."""

    name: str
    payload: dict[str, Any]
    tenantID: str | None = None
    folderID: str | None = None
    description: str | None = None
    kind: str | None = None


class RoleInTenant(Struct):
    """A tenant and the user's role there, as v1 has them."""

    id: str
    name: str
    role: str


class WhoamiV1(Struct):
    """The token's owner in v1."""

    id: str
    name: str
    login: str
    email: str
    tenants: list[RoleInTenant]


class Named(Struct):
    """An id and a name."""

    id: str
    name: str


class Role(Struct):
    """A role and the tenants in which the user has it."""

    id: str
    name: str
    tenants: list[Named]


class Whoami(Struct):
    """The token's owner from v2 on."""

    id: str
    name: str
    login: str
    email: str
    roles: list[Role]


class User(Struct):
    """A user as others see him."""

    id: str
    name: str
    login: str
    email: str
    disabled: bool
    roles: list[Role]


class Resource(Struct, kw_only=True):
    """A resource as the search shows it."""

    id: str
    kind: str
    name: str
    description: str
    tenantID: str
    tenantName: str
    userID: str
    userName: str
    created: str
    updated: str


class ResourceWhole(Resource, kw_only=True):
    """A resource with its payload."""

    exportID: str
    folderID: str
    version: int
    payload: dict[str, Any]


class ResourceVersion(Struct):
    """One version of a resource."""

    version: int
    name: str
    description: str
    userID: str
    userName: str
    updated: str


class Folder(Struct, kw_only=True):
    """A folder of resources. Columns that were not asked for are absent."""

    id: str = ""
    tenantID: str = ""
    tenantName: str = ""
    exportID: str = ""
    kind: str = ""
    subKind: str = ""
    name: str = ""
    description: str = ""
    userID: str = ""
    parentID: str = ""
    createdAt: int = 0


class Settings(Struct, kw_only=True):
    """The custom fields of assets; times in milliseconds."""

    id: str
    tenantID: str
    tenantName: str
    kind: str
    updatedAt: int
    createdAt: int
    disabled: bool
    customFields: list[CustomField]


class AlertOfIncident(Struct):
    """An alert that is linked to an incident."""

    id: str
    name: str
    status: str


class Id(Struct):
    """An id alone."""

    id: str


class Incident(Struct, kw_only=True):
    """An incident as the search shows it."""

    id: str
    tenantID: str
    tenantName: str
    name: str
    description: str
    type: dict[str, Any]
    priority: int
    status: str
    resolution: int | None
    assigneeId: str
    assignee: str
    firstSeen: str
    lastSeen: str
    created: str
    updated: str
    alerts: list[AlertOfIncident]
    assets: list[Id]
    accounts: list[Id]
    availableTenants: list[str]


class CommentOfIncident(Struct):
    """What a user wrote on an incident."""

    user: str
    comment: str
    created: str


class IncidentWhole(Incident, kw_only=True):
    """An incident with its comments."""

    comments: list[CommentOfIncident]
