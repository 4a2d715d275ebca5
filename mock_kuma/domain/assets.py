"""An asset: its shape, what identifies it inside a tenant, which imports are refused.

Sources: 222256, 222258 and 269919 (REST API, 5.1 and 6.2), merging of assets 233855. An asset is kept in the
newest spelling, ``fqdn`` as a list; ``wireformat.asset`` knows the others. Knows neither storage nor HTTP.
Rule: what is stored has every key of every version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from mock_kuma.domain.problems import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mock_kuma.domain.patterns import Pattern
    from mock_kuma.domain.roles import Scope

_Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]  # more than a database's integer takes is refused
#: GUESS: a host name of one part is taken (the vendor's own example is "my-asset-1"), of any script.
_FQDN: Final = re.compile(r"(?=.{1,1023}\Z)[\w-]+(?:\.[\w-]+)*\.?")
#: GUESS: what Go reads as a hardware address: six or eight bytes with colons, hyphens or dots.
_MAC: Final = re.compile(
    r"[\da-f]{2}(?:(?:-[\da-f]{2}){5}|(?:-[\da-f]{2}){7}|(?::[\da-f]{2}){5}|(?::[\da-f]{2}){7})"
    r"|[\da-f]{4}(?:(?:\.[\da-f]{4}){2}|(?:\.[\da-f]{4}){3})",
    re.ASCII | re.IGNORECASE,
)


def _vendor(name: str) -> str:
    """Return a field's name as the vendor spells it: ``cve_id`` is cveID."""
    first, *others = name.split("_")
    return first + "".join("ID" if word == "id" else word.capitalize() for word in others)


class System(Struct, frozen=True):
    """An operating system; ``version`` is a number or text, by API version."""

    name: str = ""
    version: _Number | str = 0


class Software(Struct, frozen=True):
    """A program on an asset."""

    name: str = ""
    version: str = ""
    vendor: str = ""


class Vulnerability(Struct, frozen=True, rename=_vendor):
    """A known weakness of an asset."""

    kaspersky_id: str = ""
    product_name: str = ""
    description_url: str = ""
    recommended_major_patch: str = ""
    recommended_minor_patch: str = ""
    severity_str: str = ""
    severity: _Number = 0
    cve: list[str] = []
    exploit_exists: bool = False
    malware_exists: bool = False


class Ksc(Struct, frozen=True, rename=_vendor):
    """What Kaspersky Security Center knows of an asset that was imported from it."""

    n_agent_id: str = ""
    ksc_instance_id: str = ""
    ksc_master_hostname: str = ""
    last_visible: str = ""


class Risk(Struct, frozen=True, rename=_vendor):
    """A weakness that KICS for Networks has found."""

    id: _Number = 0
    name: str = ""
    category: str = ""
    description: str = ""
    description_url: str = ""
    severity: _Number = 0
    cvss: float = 0.0
    cve_id: str = ""


class CustomField(Struct, frozen=True):
    """The value of a custom field, whose id is that of a field in the settings."""

    id: str = ""
    name: str = ""
    value: str = ""


class Importable(Struct, frozen=True, rename=_vendor, kw_only=True):
    """What an import says of an asset; what it does not say is unset."""

    name: str | UnsetType = UNSET
    fqdn: str | list[str] | UnsetType = UNSET
    ip_addresses: list[str] | UnsetType = UNSET
    mac_addresses: list[str] | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    os: System | UnsetType | None = UNSET
    software: list[Software] | UnsetType = UNSET
    vulnerabilities: list[Vulnerability] | UnsetType = UNSET
    custom_fields: list[CustomField] | UnsetType = UNSET


class Asset(Importable, frozen=True, rename=_vendor, kw_only=True):
    """An asset with all that may be known of it."""

    id: str | UnsetType = UNSET
    ksc: Ksc | UnsetType | None = UNSET
    created: str | UnsetType = UNSET
    updated: str | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
    kics_vulns: list[Risk] | UnsetType = UNSET
    aiscore: float | UnsetType = UNSET
    aistatus: str | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class AssetFilter:
    """One search for assets; pages from 1."""

    scope: Scope
    page: int = 1
    ids: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    name: Pattern | None = None
    fqdn: Pattern | None = None
    ip: Pattern | None = None
    mac: Pattern | None = None


