"""The machines of the simulated organisation: names, addresses, software, known vulnerabilities.

How many of which kind is data (``data/estate.toml``). Knows nothing of accounts or events.
Rule: an inside address is private (RFC 1918), an outside one is reserved for documentation
(RFC 5737, RFC 3849): nothing generated points at anybody's real machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import msgspec

from mock_kuma.generate.people import a_day

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from mock_kuma.generate.seed import Seed

_OUTSIDE_V4: Final = ("192.0.2", "198.51.100", "203.0.113")
_OUTSIDE_WORDS: Final = ("cdn", "update", "mail", "files", "secure", "static", "login", "sync")
_OUTSIDE_ZONES: Final = ("example.net", "example.org")

#: GUESS: the numbers of the four severities; the model says only that there is a number.
_SEVERITIES: Final[Mapping[str, int]] = {"low": 1, "medium": 2, "high": 3, "critical": 4}


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of machine, as the file describes it."""

    role: str
    count: int
    names: tuple[str, ...]
    zone: str
    net: str
    vlan: tuple[int, ...]
    os: tuple[str, ...]
    software: tuple[str, ...]


class Vulnerability(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A known weakness of an operating system or of all but the newest version of a program."""

    product: str
    cve: tuple[str, ...]
    severity: str
    exploit: bool


class Blueprint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of ``estate.toml``; ``software`` is name to vendor and versions, the newest last."""

    role: tuple[Role, ...]
    os: dict[str, int]
    software: dict[str, tuple[str, ...]]
    vulnerability: tuple[Vulnerability, ...]


@dataclass(frozen=True, slots=True)
class Host:
    """A machine; ``words`` are its placeholders in the catalogue (``{dc_ip}``, ``{dc_asset}`` ...)."""

    asset_id: str
    name: str
    fqdn: str
    address: str
    mac: str
    owner: str
    os: tuple[str, int]
    software: tuple[tuple[str, str, str], ...]  # name, version, vendor
    weaknesses: tuple[tuple[Vulnerability, str, int], ...]  # with the version that mends it, number
    agent: str  # id of its administration agent, "" without one
    created: str
    updated: str
    words: dict[str, object]

    def affected(self) -> dict[str, object]:
        """Return the machine as an alert or the asset list shows it, a new dict each time.

        All keys of all API versions, ``fqdn`` as a list, ``os.version`` as a number; the tenant is
        the caller's to fill in, and to leave out what a version does not have.
        """
        return {
            "id": self.asset_id,
            "tenantID": "",
            "tenantName": "",
            "name": self.name,
            "fqdn": [self.fqdn],
            "ipAddresses": [self.address],
            "macAddresses": [self.mac],
            "owner": self.owner,
            "os": {"name": self.os[0], "version": self.os[1]},
            "software": [
                {"name": name, "version": version, "vendor": vendor}
                for name, version, vendor in self.software
            ],
            "vulnerabilities": [_vulnerability(*weakness) for weakness in self.weaknesses],
            "ksc": self._ksc(),
            "created": self.created,
            "updated": self.updated,
            "archived": False,
            "kicsVulns": [],
            "customFields": [],
            "aiscore": 0.0,
            "aistatus": "",
        }

    def _ksc(self) -> dict[str, object] | None:
        # GUESS: null where Kaspersky Security Center does not manage the machine; keys from recollection.
        if not self.agent:
            return None
        return {
            "nAgentID": self.agent,
            "kscInstanceID": "1",
            "kscMasterHostname": "ksc01.corp.example",
            "lastVisible": self.updated,
        }


@cache
def blueprint() -> Blueprint:
    """Read the machines' description. It is part of the package, so once is enough."""
    text = files(__package__).joinpath("data", "estate.toml").read_text(encoding="utf-8")
    return msgspec.toml.decode(text, type=Blueprint)


def build(seed: Seed, owners: tuple[str, ...]) -> dict[str, tuple[Host, ...]]:
    """Return the machines by role; ``owners`` are the names of the people who use workstations."""
    random = seed.random("estate")
    site, zone, branch = random.randrange(1, 200), random.randrange(16, 32), random.randrange(1, 250)
    prefixes = {"10": f"10.{site}", "172": f"172.{zone}", "192": "192.168"}
    plan = blueprint()
    estate: dict[str, tuple[Host, ...]] = {}
    number = 0
    for role in plan.role:
        hosts = []
        for place in range(role.count):
            vlan = role.vlan[place % len(role.vlan)]
            third = branch if role.net == "192" else vlan
            address = f"{prefixes[role.net]}.{third}.{10 + number}"
            owner = random.choice(owners) if role.role == "source" else ""
            hosts.append(_host(seed, random, role, place=place, address=address, owner=owner))
            number += 1
        estate[role.role] = tuple(hosts)
    return estate


def _host(seed: Seed, random: Random, role: Role, *, place: int, address: str, owner: str) -> Host:
    plan = blueprint()
    stem = role.names[place % len(role.names)]
    name = f"{stem}{place // len(role.names) + 1:02d}"
    os_name = random.choice(role.os)
    software = []
    weaknesses = [
        (weakness, "", number)
        for number, weakness in enumerate(plan.vulnerability)
        if weakness.product == os_name and random.randrange(3) == 0
    ]
    for program in role.software:
        if len(role.software) > 3 and random.randrange(3) == 0:  # noqa: PLR2004 -- short lists stay whole
            continue
        vendor, *versions = plan.software[program]
        version = random.choice(versions)
        software.append((program, version, vendor))
        if version != versions[-1]:
            weaknesses += [
                (weakness, versions[-1], number)
                for number, weakness in enumerate(plan.vulnerability)
                if weakness.product == program
            ]
    fqdn = f"{name}.{role.zone}"
    asset_id = seed.uuid("host", fqdn)
    has_agent = any(program.startswith("Kaspersky") for program, _, _ in software)
    words: dict[str, object] = {
        f"{role.role}_ip": address,
        f"{role.role}_host": name,
        f"{role.role}_fqdn": fqdn,
        f"{role.role}_asset": asset_id,
    }
    return Host(
        asset_id=asset_id,
        name=name,
        fqdn=fqdn,
        address=address,
        mac="00:50:56:" + ":".join(f"{random.randrange(256):02x}" for _ in range(3)),
        owner=owner,
        os=(os_name, plan.os[os_name]),
        software=tuple(software),
        weaknesses=tuple(weaknesses),
        agent=seed.uuid("agent", fqdn) if has_agent else "",
        created=a_day(random),
        updated=f"2024-{random.randrange(1, 13):02d}-{random.randrange(1, 29):02d}T03:00:00Z",
        words=words,
    )


def outside(random: Random) -> dict[str, object]:
    """Return the placeholders of a machine on the Internet; one in eight has an IPv6 address."""
    host = f"{random.choice(_OUTSIDE_WORDS)}-{random.randrange(16**4):04x}.{random.choice(_OUTSIDE_ZONES)}"
    if random.randrange(8) == 0:
        address = f"2001:db8:{random.randrange(1, 16**4):x}::{random.randrange(1, 16**4):x}"
        in_url = f"[{address}]"
    else:
        in_url = address = f"{random.choice(_OUTSIDE_V4)}.{random.randrange(1, 255)}"
    return {
        "outside_ip": address,
        "outside_ip_url": in_url,
        "outside_host": host,
        "outside_mail": f"no-reply@{host}",
    }


def _vulnerability(weakness: Vulnerability, mended_in: str, number: int) -> dict[str, object]:
    kaspersky_id = f"KLA{90001 + number}"
    return {
        "kasperskyID": kaspersky_id,
        "productName": weakness.product,
        "descriptionUrl": f"https://vulnerabilities.example/{kaspersky_id}",
        "recommendedMajorPatch": mended_in,
        "recommendedMinorPatch": "",
        "severityStr": weakness.severity,
        "severity": _SEVERITIES[weakness.severity],
        "cve": list(weakness.cve),
        "exploitExists": weakness.exploit,
        "malwareExists": False,
    }
