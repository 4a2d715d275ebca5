"""The rules and log lines that are shipped as data: enough of them, and nothing left unfinished."""

from __future__ import annotations

import re

import msgspec
import pytest

from mock_kuma.generate import catalogue

RULES = catalogue.catalogue().rules
TACTICS = {
    "Reconnaissance", "Initial Access", "Execution", "Persistence", "Privilege Escalation",
    "Defense Evasion", "Credential Access", "Discovery", "Lateral Movement", "Collection",
    "Command and Control", "Exfiltration", "Impact",
}  # fmt: skip


def test_there_are_rules_of_every_priority_and_tactic() -> None:
    """At least forty, so that a console does not look empty of ideas."""
    assert len(RULES) >= 40
    assert {rule.priority for rule in RULES.values()} == set(catalogue.PRIORITIES)
    assert {rule.tactic for rule in RULES.values()} == TACTICS


def test_every_product_that_a_soc_reads_is_there() -> None:
    """Directory, endpoints, network, proxy, names, mail, VPN, Linux, web, database, antivirus."""
    products = {template.constants["DeviceProduct"] for rule in RULES.values() for template in rule.templates}

    assert products == {
        "Windows", "PowerShell", "Sysmon", "FortiGate", "netflow", "Squid", "BIND",
        "Secure Mail Gateway", "smtpd", "ASA", "sshd", "sudo", "auditd", "nginx", "PostgreSQL",
        "SecurityCenter",
    }  # fmt: skip


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_techniques_are_attack_numbers(rule: catalogue.Rule) -> None:
    """T and four digits, with a sub-technique or without."""
    assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", one) for one in rule.technique.split(", "))


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_last_base_event_names_everything(rule: catalogue.Rule) -> None:
    """The smallest firing is its last base event alone; it must name all grouped fields and assets."""
    last = rule.templates[-1]
    fields = {*last.constants, *dict(last.references), *dict(last.texts)}
    names = {name for _, name in last.references}

    assert set(rule.grouped_by) <= fields
    assert {f"{role}_asset" for role in rule.assets} <= names
    assert set(rule.accounts) <= names


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_word_is_used(rule: catalogue.Rule) -> None:
    """A vocabulary that no text of the rule mentions is a slip of the pen."""
    used = {name for template in rule.templates for _, name in template.references}
    used |= set(re.findall(r"\{(\w+)\}", " ".join(text for one in rule.templates for _, text in one.texts)))

    assert {name for name, _ in rule.words + rule.each} <= used


def test_small_priorities_are_drawn_more_often() -> None:
    """The wheel has every rule, low ones more often than critical ones."""
    wheel = [rule.name for rule in catalogue.catalogue().wheel]
    times = {priority: set() for priority in catalogue.PRIORITIES}  # type: dict[str, set[int]]
    for rule in RULES.values():
        times[rule.priority].add(wheel.count(rule.name))

    assert set(wheel) == set(RULES)
    assert [times[one] for one in ("low", "medium", "high", "critical")] == [{6}, {5}, {3}, {1}]


def test_a_misspelt_key_in_a_file_is_an_error() -> None:
    """The files are read strictly: a key nobody knows would be silently without effect."""
    text = '[[rule]]\nname = "n"\npriorty = "low"\n'

    with pytest.raises(msgspec.ValidationError, match="priorty"):
        msgspec.toml.decode(text, type=catalogue.Book)