def whole(asset: Importable, *, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the asset with every key; what it does not say comes from ``before``, or is empty.

    The name defaults to the first FQDN, else to the first IP address (222258).
    """
    said: dict[str, Any] = msgspec.to_builtins(asset)
    if "fqdn" in said:
        said["fqdn"] = fqdns(said["fqdn"])
    body = {**_nothing(), **(before or {}), **said}
    body["name"] = said.get("name") or (before or {}).get("name") or _first(body["fqdn"], body["ipAddresses"])
    if body["ksc"] is not None:
        # Software of KSC-imported assets is not stored and not returned (222256).
        body["software"] = []
    return body


def with_fields(asset: Importable, names: Mapping[str, str]) -> Importable:
    """Return an import with those custom fields that the settings have, by their id (222258).

    GUESS: a value without a field is left out, and the settings say how a field is called.
    """
    if isinstance(asset.custom_fields, UnsetType):
        return asset
    kept = [CustomField(one.id, names[one.id], one.value) for one in asset.custom_fields if one.id in names]
    return msgspec.structs.replace(asset, custom_fields=kept)


def fqdns(value: str | Iterable[str]) -> list[str]:
    """Return the FQDNs of a field: a list, or one text with commas between them (222258, 3.0.2)."""
    texts = value.split(",") if isinstance(value, str) else value
    return [name for text in texts if (name := text.strip())]


def identity(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return what an asset is compared by: its first FQDN and its first IP address, "" where absent."""
    names, addresses = body["fqdn"], body["ipAddresses"]
    return (
        fqdn_key(names[0]) if names else "",
        address_key(addresses[0]) if addresses else "",
    )


def fqdn_key(name: str) -> str:
    """Return what two spellings of one FQDN have in common.

    GUESS: upper and lower case are one name, as in DNS.
    """
    return name.casefold().removesuffix(".")


def address_key(text: str) -> str:
    """Return an IP address as it is compared; what is none stays as it is."""
    return str(ip_address(text)) if is_address(text) else text


def is_fqdn(text: str) -> bool:
    """Say whether the text can be an FQDN."""
    return _FQDN.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """Say whether the text is an IPv4 or IPv6 address, without a zone."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def check(asset: Importable, index: int) -> None:
    """Raise if the element ``index`` of an import cannot be imported."""
    names = [] if isinstance(asset.fqdn, UnsetType) else fqdns(asset.fqdn)
    addresses = asset.ip_addresses or []
    where = f"asset[{index}]"
    if not names and not addresses:
        raise BadInput("one of fields required", f"{where}: fqdn, ipAddresses")
    if not all(map(is_fqdn, names)):
        raise BadInput("invalid value", f"{where}.fqdn")
    for place, address in enumerate(addresses):
        if not is_address(address):
            raise BadInput("invalid value", f"{where}.ipAddresses[{place}]")
    for place, address in enumerate(asset.mac_addresses or []):
        if _MAC.fullmatch(address) is None:
            raise BadInput("invalid value", f"{where}.macAddresses[{place}]")


def _first(names: list[str], addresses: list[str]) -> str:
    return next(iter([*names, *addresses]), "")


def _nothing() -> dict[str, Any]:
    """Return an asset of which nothing is known, its keys in the vendor's order."""
    return {
        "id": "",
        "name": "",
        "fqdn": [],
        "ipAddresses": [],
        "macAddresses": [],
        "owner": "",
        "os": None,
        "software": [],
        "vulnerabilities": [],
        "ksc": None,
        "created": "",
        "updated": "",
        "archived": False,
        "kicsVulns": [],
        "customFields": [],
        "aiscore": 0.0,
        "aistatus": "",
    }
