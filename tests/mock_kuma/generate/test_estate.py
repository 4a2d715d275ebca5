"""Machines and accounts of an organisation: how many, how they are named, what is known of them."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from typing import Any

import pytest

from mock_kuma.generate import Soc, estate, people
from mock_kuma.generate.seed import Seed
from tests.mock_kuma.generate import names

SEED = Seed("estate")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

#: Every key of an asset in any API version, with the type it must have.
ASSET: dict[str, type | tuple[type, ...]] = {
    "id": str, "tenantID": str, "tenantName": str, "name": str, "fqdn": list, "ipAddresses": list,
    "macAddresses": list, "owner": str, "os": dict, "software": list, "vulnerabilities": list,
    "ksc": (dict, type(None)), "created": str, "updated": str, "archived": bool, "kicsVulns": list,
    "customFields": list, "aiscore": float, "aistatus": str,
}  # fmt: skip
VULNERABILITY = {
    "kasperskyID": str, "productName": str, "descriptionUrl": str, "recommendedMajorPatch": str,
    "recommendedMinorPatch": str, "severityStr": str, "severity": int, "cve": list,
    "exploitExists": bool, "malwareExists": bool,
}  # fmt: skip
ACCOUNT = (
    "displayName", "cn", "dn", "upn", "sAMAccountName", "company", "department", "created", "updated",
)  # fmt: skip


@pytest.fixture
def hosts() -> list[estate.Host]:
    return [host for group in estate.build(SEED, ("Анна", "Bob")).values() for host in group]


@pytest.fixture
def assets(hosts: list[estate.Host]) -> list[dict[str, Any]]:
    return [host.affected() for host in hosts]


def test_a_hundred_and_fifty_machines_and_no_two_alike(hosts: list[estate.Host]) -> None:
    """Ids, names and addresses are unique; addresses are private, names reserved for examples."""
    assert len(hosts) == 150
    for values in ([host.asset_id for host in hosts], [host.fqdn for host in hosts]):
        assert len(set(values)) == 150
    addresses = [ipaddress.ip_address(host.address) for host in hosts]
    assert len(set(addresses)) == 150
    assert all(address.is_private for address in addresses)
    assert {host.fqdn.split(".", 1)[1] for host in hosts} == {"corp.example", "example.com"}


def test_an_asset_has_every_key_with_its_type(assets: list[dict[str, Any]]) -> None:
    """All keys are always there, so that a client may read them by index."""
    for asset in assets:
        assert list(ASSET) == list(asset)
        assert [key for key, kind in ASSET.items() if not isinstance(asset[key], kind)] == []
        assert {"name", "version"} == set(asset["os"])
        assert type(asset["os"]["version"]) is int
        assert all(RFC3339.fullmatch(asset[key]) for key in ("created", "updated"))
        assert asset["created"] < asset["updated"]
        assert all({"name", "version", "vendor"} == set(program) for program in asset["software"])
        assert all(re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", mac) for mac in asset["macAddresses"])


def test_vulnerabilities_fit_the_machine(assets: list[dict[str, Any]]) -> None:
    """Each belongs to the operating system or to an outdated program that the machine really has."""
    found = [(asset, weakness) for asset in assets for weakness in asset["vulnerabilities"]]

    assert len(found) > 50
    for asset, weakness in found:
        installed = {program["name"]: program["version"] for program in asset["software"]}
        assert [key for key, kind in VULNERABILITY.items() if type(weakness[key]) is not kind] == []
        assert list(VULNERABILITY) == list(weakness)
        assert weakness["productName"] in {asset["os"]["name"], *installed}
        assert installed.get(weakness["productName"]) != weakness["recommendedMajorPatch"]
        assert all(re.fullmatch(r"CVE-\d{4}-\d{4,5}", cve) for cve in weakness["cve"])


def test_some_machines_are_managed_by_security_center_and_some_are_not(
    assets: list[dict[str, Any]],
) -> None:
    """The fields of Kaspersky Security Center are null where nothing of Kaspersky is installed."""
    managed = [asset for asset in assets if asset["ksc"] is not None]

    assert 0 < len(managed) < len(assets)
    for asset in assets:
        programs = [program["name"] for program in asset["software"]]
        assert any(name.startswith("Kaspersky") for name in programs) == (asset["ksc"] is not None)


def test_the_same_seed_builds_the_same_machines(hosts: list[estate.Host]) -> None:
    """Another seed builds others."""
    again = [host for group in estate.build(SEED, ("Анна", "Bob")).values() for host in group]
    others = [host for group in estate.build(Seed("b"), ("Анна", "Bob")).values() for host in group]

    assert hosts == again
    assert not {host.asset_id for host in hosts} & {host.asset_id for host in others}


def test_a_hundred_and_fifty_accounts_with_logins_of_their_own() -> None:
    """A login is Latin, unique, at most 20 characters (a directory's limit), and has its own SID."""
    everybody = people.hire(SEED, people.sample_names(SEED))
    accounts = [*everybody.staff, *everybody.admins]

    assert len(accounts) == 150
    assert len({account.login for account in accounts}) == 150
    assert len({account.sid for account in accounts}) == 150
    wrong = [one.login for one in accounts if not re.fullmatch(r"[a-z0-9_.]{4,20}", one.login)]
    assert wrong == []


def test_people_have_latin_and_cyrillic_names() -> None:
    """A good part of each, so that a client meets both."""
    staff = people.hire(SEED, people.sample_names(SEED)).staff

    cyrillic = [one for one in staff if re.fullmatch("[А-ЯЁа-яё -]+", one.full_name)]

    assert 30 < len(cyrillic) < 95


@pytest.mark.usefixtures("fixed_names")
def test_a_russian_name_is_written_in_latin_letters() -> None:
    """The login of Щукина Жанна is zh.shchukina cut to a letter and the surname."""
    staff = people.hire(SEED, people.sample_names(SEED)).staff

    logins = {one.login.rstrip("0123456789") for one in staff if one.full_name == "Щукина Жанна"}

    assert logins == {"z.shchukina"}


def test_a_long_surname_is_cut_to_what_a_directory_allows(fixed_names: people.Names) -> None:
    """Twenty characters at most, with room for the number that tells two people apart."""
    surname = (("Юлия",), ("Рождественская-Константинопольская",))

    staff = people.hire(SEED, replace(fixed_names, latin=surname, cyrillic=(surname,))).staff

    assert staff[0].login == "i.rozhdestvenskai"
    assert len({one.login for one in staff}) == len(staff)
    assert max(len(one.login) for one in staff) == 20


def test_the_lists_are_what_faker_has() -> None:
    """Whoever changes a name in the file has to change where it comes from."""
    assert names.FILE.read_text(encoding="utf-8") == names.text()


def test_names_are_seeded_too() -> None:
    """The names of one seed are the same each time and those of another seed differ."""
    assert people.sample_names(SEED) == people.sample_names(SEED)
    assert people.sample_names(SEED) != people.sample_names(Seed("b"))


def test_an_account_has_every_key() -> None:
    """All nine keys, all texts, none empty."""
    accounts = [account for n in range(60) for account in Soc("accounts").alert(n).affected_accounts]

    assert len(accounts) > 20
    for account in accounts:
        assert list(ACCOUNT) == list(account)
        assert [key for key, value in account.items() if not (isinstance(value, str) and value)] == []
        assert str(account["upn"]).startswith(f"{account['sAMAccountName']}@")
