"""The shapes of successful answers, and of bodies whose reading is the route's own.

Sources: REST API, 3 to 6; the marks stand with each operation in ``operations/``. Knows no routes. Rule: what
has no default here is in every answer.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from mock_kuma.domain.assets import CustomField, Ksc, Risk, Software


class AssetNames(Struct, kw_only=True):
    """What an asset is known by."""

    id: str
    tenantID: str
    tenantName: str
    name: str
    ipAddresses: list[str]
    macAddresses: list[str]
    owner: str
    software: list[Software] | None
    ksc: Ksc | None
    created: str
    updated: str
    archived: bool
    kicsVulns: list[Risk]
    customFields: list[CustomField]
    aiscore: float
    aistatus: str


class SystemV1(Struct):
    """An operating system; its version is a number up to v2.2."""

    name: str
    version: int


class SystemV3(Struct):
    """An operating system; its version is text from v3 on."""

    name: str
    version: str


class Weakness(Struct, kw_only=True):
    """A vulnerability without its address, whose key differs by version."""

    kasperskyID: str
    productName: str
    recommendedMajorPatch: str
    recommendedMinorPatch: str
    severityStr: str
    severity: int
    cve: list[str]
    exploitExists: bool
    malwareExists: bool


class VulnerabilityV1(Weakness, kw_only=True):
    """A vulnerability up to v2.2."""

    descriptionUrl: str


class VulnerabilityV3(Weakness, kw_only=True):
    """A vulnerability from v3 on."""

    descriptionURL: str


class AssetV1(AssetNames, kw_only=True):
    """An asset in v1: one FQDN."""

    fqdn: str
    os: SystemV1 | None
    vulnerabilities: list[VulnerabilityV1] | None


class AssetV2(AssetNames, kw_only=True):
    """An asset in v2 to v2.2: several FQDNs."""

    fqdn: list[str]
    os: SystemV1 | None
    vulnerabilities: list[VulnerabilityV1] | None


class AssetV3(AssetNames, kw_only=True):
    """An asset in v3."""

    fqdn: list[str]
    os: SystemV3 | None
    vulnerabilities: list[VulnerabilityV3] | None


class Alert(Struct, kw_only=True):
    """An alert: fifteen keys that are always there, three of them null without their flag."""

    id: str
    tenantID: str
    tenantName: str
    name: str
    correlationRuleID: str
    priority: str
    status: str
    firstSeen: str
    lastSeen: str
    assignee: str
    closingReason: str
    overflow: bool
    events: list[dict[str, Any]] | None
    affectedAssets: list[dict[str, Any]] | None
    affectedAccounts: list[dict[str, Any]] | None


class Cluster(Struct):
    """A storage cluster."""

    id: str
    tenantID: str
    tenantName: str
    name: str


class ImportFault(Struct):
    """Why one asset of an import was left out."""

    index: int
    message: str
    details: Any


class AssetImported(Struct, kw_only=True):
    """New ids by place in the request, how many were updated, and what could not be."""

    insertedIDs: dict[str, str]
    updatedCount: int
    errors: list[ImportFault]


class AssetsDeleted(Struct):
    """How many assets were deleted."""

    deletedCount: int


class CorrelatorList(Struct):
    """An active list or context table of a correlator."""

    id: str
    name: str
    dir: str
    records: int
    walSize: int


class Created(Struct):
    """The id of what was made."""

    id: str


class Nothing(Struct):
    """An empty object."""


class FailedUpdate(Struct):
    """A service that could not take the new dictionary."""

    id: str
    err: str


class DictionaryUpdated(Struct):
    """Services that could not be reloaded; empty where all went well."""

    servicesFailedToUpdate: list[FailedUpdate]


class Item(Struct):
    """A resource in a file."""

    id: str
    kind: str
    name: str
    deps: list[str]


class ItemV1(Item):
    """A resource in a file, in v1."""

    folderID: str


class FolderNames(Struct, kw_only=True):
    """A folder of resources."""

    id: str
    tenantID: str
    tenantName: str
    exportID: str
    kind: str
    subKind: str
    name: str
    description: str
    userID: str
    parentID: str
    createdAt: int


class FolderContents(FolderNames, kw_only=True):
    """A folder in a file, with what is in it."""

    resources: list[Item]


class ContentsV1(Struct):
    """A file's table of contents in v1: flat lists."""

    version: str
    assetCategories: list[Any]
    folders: list[FolderNames]
    resources: list[ItemV1]


class Contents(Struct):
    """A file's table of contents from v2 on."""

    folders: list[FolderContents]


class Conflicts(Struct):
    """Ids of resources that are here already."""

    conflicts: list[str]


class ResourcesExported(Struct):
    """The file to download."""

    fileID: str


class Service(Struct, kw_only=True):
    """A service and its state; ``status`` is a colour."""

    id: str
    tenantID: str
    tenantName: str
    resourceID: str
    kind: str
    name: str
    address: str
    fqdn: str
    status: str
    warning: str
    apiPort: str
    uptime: Any
    version: str
    created: str
    updated: str


class Tenant(Struct, kw_only=True):
    """A tenant."""

    id: str
    name: str
    main: bool
    description: str
    eps: int
    epsLimit: int
    created: str
    updated: str
    shared: bool


class Report(Struct, kw_only=True):
    """A generated report; times in milliseconds. Columns that were not asked for are absent."""

    id: str = ""
    name: str = ""
    tenantIDs: list[str] = []
    tenantNames: list[str] = []
    userID: str = ""
    userName: str = ""
    status: str = ""
    since: int = field(default=0, name="from")
    until: int = field(default=0, name="to")
    createdAt: int = 0
    updatedAt: int = 0
