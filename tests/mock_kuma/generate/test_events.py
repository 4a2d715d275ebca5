"""Events look like the vendor's, stay in one story, and point at nobody's real machine."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

import pytest

from mock_kuma.generate.catalogue import PRIORITIES, catalogue
from mock_kuma.generate.estate import blueprint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_kuma.generate import Soc

NOW = 1_760_000_000_000
RULES = list(catalogue().rules)
PRIVATE = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
DOCUMENTATION = [
    ipaddress.ip_network(text)
    for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_IPV6 = re.compile(r"2001:[0-9a-f:]+")

#: Fields of the normalized event, as the vendor's event data model spells them, and their types.
NUMBERS = {
    "Timestamp", "Type", "Priority", "BaseEventCount", "BytesIn", "BytesOut", "SourcePort",
    "DestinationPort", "DestinationProcessID",
}  # fmt: skip
TEXTS = {
    "ID", "Name", "ServiceName", "ServiceKind", "CorrelationRuleID", "CorrelationRuleName", "Tactic",
    "Technique", "Message", "Raw", "Code", "Reason", "EventOutcome", "TransportProtocol",
    "DeviceVendor", "DeviceProduct", "DeviceEventClassID", "DeviceHostName", "DeviceAssetID",
    "DeviceAction", "DeviceEventCategory", "DeviceCustomString1", "DeviceCustomString1Label",
    "FlexString1", "FlexString1Label",
    "SourceAddress", "SourceAssetID", "SourceCountry", "SourceHostName", "SourceNtDomain",
    "SourceProcessName", "SourceUserName",
    "DestinationAddress", "DestinationAssetID", "DestinationDnsDomain", "DestinationHostName",
    "DestinationNtDomain", "DestinationProcessName", "DestinationServiceName", "DestinationUserName",
    "DestinationUserPrivileges",
    "FileHash", "FileName", "FilePath", "FilePermission",
    "RequestClientApplication", "RequestMethod", "RequestUrl",
}  # fmt: skip
LISTS = {"GroupedBy", "BaseEvents"}


def firing(
    soc: Soc, name: str, n: int = 0, base_events: int | None = None
) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Return a correlation event of the rule, and its base events."""
    rule_id = soc.alert(n, name=name).correlation_rule_id
    (event,) = soc.events(name, rule_id, n=n, first=n, timestamps=[NOW + n], base_events=base_events)
    nested = event["BaseEvents"]
    assert isinstance(nested, list)
    return event, nested


def texts(value: object) -> Iterator[str]:
    """Return every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, dict):
        yield from texts(list(value.values()))


@pytest.mark.parametrize("name", RULES)
def test_every_field_is_the_vendors_and_has_its_type(soc: Soc, name: str) -> None:
    """No field that the event data model does not have, no number where a text belongs."""
    event, nested = firing(soc, name)

    for one in (event, *nested):
        wrong = {
            field: value
            for field, value in one.items()
            if not (
                (field in NUMBERS and type(value) is int)
                or (field in TEXTS and type(value) is str and value)
                or (field in LISTS and type(value) is list and value)
            )
        }
        assert wrong == {}


@pytest.mark.parametrize("name", RULES)
def test_a_correlation_event_says_what_fired(soc: Soc, name: str) -> None:
    """Type, rule, priority, grouping and the number of base events are all there and agree."""
    rule = catalogue().rules[name]

    event, nested = firing(soc, name)

    expected = {
        "Type": 3,
        "Timestamp": NOW,
        "Name": name,
        "CorrelationRuleName": name,
        "CorrelationRuleID": soc.alert(0, name=name).correlation_rule_id,
        "Priority": PRIORITIES[rule.priority],
        "Tactic": rule.tactic,
        "Technique": rule.technique,
        "ServiceKind": "correlator",
        "GroupedBy": list(rule.grouped_by),
        "BaseEventCount": len(nested),
    }
    assert expected == {field: event[field] for field in expected}
    assert {field: nested[-1][field] for field in rule.grouped_by} == {
        field: event[field] for field in rule.grouped_by
    }
    assert not {"TenantID", "TenantName"} & event.keys(), "the caller knows the tenant"


@pytest.mark.parametrize("name", RULES)
def test_base_events_come_shortly_before_and_in_order(soc: Soc, name: str) -> None:
    """Two to six base events, each with its log line, within a quarter of a minute."""
    for n in range(8):
        event, nested = firing(soc, name, n)

        times = [at for base in nested if isinstance(at := base["Timestamp"], int)]
        assert 2 <= len(nested) <= 6
        assert len(times) == len(nested)
        assert sorted(set(times)) == times
        assert NOW + n - 15_000 < times[0]
        assert times[-1] < NOW + n
        assert {base["Type"] for base in nested} == {1}
        assert all(0 < len(str(base["Raw"]).encode()) <= 16_384 for base in nested)
        assert len({base["ID"] for base in nested} | {event["ID"]}) == len(nested) + 1


@pytest.mark.parametrize("name", RULES)
def test_events_name_exactly_the_affected_assets_and_accounts(soc: Soc, name: str) -> None:
    """Who is affected is who takes part: no asset or account more, none less, in every event."""
    for n, base_events in ((0, None), (1, 1), (2, 6)):
        alert = soc.alert(n, name=name)

        _, nested = firing(soc, name, n, base_events)

        assets = {str(base[field]) for base in nested for field in base if field.endswith("AssetID")}
        assert {str(asset["id"]) for asset in alert.affected_assets} == assets
        logins = {str(account["sAMAccountName"]) for account in alert.affected_accounts}
        people = {
            str(base[field])
            for base in nested
            for field in ("SourceUserName", "DestinationUserName")
            if field in base
        }
        strangers = {"root", "svc_update", "support2", "adm_temp"}
        assert logins == {who for who in people if "@" not in who} - strangers


@pytest.mark.parametrize("name", RULES)
def test_an_asset_and_its_events_agree_on_host_and_address(soc: Soc, name: str) -> None:
    """The address beside an asset's id in an event is that asset's address."""
    alert = soc.alert(3, name=name)
    assets = {asset["id"]: asset for asset in alert.affected_assets}

    _, nested = firing(soc, name, 3)

    for base in nested:
        assert assets[base["DeviceAssetID"]]["name"] == base["DeviceHostName"]
        for side in ("Source", "Destination"):
            if f"{side}AssetID" in base and f"{side}Address" in base:
                asset = assets[base[f"{side}AssetID"]]
                assert asset["ipAddresses"] == [base[f"{side}Address"]]


def test_an_alerts_events_share_their_cast(soc: Soc) -> None:
    """Ten firings of one alert: the same account and host every time, other moments."""
    alert = soc.alert(6, name="Firewall. Administrator logon from a workstation network")
    times = [NOW + 60_000 * place for place in range(10)]

    events = soc.events(alert.name, alert.correlation_rule_id, n=6, first=40, timestamps=times)

    assert len({(event["SourceUserName"], event["SourceAddress"]) for event in events}) == 1
    assert len({str(event["BaseEvents"]) for event in events}) == 10
    assert times == [event["Timestamp"] for event in events]


def test_a_port_scan_scans(soc: Soc) -> None:
    """What should vary within a firing does: six denied connections are not all to one port."""
    _, nested = firing(soc, "Firewall. Port scan from internal host", base_events=6)

    assert len({base["DestinationPort"] for base in nested}) > 1
    assert len({base["SourceAddress"] for base in nested}) == 1


def test_every_address_is_private_or_reserved_for_documentation(soc: Soc) -> None:
    """Inside is RFC 1918, outside RFC 5737 and RFC 3849, in every field and every log line."""
    seen = set()
    for n, name in enumerate(RULES * 4):
        event, _ = firing(soc, name, n)
        for text in texts([event, soc.alert(n, name=name).affected_assets]):
            seen |= {*_IPV4.findall(text), *_IPV6.findall(text)}
    # A program's version of four parts looks like an address.
    seen -= {version for program in blueprint().software.values() for version in program}

    addresses = [ipaddress.ip_address(text.rstrip(":")) for text in seen]
    strangers = [
        address for address in addresses if not any(address in net for net in PRIVATE + DOCUMENTATION)
    ]

    assert strangers == []
    assert all(any(address in net for address in addresses) for net in PRIVATE + DOCUMENTATION)


def test_every_host_name_is_reserved_for_examples(soc: Soc) -> None:
    """No generated name resolves to anybody's machine (RFC 2606)."""
    pattern = re.compile(r"[a-z0-9.-]+\.(?:com|net|org|ru|io|example)\b")
    allowed = re.compile(r"(?:.+\.)?(?:example\.(?:com|net|org)|.*\bexample)")
    names = {
        found
        for n, name in enumerate(RULES * 2)
        for text in texts([firing(soc, name, n)[0], soc.alert(n, name=name).affected_assets])
        for found in pattern.findall(text)
    }

    assert len(names) > 30
    assert {name for name in names if not allowed.fullmatch(name)} == set()


def test_a_few_rules_speak_russian(soc: Soc) -> None:
    """Cyrillic is in names, messages and log lines, and so goes through everything that reads them."""
    cyrillic = re.compile("[а-яё]", re.IGNORECASE)
    events = [firing(soc, name) for name in RULES]

    with_name = [event for event, _ in events if cyrillic.search(str(event["Name"]))]
    with_raw = [nested for _, nested in events if cyrillic.search(str(nested[-1]["Raw"]))]

    assert len(with_name) > 10
    assert all(cyrillic.search(str(event["Message"])) for event in with_name)
    assert len(with_raw) >= 2


@pytest.mark.parametrize("count", [1, 2, 5, 30])
def test_the_caller_may_say_how_many_base_events(soc: Soc, count: int) -> None:
    """For load the events can be small, and for the event search many."""
    name = "R105_04_Brute force: many failed logons followed by success"

    event, nested = firing(soc, name, base_events=count)

    assert count == event["BaseEventCount"] == len(nested)
    assert ["4625"] * (count - 1) + ["4624"] == [base["DeviceEventClassID"] for base in nested]


def test_a_firing_without_base_events_is_refused(soc: Soc) -> None:
    """A correlation event that nothing led to does not exist."""
    with pytest.raises(ValueError, match="base_events is 0"):
        firing(soc, RULES[0], base_events=0)


def test_the_beginning_of_time_is_a_time(soc: Soc) -> None:
    """Base events of an event at the epoch are not before it; months are English everywhere."""
    name = "DNS tunnelling suspected"

    (event,) = soc.events(name, "rule", n=0, first=0, timestamps=[0])

    nested = event["BaseEvents"]
    assert isinstance(nested, list)
    assert {base["Timestamp"] for base in nested} == {0}
    assert str(nested[0]["Raw"]).startswith("Jan  1 00:00:00 ns")
